"""Documents with questions whose answers are spans of the text: synthesised ones, and questions about natural text."""

from training.documents.amid import amid
from training.documents.cards import card
from training.documents.document import Document, Lang, Question
from training.documents.joined import joined
from training.documents.natural import from_text
from training.documents.planting import planted
from training.documents.reading import outline
from training.documents.retold import retold
from training.documents.shown import shown
from training.documents.synthesis import synthesize
from training.documents.written import dossier

__all__ = [
    "Document",
    "Lang",
    "Question",
    "amid",
    "card",
    "dossier",
    "from_text",
    "joined",
    "outline",
    "planted",
    "retold",
    "shown",
    "synthesize",
]

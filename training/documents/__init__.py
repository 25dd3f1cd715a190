"""Documents with questions whose answers are spans of the text: synthesised ones, and questions about natural text."""

from training.documents.document import Document, Question
from training.documents.synthesis import synthesize

__all__ = ["Document", "Question", "synthesize"]

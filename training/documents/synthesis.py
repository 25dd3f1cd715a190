"""The choice of a document kind, and the document made of it."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

from training.documents.ask import questions
from training.documents.chance import pick, upto
from training.documents.document import Document, Flow
from training.documents.lexicons import LEXICONS
from training.documents.page import Page
from training.documents.prose import running, specification
from training.documents.tables import records

Kind = Callable[[Page], None]

# A kind stands here as often as its weight.
KINDS: tuple[tuple[Kind, Flow], ...] = (
    *((specification, "cells"),) * 5,
    *((running, "cells"),) * 3,
    *((records, "columns"),) * 1,
)


def synthesize(rng: Random, lang: str, characters: int) -> Document:
    """A document of about `characters` characters in the language, of a random kind, with three to ten questions."""
    kind, flow = pick(rng, KINDS)
    page = Page(rng, LEXICONS[lang], characters)
    kind(page)
    text = page.text()
    return Document(text, questions(page, text, upto(rng, 3, 10)), page.lexicon.lang, flow)

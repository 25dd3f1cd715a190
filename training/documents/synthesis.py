"""The choice of a document kind, and the document made of it."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

from training.documents.ask import questions
from training.documents.chance import pick, upto
from training.documents.document import Document, Flow, Lang
from training.documents.lexicons import lexicon
from training.documents.machine import code, configuration, log
from training.documents.office import contract, interface, minutes, release
from training.documents.page import Page
from training.documents.prose import running, specification
from training.documents.tables import records

Kind = Callable[[Page], None]

# A kind stands here as often as its weight.
KINDS: tuple[tuple[Kind, Flow], ...] = (
    *((specification, "cells"),) * 8,
    *((running, "cells"),) * 5,
    *((contract, "cells"),) * 3,
    *((minutes, "cells"),) * 2,
    *((interface, "cells"),) * 3,
    *((release, "cells"),) * 2,
    *((records, "columns"),) * 3,
    *((log, "columns"),) * 3,
    *((configuration, "columns"),) * 3,
    *((code, "columns"),) * 3,
)  # fmt: skip


def synthesize(rng: Random, lang: Lang, characters: int) -> Document:
    """A document of about `characters` characters in the language, of a random kind, with three to ten questions."""
    kind, flow = pick(rng, KINDS)
    page = Page(rng, lexicon(lang), characters)
    kind(page)
    text = page.text()
    return Document(text, questions(page, text, upto(rng, 3, 10)), page.lexicon.lang, flow)

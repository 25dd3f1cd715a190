"""The choice of a document kind, and the document made of it."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

from training.documents.ask import questions
from training.documents.chance import pick
from training.documents.clauses import agreement, manual
from training.documents.document import Document, Flow, Lang
from training.documents.grids import sheets
from training.documents.lexicons import lexicon
from training.documents.logs import access, log
from training.documents.machine import code, configuration, entries
from training.documents.modules import module
from training.documents.office import contract, interface, minutes, release
from training.documents.page import Page
from training.documents.prose import running, specification
from training.documents.reference import reference
from training.documents.selection import listed_typed, tabled_typed, told_typed
from training.documents.sources import source
from training.documents.tables import records

Kind = Callable[[Page], None]

# A kind stands here as often as its weight.
KINDS: tuple[tuple[Kind, Flow], ...] = (
    *((specification, "cells"),) * 8,
    *((running, "cells"),) * 5,
    *((manual, "cells"),) * 8,
    *((reference, "cells"),) * 5,
    *((agreement, "cells"),) * 4,
    *((contract, "cells"),) * 3,
    *((minutes, "cells"),) * 2,
    *((interface, "cells"),) * 3,
    *((release, "cells"),) * 2,
    *((records, "columns"),) * 3,
    *((sheets, "columns"),) * 4,
    (sheets, "cells"),
    *((log, "columns"),) * 5,
    (access, "columns"),
    (entries, "columns"),
    *((configuration, "columns"),) * 3,
    *((module, "columns"),) * 4,
    *((source, "columns"),) * 2,
    *((code, "columns"),) * 2,
    *((told_typed, "cells"),) * 11,
    *((listed_typed, "columns"),) * 6,
    *((tabled_typed, "columns"),) * 4,
    (tabled_typed, "cells"),
)  # fmt: skip


CHARACTERS_PER_QUESTION, FEWEST, MOST = 65, 4, 40


def synthesize(rng: Random, lang: Lang, characters: int) -> Document:
    """A document of about `characters` characters in the language, of a random kind, with questions about it."""
    kind, flow = pick(rng, KINDS)
    page = Page(rng, lexicon(lang), characters)
    kind(page)
    text = page.text()
    count = min(MOST, max(FEWEST, len(text) // CHARACTERS_PER_QUESTION))
    return Document(text, questions(page, text, count), lang, flow, page.outline(), page.title)

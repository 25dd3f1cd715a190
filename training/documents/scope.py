"""How a question is restricted to one heading of a page."""

from __future__ import annotations

from training.documents.chance import pick
from training.documents.page import Page


def under(page: Page, heading: int, ancestor: int) -> bool:
    """Whether a heading is the other one or below it."""
    while heading >= 0:
        if heading == ancestor:
            return True
        heading = page.headings[heading].parent
    return False


def scoped(page: Page, index: int) -> str:
    """The words that restrict a question to one heading."""
    heading = page.headings[index]
    unique = sum(other.title == heading.title for other in page.headings) == 1
    template = pick(page.rng, page.lexicon.scopes)
    while "{t}" in template and (not unique or ("{h}" in template and heading.title in heading.label)):
        template = pick(page.rng, page.lexicon.scopes)
    return template.replace("{h}", heading.label).replace("{u}", heading.unit).replace("{t}", heading.title)

"""Documents of lines with several typed values each, so that finding the line is not enough: prose, lines, tables."""

from __future__ import annotations

from training.documents.acts import Clock, action, entry
from training.documents.chance import pick, upto
from training.documents.columns import table
from training.documents.listings import constants, methods, pairs, parameters, tuples
from training.documents.marked import bounds, changes
from training.documents.page import Page
from training.documents.sayings import parallel, predicates, properties, sequence, typed
from training.documents.titles import Numbering, title

_WRITERS = (
    *(properties,) * 3,
    *(typed,) * 2,
    *(predicates,) * 2,
    *(parallel,) * 3,
    *(changes,) * 2,
    *(bounds,) * 2,
    sequence,
)


def told_typed(page: Page) -> None:
    """Chapters or paragraphs of sentences, at times with a table or a list between."""
    rng = page.rng
    numbering = Numbering(rng, page.lexicon.lang) if rng.random() < 0.5 else None
    subjects = _subjects(page)
    page.head(title(page, subjects))
    chapter = 0
    while not page.full:
        chapter += 1
        if numbering and page.characters - page.at > 150:
            page.put("\n")
            numbering.chapter(page, chapter, title(page, subjects))
        for _ in range(upto(rng, 2, 4)):
            _paragraph(page, subjects)
            if page.full:
                break
        if not page.full and rng.random() < 0.2:
            (table(page, chapter) if rng.random() < 0.6 else pairs(page, _subject(page, subjects)))
            page.put("\n")


def _subjects(page: Page) -> list[str]:
    subjects: list[str] = []
    for _ in range(min(30, 2 + page.characters // 250)):
        _subject(page, subjects, new=True)
    return subjects


def _subject(page: Page, subjects: list[str], new: bool = False) -> str:
    """A subject that the page has, or a new one whose name is in no other."""
    if not new and subjects and page.rng.random() < 0.6:
        return pick(page.rng, subjects)
    domain = pick(page.rng, [domain for domain in page.lexicon.domains if domain.key != "person"])
    for _ in range(6):
        name = page.entity(domain)
        if not any(name in other or other in name for other in (*subjects, *page.rows)):
            break
    subjects.append(name)
    return name


def _paragraph(page: Page, subjects: list[str]) -> None:
    rng = page.rng
    for _ in range(upto(rng, 1, 4)):
        roll, begun = rng.random(), page.at
        if roll < 0.15:
            page.filler()
            continue
        if roll < 0.45:
            action(page)
        else:
            pick(rng, _WRITERS)(page, _subject(page, subjects))
        if page.at == begun:
            continue
        if page.parts[-1][-1:] not in (".", "。") or rng.random() < 0.25:
            page.put("\n")
        else:
            page.space()
    page.put("\n")


def listed_typed(page: Page) -> None:
    """Lines of a few sorts: entries of a log, keys and values, parameters, constants, methods, acts."""
    rng, clock = page.rng, Clock(page)
    subjects: list[str] = []
    sorts = [pick(rng, ("log", "log", "pairs", "pairs", "code", "mixed")) for _ in range(upto(rng, 1, 2))]
    while not page.full:
        sort = pick(rng, sorts)
        roll = rng.random()
        if sort == "log" and roll < 0.9:
            for _ in range(upto(rng, 2, 6)):
                entry(page, clock)
                page.put("\n")
        elif sort == "pairs":
            for _ in range(upto(rng, 1, 3)):
                (tuples if rng.random() < 0.15 else pairs)(page, _subject(page, subjects, new=rng.random() < 0.7))
        elif sort == "code":
            (constants if roll < 0.4 else methods if roll < 0.7 else parameters)(page)
            page.put("\n")
        else:
            action(page) if roll < 0.4 else pick(rng, _WRITERS)(page, _subject(page, subjects))
            page.put("\n")


def tabled_typed(page: Page) -> None:
    """Tables, at times with a sentence or a list between them."""
    rng = page.rng
    subjects: list[str] = []
    number = 0
    while not page.full:
        number += 1
        table(page, number)
        page.put(pick(rng, ("", "\n", "\n")))
        roll = rng.random()
        if roll < 0.12:
            parameters(page)
        elif roll < 0.35:
            _paragraph(page, subjects)

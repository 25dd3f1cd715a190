"""Kinds made of running text: prose, specifications with chapters, and the paragraphs that both are built from."""

from __future__ import annotations

from training.documents import say
from training.documents.chance import pick, some, upto
from training.documents.lexicon import Attribute
from training.documents.page import Page
from training.documents.tables import cards, table
from training.documents.telling import rule
from training.documents.titles import Numbering, title


def cast(page: Page) -> list[str]:
    """The entities of a document: a few domains, several entities of each, so that every fact has rivals."""
    subjects: list[str] = []
    wanted = min(40, 3 + page.characters // 220)
    while len(subjects) < wanted:
        domain = page.domain()
        subjects += [page.entity(domain) for _ in range(upto(page.rng, 2, 5))]
    return subjects


def paragraph(page: Page, subjects: list[str]) -> None:
    """Two to five sentences about some of the subjects."""
    rng = page.rng
    for _ in range(upto(rng, 2, 5)):
        roll = rng.random()
        subject = pick(rng, subjects)
        domain = page.domain_of[subject]
        if roll < 0.42:
            page.filler()
        elif roll < 0.5:
            rule(page)
        elif roll < 0.82:
            attribute = pick(rng, domain.attributes)
            if (subject, attribute.key) not in page.stated:
                (say.fact if roll < 0.76 else say.conditional)(page, subject, attribute)
        elif roll < 0.9:
            say.several_properties(page, subject, domain)
        else:
            kin = [other for other in subjects if page.domain_of[other] is domain]
            if len(kin) > 1:
                say.several_subjects(page, some(rng, kin, upto(rng, 2, 4)), pick(rng, domain.attributes))
    page.put("\n")


def running(page: Page) -> None:
    """Paragraphs without headings."""
    subjects = cast(page)
    gap = pick(page.rng, ("", "\n", "\n"))
    if page.rng.random() < 0.6:
        page.head(title(page, subjects))
        page.put(gap)
    while not page.full:
        paragraph(page, subjects)
        page.put(gap)


def specification(page: Page) -> None:
    """Chapters, often with sections, of paragraphs, tables and lists; some values differ from chapter to chapter."""
    rng = page.rng
    subjects = cast(page)
    numbering = Numbering(rng, page.lexicon.lang)
    size = max(250, page.characters // upto(rng, 2, 7))
    shared = [(s, a) for s in subjects[:2] for a in some(rng, page.domain_of[s].attributes, 2)]
    if rng.random() < 0.7:
        page.head(title(page, subjects))
        page.put("\n")
    chapter = 0
    while not page.full:
        chapter += 1
        _chapter(page, numbering, chapter, min(page.at + size, page.characters + 60), some(rng, subjects, 6), shared)


def _chapter(
    page: Page, numbering: Numbering, chapter: int, until: int, subjects: list[str], shared: list[tuple[str, Attribute]]
) -> None:
    rng = page.rng
    parent = numbering.chapter(page, chapter, title(page, subjects))
    if shared and rng.random() < 0.35:
        say.fact(page, *pick(rng, shared))
        page.put("\n")
    section = 0
    while page.at < until:
        if numbering.sections and rng.random() < 0.5:
            section += 1
            numbering.section(page, (chapter, section), title(page, subjects), parent)
        block(page, subjects)


def block(page: Page, subjects: list[str]) -> None:
    """A paragraph, more rarely a table or a list of properties, and a blank line at times."""
    roll = page.rng.random()
    if roll < 0.75:
        paragraph(page, subjects)
    elif roll < 0.88:
        table(page)
    else:
        cards(page, 1)
    if page.rng.random() < 0.5:
        page.put("\n")

"""Typed values as they stand on a page, and the writing of lines that hold them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import NamedTuple

from training.documents.chance import listed, pick
from training.documents.document import Span
from training.documents.page import Page
from training.documents.roles import Type

_SLOT = re.compile(r"\{(\w+)\}")
_QUOTES = {"zh": (("“", "”"), ("「", "」"), ('"', '"')), "en": (('"', '"'), ("'", "'"), ("“", "”"))}


class Cell(NamedTuple):
    """A value to be written: whose it is, its type, what its role is called, and questions that it alone answers.

    `subject` is what a question can name ("" where only `cores` ask for it); `names` are empty where the role cannot be
    named without more ado. Where the questions name another value, that is `once`: it must occur but once.
    """

    value: str
    type: Type | None
    subject: str = ""
    names: tuple[str, ...] = ()
    cores: tuple[str, ...] = ()
    once: str = ""


class Placed(NamedTuple):
    """A cell where it stands, and under which heading (-1: none)."""

    cell: Cell
    start: int
    heading: int


class Index(NamedTuple):
    """The cells of a finished page by their subject and by the questions that ask for them."""

    subjects: dict[str, list[Placed]]
    cores: dict[str, list[Placed]]


class Passage(NamedTuple):
    """What can be quoted, by which wordings (a key of the table `quoting`, or says), and what it is about."""

    span: Span
    wordings: str
    about: str


@lru_cache(maxsize=2048)
def pieces(template: str) -> tuple[str, ...]:
    """Literals and, at odd places, the names of slots."""
    return tuple(_SLOT.split(template))


def index(page: Page) -> Index:
    """The index of a page that is finished."""
    if page.index is None:
        page.index = Index({}, {})
        for placed in page.cells:
            if placed.cell.subject:
                page.index.subjects.setdefault(placed.cell.subject, []).append(placed)
            for core in placed.cell.cores:
                page.index.cores.setdefault(core, []).append(placed)
    return page.index


def slot(name: str) -> str:
    """The mark of a slot in a template."""
    return "{" + name + "}"


def worded(template: str, slots: Mapping[str, str]) -> str:
    """The template with its slots filled and its articles fitted."""
    parts = list(pieces(template))
    for index in range(1, len(parts), 2):
        filled = parts[index] = slots[parts[index]]
        if filled[:1] in _VOWELS and (parts[index - 1] in _ARTICLES or parts[index - 1].endswith((" a ", " A "))):
            parts[index - 1] = parts[index - 1][:-1] + "n "
    return "".join(parts)


_VOWELS = frozenset("aeiouAEIO")
_ARTICLES = frozenset(("a ", "A "))


def compose(page: Page, template: str, slots: Mapping[str, str | Cell], *, quote: bool = True) -> None:
    """Write a template: words in its slots as they are, cells with a record of where they stand."""
    parts = pieces(drawn(page, template) if "[" in template else template)
    for index in range(0, len(parts) - 1, 2):
        part, given = parts[index], slots[parts[index + 1]]
        cell = given if isinstance(given, Cell) else None
        if part:
            page.put(_before(part, cell.value if cell else str(given)))
        if cell:
            write(page, cell, quote)
        else:
            page.put(str(given))
    page.put(parts[-1])


def drawn(page: Page, template: str) -> str:
    """The template with a word drawn for every [slot] that the language has; other brackets stay."""
    slots = page.lexicon.slots
    return _WORD.sub(lambda found: pick(page.rng, slots[found[1]]) if found[1] in slots else found[0], template)


_WORD = re.compile(r"\[([a-z]+)\]")


def _before(part: str, following: str) -> str:
    if following[:1] in _VOWELS and (part in _ARTICLES or part.endswith((" a ", " A "))):
        return part[:-1] + "n "
    return part


def write(page: Page, cell: Cell, quote: bool = True) -> None:
    """Write a cell's value, what is quoted within quotation marks, and remember its place."""
    marks = pick(page.rng, _QUOTES[page.lexicon.lang]) if quote and cell.type and cell.type.quoted else ("", "")
    page.put(marks[0])
    page.cells.append(Placed(cell, page.at, page.open))
    page.put(cell.value)
    page.put(marks[1])


def capital(page: Page, first: int, start: int) -> None:
    """Begin the sentence of the parts from `first`, at `start`, with a capital if it begins with a small word."""
    if page.lexicon.lang == "zh":
        return
    index = next((index for index in range(first, len(page.parts)) if page.parts[index]), first)
    part = page.parts[index]
    if part.split(" ", 1)[0].rstrip(",:") in _OPENERS:
        page.parts[index] = part = part[0].upper() + part[1:]
        for number, placed in enumerate(page.cells):
            if placed.start == start:
                page.cells[number] = placed._replace(cell=placed.cell._replace(value=part))


_OPENERS = frozenset(
    listed(
        "the a an on at in for with under from via by using through into as within after before when during once until "
        "together next where if all both each every last since unless while"
    )
)

"""Runs of items in a line: `opening | item | between | before the last | closing`, with ~ between alternative items."""

from __future__ import annotations

from functools import cache
from typing import NamedTuple

from training.documents.cells import Cell, Passage, capital, compose
from training.documents.chance import pick
from training.documents.page import Page
from training.documents.roles import syntax

_SEPARATORS = ("，", "；", ",", ";")
Slots = dict[str, str | Cell]


class Run(NamedTuple):
    """The parts of a run."""

    opening: str
    items: tuple[str, ...]
    between: str
    last: str
    closing: str


@cache
def _run(template: str) -> Run:
    opening, items, between, last, closing = template.split("|")
    return Run(opening, tuple(item.strip() for item in items.split("~")), between, last, closing)


def run(page: Page, key: str, slots: Slots, items: list[Slots], phrases: list[str], form: str = "") -> None:
    """Write a run of items and remember what can be quoted of it."""
    rng, begun, first = page.rng, page.at, len(page.parts)
    parts = _run(form or pick(rng, syntax(page.lexicon.lang)[key]))
    clauses: list[tuple[int, int, int]] = []
    compose(page, parts.opening, slots)
    before, each = "", pick(rng, parts.items)
    for index, item in enumerate(items):
        if index:
            before = parts.last if index == len(items) - 1 else parts.between
            page.put(before)
        start = page.at
        compose(page, each if rng.random() < 0.6 else pick(rng, parts.items), slots | item)
        if before[:1] in _SEPARATORS and before.strip() in _SEPARATORS:
            clauses.append((start, page.at, index))
    compose(page, parts.closing, slots)
    capital(page, first, begun)
    passages(page, begun, phrases)
    for low, high, index in clauses:
        if len(phrases) == len(items) and (index < len(items) - 1 or parts.closing in (".", "。")):
            page.passages.append(Passage((low, high), "clause", phrases[index]))


def passages(page: Page, start: int, phrases: list[str]) -> None:
    """Remember the line written since `start` as something to quote: a sentence if it ends as one."""
    whole = page.parts[-1][-1:] in (".", "。")
    if whole:
        page.sentence(start)
    for phrase in phrases[:2]:
        page.passages.append(Passage((start, page.at), "says" if whole else "row", phrase))

"""Frames written onto a page: their values, and where each stands."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from training.documents.chance import pick
from training.documents.document import Span
from training.documents.frames import Frame, Pieces, frames, joined
from training.documents.page import Page

_ATTEMPTS = 4


Place = tuple[str, int, str]
"""A slot, where its value begins, and the value as it is written there, with its unit."""


class Told(NamedTuple):
    """A frame on a page: its values, where they stand, what to quote of it, under which heading it is (-1: none)."""

    frame: Frame
    values: dict[str, str]
    places: list[Place]
    quote: Span | None
    heading: int


def values_of(page: Page, frame: Frame, given: Mapping[str, str] | None = None) -> dict[str, str]:
    """A value for each slot of the frame; those of one kind differ from each other."""
    values = dict(given or {})
    used: dict[str, list[str]] = {}
    for slot, kind in frame.kinds.items():
        if slot in values:
            continue
        taken = used.setdefault(kind, [])
        value = page.kinds.make(kind)
        for _ in range(_ATTEMPTS):
            if value not in taken:
                break
            value = page.kinds.make(kind)
        taken.append(value)
        values[slot] = value
    return values


def tell(page: Page, frame: Frame, before: list[Place] | None = None, given: Mapping[str, str] | None = None) -> Told:
    """Write one of the frame's texts; `before` are places of its values that were written already."""
    return write(page, frame, pick(page.rng, frame.texts), values_of(page, frame, given), before or [])


def write(page: Page, frame: Frame, pieces: Pieces, values: dict[str, str], places: list[Place]) -> Told:
    """Write the pieces and record what was told; text between « and », else all of it, is what can be quoted."""
    start, low, high = page.at, -1, -1
    last = len(pieces) - 1
    for index, piece in enumerate(pieces):
        if index % 2 == 0:
            if index and piece[:1] == " " and piece[1:2] > "\u2e80" and page.parts[-1][-1:] > "\u2e80":
                piece = piece[1:]
            follows = values.get(pieces[index + 1].partition("|")[0], "") if index < last else ""
            page.put(joined(piece, follows) if follows else piece)
        elif piece == "«":
            low = page.at
        elif piece == "»":
            high = page.at
        else:
            slot, _, unit = piece.partition("|")
            value = values[slot] + unit
            places.append((slot, page.at, value))
            page.put(value)
    quote = (low, high) if high > low >= 0 else (start, page.at)
    told = Told(frame, values, places, quote, page.open)
    page.told.append(told)
    return told


def row(page: Page, frame: Frame, values: dict[str, str], places: list[Place]) -> None:
    """Record a row of a table that has been written."""
    page.told.append(Told(frame, values, places, None, page.open))


def rule(page: Page) -> None:
    """Write a short rule, as a sentence among others."""
    lang = page.lexicon.lang
    tell(page, pick(page.rng, frames(f"rules_{lang}", lang)))
    page.space()

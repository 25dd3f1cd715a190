"""Owns a document made of a written one: some of its sections, with other figures, and what is asked about them.

What stands in the sections that are left out makes questions that the document does not answer.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from random import Random
from typing import NamedTuple

from training.documents.altered import Alter, altering
from training.documents.chance import pick, some
from training.documents.document import Document, Flow, Question
from training.documents.written import Asked, Dossier, Section

_ABSENT_SHARE = 0.4
"""Most denials, as a share of the other questions."""
_COURTESIES = (
    ("Please tell me: ", "According to the document, ", "Question: ", "In this text: ", "I need to know: "),
    ("请问", "想了解一下，", "根据本文，", "麻烦查一下：", "文中说的", "帮我看看，"),
)
"""What people write before a question, in English and in Chinese."""


class _Told(NamedTuple):
    """A section that the document shows from `cut` on: what stands at p in its text stands at p + shift in that.

    `heading` is where its heading begins in the document, -1 where it was cut off.
    """

    section: Section
    heading: int
    shift: int
    cut: int


def retold(rng: Random, dossier: Dossier, characters: int) -> Document:
    """About `characters` characters of a written document, from some section on."""
    first = int(rng.random() * len(dossier.sections)) if rng.random() < 0.75 else 0
    alter = altering(rng, [one.heading for one in dossier.sections]) if rng.random() < 0.65 else str
    title = alter(dossier.title) if first == 0 or rng.random() < 0.2 else ""
    text, told = _text(rng, dossier.sections[first:], title, characters, alter)
    left = [one for one in dossier.sections if all(one is not other.section for other in told)]
    found = [question for one in told for question in _found(rng, one, alter)]
    absent = _absent(rng, [*_untold(dossier.sections), *_unanswered(left, text, alter)], found, alter)
    outline = tuple(
        (one.heading, one.heading + len(one.section.heading), one.section.level) for one in told if one.heading >= 0
    )
    flow: Flow = "columns" if dossier.columns else "cells"
    return Document(text, (*found, *absent), dossier.lang, flow, outline, (0, len(title)) if title else None)


def _text(
    rng: Random, sections: tuple[Section, ...], title: str, characters: int, alter: Alter
) -> tuple[str, list[_Told]]:
    """Sections one after the other until there are enough characters; the first may have lost its front."""
    text, told, gap = title, list[_Told](), pick(rng, ("\n", "\n", "\n\n"))
    for section in sections:
        text += gap if text else ""
        heading, cut = len(text) if section.heading else -1, 0
        if not text and rng.random() < 0.4:
            cut = _cut(rng, section)
            heading = heading if rng.random() < 0.5 else -1
            text = alter(section.heading) + "\n" if cut and heading >= 0 else ""
        told.append(_Told(section, heading, len(text) - cut, cut))
        text += alter(section.text)[cut:]
        if len(text) >= characters:
            break
    return text, told


def _cut(rng: Random, section: Section) -> int:
    """Where some later line of a section begins, 0 where it has none."""
    starts = [at + 1 for at, char in enumerate(section.text) if char == "\n"]
    return pick(rng, starts) if starts else 0


def _found(rng: Random, told: _Told, alter: Alter) -> Iterator[Question]:
    """What the document answers of the questions about a section."""
    for asked in told.section.asked:
        start = told.heading if asked.kind == "heading" else asked.start + told.shift
        shown = told.heading >= 0 if asked.kind == "heading" else asked.start >= told.cut
        if asked.kind != "absent" and shown:
            for text in _worded(rng, asked, alter):
                yield Question(text, ((start, start + asked.end - asked.start),), asked.kind)


def _worded(rng: Random, asked: Asked, alter: Alter) -> Iterator[str]:
    """One wording of the question, at times two; at times in a hurry or with a courtesy in front."""
    for wording in some(rng, asked.wordings, 1 + (rng.random() < 0.15)):
        roll = rng.random()
        if roll < 0.15:
            wording = wording.rstrip("?？")
        elif roll < 0.2:
            wording = wording.lower()
        elif roll < 0.3:
            wording = pick(rng, _COURTESIES[wording[0] >= "\u2e80"]) + wording
        yield alter(wording)


def _absent(rng: Random, choices: list[Asked], found: list[Question], alter: Alter) -> list[Question]:
    """Some of what the document does not tell, in proportion to what it does."""
    count = 1 + int(_ABSENT_SHARE * len(found))
    wordings = (text for asked in some(rng, choices, count) for text in _worded(rng, asked, alter))
    return [Question(text, (), "absent") for text in islice(wordings, count)]


def _untold(sections: tuple[Section, ...]) -> Iterator[Asked]:
    """What the whole document does not tell."""
    return (asked for section in sections for asked in section.asked if asked.kind == "absent")


def _unanswered(left: list[Section], text: str, alter: Alter) -> Iterator[Asked]:
    """What stands in the sections that are left out, unless its answer stands elsewhere, too."""
    for section in left:
        own = alter(section.text)
        yield from (one for one in section.asked if one.kind != "absent" and own[one.start : one.end] not in text)

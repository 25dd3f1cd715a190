"""Owns the documents that were written for training one by one, with their questions, from no template.

Files of the folder `written`, packed (`.txt.xz`) or not (`.txt`), hold documents one after the other:

    === zh contract | title                   language, sort, and what stands above everything (may be missing)
    --- 第一条 …                               a section's heading: three dashes and one more for every deeper level
    its text
    >>>                                       what is asked about it, each in one wording or more
    ? answer << question << question          a fact; `around |the answer| around` where the answer occurs twice
    " sentence << question                    a sentence to quote
    # << question                             the heading of this section
    - << question                             what the document does not tell
"""

from __future__ import annotations

import lzma
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from random import Random
from typing import NamedTuple
from zlib import crc32

from training.documents.chance import pick
from training.documents.document import Kind, Lang

FOLDER = Path(__file__).parent / "written"
HELD = 10
"""One document in so many is not trained on, whatever others there are."""
MACHINE = ("log", "code", "config")
KINDS: dict[str, Kind] = {"?": "fact", '"': "quote", "#": "heading", "-": "absent"}
_HEADING = re.compile(r"---(-*)(?: (.*))?$")
_DIGITS = re.compile(r"\d")


class Asked(NamedTuple):
    """What is asked in any of several wordings; the answer's place in characters of the section's text."""

    kind: Kind
    wordings: tuple[str, ...]
    start: int
    end: int


class Section(NamedTuple):
    """A heading (may be empty) of a level from 1, the text with the heading on its first line, and questions."""

    heading: str
    level: int
    text: str
    asked: tuple[Asked, ...]


class Dossier(NamedTuple):
    """One document."""

    lang: Lang
    sort: str
    title: str
    sections: tuple[Section, ...]

    @property
    def columns(self) -> bool:
        """Whether it is laid out in columns."""
        return self.sort in MACHINE

    @property
    def held(self) -> bool:
        """Whether it is not trained on."""
        return crc32(self.sections[0].text.encode()) % HELD == 0


@cache
def dossiers(lang: Lang, held: bool = False) -> tuple[Dossier, ...]:
    """The documents of a language: those to train on, or those that are held out."""
    return tuple(one for one in _every() if one.lang == lang and one.held == held)


@cache
def _every() -> tuple[Dossier, ...]:
    return tuple(one for path in files() for one in read(unpacked(path)))


def dossier(rng: Random, lang: Lang, columns: bool, held: bool = False) -> Dossier:
    """Some document, more often than not one that suits the flow; `held` for those that are not trained on."""
    fitting = _fitting(lang, columns, held)
    return pick(rng, fitting if fitting and rng.random() < 0.6 else dossiers(lang, held))


@cache
def _fitting(lang: Lang, columns: bool, held: bool) -> tuple[Dossier, ...]:
    return tuple(one for one in dossiers(lang, held) if one.columns == columns)


def files() -> list[Path]:
    """The files of the folder."""
    return sorted(path for path in FOLDER.iterdir() if path.name.endswith((".txt", ".txt.xz")))


def unpacked(path: Path) -> str:
    """The text of a file."""
    data = path.read_bytes()
    return (lzma.decompress(data) if path.suffix == ".xz" else data).decode("utf-8")


def read(text: str) -> list[Dossier]:
    """The documents of a file; ValueError where it is not in this notation, or where an answer has no single place."""
    return [_dossier(block) for block in re.split(r"^=== ", text, flags=re.MULTILINE)[1:]]


def _dossier(block: str) -> Dossier:
    head, *parts = re.split(r"^(?=---)", block, flags=re.MULTILINE)
    label, _, title = head.strip().partition("|")
    lang, sort = label.split()
    if lang not in ("zh", "en") or not parts:
        raise ValueError(f"{head!r}: language, sort | title, and sections are expected")
    return Dossier("zh" if lang == "zh" else "en", sort, title.strip(), tuple(map(_section, parts)))


def _section(part: str) -> Section:
    told, _, asked = part.partition("\n>>>")
    first, _, body = told.partition("\n")
    matched = _HEADING.match(first)
    if not matched:
        raise ValueError(f"{first!r}: no heading")
    heading, body = (matched[2] or "").strip(), body.strip("\n")
    text = f"{heading}\n{body}" if heading else body
    lines = (line for line in asked.splitlines() if line.strip())
    return Section(heading, 1 + len(matched[1]), text, tuple(_asked(line, heading, text) for line in lines))


def _asked(line: str, heading: str, text: str) -> Asked:
    mark, _, rest = line.partition(" ")
    answer, *wordings = (piece.strip() for piece in f" {rest}".split("<<"))
    if mark not in KINDS or not wordings or not all(wordings):
        raise ValueError(f"{line!r}: a mark, an answer and wordings are expected")
    kind = KINDS[mark]
    if kind == "absent":
        return Asked(kind, tuple(wordings), 0, 0)
    start, end = (0, len(heading)) if kind == "heading" else _place(answer, text)
    if start == end:
        raise ValueError(f"{line!r}: no answer")
    return Asked(kind, tuple(wordings), start, end)


def _place(answer: str, text: str) -> tuple[int, int]:
    before, bar, rest = answer.partition("|")
    inner, other, after = rest.partition("|")
    if not (bar and other):
        before, inner, after = "", answer, ""
    found = list(_occurrences(before + inner + after, text))
    if not (bar and other) and _DIGITS.match(inner):
        found = [at for at in found if not _DIGITS.match(text[at - 1 : at])]
    if len(found) != 1:
        raise ValueError(f"{answer!r} stands {len(found)} times in {text[:60]!r}…")
    start = found[0] + len(before)
    return start, start + len(inner)


def _occurrences(part: str, text: str) -> Iterator[int]:
    at = text.find(part)
    while at >= 0:
        yield at
        at = text.find(part, at + max(1, len(part)))

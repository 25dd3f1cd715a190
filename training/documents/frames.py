"""Frames: texts with slots, each with the questions that a slot answers; read from small tables.

A block of lines separated by a blank line is one frame:

    @ tag tag                                 where it fits (a log's component and level, titles of sections)
    > text with {slot} or {slot=kind}         a text; `|` carries it on in a new line; several `>` are alternatives
    # slot=kind: header,header | …            instead of texts: the columns of a table, the first is the row's key
    slot: question / question                 what is asked for the slot; other slots name what is meant
    ": phrase / phrase                        what the text is about, to ask for its words or its heading

`{port2}` is a second slot of kind port, `{slot=a,b,c}` one of three words, `[a|b]` either way of saying it, and what
stands between « and » is what is quoted (without them: all of the text). `slot@zh` holds for Chinese questions only.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from itertools import product
from pathlib import Path
from random import Random
from typing import NamedTuple

Pieces = tuple[str, ...]
_SLOT = re.compile(r"(\{[a-z]\w*(?:=[^{}]+)?\}|«|»)")
_CHOICE = re.compile(r"\[([^\[\]]*\|[^\[\]]*)\]")
_LINE = re.compile(r'^(?P<slot>[a-z]\w*|")(?:@(?P<lang>\w\w))?: ?(?P<rest>.*)$')
_MOST = 10
FREE = frozenset({"kind", "fn"})  # slots that a document gives, though no text shows them
# A unit right after a slot belongs to the answer.
_UNIT = re.compile(
    r" ?(?:个工作日|个自然日|个字符|个月|小时|分钟|字节|秒|元|人|天|日|年|台|件|份|层|次|个|位|条|行|批|周|°|bps|Ω|mA)"
    r"| ?(?:m(?= |\b)|km|kg|%)"
    r"| (?:working days|days|months|years|hours|minutes|seconds|bytes|characters|MB|KB|m|min)\b"
)
HERE = Path(__file__).parent


class Wording(NamedTuple):
    """A question or phrase: the slot that answers it ("" for a phrase), its pieces, the slots that it names."""

    slot: str
    pieces: Pieces
    names: tuple[str, ...]


class Column(NamedTuple):
    """A column of a table: its slot and what may stand above it."""

    slot: str
    headers: tuple[str, ...]


class Frame(NamedTuple):
    """A text with slots, or a row of a table with columns, and what can be asked about it."""

    key: str
    tags: tuple[str, ...]
    kinds: dict[str, str]
    texts: tuple[Pieces, ...]
    columns: tuple[Column, ...]
    asked: dict[str, tuple[Wording, ...]]  # by language
    about: dict[str, tuple[Wording, ...]]  # by language
    once: bool
    """Whether a question names nothing, so that a document should tell it once."""


@cache
def frames(name: str, lang: str) -> tuple[Frame, ...]:
    """The frames of the file `name` beside this module; `lang` is the language of questions that are not marked."""
    text = (HERE / f"{name}.frames").read_text(encoding="utf-8")
    blocks = re.split(r"\n[ \t]*\n", "\n".join(line for line in text.splitlines() if not line.startswith("%")).strip())
    return tuple(parsed(f"{name}{index}", block, lang) for index, block in enumerate(blocks) if block.strip())


@cache
def tagged(name: str, lang: str, tag: str) -> tuple[Frame, ...]:
    """The frames of a file that bear a tag."""
    return tuple(frame for frame in frames(name, lang) if tag in frame.tags)


def parsed(key: str, block: str, lang: str) -> Frame:
    """The frame of a block; ValueError where it is not in the notation of this module."""
    tags: tuple[str, ...] = ()
    texts: list[str] = []
    columns: list[Column] = []
    kinds: dict[str, str] = {}
    found: dict[bool, dict[str, list[Wording]]] = {True: {"zh": [], "en": []}, False: {"zh": [], "en": []}}
    for line in block.splitlines():
        if line.startswith("@ ") and (texts or tags):
            raise ValueError(f"{key}: no blank line before {line}")
        if line.startswith("@ "):
            tags = tuple(line[2:].split())
        elif line.startswith("> "):
            texts.append(line[2:])
        elif line.startswith("|"):
            texts[-1] += "\n" + line[2:]
        elif line.startswith("# "):
            columns = [_column(part, kinds) for part in line[2:].split(" | ")]
        elif matched := _LINE.match(line):
            slot = matched["slot"].strip('"')
            wordings = [_wording(slot, core) for part in matched["rest"].split(" / ") for core in _either(part)]
            found[bool(slot)][matched["lang"] or lang] += wordings
        else:
            raise ValueError(f"{key}: {line}")
    pieces = tuple(_pieces(text, kinds) for written in texts for text in _either(written))
    asked, about = ({k: tuple(v) for k, v in found[kind].items()} for kind in (True, False))
    once = any(not wording.names for wordings in asked.values() for wording in wordings)
    frame = Frame(key, tags, kinds, pieces, tuple(columns), asked, about, once)
    _check(frame)
    return frame


def _column(part: str, kinds: dict[str, str]) -> Column:
    cell, headers = part.split(": ", 1)
    slot, _, kind = cell.strip().partition("=")
    kinds[slot] = kind or slot.rstrip("0123456789")
    return Column(slot, tuple(header.strip() for header in headers.split(",")))


def _either(text: str) -> Iterator[str]:
    """The texts that the choices of a template allow, at most a few of them."""
    parts = _CHOICE.split(text)
    ways = [part.split("|") if index % 2 else [part] for index, part in enumerate(parts)]
    every = ["".join(way) for way in product(*ways)]
    yield from every if len(every) <= _MOST else Random(text).sample(every, _MOST)


def _pieces(text: str, kinds: dict[str, str]) -> Pieces:
    """Literals and, at odd places, slots (with the unit that follows as `slot|unit`), « and »."""
    pieces = list(_SLOT.split(text))
    for index in range(1, len(pieces), 2):
        if pieces[index][0] == "{":
            slot, _, kind = pieces[index][1:-1].partition("=")
            pieces[index] = slot
            if kind or slot not in kinds:
                kinds[slot] = kind or slot.rstrip("0123456789")
            if unit := _UNIT.match(pieces[index + 1]):
                pieces[index] += "|" + unit[0]
                pieces[index + 1] = pieces[index + 1][unit.end() :]
    return tuple(pieces)


def _wording(slot: str, core: str) -> Wording:
    pieces = tuple(piece.strip("{}") if index % 2 else piece for index, piece in enumerate(_SLOT.split(core.strip())))
    return Wording(slot, pieces, tuple(dict.fromkeys(pieces[1::2])))


def _check(frame: Frame) -> None:
    """Raise ValueError where a wording names a slot that the frame does not have."""
    for wordings in (*frame.asked.values(), *frame.about.values()):
        for wording in wordings:
            unknown = {wording.slot or "", *wording.names} - {"", *FREE, *frame.kinds}
            if unknown or wording.slot in wording.names:
                raise ValueError(f"{frame.key}: {wording} {unknown}")


def filled(pieces: Pieces, values: dict[str, str]) -> str:
    """The wording with the values in its slots."""
    parts = list(pieces)
    for index in range(1, len(parts), 2):
        parts[index] = value = values[parts[index]]
        parts[index - 1] = joined(parts[index - 1], value)
        if value[-1:] >= "\u2e80" and parts[index + 1][:1] == " ":
            parts[index + 1] = parts[index + 1][1:]
    return "".join(parts)


def joined(before: str, value: str) -> str:
    """The words before a value as they read before it: `an` before a vowel, no blank before Chinese."""
    if value[:1] >= "\u2e80":
        return before[:-1] if before[-1:] == " " and before[-2:-1] > "\u2e80" else before
    if value[:1] in _VOWELS and (before.endswith((" a ", "A ")) or before == "a "):
        return before[:-1] + "n "
    return before


_VOWELS = frozenset("aeio")

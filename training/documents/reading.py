"""What a natural text is made of: headings, lines, sentences, sections. Positions are characters of the whole text."""

from __future__ import annotations

import re
from typing import NamedTuple

from training.documents.document import Span


class Title(NamedTuple):
    """A heading of a natural text: its place without leading marks, its words without number, its section's end, its
    level from 1 to 3."""

    start: int
    end: int
    words: str
    section_end: int
    level: int


_HEADING = re.compile(
    r"^(?:#{1,6}[ \t]+(?P<marked>[^\n]{1,80}?)(?:[ \t]*\{#[^}\n]*\}|[ \t]*#+)?[ \t]*"
    r"|(?P<zh>第[一二三四五六七八九十百零\d]+[章节编篇][ 　\t]*[^\n。；，：]{0,40}?)[ 　\t]*"
    r"|(?P<deep>\d{1,2}(?:\.\d{1,2}){1,3}\.?[ 　\t]+(?=[^\d\s])[^\n。；]{1,60}?)[ \t]*"
    r"|(?P<numeral>[一二三四五六七八九十]{1,3}、[^\n。；：，]{2,30}))$",
    re.MULTILINE,
)
_NUMBER = re.compile(
    r"^(?:第[一二三四五六七八九十百零\d]+[章节编篇]|\d{1,2}(?:\.\d{1,2})*\.?(?=[ 　\t])"
    r"|[一二三四五六七八九十]{1,3}、)[ 　\t]*"
)
_FENCE = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
# Only the ends are searched for: a pattern of whole sentences takes quadratic time on a line without any.
_SENTENCE_END = {
    "zh": re.compile(r"[。！？][”」]?|；$", re.MULTILINE),
    "en": re.compile(r"[.!?][\"')\]]*(?=\s+[A-Z\"(`]|\s*$)", re.MULTILINE),
}
_BULLET = re.compile(
    r"^(?:[ \t　]*(?:[-*+•·>]|\d{1,2}[.、)）](?!\d)|[（(][\d一二三四五六七八九十]{1,3}[)）]"
    r"|第[一二三四五六七八九十百零\d]+条)[ \t　]*)+|^[ \t　]+"
)
_WHOLE = "。！？；：.!?:;|"


def titles(text: str) -> list[Title]:
    """The headings of the text in order; comment lines of fenced code are none."""
    fences = [match.span() for match in _FENCE.finditer(text)] if "```" in text else []
    found: list[tuple[int, int, str]] = []
    for match in _HEADING.finditer(text):
        group = match.lastgroup or "marked"
        start, end = match.span(group)
        if not any(low <= start < high for low, high in fences) and not text[start:end].endswith((".", ":", "：")):
            found.append((start, end, _NUMBER.sub("", text[start:end])))
    ends = [start for start, _, _ in found[1:]] + [len(text)] * bool(found)
    levels = _levels(text, found)
    return [Title(*p, section, level) for p, section, level in zip(found, ends, levels, strict=True) if p[2]]


def outline(text: str) -> tuple[tuple[int, int, int], ...]:
    """The headings of the text in order as (start, end, level) with levels from 1 to 3."""
    return tuple((heading.start, heading.end, heading.level) for heading in titles(text))


DEEPEST = 3


def _levels(text: str, found: list[tuple[int, int, str]]) -> list[int]:
    """The level of each heading by its marks or the depth of its number; the highest of a text is 1."""
    depths = [_depth(text, start, end) for start, end, _ in found]
    highest = min(depths, default=1)
    return [min(DEEPEST, depth - highest + 1) for depth in depths]


def _depth(text: str, start: int, end: int) -> int:
    line = text.rfind("\n", 0, start) + 1
    marks = text[line:start].count("#")
    if marks:
        return marks
    if number := _DEEP.match(text, start, end):
        return number[0].rstrip(".").count(".") + 1
    return 2 if text[start:end].startswith("第") and "节" in text[start : start + 6] else 1


_DEEP = re.compile(r"\d{1,2}(?:\.\d{1,2})*\.?")


def line_at(text: str, position: int) -> Span:
    """The line around a position, without its newline."""
    start = text.rfind("\n", 0, position) + 1
    end = text.find("\n", position)
    return start, len(text) if end < 0 else end


def sentences(text: str, span: Span, lang: str) -> list[Span]:
    """The whole sentences within a line: none that runs on from the line before or into the next."""
    start, end = span
    marked = _BULLET.match(text[start:end])
    before = text[max(0, start - 80) : start].rstrip(" \t")[-2:]
    runs_on = bool(before) and before[-1:] == "\n" and before[:1] not in ("", "\n", *_WHOLE) and not marked
    found = []
    begun = start
    for match in _SENTENCE_END[lang].finditer(text, start, end):
        low, high, first = begun, match.end(), begun == start
        if match.start() == begun:
            continue
        begun = high
        if first and marked:
            low += marked.end()
        while low < high and text[low] in " \t　":
            low += 1
        if not (runs_on and first) and high > low and "|" not in text[low:high]:
            found.append((low, high))
    return found


def section_of(outline: list[Title], position: int) -> Title | None:
    """The innermost heading above a position."""
    above = None
    for heading in outline:
        if heading.start > position:
            break
        above = heading
    return above

"""A document as its pages show it: Markdown's marks are gone there, and mostly the blank lines between paragraphs."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator
from itertools import accumulate
from random import Random

from training.documents.document import Document, Span

_MARKS = re.compile(
    r"^```.*\n?|^\|(?:[ :-]+\|)+\n?|^\| ?| ?\|$|\*\*(?=\S)|(?<=\S)\*\*|`"
    r"|\[(?=[^\[\]\n]{1,80}\]\([^()\s]+\))|(?<=[^\[\s])\]\([^()\s]+\)",
    re.MULTILINE,
)
_BLANK = re.compile(r"\n(?=\n)")
_CLOSED = re.compile(r" *#+ *$", re.MULTILINE)


def shown(rng: Random, document: Document) -> Document:
    """The document without marks, where it has any, and with or without its blank lines.

    Every span moves with its text. An answer that loses a mark from its middle is the shorter for it.
    """
    gone = _merged([*_marks(document), *(_blank(document) if rng.random() < 0.6 else ())])
    ends, lost = [end for _, end in gone], [0, *accumulate(end - start for start, end in gone)]

    def place(position: int) -> int:
        index = bisect_right(ends, position)
        inside = index < len(gone) and gone[index][0] < position
        return position - lost[index] - (position - gone[index][0] if inside else 0)

    def moved(span: Span) -> Span:
        return place(span[0]), place(span[1])

    bounds = [0, *(at for span in gone for at in span), len(document.text)]
    kept = zip(bounds[::2], bounds[1::2], strict=True)
    return document.moved("".join(document.text[start:end] for start, end in kept), moved)


def _marks(document: Document) -> Iterator[Span]:
    """The places of marks; those of headings are known from the outline, since # opens comments, too."""
    text, done = document.text, 0
    for start, end, _ in document.outline:
        line = text.rfind("\n", 0, start) + 1
        yield from _between(text, done, line)
        if line < start and text[line] == "#":
            yield line, start
        done = text.find("\n", end) if "\n" in text[end:] else len(text)
        if closed := _CLOSED.match(text, end, done):
            yield closed.span()
    yield from _between(text, done, len(text))


def _between(text: str, low: int, high: int) -> Iterator[Span]:
    return (match.span() for match in _MARKS.finditer(text, low, high) if match.end() > match.start())


def _blank(document: Document) -> Iterator[Span]:
    return (match.span() for match in _BLANK.finditer(document.text))


def _merged(spans: list[Span]) -> list[Span]:
    """The spans in order, those that overlap as one."""
    merged: list[Span] = []
    for start, end in sorted(spans):
        if merged and start < merged[-1][1]:
            merged[-1] = merged[-1][0], max(end, merged[-1][1])
        else:
            merged.append((start, end))
    return merged

"""Leads a transcription from line to line, for readers that announce pages and lines by anchors.

Where a page's lines begin is known from its layout. A reader left alone sometimes begins at a later line, passes one
over or reads one twice; so whatever mark it draws, the next line's anchor is taken, and the end behind the last line.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain

from reader_service.model import Mark, MarkKind
from reader_service.results import PageText

_BREAKS = frozenset({MarkKind.PAGE, MarkKind.ROW, MarkKind.END})
SLACK_TOKENS = 16
"""A line may take three tokens a character (bytes of UTF-8) and this many more, say for blank lines behind it."""


@dataclass(frozen=True)
class _Line:
    """The anchors that announce a line, and the most tokens of its text."""

    anchors: tuple[int, ...]
    most: int


class Lines:
    """One transcription: `lead` is asked about every token drawn, in order."""

    def __init__(self, lines: Sequence[_Line], breaks: frozenset[int], end: int) -> None:
        self._lines, self._breaks, self._end = iter(lines), breaks, end
        self._anchors: list[int] = []
        self._left = 0
        self._begun = False

    def lead(self, token: int) -> int:
        """The token to take instead of the drawn one: itself, as long as it is text of the line at hand."""
        if self._anchors:
            return self._anchors.pop(0)
        if self._begun and token not in self._breaks and self._left > 0:
            self._left -= 1
            return token
        self._begun = True
        line = next(self._lines, None)
        if line is None:
            return self._end
        self._left = line.most
        first, *self._anchors = line.anchors
        return first


def lines_of(page_texts: Sequence[PageText], marks: Mapping[int, Mark]) -> Lines | None:
    """What leads through these pages; None where lines or anchors for them are not known."""
    tokens = {(mark.kind, mark.number): token for token, mark in marks.items()}
    ends = [token for token, mark in marks.items() if mark.kind is MarkKind.END]
    wanted = list(chain.from_iterable(_wanted(number, text) for number, text in enumerate(page_texts)))
    if not wanted or not ends or any(key not in tokens for anchors, _ in wanted for key in anchors):
        return None
    lines = [_Line(tuple(tokens[key] for key in anchors), most) for anchors, most in wanted]
    return Lines(lines, frozenset(token for token, mark in marks.items() if mark.kind in _BREAKS), ends[0])


def _wanted(page: int, text: PageText) -> Iterator[tuple[list[tuple[MarkKind, int]], int]]:
    """Anchors of every line of a page that may bear ink, the page's before the first, and the line's most tokens."""
    anchors = [(MarkKind.PAGE, page)]
    for row in range(len(text.line_starts)):
        start, end = text.line(row)
        if end - start <= 1 < len(text.line_starts):  # a line end alone
            continue
        yield [*anchors, (MarkKind.ROW, row)], 3 * (end - start) + SLACK_TOKENS
        anchors = []

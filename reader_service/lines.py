"""Leads a transcription from line to line, for readers that announce pages and lines by anchors.

Where a page's lines begin is known from its layout. A reader left alone sometimes begins at a later line, passes one
over or reads one twice; so whatever mark it draws, the next line's anchor is taken, and the end behind the last line.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from reader_service.leading import Led
from reader_service.model import Drawn, Leaning, Mark, MarkKind, Tokens
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
    """Leads one transcription, see `Lead`."""

    decided = False

    def __init__(self, lines: Sequence[_Line], breaks: frozenset[int], end: int) -> None:
        self._lines, self._breaks, self._end = iter(lines), breaks, end
        self._anchors: list[int] = []
        self._left = 0

    held: Tokens = ()
    leaning: Leaning = MappingProxyType({})

    def lead(self, drawn: Drawn) -> Led:
        """What is taken instead of the drawn token: itself, as long as it is text of the line at hand."""
        token = self._next(drawn)
        return Led(token, said=(token,))

    def _next(self, drawn: Drawn) -> int:
        if self._anchors:
            return self._anchors.pop(0)
        if self._left and drawn.token not in self._breaks:
            self._left -= 1
            return drawn.token
        line = next(self._lines, None)
        if line is None:
            return self._end
        self._left = line.most
        first, *self._anchors = line.anchors
        return first


def lines_of(page_texts: Sequence[PageText], marks: Mapping[int, Mark]) -> Lines | None:
    """What leads through these pages; None where lines or anchors for them are not known."""
    tokens = {mark: token for token, mark in marks.items()}
    try:
        lines = [line for number, text in enumerate(page_texts) for line in _lines(number, text, tokens)]
        end = tokens[Mark(MarkKind.END)]
    except KeyError:
        return None
    breaks = frozenset(token for token, mark in marks.items() if mark.kind in _BREAKS)
    return Lines(lines, breaks, end) if lines else None


def _lines(page: int, text: PageText, tokens: Mapping[Mark, int]) -> Iterator[_Line]:
    """The lines of a page that may bear ink; the page is announced before the first. Raises KeyError."""
    anchors = [tokens[Mark(MarkKind.PAGE, page)]]
    for row in text.inked():
        start, end = text.line(row)
        yield _Line((*anchors, tokens[Mark(MarkKind.ROW, row)]), 3 * (end - start) + SLACK_TOKENS)
        anchors = []

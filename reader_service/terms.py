"""Owns lists of terms that a reader takes for headings: some in a row, with a single line below each.

On a page nothing tells a term with its explanation below it, as keys and options are listed, from a heading with one
line under it. From so many in a row on, they are terms.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from reader_service.model import Tokens
from reader_service.results import PageText

FEWEST = 4
"""Of the headings of the training documents 1.4 % (Chinese) and 4.3 % (English) stand in such a row and are lost."""
_NOWHERE = -9
"""Number of a line that is not known; none follows it."""


@dataclass
class _Entry:
    """What is said of an entry that waits, and whether it is a heading with a single line below it."""

    said: list[int] = field(default_factory=list)
    short: bool = False


class Terms:
    """Passes on what a summary says, but of headings in such a list. A heading waits until the next tells what it is,
    where the pages' lines are known."""

    def __init__(self, page_texts: Sequence[PageText]) -> None:
        inked = ((page, row) for page, text in enumerate(page_texts) for row in text.inked())
        self._numbers = {place: number for number, place in enumerate(inked)}
        self._waiting: list[_Entry] = []
        self._heading = _Entry()
        self._last_line = _NOWHERE  # of the heading at hand

    @property
    def held(self) -> Tokens:
        """What waits and is said if nothing follows."""
        listed = sum(entry.short for entry in self._waiting) >= FEWEST
        return tuple(token for entry in self._waiting if not (listed and entry.short) for token in entry.said)

    def begin(self, place: tuple[int, int], is_heading: bool) -> Tokens:
        """An entry begins on this line, counted by page and row: what is said now of those before."""
        released: Tokens = ()
        if is_heading and self._numbers:
            line = self._numbers.get(place, _NOWHERE)
            self._heading.short = line == self._last_line + 2
            if not self._heading.short:
                released = self.end()
            self._heading, self._last_line = _Entry(), line
            self._waiting.append(self._heading)
        elif self._waiting:
            self._waiting.append(_Entry())
        return released

    def go_on(self, place: tuple[int, int]) -> None:
        """The heading at hand has this line, too."""
        self._last_line = self._numbers.get(place, _NOWHERE)

    def say(self, tokens: Tokens) -> Tokens:
        """More of the entry at hand: what of it is said now."""
        if not self._waiting:
            return tokens
        self._waiting[-1].said += tokens
        return ()

    def end(self) -> Tokens:
        """Nothing that waits stands in a list with what follows: what is said of it."""
        released = self.held
        self._waiting.clear()
        return released

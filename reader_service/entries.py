"""Leads a summary by readers that say where each of its entries stands: what stands in an unlikely place is left out,
what was named before, and lists of terms (`terms.py`).

Such a reader names lines that look like headings and are none; the anchors of these are less likely. It may also come
back to lines that it has named, and go round in circles: then the summary ends. What is left out stays in the context,
so that the reader goes on behind it. The first entry is always told, and at once: there may be no other.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType

from reader_service.leading import Led
from reader_service.model import Drawn, Leaning, Mark, MarkKind, Tokens
from reader_service.results import PageText
from reader_service.terms import Terms

_PLACE = frozenset({MarkKind.PAGE, MarkKind.ROW, MarkKind.SILENT})  # a column is a mark that says nothing
_BULLETS = "#- "
_MOST_AGAIN = 3
"""So many entries one after the other that were named before end the summary."""


class Entries:
    """Leads one summary, see `Lead`. An entry is what stands between two line ends, with its anchors; it is decided on
    where its text begins, and without any it is none. Where it comes to a line that was named before, it ends."""

    decided = False
    leaning: Leaning = MappingProxyType({})

    def __init__(
        self, marks: Mapping[int, Mark], least_probability: float, decode: Callable[[Tokens], str], terms: Terms
    ) -> None:
        self._marks, self._least, self._decode, self._terms = marks, math.log(least_probability), decode, terms
        self._end = next(token for token, mark in marks.items() if mark.kind is MarkKind.END)
        self._opening: list[int] = []
        self._likelihood = 0.0  # log probability of the anchors
        self._begins = self._is_first = self._tells = True
        self._named: set[tuple[int, int]] = set()  # pages and rows
        self._page = self._again = 0
        self._place = (0, 0)  # page and row of the line at hand
        self._is_named = False  # whether a line of this entry was named before
        self._heads = False  # whether it is a heading that may wait

    @property
    def held(self) -> Tokens:
        """What was taken and not said yet, but for an opening that no text has followed."""
        return self._terms.held

    def lead(self, drawn: Drawn) -> Led:
        """See `Lead`: every token is taken, and said where its entry is told."""
        mark = self._marks.get(drawn.token)
        if mark and mark.kind is MarkKind.END:
            return self._over()
        text = "" if mark else self._decode((drawn.token,))
        if mark:
            self._pass(mark)
        if self._begins and (mark.kind in _PLACE if mark else not text.strip(_BULLETS)):
            self._opening.append(drawn.token)
            self._likelihood += drawn.log_probability if mark else 0.0
            return Led(drawn.token)
        said = (*self._opening, drawn.token)
        passed: Tokens = ()
        if self._begins:
            passed = self._decide()
            if self._again == _MOST_AGAIN:
                return self._over()
        self._begins = text.endswith("\n")
        tells = self._tells and (self._begins or not self._is_named)
        self._is_named = self._is_named and not self._begins
        return Led(drawn.token, said=(*passed, *self._terms.say(said)) if tells else passed)

    def _over(self) -> Led:
        return Led(self._end, said=(*self._terms.end(), self._end))

    def _pass(self, mark: Mark) -> None:
        """Notes which line is at hand."""
        if mark.kind is MarkKind.PAGE:
            self._page = mark.number
        elif mark.kind is MarkKind.ROW:
            self._place = self._page, mark.number
            self._is_named = self._is_named or self._place in self._named
            self._named.add(self._place)
            if self._heads and not self._begins:
                self._terms.go_on(self._place)

    def _decide(self) -> Tokens:
        """Whether the entry whose text begins is told; and what of those before is said now."""
        likely = self._is_first or self._likelihood >= self._least
        self._tells = likely and not self._is_named
        self._again = self._again + 1 if self._is_named else 0
        # A line named before says nothing of what stands around it, and the first entry waits for no other.
        counts = not (self._is_first or self._is_named)
        self._heads = counts and "#" in self._decode([token for token in self._opening if token not in self._marks])
        passed = self._terms.begin(self._place, self._heads) if counts else ()
        self._is_first, self._opening, self._likelihood = False, [], 0.0
        return passed


def entries_of(
    marks: Mapping[int, Mark],
    least_probability: float,
    decode: Callable[[Tokens], str],
    page_texts: Sequence[PageText] = (),
) -> Entries | None:
    """What leads a summary of these pages; None where any place is good enough, or the reader names none, or no end."""
    known = {MarkKind.ROW, MarkKind.END} <= {mark.kind for mark in marks.values()}
    return Entries(marks, least_probability, decode, Terms(page_texts)) if least_probability and known else None

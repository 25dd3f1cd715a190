"""Denies where a reader points at a place that it does not believe in itself.

Readers with anchors say where an answer stands before they say it. How likely those anchors are, all together, tells
right answers from wrong ones about as well as all tokens do, and tells it before any text is out. The denial begins
where the place began: behind a place readers go on with what stands there.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

from reader_service.model import Drawn, Mark, MarkKind

_PLACE = frozenset({MarkKind.PAGE, MarkKind.ROW, MarkKind.SILENT})  # a column is a mark that says nothing


class Doubt:
    """One answer: `lead` is asked about every token drawn, in order, until it has `decided`."""

    def __init__(self, marks: Mapping[int, Mark], absent: int, least_probability: float) -> None:
        self._marks, self._absent, self._least = marks, absent, math.log(least_probability)
        self._log_probability = 0.0
        self._taken = 0
        self.decided = False
        self.takes_back = 0  # of the tokens before, those that the last `lead` takes back: all, where it denies

    def lead(self, drawn: Drawn) -> int:
        """The token to take instead of the drawn one: the mark of a denial where text begins behind a place less likely
        than the least."""
        mark = self._marks.get(drawn.token)
        self.takes_back = 0
        if self.decided:
            return drawn.token
        if mark and mark.kind in _PLACE:
            self._log_probability += drawn.log_probability
            self._taken += 1
            return drawn.token
        self.decided = True
        if mark is not None or self._log_probability >= self._least:
            return drawn.token
        self.takes_back = self._taken
        return self._absent


def doubt_of(marks: Mapping[int, Mark], least_probability: float) -> Doubt | None:
    """None where every place is good enough, or no mark says that an answer is not there."""
    absent = next((token for token, mark in marks.items() if mark.kind is MarkKind.ABSENT), None)
    return Doubt(marks, absent, least_probability) if least_probability and absent is not None else None

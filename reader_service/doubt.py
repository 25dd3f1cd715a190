"""Doubts a reader that says where an answer stands before it says it: its place may be unlikely, its answer an echo.

How likely the anchors of a place are, all together, tells right answers from wrong ones about as well as all tokens do,
and tells it before any text is out. Behind an unlikely place a denial is taken instead; it begins where the place
began, because behind a place readers go on with what stands there. What merely repeats words of the question answers
nothing: the last anchor is drawn once more without the one that led there, and what stands at the next likeliest place
is said if that place is likely enough, which is rarely so where the answer had to be words of the question.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping, Sequence

from reader_service.model import Drawn, Led, Mark, MarkKind, Tokens

_PLACE = frozenset({MarkKind.PAGE, MarkKind.ROW, MarkKind.SILENT})  # a column is a mark that says nothing
_MOST_PLACES = 3
_APART = re.compile(r"[\W_]+")


class Echo:
    """Tells which answers are words of the question."""

    def __init__(self, question: str, decode: Callable[[Tokens], str]) -> None:
        self._question, self._decode = question.casefold(), decode

    def begins(self, text: Tokens) -> bool:
        """Whether the text may become one; it may end within a character."""
        return self._said(text) in self._question

    def is_whole(self, text: Tokens) -> bool:
        """Whether the text is one. A number is none: it may count other things than the question's."""
        said = self._said(text)
        letters = _APART.sub("", said)
        whole = re.search(f"(?<![a-z0-9]){re.escape(said)}(?![a-z0-9])", self._question)
        return len(letters) > 1 and not letters.isdigit() and whole is not None

    def _said(self, text: Tokens) -> str:
        return self._decode(text).casefold().rstrip("\ufffd").strip()


class Doubt:
    """One answer: `lead` is asked about every token drawn, in order, until it has `decided`."""

    def __init__(self, marks: Mapping[int, Mark], absent: int, least_probability: float, echo: Echo) -> None:
        self._marks, self._absent, self._least = marks, absent, math.log(least_probability)
        self._echo = echo
        self._place: list[Drawn] = []
        self._text: list[int] = []
        self._passed: list[Drawn] = []  # last anchors that led to an echo
        self._first: list[int] = []  # all tokens of the first echo
        self.decided = False

    @property
    def held(self) -> Sequence[int]:
        """What was taken and not said yet."""
        return () if self.decided else (*(drawn.token for drawn in self._place), *self._text)

    def lead(self, drawn: Drawn) -> Led:
        """What is taken instead of the drawn token."""
        if self.decided:
            return Led(drawn.token, said=(drawn.token,))
        mark = self._marks.get(drawn.token)
        if not self._text and mark and mark.kind in _PLACE:
            self._place.append(drawn)
            return Led(drawn.token)
        if not self._text and (self._first if mark else self._likelihood() < self._least):
            return self._give_up()
        if mark is None:
            self._text.append(drawn.token)
            return Led(drawn.token) if self._may_echo() else self._decide()
        if mark.kind is MarkKind.END and self._text and self._echo.is_whole(self._text):
            return self._look_again(drawn)
        return self._decide(drawn.token)

    def _likelihood(self) -> float:
        """Log probability of the place; of its last anchor among those that were not passed over."""
        passed = sum(math.exp(drawn.log_probability) for drawn in self._passed)
        return sum(drawn.log_probability for drawn in self._place) - math.log(max(1e-6, 1 - passed))

    def _may_echo(self) -> bool:
        return len(self._place) > 1 and len(self._passed) < _MOST_PLACES and self._echo.begins(self._text)

    def _look_again(self, end: Drawn) -> Led:
        """Takes the answer and the last two anchors back, and the first of these again, to draw the second anew."""
        *before, last = self._place
        self._first = self._first or [*(drawn.token for drawn in self._place), *self._text, end.token]
        back = len(self._text) + 2
        self._place, self._text = before, []
        self._passed.append(last)
        return Led(before[-1].token, takes_back=back, banned=frozenset(drawn.token for drawn in self._passed))

    def _give_up(self) -> Led:
        """The first echo, where there was one; else a denial in place of all tokens so far."""
        self.decided = True
        if self._first:
            return Led(self._first[-1], said=tuple(self._first))
        return Led(self._absent, takes_back=len(self._place), said=(self._absent,))

    def _decide(self, *last: int) -> Led:
        said = (*self.held, *last)
        self.decided = True
        return Led(said[-1], said=said)


def doubt_of(marks: Mapping[int, Mark], least_probability: float, echo: Echo) -> Doubt | None:
    """None where every place is good enough, or no mark says that an answer is not there."""
    absent = next((token for token, mark in marks.items() if mark.kind is MarkKind.ABSENT), None)
    return Doubt(marks, absent, least_probability, echo) if least_probability and absent is not None else None

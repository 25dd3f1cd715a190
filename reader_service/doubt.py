"""Leads a reader that says where an answer stands before it says it: towards likely places, away from unlikely ones.

Such a reader finds the kind of thing that is asked for, and often in the wrong row. Its caller knows the words, and
tells around which lines those of the question stand: these lines' anchors are drawn more easily.

How likely the anchors of a place are, all together, tells right answers from wrong ones about as well as all tokens do,
and tells it before any text is out. Behind an unlikely place a denial is taken instead. It begins where the place
began, because behind a place readers go on with what stands there.

What merely repeats words of the question answers nothing, unless it was given them to choose from: the last anchor is
drawn once more without the one that led there, and what stands at the next likeliest place is said if that is likely.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator, Mapping, Sequence

from reader_service.leading import Led
from reader_service.model import Drawn, Leaning, Mark, MarkKind, Tokens

_PLACE = frozenset({MarkKind.PAGE, MarkKind.ROW, MarkKind.SILENT})  # a column is a mark that says nothing
_MOST_PLACES = 3
_APART = re.compile(r"[\W_]+")
_CHOICE = re.compile(r"还是|或|\bor\b")
_LEAST_NEAR, _USUAL_NEAR, _POWER = 0.1, 0.3, 2.0


def weight_of(nearness: float) -> float:
    """What a line's odds are multiplied by, and a page's by its nearest line's: 1 where the nearness is a usual one, so
    that a page without any is denied sooner and one with all of the question later; 0.06 to 7.6."""
    return math.pow((_LEAST_NEAR + nearness) / (_LEAST_NEAR + _USUAL_NEAR), _POWER)


class Echo:
    """Tells which answers are words of the question."""

    def __init__(self, question: str, decode: Callable[[Tokens], str]) -> None:
        asked = question.casefold()
        self._question, self._decode = "" if _CHOICE.search(asked) else asked, decode

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
    """Leads one answer, see `Lead`.

    `nearness` says how much of the question stands around each line of each page, in 0..1; it may be empty.
    """

    def __init__(
        self, marks: Mapping[int, Mark], least_probability: float, echo: Echo, nearness: Sequence[Sequence[float]]
    ) -> None:
        self._marks, self._tokens = marks, {mark: token for token, mark in marks.items()}
        self._least, self._echo, self._nearness = math.log(least_probability), echo, nearness
        self._place: list[Drawn] = []
        self._text: list[int] = []
        self._passed: list[int] = []  # last anchors that led to an echo
        self.decided = False

    @property
    def held(self) -> Tokens:
        """See `Lead`."""
        return () if self.decided else (*(drawn.token for drawn in self._place), *self._text)

    @property
    def leaning(self) -> Leaning:
        """See `Lead`."""
        if self.decided or self._text:
            return {}
        return {**dict(self._towards()), **dict.fromkeys(self._passed, -math.inf)}

    def lead(self, drawn: Drawn) -> Led:
        """See `Lead`."""
        if self.decided:
            return Led(drawn.token, said=(drawn.token,))
        mark = self._marks.get(drawn.token)
        if not self._text and mark and mark.kind in _PLACE:
            self._place.append(drawn)
            return Led(drawn.token)
        if not self._text and (self._passed if mark else self._likelihood() < self._least):
            return self._deny()
        if mark is None:
            self._text.append(drawn.token)
            return Led(drawn.token) if self._may_echo() else self._decide()
        if mark.kind is MarkKind.END and self._echo.is_whole(self._text):
            return self._look_again()
        return self._decide(drawn.token)

    def _towards(self) -> Iterator[tuple[int, float]]:
        """Anchors of near pages, then of the near lines of the page drawn."""
        kind, near = MarkKind.ROW, self._lines_here()
        if not self._place:
            kind, near = MarkKind.PAGE, [max(lines, default=0.0) for lines in self._nearness]
        for number, value in enumerate(near):
            if (token := self._tokens.get(Mark(kind, number))) is not None:
                yield token, math.log(weight_of(value))

    def _lines_here(self) -> Sequence[float]:
        """The nearness of the lines of a page whose anchor is the last one drawn."""
        last = self._marks[self._place[-1].token] if self._place else None
        known = last and last.kind is MarkKind.PAGE and last.number < len(self._nearness)
        return self._nearness[last.number] if last and known else ()

    def _likelihood(self) -> float:
        """Log probability of the place."""
        return sum(drawn.log_probability for drawn in self._place)

    def _may_echo(self) -> bool:
        return len(self._place) > 1 and len(self._passed) < _MOST_PLACES and self._echo.begins(self._text)

    def _look_again(self) -> Led:
        """Takes the answer and the last two anchors back, and the first of these again, to draw the second anew."""
        back = len(self._text) + 2
        last, self._text = self._place.pop(), []
        self._passed.append(last.token)
        return Led(self._place[-1].token, takes_back=back)

    def _deny(self) -> Led:
        """A denial in place of all tokens so far."""
        absent = self._tokens[Mark(MarkKind.ABSENT)]
        self.decided = True
        return Led(absent, takes_back=len(self._place), said=(absent,))

    def _decide(self, *last: int) -> Led:
        said = (*self.held, *last)
        self.decided = True
        return Led(said[-1], said=said)


def doubt_of(
    marks: Mapping[int, Mark], least_probability: float, echo: Echo, nearness: Sequence[Sequence[float]] = ()
) -> Doubt | None:
    """None where every place is good enough, or no mark says that an answer is not there."""
    known = least_probability and Mark(MarkKind.ABSENT) in marks.values()
    return Doubt(marks, least_probability, echo, nearness) if known else None

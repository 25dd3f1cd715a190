"""From drawn tokens to an answer's text: whole characters, stop strings, reasoning apart, anchors into evidence."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from reader_service.model import Mark, MarkKind, Tokens
from reader_service.results import Evidence, PageText, TextDelta

_UNFINISHED = "\ufffd"
_LONGEST_CHARACTER_TOKENS = 8  # bytes of the longest UTF-8 character, twice over: after that U+FFFD is meant


class Characters:
    """Tokens in, whole Unicode characters out.

    Decodes a short window twice (with and without the new token) so that tokenizers that put spaces between words
    give the same text as decoding everything at once.
    """

    def __init__(self, decode: Callable[[Tokens], str]) -> None:
        self._decode = decode
        self._context: list[int] = []  # tokens whose text is out already
        self._fresh: list[int] = []  # tokens whose text is not out yet

    def push(self, token: int) -> str:
        """The text that is certain after this token; empty in the middle of a character."""
        self._fresh.append(token)
        before = self._decode(self._context) if self._context else ""
        after = self._decode([*self._context, *self._fresh])
        if after.endswith(_UNFINISHED) and len(self._fresh) < _LONGEST_CHARACTER_TOKENS:
            return ""
        self._context, self._fresh = self._fresh, []
        return after[len(before) :]

    def flush(self) -> str:
        """What is left at the end: at most a broken character."""
        before = self._decode(self._context) if self._context else ""
        left = self._decode([*self._context, *self._fresh])[len(before) :] if self._fresh else ""
        self._context, self._fresh = [], []
        return left


@dataclass
class StopStrings:
    """Holds text back for as long as it may be the beginning of a stop string."""

    stops: Sequence[str]
    reached: bool = False
    _held: str = ""

    def push(self, text: str) -> str:
        """The text that is certain to come before any stop string."""
        self._held += text
        cuts = [cut for stop in self.stops if stop and (cut := self._held.find(stop)) >= 0]
        if cuts:
            self.reached = True
            return self._release(min(cuts))
        return self._release(len(self._held) - self._overlap())

    def flush(self) -> str:
        """What was held back, now that no more text comes."""
        return "" if self.reached else self._release(len(self._held))

    def _release(self, count: int) -> str:
        out, self._held = self._held[:count], self._held[count:]
        return out

    def _overlap(self) -> int:
        """Length of the longest end of the held text that begins a stop string."""
        longest = max((len(stop) for stop in self.stops), default=1) - 1
        for size in range(min(longest, len(self._held)), 0, -1):
            if any(stop.startswith(self._held[-size:]) for stop in self.stops):
                return size
        return 0


@dataclass
class AnswerText:
    """The visible side of one answer while its tokens come."""

    decode: Callable[[Tokens], str]
    marks: Mapping[int, Mark]
    page_texts: Sequence[PageText]
    stops: Sequence[str] = ()
    reasoning: bool = False
    ended: bool = False
    absent: bool = False
    evidence: list[Evidence] = field(default_factory=list)
    answer: str = ""
    _page: int = 0

    def __post_init__(self) -> None:
        self._characters = Characters(self.decode)
        self._stop = StopStrings(self.stops)

    def push(self, token: int) -> list[TextDelta]:
        """The deltas that a token makes certain; sets `ended` at the end mark or a stop string."""
        mark = self.marks.get(token)
        if mark is None:
            return self._text(self._characters.push(token))
        return self._marked(mark)

    def finish(self) -> list[TextDelta]:
        """The deltas that are still held back."""
        deltas = self._text(self._characters.flush())
        return deltas if self.ended and self._stop.reached else deltas + self._out(self._stop.flush())

    def _text(self, text: str) -> list[TextDelta]:
        if self.reasoning:  # stop strings speak of the answer
            return self._out(text)
        deltas = self._out(self._stop.push(text)) if not self._stop.reached else []
        self.ended = self.ended or self._stop.reached
        return deltas

    def _out(self, text: str) -> list[TextDelta]:
        if not self.reasoning:
            self.answer += text
        return [TextDelta(text, self.reasoning)] if text else []

    def _marked(self, mark: Mark) -> list[TextDelta]:
        if mark.kind is MarkKind.END:
            self.ended = True
        elif mark.kind is MarkKind.ABSENT:
            self.absent = True
            self.evidence.clear()  # what is denied stands nowhere
        elif mark.kind is MarkKind.PAGE:
            self._page = mark.number
        elif mark.kind is MarkKind.ROW:
            self._point(mark.number)
        elif mark.kind is not MarkKind.SILENT:
            return self._switch(mark.kind is MarkKind.REASONING_OPEN)
        return []

    def _switch(self, reasoning: bool) -> list[TextDelta]:
        deltas = self._text(self._characters.flush())
        if not self.reasoning:
            deltas += self._out(self._stop.flush())
        self.reasoning = reasoning
        return deltas

    def _point(self, row: int) -> None:
        if self._page < len(self.page_texts):
            start, end = self.page_texts[self._page].line(row)
            place = Evidence(self._page, start, end)
            if place not in self.evidence:
                self.evidence.append(place)

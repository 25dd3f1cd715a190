"""Owns the answers that may be asked for again: a request that bears a name is done once, however often it comes.

A caller whose connection broke repeats its request under the same name and gets what was answered, from the start. Kept
in memory, for a while; a request that failed or was cancelled is done again.
"""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Hashable
from dataclasses import dataclass, field

from gateway.answers import Completed, TextDelta
from gateway.errors import InvalidQuestion
from gateway.reading import Event, Tell

Work = Callable[[Tell], Awaitable[Completed]]


@dataclass
class _Answer:
    """What was asked and, once `ended` is set, how it ended; without `completed` it failed."""

    asked: Hashable
    since_s: float
    texts: list[TextDelta] = field(default_factory=list)
    completed: Completed | None = None
    ended: asyncio.Event = field(default_factory=asyncio.Event)


class Repeats:
    """Answers by the name of their request, the oldest forgotten. `clock` gives seconds that only grow."""

    def __init__(self, most: int = 1024, kept_s: float = 600.0, clock: Callable[[], float] = time.monotonic) -> None:
        self._most, self._kept_s, self._clock = most, kept_s, clock
        self._answers: OrderedDict[str, _Answer] = OrderedDict()

    async def once(self, name: str, asked: Hashable, tell: Tell, work: Work) -> Completed:
        """Does `work`, or tells again what came of it. Without a name it is done every time.

        Raises InvalidQuestion where the name belongs to another question, and what `work` raises.
        """
        if not name:
            return await work(tell)
        while answer := self._known(name):
            if answer.asked != asked:
                raise InvalidQuestion(f"request {name[:40]!r} asked something else before: give this one another name")
            await answer.ended.wait()
            if answer.completed:
                await tell(answer.completed.document)
                for delta in answer.texts:
                    await tell(delta)
                return answer.completed
        return await self._first(name, asked, tell, work)

    def _known(self, name: str) -> _Answer | None:
        oldest_s = self._clock() - self._kept_s
        for other, answer in list(self._answers.items()):
            if len(self._answers) <= self._most and answer.since_s >= oldest_s:
                break
            if answer.ended.is_set():
                del self._answers[other]
        return self._answers.get(name)

    async def _first(self, name: str, asked: Hashable, tell: Tell, work: Work) -> Completed:
        answer = self._answers[name] = _Answer(asked, self._clock())

        async def heard(event: Event) -> None:
            if isinstance(event, TextDelta):
                _append(answer.texts, event)
            await tell(event)

        try:
            answer.completed = await work(heard)
            return answer.completed
        finally:
            if not answer.completed:
                del self._answers[name]
            answer.ended.set()


def _append(texts: list[TextDelta], delta: TextDelta) -> None:
    """Adds a delta to the last one where both are of a kind: what is kept is text, not its timing."""
    if texts and texts[-1].reasoning == delta.reasoning:
        delta = TextDelta(texts.pop().text + delta.text, delta.reasoning)
    texts.append(delta)

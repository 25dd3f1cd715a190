"""The bridge from the engine thread to one asyncio reader. The engine never waits: it pauses the request instead."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable

from reader_service.results import Completed, DocumentInfo, Event


class Stream:
    """Events of one request. Made and read on the event loop; `put` and `full` belong to the engine thread."""

    def __init__(self, limit: int, on_room: Callable[[], None]) -> None:
        self._loop = asyncio.get_running_loop()
        self._queue: asyncio.Queue[Event] = asyncio.Queue()
        self._limit = limit
        self._on_room = on_room
        self._put = self._taken = 0  # each written by one thread only

    @property
    def full(self) -> bool:
        """True while the reader is `limit` events behind."""
        return self._put - self._taken >= self._limit

    def put(self, event: Event) -> None:
        """Hands an event to the loop."""
        self._put += 1
        try:
            self._loop.call_soon_threadsafe(self._queue.put_nowait, event)
        except RuntimeError:  # the loop is closed: nobody is left to tell
            self._put -= 1

    async def events(self) -> AsyncIterator[Event]:
        """Yields events up to the last one; raises the last one when it is an exception."""
        while True:
            event = await self._queue.get()
            was_full = self.full
            self._taken += 1
            if was_full:
                self._on_room()
            if isinstance(event, BaseException):
                raise event
            yield event
            if isinstance(event, DocumentInfo | Completed):
                return

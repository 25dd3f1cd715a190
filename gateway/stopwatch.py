"""Owns how long a caller waited, measured where the caller is told: until the first text and until the end."""

from __future__ import annotations

import time
from dataclasses import replace

from gateway.answers import TextDelta, Timings
from gateway.reading import Event, Tell


class Stopwatch:
    """Runs from its making; `tell` passes everything on and notes when the first text went by."""

    def __init__(self, tell: Tell) -> None:
        self._tell = tell
        self._began_s = time.monotonic()
        self._first_text_s: float | None = None

    async def tell(self, event: Event) -> None:
        """Tells the caller."""
        await self._tell(event)
        if self._first_text_s is None and isinstance(event, TextDelta):
            self._first_text_s = time.monotonic()

    def timings(self, reader: Timings) -> Timings:
        """The reader's shares with the gateway's first token and total; an answer without text has only an end."""
        now_s = time.monotonic()
        first_s = now_s if self._first_text_s is None else self._first_text_s
        return replace(reader, ttft_ms=(first_s - self._began_s) * 1e3, total_ms=(now_s - self._began_s) * 1e3)

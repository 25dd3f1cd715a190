"""Owns what a caller has been told as the answer, kept beside the telling."""

from __future__ import annotations

from gateway.answers import TextDelta
from gateway.reading import Event, Tell


class Transcript:
    """`tell` passes everything on; `text` is the answer so far, without reasoning."""

    def __init__(self, tell: Tell) -> None:
        self._tell = tell
        self._pieces: list[str] = []

    @property
    def text(self) -> str:
        """The answer so far."""
        return "".join(self._pieces)

    async def tell(self, event: Event) -> None:
        """Tells the caller."""
        if isinstance(event, TextDelta) and not event.reasoning:
            self._pieces.append(event.text)
        await self._tell(event)

"""Owns what a person sees while a command works: on a terminal, on standard error; in a pipe, nothing."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from glyphstream.client import Completed, Degraded, Document, Progress
from glyphstream.common.v1 import common_pb2
from rich.console import Console
from rich.status import Status

STAGES = {
    common_pb2.STAGE_EXTRACT: ("cleaning the text", "bytes"),
    common_pb2.STAGE_RENDER: ("painting", "pages"),
    common_pb2.STAGE_QUEUED: ("waiting for the reader", "requests ahead"),
    common_pb2.STAGE_VISION: ("looking at", "pages"),
    common_pb2.STAGE_PREFILL: ("reading", "tokens"),
}


class Terminal:
    """Progress and figures for a person. `console` may be given; by default it is standard error."""

    def __init__(self, console: Console | None = None) -> None:
        self._console = console or Console(stderr=True, highlight=False)
        self._status: Status | None = None

    @contextmanager
    def busy(self, what: str) -> Iterator[None]:
        """Says what is being done, until it is."""
        self.clear()
        if self._console.is_terminal:
            self._status = self._console.status(what)
            self._status.start()
        try:
            yield
        finally:
            self.clear()

    def clear(self) -> None:
        """Takes the progress away, before text is written where it stands."""
        if self._status:
            self._status.stop()
            self._status = None

    def show(self, event: Progress | Degraded) -> None:
        """Progress replaces what was shown before; a step down stays to be read."""
        if not self._console.is_terminal:
            return
        if isinstance(event, Degraded):
            self.say(f"a lower resolution is used: {getattr(event, 'from').name} → {event.to.name} ({event.reason})")
            return
        if self._status is None:
            self._status = self._console.status("")
            self._status.start()
        self._status.update(_progress(event))

    def say(self, line: str) -> None:
        """One quiet line for a person."""
        if self._console.is_terminal:
            self.clear()
            self._console.print(line, style="dim", markup=False)


def _progress(event: Progress) -> str:
    doing, unit = STAGES.get(event.stage, ("working on", ""))
    return f"{doing}: {event.done:,} of {event.total:,} {unit}" if event.total else doing


def cost(completed: Completed) -> str:
    """What an answer cost, in one line."""
    document, timings = completed.document, completed.timings
    where = f"from page {completed.evidence[0].page + 1}; " if completed.evidence else ""
    return (
        f"{where}{layout(document)}, compression {compression(document):.1f} characters a token, "
        f"first token after {timings.ttft_ms / 1e3:.2f} s, {completed.memory.measured_peak_bytes / 1e9:.2f} GB"
    )


def layout(document: Document) -> str:
    """What a document looks like to the reader."""
    size = f"{document.page_width}×{document.page_height} px"
    pages = "1 page" if document.pages == 1 else f"{document.pages} pages"
    return f"{pages} of {size} at {document.rung.font_px} px, {document.vision_tokens:,} vision tokens"


def compression(document: Document) -> float:
    """Characters per vision token."""
    return document.characters / max(1, document.vision_tokens)


def as_degraded(steps: Any) -> list[dict[str, str]]:
    """Steps down as plain data."""
    return [{"from": getattr(step, "from").name, "to": step.to.name, "reason": step.reason} for step in steps]

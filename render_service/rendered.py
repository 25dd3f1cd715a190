"""Owns the rendered documents that may be asked for again: by content address, the longest unused go first."""

import hashlib
from collections import OrderedDict
from collections.abc import AsyncGenerator
from contextlib import aclosing

from render_service.jobs import Manifest, RenderJob, Result
from render_service.style import Style
from render_service.workers import Pool

# What a page and a line of a manifest take in memory beside the image.
PAGE_BYTES, LINE_BYTES = 1024, 40

Address = tuple[bytes, Style]


class RenderedDocuments:
    """Pages come from memory where they were painted before, else from the pool; at most `max_bytes` are kept."""

    def __init__(self, pool: Pool, max_bytes: int) -> None:
        self._pool = pool
        self._max_bytes = max_bytes
        self._kept: OrderedDict[Address, tuple[int, list[Result]]] = OrderedDict()
        self._kept_bytes = 0

    @property
    def kept_bytes(self) -> int:
        """Bytes that the kept documents take."""
        return self._kept_bytes

    async def results(self, job: RenderJob) -> AsyncGenerator[Result, None]:
        """What the pool would answer. Equal text and style are painted once as long as their pages are kept."""
        address = (hashlib.sha256(job.text).digest(), job.style)
        if address in self._kept:
            self._kept.move_to_end(address)
            for result in self._kept[address][1]:
                yield result
            return
        seen: list[Result] = []
        size = 0
        async with aclosing(self._pool.results(job)) as results:
            async for result in results:
                size += _bytes_of(result)
                if size <= self._max_bytes:
                    seen.append(result)
                else:
                    seen.clear()
                yield result
        if size <= self._max_bytes:
            self._keep(address, size, seen)

    def _keep(self, address: Address, size: int, results: list[Result]) -> None:
        """Takes a complete document in; another call may have done so meanwhile."""
        if address not in self._kept:
            self._kept[address] = (size, results)
            self._kept_bytes += size
        while self._kept_bytes > self._max_bytes:
            _, (gone, _) = self._kept.popitem(last=False)
            self._kept_bytes -= gone


def _bytes_of(result: Result) -> int:
    if isinstance(result, Manifest):
        return sum(PAGE_BYTES + LINE_BYTES * len(page.line_starts) for page in result.pages)
    return PAGE_BYTES + len(getattr(result, "image", b""))

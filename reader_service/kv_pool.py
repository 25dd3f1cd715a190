"""Who holds which bytes: resident documents (least recently used first, with a time to live) and running requests.

Everything is counted to the byte. A request reserves all it may need before it starts, so it cannot run out half way;
what it holds is given back in full by `release` or becomes a resident document by `keep`.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Protocol

from reader_service.budget import Budget, Fit, Need
from reader_service.errors import DocumentNotResident
from reader_service.model import Kv
from reader_service.results import DocumentInfo, PageText
from reader_service.showing import KeptPage


class Holder(Protocol):
    """A request that may hold bytes."""

    need: Need


@dataclass
class Resident:
    """A document whose KV stays on the device, `kept` beside it where pages are shown again: every page, or none.

    `need` is what both take; `pins` counts the answers that read it.
    """

    info: DocumentInfo
    need: Need
    kv: Kv
    next_position: int
    pages: int
    page_texts: tuple[PageText, ...]
    kept: tuple[KeptPage, ...] = ()
    last_used_s: float = 0.0
    pins: int = 0


class KvPool:
    """The one owner of the device's budget. Used by the engine thread only."""

    def __init__(
        self,
        budget: Budget,
        free: Callable[[Kv], None],
        clock: Callable[[], float],
        ttl_s: float,
        handed_bytes: Callable[[], int] = lambda: 0,
    ) -> None:
        self.budget = budget
        self._handed_bytes = handed_bytes
        self._free = free
        self._clock = clock
        self._ttl_s = ttl_s
        self._documents: OrderedDict[str, Resident] = OrderedDict()
        self._reserved: dict[int, Need] = {}

    @property
    def held_bytes(self) -> int:
        """What resident documents hold."""
        return sum(document.need.held_bytes for document in self._documents.values())

    @property
    def live_bytes(self) -> int:
        """What resident documents and running requests hold."""
        return self.held_bytes + sum(need.held_bytes for need in self._reserved.values())

    @property
    def free_bytes(self) -> int:
        """Bytes that a request could hold now, unused documents evicted."""
        pinned = (document.need for document in self._documents.values() if document.pins)
        return self.budget.free_bytes([*pinned, *self._reserved.values()])

    def documents(self) -> tuple[DocumentInfo, ...]:
        """Resident documents, most recently used first."""
        return tuple(document.info for document in reversed(self._documents.values()))

    def find(self, document_id: str) -> Resident | None:
        """The document, now the most recently used one, or None."""
        document = self._documents.get(document_id)
        if document is not None:
            document.last_used_s = self._clock()
            self._documents.move_to_end(document_id)
        return document

    def pin(self, document_id: str) -> Resident:
        """Keeps a document from eviction until `unpin`. Raises DocumentNotResident."""
        document = self.find(document_id)
        if document is None:
            raise DocumentNotResident(f"document {document_id} is not resident")
        document.pins += 1
        return document

    def unpin(self, document: Resident) -> None:
        """Undoes one `pin`."""
        document.pins -= 1

    def reserve(self, holder: Holder, away_bytes: int = 0) -> bool:
        """Reserves what a request needs, evicting unused documents as far as needed; False when it must wait."""
        while (fit := self._fit(holder.need, away_bytes)) is not Fit.NOW:
            if fit is Fit.NEVER or not self._evict_one():
                return False
        self._reserved[id(holder)] = holder.need
        return True

    def predicted_peak(self, *more: Need) -> int:
        """Peak of all that is held and runs, and of requests with these needs beside it."""
        return self.budget.peak([*self._needs(), *more], self._handed_bytes())

    def release(self, holder: Holder) -> int:
        """Takes a request's reservation back; 0 when it had none."""
        need = self._reserved.pop(id(holder), None)
        return need.held_bytes if need else 0

    def keep(self, holder: Holder, document: Resident) -> None:
        """Turns a request's reservation into a resident document."""
        self.release(holder)
        document.last_used_s = self._clock()
        self._documents[document.info.document_id] = document

    def drop(self, document_id: str) -> int:
        """Frees a document nobody reads and returns its bytes. Raises DocumentNotResident."""
        document = self._documents.pop(document_id, None)
        if document is None:
            raise DocumentNotResident(f"document {document_id} is not resident")
        self._free(document.kv)
        return document.need.held_bytes

    def expire(self) -> None:
        """Frees the documents that nobody used for the time to live."""
        limit_s = self._clock() - self._ttl_s
        stale = [
            key for key, document in self._documents.items() if not document.pins and document.last_used_s < limit_s
        ]
        for document_id in stale:
            self.drop(document_id)

    def _fit(self, need: Need, away_bytes: int) -> Fit:
        return self.budget.fit(need, self._needs(), away_bytes, self._handed_bytes())

    def _needs(self) -> Iterator[Need]:
        """Of all that is held and runs."""
        yield from (document.need for document in self._documents.values())
        yield from self._reserved.values()

    def _evict_one(self) -> bool:
        unused = (key for key, document in self._documents.items() if not document.pins)
        document_id = next(unused, None)
        if document_id is not None:
            self.drop(document_id)
        return document_id is not None

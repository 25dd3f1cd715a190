"""Making a document resident: vision and prefill, one group of pages after another, so that memory stays flat."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

from reader_service.device import Device, Job, MemoryOf, Sink
from reader_service.errors import DoesNotFit, InvalidPages
from reader_service.kv_pool import Resident
from reader_service.model import Chunk, GreyPage, Kv, Rows, Vision
from reader_service.positions import group_ends, page_groups, place_prompt
from reader_service.results import DocumentInfo, Event, PageText, Progress, Stage, Timings
from reader_service.showing import KeptPage, kept_pages


@dataclass(frozen=True)
class Source:
    """What is to be made resident."""

    document_id: str
    pages: Sequence[GreyPage]
    page_texts: tuple[PageText, ...] = ()


@dataclass(frozen=True)
class _Part:
    """A group of pages and the prompt tokens that end with it."""

    pages: Sequence[GreyPage]
    start: int
    end: int


class Ingestion(Job):
    """One document on its way into the KV pool."""

    exclusive = True  # two at once would only hold two half-read documents

    def __init__(self, device: Device, sink: Sink, source: Source) -> None:
        super().__init__(device, sink)
        self.source = source
        self._kv: Kv | None = None
        self._vision: Vision | None = None
        self._kept: list[KeptPage] = []
        self._vision_ms = self._prefill_ms = 0.0
        self._seen_pages = self._at = 0
        self._info: DocumentInfo | None = None

    def prepare(self, ahead: int) -> bool:
        """Tokenises the prompt around the pages. Raises InvalidPages, DoesNotFit."""
        if self._already_resident():
            return True
        if not self.source.pages:
            raise InvalidPages("the document has no pages")
        self._plan()
        budget, largest = self.device.budget, max(page.size.pixels for page in self.source.pages)
        self.need = budget.document_need(len(self._tokens), int(np.count_nonzero(self._is_image)), largest)
        if not budget.ever_fits(self.need):
            raise DoesNotFit("the document will never fit the device", budget.largest_ever())
        return False

    def start(self) -> bool:
        """Takes the KV, unless an earlier request made the same document resident meanwhile."""
        super().start()
        if self._already_resident():
            return True
        self._kv = self.device.model.document(len(self._tokens))
        return False

    def advance(self) -> bool:
        """One group of pages through the vision tower, or one chunk of its tokens into the KV."""
        if self._vision is None:
            self._see()
            return False
        self._prefill()
        return not self._parts

    def result(self) -> Event:
        """The document; from here on the pool owns its KV and what is kept of its pages."""
        if self._info is not None:
            return self._info
        info, source, held = self._describe(), self.source, replace(self.need, workspace_bytes=0)
        place, pages = self._placed.next_position, len(source.pages)
        document = Resident(info, held, self._kv, place, pages, source.page_texts, tuple(self._kept))
        self._kv = None
        self.device.pool.keep(self, document)
        return info

    def close(self) -> None:
        """Frees a half-read document."""
        kv, self._kv, self._vision, self._kept = self._kv, None, None, []
        if kv is not None:
            self.device.model.free(kv)

    def _already_resident(self) -> bool:
        document = self.device.pool.find(self.source.document_id)
        if document is None:
            return False
        document.page_texts = self.source.page_texts or document.page_texts
        self._info = replace(document.info, reused=True)
        return True

    def _plan(self) -> None:
        model, pages = self.device.model, self.source.pages
        geometry, vocabulary = model.facts.geometry, model.vocabulary
        self._tokens = vocabulary.prefix([geometry.vision_tokens(page.size.pixels) for page in pages])
        sizes = [page.size for page in pages]
        self._placed = place_prompt(self._tokens, vocabulary.image_token, geometry, sizes)
        self._is_image = np.asarray(self._tokens) == vocabulary.image_token
        groups = page_groups(pages, geometry, self.device.budget.chunks.vision_patches)
        counts = [sum(geometry.vision_tokens(page.size.pixels) for page in group) for group in groups]
        ends = [0, *group_ends(self._is_image, counts)]
        self._parts = [_Part(group, *span) for group, span in zip(groups, pairwise(ends), strict=True)]

    def _see(self) -> None:
        began_s = self.device.clock()
        model, pages = self.device.model, self._parts[0].pages
        self._vision = model.see(pages)
        if model.facts.profile.pages_shown_again:
            self._kept += kept_pages(self._vision, pages, model.facts.geometry)
        self._vision_ms += self.elapsed_ms(began_s)
        self._seen_pages += len(pages)
        self.sink.put(Progress(Stage.VISION, self._seen_pages, len(self.source.pages)))

    def _prefill(self) -> None:
        began_s = self.device.clock()
        part = self._parts[0]
        end = min(part.end, self._at + self.device.budget.chunks.prefill_tokens)
        span = slice(self._at, end)
        first, stop = (int(np.count_nonzero(self._is_image[part.start : at])) for at in (self._at, end))
        seen = [Rows(self._vision, first, stop)]
        chunk = Chunk(self._tokens[span], self._placed.positions[:, span], seen, says=False)
        self.device.model.prefill(self._kv, chunk)
        self._prefill_ms += self.elapsed_ms(began_s)
        self._at = end
        self.sink.put(Progress(Stage.PREFILL, end, len(self._tokens)))
        if end == part.end:
            del self._parts[0]
            self._vision = None

    def _describe(self) -> DocumentInfo:
        geometry, pixels = self.device.model.facts.geometry, sum(page.size.pixels for page in self.source.pages)
        return DocumentInfo(
            document_id=self.source.document_id,
            pages=len(self.source.pages),
            vision_tokens=int(np.count_nonzero(self._is_image)),
            kv_bytes=self.need.held_bytes,
            timings=Timings(
                queue_ms=self.queue_ms,
                vision_ms=self._vision_ms,
                prefill_ms=self._prefill_ms,
                total_ms=self.elapsed_ms(self.submitted_s),
            ),
            ledger=self.ledger(MemoryOf(pixels, geometry.patches(pixels), self.need.held_bytes)),
        )

"""The asyncio side of the reader: opens the model, hands requests to the engine, follows their streams.

Nothing here computes: loading, PNG decoding and hashing run on threads, the model on the engine's.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import AsyncIterator, Callable
from concurrent.futures import Future
from contextlib import aclosing

import structlog

from reader_service.answering import Answering, Question
from reader_service.budget import Budget, Need, shown_again_tokens
from reader_service.device import Device, Job
from reader_service.engine import Engine
from reader_service.errors import DeviceLost, DocumentNotResident, DoesNotFit, InvalidPages
from reader_service.ingestion import Ingestion, Source
from reader_service.kv_pool import KvPool
from reader_service.model import GreyPage, Model, ModelFacts
from reader_service.pages import EncodedPage, decode_page, document_id
from reader_service.results import Accepted, Completed, DocumentInfo, Event, Load, PageText
from reader_service.scheduler import Scheduler
from reader_service.settings import Settings
from reader_service.stream import Stream

_log = structlog.get_logger(__name__)


class Reader:
    """One model on one device, for any number of callers on one event loop."""

    def __init__(self, settings: Settings, load_model: Callable[[], Model]) -> None:
        self.settings = settings
        self._load_model = load_model
        self._engine: Engine | None = None
        self.lost = asyncio.Event()

    async def open(self) -> None:
        """Starts the engine thread, which loads and warms the model. Raises what loading raises."""
        ready: Future[Engine] = Future()
        loop = asyncio.get_running_loop()

        def on_lost(error: DeviceLost) -> None:
            _log.error("device lost", error=str(error))
            loop.call_soon_threadsafe(self.lost.set)

        threading.Thread(target=self._live, args=(ready, on_lost), name="engine", daemon=True).start()
        self._engine = await asyncio.wrap_future(ready)
        facts = self.facts
        ready_of = {"model": facts.name, "device": facts.device, "decode": facts.decode}
        _log.info("model ready", **ready_of, attention=facts.vision_attention, **vars(facts.costs))
        if facts.decode not in ("graphs", "eager"):
            _log.warning("no graphs: tokens come slower", decode=facts.decode)

    async def drain(self) -> None:
        """Takes nothing new and waits for what runs."""
        if self._engine is not None:
            await asyncio.wrap_future(self._engine.drain())

    async def close(self) -> None:
        """Ends what runs, then the engine thread."""
        if self._engine is not None:
            await asyncio.to_thread(self._engine.stop)

    @property
    def facts(self) -> ModelFacts:
        """What is known about the model."""
        return self._device.model.facts

    @property
    def budget(self) -> Budget:
        """The arithmetic of what fits."""
        return self._device.budget

    @property
    def load(self) -> Load:
        """How busy the engine was after its latest step."""
        return self._open_engine.load

    def describe(self) -> tuple[ModelFacts, Load, int]:
        """Model, load, and the vision tokens of the largest document that can ever be admitted. Raises DeviceLost."""
        if self._open_engine.lost:
            raise DeviceLost("the device is lost")
        return self.facts, self.load, self.budget.largest_ever()

    def document(self, wanted_id: str) -> DocumentInfo:
        """A resident document. Raises DocumentNotResident."""
        for info in self.load.documents:
            if info.document_id == wanted_id:
                return info
        raise DocumentNotResident(f"document {wanted_id} is not resident")

    async def delete(self, unwanted_id: str) -> int:
        """Frees a document and returns its bytes. Raises DocumentNotResident."""
        engine = self._open_engine
        return await asyncio.wrap_future(engine.call(lambda: engine.delete(unwanted_id)))

    def accept(self, pages: int, pixels: int) -> Accepted:
        """Says before pages are sent whether they fit. Raises InvalidPages, DoesNotFit, Busy, Draining, DeviceLost."""
        if not 0 < pages <= self.settings.max_pages:
            raise InvalidPages(f"{pages} pages; a document has between 1 and {self.settings.max_pages}")
        self._open_engine.check_open()
        budget, load = self.budget, self.load
        vision_tokens = budget.geometry.vision_tokens(pixels)
        need = budget.document_need(budget.document_tokens(pages, pixels), vision_tokens, -(-pixels // pages))
        if not budget.ever_fits(need):
            raise DoesNotFit("the document will never fit the device", budget.largest_ever())
        return Accepted(load.waiting + load.running, budget.peak([Need(load.live_bytes), need]))

    async def decode(self, page: EncodedPage) -> GreyPage:
        """A page's pixels, decoded on a thread. Raises InvalidPages."""
        return await asyncio.to_thread(decode_page, page, self.facts.geometry)

    def identify(self, pages: list[EncodedPage]) -> str:
        """The content address of pages under this model."""
        return document_id(pages, self.facts.revision)

    def ingest(self, wanted_id: str, pages: list[GreyPage], page_texts: tuple[PageText, ...]) -> AsyncIterator[Event]:
        """Makes pages resident: Progress, then DocumentInfo. Raises what ends the request."""
        return self._follow(lambda sink: Ingestion(self._device, sink, Source(wanted_id, pages, page_texts)))

    def answer(self, question: Question) -> AsyncIterator[Event]:
        """Answers: Accepted, Progress, TextDelta, then Completed. Raises what ends the request."""
        return self._follow(lambda sink: Answering(self._device, sink, question, self.settings.max_prompt_tokens))

    async def _follow(self, make: Callable[[Stream], Job]) -> AsyncIterator[Event]:
        engine = self._open_engine
        stream = Stream(self.settings.stream_backlog_events, engine.wake)
        job = make(stream)
        engine.submit(job)
        try:
            async with aclosing(stream.events()) as events:  # type: ignore[type-var]
                async for event in events:
                    _log_end(event)
                    yield event
        finally:  # the caller left, or it is over and this is harmless
            engine.cancel(job)

    @property
    def _open_engine(self) -> Engine:
        assert self._engine is not None, "open() comes first"
        return self._engine

    @property
    def _device(self) -> Device:
        return self._open_engine.device

    def _live(self, ready: Future[Engine], on_lost: Callable[[DeviceLost], object]) -> None:
        """The engine thread: one thread from loading on, because libraries keep buffers for each thread."""
        try:
            engine = self._build(on_lost)
        except Exception as error:
            ready.set_exception(error)
            return
        ready.set_result(engine)
        engine.run()
        if not engine.lost:  # a lost device takes nothing back
            engine.device.model.close()

    def _build(self, on_lost: Callable[[DeviceLost], object]) -> Engine:
        model = self._load_model()
        model.warm()
        settings = self.settings
        running_limit = settings.running_limit(on_card=model.facts.device == "cuda")
        scheduler = Scheduler(settings.queue_limit_requests, running_limit, settings.retry_after_s)
        return Engine(Device(model, self._pool(model), time.monotonic), scheduler, on_lost, _log.warning)

    def _pool(self, model: Model) -> KvPool:
        chunks = self.settings.chunks(on_card=model.facts.device == "cuda")
        facts = model.facts
        reserve = 2 * self.settings.max_new_tokens + shown_again_tokens(facts.profile, facts.geometry)
        budget = Budget(facts.costs, facts.geometry, chunks, facts.total_bytes, reserve)
        return KvPool(budget, model.free, time.monotonic, self.settings.document_ttl_s, model.handed_kv_bytes)


def _log_end(event: Event) -> None:
    """One line per finished request; the request id comes from the caller's context."""
    if isinstance(event, Completed):
        _log.info(
            "answered",
            vision_tokens=event.vision_tokens,
            completion_tokens=event.completion_tokens,
            found=event.found,
            peak_gb=round(event.ledger.measured_peak_bytes / 1e9, 2),
            ttft_ms=round(event.timings.ttft_ms, 1),
            total_ms=round(event.timings.total_ms, 1),
        )
    elif isinstance(event, DocumentInfo):
        _log.info(
            "resident",
            pages=event.pages,
            vision_tokens=event.vision_tokens,
            kv_bytes=event.kv_bytes,
            reused=event.reused,
            total_ms=round(event.timings.total_ms, 1),
        )

"""The one thread that owns the model. A step is: end what was cancelled, admit, one token or chunk each, tell.

Every request ends exactly once, in `_end`. An error in a step ends the request whose step it was, and no other.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from typing import TypeVar

from reader_service.device import Device, Job
from reader_service.errors import DeviceLost, DocumentNotResident, Draining, OutOfMemory, ReaderError
from reader_service.meter import Meter
from reader_service.results import Event, Load
from reader_service.scheduler import Scheduler
from reader_service.turns import Begun, Turns

T = TypeVar("T")
MOST_OOMS_IN_A_ROW = 3
_STOP_S = 10.0
_IDLE_S = 5.0  # how often an idle engine looks for expired documents


class Cancelled(Exception):
    """The last event of a request whose caller left."""


class Engine:
    """Runs requests. `submit`, `cancel`, `wake`, `call`, `drain`, `stop` and `load` may be used from any thread."""

    def __init__(
        self,
        device: Device,
        scheduler: Scheduler,
        on_lost: Callable[[DeviceLost], object] = lambda _error: None,
        note: Callable[..., object] = lambda event, **fields: None,
    ) -> None:
        self.device = device
        self._note = note  # hears of what an operator should know
        self.scheduler = scheduler
        self._on_lost = on_lost
        self._wake = threading.Condition()
        self._poked = self._draining = self._stopping = False
        self._calls: deque[Callable[[], None]] = deque()
        self._ooms_in_a_row = 0
        self._meter = Meter()
        self._drained: Future[None] = Future()
        self._stopped = threading.Event()
        self.lost = False
        self._begun: Begun | None = None
        self._publish()

    # Any thread.

    @property
    def load(self) -> Load:
        """How busy the engine was after its latest step."""
        return self._load

    def check_open(self) -> None:
        """Raises Busy, Draining or DeviceLost when a request would be turned away now."""
        if self.lost:
            raise DeviceLost("the device is lost")
        if self._draining:
            raise Draining("the reader is about to end", self.scheduler.retry_after_s)
        self.scheduler.check_room()

    def submit(self, job: Job) -> None:
        """Queues a request; its sink hears of everything else. Raises what `check_open` raises."""
        with self._wake:
            self.check_open()
            self.scheduler.enqueue(job)
            self._poke()

    def cancel(self, job: Job) -> None:
        """The caller left: the request ends before the engine's next step. Harmless when it ended already."""
        with self._wake:
            job.cancelled = True
            self._poke()

    def wake(self) -> None:
        """A sink that was full is not any more."""
        with self._wake:
            self._poke()

    def call(self, function: Callable[[], T]) -> Future[T]:
        """Runs a function on the engine thread between two steps."""
        future: Future[T] = Future()

        def run() -> None:
            try:
                future.set_result(function())
            except Exception as error:
                future.set_exception(error)

        with self._wake:
            self._calls.append(run)
            self._poke()
        return future

    def drain(self) -> Future[None]:
        """Takes no new requests; the future is done when the last one ended."""
        with self._wake:
            self._draining = True
            self._poke()
        return self._drained

    def stop(self) -> None:
        """Ends every request with Draining, and waits until `run` has returned; not for ever, a device may hang."""
        with self._wake:
            self._draining = self._stopping = True
            self._poke()
        self._stopped.wait(_STOP_S)

    # The engine thread.

    def run(self) -> None:
        """Steps until `stop`. The thread that calls this owns the model."""
        while not self._stopping:
            with self._wake:
                if not (self._poked or self.scheduler.can_work()):
                    self._wake.wait(_IDLE_S)
            self._guarded_step()
        self._end_all(Draining("the reader ended", self.scheduler.retry_after_s))
        self._answer_calls()
        self._stopped.set()

    def step(self) -> None:
        """Moves every running request on by one token or chunk."""
        self._poked = False
        self._answer_calls()
        self._end_cancelled()
        self._admit()
        # Made anew each time: kept, it would be part of a cycle that holds the model when the engine is let go.
        turns = Turns(self.device, self.scheduler, self._attempt, self._begun)
        self._begun = turns.take(self.scheduler.turn())
        self._meter.steps += 1
        self._settle()

    def delete(self, document_id: str) -> int:
        """Ends the answers about a document, frees it, returns its bytes. Raises DocumentNotResident."""
        if self.device.pool.find(document_id) is None:
            raise DocumentNotResident(f"document {document_id} is not resident")
        for job in self.scheduler.all_jobs():
            if getattr(getattr(job, "question", None), "document_id", None) == document_id:
                self._end(job, DocumentNotResident(f"document {document_id} was deleted"))
        freed = self.device.pool.drop(document_id)
        self._publish()
        return freed

    def _guarded_step(self) -> None:
        """A step that fails outside any request leaves nobody waiting: all end, and the process does."""
        try:
            self.step()
        except Exception:
            self._note("the engine failed", exc_info=True)
            self._lose(DeviceLost("the engine failed"))

    def _poke(self) -> None:
        self._poked = True
        self._wake.notify()

    def _answer_calls(self) -> None:
        while self._calls:
            self._calls.popleft()()

    def _end_cancelled(self) -> None:
        for job in self.scheduler.all_jobs():
            if job.cancelled:
                self._end(job, Cancelled())

    def _admit(self) -> None:
        while self.scheduler.fresh:
            job = self.scheduler.fresh[0]
            ahead = len(self.scheduler.running) + len(self.scheduler.waiting)
            if self._attempt(job, lambda job=job, ahead=ahead: job.prepare(ahead)):  # type: ignore[misc]
                with self._wake:
                    self.scheduler.fresh.popleft()
                    self.scheduler.waiting.append(job)
        before = tuple(self.scheduler.running)
        admitted = self.scheduler.admit(self._reserve)
        if admitted:
            # What stood here until now, documents that had to go for it too, is nothing that a newcomer takes.
            self.device.note_peak(before)
        for job in admitted:
            self._foresee()
            self._attempt(job, job.start)
        self._publish()  # before the step's work, which may take long

    def _reserve(self, job: Job) -> bool:
        """Reserves a job's bytes. One whose document went ends here, which makes no room but holds up nobody."""
        try:
            job.attach()
        except ReaderError as error:
            self._end(job, error)
            return False
        reserved = self.device.pool.reserve(job, self._away_bytes(job))
        if not reserved:
            job.detach()
        return reserved

    def _away_bytes(self, job: Job) -> int:
        """Weights on the host that stay there while this job runs; pages call the vision tower back."""
        model = self.device.model
        pages = any(other.exclusive for other in [job, *self.scheduler.running])
        return 0 if pages else model.facts.costs.weight_bytes - model.resident_weight_bytes()

    def _attempt(self, job: Job, action: Callable[[], bool]) -> bool:
        """Runs one action of a job; False when the job has ended, by it or before."""
        if job.ended:
            return False
        try:
            done = action()
            if done:
                self._end(job, job.result())
            return not done
        except OutOfMemory as error:
            self._contain(job, error)
        except DeviceLost as error:
            self._lose(error)
        except ReaderError as error:
            self._end(job, error)
        except Exception as error:
            self._note("request failed", exc_info=True, job=type(job).__name__)
            self._end(job, error)
        return False

    def _contain(self, job: Job, error: OutOfMemory) -> None:
        """Ends the one request that ran out of memory; several in a row mean that the device is beyond help."""
        self._ooms_in_a_row += 1
        self._note("out of memory", in_a_row=self._ooms_in_a_row, predicted_peak_bytes=job.predicted_peak_bytes)
        self._end(job, error)
        self.device.model.recover()
        if self._ooms_in_a_row >= MOST_OOMS_IN_A_ROW:
            self._lose(DeviceLost("the device ran out of memory several times in a row"))

    def _lose(self, error: DeviceLost) -> None:
        self.lost = True
        self._end_all(error)
        self._finish_draining()  # a lost device has nothing left to wait for
        self._on_lost(error)

    def _end_all(self, error: ReaderError) -> None:
        for job in self.scheduler.all_jobs():
            self._end(job, error)

    def _end(self, job: Job, last: Event) -> None:
        """The one place where requests end: memory first, then the news of it."""
        with self._wake:
            self.scheduler.forget(job)
            self._poked = True  # there is room now
        job.ended = True
        try:
            job.close()
        finally:
            self.device.pool.release(job)
            self._meter.count(last)
            if not isinstance(last, BaseException):
                self._ooms_in_a_row = 0
            self._publish()
            job.sink.put(last)

    def _foresee(self) -> None:
        """A newcomer raises the peak that everyone beside it will see measured."""
        predicted = self.device.pool.predicted_peak()
        for job in self.scheduler.running:
            job.predicted_peak_bytes = max(job.predicted_peak_bytes, predicted)

    def _settle(self) -> None:
        self.device.pool.expire()
        pages_wait = any(job.exclusive for job in self.scheduler.all_jobs())
        self.device.model.balance(self.device.pool.live_bytes, pages_wait)
        if self._draining and not self.scheduler.all_jobs():
            self._finish_draining()
        self._publish()

    def _finish_draining(self) -> None:
        if not self._drained.done():
            self._drained.set_result(None)

    def _publish(self) -> None:
        self._load = self._meter.load(self.device, self.scheduler)

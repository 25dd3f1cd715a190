"""Who runs next: a bounded queue, admission in bytes in order of arrival, and turns between chunks and tokens."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence

from reader_service.device import Job
from reader_service.errors import Busy


class Scheduler:
    """Queue and running set. `enqueue` may be called from any thread under the engine's lock, the rest is its own."""

    def __init__(self, queue_limit: int, running_limit: int, retry_after_s: float) -> None:
        self.queue_limit = queue_limit
        self.running_limit = running_limit
        self.retry_after_s = retry_after_s
        self.fresh: deque[Job] = deque()
        self.waiting: deque[Job] = deque()
        self.running: list[Job] = []
        self._chunks_ahead_s = 0.0

    @property
    def queued(self) -> int:
        """Requests that hold no device memory yet."""
        return len(self.fresh) + len(self.waiting)

    def check_room(self) -> None:
        """Raises Busy when the queue is full."""
        if self.queued >= self.queue_limit:
            raise Busy(f"{self.queued} requests wait already", self.retry_after_s)

    def enqueue(self, job: Job) -> None:
        """Appends a request that is not sized yet. Raises Busy."""
        self.check_room()
        self.fresh.append(job)

    def admit(self, reserve: Callable[[Job], bool]) -> list[Job]:
        """Starts waiting requests, oldest first, as far as `reserve` finds room.

        A request that finds none keeps younger ones waiting, so that a large one is not starved by small ones. An
        exclusive one that only waits for its like does not.
        """
        admitted: list[Job] = []
        for job in list(self.waiting):
            if len(self.running) >= self.running_limit:
                break
            if job.exclusive and any(other.exclusive for other in self.running):
                continue
            if not reserve(job):
                break
            self.waiting.remove(job)
            self.running.append(job)
            admitted.append(job)
        return admitted

    def turn(self) -> list[Job]:
        """Who works in this step: every answer that decodes (one token each) and, where chunks have not had more time
        than tokens, one of those with a chunk to do. So a long document halves the speed of answers at most."""
        able = [job for job in self.running if not job.sink.full]
        decoding = [job for job in able if job.decoding]
        chunk = next((job for job in able if not job.decoding), None)
        if chunk is None or (decoding and self._chunks_ahead_s > 0):
            return decoding
        self.running.remove(chunk)  # to the back, so that prompts take turns
        self.running.append(chunk)
        return [*decoding, chunk]

    def spent(self, *, decoding: bool, spent_s: float) -> None:
        """Books the time of one action; what tokens do not use while no chunk waits is not saved up."""
        self._chunks_ahead_s = max(0.0, self._chunks_ahead_s + (-spent_s if decoding else spent_s))

    def can_work(self) -> bool:
        """Whether a step would do anything for a running request."""
        return any(not job.sink.full for job in self.running)

    def all_jobs(self) -> Sequence[Job]:
        """Every request that has not ended."""
        return [*self.running, *self.waiting, *self.fresh]

    def forget(self, job: Job) -> None:
        """Takes a request out, wherever it is."""
        for place in (self.fresh, self.waiting, self.running):
            if job in place:
                place.remove(job)

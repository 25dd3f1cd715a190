"""What a running request works with: the model, the KV pool, the clock; and the life that every request has."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Protocol

from reader_service.budget import Budget, Need
from reader_service.kv_pool import KvPool
from reader_service.model import Drawn, Model, Step
from reader_service.results import Event, Ledger


@dataclass(frozen=True)
class Device:
    """The engine thread's belongings."""

    model: Model
    pool: KvPool
    clock: Callable[[], float]

    @property
    def budget(self) -> Budget:
        """The arithmetic of what fits."""
        return self.pool.budget

    def note_peak(self, jobs: Iterable[Job]) -> None:
        """Writes the most memory since the last call down for these requests."""
        peak_bytes = self.model.take_peak_bytes()
        for job in jobs:
            job.peak_bytes = max(job.peak_bytes, peak_bytes)


class Sink(Protocol):
    """Where a request's events go. Never blocks."""

    @property
    def full(self) -> bool:
        """True while the reader of the stream is far behind: the request pauses."""

    def put(self, event: Event) -> None:
        """Appends an event."""


@dataclass(frozen=True)
class MemoryOf:
    """What a ledger says about a request's size."""

    pixels: int
    patches: int
    kv_bytes: int


class Job:
    """One request while the engine has it. Subclasses fill in the steps of its life, all on the engine thread:
    `prepare` (size it, raise what forbids it), `attach` (take hold of what it reads), `start`, `advance` and, while it
    is `decoding`, `next_step`, `take` and `speak`, until one says True, `result`; and `close`, which runs however it
    ends and gives every handle back."""

    exclusive = False  # at most one such job runs at a time

    def __init__(self, device: Device, sink: Sink) -> None:
        self.device = device
        self.sink = sink
        self.need = Need(0)
        self.cancelled = self.ended = False
        self.decoding = False
        self.peak_bytes = 0
        self.predicted_peak_bytes = 0
        self.submitted_s = device.clock()
        self.started_s = math.nan
        self._offloads = 0

    def prepare(self, ahead: int) -> bool:
        """Sizes the request; True when it is finished already."""
        raise NotImplementedError

    def attach(self) -> None:
        """Takes hold of what the request reads, before bytes are reserved for it."""

    def detach(self) -> None:
        """Lets go of what `attach` took."""

    def start(self) -> bool:
        """The bytes are reserved; True when there is nothing left to do."""
        self.started_s = self.device.clock()
        self._offloads = self.device.model.offloads()
        return False

    def advance(self) -> bool:
        """One chunk; True when it was the last and no token follows."""
        raise NotImplementedError

    def next_step(self, after: int | None = None) -> Step:
        """While `decoding`: what the model appends next, or, behind row `after` of a step not drawn yet, after that."""
        raise NotImplementedError

    @property
    def may_run_ahead(self) -> bool:
        """While `decoding`: whether a step may follow one whose token is not known yet."""
        raise NotImplementedError

    def take(self, drawn: Drawn) -> bool:
        """While `decoding`: the token that followed; True when it was the last."""
        raise NotImplementedError

    def speak(self) -> bool:
        """While `decoding`: sends what the last token means, while the device works on the next one; False."""
        raise NotImplementedError

    def result(self) -> Event:
        """The last event of the stream."""
        raise NotImplementedError

    def close(self) -> None:
        """Gives every handle back; may be called in any state."""
        self.detach()

    def elapsed_ms(self, since_s: float) -> float:
        """Milliseconds since a reading of the clock."""
        return (self.device.clock() - since_s) * 1e3

    @property
    def queue_ms(self) -> float:
        """Milliseconds between submission and start."""
        return (self.started_s - self.submitted_s) * 1e3

    def ledger(self, size: MemoryOf) -> Ledger:
        """What the request did to memory."""
        return Ledger(
            predicted_peak_bytes=self.predicted_peak_bytes,
            measured_peak_bytes=self.peak_bytes,
            pixels=size.pixels,
            patches=size.patches,
            kv_bytes=size.kv_bytes,
            offloads=self.device.model.offloads() - self._offloads,
            on_gpu=self.device.model.facts.device == "cuda",
        )

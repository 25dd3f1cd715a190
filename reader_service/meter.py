"""What the engine counts since its start, and the load that it publishes after every step."""

from __future__ import annotations

from reader_service.device import Device
from reader_service.results import Completed, DocumentInfo, Event, Load
from reader_service.scheduler import Scheduler


class Meter:
    """Used by the engine thread only; a `Load` may be read by any."""

    def __init__(self) -> None:
        self.steps = 0
        self._tokens = 0
        self._peak_over_prediction = 0.0

    def count(self, last: Event) -> None:
        """A request ended with this event."""
        if isinstance(last, Completed):
            self._tokens += last.completion_tokens
        if isinstance(last, Completed | DocumentInfo) and last.ledger.predicted_peak_bytes:
            share = last.ledger.measured_peak_bytes / last.ledger.predicted_peak_bytes
            self._peak_over_prediction = max(self._peak_over_prediction, share)

    def load(self, device: Device, scheduler: Scheduler) -> Load:
        """How busy the engine is now."""
        pool = device.pool
        free_bytes = pool.free_bytes
        return Load(
            running=len(scheduler.running),
            waiting=scheduler.queued,
            live_bytes=pool.live_bytes,
            free_bytes=free_bytes,
            largest_vision_tokens=device.budget.largest_vision_tokens(free_bytes),
            tokens_generated=self._tokens,
            steps=self.steps,
            peak_over_prediction=self._peak_over_prediction,
            offloads=device.model.offloads(),
            documents=pool.documents(),
        )

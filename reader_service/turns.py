"""The work of one step: one token of every answer in one call of the model, then a chunk."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from reader_service.device import Device, Job
from reader_service.errors import DeviceLost, OutOfMemory
from reader_service.model import Drawn
from reader_service.scheduler import Scheduler


class Turns:
    """`attempt` runs one action of a job and ends the job by what the action raises or says."""

    def __init__(
        self, device: Device, scheduler: Scheduler, attempt: Callable[[Job, Callable[[], bool]], bool]
    ) -> None:
        self._device, self._scheduler, self._attempt = device, scheduler, attempt

    def take(self, jobs: Sequence[Job]) -> None:
        """Moves these jobs on; each kind of work is booked as the time it took."""
        decoding = [job for job in jobs if job.decoding]
        chunks = [job for job in jobs if not job.decoding]
        began_s = self._device.clock()
        if decoding:
            self._decode(decoding)
            self._scheduler.spent(decoding=True, spent_s=self._device.clock() - began_s)
        for job in chunks:
            began_s = self._device.clock()
            self._attempt(job, partial(self._chunk, job))
            self._scheduler.spent(decoding=False, spent_s=self._device.clock() - began_s)

    def _decode(self, jobs: Sequence[Job]) -> None:
        """One token of each. When the step fails they are tried one by one, so that only the guilty one ends."""
        try:
            drawn = self._tokens_of(jobs)
        except Exception as error:
            if len(jobs) == 1 or isinstance(error, DeviceLost):
                self._attempt(jobs[0], partial(_raise, error))
                return
            if isinstance(error, OutOfMemory):
                self._device.model.recover()
            for job in jobs:
                if not job.ended:
                    self._decode([job])
        else:
            for job, token in zip(jobs, drawn, strict=True):
                self._attempt(job, partial(job.take, token))

    def _tokens_of(self, jobs: Sequence[Job]) -> Sequence[Drawn]:
        model = self._device.model
        pending = model.decode([job.next_step() for job in jobs])
        for job in jobs:  # the device works meanwhile
            self._attempt(job, job.speak)
        self._note_peak()
        return model.drawn(pending)

    def _chunk(self, job: Job) -> bool:
        done = job.advance()
        self._note_peak()
        return done

    def _note_peak(self) -> None:
        peak_bytes = self._device.model.take_peak_bytes()
        for job in self._scheduler.running:
            job.peak_bytes = max(job.peak_bytes, peak_bytes)


def _raise(error: Exception) -> bool:
    raise error

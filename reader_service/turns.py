"""The work of one step: one token of every answer in one call of the model, then a chunk."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

from reader_service.device import Device, Job
from reader_service.errors import DeviceLost, OutOfMemory
from reader_service.model import Drawn, Pending
from reader_service.scheduler import Scheduler


@dataclass(frozen=True)
class Begun:
    """A step of tokens on its way: its jobs in the order of its rows."""

    jobs: Sequence[Job]
    pending: Pending

    @property
    def alive(self) -> list[Job]:
        """Those of its jobs that have not ended."""
        return [job for job in self.jobs if not job.ended]


class Turns:
    """`attempt` runs one action of a job and ends the job by what the action raises or says; `begun` is what the turn
    before left on its way."""

    def __init__(
        self,
        device: Device,
        scheduler: Scheduler,
        attempt: Callable[[Job, Callable[[], bool]], bool],
        begun: Begun | None = None,
    ) -> None:
        self._device, self._scheduler, self._attempt = device, scheduler, attempt
        self._begun = begun if begun and begun.alive else None

    def take(self, jobs: Sequence[Job]) -> Begun | None:
        """Moves these jobs on; each kind of work is booked as the time it took. Returns the step that is on its way."""
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
        return self._begun

    def _decode(self, jobs: Sequence[Job]) -> None:
        """One token of each, of a step that may have been begun in the turn before; the next one is begun meanwhile.

        When a step fails its jobs are tried one by one, so that only the guilty one ends.
        """
        begun, self._begun = self._begun, None
        try:
            begun = begun or self._begin(jobs)
            self._begun = self._begin_ahead(begun, jobs)
            drawn = self._tokens_of(begun)
        except Exception as error:
            for step in filter(None, (self._begun, begun)):
                self._device.model.abandon(step.pending)
            self._begun = None
            self._one_by_one(begun.jobs if begun else jobs, error)
        else:
            self._hand_out(begun, drawn)

    def _one_by_one(self, jobs: Sequence[Job], error: Exception) -> None:
        """After a step of these jobs that failed. Raises DeviceLost where none of them is left to end by it."""
        alive = [job for job in jobs if not job.ended]
        if isinstance(error, DeviceLost) and not alive:
            raise error
        if isinstance(error, DeviceLost) or len(jobs) == 1:
            self._attempt((alive or jobs)[0], partial(_raise, error))
            return
        if isinstance(error, OutOfMemory):
            self._device.model.recover()
        for job in alive:
            if not job.ended:  # one before it may have lost the device
                self._alone(job)

    def _alone(self, job: Job) -> None:
        step = None
        try:
            step = self._begin([job])
            drawn = self._tokens_of(step)
        except Exception as error:
            if step:
                self._device.model.abandon(step.pending)
            self._attempt(job, partial(_raise, error))
        else:
            self._hand_out(step, drawn)

    def _begin(self, jobs: Sequence[Job]) -> Begun:
        return Begun(jobs, self._device.model.decode([job.next_step() for job in jobs]))

    def _begin_ahead(self, begun: Begun, jobs: Sequence[Job]) -> Begun | None:
        """The step behind one that is not drawn yet, where the same jobs go on and all draw the likeliest token.

        An answer that turns out to have ended was begun in vain: its token is dropped, and what it wrote into pages
        that have a new owner by then was written before anything of theirs.
        """
        same = len(jobs) == len(begun.jobs) and set(jobs) == set(begun.alive)
        if not (same and self._device.model.runs_ahead and all(job.may_run_ahead for job in jobs)):
            return None
        steps = [job.next_step(after=row) for row, job in enumerate(begun.jobs)]
        try:
            return Begun(begun.jobs, self._device.model.decode(steps))
        except OutOfMemory:  # nothing was appended; the next turn meets it again, and blames one
            return None

    def _tokens_of(self, begun: Begun) -> Sequence[Drawn]:
        for job in begun.alive:  # the device works meanwhile
            self._attempt(job, job.speak)
        self._device.note_peak(self._scheduler.running)
        return self._device.model.drawn(begun.pending)

    def _hand_out(self, begun: Begun, drawn: Sequence[Drawn]) -> None:
        for job, token in zip(begun.jobs, drawn, strict=True):
            if not job.ended:
                self._attempt(job, partial(job.take, token))

    def _chunk(self, job: Job) -> bool:
        done = job.advance()
        self._device.note_peak(self._scheduler.running)
        return done


def _raise(error: Exception) -> bool:
    raise error

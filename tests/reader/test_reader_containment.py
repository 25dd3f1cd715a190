"""Out of memory in one of eight streams of a real model: it ends, and nobody else can tell."""

from collections.abc import Sequence
from typing import Any

import pytest
import torch

from reader_service.answering import Answering, Question
from reader_service.budget import Budget
from reader_service.device import Device, Job
from reader_service.engine import Engine
from reader_service.errors import OutOfMemory
from reader_service.ingestion import Ingestion, Source
from reader_service.kv_pool import KvPool
from reader_service.model import Drawn, Step
from reader_service.profile import Task
from reader_service.results import Completed, Event
from reader_service.scheduler import Scheduler
from reader_service.settings import Settings
from reader_service.torch_model.card import grow_segments
from reader_service.torch_model.load import load_model
from reader_service.torch_model.torch_reader import TorchReader
from tests.reader import tiny

STREAMS, TOKENS, VICTIM = 8, 12, 3


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> TorchReader:
    return load_model(Settings(model=str(tiny.qwen(tmp_path_factory.mktemp("tiny"))), device="cpu", dtype="float32"))


class Sink:
    """Keeps the last event."""

    full = False
    last: Event | None = None

    def put(self, event: Event) -> None:
        self.last = event


class Stream(Answering):
    """An answer that writes its tokens down and goes on behind an end token, so that all are equally long."""

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.tokens: list[int] = []

    def take(self, drawn: Drawn) -> bool:
        self.tokens.append(drawn.token)
        self._last = drawn.token
        self._drawn += 1
        return self._drawn >= TOKENS


class Desk:
    """Eight streams about one document, and the model's steps on their way."""

    def __init__(self, model: TorchReader) -> None:
        settings, facts = Settings(device="cpu"), model.facts
        budget = Budget(facts.costs, facts.geometry, settings.chunks(on_card=False), facts.total_bytes)
        self.device = Device(model, KvPool(budget, model.free, lambda: 0.0, 60.0), lambda: 0.0)
        self.engine = Engine(self.device, Scheduler(STREAMS, STREAMS, 1.0))
        asked = [Question("document", Task.ASK, "why " * n, TOKENS) for n in range(1, STREAMS + 1)]
        self.jobs = [Stream(self.device, Sink(), question, 999) for question in asked]
        self.failed: list[int] = []

    def run(self) -> list[Stream]:
        self._finish([Ingestion(self.device, Sink(), Source("document", [tiny.page(1), tiny.page(2)]))])
        self._finish(self.jobs)
        assert not self.engine.lost
        assert self.device.pool.live_bytes == self.device.pool.drop("document")
        return self.jobs

    def fails(self, steps: Sequence[Step]) -> bool:
        """Whether the victim is about to draw its fifth token."""
        victim = self.jobs[VICTIM]
        return len(victim.tokens) == 4 and any(step.kv is victim._kv for step in steps)

    def _finish(self, jobs: Sequence[Job]) -> None:
        for job in jobs:
            self.engine.submit(job)
        while self.engine.scheduler.all_jobs():
            self.engine.step()


def test_one_stream_of_eight_ends_and_the_others_say_what_they_would_have(model, monkeypatch):
    undisturbed, desk = Desk(model).run(), Desk(model)
    assert len({tuple(job.tokens) for job in undisturbed}) > 1
    whole = model._parts.runner.decode

    def decode(steps: Sequence[Step]) -> Any:
        if desk.fails(steps):
            desk.failed.append(len(steps))
            raise torch.OutOfMemoryError("CUDA out of memory")
        return whole(steps)

    monkeypatch.setattr(model._parts.runner, "decode", decode)
    disturbed = desk.run()
    assert desk.failed[-1] == 1 < desk.failed[0]  # together with others, then alone
    ends = [OutOfMemory if number == VICTIM else Completed for number in range(STREAMS)]
    assert [type(job.sink.last) for job in disturbed] == ends
    expected = [job.tokens[:4] if number == VICTIM else job.tokens for number, job in enumerate(undisturbed)]
    assert [job.tokens for job in disturbed] == expected


@pytest.mark.parametrize("fails", [False, True])
def test_segments_grow_unless_the_driver_cannot(monkeypatch, fails):
    told: list[str] = []
    monkeypatch.setattr(torch._C, "_accelerator_setAllocatorSettings", told.append)

    def probe(*_size: object, **_where: object) -> None:
        if fails:
            raise RuntimeError("CUDA driver error: operation not supported")

    monkeypatch.setattr(torch, "empty", probe)
    grow_segments(torch.device("cpu"))
    assert told == ["expandable_segments:True", "expandable_segments:False"][: 1 + fails]

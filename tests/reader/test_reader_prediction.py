"""What is predicted for a card against what tensors take there, on the card's path with the allocator's eyes."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from triton.runtime.jit import KernelInterface

from reader_service.answering import Answering, Question
from reader_service.budget import Budget
from reader_service.device import Device, Job
from reader_service.engine import Engine
from reader_service.ingestion import Ingestion, Source
from reader_service.kv_pool import KvPool
from reader_service.profile import Task
from reader_service.results import Completed, DocumentInfo, Event, PageText
from reader_service.scheduler import Scheduler
from reader_service.settings import Settings
from reader_service.torch_model.kernels import attention, rows
from reader_service.torch_model.load import load_model
from reader_service.torch_model.torch_reader import TorchReader
from tests.reader import tiny
from tests.reader.cardlike import cardlike
from tests.reader.meter import Meter

PAGES, TOKENS = 6, 3


class Idle:
    """A kernel that computes nothing: what it would write to has been made all the same."""

    def __getitem__(self, grid: object) -> Callable[..., None]:
        return lambda *values, **fields: None


class Sink:
    """Keeps the last event."""

    full = False
    last: Event | None = None

    def put(self, event: Event) -> None:
        self.last = event


PROFILE = {
    "styles": [{"mode": "precise", "flow": "cells", "font_px": [14], "page_width_px": 84, "page_height_px": 112}],
    "pages_shown_again": 4,
}


@pytest.fixture(params=[tiny.qwen, tiny.glm], ids=["qwen2_vl", "glm4v"])
def model(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> TorchReader:
    for module in (attention, rows):
        for name, value in vars(module).copy().items():
            if isinstance(value, KernelInterface):
                monkeypatch.setattr(module, name, Idle())
    folder, chunks = request.param(tmp_path), {"vision_chunk_patches": 144, "prefill_chunk_tokens": 40}
    (folder / "glyphstream.json").write_text(json.dumps(PROFILE))
    model = cardlike(load_model(Settings(model=str(folder), device="cpu", **chunks)))
    # A card's packed kernel makes nothing but its result.
    model._parts.vision._attention = lambda qkv, ends, bounds: torch.zeros(qkv.shape[0], *qkv.shape[2:])
    return model


def peak(model: TorchReader, engine: Engine, job: Job) -> tuple[int, int]:
    """Bytes that were predicted for a request, and those that tensors took beside the weights."""
    with Meter() as meter:
        engine.submit(job)
        while engine.scheduler.all_jobs():
            engine.step()
    assert isinstance(job.sink.last, DocumentInfo | Completed)
    costs = model.facts.costs
    return job.predicted_peak_bytes - costs.weight_bytes - costs.context_bytes, meter.peak


@pytest.mark.parametrize("nearness", [[], [[1.0]] * PAGES], ids=["a question", "pages shown again"])
def test_a_prediction_is_never_less_than_what_tensors_take(model, nearness):
    budget = Budget(model.facts.costs, model.facts.geometry, model._chunks, model.facts.total_bytes)
    device = Device(model, KvPool(budget, model.free, float, 60.0, model.handed_kv_bytes), float)
    engine = Engine(device, Scheduler(8, 8, 1.0))
    pages = [tiny.page(number) for number in range(PAGES)]
    source = Source("document", pages, (PageText(0, 0),) * PAGES)
    predicted, taken = peak(model, engine, Ingestion(device, Sink(), source))
    assert taken <= predicted
    vision_bytes = PAGES * 12 * model.facts.costs.kept_bytes_per_vision_token
    assert vision_bytes == sum(one.nbytes() for one in kept_tensors(device))
    held_bytes = model._parts.runner.pool.allocated_bytes + vision_bytes
    question = Question("document", Task.ASK, "why?", TOKENS, nearness=nearness)
    predicted, taken = peak(model, engine, Answering(device, Sink(), question, 999))
    assert held_bytes + taken <= predicted


def kept_tensors(device: Device) -> list[torch.UntypedStorage]:
    """The memory behind what is kept of the document's pages."""
    kept = [page.rows.vision.untyped_storage() for page in device.pool.find("document").kept]
    return list({one.data_ptr(): one for one in kept}.values())


def test_a_prediction_counts_slabs_that_few_pages_keep_alive(model, monkeypatch):
    pool = model._parts.runner.pool
    monkeypatch.setattr(pool, "_slab_pages", 6)
    costs = replace(model.facts.costs, kv_slab_bytes=pool.slab_bytes)
    budget = Budget(costs, model.facts.geometry, model._chunks, model.facts.total_bytes)
    kv_pool = KvPool(budget, model.free, float, 60.0, model.handed_kv_bytes)
    engine = Engine(Device(model, kv_pool, float), Scheduler(16, 16, 1.0))
    pages = [tiny.page(number) for number in range(2)]
    for number in range(8):
        peak(model, engine, Ingestion(engine.device, Sink(), Source(f"{number}", pages)))
    for number in range(0, 8, 2):  # the half of every slab
        kv_pool.drop(f"{number}")
    vision_bytes = 4 * 2 * 12 * costs.kept_bytes_per_vision_token
    assert pool.allocated_bytes == 2 * (kv_pool.held_bytes - vision_bytes)
    held_bytes = pool.allocated_bytes + vision_bytes
    assert kv_pool.predicted_peak() == costs.weight_bytes + costs.context_bytes + held_bytes

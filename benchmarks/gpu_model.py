"""Readers with made-up weights of real shapes, to measure and to check the card's path without a checkpoint."""

from __future__ import annotations

import time
import traceback
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from transformers import Qwen2VLConfig, Qwen2VLForConditionalGeneration

from reader_service.answering import Answering, Question
from reader_service.budget import Budget, ChunkLimits
from reader_service.device import Device
from reader_service.engine import Engine
from reader_service.ingestion import Ingestion, Source
from reader_service.kv_pool import KvPool
from reader_service.model import GreyPage, Mark, PageSize
from reader_service.profile import Task, default_profile
from reader_service.results import Completed, DocumentInfo, TextDelta
from reader_service.scheduler import Scheduler
from reader_service.torch_model.assemble import Layout, Plan, assemble
from reader_service.torch_model.card import Card, CudaCard
from reader_service.torch_model.checkpoint import canonical
from reader_service.torch_model.load import FAMILIES, PROCESSORS
from reader_service.torch_model.torch_reader import Threads, TorchReader

CARD_BYTES, FRACTION, THRESHOLD = int(23.65 * 2**30), 0.85, 0.75


def imitated_card() -> CudaCard:
    """The card as one of 24 GB, also for whoever else allocates in this process."""
    return CudaCard(CARD_BYTES, FRACTION)


def config(*, small: bool = False) -> Qwen2VLConfig:
    """Qwen2-VL-7B's shapes, or a model of the same make that fits anywhere."""
    text: dict[str, Any] = {
        "hidden_size": 3584, "intermediate_size": 18944, "num_hidden_layers": 28, "num_attention_heads": 28,
        "num_key_value_heads": 4, "vocab_size": 152064, "max_position_embeddings": 1 << 20,
        "rope_parameters": {"rope_type": "default", "rope_theta": 1e6, "mrope_section": [16, 24, 24]},
        "bos_token_id": None, "eos_token_id": None,
    }  # fmt: skip
    vision: dict[str, Any] = {"depth": 32, "embed_dim": 1280, "hidden_size": 3584, "num_heads": 16, "mlp_ratio": 4}
    if small:
        text |= {"hidden_size": 512, "intermediate_size": 1024, "num_hidden_layers": 3, "num_attention_heads": 4}
        text |= {"num_key_value_heads": 2, "vocab_size": 1024}
        vision |= {"depth": 2, "embed_dim": 256, "hidden_size": 512, "num_heads": 4}
    return Qwen2VLConfig(
        text_config=text, vision_config=vision, tie_word_embeddings=False, image_token_id=1000, video_token_id=1001,
        vision_start_token_id=1002, vision_end_token_id=1003,
    )  # fmt: skip


class RandomTensors:
    """Weights drawn on the spot. `like` another one: the same numbers, wherever they lie."""

    def __init__(self, shapes: Qwen2VLConfig, device: torch.device, dtype: torch.dtype, scale: float = 0.02) -> None:
        with torch.device("meta"):
            model = Qwen2VLForConditionalGeneration(shapes)
        self._shapes = {canonical(name): value.shape for name, value in model.state_dict().items()}
        self._device, self._dtype, self._scale = device, dtype, scale

    def take(self, name: str) -> torch.Tensor:
        shape = self._shapes[name]
        if len(shape) == 1 and name.endswith("weight"):
            return torch.ones(shape, device=self._device, dtype=self._dtype)
        return torch.empty(shape, device=self._device, dtype=self._dtype).normal_(0, self._scale)

    def has(self, name: str) -> bool:
        return name in self._shapes


class KeptTensors:
    """Numbers drawn once on the CPU, so that two devices can be given the same model."""

    def __init__(self, shapes: Qwen2VLConfig, scale: float = 0.08) -> None:
        torch.manual_seed(0)
        source = RandomTensors(shapes, torch.device("cpu"), torch.float32, scale)
        self._kept = {name: source.take(name) for name in source._shapes}
        self.device, self.dtype = torch.device("cpu"), torch.float32

    def take(self, name: str) -> torch.Tensor:
        return self._kept[name].to(self.device, self.dtype, copy=True)

    def has(self, name: str) -> bool:
        return name in self._kept


@dataclass
class Numbers:
    """A vocabulary of numbers: a character of a text is a token, nothing is a mark."""

    image_token: int
    marks: Mapping[int, Mark] = field(default_factory=dict)

    def prefix(self, page_tokens: Sequence[int]) -> list[int]:
        return [token for count in page_tokens for token in (2, *[self.image_token] * count, 3)]

    def suffix(self, pages: int, text: str, history: Sequence[tuple[str, str]]) -> list[int]:
        return [4 + ord(char) % 900 for char in text if ord(char) < 0xE000]

    def page(self, number: int, tokens: int) -> list[int]:
        return self.prefix([tokens])

    def decode(self, tokens: Sequence[int]) -> str:
        return "x" * len(tokens)


def reader(
    shapes: Qwen2VLConfig, tensors: Any, card: Card, layout: Layout, chunks: ChunkLimits | None = None
) -> TorchReader:
    """A reader on the card's device; not warm."""
    profile = default_profile("qwen2_vl", "measured")
    plan = Plan(
        config=shapes, family=FAMILIES["qwen2_vl"], processor=PROCESSORS["qwen2_vl"](), layout=layout,
        chunks=chunks or ChunkLimits(8192, 2048), card_page_pixels=4 * 1024 * 1024,
        total_bytes=int(card.memory_bytes * FRACTION), threshold_bytes=int(card.memory_bytes * THRESHOLD),
        threads=Threads(2, 2), revision="measured",
    )  # fmt: skip
    return assemble(plan, tensors, card, Numbers(shapes.image_token_id), profile)


def pages(count: int, side_px: int = 308, seed: int = 0) -> list[GreyPage]:
    """Pages of noise."""
    rows = np.random.default_rng(seed).integers(0, 256, (count, side_px, side_px), dtype=np.uint8)
    return [GreyPage(PageSize(side_px, side_px), page) for page in rows]


class Ear:
    """A stream that nobody is slow to read."""

    def __init__(self) -> None:
        self.full = False
        self.events: list[Any] = []
        self.times: list[float] = []

    def put(self, event: Any) -> None:
        self.events.append(event)
        self.times.append(time.perf_counter())

    @property
    def first_text_s(self) -> float:
        """When the first text came, by `perf_counter`."""
        heard = zip(self.times, self.events, strict=True)
        return next(at for at, event in heard if isinstance(event, TextDelta))

    @property
    def last(self) -> Any:
        return self.events[-1] if self.events else None


class Desk:
    """An engine stepped by hand."""

    def __init__(self, model: TorchReader, clock: Callable[[], float] = time.perf_counter, queue: int = 10_000) -> None:
        self.model = model
        chunks = model._chunks
        budget = Budget(model.facts.costs, model.facts.geometry, chunks, model.facts.total_bytes, 1024)
        pool = KvPool(budget, model.free, clock, 1e9, model.handed_kv_bytes)
        self.device = Device(model, pool, clock)
        self.engine = Engine(self.device, Scheduler(queue, 64, 1.0), note=noted)

    def ingest(self, name: str, of: Sequence[GreyPage]) -> Ingestion:
        return self._submit(Ingestion(self.device, Ear(), Source(name, of)))

    def ask(self, name: str, tokens: int = 48, most: int = 32, text: str = "", **how: Any) -> Answering:
        question = Question(name, Task.TRANSCRIBE if not text else Task.ASK, text or "q" * tokens, most, **how)
        job = Answering(self.device, Ear(), question, 8192)
        job._prompt = lambda document: [4 + number % 900 for number in range(tokens)]  # type: ignore[method-assign]
        return self._submit(job)

    def run(self) -> None:
        while self.engine.scheduler.all_jobs():
            self.engine.step()

    def resident(self, name: str, of: Sequence[GreyPage]) -> DocumentInfo:
        job = self.ingest(name, of)
        self.run()
        if not isinstance(job.sink.last, DocumentInfo):
            raise job.sink.last
        return job.sink.last

    def answer(self, name: str, tokens: int = 48, most: int = 32, **how: Any) -> tuple[Completed, Ear]:
        job = self.ask(name, tokens, most, **how)
        self.run()
        if not isinstance(job.sink.last, Completed):
            raise job.sink.last
        return job.sink.last, job.sink

    def clear(self) -> None:
        """Ends every request and forgets every document."""
        for job in self.engine.scheduler.all_jobs():
            self.engine.cancel(job)
        self.engine.step()
        for info in self.device.pool.documents():
            self.device.pool.drop(info.document_id)

    def _submit(self, job: Any) -> Any:
        self.engine.submit(job)
        return job


def noted(event: str, **fields: Any) -> None:
    """What the engine wants an operator to know, printed; and how much of its memory the allocator cannot use."""
    if fields.pop("exc_info", False):
        traceback.print_exc()
    fields |= {"allocated": torch.cuda.memory_allocated(), "reserved": torch.cuda.memory_reserved()}
    print(f"  {event}: {fields}", flush=True)

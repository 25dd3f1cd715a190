"""Owns what is asked of a document and what comes back, and how the answers of page groups become one.

Fields are named and numbered as on the wire.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import IntEnum

from gateway.documents import Document
from gateway.ladder import Rung

FAR_WORTH = 0.3
"""What an answer is worth, beside one in the midst of the question's words, that stands where none of them does."""


class Task(IntEnum):
    """What the reader is asked to do."""

    ASK = 1
    SUMMARIZE = 2
    TRANSCRIBE = 3


class Stage(IntEnum):
    """The steps of a long operation."""

    EXTRACT = 1
    RENDER = 2
    QUEUED = 3
    VISION = 4
    PREFILL = 5


class FinishReason(IntEnum):
    """Why generation ended."""

    UNSPECIFIED = 0
    STOP = 1
    LENGTH = 2


@dataclass(frozen=True)
class Turn:
    """An earlier question and its answer."""

    question: str
    answer: str


@dataclass(frozen=True)
class Sampling:
    """How the next token is drawn; zeros are the reader's defaults (greedy)."""

    temperature: float = 0.0
    top_p: float = 0.0
    top_k: int = 0
    seed: int = 0
    stop: tuple[str, ...] = ()
    repetition_penalty: float = 0.0


@dataclass(frozen=True)
class Question:
    """What is asked. `max_new_tokens` 0 leaves the length to the service; `sidecar` are lines of the document,
    `nearness` says how much of the question stands around each line of each page.

    Asked again under the same `name`, it is answered with what was answered before.
    """

    task: Task = Task.ASK
    text: str = ""
    history: tuple[Turn, ...] = ()
    sampling: Sampling = Sampling()
    max_new_tokens: int = 0
    sidecar: tuple[str, ...] = ()
    nearness: tuple[tuple[float, ...], ...] = ()
    name: str = ""


@dataclass(frozen=True)
class Usage:
    """Tokens consumed."""

    vision_tokens: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0


@dataclass(frozen=True)
class Timings:
    """Milliseconds spent."""

    queue_ms: float = 0.0
    vision_ms: float = 0.0
    prefill_ms: float = 0.0
    ttft_ms: float = 0.0
    total_ms: float = 0.0


@dataclass(frozen=True)
class Memory:
    """What was done to the card's memory; field by field the wire's MemoryLedger."""

    predicted_peak_bytes: int = 0
    measured_peak_bytes: int = 0
    pixels: int = 0
    patches: int = 0
    kv_bytes: int = 0
    offloads: int = 0
    on_gpu: bool = False


@dataclass(frozen=True)
class Evidence:
    """Where an answer stands: page from 0, characters of the clean text, score in 0..1."""

    page: int
    text_start: int
    text_end: int
    score: float = 0.0


@dataclass(frozen=True)
class Progress:
    """How far a stage is; total 0 while unknown."""

    stage: Stage
    done: int
    total: int


@dataclass(frozen=True)
class Degraded:
    """A lower resolution is used from here on."""

    source: Rung
    target: Rung
    reason: str


@dataclass(frozen=True)
class TextDelta:
    """More text: whole characters."""

    text: str
    reasoning: bool = False


@dataclass(frozen=True)
class GroupAnswer:
    """How the reader ended one answer about one group of pages; `confidence` compares groups of one document."""

    finish_reason: FinishReason
    usage: Usage
    timings: Timings
    memory: Memory
    found: bool
    evidence: tuple[Evidence, ...] = ()
    confidence: float = 0.0


@dataclass(frozen=True)
class Summary:
    """The parts of a summary."""

    title: str = ""
    outline: tuple[str, ...] = ()
    key_facts: tuple[str, ...] = ()


@dataclass(frozen=True)
class Completed:
    """An answer is finished; timings as the gateway measured them, but queue, vision and prefill are the reader's."""

    answer: GroupAnswer
    document: Document
    degraded: tuple[Degraded, ...] = ()
    summary: Summary | None = None


def best(answers: Sequence[GroupAnswer], nearness: Sequence[float] = ()) -> int:
    """Which of several groups' answers to give: the found one with the highest confidence, the first among equals.

    `nearness` says in 0..1 how much of the question stands around the place of each answer. A reader that is shown a
    group knows nothing of the others, so each may be sure of the likeliest that it has.
    """
    near = nearness or [0.0] * len(answers)
    return max(range(len(answers)), key=lambda group: (answers[group].found, _worth(answers[group], near[group])))


def settled(answers: Sequence[GroupAnswer], nearness: Sequence[float], nearest_left: float) -> bool:
    """Whether one is found that no group left can beat, even if it is certain of the line that is nearest there."""
    pairs = zip(answers, nearness, strict=True)
    return any(answer.found and _worth(answer, near) >= FAR_WORTH + nearest_left for answer, near in pairs)


def _worth(answer: GroupAnswer, near: float) -> float:
    return answer.confidence * (FAR_WORTH + near)


def merge_costs(answers: Sequence[GroupAnswer], told: GroupAnswer) -> GroupAnswer:
    """`told` with what all groups together consumed."""
    return replace(
        told,
        usage=add_usage([answer.usage for answer in answers]),
        timings=add_timings([answer.timings for answer in answers]),
        memory=add_memory([answer.memory for answer in answers]),
    )


def join(answers: Sequence[GroupAnswer]) -> GroupAnswer:
    """The answers of successive groups as one: told one after another, so all evidence counts and any cut is a cut."""
    told = replace(
        answers[-1],
        finish_reason=max(answer.finish_reason for answer in answers),
        found=any(answer.found for answer in answers),
        evidence=tuple(evidence for answer in answers for evidence in answer.evidence),
        confidence=min(answer.confidence for answer in answers),
    )
    return merge_costs(answers, told)


def add_usage(parts: Sequence[Usage]) -> Usage:
    """Tokens of all parts."""
    return Usage(
        sum(part.vision_tokens for part in parts),
        sum(part.prompt_tokens for part in parts),
        sum(part.completion_tokens for part in parts),
    )


def add_timings(parts: Sequence[Timings]) -> Timings:
    """The reader's shares of all parts; first token and total are the gateway's to measure."""
    return Timings(
        sum(part.queue_ms for part in parts),
        sum(part.vision_ms for part in parts),
        sum(part.prefill_ms for part in parts),
    )


def add_memory(parts: Sequence[Memory]) -> Memory:
    """Parts ran one after another: peaks do not add up, pixels and resident bytes do."""
    return Memory(
        max((part.predicted_peak_bytes for part in parts), default=0),
        max((part.measured_peak_bytes for part in parts), default=0),
        sum(part.pixels for part in parts),
        sum(part.patches for part in parts),
        sum(part.kv_bytes for part in parts),
        sum(part.offloads for part in parts),
        any(part.on_gpu for part in parts),
    )


def add_costs(answer: GroupAnswer, timings: Sequence[Timings], memory: Sequence[Memory]) -> GroupAnswer:
    """The answer with what was done before it could be asked: time adds up, the document's own bytes are in already."""
    peaks = add_memory([answer.memory, *memory])
    counted = replace(
        answer.memory,
        predicted_peak_bytes=peaks.predicted_peak_bytes,
        measured_peak_bytes=peaks.measured_peak_bytes,
        offloads=peaks.offloads,
    )
    return replace(answer, timings=add_timings([answer.timings, *timings]), memory=counted)

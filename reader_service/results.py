"""What the engine tells its callers: values of a request's stream, documents, load."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TypeAlias


class Stage(Enum):
    """The steps of a long operation."""

    VISION = "vision"
    PREFILL = "prefill"


class Finish(Enum):
    """Why generation ended."""

    STOP = "stop"
    LENGTH = "length"


@dataclass(frozen=True)
class PageText:
    """The text behind a page: character range, and where each visual line begins, counted from `text_start`."""

    text_start: int
    text_end: int
    line_starts: tuple[int, ...] = ()

    def line(self, row: int) -> tuple[int, int]:
        """Characters of one visual line, of the whole page when it has no such line."""
        if not 0 <= row < len(self.line_starts):
            return self.text_start, self.text_end
        start = self.text_start + self.line_starts[row]
        last = row + 1 == len(self.line_starts)
        return start, self.text_end if last else self.text_start + self.line_starts[row + 1]

    def inked(self) -> list[int]:
        """Rows whose lines are more than a line end; the only line of a page is one whatever it is."""
        bounds = ((row, *self.line(row)) for row in range(len(self.line_starts)))
        return [row for row, start, end in bounds if end - start > 1 or len(self.line_starts) == 1]


@dataclass(frozen=True)
class Evidence:
    """Where in the document an answer stands; `page` counts from 0."""

    page: int
    text_start: int
    text_end: int


@dataclass(frozen=True)
class Timings:
    """Milliseconds, as in the proto."""

    queue_ms: float = 0.0
    vision_ms: float = 0.0
    prefill_ms: float = 0.0
    ttft_ms: float = 0.0
    total_ms: float = 0.0


@dataclass(frozen=True)
class Ledger:
    """What a request did to memory, as in the proto. `kv_bytes` counts what is kept of pages, too."""

    predicted_peak_bytes: int
    measured_peak_bytes: int
    pixels: int
    patches: int
    kv_bytes: int
    offloads: int
    on_gpu: bool


@dataclass(frozen=True)
class Accepted:
    """A request has a place in the queue."""

    ahead: int
    predicted_peak_bytes: int


@dataclass(frozen=True)
class Progress:
    """How far a request is."""

    stage: Stage
    done: int
    total: int


@dataclass(frozen=True)
class TextDelta:
    """More text, whole characters; `reasoning` tells it from the answer."""

    text: str
    reasoning: bool = False


@dataclass(frozen=True)
class DocumentInfo:
    """A resident document. `kv_bytes`: its KV, and what is kept of its pages where they are shown again."""

    document_id: str
    pages: int
    vision_tokens: int
    kv_bytes: int
    timings: Timings
    ledger: Ledger
    reused: bool = False


@dataclass(frozen=True)
class Completed:
    """An answer is finished. `confidence` is the geometric mean of the token probabilities."""

    finish: Finish
    vision_tokens: int
    prompt_tokens: int
    completion_tokens: int
    timings: Timings
    ledger: Ledger
    found: bool
    evidence: tuple[Evidence, ...]
    confidence: float


Event: TypeAlias = Accepted | Progress | TextDelta | DocumentInfo | Completed | BaseException
"""One item of a request's stream. The last one is a DocumentInfo, a Completed or an exception, and comes once."""


@dataclass(frozen=True)
class Load:
    """How busy the engine is, as of its latest step."""

    running: int
    waiting: int
    live_bytes: int
    free_bytes: int
    largest_vision_tokens: int
    tokens_generated: int
    steps: int
    peak_over_prediction: float  # highest measured peak over its prediction since start; 0 before the first
    offloads: int
    documents: tuple[DocumentInfo, ...]

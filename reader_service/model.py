"""The seam between the engine and a model: the few calls an engine needs, and the values that cross.

Handles (`Vision`, `Kv`, `Said`, `Sampler`, `Pending`) are opaque to the engine: it passes them back and frees them.
All calls except those of `Vocabulary` are made by the one engine thread. Any call may raise `errors.OutOfMemory` or
`errors.DeviceLost`; after `OutOfMemory` the handles given to the call are still valid to free.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any, Protocol, TypeAlias

import numpy as np
import numpy.typing as npt

from reader_service.profile import ReaderProfile

Vision: TypeAlias = Any
Kv: TypeAlias = Any
Said: TypeAlias = Any
Sampler: TypeAlias = Any
Pending: TypeAlias = Any
Tokens: TypeAlias = Sequence[int]
Leaning: TypeAlias = Mapping[int, float]
"""Tokens, and what is added to their logits; minus infinity where a token is not to be drawn."""
Positions: TypeAlias = npt.NDArray[np.int64]
"""Shape (3, tokens): temporal, height and width position of each token."""


@dataclass(frozen=True)
class PageSize:
    """A page's sides in pixels."""

    width_px: int
    height_px: int

    @property
    def pixels(self) -> int:
        """Width × height."""
        return self.width_px * self.height_px


@dataclass(frozen=True)
class GreyPage:
    """A decoded page: `rows` is (height, width) uint8, 255 is white."""

    size: PageSize
    rows: npt.NDArray[np.uint8]


@dataclass(frozen=True)
class Geometry:
    """The model's pixel grid."""

    patch_px: int
    merge: int
    min_page_pixels: int
    max_page_pixels: int

    @property
    def grid_px(self) -> int:
        """Side of one vision token in pixels; page sides are multiples of it."""
        return self.patch_px * self.merge

    def accepts(self, size: PageSize) -> bool:
        """Whether the model's own resize would leave a page of this size unchanged."""
        on_grid = size.width_px % self.grid_px == 0 and size.height_px % self.grid_px == 0
        return on_grid and self.min_page_pixels <= size.pixels <= self.max_page_pixels

    def patches(self, pixels: int) -> int:
        """Vision patches of so many page pixels."""
        return pixels // self.patch_px**2

    def vision_tokens(self, pixels: int) -> int:
        """Vision tokens of so many page pixels, rounded up."""
        return -(-pixels // self.grid_px**2)


@dataclass(frozen=True)
class Costs:
    """What things cost on the device, in bytes, from the model's config and corrected by the warm-up."""

    weight_bytes: int
    context_bytes: int
    kv_bytes_per_token: int
    vision_bytes_per_patch: int
    prefill_bytes_per_token: int
    logits_bytes: int  # what a prefill takes however short it is
    kv_page_tokens: int = 1  # KV of a sequence is handed out in pages of so many tokens
    kv_slab_bytes: int = 1  # and taken from the device in slabs of so many bytes
    kept_bytes_per_vision_token: int = 0  # of what was seen, kept beside the KV where pages are shown again


@dataclass(frozen=True)
class ModelFacts:
    """What is known about a loaded model."""

    name: str
    revision: str
    device: str
    vision_attention: str
    geometry: Geometry
    costs: Costs
    total_bytes: int
    profile: ReaderProfile
    decode: str = "eager"  # "graphs", or "eager" and, where graphs were wanted, why there are none


@dataclass(frozen=True)
class Turn:
    """One earlier question and its answer."""

    question: str
    answer: str


@dataclass(frozen=True)
class Sampling:
    """How the next token is drawn; `temperature` 0 is greedy, `top_k` 0 keeps all candidates."""

    temperature: float = 0.0
    top_p: float = 1.0
    top_k: int = 0
    seed: int = 0
    repetition_penalty: float = 1.0
    stop: tuple[str, ...] = ()

    @property
    def plain(self) -> bool:
        """Whether the likeliest token is always the one."""
        return self.temperature <= 0 and self.repetition_penalty == 1.0


@dataclass(frozen=True)
class Rows:
    """Rows `start` up to `stop` of what `Model.see` returned."""

    vision: Vision
    start: int
    stop: int


@dataclass(frozen=True)
class Chunk:
    """Consecutive prompt tokens. Those equal to the vocabulary's `image_token` take the rows of `seen`, in order."""

    tokens: Tokens
    positions: Positions
    seen: Sequence[Rows] = ()
    says: bool = True
    """Whether a token is drawn behind it. Of the last layer of chunks that say nothing only the KV is needed."""


@dataclass(frozen=True)
class Step:
    """One token of one sequence: `token`, drawn before, is appended at `position`; `sampler` draws the next one.

    `after` is a row of the step begun before this one and not drawn yet: its token is appended in place of `token`.
    """

    kv: Kv
    token: int
    position: int
    sampler: Sampler
    after: int | None = None


@dataclass(frozen=True)
class Drawn:
    """A drawn token and the natural logarithm of its probability: the model's own, before temperature, with what the
    draw leaned to."""

    token: int
    log_probability: float


class MarkKind(Enum):
    """What a token that is not text says."""

    END = "end"
    PAGE = "page"
    ROW = "row"
    ABSENT = "absent"
    REASONING_OPEN = "reasoning_open"
    REASONING_CLOSE = "reasoning_close"
    SILENT = "silent"


@dataclass(frozen=True)
class Mark:
    """A token that is not text; `number` counts pages and rows from 0."""

    kind: MarkKind
    number: int = 0


class Vocabulary(Protocol):
    """Text to tokens and back. Safe to call from any one thread at a time."""

    @property
    def image_token(self) -> int:
        """The token that stands for one vision token."""

    @property
    def marks(self) -> Mapping[int, Mark]:
        """Every token that is not text."""

    def prefix(self, page_tokens: Sequence[int]) -> list[int]:
        """Prompt tokens up to and including the end of the last page; page k takes `page_tokens[k]` image tokens."""

    def suffix(self, pages: int, text: str, history: Sequence[tuple[str, str]]) -> list[int]:
        """Prompt tokens after the pages. `text` and the questions in `history` are task texts (`profile.fill`)."""

    def page(self, number: int, tokens: int) -> list[int]:
        """Prompt tokens of one page as they stand in `prefix`, `tokens` image tokens among them, to show it again."""

    def decode(self, tokens: Tokens) -> str:
        """The text of tokens; an unfinished character shows as U+FFFD."""


class Model(Protocol):
    """A loaded vision-language model."""

    @property
    def facts(self) -> ModelFacts:
        """What is known about it; `warm` may correct its costs."""

    @property
    def vocabulary(self) -> Vocabulary:
        """Text to tokens and back."""

    def warm(self) -> None:
        """Runs the largest chunks that will ever run, and corrects `facts.costs` by what was measured."""

    def see(self, pages: Sequence[GreyPage]) -> Vision:
        """Vision embeddings of pages, one row a vision token, pages in order."""

    def document(self, tokens: int) -> Kv:
        """Empty KV with room for exactly so many tokens."""

    def branch(self, document: Kv, tokens: int) -> Kv:
        """Empty KV with room for exactly so many tokens that continues a document and reads it without a copy."""

    def prefill(self, kv: Kv, chunk: Chunk) -> Said:
        """Appends a chunk and returns what is said after its last token, which stays until the next call; nothing to
        draw from where it says nothing."""

    def take_back(self, kv: Kv, tokens: int) -> None:
        """Drops the last tokens of a KV; what follows is written over them."""

    def decode(self, steps: Sequence[Step]) -> Pending:
        """Begins one step of many sequences and returns at once where the device works by itself. Raises before
        anything was appended; a step that was begun can be tried again one sequence at a time then."""

    def drawn(self, pending: Pending) -> Sequence[Drawn]:
        """Waits for a step and returns its tokens, one a sequence."""

    def abandon(self, pending: Pending) -> None:
        """Takes back what a step appended that could not be drawn, so that it can be tried again."""

    @property
    def runs_ahead(self) -> bool:
        """Whether one step may be begun before the one ahead of it is drawn (`Step.after`), where all its sequences
        draw the likeliest token."""

    def sampler(self, sampling: Sampling) -> Sampler:
        """Drawing state of one answer."""

    def lean(self, sampler: Sampler, leaning: Leaning) -> None:
        """What the next draw leans to, once."""

    def draw(self, said: Said, sampler: Sampler) -> Drawn:
        """Draws the next token."""

    def free(self, kv: Kv) -> None:
        """Gives a KV's memory back at once."""

    def balance(self, kv_bytes: int, pages_wait: bool) -> None:
        """Moves the vision tower between device and host as the held bytes and the waiting pages ask for."""

    def handed_kv_bytes(self) -> int:
        """KV memory that the device has handed out in slabs, whether a sequence uses it or not."""

    def offloads(self) -> int:
        """Times the vision tower was moved to the host since start."""

    def resident_weight_bytes(self) -> int:
        """Weights on the device right now."""

    def take_peak_bytes(self) -> int:
        """Most bytes in use since the last call, weights and context included; on a CPU the process's peak."""

    def recover(self) -> None:
        """Gives cached memory back to the device after an out-of-memory error."""

    def close(self) -> None:
        """Gives back what was prepared at start; nothing is called after it."""

"""The two ways to run the decoder: on a CPU over stretches of KV, on a card over pages and in graphs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
import torch

from reader_service.model import Drawn, Step
from reader_service.torch_model.capture import record, uncollected
from reader_service.torch_model.decoder import Decoder
from reader_service.torch_model.graphs import DecodeGraphs
from reader_service.torch_model.host_attention import InPlace
from reader_service.torch_model.kv import KvCache
from reader_service.torch_model.paged_attention import Paged
from reader_service.torch_model.paged_kv import PagedKv, PagePool
from reader_service.torch_model.prompts import PromptGraphs
from reader_service.torch_model.sampling import Said, draw
from reader_service.torch_model.tuning import graph_ms, tune

Ints = npt.NDArray[np.int64]


class Runner(Protocol):
    """KV and forward passes of a device; see the calls of the same names in `reader_service.model.Model`."""

    def document(self, tokens: int) -> Any:
        """Empty KV."""

    def branch(self, document: Any, tokens: int) -> Any:
        """Empty KV behind a document."""

    def append(self, kv: Any, hidden: torch.Tensor, positions: torch.Tensor) -> Said:
        """Appends embeddings (tokens, hidden) at positions (3, tokens); what is said after the last."""

    def remember(self, kv: Any, hidden: torch.Tensor, positions: torch.Tensor) -> None:
        """`append` of what says nothing."""

    def prompt(self, kv: Any, tokens: Ints, positions: Ints) -> Said | None:
        """`append` of tokens alone where that is faster than of their embeddings; None where it is not."""

    def decode(self, steps: Sequence[Step]) -> Any:
        """Begins one token of each sequence."""

    def drawn(self, pending: Any) -> list[Drawn]:
        """Waits for it."""

    def abandon(self, pending: Any) -> None:
        """Takes it back."""

    @property
    def runs_ahead(self) -> bool:
        """Whether a token may be begun before the one ahead of it is drawn."""

    def warm(self) -> None:
        """Prepares what is prepared once."""

    @property
    def mode(self) -> str:
        """How tokens run: "graphs", or "eager" and, where graphs were wanted, why."""

    def rehearse(self) -> None:
        """Runs the largest step of tokens, where it runs eagerly on a card."""

    def close(self) -> None:
        """Gives back what `warm` prepared."""

    def handed_bytes(self) -> int:
        """KV memory that stands in slabs, used or not."""


@dataclass(frozen=True)
class Done:
    """A step on a CPU, which is over when it was begun."""

    steps: Sequence[Step]
    drawn: list[Drawn]


class HostRunner:
    """On a CPU."""

    def __init__(self, decoder: Decoder) -> None:
        self._decoder = decoder

    def document(self, tokens: int) -> KvCache:
        """See `Runner`."""
        return KvCache(self._decoder.kv_shape, tokens, self._decoder.device)

    def branch(self, document: KvCache, tokens: int) -> KvCache:
        """See `Runner`."""
        return KvCache(self._decoder.kv_shape, tokens, self._decoder.device, parent=document)

    def append(self, kv: KvCache, hidden: torch.Tensor, positions: torch.Tensor) -> Said:
        """See `Runner`."""
        angles = self._decoder.rotary.angles(positions, hidden.dtype)
        attend = InPlace([kv], angles, self._decoder.heads.query, newest=True)
        logits = self._decoder.logits(self._decoder.forward(hidden, attend))
        kv.length += hidden.shape[0]
        return Said(logits)

    def remember(self, kv: KvCache, hidden: torch.Tensor, positions: torch.Tensor) -> None:
        """See `Runner`."""
        angles = self._decoder.rotary.angles(positions, hidden.dtype)
        self._decoder.remember(hidden, InPlace([kv], angles, self._decoder.heads.query))
        kv.length += hidden.shape[0]

    def prompt(self, kv: KvCache, tokens: Ints, positions: Ints) -> None:
        """Never faster on a CPU."""

    def decode(self, steps: Sequence[Step]) -> Done:
        """See `Runner`."""
        hidden = self._decoder.embed(torch.tensor([step.token for step in steps]))
        positions = torch.tensor([step.position for step in steps])
        angles = self._decoder.rotary.text_angles(positions, hidden.dtype)
        kvs = [step.kv for step in steps]
        normed = self._decoder.forward(hidden, InPlace(kvs, angles, self._decoder.heads.query))
        drawn = draw(self._decoder.logits(normed), [step.sampler for step in steps])
        for kv in kvs:  # last, so that a step that failed can be done again
            kv.length += 1
        return Done(steps, drawn)

    def drawn(self, pending: Done) -> list[Drawn]:
        """See `Runner`."""
        return pending.drawn

    def abandon(self, pending: Done) -> None:
        """See `Runner`."""
        for step in pending.steps:
            step.kv.length -= 1

    mode = "eager"
    runs_ahead = False

    def warm(self) -> None:
        """Nothing is prepared on a CPU."""

    def rehearse(self) -> None:
        """A CPU's memory is measured whole."""

    def close(self) -> None:
        """Nothing was prepared."""

    def handed_bytes(self) -> int:
        """Every sequence has its own memory."""
        return 0


class CardRunner:
    """On a card."""

    runs_ahead = True

    def __init__(self, decoder: Decoder, pool: PagePool, graphs: DecodeGraphs, prompts: PromptGraphs) -> None:
        self._decoder, self.pool, self.graphs, self.prompts = decoder, pool, graphs, prompts
        self.failure = ""  # why there are no graphs, where there should be some

    def document(self, tokens: int) -> PagedKv:
        """See `Runner`."""
        return PagedKv(self.pool, tokens)

    def branch(self, document: PagedKv, tokens: int) -> PagedKv:
        """See `Runner`."""
        return PagedKv(self.pool, tokens, document)

    def append(self, kv: PagedKv, hidden: torch.Tensor, positions: torch.Tensor) -> Said:
        """See `Runner`."""
        normed = self._decoder.forward(hidden, self._behind(kv, hidden, positions, newest=True))
        kv.length += hidden.shape[0]
        return Said(self._decoder.logits(normed))

    def remember(self, kv: PagedKv, hidden: torch.Tensor, positions: torch.Tensor) -> None:
        """See `Runner`."""
        self._decoder.remember(hidden, self._behind(kv, hidden, positions))
        kv.length += hidden.shape[0]

    def _behind(self, kv: PagedKv, hidden: torch.Tensor, positions: torch.Tensor, *, newest: bool = False) -> Paged:
        """Attention of new tokens behind a sequence."""
        tokens = hidden.shape[0]
        # Each part begins at a multiple of 16 bytes, as in a graph's inputs, so that one compiled kernel serves both.
        numbers = [kv.address, 0, kv.length + tokens, 0, *kv.slots(tokens)]
        sent = torch.tensor(numbers, dtype=torch.int64).to(hidden.device)
        angles = self._decoder.rotary.angles(positions, hidden.dtype)
        return Paged(self.pool, sent[:1], sent[2:3], sent[4:], angles, self._decoder.heads, newest=newest)

    def prompt(self, kv: PagedKv, tokens: Ints, positions: Ints) -> Said | None:
        """See `Runner`."""
        return self.prompts.append(kv, tokens, positions) if self.prompts.recorded.live else None

    def decode(self, steps: Sequence[Step]) -> Any:
        """See `Runner`."""
        return self.graphs.launch(steps)

    def drawn(self, pending: Any) -> list[Drawn]:
        """See `Runner`."""
        return self.graphs.drawn(pending)

    def abandon(self, pending: Any) -> None:
        """See `Runner`."""
        self.graphs.abandon(pending)

    def warm(self) -> None:
        """Chooses how a token's products are cut, and records graphs; where that fails all runs eagerly, slower."""
        like = self._decoder.kv_shape.dtype

        def row(inputs: int) -> torch.Tensor:
            return torch.randn((1, inputs), device=self._decoder.device, dtype=like)

        self.graphs.rest()  # what is recorded runs on the inputs that stand there
        with uncollected():
            tune(self._decoder.products(), row, graph_ms)
            self.failure = record(self.graphs.recorded, self.prompts.recorded)

    @property
    def mode(self) -> str:
        """See `Runner`."""
        return "graphs" if self.graphs.recorded.live else f"eager: {self.failure}" if self.failure else "eager"

    def rehearse(self) -> None:
        """See `Runner`."""
        if self.mode != "graphs":
            self.graphs.rehearse()

    def close(self) -> None:
        """See `Runner`."""
        if self._decoder.device.type == "cuda":
            torch.cuda.synchronize()  # a step that nobody read may still run
        for one in (self.graphs, self.prompts):
            one.recorded.clear()

    def handed_bytes(self) -> int:
        """See `Runner`."""
        return self.pool.allocated_bytes

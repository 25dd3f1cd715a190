"""One token of many sequences: a CUDA graph for each batch size, all in one memory pool, fed by one small copy.

A step may be launched before the one ahead of it is drawn: it takes its tokens from what that one leaves on the card.
So what is sent and told has two places, used in turns: a step is read before the second one after it is launched.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch

from reader_service.model import Drawn, Step
from reader_service.torch_model.capture import Recorded
from reader_service.torch_model.decoder import Decoder
from reader_service.torch_model.paged_attention import Paged
from reader_service.torch_model.paged_kv import NOWHERE, PagePool
from reader_service.torch_model.sampling import Said, drawn, likeliest

BUCKETS = (1, 2, 4, 8, 16, 32, 64)
_NUMBERS = 5  # token, position, length, slot and table address of a sequence
_PLACES = 2


@dataclass(frozen=True)
class Pending:
    """A step on its way."""

    steps: Sequence[Step]
    said: Said  # told once `done`
    done: torch.cuda.Event | None


class DecodeGraphs:
    """Static inputs and outputs, and the graphs between them."""

    def __init__(self, decoder: Decoder, pool: PagePool, buckets: Sequence[int] = BUCKETS) -> None:
        self._decoder, self._pool = decoder, pool
        most, device = max(buckets), decoder.device
        self._on_card = pinned = device.type == "cuda"
        self._sent = torch.zeros((_PLACES, _NUMBERS, most), dtype=torch.int64, pin_memory=pinned)
        self._numbers = self._sent[0].to(device)
        self._best = torch.zeros((2, most), dtype=torch.float64, device=device)  # token and its log probability
        self._told = torch.zeros((_PLACES, 2, most), dtype=torch.float64, pin_memory=pinned)
        self._place = 0
        self.recorded = Recorded(self._run, buckets)
        self.rest()

    def rest(self) -> None:
        """Inputs without a sequence: those of an earlier step name memory that may be gone."""
        self._fill([], self.recorded.sizes[-1])

    def rehearse(self) -> None:
        """Runs the largest bucket eagerly, without a sequence."""
        self.rest()
        self._run(self.recorded.sizes[-1])

    def launch(self, steps: Sequence[Step]) -> Pending:
        """Begins a step; at most as many sequences as the largest bucket. The KV is longer from here on."""
        bucket = self.recorded.size_for(len(steps))
        assert bucket is not None  # more never run at once
        self._fill(steps, bucket)
        logits = self.recorded.run(bucket)
        told = self._told[self._place]
        told.copy_(self._best, non_blocking=True)
        done = torch.cuda.Event() if self._on_card else None  # type: ignore[no-untyped-call]
        if done:
            done.record()
        for step in steps:
            step.kv.length += 1
        return Pending(steps, Said(logits[: len(steps)], told[:, : len(steps)]), done)

    def drawn(self, pending: Pending) -> list[Drawn]:
        """Waits for a step's tokens. The logits of a step are there until the next one is launched."""
        if pending.done:
            pending.done.synchronize()
        return drawn(pending.said, [step.sampler for step in pending.steps])

    def abandon(self, pending: Pending) -> None:
        """Counts a step as not begun; what it wrote is written over. A sequence that is gone stays as it is."""
        for step in pending.steps:
            step.kv.length -= step.kv.length > 0

    def _fill(self, steps: Sequence[Step], bucket: int) -> None:
        """Sends the inputs. Rows without a sequence have no tokens, so they read nothing and write nowhere."""
        rows = [
            (_token(step), step.position, step.kv.length + 1, step.kv.slots(1)[0], step.kv.address) for step in steps
        ]
        rows += [(0, 0, 0, NOWHERE, 0)] * (bucket - len(rows))
        self._place = (self._place + 1) % _PLACES
        sent = self._sent[self._place]
        sent.numpy()[:, :bucket] = np.array(rows, dtype=np.int64).T
        self._numbers.copy_(sent, non_blocking=True)

    def _run(self, bucket: int) -> torch.Tensor:
        tokens, positions, lengths, slots, tables = self._numbers[:, :bucket]
        decoder = self._decoder
        hidden = decoder.embed_drawn(tokens, self._best[0])
        angles = decoder.rotary.text_angles(positions, hidden.dtype)
        normed = decoder.forward(hidden, Paged(self._pool, tables, lengths, slots, angles, decoder.heads))
        logits = decoder.logits(normed)
        self._best[:, :bucket] = likeliest(logits)
        return logits


def _token(step: Step) -> int:
    """A token, or -1 - row for the one that a row of the step before draws."""
    return step.token if step.after is None else -1 - step.after

"""A short prompt without pages, such as a question, as one CUDA graph for each length.

With its few hundred kernels launched one by one a question took 9.9 ms on an H100, where copying the weights' bytes
takes 4.8; as a graph it took 7.8 in a later run there.

What is missing to a graph's length is filled up in front: rows that are written nowhere, see nothing that matters, and
are seen by nobody.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import torch

from reader_service.torch_model.capture import Recorded
from reader_service.torch_model.decoder import Decoder
from reader_service.torch_model.paged_attention import Paged
from reader_service.torch_model.paged_kv import NOWHERE, PagedKv, PagePool
from reader_service.torch_model.sampling import Said, likeliest

LENGTHS = (16, 32, 64)
_ROWS = 6  # table address and length; token, slot and three positions of each
_LENGTH_AT = 2  # a multiple of 16 bytes from the address, as compiled kernels expect of what they are given


class PromptGraphs:
    """Static inputs, and the graphs behind them."""

    def __init__(self, decoder: Decoder, pool: PagePool, lengths: Sequence[int] = LENGTHS) -> None:
        self._decoder, self._pool = decoder, pool
        pinned = decoder.device.type == "cuda"
        self._sent = torch.zeros((_ROWS, max(lengths)), dtype=torch.int64, pin_memory=pinned)
        self._sent[2] = NOWHERE
        self._numbers = self._sent.to(decoder.device)
        self._told = torch.zeros((2, 1), dtype=torch.float64, pin_memory=pinned)
        self._drawn = torch.zeros(1, dtype=torch.float64, device=decoder.device)  # no token follows an unknown one
        self.recorded = Recorded(self._run, lengths)

    def append(self, kv: PagedKv, tokens: npt.NDArray[np.int64], positions: npt.NDArray[np.int64]) -> Said | None:
        """Appends tokens at positions (3, tokens); what is said after the last stays until the next call.

        None where they are too many.
        """
        length = self.recorded.size_for(len(tokens))
        if length is None:
            return None
        self._fill(kv, tokens, positions, length)
        logits = self.recorded.run(length)
        kv.length += len(tokens)
        return Said(logits, self._told)

    def _fill(self, kv: PagedKv, tokens: npt.NDArray[np.int64], positions: npt.NDArray[np.int64], length: int) -> None:
        missing, sent = length - len(tokens), self._sent.numpy()
        sent[0, 0], sent[0, _LENGTH_AT] = kv.address, kv.length + len(tokens)
        sent[1:, :missing] = 0
        sent[2, :missing] = NOWHERE
        sent[1, missing:length], sent[2, missing:length] = tokens, kv.slots(len(tokens))
        sent[3:, missing:length] = positions
        self._numbers.copy_(self._sent, non_blocking=True)

    def _run(self, length: int) -> torch.Tensor:
        about, tokens, slots, *positions = self._numbers[:, :length]
        decoder = self._decoder
        hidden = decoder.embed_drawn(tokens, self._drawn)
        angles = decoder.rotary.angles(torch.stack(positions), hidden.dtype)
        tables, lengths = about[:1], about[_LENGTH_AT : _LENGTH_AT + 1]
        attend = Paged(self._pool, tables, lengths, slots, angles, decoder.heads, newest=True)
        logits = decoder.logits(decoder.forward(hidden, attend))
        self._told.copy_(likeliest(logits), non_blocking=True)
        return logits

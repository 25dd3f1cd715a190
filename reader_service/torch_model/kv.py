"""Keys and values of one sequence on a CPU: one allocation of exactly the size that was counted."""

from __future__ import annotations

from dataclasses import dataclass

import torch


@dataclass(frozen=True)
class KvShape:
    """What a token's keys and values look like."""

    layers: int
    heads: int
    head_dim: int
    dtype: torch.dtype

    @property
    def elements_per_token(self) -> int:
        """Numbers a token takes in all layers."""
        return 2 * self.layers * self.heads * self.head_dim

    @property
    def bytes_per_token(self) -> int:
        """Keys and values of all layers."""
        return self.elements_per_token * self.dtype.itemsize


class KvCache:
    """`keys` and `values` are (layers, kv heads, capacity, head_dim); the first `length` places are filled.

    A branch reads its `parent` in place: attention is computed over both and merged, so that any number of answers
    share one document.
    """

    def __init__(self, shape: KvShape, capacity: int, device: torch.device, parent: KvCache | None = None) -> None:
        size = (shape.layers, shape.heads, capacity, shape.head_dim)
        self.shape = shape
        self.keys = torch.empty(size, dtype=shape.dtype, device=device)
        self.values = torch.empty(size, dtype=shape.dtype, device=device)
        self.parent = parent
        self.length = 0

    @property
    def nbytes(self) -> int:
        """Bytes of its own, without the parent's."""
        return self.keys.nbytes + self.values.nbytes

    def free(self) -> None:
        """Gives the memory back although handles may still point here."""
        self.keys = self.values = self.keys.new_empty(0)
        self.parent = None
        self.length = 0

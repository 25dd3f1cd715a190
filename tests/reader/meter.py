"""Counts the bytes of tensors that are alive at once, on any device: an allocator's view without its caches."""

from __future__ import annotations

import weakref
from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch.utils._python_dispatch import TorchDispatchMode


class Meter(TorchDispatchMode):
    """Inside it `peak` is the most bytes that tensors made inside held together; views count once."""

    def __init__(self) -> None:
        super().__init__()
        self.live = self.peak = 0
        self._bytes: dict[int, int] = {}
        self._tensors: dict[int, int] = {}

    def __torch_dispatch__(
        self, function: Any, types: Any, args: Sequence[Any] = (), kwargs: Mapping[str, Any] | None = None
    ) -> Any:
        before = {one.untyped_storage()._cdata for one in args if isinstance(one, torch.Tensor)}
        result = function(*args, **(kwargs or {}))
        for one in result if isinstance(result, tuple | list) else [result]:
            if isinstance(one, torch.Tensor):
                self._meet(one, before)
        return result

    def _meet(self, tensor: torch.Tensor, given: set[int]) -> None:
        key = tensor.untyped_storage()._cdata
        if key not in self._bytes:
            if key in given:  # made outside
                return
            self._bytes[key], self._tensors[key] = tensor.untyped_storage().nbytes(), 0
            self.live += self._bytes[key]
            self.peak = max(self.peak, self.live)
        self._tensors[key] += 1
        weakref.finalize(tensor, self._part, key)

    def _part(self, key: int) -> None:
        self._tensors[key] -= 1
        if not self._tensors[key]:
            self.live -= self._bytes.pop(key)

"""Where the vision tower's weights are: on the device, or in pinned host memory while nobody needs them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import torch


class Movable(Protocol):
    """Weights that can leave the device and come back."""

    def to_host(self) -> None:
        """Frees the device's copy."""

    def to_device(self) -> None:
        """Begins to bring the weights back."""

    def ready(self) -> None:
        """What is asked of the device from here on finds the weights there."""


class ParkedWeights:
    """Weights with a host copy that is pinned once and kept: they never change, so leaving is free."""

    def __init__(self, tensors: Sequence[torch.Tensor], device: torch.device) -> None:
        self._tensors = tensors
        self._device = device
        self._host: list[torch.Tensor] = []
        self._arrived: torch.cuda.Event | None = None

    @torch.inference_mode(False)
    def prepare(self) -> None:
        """Makes the host copy, which takes long: pinning a gigabyte is half a second."""
        if not self._host:
            self._host = [pinned(tensor.data, self._device) for tensor in self._tensors]

    @torch.inference_mode(False)
    def to_host(self) -> None:
        """See `Movable`."""
        self.prepare()
        self.ready()  # memory that a copy still writes to is not given back
        for tensor, copy in zip(self._tensors, self._host, strict=True):
            tensor.data = copy

    @torch.inference_mode(False)
    def to_device(self) -> None:
        """See `Movable`. On a card a stream of its own copies, beside what the device is at."""
        for tensor, copy in zip(self._tensors, self._host, strict=True):
            tensor.data = torch.empty_like(copy, device=self._device)
        if self._device.type != "cuda":
            self._copy()
            return
        stream = torch.cuda.Stream()  # type: ignore[no-untyped-call]
        stream.wait_stream(torch.cuda.current_stream())  # the memory may be in use until then
        with torch.cuda.stream(stream):
            self._copy()
            self._arrived = stream.record_event()

    def ready(self) -> None:
        """See `Movable`."""
        if self._arrived is not None:
            torch.cuda.current_stream().wait_event(self._arrived)
            self._arrived = None

    def _copy(self) -> None:
        for tensor, copy in zip(self._tensors, self._host, strict=True):
            tensor.data.copy_(copy, non_blocking=True)


def pinned(weight: torch.Tensor, device: torch.device) -> torch.Tensor:
    """A copy on the host from which `device` copies without anyone waiting."""
    host = torch.empty(weight.shape, dtype=weight.dtype, pin_memory=device.type == "cuda")
    return host.copy_(weight)


class Offloader:
    """Decides and counts. Over the threshold the tower leaves when no page waits; it returns only when one does, so
    that a load around the threshold does not make it swing. A tower without bytes on the device never leaves."""

    def __init__(self, weights: Movable, tower_bytes: int, threshold_bytes: int) -> None:
        self._weights = weights
        self._tower_bytes = tower_bytes
        self._threshold_bytes = threshold_bytes
        self.away = False
        self.offloads = 0

    @property
    def away_bytes(self) -> int:
        """Bytes of weights that are on the host now."""
        return self._tower_bytes if self.away else 0

    def balance(self, used_bytes: int, pages_wait: bool) -> None:
        """`used_bytes` counts the tower as if it were on the device."""
        if pages_wait:
            self.bring_back()
        elif self._tower_bytes and not self.away and used_bytes > self._threshold_bytes:
            self._weights.to_host()
            self.away = True
            self.offloads += 1

    def bring_back(self) -> None:
        """The tower will be used soon."""
        if self.away:
            self._weights.to_device()
            self.away = False

    def use(self) -> None:
        """The tower is used now."""
        self.bring_back()
        self._weights.ready()

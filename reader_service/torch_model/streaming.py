"""The vision tower's blocks where there is no room for them: on the host, and two at a time on the device.

While one block runs the next one is copied beside it, so the device holds two blocks instead of the whole tower. A
pass over the tower copies all of it: that is hidden where a chunk of pages computes longer than the copy takes.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import torch

from reader_service.torch_model.offload import pinned
from reader_service.torch_model.vision import Block

PLACES = 2


class StreamedBlocks:
    """Blocks of equal shapes. What they hold lies in one of the places; it is theirs while they are iterated only."""

    def __init__(self, blocks: Sequence[Block], device: torch.device) -> None:
        self._blocks, self._device = blocks, device
        self._host = [[pinned(tensor, device) for tensor in block.tensors()] for block in blocks]
        self._places = [[torch.empty_like(tensor) for tensor in block.tensors()] for block in blocks[:PLACES]]
        for number, block in enumerate(blocks):
            for tensor, place in zip(block.tensors(), self._places[number % PLACES], strict=True):
                tensor.data = place  # raises where a block has other shapes than the first
        self._copies = torch.cuda.Stream(device) if device.type == "cuda" else None  # type: ignore[no-untyped-call]
        self._arrived: list[torch.cuda.Event | None] = [None] * PLACES

    def __iter__(self) -> Iterator[Block]:
        """The blocks in order; when the next one is asked for, all work of the one before must have been queued."""
        self._bring(0)
        for number, block in enumerate(self._blocks):
            if number + 1 < len(self._blocks):
                self._bring(number + 1)
            self._wait(number)
            yield block

    def tensors(self) -> list[torch.Tensor]:
        """What it holds on the device."""
        return [tensor for place in self._places for tensor in place]

    def _bring(self, number: int) -> None:
        """Begins to copy a block into its place, once what stands there has been used."""
        pairs = list(zip(self._places[number % PLACES], self._host[number], strict=True))
        if self._copies is None:
            for place, host in pairs:
                place.copy_(host)
            return
        self._copies.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(self._copies):
            for place, host in pairs:
                place.copy_(host, non_blocking=True)
            self._arrived[number % PLACES] = self._copies.record_event()

    def _wait(self, number: int) -> None:
        """What is asked of the device from here on finds the block in its place."""
        arrived = self._arrived[number % PLACES]
        if arrived is not None:
            torch.cuda.current_stream().wait_event(arrived)

"""How products of one row are cut, chosen on the card that they will run on: a token's time is theirs.

Cards differ in what they like, so a few cuts of each shape are timed at start. Layers take turns, for a weight that is
used again at once would come from the cache.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Protocol

import torch

_MOST_LAYERS = 8
_REPLAYS = 3


@dataclass(frozen=True)
class Tiles:
    """Outputs a program, inputs (groups of 128 for 4 bits) a turn of its loop, warps, turns loaded ahead."""

    outputs: int
    inputs: int
    warps: int
    stages: int


PLAIN = (None, Tiles(4, 512, 4, 4), Tiles(8, 512, 4, 3), Tiles(2, 1024, 4, 4))
"""None is the library's product."""
INT8 = (Tiles(4, 1024, 4, 3), Tiles(8, 1024, 4, 3), Tiles(8, 512, 4, 4), Tiles(4, 512, 4, 1))
INT4 = (Tiles(16, 4, 4, 3), Tiles(4, 8, 4, 3), Tiles(32, 4, 4, 3), Tiles(8, 4, 2, 4), Tiles(64, 4, 8, 3))


class Tunable(Protocol):
    """A product whose cut can be chosen among `cuts`; `how` is the choice."""

    cuts: Sequence[Tiles | None]
    how: Tiles | None

    @property
    def shape(self) -> tuple[int, int]:
        """(outputs, inputs)."""

    def __call__(self, x: torch.Tensor) -> torch.Tensor:
        """The product."""


TimeMs = Callable[[Sequence[Callable[[], Any]]], float]
"""Milliseconds of some actions after one another."""


def tune(products: Iterable[Tunable], row: Callable[[int], torch.Tensor], time_ms: TimeMs) -> None:
    """Gives the products of each kind and shape the fastest of their cuts; `row(inputs)` makes an input."""
    alike: dict[Any, list[Tunable]] = defaultdict(list)
    for product in products:
        alike[type(product), product.shape].append(product)
    for group in alike.values():
        x, cuts = row(group[0].shape[1]), group[0].cuts
        times = [_timed(group, x, how, time_ms) for how in cuts]
        fastest = min(range(len(cuts)), key=times.__getitem__)
        for product in group:
            product.how = cuts[fastest] if times[fastest] < math.inf else None


def _timed(group: Sequence[Tunable], x: torch.Tensor, how: Tiles | None, time_ms: TimeMs) -> float:
    """Infinite for a cut that this card cannot run: a smaller one has less of what a tile needs."""
    some = group[:_MOST_LAYERS]
    for product in some:
        product.how = how
    try:
        return time_ms([partial(product, x) for product in some])
    except (torch.OutOfMemoryError, torch.AcceleratorError):
        raise
    except Exception:  # Triton's own kinds, which no CPU installation has
        return math.inf


def graph_ms(actions: Sequence[Callable[[], Any]]) -> float:
    """Milliseconds of actions in a CUDA graph, the fastest of a few replays. See `capture.uncollected`."""
    for action in actions:
        action()
    torch.cuda.synchronize()
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        for action in actions:
            action()
    times = []
    for _ in range(_REPLAYS):
        start, end = (torch.cuda.Event(enable_timing=True) for _ in range(2))  # type: ignore[no-untyped-call]
        start.record()
        graph.replay()
        end.record()
        end.synchronize()
        times.append(float(start.elapsed_time(end)))
    return min(times)

"""Owns the recording of CUDA graphs: nothing disturbs one, and one that fails leaves torch as it was."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any

import torch


class Recorded:
    """CUDA graphs of `run`, one for each size, which reads and writes the same tensors every time.

    What is not recorded runs eagerly, slower.
    """

    def __init__(self, run: Callable[[int], torch.Tensor], sizes: Sequence[int]) -> None:
        self._run, self.sizes = run, tuple(sorted(sizes))
        self._graphs: dict[int, tuple[torch.cuda.CUDAGraph, torch.Tensor]] = {}

    @property
    def live(self) -> bool:
        """Whether there are graphs."""
        return bool(self._graphs)

    def size_for(self, count: int) -> int | None:
        """The smallest size that holds so many; None where none does."""
        return next((size for size in self.sizes if size >= count), None)

    def run(self, size: int) -> torch.Tensor:
        """What `run` returns, which stays as it is until the next run of any size."""
        if size not in self._graphs:
            return self._run(size)
        graph, out = self._graphs[size]
        graph.replay()
        return out

    def record(self, pool: Any) -> None:
        """The largest size first, so that the smaller ones fit into its memory."""
        stream = torch.cuda.Stream()  # type: ignore[no-untyped-call]
        for size in reversed(self.sizes):
            stream.wait_stream(torch.cuda.current_stream())
            with torch.cuda.stream(stream):
                self._run(size)  # compiles and picks algorithms, which no recording may do
            torch.cuda.current_stream().wait_stream(stream)
            graph = torch.cuda.CUDAGraph()
            with torch.cuda.graph(graph, pool=pool, stream=stream):
                out = self._run(size)
            self._graphs[size] = graph, out

    def clear(self) -> None:
        """Gives the graphs' memory back."""
        self._graphs.clear()


def record(*functions: Recorded) -> str:
    """Records them all in one memory pool, or none of them: says why not then, else "".

    Python's collector must be kept away (`uncollected`). Raises OutOfMemoryError.
    """
    before, pool = torch.cuda.current_stream(), torch.cuda.graph_pool_handle()
    try:
        for function in functions:
            function.record(pool)
    except torch.OutOfMemoryError:
        raise
    except RuntimeError as error:
        for function in functions:
            function.clear()
        mend(before, pool)
        return str(error).splitlines()[0]
    return ""


@contextmanager
def uncollected() -> Iterator[None]:
    """Keeps Python's collector away. What it frees may be graphs of an earlier model, and destroying a graph while
    another one is recorded makes the recording invalid."""
    gc.collect()
    wanted = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if wanted:
            gc.enable()


def mend(stream: torch.cuda.Stream, pool: Any) -> None:
    """After a recording that failed: torch 2.11 leaves the recording's stream as the current one (`stream` was it
    before), its generator as if the recording went on, so that every later random number fails, and its allocator as if
    memory still went to the graphs' pool. Raises what a card raises that is lost for good."""
    torch.cuda.set_stream(stream)
    torch.cuda.synchronize(stream.device)
    index = stream.device.index or 0
    with suppress(RuntimeError):
        fresh = torch.Generator(device=stream.device).graphsafe_get_state()
        torch.cuda.default_generators[index].graphsafe_set_state(fresh)
    with suppress(RuntimeError, AttributeError):  # no name that torch promises to keep
        torch._C._cuda_endAllocateToPool(index, pool)


def probe(device: torch.device) -> str:
    """Whether a card records at all: "graphs", or "eager" and why not."""
    counter, graph = torch.zeros(1, device=device), torch.cuda.CUDAGraph()
    try:
        with uncollected(), torch.cuda.graph(graph):
            counter.add_(1)
        graph.replay()
        torch.cuda.synchronize(device)
    except RuntimeError as error:
        return f"eager: {str(error).splitlines()[0]}"
    return "graphs"

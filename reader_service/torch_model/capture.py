"""Owns the recording of CUDA graphs: nothing disturbs one, and one that fails leaves torch as it was."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import torch


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

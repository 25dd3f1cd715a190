"""How fast many answers decode at once, and where a token's time goes."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import torch

from benchmarks import gpu_model
from benchmarks.gpu_kernels import event_ms
from reader_service.torch_model.torch_reader import TorchReader

MOST_STEPS = 1000  # until every answer decodes; more means that one waits for room that others keep


def rate(desk: gpu_model.Desk, batch: int, context: int) -> str:
    """Tokens a second when all `batch` answers decode."""
    count = max(1, round(0.78 * context / 123))
    for number in range(batch):
        desk.resident(f"d{number}", gpu_model.pages(count, seed=number))
    jobs = [desk.ask(f"d{number}", context - 123 * count, 100) for number in range(batch)]
    for _ in range(MOST_STEPS):
        if all(job.decoding for job in jobs):
            break
        desk.engine.step()
        for job in jobs:
            job.sink.full = job.decoding  # waits for the others
        if any(job.ended for job in jobs):
            raise RuntimeError([job.sink.last for job in jobs if job.ended])
    else:
        raise RuntimeError(f"of {batch} answers only {len(desk.engine.scheduler.running)} find room")
    for job in jobs:
        job.sink.full = False
    waited = pace(desk, jobs, ahead=False)
    host = host_ms(desk)
    bare_ms = bare_step_ms(desk.model, jobs)
    ahead = pace(desk, jobs, ahead=True)  # last, as the reader is meant to run
    bare = f"graph alone {1e3 * batch / bare_ms:.0f}, {bare_ms:.2f} ms"
    return f"{ahead:.0f} tok/s ({waited:.0f} where each is waited for, {bare}; {host})"


def pace(desk: gpu_model.Desk, jobs: Sequence[Any], *, ahead: bool) -> float:
    """Tokens a second, each step begun before the one ahead of it is read, or after."""
    desk.model._parts.runner.runs_ahead = ahead
    for _ in range(3):
        desk.engine.step()
    torch.cuda.synchronize()
    began_s, before = time.perf_counter(), sum(job._drawn for job in jobs)
    for _ in range(30):
        desk.engine.step()
    return float(sum(job._drawn for job in jobs) - before) / (time.perf_counter() - began_s)


def host_ms(desk: gpu_model.Desk) -> str:
    """Where the time of a step that is waited for goes on the host: handing it over, waiting for it, all the rest."""
    model, spent = desk.model, {"decode": 0.0, "drawn": 0.0}
    for name in spent:
        setattr(model, name, clocked(getattr(model, name), name, spent))
    began_s = time.perf_counter()
    for _ in range(20):
        desk.engine.step()
    all_s = time.perf_counter() - began_s
    for name in spent:
        delattr(model, name)
    launch_s, wait_s = spent.values()
    rest_s = all_s - launch_s - wait_s
    return f"host: launch {50 * launch_s:.2f}, wait {50 * wait_s:.2f}, rest {50 * rest_s:.2f}"


def clocked(method: Callable[..., Any], name: str, spent: dict[str, float]) -> Callable[..., Any]:
    """A method whose seconds are added to `spent`."""

    def call(*args: Any) -> Any:
        began_s = time.perf_counter()
        try:
            return method(*args)
        finally:
            spent[name] += time.perf_counter() - began_s

    return call


def bare_step_ms(model: TorchReader, jobs: Any) -> float:
    """Milliseconds of a graph's replay alone, over and over the same step."""
    graphs = model._parts.runner.graphs  # type: ignore[attr-defined]
    steps = [job.next_step() for job in jobs]
    bucket = graphs.recorded.size_for(len(steps))
    graphs._fill(steps, bucket)
    return event_ms(partial(graphs.recorded.run, bucket))

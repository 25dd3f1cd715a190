"""Owns the one line that the log gets for every answer, and the advice in it."""

from __future__ import annotations

from typing import Any

import structlog

from gateway.answers import Completed

DENSE_SHARE = 0.94
IDLE_SHARE = 0.5
SLOW_TTFT_MS = 5000.0
DENSE = "dense input: consider code mode or fewer pages"
CPU_BOUND = "CPU-bound: check the renderers"

log = structlog.get_logger(__name__)


def advice(completed: Completed, usual_bytes: int) -> str:
    """What the figures suggest; empty where they suggest nothing, or where there is no card to judge by.

    `usual_bytes` is what answers usually take, 0 where nobody has said.
    """
    memory, timings = completed.answer.memory, completed.answer.timings
    if not (memory.on_gpu and usual_bytes):
        return ""
    share = memory.measured_peak_bytes / usual_bytes
    if share > DENSE_SHARE:
        return DENSE
    reader_ms = timings.queue_ms + timings.vision_ms + timings.prefill_ms
    if share < IDLE_SHARE and timings.ttft_ms > SLOW_TTFT_MS and reader_ms < timings.ttft_ms / 2:
        return CPU_BOUND
    return ""


def fields(completed: Completed, usual_bytes: int) -> dict[str, Any]:
    """The line's fields; the request id is bound to the log already."""
    answer, figures = completed.answer, completed.document.figures
    assert figures is not None, "an answered document was laid out"
    size = f"{figures.page_width}x{figures.page_height}"
    return {
        "rendered_pages": f"{figures.pages} of {size}px",
        "vlm_input": size,  # the page that is painted is the page that the model sees
        "gpu_mem": f"{answer.memory.measured_peak_bytes / 1e9:.2f}GB",
        "on_gpu": answer.memory.on_gpu,
        "mode": completed.document.header.mode.name.lower(),
        "rung": figures.rung,
        "font_px": figures.font_px,
        "vision_tokens": figures.vision_tokens,
        "completion_tokens": answer.usage.completion_tokens,
        "found": answer.found,
        "degraded": [step.reason for step in completed.degraded],
        **{name: round(ms, 1) for name, ms in vars(answer.timings).items()},
        "advice": advice(completed, usual_bytes),
    }


def answered(completed: Completed, usual_bytes: int) -> None:
    """Writes the line."""
    log.info("answered", **fields(completed, usual_bytes))

"""Random load on the engine: documents of 1–300 pages, questions, follow-ups, bursts, callers who leave."""

from __future__ import annotations

import math
import random
import time
from typing import Any

import torch

from benchmarks.gpu_model import Desk, pages
from reader_service.engine import Cancelled
from reader_service.errors import DocumentNotResident, DoesNotFit, OutOfMemory
from reader_service.results import Completed, DocumentInfo
from reader_service.torch_model.torch_reader import TorchReader

REQUESTS, AT_ONCE, LEAVING = 500, 64, 0.10
PAGE_PX = 224  # 64 vision tokens a page


def random_load(model: TorchReader, seconds: float) -> dict[str, Any]:
    """Requests until `REQUESTS` have been sent or the time is up; then all that was sent is finished.

    A request is a document read and asked about, in a third of the cases twice. Sizes are log-uniform.
    """
    dice, desk = random.Random(0), Desk(model)
    stock = pages(300, PAGE_PX)
    before = held(model)
    live: list[Any] = []
    ended: list[Any] = []
    sent, began_s = 0, time.perf_counter()
    peak_over = 0.0
    while live or (sent < REQUESTS and time.perf_counter() - began_s < seconds):
        open_ = sent < REQUESTS and time.perf_counter() - began_s < seconds
        while open_ and sent < REQUESTS and len(live) < AT_ONCE and dice.random() < 0.7:  # bursts
            count = round(300 ** dice.random())
            start = dice.randrange(300 - count + 1)
            live.append(desk.ingest(f"{sent}", stock[start : start + count]))
            live[-1].follow_ups = dice.choice((1, 1, 2))
            live[-1].leaves_after = dice.randrange(200) if dice.random() < LEAVING else None
            sent += 1
        desk.engine.step()
        for job in list(live):
            if job.ended:
                live.remove(job)
                ended.append(job)
                live += follow(desk, job, dice)
            elif getattr(job, "leaves_after", None) is not None:
                job.leaves_after -= 1
                if job.leaves_after < 0:
                    desk.engine.cancel(job)
    last = [job.sink.last for job in ended]
    desk.clear()
    for one in last:
        if isinstance(one, Completed | DocumentInfo) and not getattr(one, "reused", False):
            ledger = one.ledger
            peak_over = max(peak_over, ledger.measured_peak_bytes / ledger.predicted_peak_bytes)
    kinds = (Completed, DocumentInfo, Cancelled, DoesNotFit, DocumentNotResident, OutOfMemory)
    told = {kind.__name__: sum(isinstance(one, kind) for one in last) for kind in kinds}
    done = (Completed, DocumentInfo, Cancelled)
    unanswered = sum(not math.isnan(job.started_s) and not isinstance(job.sink.last, done) for job in ended)
    return {
        "documents": sent, "questions": len(ended) - sent, **told, "admitted_unanswered": unanswered,
        "others": len(last) - sum(told.values()), "seconds": time.perf_counter() - began_s,
        "measured_over_predicted_most": peak_over, "bytes_left_behind": held(model) - before,
        "tokens": desk.engine.load.tokens_generated, "offloads": model.offloads(),
        "reserved_and_unused_gb": (torch.cuda.memory_reserved() - torch.cuda.memory_allocated()) / 1e9,
    }  # fmt: skip


def follow(desk: Desk, job: Any, dice: random.Random) -> list[Any]:
    """The questions after a document, one after another."""
    name = getattr(job, "document_name", None) or getattr(getattr(job, "source", None), "document_id", "")
    if not isinstance(job.sink.last, Completed | DocumentInfo) or not job.follow_ups:
        return []
    answer = desk.ask(name, dice.randrange(8, 200), dice.randrange(4, 64))
    answer.document_name, answer.follow_ups = name, job.follow_ups - 1
    return [answer]


def held(model: TorchReader) -> int:
    """Bytes that tensors hold, the tower counted wherever it is."""
    return model._parts.card.held_bytes() + model._parts.offloader.away_bytes

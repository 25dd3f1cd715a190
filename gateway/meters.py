"""Owns what is counted for those who watch the gateway, in the words of Prometheus.

Labels are taken from lists of our own: nothing that a caller may make up becomes one.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector, generate_latest

from gateway.answers import Completed
from gateway.errors import GatewayError

COMPLETED, CANCELLED, BUG = "COMPLETED", "CANCELLED", "INTERNAL"
NAMESPACE = "glyphstream"
BUCKETS_S = (0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0, 900.0)


class Meters:
    """The counters of one process, in a registry of their own."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        ours: dict[str, Any] = {"namespace": NAMESPACE, "registry": self._registry}
        timed: dict[str, Any] = {**ours, "buckets": BUCKETS_S}
        self._answers = Counter("answers", "Questions that ended, by how.", ["outcome"], **ours)
        self._running = Gauge("answers_running", "Questions that are being answered.", **ours)
        self._first = Histogram("time_to_first_token_seconds", "From the question to its first text.", **timed)
        self._whole = Histogram("answer_seconds", "From the question to the end of its answer.", **timed)
        self._pages = Counter("pages", "Pages of the documents of completed answers.", **ours)
        self._vision = Counter("vision_tokens", "Vision tokens of completed answers.", **ours)
        self._text = Counter("completion_tokens", "Tokens that answers were written in.", **ours)
        self._steps = Counter("steps_down", "Lower resolutions that had to be used, by why.", ["reason"], **ours)
        self._peak = Gauge("reader_peak_bytes", "Memory that the reader measured at the last answer.", **ours)
        self._requests = Histogram(
            "http_request_seconds", "HTTP requests, by route and status.", ["route", "status"], **timed
        )
        ProcessCollector(namespace=NAMESPACE, registry=self._registry)

    @contextmanager
    def answering(self) -> Iterator[None]:
        """Around one question: counts it, and how it ended."""
        outcome = CANCELLED
        self._running.inc()
        try:
            yield
            outcome = COMPLETED
        except GatewayError as error:
            outcome = error.reason
            raise
        except Exception:
            outcome = BUG
            raise
        finally:
            self._running.dec()
            self._answers.labels(outcome).inc()

    def answered(self, completed: Completed) -> None:
        """What an answer took."""
        usage, timings = completed.answer.usage, completed.answer.timings
        self._first.observe(timings.ttft_ms / 1e3)
        self._whole.observe(timings.total_ms / 1e3)
        self._vision.inc(usage.vision_tokens)
        self._text.inc(usage.completion_tokens)
        self._pages.inc(completed.document.figures.pages if completed.document.figures else 0)
        self._peak.set(completed.answer.memory.measured_peak_bytes)
        for step in completed.degraded:
            self._steps.labels(step.reason).inc()

    def requested(self, route: str, status: int, took_s: float) -> None:
        """One HTTP request has ended."""
        self._requests.labels(route, str(status)).observe(took_s)

    def text(self) -> bytes:
        """Everything, as it is scraped."""
        return generate_latest(self._registry)

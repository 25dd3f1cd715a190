"""A hostile document costs one worker a bounded time and memory, and its sender one clear refusal."""

import resource
import signal
from collections.abc import AsyncIterator
from contextlib import aclosing

import pytest

from render_service.documents import Document, InvalidDocument
from render_service.extracting import TRIES, extracting
from render_service.jobs import ExtractJob, Report
from render_service.limits import bounded
from render_service.workers import RendererLost

MIB = 1024 * 1024
JOB = ExtractJob(Document(b"text"))
REPORT = Report("text/plain", 4, {}, "2", "utf-8", 4)


def standing() -> tuple[object, ...]:
    kinds = (resource.RLIMIT_AS, resource.RLIMIT_CPU)
    return (*map(resource.getrlimit, kinds), signal.getsignal(signal.SIGPROF), signal.getitimer(signal.ITIMER_PROF))


def swallow_everything() -> None:
    while True:
        try:
            while True:
                pass
        except Exception:
            continue


@pytest.mark.parametrize(
    ("work", "message"),
    [
        pytest.param(lambda: bytearray(512 * MIB), "more than 64 MiB of memory", id="memory"),
        pytest.param(swallow_everything, "more than 1 s of processor time", id="time"),
    ],
)
def test_what_takes_too_much_is_refused_and_the_process_is_as_before(work, message):
    before = standing()
    with pytest.raises(InvalidDocument, match=message), bounded(cpu_s=1, memory_bytes=64 * MIB):
        work()
    assert standing() == before


def test_what_is_modest_is_left_alone():
    before = standing()
    with bounded(cpu_s=5, memory_bytes=256 * MIB):
        assert len(bytearray(MIB)) == MIB
        assert resource.getrlimit(resource.RLIMIT_AS)[0] != before[0]
    assert standing() == before


class FragilePool:
    """Its workers die at the first `deaths` jobs, after `results` results."""

    def __init__(self, deaths: int, results: int = 0) -> None:
        self.deaths, self.results_before, self.jobs = deaths, results, 0

    async def results(self, job: ExtractJob) -> AsyncIterator[Report]:
        self.jobs += 1
        for _ in range(self.results_before):
            yield REPORT
        if self.jobs <= self.deaths:
            raise RendererLost("gone")
        yield REPORT


async def test_a_document_that_takes_two_workers_down_is_at_fault():
    pool = FragilePool(deaths=TRIES)
    with pytest.raises(InvalidDocument, match="breaks the program"):
        await anext(extracting(pool, JOB))
    assert pool.jobs == TRIES


async def test_a_worker_that_dies_for_anothers_reasons_is_forgotten():
    assert [result async for result in extracting(FragilePool(deaths=1), JOB)] == [REPORT]


async def test_what_was_told_already_cannot_be_told_again():
    async with aclosing(extracting(FragilePool(deaths=1, results=1), JOB)) as results:
        assert await anext(results) == REPORT
        with pytest.raises(RendererLost):
            await anext(results)

"""A hostile document costs one worker a bounded time and memory, and its sender one clear refusal."""

import resource
import signal
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ProcessPoolExecutor
from contextlib import aclosing
from multiprocessing import get_context

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


def hoard() -> None:
    bytearray(512 * MIB)


def take_little() -> None:
    assert len(bytearray(MIB)) == MIB


def limited(work: Callable[[], None]) -> tuple[str, bool, bool]:
    """What is said of some work under limits, whether there were any, and whether all is as before; run in a process
    of its own, as limits are made for: threads of other tests can do nothing sensible where memory ends."""
    before, said, was_limited = standing(), "", False
    try:
        with bounded(cpu_s=1, memory_bytes=64 * MIB):
            was_limited = standing() != before
            work()
    except InvalidDocument as error:
        said = str(error)
    return said, was_limited, standing() == before


@pytest.mark.parametrize(
    ("work", "said"),
    [
        pytest.param(hoard, "reading the document takes more than 64 MiB of memory", id="memory"),
        pytest.param(swallow_everything, "reading the document takes more than 1 s of processor time", id="time"),
        pytest.param(take_little, "", id="modest"),
    ],
)
def test_what_takes_too_much_is_refused_and_the_process_is_as_before(work, said):
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as own:
        assert own.submit(limited, work).result() == (said, True, True)


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

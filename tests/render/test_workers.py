"""The pool ends every job exactly once, streams what is ready, and outlives its workers."""

import asyncio
import os
import pickle
import signal
from collections.abc import AsyncIterator
from contextlib import aclosing

import pytest
import pytest_asyncio

from render_service import frames, worker_process, workers
from render_service.documents import InvalidDocument
from render_service.jobs import EstimateJob, Manifest, PageImage, RenderJob
from render_service.style import Flow, Style
from render_service.workers import Pool, RendererBusy, RendererLost, Worker

pytestmark = pytest.mark.asyncio(loop_scope="module")

STYLE = Style(flow=Flow.CELLS, font_px=14, max_width_px=448, max_height_px=224)
MANY_PAGES = RenderJob("一行字\n".encode() * 16_000, STYLE)
FEW_PAGES = RenderJob("一行字\n".encode() * 40, STYLE)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def pool() -> AsyncIterator[Pool]:
    pool = Pool(workers=1, waiting_jobs=1, retry_after_s=2.5)
    await pool.start()
    yield pool
    await pool.close()


async def test_pages_come_in_order_after_their_manifest(pool):
    manifest, *pages = [result async for result in pool.results(FEW_PAGES)]
    assert isinstance(manifest, Manifest)
    assert [page.index for page in pages] == list(range(len(manifest.pages))) == [0, 1, 2]
    assert [page.size for page in pages] == list(manifest.pages)


async def test_a_refusal_crosses_the_pipe_as_itself_and_the_worker_goes_on(pool):
    before = pool.pids
    with pytest.raises(InvalidDocument, match="byte 1"):
        await anext(pool.results(EstimateJob(b"a\xff", STYLE)))
    assert isinstance(await anext(pool.results(EstimateJob(b"a", STYLE))), Manifest)
    assert pool.pids == before


async def test_a_bug_in_a_worker_arrives_with_its_traceback(pool):
    with pytest.raises(frames.WorkerBug, match="AttributeError"):
        await anext(pool.results("no job"))


async def test_a_reader_who_leaves_gives_the_worker_back_unharmed(pool):
    before = pool.pids
    async with aclosing(pool.results(MANY_PAGES)) as results:
        await anext(results)
        assert (await anext(results)).index == 0
    assert len([result async for result in pool.results(FEW_PAGES)]) == 4
    assert pool.pids == before


async def test_a_cancelled_wait_for_a_page_leaves_the_pipe_in_step(pool):
    async def read_all() -> None:
        async for _ in pool.results(MANY_PAGES):
            started.set()

    for _ in range(3):
        started = asyncio.Event()
        task = asyncio.create_task(read_all())
        await started.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert len([result async for result in pool.results(FEW_PAGES)]) == 4


async def test_a_killed_worker_fails_its_job_and_is_replaced(pool):
    before = pool.pids
    results = pool.results(MANY_PAGES)
    await anext(results)
    os.kill(before[0], signal.SIGKILL)
    with pytest.raises(RendererLost):
        async for _ in results:
            pass
    assert isinstance(await anext(pool.results(EstimateJob(b"a", STYLE))), Manifest)
    assert pool.pids != before


async def test_jobs_beyond_the_bound_are_refused_with_a_time_to_come_back(pool):
    async with pool.admitted(), pool.admitted():
        with pytest.raises(RendererBusy) as refused:
            async with pool.admitted():
                pass
    assert refused.value.retry_after_s == 2.5
    async with pool.admitted():
        pass


async def test_a_worker_that_is_told_to_stop_paints_no_further_page():
    reading, writing = os.pipe()
    os.write(writing, b"stop")
    kinds = [kind for kind, _ in worker_process._answers(FEW_PAGES, reading)]
    assert kinds == [frames.Kind.RESULT, frames.Kind.END]
    os.read(reading, 4)
    answers = [value for _, value in worker_process._answers(FEW_PAGES, reading)]
    assert [isinstance(value, PageImage) for value in answers] == [False, True, True, True, False]
    os.close(reading)
    os.close(writing)


class Pipes:
    """A process as a worker sees it, played by the test: what is sent to it, and what it answers."""

    def __init__(self) -> None:
        self.stdout = asyncio.StreamReader()
        self.stdin = self
        self.sent = []
        self.returncode = None

    def is_closing(self) -> bool:
        return False

    def write(self, data: bytes) -> None:
        self.sent.append(pickle.loads(data[frames.LENGTH.size :]))


async def test_a_read_that_is_cancelled_within_a_frame_goes_on_where_it_was():
    pipes = Pipes()
    answer = frames.frame((frames.Kind.RESULT, "page")) + frames.frame((frames.Kind.END, None))
    pipes.stdout.feed_data(answer[: frames.LENGTH.size + 3])
    worker = Worker(pipes)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0):
            await worker._read()
    pipes.stdout.feed_data(answer[frames.LENGTH.size + 3 :])
    assert [await worker._read(), await worker._read()] == [(frames.Kind.RESULT, "page"), (frames.Kind.END, None)]


async def test_a_worker_left_at_its_job_is_told_to_stop_and_waited_for():
    pipes = Pipes()
    worker = Worker(pipes)
    answers = [(frames.Kind.RESULT, 1), (frames.Kind.RESULT, 2), (frames.Kind.END, None)]
    pipes.stdout.feed_data(b"".join(map(frames.frame, answers)))
    async with aclosing(worker.results(FEW_PAGES)) as results:
        assert await anext(results) == 1
    assert await worker.settle()
    assert [type(message) for message in pipes.sent] == [RenderJob, frames.Stop]
    assert await worker.settle()
    assert len(pipes.sent) == 2


async def test_a_worker_that_does_not_stop_in_time_is_of_no_further_use(monkeypatch):
    monkeypatch.setattr(workers, "STOP_WAIT_S", 0.01)
    pipes = Pipes()
    worker = Worker(pipes)
    pipes.stdout.feed_data(frames.frame((frames.Kind.RESULT, 1)))
    async with aclosing(worker.results(FEW_PAGES)) as results:
        await anext(results)
    assert not await worker.settle()


async def test_a_closed_pool_leaves_no_process_behind():
    pool = Pool(workers=2, waiting_jobs=0, retry_after_s=1)
    await pool.start()
    pids = pool.pids
    assert len(pids) == 2
    await pool.close()
    for pid in pids:
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)


async def test_a_pool_that_closes_under_a_job_starts_no_worker_in_its_place(monkeypatch):
    pool = Pool(workers=1, waiting_jobs=0, retry_after_s=1)
    await pool.start()
    results = pool.results(MANY_PAGES)
    await anext(results)
    started = []

    async def start() -> Worker:
        started.append("a worker that nobody would end")
        raise KeyError

    monkeypatch.setattr(Worker, "start", start)
    await pool.close()
    with pytest.raises(RendererLost):
        async for _ in results:
            pass
    await asyncio.gather(*pool._returning, return_exceptions=True)
    assert (started, pool.pids) == ([], ())


async def test_a_pool_that_comes_up_in_part_only_leaves_no_process_behind(monkeypatch):
    start, came_up = Worker.start, asyncio.get_running_loop().create_future()

    async def start_one() -> Worker:
        monkeypatch.setattr(Worker, "start", fail_later)
        came_up.set_result(await start())
        return await came_up

    async def fail_later() -> Worker:
        await came_up
        raise RendererLost("no room")

    monkeypatch.setattr(Worker, "start", start_one)
    with pytest.raises(RendererLost, match="no room"):
        await Pool(workers=2, waiting_jobs=0, retry_after_s=1).start()
    with pytest.raises(ProcessLookupError):
        os.kill((await came_up).pid, 0)


async def test_a_pool_whose_replacing_is_cut_off_sees_the_lost_worker_out_too(monkeypatch):
    kill, ending, ended = Worker.kill, asyncio.Event(), []

    async def told_kill(worker: Worker) -> None:
        ending.set()
        await kill(worker)
        ended.append(worker.pid)

    monkeypatch.setattr(Worker, "kill", told_kill)
    pool = Pool(workers=1, waiting_jobs=0, retry_after_s=1)
    await pool.start()
    (pid,) = pool.pids
    results = pool.results(MANY_PAGES)
    await anext(results)
    os.kill(pid, signal.SIGKILL)
    with pytest.raises(RendererLost):
        async for _ in results:
            pass
    await ending.wait()
    await pool.close()
    assert ended == [pid]

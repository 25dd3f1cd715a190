"""The pool ends every job exactly once, streams what is ready, and outlives its workers."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Iterator
from contextlib import aclosing
from dataclasses import replace
from itertools import pairwise

import pytest
import pytest_asyncio

from render_service import frames, worker_process, workers
from render_service.documents import InvalidDocument
from render_service.jobs import EstimateJob, Manifest, PageImage, RenderJob
from render_service.layout import Cut
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


class Played:
    """A worker process and its pipes, played by the test: what is sent to it, and what it answers."""

    def __init__(self) -> None:
        self.source, self.sink = frames.pipe()
        self.inbox = frames.Inbox(self.source)
        self.returncode = None
        self.sent = bytearray()

    def worker(self) -> Worker:
        return Worker(self, self.inbox, self)

    def is_closing(self) -> bool:
        return False

    def write(self, data: bytes) -> None:
        self.sent += data

    def answer(self, *parts: bytes) -> None:
        for part in parts:
            os.write(self.sink, part)

    def heard(self) -> list[object]:
        """The messages that were sent."""
        reading, writing = os.pipe()
        os.write(writing, self.sent)
        os.close(writing)
        messages = list(worker_process._messages(reading))
        os.close(reading)
        return messages


@pytest.fixture
def played() -> Iterator[Played]:
    played = Played()
    yield played
    played.inbox.close()
    os.close(played.sink)


ANSWERS = [(frames.Kind.RESULT, 1), (frames.Kind.RESULT, 2), (frames.Kind.END, None)]
PAGE = PageImage(0, Cut(28, 14, 0, 1, (0,)), "image/png", b"ink" * 1_000, bytes(32), 0)


async def test_a_read_that_is_cancelled_within_a_frame_goes_on_where_it_was(played):
    worker = played.worker()
    pages = [(frames.Kind.RESULT, PAGE), (frames.Kind.RESULT, replace(PAGE, index=1))]
    whole = b"".join(frames.frame(pages))
    bounds = [0, 5, frames.HEAD.size, frames.HEAD.size + 3, len(whole) - 4_000, len(whole) - 3_000, len(whole) - 7]
    for start, stop in pairwise(bounds):
        played.answer(whole[start:stop])
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0):
                await worker._read()
    played.answer(whole[bounds[-1] :], *frames.frame([(frames.Kind.END, None)]))
    assert [await worker._read() for _ in range(3)] == [*pages, (frames.Kind.END, None)]


async def test_an_image_travels_beside_its_pickle_and_is_not_copied(played):
    parts = frames.frame([PAGE])
    assert len(parts) == 2
    assert parts[1].obj is PAGE.image
    assert len(parts[0]) < 1_000
    played.answer(*parts)
    page = await played.inbox.read()
    assert page == PAGE
    assert type(page.image) is bytes


async def test_a_pipe_that_ends_within_a_frame_is_a_lost_worker(played):
    played.answer(frames.frame(ANSWERS)[0][:20])
    os.dup2(os.open(os.devnull, os.O_WRONLY), played.sink)
    with pytest.raises(RendererLost):
        await played.worker()._read()


async def test_a_worker_left_at_its_job_is_told_to_stop_and_waited_for(played):
    worker = played.worker()
    played.answer(*frames.frame(ANSWERS))
    async with aclosing(worker.results(FEW_PAGES)) as results:
        assert await anext(results) == 1
    assert await worker.settle()
    assert [type(message) for message in played.heard()] == [RenderJob, frames.Stop]
    assert played.heard()[0] == FEW_PAGES
    assert await worker.settle()
    assert len(played.heard()) == 2


async def test_a_worker_that_does_not_stop_in_time_is_of_no_further_use(played, monkeypatch):
    monkeypatch.setattr(workers, "STOP_WAIT_S", 0.01)
    worker = played.worker()
    played.answer(*frames.frame([(frames.Kind.RESULT, 1)]))
    async with aclosing(worker.results(FEW_PAGES)) as results:
        await anext(results)
    assert not await worker.settle()


@pytest.mark.parametrize(
    ("hold_s", "hold_pages", "hold_bytes", "frames_of"),
    [
        pytest.param(1e9, 64, 10**9, [1, 1, 6], id="held until the end"),
        pytest.param(0, 64, 10**9, [1] * 8, id="each on its own"),
        pytest.param(1e9, 3, 10**9, [1, 1, 3, 3], id="so many at most"),
        pytest.param(1e9, 64, 2 * len(PAGE.image), [1, 1, 2, 2, 2], id="so large at most"),
    ],
)
async def test_the_manifest_and_the_first_page_leave_at_once_and_others_together(
    monkeypatch, hold_s, hold_pages, hold_bytes, frames_of
):
    for name, value in (("HOLD_S", hold_s), ("HOLD_PAGES", hold_pages), ("HOLD_BYTES", hold_bytes)):
        monkeypatch.setattr(worker_process, name, value)
    sent = []
    monkeypatch.setattr(worker_process, "frame", lambda held: sent.append(len(held)) or [])
    outbox = worker_process.Outbox(-1)
    outbox.put(frames.Kind.RESULT, "manifest")
    for _ in range(6):
        outbox.put(frames.Kind.RESULT, PAGE)
    outbox.put(frames.Kind.END, None)
    assert sent == frames_of


async def test_a_pipe_that_takes_a_part_at_a_time_gets_all_of_it(played):
    large = [bytes([number]) * 700_000 for number in range(3)]
    writing = asyncio.create_task(asyncio.to_thread(worker_process._write, played.sink, frames.frame([tuple(large)])))
    assert await played.inbox.read() == tuple(large)
    await writing


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


@pytest.mark.parametrize("waits", [True, False], ids=["waiting", "not yet"])
async def test_a_pipe_that_is_closed_under_its_reader_ends(waits):
    source, sink = os.pipe()
    inbox = frames.Inbox(source)
    reading = asyncio.ensure_future(inbox.read())
    if waits:
        await asyncio.sleep(0)  # the reader's turn
    inbox.close()
    taken = os.open(os.devnull, os.O_RDONLY)  # the number that the pipe had
    inbox.close()
    with pytest.raises(EOFError, match="closed here"):
        await reading
    os.close(taken)  # it is still there to be closed
    os.close(sink)

"""Owns the pool of worker processes: all heavy work of the service happens there, off the event loop.

A job's results stream through the worker's pipe, which holds a few pages: a slow reader slows the painting, and a
reader that leaves stops it at the next result. A worker that dies fails its job only, and is replaced.
"""

import asyncio
import os
import sys
from asyncio.subprocess import Process
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing, asynccontextmanager
from typing import Any

import structlog

from render_service.frames import Inbox, Kind, Stop, frame, pipe
from render_service.jobs import Job, Result

COMMAND = (sys.executable, "-m", "render_service.worker_process")
START_WAIT_S = 30.0
STOP_WAIT_S = 5.0
RESTART_PAUSE_S = 1.0

log = structlog.get_logger(__name__)


class RendererLost(Exception):
    """The worker process died at this job: another try may do, here or at another replica."""


class RendererBusy(Exception):
    """As many jobs are under way and waiting as the settings allow; `retry_after_s` says when to come back."""

    def __init__(self, message: str, retry_after_s: float) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s


class Worker:
    """One worker process and its pipe; one job at a time."""

    def __init__(self, process: Process, inbox: Inbox, outbox: asyncio.WriteTransport) -> None:
        self._process = process
        self._inbox, self._outbox = inbox, outbox
        self._working = False

    @classmethod
    async def start(cls) -> "Worker":
        """A worker that is warm. Raises RendererLost where it does not come up."""
        worker = cls(*await _spawned())
        try:
            async with asyncio.timeout(START_WAIT_S):
                await worker._read()
        except (RendererLost, TimeoutError) as error:
            await worker.kill()
            raise RendererLost("a worker process did not start") from error
        except BaseException:
            await worker.kill()
            raise
        return worker

    @property
    def pid(self) -> int:
        """Process id."""
        return self._process.pid

    @property
    def alive(self) -> bool:
        """Whether the process has not been seen to end."""
        return self._process.returncode is None

    async def results(self, job: Job) -> AsyncGenerator[Result, None]:
        """The results of a job as they come. Raises what the job raises, and RendererLost."""
        self._working = True
        self._send(job)
        while True:
            kind, value = await self._read()
            if kind is Kind.RESULT:
                yield value
                continue
            self._working = False
            if kind is Kind.ERROR:
                raise value
            return

    async def settle(self) -> bool:
        """Stops the job under way, if any; False where the worker is no longer of use."""
        try:
            async with asyncio.timeout(STOP_WAIT_S):
                if self._working:
                    self._send(Stop())
                while self._working:
                    kind, _ = await self._read()
                    self._working = kind is Kind.RESULT
        except (RendererLost, TimeoutError):
            return False
        return self.alive

    async def kill(self) -> None:
        """Ends the process and waits for it."""
        if self.alive:
            self._process.kill()
        if not self._outbox.is_closing():
            self._outbox.abort()
        await self._process.wait()
        self._inbox.close()

    def _send(self, message: object) -> None:
        if self._outbox.is_closing() or not self.alive:
            raise RendererLost("the worker process is gone")
        for part in frame(message):
            self._outbox.write(part)

    async def _read(self) -> tuple[Kind, Any]:
        """The next frame. May be cancelled and called again."""
        try:
            kind, value = await self._inbox.read()
        except EOFError as error:
            raise RendererLost("the worker process died at this job") from error
        return kind, value


class Pool:
    """A fixed number of workers, and a bounded number of jobs that wait for one."""

    def __init__(self, workers: int, waiting_jobs: int, retry_after_s: float) -> None:
        self._size = workers
        self._admissible = workers + waiting_jobs
        self._retry_after_s = retry_after_s
        self._workers: set[Worker] = set()
        self._idle: asyncio.Queue[Worker] = asyncio.Queue()
        self._returning: set[asyncio.Task[None]] = set()
        self._admitted = 0
        self._closed = False

    @property
    def pids(self) -> tuple[int, ...]:
        """Process ids of the workers that are up."""
        return tuple(sorted(worker.pid for worker in self._workers if worker.alive))

    async def start(self) -> None:
        """Brings every worker up, warm. Raises RendererLost, and then leaves none behind."""
        try:
            async with asyncio.TaskGroup() as group:
                for _ in range(self._size):
                    group.create_task(self._bring_up())
        except BaseExceptionGroup as errors:
            await self.close()
            raise errors.exceptions[0] from None

    async def _bring_up(self) -> None:
        self._take_in(await Worker.start())

    async def close(self) -> None:
        """Ends every worker, whatever it is at. A job that hears of it brings no new one up."""
        self._closed = True
        for task in self._returning:
            task.cancel()
        await asyncio.gather(*self._returning, return_exceptions=True)
        await asyncio.gather(*(worker.kill() for worker in self._workers))
        self._workers.clear()

    @asynccontextmanager
    async def admitted(self) -> AsyncIterator[None]:
        """Holds one of the places for jobs, so that what a call collects is bounded. Raises RendererBusy."""
        if self._admitted >= self._admissible:
            raise RendererBusy(f"{self._admitted} jobs are under way or waiting", self._retry_after_s)
        self._admitted += 1
        try:
            yield
        finally:
            self._admitted -= 1

    async def results(self, job: Job) -> AsyncGenerator[Result, None]:
        """Waits for a worker and streams the results of a job. Close it, and the worker stops at the next result."""
        worker = await self._idle.get()
        try:
            async with aclosing(worker.results(job)) as results:
                async for result in results:
                    yield result
        finally:
            if not self._closed:  # else nobody would end the one that replaces it
                task = asyncio.create_task(self._take_back(worker))
                self._returning.add(task)
                task.add_done_callback(self._returning.discard)

    async def _take_back(self, worker: Worker) -> None:
        if await worker.settle():
            self._idle.put_nowait(worker)
            return
        log.warning("worker_lost", pid=worker.pid)
        await worker.kill()
        self._workers.discard(worker)  # not before: `close` ends those that are known
        self._take_in(await _persistently_started())

    def _take_in(self, worker: Worker) -> None:
        self._workers.add(worker)
        self._idle.put_nowait(worker)


async def _spawned() -> tuple[Process, Inbox, asyncio.WriteTransport]:
    """A worker process, its results and where to write its jobs."""
    (job_source, job_sink), (source, sink) = pipe(), pipe()
    loop = asyncio.get_running_loop()
    outbox, _ = await loop.connect_write_pipe(asyncio.BaseProtocol, os.fdopen(job_sink, "wb", 0))
    try:
        process = await asyncio.create_subprocess_exec(*COMMAND, stdin=job_source, stdout=sink)
    except BaseException:
        outbox.abort()
        os.close(source)
        raise
    finally:
        os.close(job_source)
        os.close(sink)
    return process, Inbox(source), outbox


async def _persistently_started() -> Worker:
    """A pool that shrinks would end as one that never answers: try until a worker comes up."""
    while True:
        try:
            return await Worker.start()
        except (RendererLost, OSError) as error:
            log.error("worker_not_started", error=str(error))
            await asyncio.sleep(RESTART_PAUSE_S)

"""Owns the life of a server process: start, warm, serve, drain, stop. What is warmed and drained is the caller's."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from contextlib import asynccontextmanager, contextmanager, nullcontext
from typing import Any

import structlog

from serving.server import Admit, CannotListen, Endpoint, Hook, Register, Server, anyone
from serving.status import ErrorTable

__all__ = ["CANNOT_LISTEN", "ENDED", "LOST", "CannotListen", "Endpoint", "Hook", "Register", "run", "running", "serve"]

ENDED = 0
CANNOT_LISTEN = 69  # sysexits' EX_UNAVAILABLE
LOST = 70
# After a loss nothing can finish any more: long enough for statuses to leave, no longer.
LOST_GRACE_S = 1.0
DROPPED_BYTES = 4096

log = structlog.get_logger(__name__)


def run(process: Coroutine[Any, Any, int]) -> int:
    """Runs a process to its exit status; where it cannot listen, that is one line in the log and status 69."""
    try:
        return asyncio.run(process)
    except CannotListen as error:
        log.error("cannot listen", error=str(error))
        return CANNOT_LISTEN


async def nothing() -> None:
    """The hook of a process that has nothing to warm or to drain."""


async def serve(
    *,
    name: str,
    endpoint: Endpoint,
    table: ErrorTable,
    register: Register,
    admit: Admit = anyone,
    warm: Hook = nothing,
    drain: Hook = nothing,
    announce: Callable[[int], None] | None = None,
    lost: asyncio.Event | None = None,
    end_with_stdin: bool = False,
) -> int:
    """Runs a server until SIGTERM or SIGINT; returns the exit status of the process.

    With `end_with_stdin` the end of standard input counts as a signal: whoever holds its other end, and is killed,
    takes the server along.

    `register` adds the servicers and returns their full names; `admit` raises for a call that may not pass.
    The port is announced before `warm` is awaited; until then, and while it drains, every call but health and
    reflection fails with UNAVAILABLE (WARMING, DRAINING).
    Ending takes `endpoint.drain_s` at most, `drain` included; a second signal ends the process at once.
    Returns 0 after a signal, 70 after `lost` was set, then without draining. Raises what `register` or `warm` raise,
    and CannotListen where the port is taken.
    """
    lost = lost or asyncio.Event()
    bound = log.bind(name=name)
    with _told_to_end(end_with_stdin) as told:
        server = Server(endpoint, table, register, admit)
        port = await server.start()
        bound.info("listening", host=endpoint.host, port=port)
        if announce:
            announce(port)
        try:
            await _first(_warm_and_stay(server, warm, bound), told.wait(), lost.wait())
        finally:
            bound.info("draining", lost=lost.is_set())
            await (server.end(nothing, LOST_GRACE_S) if lost.is_set() else server.end(drain, endpoint.drain_s))
    bound.info("stopped")
    return LOST if lost.is_set() else ENDED


@asynccontextmanager
async def running(
    register: Register,
    *,
    table: ErrorTable | None = None,
    endpoint: Endpoint | None = None,
    admit: Admit = anyone,
    warm: Hook = nothing,
    drain: Hook = nothing,
) -> AsyncIterator[int]:
    """The same server without a process around it: yields its port once it serves, ends it on the way out."""
    endpoint = endpoint or Endpoint()
    server = Server(endpoint, table or {}, register, admit)
    port = await server.start()
    try:
        await warm()
        server.open()
        yield port
    finally:
        await server.end(drain, endpoint.drain_s)


async def _warm_and_stay(server: Server, warm: Hook, bound: Any) -> None:
    await warm()
    server.open()
    bound.info("serving")
    await asyncio.Event().wait()


async def _first(*waits: Coroutine[Any, Any, Any]) -> None:
    """Returns when the first of them does, with its error if it has one; the others are cancelled."""
    tasks = [asyncio.ensure_future(wait) for wait in waits]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


@contextmanager
def _told_to_end(with_stdin: bool) -> Iterator[asyncio.Event]:
    """An event that the first SIGTERM or SIGINT sets; the second one then does what it does by default.

    `with_stdin`: the end of standard input sets it too.
    """
    loop, told = asyncio.get_running_loop(), asyncio.Event()

    def first() -> None:
        told.set()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.remove_signal_handler(number)
            signal.signal(number, signal.SIG_DFL)

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, first)
    with _at_end_of_stdin(told.set) if with_stdin else nullcontext():
        try:
            yield told
        finally:
            for number in (signal.SIGTERM, signal.SIGINT):
                loop.remove_signal_handler(number)


@contextmanager
def _at_end_of_stdin(ended: Callable[[], None]) -> Iterator[None]:
    """Calls `ended` when nobody can write to standard input any more; what is written there is dropped."""
    loop, stdin = asyncio.get_running_loop(), sys.stdin.fileno()

    def readable() -> None:
        if not os.read(stdin, DROPPED_BYTES):
            loop.remove_reader(stdin)
            ended()

    loop.add_reader(stdin, readable)
    try:
        yield
    finally:
        loop.remove_reader(stdin)

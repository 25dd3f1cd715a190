"""Owns the three services as child processes on loopback: started, awaited, and ended on every way out. Where this
process is killed, they end by themselves, since the standard input that they were given ends.

They are processes and nothing more to this module: what they tell, they tell as JSON lines on standard error.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from collections import deque
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gateway.settings import IN_MEMORY, NO_HTTP, child_environment

HOST = "127.0.0.1"
LOG_LINES_KEPT = 12
LOG_LINE_MAX_BYTES = 1 << 20
END_LIMIT_S = 15.0

Hear = Callable[[str], None]


@dataclass(frozen=True)
class Addresses:
    """Where the services of a stack listen, as host:port; `http` is empty where the gateway speaks none."""

    gateway: str
    render: str
    reader: str
    http: str = ""


class ServiceDied(Exception):
    """A service ended although nobody told it to: one line that says which, how, and the last error that it told.

    `unheard` are the last lines of its log where nobody heard them.
    """

    def __init__(self, message: str, unheard: Sequence[str] = ()) -> None:
        super().__init__(message)
        self.unheard = tuple(unheard)


class Service:
    """One child process. It has a process group of its own, so that nothing of it outlives `end`.

    `http` is where it speaks HTTP, once it serves; empty where it does not.
    """

    def __init__(self, module: str, hear: Hear | None = None) -> None:
        self._module, self._hear = module, hear
        self._tail: deque[str] = deque(maxlen=LOG_LINES_KEPT)
        self._port: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self._serving: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.http = ""

    async def start(self, environment: Mapping[str, str]) -> None:
        """Starts the process; `environment` comes on top of this process's own."""
        self._process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", self._module, "--end-with-stdin", "true"),
            env=child_environment(environment),
            stdin=asyncio.subprocess.PIPE,  # never written to: it ends when we do, were it by SIGKILL
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.PIPE,
            limit=LOG_LINE_MAX_BYTES,
            start_new_session=True,
        )
        self._listener = asyncio.create_task(self._listen())

    async def port(self) -> int:
        """The port it listens on, once it does. Raises ServiceDied."""
        return await asyncio.shield(self._port)

    async def serving(self) -> None:
        """Returns once it serves. Raises ServiceDied."""
        await asyncio.shield(self._serving)

    async def died(self) -> None:
        """Never returns while it lives. Raises ServiceDied."""
        await asyncio.shield(self._listener)
        raise self._death()

    async def end(self) -> None:
        """SIGTERM and time to drain, if it serves at all; then SIGKILL for whatever is left of its process group."""
        try:
            if self._serving.done() and self._process.returncode is None:
                self._process.terminate()
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._process.wait(), END_LIMIT_S)
        finally:
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(self._process.pid, signal.SIGKILL)
            await self._process.wait()
            await self._listener

    async def _listen(self) -> None:
        """Reads its log to the end; a pipe that nobody reads would stop it."""
        assert self._process.stderr is not None
        async for raw in _lines(self._process.stderr):
            line = raw.decode("utf-8", "replace").rstrip()
            self._tail.append(line)
            if self._hear:
                self._hear(line)
            self._note(line)
        await self._process.wait()
        for waited in (self._port, self._serving):
            if not waited.done():
                waited.set_exception(self._death())
                waited.exception()  # whoever still waits gets it; nobody has to

    def _note(self, line: str) -> None:
        said = _said(line)
        event = said.get("event")
        if event == "listening" and not self._port.done():
            self._port.set_result(int(said["port"]))
        elif event == "listening for http":
            self.http = f"{said['host']}:{said['port']}"
        elif event == "serving" and not self._serving.done():
            self._serving.set_result(None)

    def _death(self) -> ServiceDied:
        status, unheard = self._process.returncode, () if self._hear else self._tail
        assert status is not None  # it has been waited for
        if status < 0:
            return ServiceDied(f"{self._module} was ended by {signal.Signals(-status).name}", unheard)
        why = f": {told}" if status and (told := _last_error(self._tail)) else ""
        return ServiceDied(f"{self._module} ended with status {status}{why}", unheard)


def _said(line: str) -> Mapping[str, Any]:
    """The fields of a line of a log; none where it is no JSON object."""
    try:
        said = json.loads(line)
    except ValueError:
        return {}
    return said if isinstance(said, dict) else {}


def _last_error(lines: Sequence[str]) -> str:
    """The last error in a log: what it logged as one, or the end of what it wrote as it fell."""
    for line in reversed(lines):
        said = _said(line)
        if said.get("level") in ("error", "critical"):
            return str(said.get("error") or said.get("event"))
        if line.strip() and not said:
            return line.strip()
    return ""


async def _lines(log: asyncio.StreamReader) -> AsyncIterator[bytes]:
    """The lines of a log to its end; one that is too long to be held is left out."""
    while True:
        try:
            line = await log.readline()
        except ValueError:  # it has been thrown away; what is left of it comes as a line
            continue
        if not line:
            return
        yield line


NO_SETTINGS: Mapping[str, str] = {}


@asynccontextmanager
async def running_stack(
    port: int = 0,
    store: Path | None = None,
    hear: Hear | None = None,
    http: str = NO_HTTP,
    settings: Mapping[str, str] = NO_SETTINGS,
) -> AsyncIterator[Addresses]:
    """The three services, serving; without `store` documents are kept in memory, for as long as the stack runs.

    `http` is HOST:PORT of the web page; without it there is none. `settings` are environment variables for all three,
    such as GLYPHSTREAM_READER_MODEL.

    Ended in the reverse order on the way out. Raises ServiceDied where one ends before it serves, or later, while the
    body of the `async with` runs: that is then cancelled.
    """
    async with AsyncExitStack() as stack:
        render, reader, gateway = (Service(name, hear) for name in ("render_service", "reader_service", "gateway"))
        for service, prefix in ((render, "RENDER"), (reader, "READER")):
            own = {f"GLYPHSTREAM_{prefix}_PORT": "0", f"GLYPHSTREAM_{prefix}_HOST": HOST}
            await _start(stack, service, {**settings, **own})
        render_target, reader_target = [f"{HOST}:{await service.port()}" for service in (render, reader)]
        environment = {
            **settings,
            "GLYPHSTREAM_GATEWAY_HOST": HOST,
            "GLYPHSTREAM_GATEWAY_PORT": str(port),
            "GLYPHSTREAM_GATEWAY_RENDER_TARGET": render_target,
            "GLYPHSTREAM_GATEWAY_READER_TARGET": reader_target,
            "GLYPHSTREAM_GATEWAY_STORE_PATH": str(store or IN_MEMORY),
            "GLYPHSTREAM_GATEWAY_HTTP": http,
        }
        await _start(stack, gateway, environment)
        services = (render, reader, gateway)
        await asyncio.gather(*(service.serving() for service in services))
        addresses = Addresses(f"{HOST}:{await gateway.port()}", render_target, reader_target, gateway.http)
        async with as_long_as_all_live(services):
            yield addresses


async def _start(stack: AsyncExitStack, service: Service, environment: Mapping[str, str]) -> None:
    await service.start(environment)
    stack.push_async_callback(service.end)


@asynccontextmanager
async def as_long_as_all_live(services: tuple[Service, ...]) -> AsyncIterator[None]:
    """Cancels the body and raises ServiceDied when one of them ends."""
    try:
        async with asyncio.TaskGroup() as group:
            watches = [group.create_task(service.died()) for service in services]
            yield
            for watch in watches:
                watch.cancel()
    except BaseExceptionGroup as errors:
        raise errors.exceptions[0] from None

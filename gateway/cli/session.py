"""Owns how a command runs: its input, its connection to a gateway, and the exit status of whatever goes wrong."""

from __future__ import annotations

import asyncio
import signal
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

import click
from glyphstream.client import Client, Upload
from glyphstream.errors import DoesNotFit, GlyphstreamError, Refused

from gateway.cli.terminal import Terminal
from gateway.local_stack import ServiceDied, running_stack
from gateway.settings import Settings

INPUT_REFUSED = 3
SERVICE_FAILED = 4
INTERRUPTED = 130

with_gateway = click.option(
    "--gateway", metavar="HOST:PORT", help="A gateway that runs already; otherwise one is started."
)
with_timeout = click.option("--timeout", "timeout_s", metavar="SECONDS", type=float, default=900.0, show_default=True)
with_mode = click.option(
    "--mode",
    type=click.Choice(["precise", "fast", "code"]),
    default="precise",
    show_default=True,
    help="What the pages favour.",
)


@dataclass(frozen=True)
class Target:
    """Where a command finds its gateway, and how long one call may take."""

    gateway: str | None
    timeout_s: float


def upload_of(file: str, mode: str) -> Upload:
    """The document at a path, "-" being standard input. Ends the command with status 3 where it cannot be read."""
    try:
        data = sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes()
    except OSError as error:
        refuse(f"{file}: {error.strerror or error}")
    if not data:
        refuse(f"{file}: the document is empty")
    return Upload(data, name="standard input" if file == "-" else Path(file).name, mode=mode)


def refuse(message: str) -> NoReturn:
    """Ends the command: the input is at fault."""
    _end(message, INPUT_REFUSED)


def run(work: Callable[[], Coroutine[Any, Any, None]], about: str = "") -> None:
    """Runs a command's coroutine; every failure becomes one line on standard error and an exit status.

    `about` is the input's name, for the line that refuses it.
    """
    try:
        asyncio.run(_interruptible(work()))
    except GlyphstreamError as error:
        if isinstance(error, Refused | DoesNotFit):
            refuse(f"{about}: {_told(error)}" if about else _told(error))
        _end(_told(error), SERVICE_FAILED)
    except ServiceDied as error:
        _end(str(error), SERVICE_FAILED)
    except (KeyboardInterrupt, asyncio.CancelledError):
        _end("interrupted", INTERRUPTED)


async def _interruptible(work: Awaitable[None]) -> None:
    """Ends the work in order when the terminal is closed or the process is told to end, as Ctrl-C does."""
    loop, task = asyncio.get_running_loop(), asyncio.current_task()
    assert task is not None
    for number in (signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(number, task.cancel)
    await work


def _told(error: GlyphstreamError) -> str:
    hint = f" (try again in {error.retry_after_s:.0f} s)" if error.retry_after_s else ""
    reason = error.reason or error.code.name
    return f"{error.message}{hint} [{reason}]"


def _end(message: str, status: int) -> NoReturn:
    click.echo(f"glyphstream: {message}", err=True)
    sys.exit(status)


@asynccontextmanager
async def connected(target: Target, terminal: Terminal) -> AsyncIterator[Client]:
    """A client of the target's gateway, or of one that is started for it."""
    token = Settings().token.get_secret_value()
    if target.gateway:
        async with Client(target.gateway, target.timeout_s, token=token) as client:
            yield client
        return
    async with AsyncExitStack() as stack:
        with terminal.busy("starting the services"):
            addresses = await stack.enter_async_context(running_stack())
        yield await stack.enter_async_context(Client(addresses.gateway, target.timeout_s, token=token))

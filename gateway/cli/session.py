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
from glyphstream.errors import DeadlineExceeded, DoesNotFit, GlyphstreamError, Refused, Unavailable
from pydantic import ValidationError

from gateway.cli.terminal import Terminal
from gateway.local_stack import ServiceDied, running_stack
from gateway.settings import Settings
from serving.settings import InvalidSettings

WRONG_USAGE = 2
INPUT_REFUSED = 3
SERVICE_FAILED = 4
INTERRUPTED = 130
# More than any service takes: a pipe without end is not read to its end.
MOST_INPUT_BYTES = 64 << 20
PLAIN = {
    Unavailable: "no gateway answers there: is the address right, and does `glyphstream up` run?",
    DeadlineExceeded: "not done within the time that --timeout gives",
}
FILE = click.Path(allow_dash=True, path_type=str)

with_gateway = click.option(
    "--gateway", metavar="HOST:PORT", help="A gateway that runs already; otherwise one is started."
)
with_timeout = click.option(
    "--timeout",
    "timeout_s",
    metavar="SECONDS",
    type=click.FloatRange(min=0, min_open=True),
    default=900.0,
    show_default=True,
)
with_mode = click.option(
    "--mode",
    type=click.Choice(["precise", "fast", "code"]),
    default="precise",
    show_default=True,
    help="What the pages favour.",
)

with_charset = click.option(
    "--charset", metavar="NAME", default="", help="Character encoding of a text that says none and is guessed wrongly."
)

with_reflow = click.option(
    "--reflow",
    is_flag=True,
    help="Let short lines flow on behind a visible ↵: fewer pages, for readers that know the sign (the embedded one"
    " does not). Code keeps its lines.",
)


@dataclass(frozen=True)
class Target:
    """Where a command finds its gateway, and how long one call may take."""

    gateway: str | None
    timeout_s: float


class Unreadable(Exception):
    """A file that cannot be sent; the message says why."""


def read_upload(file: str, mode: str, charset: str = "", *, reflow: bool = False) -> Upload:
    """The document at a path, "-" being standard input. Raises Unreadable."""
    try:
        data = _bytes(file)
    except OSError as error:
        raise Unreadable(error.strerror or str(error)) from error
    if not data:
        raise Unreadable("the document is empty")
    if len(data) > MOST_INPUT_BYTES:
        raise Unreadable(f"longer than {MOST_INPUT_BYTES >> 20} MiB, which is more than any service takes")
    return Upload(data, "standard input" if file == "-" else Path(file).name, mode, charset=charset, reflow=reflow)


def upload_of(file: str, mode: str, charset: str = "", *, reflow: bool = False) -> Upload:
    """The document at a path. Ends the command with status 3 where it cannot be read."""
    try:
        return read_upload(file, mode, charset, reflow=reflow)
    except Unreadable as error:
        refuse(f"{file}: {error}")


def _bytes(file: str) -> bytes:
    """The file, or its beginning where it is too long anyway."""
    if file == "-":
        return sys.stdin.buffer.read(MOST_INPUT_BYTES + 1)
    with Path(file).open("rb") as source:
        return source.read(MOST_INPUT_BYTES + 1)


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
        status = status_of(error)
        _end(f"{about}: {told(error)}" if about and status == INPUT_REFUSED else told(error), status)
    except InvalidSettings as error:
        _end(f"settings: {error}", WRONG_USAGE)
    except ValidationError as error:
        wrong = (f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in error.errors())
        _end(f"settings: {'; '.join(wrong)}", WRONG_USAGE)
    except ServiceDied as error:
        _end("\n  ".join((str(error), *error.unheard)), SERVICE_FAILED)
    except (KeyboardInterrupt, asyncio.CancelledError):
        _end("interrupted", INTERRUPTED)


async def _interruptible(work: Awaitable[None]) -> None:
    """Ends the work in order when the terminal is closed or the process is told to end, as Ctrl-C does."""
    loop, task = asyncio.get_running_loop(), asyncio.current_task()
    assert task is not None
    for number in (signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(number, task.cancel)
    await work


def status_of(error: GlyphstreamError) -> int:
    """The exit status that an error stands for."""
    return INPUT_REFUSED if isinstance(error, Refused | DoesNotFit) else SERVICE_FAILED


def told(error: GlyphstreamError) -> str:
    """The error as one line for a person."""
    hint = f" (try again in {error.retry_after_s:.0f} s)" if error.retry_after_s else ""
    if error.reason:
        return f"{error.message}{hint} [{error.reason}]"
    # grpc itself speaks where none of our services did, and of sockets.
    return f"{PLAIN.get(type(error), error.message)}{hint} [{error.code.name}]"


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

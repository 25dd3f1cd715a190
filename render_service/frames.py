"""Owns what travels between the pool and its worker processes: a head, a pickle and what it refers to, both ways.

The bytes of a page are not part of the pickle: they leave a worker uncopied and are read into the object that is kept.
"""

import asyncio
import fcntl
import os
import pickle
import struct
from collections import deque
from collections.abc import Sequence
from contextlib import suppress
from enum import IntEnum
from typing import Any

# Bytes of the pickle and number of buffers beside it, whose sizes come next.
HEAD = struct.Struct(">QQ")
# A few pages fit: with the usual 64 KiB a worker stands still in the middle of one until the parent's turn comes.
PIPE_BYTES = 1024 * 1024
CLOSED = -1  # no descriptor has this number


class Kind(IntEnum):
    """What a frame from the worker carries; READY comes once, each job ends with END or ERROR."""

    READY = 0
    RESULT = 1
    END = 2
    ERROR = 3


class Stop:
    """Sent to a worker that is at a job: no result after the current one is wanted."""


class WorkerBug(RuntimeError):
    """An exception in a worker that cannot travel, or that nobody expected; the message is its traceback."""


def frame(message: object) -> list[bytes | memoryview]:
    """One message as it travels, in parts; objects that offer a buffer to the pickle are parts of their own."""
    found: list[pickle.PickleBuffer] = []
    body = pickle.dumps(message, pickle.HIGHEST_PROTOCOL, buffer_callback=found.append)
    buffers = [buffer.raw() for buffer in found]
    sizes = struct.pack(f">{len(buffers)}Q", *map(len, buffers))
    return [HEAD.pack(len(body), len(buffers)) + sizes + body, *buffers]


def sizes_after(head: bytes) -> int:
    """How much follows a head before the buffers begin."""
    length, count = HEAD.unpack(head)
    return int(length + 8 * count)


def buffer_sizes(head: bytes, body: bytes) -> tuple[int, ...]:
    """Sizes of the buffers that follow."""
    return struct.unpack_from(f">{HEAD.unpack(head)[1]}Q", body)


def unpacked(head: bytes, body: bytes, buffers: Sequence[bytes]) -> Any:
    """The message of a frame's parts; buffers become part of it uncopied."""
    return pickle.loads(memoryview(body)[8 * HEAD.unpack(head)[1] :], buffers=buffers)


def pipe() -> tuple[int, int]:
    """A pipe for frames, as wide as the system lets it be: where to read and where to write."""
    source, sink = os.pipe()
    with suppress(OSError, AttributeError):  # Linux alone has it, and a machine may allow less
        fcntl.fcntl(sink, fcntl.F_SETPIPE_SZ, PIPE_BYTES)
    return source, sink


class Inbox:
    """Lists of messages that come over a pipe, on the event loop, handed out one by one.

    The system writes each part into an object of its own: streams of asyncio copy a page four times, which cost the
    pool more than all else it did for it.
    """

    def __init__(self, source: int) -> None:
        os.set_blocking(source, False)
        self._source = source
        self._pieces: list[bytes] = []
        self._parts: list[bytes] = []
        self._messages = deque[Any]()
        self._came = asyncio.Event()
        self._watching: asyncio.AbstractEventLoop | None = None

    def close(self) -> None:
        """Ends the pipe; whoever reads hears EOFError. May be called again."""
        source, self._source = self._source, CLOSED
        if self._watching:
            self._watching.remove_reader(source)
            self._watching = None
            self._came.set()
        if source != CLOSED:  # its number may belong to somebody else by now
            os.close(source)

    async def read(self) -> Any:
        """The next message. May be cancelled and called again: what has come is remembered. Raises EOFError."""
        if not self._messages:
            self._messages.extend(await self._frame())
        return self._messages.popleft()

    async def _frame(self) -> Any:
        parts = self._parts
        if not parts:
            parts.append(await self._exactly(HEAD.size))
        if len(parts) == 1:
            parts.append(await self._exactly(sizes_after(parts[0])))
        for size in buffer_sizes(*parts[:2])[len(parts) - 2 :]:
            parts.append(await self._exactly(size))
        self._parts = []
        return unpacked(parts[0], parts[1], parts[2:])

    async def _exactly(self, size: int) -> bytes:
        while missing := size - sum(map(len, self._pieces)):
            if self._source == CLOSED:
                raise EOFError("the pipe was closed here")
            try:
                piece = os.read(self._source, missing)
            except BlockingIOError:
                await self._readable()
                continue
            if not piece:
                raise EOFError("the pipe was closed")
            self._pieces.append(piece)
        pieces, self._pieces = self._pieces, []
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)

    async def _readable(self) -> None:
        self._watching = asyncio.get_running_loop()
        self._came.clear()
        self._watching.add_reader(self._source, self._came.set)
        try:
            await self._came.wait()
        finally:
            if self._watching:  # else it has been closed meanwhile
                self._watching.remove_reader(self._source)
                self._watching = None

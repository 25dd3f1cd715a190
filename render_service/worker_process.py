"""Owns the inside of a worker process: read a job, send its results one by one, stop when told to.

Frames come over standard input and leave over standard output; the other end is our own parent process.
"""

import math
import os
import select
import signal
import sys
import time
import traceback
from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import Any

from render_service import jobs
from render_service.frames import HEAD, PIPE_BYTES, Kind, Stop, WorkerBug, buffer_sizes, frame, sizes_after, unpacked

# Pages may be held for so long, or until they are so many or so large.
HOLD_S = 0.02
HOLD_PAGES = 64
HOLD_BYTES = 3 * PIPE_BYTES // 4


def main() -> None:
    """Works until the parent closes our standard input."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # a terminal's Ctrl-C is for the parent, which then ends us
    sink = os.dup(sys.stdout.fileno())
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # whatever prints must not end up between frames
    with suppress(BrokenPipeError):  # the parent left while we were at work
        _serve(sys.stdin.fileno(), sink)


class Outbox:
    """The messages of one job on their way out. The first page leaves at once, later ones that follow each other
    closely leave together: every frame wakes the parent, which costs it more than reading a page.
    """

    def __init__(self, sink: int) -> None:
        self._sink = sink
        self._held: list[tuple[Kind, Any]] = []
        self._held_bytes, self._held_until_s = 0, -math.inf

    def put(self, kind: Kind, value: Any) -> None:
        """Sends a message and what was held, or holds a page until the next one."""
        self._held.append((kind, value))
        if isinstance(value, jobs.PageImage):
            self._held_bytes += len(value.image)
            if self._held_bytes < HOLD_BYTES and len(self._held) < HOLD_PAGES and time.monotonic() < self._held_until_s:
                return
            self._held_until_s = time.monotonic() + HOLD_S
        _write(self._sink, frame(self._held))
        self._held, self._held_bytes = [], 0


def _write(sink: int, parts: Sequence[bytes | memoryview]) -> None:
    left = [memoryview(part) for part in parts]
    while left:
        written = os.writev(sink, left)
        while left and written >= len(left[0]):
            written -= len(left.pop(0))
        if written:
            left[0] = left[0][written:]


def _serve(source: int, sink: int) -> None:
    jobs.warm()
    Outbox(sink).put(Kind.READY, None)
    for message in _messages(source):
        if not isinstance(message, Stop):  # a Stop that crossed our END on its way
            outbox = Outbox(sink)
            for kind, value in _answers(message, source):
                outbox.put(kind, value)


def _messages(source: int) -> Iterator[Any]:
    while head := _exactly(source, HEAD.size):
        body = _exactly(source, sizes_after(head))
        yield unpacked(head, body, [_exactly(source, size) for size in buffer_sizes(head, body)])


def _exactly(source: int, size: int) -> bytes:
    """So many bytes, or none when the parent is gone."""
    pieces, missing = [], size
    while missing:
        pieces.append(os.read(source, missing))
        if not pieces[-1]:
            return b""
        missing -= len(pieces[-1])
    return pieces[0] if len(pieces) == 1 else b"".join(pieces)


def _answers(job: jobs.Job, source: int) -> Iterator[tuple[Kind, Any]]:
    try:
        for result in jobs.run(job):
            yield Kind.RESULT, result
            if select.select([source], [], [], 0)[0]:  # a Stop, or the parent's end
                break
    except Exception as error:
        yield Kind.ERROR, _portable(error)
    else:
        yield Kind.END, None


def _portable(error: Exception) -> Exception:
    """Refusals travel as they are; anything else is a bug whose traceback the parent logs."""
    if isinstance(error, ValueError) and type(error).__module__.startswith("render_service."):
        return error
    return WorkerBug("".join(traceback.format_exception(error)))


if __name__ == "__main__":
    main()

"""Owns the inside of a worker process: read a job, send its results one by one, stop when told to.

Frames come over standard input and leave over standard output; the other end is our own parent process.
"""

import fcntl
import os
import pickle
import select
import signal
import sys
import traceback
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

from render_service import jobs
from render_service.frames import LENGTH, Kind, Stop, WorkerBug, frame

READ_BYTES = 1024 * 1024
# A page fits: with the usual 64 KiB a worker stands still in the middle of one until the parent's turn comes.
PIPE_BYTES = 1024 * 1024


def main() -> None:
    """Works until the parent closes our standard input."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # a terminal's Ctrl-C is for the parent, which then ends us
    sink = os.dup(sys.stdout.fileno())
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # whatever prints must not end up between frames
    with suppress(OSError, AttributeError):  # Linux alone has it, and a machine may allow less
        fcntl.fcntl(sink, fcntl.F_SETPIPE_SZ, PIPE_BYTES)
    with suppress(BrokenPipeError):  # the parent left while we were at work
        _serve(sys.stdin.fileno(), sink)


def _serve(source: int, sink: int) -> None:
    jobs.warm()
    _write(sink, (Kind.READY, None))
    for message in _messages(source):
        if not isinstance(message, Stop):  # a Stop that crossed our END on its way
            for answer in _answers(message, source):
                _write(sink, answer)


def _write(sink: int, message: object) -> None:
    view = memoryview(frame(message))
    while view:
        view = view[os.write(sink, view) :]


def _messages(source: int) -> Iterator[Any]:
    while header := _exactly(source, LENGTH.size):
        yield pickle.loads(_exactly(source, LENGTH.unpack(header)[0]))


def _exactly(source: int, size: int) -> bytes:
    """So many bytes, or none when the parent is gone."""
    data = bytearray()
    while len(data) < size:
        piece = os.read(source, min(size - len(data), READ_BYTES))
        if not piece:
            return b""
        data += piece
    return bytes(data)


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

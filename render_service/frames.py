"""Owns what travels between the pool and its worker processes: a length and a pickle, both ways."""

import pickle
import struct
from enum import IntEnum

LENGTH = struct.Struct(">Q")


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


def frame(message: object) -> bytes:
    """One message as it travels."""
    body = pickle.dumps(message, pickle.HIGHEST_PROTOCOL)
    return LENGTH.pack(len(body)) + body

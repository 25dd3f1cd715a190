"""Owns what reading one strange document may take of a worker process: processor time and memory.

Parsers are the part of the service that strangers feed. Past the first limit the document is refused and the worker
goes on; code that does not come back to Python to hear of it is ended by the kernel soon after, with its worker.
"""

import resource
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

from render_service.documents import InvalidDocument

CPU_LIMIT_S = 30
KILLED_AFTER_S = 5  # beyond the limit
MEMORY_LIMIT_BYTES = 1024 * 1024 * 1024
STATM = Path("/proc/self/statm")


class _TimeIsUp(BaseException):
    """Passes every `except Exception` on its way out of a parser."""


@contextmanager
def bounded(cpu_s: int = CPU_LIMIT_S, memory_bytes: int = MEMORY_LIMIT_BYTES) -> Iterator[None]:
    """Runs its body with so much processor time and so much more memory.

    Raises InvalidDocument where that is not enough. For the main thread of a process of our own: it takes SIGPROF and
    the soft limits, and gives them back.
    """
    soft = {kind: resource.getrlimit(kind) for kind in (resource.RLIMIT_CPU, resource.RLIMIT_AS)}
    handler = signal.signal(signal.SIGPROF, _up)
    try:
        _limit(resource.RLIMIT_CPU, _used_cpu_s() + cpu_s + KILLED_AFTER_S)
        if held_bytes := _held_bytes():
            _limit(resource.RLIMIT_AS, held_bytes + memory_bytes)
        signal.setitimer(signal.ITIMER_PROF, cpu_s)
        yield
    except _TimeIsUp as error:
        raise InvalidDocument(f"reading the document takes more than {cpu_s} s of processor time") from error
    except MemoryError as error:
        raise InvalidDocument(f"reading the document takes more than {memory_bytes >> 20} MiB of memory") from error
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, handler)
        for kind, limits in soft.items():
            resource.setrlimit(kind, limits)


def _up(_number: int, _frame: FrameType | None) -> None:
    raise _TimeIsUp


def _limit(kind: int, most: int) -> None:
    soft, hard = resource.getrlimit(kind)
    bounds = [bound for bound in (most, soft, hard) if bound != resource.RLIM_INFINITY]
    resource.setrlimit(kind, (min(bounds), hard))


def _used_cpu_s() -> int:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return int(used.ru_utime + used.ru_stime) + 1


def _held_bytes() -> int:
    """Address space held now; 0 on systems that do not tell."""
    return int(STATM.read_text().split()[0]) * resource.getpagesize() if STATM.is_file() else 0

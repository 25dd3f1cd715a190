"""Owns what a process logs and the request id that every line and every hop of a request carries."""

from __future__ import annotations

import io
import logging
import re
import sys
import uuid
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from contextvars import ContextVar
from typing import Any, TextIO, cast

import grpc
import grpc.aio
import structlog
from structlog.stdlib import ProcessorFormatter
from structlog.typing import EventDict, Processor, WrappedLogger

from serving.handlers import Context, Continuation, around

REQUEST_ID_KEY = "x-request-id"
# It comes from strangers and goes into logs and to the next hop: no more than a name is taken.
ACCEPTABLE_REQUEST_ID = re.compile(r"[\w.:-]{1,128}", re.ASCII)

request_id: ContextVar[str] = ContextVar("request_id", default="")


class _Unbroken(io.TextIOBase):
    """A log whose reader may be gone: a line that nobody can read is no reason for a request, or a drain, to fail."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        with suppress(BrokenPipeError):
            self._stream.write(text)
        return len(text)

    def flush(self) -> None:
        with suppress(BrokenPipeError):
            self._stream.flush()


def configure(service: str, stream: TextIO | None = None) -> None:
    """Sends every log line of this process to `stream` (standard error): for people on a terminal, else JSON.

    Lines of libraries that use `logging` come out the same way, from WARNING upwards. Called once, in `__main__`.
    """
    stream = stream or sys.stderr
    common, render = _common_processors(service), _renderers(stream)
    stream = cast(TextIO, _Unbroken(stream))
    structlog.configure(
        processors=[*common, *render],
        logger_factory=structlog.PrintLoggerFactory(stream),
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
    )
    handler = logging.StreamHandler(stream)
    handler.setFormatter(
        ProcessorFormatter(
            foreign_pre_chain=common,
            processors=[ProcessorFormatter.remove_processors_meta, *render],
            keep_exc_info=True,
        )
    )
    logging.basicConfig(handlers=[handler], level=logging.WARNING, force=True)


def _common_processors(service: str) -> Sequence[Processor]:
    def name_service(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
        event.setdefault("service", service)
        return event

    return (
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        name_service,
    )


def _renderers(stream: TextIO) -> Sequence[Processor]:
    # Tracebacks without local variables: those hold what people asked to be read.
    if stream.isatty():
        return (structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback),)
    frames = structlog.tracebacks.ExceptionDictTransformer(show_locals=False)
    return (structlog.processors.ExceptionRenderer(frames), structlog.processors.JSONRenderer(ensure_ascii=False))


def begin_request(proposed: str = "") -> str:
    """Binds a request id to this task and its log lines: the proposed one if it is acceptable, else a new one."""
    chosen = proposed if ACCEPTABLE_REQUEST_ID.fullmatch(proposed) else uuid.uuid4().hex
    request_id.set(chosen)
    structlog.contextvars.bind_contextvars(request_id=chosen)
    return chosen


def outgoing_metadata() -> tuple[tuple[str, str], ...]:
    """Metadata for a call to the next hop, so that its log lines carry the same request id."""
    current = request_id.get()
    return ((REQUEST_ID_KEY, current),) if current else ()


class RequestIdInterceptor(grpc.aio.ServerInterceptor):
    """Takes the caller's request id, or makes one, and sends it back in the trailing metadata.

    Not in the initial metadata: a status before any header is what lets a caller's channel try again elsewhere.
    """

    async def intercept_service(
        self, continuation: Continuation, handler_call_details: grpc.HandlerCallDetails
    ) -> grpc.RpcMethodHandler[Any, Any] | None:
        handler = await continuation(handler_call_details)
        return handler and around(handler, _request)


@asynccontextmanager
async def _request(context: Context) -> AsyncIterator[None]:
    proposed = dict(context.invocation_metadata() or ()).get(REQUEST_ID_KEY, "")
    chosen = begin_request(str(proposed))
    context.set_trailing_metadata(((REQUEST_ID_KEY, chosen),))
    yield

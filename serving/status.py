"""Owns how an exception becomes a grpc status and how a caller reads it: a table a service, one ErrorInfo a status."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, cast

import grpc
import grpc.aio
import structlog
from google.protobuf.message import DecodeError
from google.rpc.error_details_pb2 import ErrorInfo, RequestInfo, RetryInfo
from google.rpc.status_pb2 import Status
from grpc_status import rpc_status

from serving.handlers import Context, Continuation, around, hear_out
from serving.telemetry import request_id

DOMAIN = "glyphstream"
DETAILS_KEY = "grpc-status-details-bin"
# What a grpc.aio client says in place of the status when the call ends while it writes (grpc issue 36066). Our servers
# hear their callers out, so that it means a peer that is gone, or that the time was up.
MASKED = (grpc.StatusCode.INTERNAL, "Internal error from Core")
_LATE = (grpc.StatusCode.DEADLINE_EXCEEDED, "the time was up while the call was being written to")
_GONE = (grpc.StatusCode.UNAVAILABLE, "the peer ended the call while it was being written to")
# A status travels in trailing metadata, of which peers accept 8 KiB, and a Chinese character takes 9 bytes there.
LONGEST_MESSAGE_CHARACTERS = 400

log = structlog.get_logger(__name__)


class ServiceError(Exception):
    """An error with a row in some table. Any exception may have one; this base only carries what travels along."""

    def __init__(
        self, message: str = "", *, metadata: Mapping[str, str] | None = None, retry_after_s: float | None = None
    ) -> None:
        super().__init__(message)
        self.metadata = dict(metadata or {})
        self.retry_after_s = retry_after_s


class Warming(ServiceError):
    """The process has started but cannot serve yet."""


class Draining(ServiceError):
    """The process is ending and takes nothing new."""


@dataclass(frozen=True)
class Row:
    """What one kind of exception is called on the wire."""

    code: grpc.StatusCode
    reason: str


@dataclass(frozen=True)
class Failure:
    """What a status says. `reason` is empty where it holds no ErrorInfo: it then comes from grpc itself."""

    code: grpc.StatusCode
    reason: str
    message: str
    metadata: Mapping[str, str] = field(default_factory=dict)
    retry_after_s: float | None = None
    request_id: str = ""


ErrorTable = Mapping[type[BaseException], Row]

LIFECYCLE: ErrorTable = {
    Warming: Row(grpc.StatusCode.UNAVAILABLE, "WARMING"),
    Draining: Row(grpc.StatusCode.UNAVAILABLE, "DRAINING"),
}
BUG = Row(grpc.StatusCode.INTERNAL, "INTERNAL")


def row_of(error: BaseException, table: ErrorTable) -> Row:
    """The row of the error's most specific class, or BUG."""
    return next((rows[kind] for kind in type(error).__mro__ for rows in (table, LIFECYCLE) if kind in rows), BUG)


def to_status(error: BaseException, table: ErrorTable, request_id: str) -> Status:
    """The status that a caller sees: exactly one ErrorInfo, plus RetryInfo and RequestInfo where they are known.

    An exception without a row is a bug of ours: its text stays in the log, the caller gets the request id.
    """
    row = row_of(error, table)
    known = row is not BUG
    message = str(error) if known else f"internal error, request {request_id}"
    status = Status(code=row.code.value[0], message=message[:LONGEST_MESSAGE_CHARACTERS])
    status.details.add().Pack(ErrorInfo(reason=row.reason, domain=DOMAIN, metadata=_metadata(error) if known else {}))
    retry_after_s: float | None = getattr(error, "retry_after_s", None)
    if known and retry_after_s is not None:
        info = RetryInfo()
        info.retry_delay.FromTimedelta(timedelta(seconds=retry_after_s))
        status.details.add().Pack(info)
    if request_id:
        status.details.add().Pack(RequestInfo(request_id=request_id))
    return status


def _metadata(error: BaseException) -> dict[str, str]:
    metadata = getattr(error, "metadata", None)  # a foreign error may call anything by that name
    return {str(key): str(value) for key, value in metadata.items()} if isinstance(metadata, Mapping) else {}


def failure(error: grpc.RpcError, *, late: bool = False) -> Failure:
    """What the status of a failed call says, on the caller's side. Never raises, whatever the server sent.

    `late` says that the call's time was up. It tells a deadline from a peer that is gone where grpc names neither.
    """
    call = cast("grpc.aio.AioRpcError", error)
    status = _details(call)
    info, retry, request = ErrorInfo(), RetryInfo(), RequestInfo()
    for detail in status.details:
        for message in (info, retry, request):
            detail.Unpack(message)
    after_s = retry.retry_delay.ToTimedelta().total_seconds() if retry.HasField("retry_delay") else None
    code, text = call.code(), call.details() or status.message
    if (code, text) == MASKED:
        code, text = _LATE if late else _GONE
    return Failure(code, info.reason, text, dict(info.metadata), after_s, request.request_id)


def _details(call: grpc.aio.AioRpcError) -> Status:
    for key, value in call.trailing_metadata() or ():
        if key == DETAILS_KEY:
            try:
                return Status.FromString(cast(bytes, value))
            except DecodeError:
                break
    return Status()


class StatusInterceptor(grpc.aio.ServerInterceptor):
    """Turns what a handler raises into the status of its row, whichever kind of handler it is, and logs it."""

    def __init__(self, table: ErrorTable) -> None:
        self._table = table

    async def intercept_service(
        self, continuation: Continuation, handler_call_details: grpc.HandlerCallDetails
    ) -> grpc.RpcMethodHandler[Any, Any] | None:
        handler = await continuation(handler_call_details)
        method = handler_call_details.method
        if handler is None:
            return None
        uploads = handler.request_streaming
        return around(handler, lambda context: _converted(context, method, self._table, uploads))


@asynccontextmanager
async def _converted(context: Context, method: str, table: ErrorTable, uploads: bool) -> AsyncIterator[None]:
    try:
        yield
    except grpc.aio.AbortError:
        raise
    except Exception as error:  # CancelledError is none: it passes, or the call would leak
        status = to_status(error, table, request_id.get())
        _log(method, row_of(error, table), status)
        if uploads:
            await hear_out(context)
        await context.abort_with_status(rpc_status.to_status(status))
    else:
        if uploads:
            await hear_out(context)


def _log(method: str, row: Row, status: Status) -> None:
    if row is BUG:
        log.exception("bug", method=method, code=row.code.name)
    else:
        log.warning("refused", method=method, code=row.code.name, reason=row.reason, message=status.message)

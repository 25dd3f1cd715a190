"""The ways in which a call of the client can fail: never a bare grpc error.

GlyphstreamError               code, reason, message, metadata, retry_after_s, request_id
├── Refused                    what was sent is at fault; the same again fails again
│   ├── InvalidDocument        empty, binary, corrupt, not text
│   │   └── DocumentTooLong
│   ├── InvalidQuestion
│   ├── DocumentNotFound       never uploaded, or expired: upload it again
│   └── Unauthenticated
├── Exhausted                  the card or a quota has no room
│   ├── DoesNotFit             never, at any resolution
│   ├── GpuOutOfMemory         not this time
│   └── QuotaExceeded
├── Unavailable                busy, draining, or gone; worth another try after retry_after_s
├── DeadlineExceeded
└── ServiceFault               a bug over there; request_id finds it in the logs
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import cast

import grpc
import grpc.aio
from google.protobuf.message import DecodeError
from google.rpc.error_details_pb2 import ErrorInfo, RequestInfo, RetryInfo
from google.rpc.status_pb2 import Status

DETAILS_KEY = "grpc-status-details-bin"
# What grpc.aio says in place of the status when a call ends while it is being written to (grpc issue 36066).
MASKED = (grpc.StatusCode.INTERNAL, "Internal error from Core")


@dataclass(frozen=True)
class Details:
    """What travels beside code and message; empty where grpc itself failed, before a service of ours was reached."""

    reason: str = ""
    metadata: Mapping[str, str] = field(default_factory=dict)
    retry_after_s: float | None = None
    request_id: str = ""


class GlyphstreamError(Exception):
    """A call that failed."""

    def __init__(self, code: grpc.StatusCode, message: str, details: Details) -> None:
        super().__init__(message)
        self.code, self.message = code, message
        self.reason, self.metadata = details.reason, details.metadata
        self.retry_after_s, self.request_id = details.retry_after_s, details.request_id

    @property
    def worth_retrying(self) -> bool:
        """Whether the same call may succeed after `retry_after_s`, or after a moment where that is None."""
        return isinstance(self, Unavailable | QuotaExceeded)


class Refused(GlyphstreamError):
    """What was sent is at fault; the same again fails again."""


class InvalidDocument(Refused):
    """Empty, binary, corrupt or not text."""


class DocumentTooLong(InvalidDocument):
    """Longer than the service takes."""


class InvalidQuestion(Refused):
    """Nothing that can be asked."""


class DocumentNotFound(Refused):
    """Never uploaded, deleted or expired: upload it again."""


class Unauthenticated(Refused):
    """No token, or a wrong one."""


class Exhausted(GlyphstreamError):
    """The card or a quota has no room."""


class DoesNotFit(Exhausted):
    """Will never fit the card, at any resolution."""


class GpuOutOfMemory(Exhausted):
    """The card ran out of memory at every resolution, this time."""


class QuotaExceeded(Exhausted):
    """The caller has used up what it may; see retry_after_s."""


class Unavailable(GlyphstreamError):
    """Busy, draining or gone; worth another try after retry_after_s."""


class DeadlineExceeded(GlyphstreamError):
    """The time that the caller gave is up."""


class ServiceFault(GlyphstreamError):
    """A bug over there; `request_id` finds it in the logs."""


BY_REASON: Mapping[str, type[GlyphstreamError]] = {
    "INVALID_DOCUMENT": InvalidDocument,
    "DOCUMENT_TOO_LONG": DocumentTooLong,
    "INVALID_QUESTION": InvalidQuestion,
    "DOCUMENT_NOT_FOUND": DocumentNotFound,
    "BAD_TOKEN": Unauthenticated,
    "DOES_NOT_FIT": DoesNotFit,
    "GPU_OUT_OF_MEMORY": GpuOutOfMemory,
    "QUOTA_EXCEEDED": QuotaExceeded,
}
BY_CODE: Mapping[grpc.StatusCode, type[GlyphstreamError]] = {
    grpc.StatusCode.UNAVAILABLE: Unavailable,
    grpc.StatusCode.DEADLINE_EXCEEDED: DeadlineExceeded,
    grpc.StatusCode.INVALID_ARGUMENT: Refused,
    grpc.StatusCode.NOT_FOUND: Refused,
    grpc.StatusCode.UNAUTHENTICATED: Unauthenticated,
}


def error_of(call: grpc.aio.AioRpcError, *, late: bool = False) -> GlyphstreamError:
    """The error that a call's status stands for: by its reason, else by its code.

    `late` says that the call's time was up. It tells a deadline from a peer that is gone where grpc names neither.
    """
    code, said = call.code(), call.details() or call.code().name
    if (code, said) == MASKED:
        code, said = _unmasked(late)
    details = _details(call)
    kind = BY_REASON.get(details.reason) or BY_CODE.get(code, ServiceFault)
    return kind(code, said, details)


def _unmasked(late: bool) -> tuple[grpc.StatusCode, str]:
    if late:
        return grpc.StatusCode.DEADLINE_EXCEEDED, "the time was up while the call was being written to"
    return grpc.StatusCode.UNAVAILABLE, "the peer ended the call while it was being written to"


def _details(call: grpc.aio.AioRpcError) -> Details:
    info, retry, request = ErrorInfo(), RetryInfo(), RequestInfo()
    for detail in _status(call).details:
        for message in (info, retry, request):
            detail.Unpack(message)
    after_s = retry.retry_delay.ToTimedelta().total_seconds() if retry.HasField("retry_delay") else None
    return Details(info.reason, dict(info.metadata), after_s, request.request_id)


def _status(call: grpc.aio.AioRpcError) -> Status:
    for key, value in call.trailing_metadata() or ():
        if key == DETAILS_KEY:
            try:
                return Status.FromString(cast(bytes, value))
            except DecodeError:
                break
    return Status()

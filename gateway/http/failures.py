"""Owns what a failed request is called over HTTP: one row for each kind of error, and the one JSON body."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

import structlog
from aiohttp import web

from gateway import errors
from serving.telemetry import request_id

STATUSES: Mapping[type[errors.GatewayError], HTTPStatus] = {
    errors.InvalidDocument: HTTPStatus.BAD_REQUEST,
    errors.InvalidPages: HTTPStatus.BAD_REQUEST,
    errors.DocumentTooLong: HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    errors.InvalidQuestion: HTTPStatus.BAD_REQUEST,
    errors.InvalidRequest: HTTPStatus.BAD_REQUEST,
    errors.UnknownModel: HTTPStatus.NOT_FOUND,
    errors.BadToken: HTTPStatus.UNAUTHORIZED,
    errors.ForeignPage: HTTPStatus.FORBIDDEN,
    errors.DocumentNotFound: HTTPStatus.NOT_FOUND,
    errors.DoesNotFit: HTTPStatus.UNPROCESSABLE_ENTITY,
    errors.GpuOutOfMemory: HTTPStatus.SERVICE_UNAVAILABLE,
    errors.DocumentNotResident: HTTPStatus.SERVICE_UNAVAILABLE,
    errors.ReaderBusy: HTTPStatus.SERVICE_UNAVAILABLE,
    errors.RendererBusy: HTTPStatus.SERVICE_UNAVAILABLE,
    errors.Draining: HTTPStatus.SERVICE_UNAVAILABLE,
    errors.Warming: HTTPStatus.SERVICE_UNAVAILABLE,
    errors.RendererLost: HTTPStatus.BAD_GATEWAY,
    errors.ReaderLost: HTTPStatus.BAD_GATEWAY,
    errors.GpuLost: HTTPStatus.BAD_GATEWAY,
    errors.DeadlineExceeded: HTTPStatus.GATEWAY_TIMEOUT,
}
# Evicted again before each of several attempts: the card is fought over, and the document itself is here.
REASONS: Mapping[type[errors.GatewayError], str] = {errors.DocumentNotResident: errors.ReaderBusy.reason}
BUG = "INTERNAL"

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Failure:
    """What the caller is told; `bug` when the message stays in the log and the caller gets the request id only.

    `field` is the one of the request that is wrong, where one is; `allowed` names the methods that a path has.
    """

    status: HTTPStatus
    reason: str
    message: str
    retry_after_s: float | None = None
    bug: bool = False
    field: str | None = None
    allowed: str = ""

    def headers(self) -> dict[str, str]:
        """The headers that go with the status."""
        headers = {}
        if self.retry_after_s is not None:
            headers["Retry-After"] = str(max(1, round(self.retry_after_s)))
        if self.status is HTTPStatus.UNAUTHORIZED:
            headers["WWW-Authenticate"] = "Bearer"
        if self.allowed:
            headers["Allow"] = self.allowed
        return headers


def told(error: Exception, path: str) -> Failure:
    """What the caller is told of an error, which goes into the log with what the caller is not told."""
    failure = failure_of(error)
    if failure.bug:
        log.error("bug", path=path, exc_info=error)
    else:
        log.warning("refused", path=path, status=failure.status.value, reason=failure.reason, message=failure.message)
    return failure


def failure_of(error: Exception) -> Failure:
    """What an error is called: by its kind, aiohttp's own by their status, anything else is a bug of ours."""
    if isinstance(error, errors.GatewayError) and type(error) in STATUSES:
        reason = REASONS.get(type(error), error.reason)
        field = error.metadata.get("field") or None
        return Failure(STATUSES[type(error)], reason, str(error), error.retry_after_s, field=field)
    if isinstance(error, web.HTTPRequestEntityTooLarge):
        return Failure(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, errors.DocumentTooLong.reason, "the request is too large")
    if isinstance(error, web.HTTPException):
        status = HTTPStatus(error.status)
        return Failure(status, status.name, status.phrase, allowed=error.headers.get("Allow", ""))
    return Failure(HTTPStatus.INTERNAL_SERVER_ERROR, BUG, f"internal error, request {request_id.get()}", bug=True)


def body(failure: Failure) -> dict[str, Any]:
    """The JSON object of a failure. `message`, `type`, `param` and `code` are where OpenAI's clients look for them."""
    return {
        "error": {
            "message": failure.message,
            "type": "invalid_request_error" if failure.status < HTTPStatus.INTERNAL_SERVER_ERROR else "server_error",
            "param": failure.field,
            "code": failure.reason,
            "reason": failure.reason,
            "retry_after_s": failure.retry_after_s,
            "request_id": request_id.get(),
        }
    }

"""Owns how one call to another wing is made and what its failure means, whichever wing it is."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import fields
from typing import Any, TypeVar

import grpc
import grpc.aio
from google.protobuf.message import Message
from grpc_health.v1.health_pb2 import HealthCheckRequest, HealthCheckResponse
from grpc_health.v1.health_pb2_grpc import HealthStub

from gateway import errors
from gateway.deadline import Deadline
from serving.status import Failure, failure
from serving.telemetry import outgoing_metadata

Value = TypeVar("Value")


@asynccontextmanager
async def calling(
    method: Callable[..., Any], request: Any, deadline: Deadline, lost: type[errors.Lost]
) -> AsyncIterator[Any]:
    """One call: with the request's deadline and id, cancelled on every way out, its status as one of our errors."""
    call = method(request, timeout=deadline.remaining_s(), metadata=outgoing_metadata())
    try:
        yield call
    except grpc.aio.AioRpcError as error:
        raise error_of(failure(error, late=call.time_remaining() == 0), lost) from error
    finally:
        call.cancel()


async def is_serving(channel: grpc.aio.Channel, deadline: Deadline) -> bool:
    """Whether what stands behind a channel says so; no answer is a no."""
    stub: Any = HealthStub(channel)  # its published types lack the methods
    try:
        answer = await stub.Check(HealthCheckRequest(), timeout=deadline.remaining_s())
    except grpc.aio.AioRpcError:
        return False
    return bool(answer.status == HealthCheckResponse.SERVING)


def _reasons(tree: type[errors.GatewayError]) -> Iterator[tuple[str, type[errors.GatewayError]]]:
    for kind in tree.__subclasses__():
        if kind.reason:
            yield kind.reason, kind
        yield from _reasons(kind)


BY_REASON = dict(_reasons(errors.GatewayError))
# What grpc itself says, without an ErrorInfo. RESOURCE_EXHAUSTED is missing on purpose: a message over the limit says
# the same code as a card without memory, and that is a bug of ours.
BY_CODE = {grpc.StatusCode.DEADLINE_EXCEEDED: errors.DeadlineExceeded}


def error_of(failed: Failure, lost: type[errors.Lost]) -> Exception:
    """The error that a status stands for: by its reason, else by its code; what is neither is a bug."""
    if failed.reason not in BY_REASON and failed.code is grpc.StatusCode.UNAVAILABLE:
        return lost(failed.message)
    kind = BY_REASON.get(failed.reason) or BY_CODE.get(failed.code)
    if kind is None:
        return RuntimeError(f"{failed.code.name} {failed.reason} from a peer: {failed.message}")
    return kind(failed.message, metadata=failed.metadata, retry_after_s=failed.retry_after_s)


def value_of(kind: type[Value], message: Message) -> Value:
    """The dataclass whose fields bear the names of the message's."""
    return kind(**{field.name: getattr(message, field.name) for field in fields(kind)})  # type: ignore[arg-type]

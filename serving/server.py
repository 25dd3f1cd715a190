"""Owns one grpc server: its interceptors, health and reflection, and the door that is open only while it serves."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, cast

import grpc
import grpc.aio
from grpc_health.v1 import health_pb2
from grpc_health.v1.health_pb2_grpc import add_HealthServicer_to_server
from grpc_reflection.v1alpha import reflection

from serving.handlers import Context, Continuation, around
from serving.health import NOT_SERVING, SERVING, Health
from serving.options import MIB, server_options
from serving.status import Draining, ErrorTable, StatusInterceptor, Warming
from serving.telemetry import RequestIdInterceptor

Register = Callable[[grpc.aio.Server], Sequence[str]]
Hook = Callable[[], Awaitable[None]]
# Returns if a call may pass; what it raises ends the call.
Admit = Callable[[Context], None]

HEALTH_NAME = health_pb2.DESCRIPTOR.services_by_name["Health"].full_name
ALWAYS_OPEN = (f"/{HEALTH_NAME}/", "/grpc.reflection.")
RETRY_AFTER_S = 1.0
# What a handler may take in its `finally` once its call has been cut off.
CLEANUP_S = 1.0


@dataclass(frozen=True)
class Endpoint:
    """Where a server listens and what it lets through. Port 0 takes a free one."""

    host: str = "127.0.0.1"
    port: int = 0
    max_receive_bytes: int = 4 * MIB
    max_send_bytes: int = 8 * MIB
    drain_s: float = 10.0


class CannotListen(RuntimeError):
    """The port is taken, or the host is no address of this machine."""


def anyone(_context: Context) -> None:
    """Admits every call."""


class Door(grpc.aio.ServerInterceptor):
    """Refuses calls while the server warms, once it drains, and from those who are not admitted.

    Health and reflection always pass.
    """

    def __init__(self, admit: Admit) -> None:
        self.closed: type[Warming | Draining] | None = Warming
        self._admit = admit
        self._inside: set[asyncio.Task[Any]] = set()

    async def intercept_service(
        self, continuation: Continuation, handler_call_details: grpc.HandlerCallDetails
    ) -> grpc.RpcMethodHandler[Any, Any] | None:
        handler = await continuation(handler_call_details)
        if handler is None or handler_call_details.method.startswith(ALWAYS_OPEN):
            return handler
        return around(handler, self._pass)

    @asynccontextmanager
    async def _pass(self, context: Context) -> AsyncIterator[None]:
        if self.closed:
            raise self.closed(f"the service is {self.closed.__name__.lower()}", retry_after_s=RETRY_AFTER_S)
        self._admit(context)
        task = cast("asyncio.Task[Any]", asyncio.current_task())
        self._inside.add(task)
        task.add_done_callback(self._inside.discard)
        yield

    async def emptied(self) -> None:
        """Waits for the handlers of calls that were cut off: grpc tells them to end, but does not see them out."""
        if self._inside:
            await asyncio.wait(self._inside, timeout=CLEANUP_S)


class Server:
    """Listens once started, serves once open, and is gone once ended. Each is called once, in this order."""

    def __init__(self, endpoint: Endpoint, table: ErrorTable, register: Register, admit: Admit = anyone) -> None:
        self._endpoint = endpoint
        self._door = Door(admit)
        self._server = grpc.aio.server(
            interceptors=(RequestIdInterceptor(), StatusInterceptor(table), self._door),
            options=server_options(endpoint.max_receive_bytes, endpoint.max_send_bytes),
        )
        names = register(self._server)
        self._health = Health(names)
        add_HealthServicer_to_server(self._health, self._server)
        reflection.enable_server_reflection((*names, HEALTH_NAME, reflection.SERVICE_NAME), self._server)

    async def start(self) -> int:
        """Listens and returns the port; health says NOT_SERVING. Raises CannotListen."""
        address = f"{self._endpoint.host}:{self._endpoint.port}"
        try:
            port = self._server.add_insecure_port(address)
        except RuntimeError as error:
            raise CannotListen(f"cannot listen at {address}: it is taken, or no address of this machine") from error
        await self._server.start()
        return port

    def open(self) -> None:
        """Lets calls in and says SERVING."""
        self._door.closed = None
        self._health.become(SERVING)

    async def end(self, drain: Hook, grace_s: float) -> None:
        """Takes nothing new, drains, lets running calls finish and cancels the rest, all within `grace_s`."""
        until_s = asyncio.get_running_loop().time() + grace_s
        self._door.closed = Draining
        self._health.become(NOT_SERVING)
        try:
            async with asyncio.timeout_at(until_s):
                await drain()
        except TimeoutError:
            pass  # what has not drained by now is cancelled below
        finally:
            self._health.close()
            await self._server.stop(max(0.0, until_s - asyncio.get_running_loop().time()))
            await self._door.emptied()

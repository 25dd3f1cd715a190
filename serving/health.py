"""Owns what grpc.health.v1 says of a process: one state for all of its services."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable

import grpc
from grpc_health.v1.health_pb2 import HealthCheckRequest, HealthCheckResponse
from grpc_health.v1.health_pb2_grpc import HealthServicer

from serving.handlers import Context

SERVING = HealthCheckResponse.SERVING
NOT_SERVING = HealthCheckResponse.NOT_SERVING


class Health(HealthServicer):
    """The health service, NOT_SERVING until told otherwise.

    Not grpc's own servicer, because a watch of that one never ends: `Server.stop(grace)` then waits the whole grace.
    """

    def __init__(self, services: Iterable[str]) -> None:
        self._services = frozenset({"", *services})
        self._closed = False
        self._changed = asyncio.Event()  # a new one for every change, so that no watcher misses it
        self.state: int = NOT_SERVING

    def become(self, state: int) -> None:
        """Tells every watcher, and everyone who asks from now on."""
        self.state = state
        self._wake()

    def close(self) -> None:
        """NOT_SERVING for good; every watch ends after having said so."""
        self._closed = True
        self.become(NOT_SERVING)

    def _wake(self) -> None:
        changed, self._changed = self._changed, asyncio.Event()
        changed.set()

    def _state_of(self, service: str) -> int:
        return self.state if service in self._services else HealthCheckResponse.SERVICE_UNKNOWN

    async def Check(self, request: HealthCheckRequest, context: Context) -> HealthCheckResponse:
        if request.service not in self._services:
            await context.abort(grpc.StatusCode.NOT_FOUND, "this process has no such service")
        return HealthCheckResponse(status=self.state)

    async def Watch(self, request: HealthCheckRequest, context: Context) -> AsyncIterator[HealthCheckResponse]:
        said = None
        while True:
            changed, state = self._changed, self._state_of(request.service)
            if state != said:
                yield HealthCheckResponse(status=state)
                said = state
            if self._closed and changed is self._changed:
                return
            await changed.wait()

"""One toy service with a handler of every kind, so that what holds for handlers is told once for all four."""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import grpc
import grpc.aio
import pytest

SERVICE = "test.Kinds"
KINDS = ("unary_unary", "unary_stream", "stream_unary", "stream_stream")


@dataclass
class Kinds:
    """Echoes nothing but what `act` does, then one message; `closed` hears of every stream that was let go."""

    act: Callable[[Any], Awaitable[None]]
    closed: list[str] = field(default_factory=list)

    async def single(self, request: Any, context: Any) -> bytes:
        await self.act(context)
        return b"done"

    async def stream(self, request: Any, context: Any) -> AsyncIterator[bytes]:
        try:
            yield b"first"
            await self.act(context)
            yield b"done"
        finally:
            self.closed.append("stream")

    def register(self, server: grpc.aio.Server) -> Sequence[str]:
        handlers: dict[str, Any] = {
            "unary_unary": grpc.unary_unary_rpc_method_handler(self.single),
            "unary_stream": grpc.unary_stream_rpc_method_handler(self.stream),
            "stream_unary": grpc.stream_unary_rpc_method_handler(self.single),
            "stream_stream": grpc.stream_stream_rpc_method_handler(self.stream),
        }
        server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(SERVICE, handlers),))
        return [SERVICE]


@pytest.fixture
def kinds() -> type[Kinds]:
    return Kinds


@dataclass(frozen=True)
class Caller:
    """Calls the toy service by kind and returns its messages."""

    port: int

    async def __call__(self, kind: str, **options: Any) -> list[bytes]:
        async with grpc.aio.insecure_channel(f"127.0.0.1:{self.port}") as channel:
            request = iter([b"?"]) if kind.startswith("stream") else b"?"
            call = getattr(channel, kind)(f"/{SERVICE}/{kind}")(request, timeout=10, **options)
            return [message async for message in call] if kind.endswith("stream") else [await call]


@pytest.fixture
def caller() -> type[Caller]:
    return Caller

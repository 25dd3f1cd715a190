"""Owns the one way to put a scope around a gRPC handler, whichever of the four kinds it is."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager, aclosing
from typing import Any

import grpc
import grpc.aio

Context = grpc.aio.ServicerContext[Any, Any]
Scope = Callable[[Context], AbstractAsyncContextManager[None]]
Continuation = Callable[[grpc.HandlerCallDetails], Awaitable["grpc.RpcMethodHandler[Any, Any] | None"]]

# A caller who sends nothing for this long is not in the middle of a write.
LONGEST_PAUSE_S = 1.0
LONGEST_UPLOAD_S = 10.0

_FACTORIES = {
    (False, False): ("unary_unary", grpc.unary_unary_rpc_method_handler),
    (False, True): ("unary_stream", grpc.unary_stream_rpc_method_handler),
    (True, False): ("stream_unary", grpc.stream_unary_rpc_method_handler),
    (True, True): ("stream_stream", grpc.stream_stream_rpc_method_handler),
}


def around(handler: grpc.RpcMethodHandler[Any, Any], scope: Scope) -> grpc.RpcMethodHandler[Any, Any]:
    """The same handler, run inside `scope(context)`: an error it raises passes through the scope's exit."""
    kind, factory = _FACTORIES[handler.request_streaming, handler.response_streaming]
    wrap = _streaming if handler.response_streaming else _single
    return factory(wrap(getattr(handler, kind), scope), handler.request_deserializer, handler.response_serializer)


def _single(behaviour: Callable[[Any, Context], Awaitable[Any]], scope: Scope) -> Callable[[Any, Context], Any]:
    async def run(request: Any, context: Context) -> Any:
        async with scope(context):
            return await behaviour(request, context)

    return run


def _streaming(behaviour: Callable[[Any, Context], Any], scope: Scope) -> Callable[[Any, Context], Any]:
    """A generator is pumped here, not by grpc, so that it is closed in the same step in which its caller leaves."""

    async def run(request: Any, context: Context) -> None:
        async with scope(context):
            answer = behaviour(request, context)
            if not hasattr(answer, "__aiter__"):  # it writes through the context
                await answer
                return
            async with aclosing(answer):
                async for message in answer:
                    await context.write(message)

    return run


async def hear_out(context: Context) -> None:
    """Reads and drops what a caller still sends, so that the status that ends the call reaches it.

    A grpc.aio client whose write fails because the call has ended reports INTERNAL instead of the server's status,
    every second time (grpc issue 36066, open at 1.85.1).
    """
    now_s = asyncio.get_running_loop().time
    until_s = now_s() + LONGEST_UPLOAD_S
    try:
        async with asyncio.timeout(LONGEST_PAUSE_S) as patience:
            while await context.read() is not grpc.aio.EOF:
                patience.reschedule(min(until_s, now_s() + LONGEST_PAUSE_S))
    except TimeoutError:
        pass  # it is not sending, or far too much

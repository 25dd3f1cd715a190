"""Owns one stream of server-sent events: begun with the first of them, kept alive, ended exactly once.

Until the first event nothing is sent, so that what fails early is a status of its own and not an event.
"""

from __future__ import annotations

import asyncio
import json
from contextlib import suppress
from types import TracebackType
from typing import Any, Self

from aiohttp import web

from gateway.http.failures import body, told

HEADERS = {
    "Content-Type": "text/event-stream; charset=utf-8",
    "Cache-Control": "no-store",
    "X-Accel-Buffering": "no",  # proxies would hold events back
}
KEEPALIVE_S = 15.0


class EventStream:
    """Around what is told: `async with EventStream(request) as stream: …`, then `return stream.response`.

    An error in its body is the last event, called `error_event`; before the first event it goes on to the caller.
    """

    def __init__(self, request: web.Request, error_event: str = "", keepalive_s: float = KEEPALIVE_S) -> None:
        self._request, self._error_event, self._keepalive_s = request, error_event, keepalive_s
        self._begun: web.StreamResponse | None = None
        self._heart: asyncio.Task[None] | None = None

    @property
    def begun(self) -> bool:
        """Whether anything was told."""
        return self._begun is not None

    @property
    def response(self) -> web.StreamResponse:
        """What the handler returns, once something was told."""
        assert self._begun, "a stream that ends without an error has told something"
        return self._begun

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, _kind: type[BaseException] | None, error: BaseException | None, _trace: TracebackType | None
    ) -> bool:
        if self._heart:
            self._heart.cancel()
        if self._begun is None or not (error is None or isinstance(error, Exception)):
            return False  # nobody has heard anything yet, or the caller is gone
        if isinstance(error, ConnectionError):
            return False
        if error:
            await self.send(body(told(error, self._request.path)), self._error_event)
        await self._begun.write_eof()
        return True

    async def send(self, data: Any, event: str = "") -> None:
        """Sends one event: `data` as JSON, or as it is when it is a string."""
        text = data if isinstance(data, str) else json.dumps(data, ensure_ascii=False)
        name = f"event: {event}\n" if event else ""
        if self._begun is None:
            await self._begin()
        await self.response.write(f"{name}data: {text}\n\n".encode())

    async def _begin(self) -> None:
        response = web.StreamResponse(headers=HEADERS)
        await response.prepare(self._request)
        self._begun, self._heart = response, asyncio.create_task(self._beat(response))

    async def _beat(self, response: web.StreamResponse) -> None:
        """Comments, so that nothing on the way takes the silence of a long reading for the end."""
        with suppress(ConnectionError):  # the handler is told by its own cancellation
            while True:
                await asyncio.sleep(self._keepalive_s)
                await response.write(b": still here\n\n")

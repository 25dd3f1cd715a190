"""`python -m gateway [--config FILE] [--SETTING VALUE …] [--print-config]`: one gateway process.

Exits 0 after a drain, 2 on wrong settings, 69 where a port is taken.
"""

from __future__ import annotations

import asyncio
import sys
from functools import partial

from gateway.ask import Desk
from gateway.clients.reader import Reader
from gateway.clients.renderer import Renderer
from gateway.http.server import HttpEndpoint, HttpServer
from gateway.openai_api import ChatLimits, OpenAiApi
from gateway.openapi import with_description
from gateway.reading import Wings
from gateway.residents import Residents
from gateway.routes import HttpLimits, Routes, is_public
from gateway.servicer import TABLE, GatewayServicer, admission, register
from gateway.settings import IN_MEMORY, NO_HTTP, Settings, http_address
from gateway.store import Limits, Store
from serving import telemetry
from serving.process import Endpoint, run, serve
from serving.settings import settings_from

# The process cuts off what has not drained in time: HTTP is done a little sooner and ends in order.
HTTP_DRAIN_SHARE = 0.9


async def _main(settings: Settings) -> int:
    renderer = Renderer(settings.render_target, settings.page_message_max_bytes)
    reader = Reader(settings.reader_target, settings.page_message_max_bytes)
    path = None if settings.store_path == IN_MEMORY else settings.store_path
    store = Store(path, Limits(settings.store_max_bytes, settings.store_ttl_s))
    wings = Wings(renderer, reader, Residents(), settings.pages_max_bytes, settings.sidecar_max_characters)
    desk = Desk(wings, store, settings.question_max_characters, settings.usual_memory_bytes)
    servicer = GatewayServicer(desk, settings.climb_limit_s, settings.document_max_bytes)
    limits = (settings.receive_max_bytes, settings.page_message_max_bytes)
    http = _http(desk, settings) if settings.http != NO_HTTP else None

    async def warm() -> None:
        await store.open()
        if http:
            await http.start()

    async def drain() -> None:
        if http:
            await http.end()

    try:
        return await serve(
            name="gateway",
            endpoint=Endpoint(settings.host, settings.port, *limits, settings.drain_s),
            table=TABLE,
            register=partial(register, servicer=servicer),
            admit=admission(settings.token.get_secret_value()),
            warm=warm,
            drain=drain,
            end_with_stdin=settings.end_with_stdin,
        )
    finally:
        await drain()  # again, where the process ends without having drained
        await asyncio.gather(renderer.close(), reader.close(), store.close())


def _http(desk: Desk, settings: Settings) -> HttpServer:
    """The web page and the HTTP APIs: the same desk behind another door."""
    host, port = http_address(settings.http, settings.host)
    token = settings.token.get_secret_value()
    endpoint = HttpEndpoint(host, port, settings.http_body_max_bytes, token, settings.drain_s * HTTP_DRAIN_SHARE)
    page = Routes(desk, HttpLimits(settings.climb_limit_s, settings.document_max_bytes))
    chat = OpenAiApi(desk, ChatLimits(settings.climb_limit_s, settings.chat_document_characters))
    routes = with_description([*page.table(), *chat.table()])
    return HttpServer(endpoint, routes, is_public, desk.meters.requested)


if __name__ == "__main__":
    telemetry.configure("gateway")
    sys.exit(run(_main(settings_from(Settings))))

"""`python -m gateway [--config FILE] [--SETTING VALUE …] [--print-config]`: one gateway process."""

from __future__ import annotations

import asyncio
import sys
from functools import partial

from gateway.ask import Desk
from gateway.clients.reader import Reader
from gateway.clients.renderer import Renderer
from gateway.reading import Wings
from gateway.residents import Residents
from gateway.servicer import TABLE, GatewayServicer, register
from gateway.settings import Settings
from gateway.store import Limits, Store
from serving import telemetry
from serving.process import Endpoint, serve
from serving.settings import settings_from


async def _main(settings: Settings) -> int:
    renderer = Renderer(settings.render_target, settings.page_message_max_bytes)
    reader = Reader(settings.reader_target, settings.page_message_max_bytes)
    store = Store(settings.store_path, Limits(settings.store_max_bytes, settings.store_ttl_s))
    wings = Wings(renderer, reader, Residents(), settings.pages_max_bytes, settings.sidecar_max_characters)
    desk = Desk(wings, store, settings.question_max_characters, settings.usual_memory_bytes)
    servicer = GatewayServicer(desk, settings.climb_limit_s, settings.document_max_bytes)
    limits = (settings.receive_max_bytes, settings.page_message_max_bytes)
    try:
        return await serve(
            name="gateway",
            endpoint=Endpoint(settings.host, settings.port, *limits, settings.drain_s),
            table=TABLE,
            register=partial(register, servicer=servicer),
            warm=store.open,
        )
    finally:
        await asyncio.gather(renderer.close(), reader.close(), store.close())


if __name__ == "__main__":
    telemetry.configure("gateway")
    sys.exit(asyncio.run(_main(settings_from(Settings))))

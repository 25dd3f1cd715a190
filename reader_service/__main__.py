"""`python -m reader_service`: one reader process. Exits 0 after a drain, 70 when the device is lost."""

from __future__ import annotations

import asyncio
import sys
from functools import partial

from reader_service.model import Model
from reader_service.reader import Reader
from reader_service.servicer.servicer import TABLE, register
from reader_service.settings import Settings, bound_spinning
from serving import telemetry
from serving.process import Endpoint, serve


def _load(settings: Settings) -> Model:
    # Here, on the loading thread: importing torch takes seconds, and the port should answer at once.
    from reader_service.torch_model.load import load_model

    return load_model(settings)


async def _main() -> int:
    settings = Settings()
    reader = Reader(settings, partial(_load, settings))
    endpoint = Endpoint(
        settings.host, settings.port, settings.max_receive_bytes, settings.max_send_bytes, settings.drain_s
    )
    try:
        return await serve(
            name="reader",
            endpoint=endpoint,
            table=TABLE,
            register=partial(register, reader=reader),
            warm=reader.open,
            drain=reader.drain,
            lost=reader.lost,
        )
    finally:
        await reader.close()


if __name__ == "__main__":
    telemetry.configure("reader")
    bound_spinning()
    sys.exit(asyncio.run(_main()))

"""`python -m reader_service [--config FILE] [--SETTING VALUE …] [--print-config]`: one reader process.

Exits 0 after a drain, 1 when it cannot start, 2 on wrong settings, 69 where the port is taken, 70 when the device is
lost.
"""

from __future__ import annotations

import gc
import sys
from functools import partial

from reader_service.model import Model
from reader_service.reader import Reader
from reader_service.servicer.servicer import TABLE, register
from reader_service.settings import Settings, bound_spinning
from serving import telemetry
from serving.process import Endpoint, run, serve
from serving.settings import settings_from


def _load(settings: Settings) -> Model:
    # Here, on the engine's thread: importing torch takes seconds, and the port should answer at once.
    from reader_service.torch_model.load import load_model

    return load_model(settings)


async def _open(reader: Reader) -> None:
    """Opens the reader and takes what stands then out of the collector's sight: looking through torch's and
    transformers' hundred thousands of objects stops every thread for a quarter of a second and more."""
    await reader.open()
    gc.collect()
    gc.freeze()


async def _main(settings: Settings) -> int:
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
            warm=partial(_open, reader),
            drain=reader.drain,
            lost=reader.lost,
            end_with_stdin=settings.end_with_stdin,
        )
    finally:
        await reader.close()
        gc.unfreeze()  # libraries that count their objects at the end would miss these


if __name__ == "__main__":
    telemetry.configure("reader")
    bound_spinning()
    try:
        sys.exit(run(_main(settings_from(Settings))))
    except (OSError, ValueError) as error:  # no such checkpoint, none that we can run
        sys.exit(f"reader: {error}")

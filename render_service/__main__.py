"""`python -m render_service [--host H] [--port P] [--workers N]`: one renderer process. Exits 0 after a drain."""

import argparse
import asyncio
import sys
from functools import partial

from render_service.servicer import ERRORS, RenderServicer, register
from render_service.settings import RenderSettings
from render_service.workers import Pool
from serving import telemetry
from serving.process import Endpoint, serve


async def _main(settings: RenderSettings) -> int:
    pool = Pool(settings.workers, settings.waiting_jobs, settings.retry_after_s)
    servicer = RenderServicer(pool, settings.max_document_bytes, settings.upload_wait_s)
    endpoint = Endpoint(
        settings.host, settings.port, settings.max_receive_bytes, settings.max_send_bytes, settings.drain_s
    )
    try:
        return await serve(
            name="render",
            endpoint=endpoint,
            table=ERRORS,
            register=partial(register, servicer=servicer),
            warm=pool.start,
        )
    finally:
        await pool.close()


def _settings() -> RenderSettings:
    """Arguments win over the environment, the environment over the defaults."""
    parser = argparse.ArgumentParser(prog="python -m render_service", description=__doc__)
    for name in ("host", "port", "workers"):
        parser.add_argument(f"--{name}", help=RenderSettings.model_fields[name].description, default=argparse.SUPPRESS)
    return RenderSettings(**vars(parser.parse_args()))


if __name__ == "__main__":
    telemetry.configure("render")
    sys.exit(asyncio.run(_main(_settings())))

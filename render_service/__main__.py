"""`python -m render_service [--host H] [--port P] [--workers N]`: one renderer process. Exits 0 after a drain."""

import argparse
import asyncio
import sys
from functools import partial

from pydantic import ValidationError

from render_service.rendered import RenderedDocuments
from render_service.servicer import ERRORS, RenderServicer, register
from render_service.settings import RenderSettings
from render_service.workers import Pool
from serving import telemetry
from serving.process import Endpoint, serve


async def _main(settings: RenderSettings) -> int:
    pool = Pool(settings.workers, settings.waiting_jobs, settings.retry_after_s)
    rendered = RenderedDocuments(pool, settings.kept_bytes)
    servicer = RenderServicer(pool, rendered, settings.max_document_bytes, settings.upload_wait_s)
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
    """Arguments win over the environment, the environment over the defaults; wrong ones end the process with 2."""
    parser = argparse.ArgumentParser(prog="python -m render_service", description=__doc__)
    parser.add_argument("--host", help="address to listen at", default=argparse.SUPPRESS)
    parser.add_argument("--port", help="port to listen at, 0 for any free one", default=argparse.SUPPRESS)
    parser.add_argument("--workers", help="worker processes, one a core by default", default=argparse.SUPPRESS)
    try:
        return RenderSettings(**vars(parser.parse_args()))
    except ValidationError as error:
        problems = (f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in error.errors())
        parser.error("; ".join(problems))


if __name__ == "__main__":
    telemetry.configure("render")
    sys.exit(asyncio.run(_main(_settings())))

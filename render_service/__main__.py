"""`python -m render_service [--config FILE] [--SETTING VALUE …] [--print-config]`: one renderer process.

Exits 0 after a drain, 2 on wrong settings, 69 where the port is taken.
"""

import sys
from functools import partial

from render_service.rendered import RenderedDocuments
from render_service.servicer import ERRORS, RenderServicer, register
from render_service.settings import RenderSettings
from render_service.workers import Pool
from serving import telemetry
from serving.process import Endpoint, run, serve
from serving.settings import settings_from


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
            end_with_stdin=settings.end_with_stdin,
        )
    finally:
        await pool.close()


if __name__ == "__main__":
    telemetry.configure("render")
    sys.exit(run(_main(settings_from(RenderSettings))))

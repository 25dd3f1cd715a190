"""Owns the comparison of the bare functions with the service: gRPC, one worker process, loopback."""

import asyncio
import json
import sys
import time
from asyncio.subprocess import PIPE
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import asdict

import grpc.aio
from glyphstream.common.v1 import common_pb2 as common
from glyphstream.render.v1 import render_pb2 as wire
from glyphstream.render.v1.render_pb2_grpc import RenderServiceStub

from render_service import jobs
from render_service.style import Style
from serving.options import channel_options

CHUNK_BYTES = 1024 * 1024
RUNS = 3


async def through_service(text: str, style: Style) -> None:
    """Best times of both for one document; each run has its own last line, so that no pages are kept from another."""
    documents = [f"{text}\n{run}".encode() for run in range(RUNS)]
    bare_s = min(_bare_s(data, style) for data in documents)
    async with _serving() as port, grpc.aio.insecure_channel(f"127.0.0.1:{port}", options=channel_options()) as channel:
        runs = [await _served_s(RenderServiceStub(channel), data, style) for data in documents]
    first_s, served_s = (min(times) for times in zip(*runs, strict=True))
    print(
        f"{len(text)} characters: bare {bare_s:.2f} s, through the service {served_s:.2f} s "
        f"({bare_s / served_s:.0%} of the bare speed), its first page after {first_s * 1e3:.0f} ms"
    )


def _bare_s(data: bytes, style: Style) -> float:
    start = time.perf_counter()
    for _ in jobs.render(data, style):
        pass
    return time.perf_counter() - start


async def _served_s(stub: RenderServiceStub, data: bytes, style: Style) -> tuple[float, float]:
    """Seconds until the first page and until the last one."""
    start, first = time.perf_counter(), 0.0
    async for response in stub.Render(_requests(data, style)):
        if not first and response.WhichOneof("message") == "page":
            first = time.perf_counter() - start
    return first, time.perf_counter() - start


def _requests(data: bytes, style: Style) -> Iterator[wire.RenderRequest]:
    yield wire.RenderRequest(style=common.Style(**asdict(style)))
    for at in range(0, len(data), CHUNK_BYTES):
        yield wire.RenderRequest(chunk=common.Chunk(data=data[at : at + CHUNK_BYTES]))


@asynccontextmanager
async def _serving() -> AsyncIterator[int]:
    """A renderer as a process of its own with one worker; yields its port."""
    command = (sys.executable, "-m", "render_service", "--port", "0", "--workers", "1")
    process = await asyncio.create_subprocess_exec(*command, stderr=PIPE)
    assert process.stderr is not None
    port = 0
    try:
        while (event := json.loads(await process.stderr.readline()))["event"] != "serving":
            port = event.get("port", port)
        yield port
    finally:
        process.terminate()
        await process.communicate()

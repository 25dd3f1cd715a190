"""Owns the control: a gateway like any other, to which the pages of the real renderer come without ink."""

from __future__ import annotations

import hashlib
import io
import tempfile
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from functools import cache
from pathlib import Path
from typing import Any

import grpc.aio
from glyphstream.render.v1 import render_pb2_grpc
from PIL import Image

from gateway.local_stack import HOST, Service
from serving.options import channel_options, server_options

PAGE_MESSAGE_MAX_BYTES = 8 << 20


@asynccontextmanager
async def blank_gateway(render_target: str, reader_target: str) -> AsyncIterator[str]:
    """Where a second gateway listens, to which the real renderer's pages come without ink."""
    async with AsyncExitStack() as stack:
        channel = await stack.enter_async_context(
            grpc.aio.insecure_channel(render_target, options=channel_options(PAGE_MESSAGE_MAX_BYTES))
        )
        server = grpc.aio.server(options=server_options(PAGE_MESSAGE_MAX_BYTES, PAGE_MESSAGE_MAX_BYTES))
        render_pb2_grpc.add_RenderServiceServicer_to_server(
            BlankRenderer(render_pb2_grpc.RenderServiceStub(channel)), server
        )
        port = server.add_insecure_port(f"{HOST}:0")
        await server.start()
        stack.push_async_callback(server.stop, None)
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="glyphstream-"))
        gateway = Service("gateway", lambda _line: None)
        await gateway.start(_environment(f"{HOST}:{port}", reader_target, Path(folder) / "documents.sqlite"))
        stack.push_async_callback(gateway.end)
        await gateway.serving()
        yield f"{HOST}:{await gateway.port()}"


def _environment(render_target: str, reader_target: str, store: Path) -> Mapping[str, str]:
    return {
        "GLYPHSTREAM_GATEWAY_HOST": HOST,
        "GLYPHSTREAM_GATEWAY_PORT": "0",
        "GLYPHSTREAM_GATEWAY_RENDER_TARGET": render_target,
        "GLYPHSTREAM_GATEWAY_READER_TARGET": reader_target,
        "GLYPHSTREAM_GATEWAY_STORE_PATH": str(store),
    }


class BlankRenderer(render_pb2_grpc.RenderServiceServicer):
    """The renderer behind `stub`, but for the ink on its pages. It has no Health: to a gateway it always serves."""

    def __init__(self, stub: Any) -> None:
        self._stub = stub

    async def Extract(self, requests: Any, _context: Any) -> AsyncIterator[Any]:  # noqa: N802 - the proto's name
        """Passed on."""
        async for response in self._stub.Extract(requests):
            yield response

    async def Estimate(self, requests: Any, _context: Any) -> Any:  # noqa: N802 - the proto's name
        """Passed on."""
        return await self._stub.Estimate(requests)

    async def Render(self, requests: Any, _context: Any) -> AsyncIterator[Any]:  # noqa: N802 - the proto's name
        """Passed on, every page white."""
        async for response in self._stub.Render(requests):
            if response.WhichOneof("message") == "page":
                page = response.page
                page.image, page.media_type = white(page.width, page.height), "image/png"
                page.sha256 = hashlib.sha256(page.image).digest()
            yield response


@cache
def white(width: int, height: int) -> bytes:
    """A white page, PNG."""
    file = io.BytesIO()
    Image.new("L", (width, height), 255).save(file, "PNG")
    return file.getvalue()

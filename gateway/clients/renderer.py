"""Owns the channel to the renderers: documents to text, text to layouts and pages.

It retries by itself (UNAVAILABLE before any header, on another replica) and leaves out replicas that are not SERVING.
"""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, Callable
from dataclasses import asdict
from typing import Any

import grpc.aio
from glyphstream.common.v1 import common_pb2
from glyphstream.render.v1 import render_pb2, render_pb2_grpc

from gateway import errors
from gateway.clients.calls import calling, is_serving, value_of
from gateway.deadline import Deadline
from gateway.documents import CleanText, Header, Manifest, Page, PageSize
from gateway.ladder import Style
from serving.options import channel_options

CHUNK_BYTES = 1 << 20
RENDER_SERVICE_CONFIG = {
    "loadBalancingConfig": [{"round_robin": {}}],
    "healthCheckConfig": {"serviceName": "glyphstream.render.v1.RenderService"},
    "methodConfig": [
        {
            "name": [{"service": "glyphstream.render.v1.RenderService"}],
            "retryPolicy": {
                "maxAttempts": 3,
                "initialBackoff": "0.05s",
                "maxBackoff": "0.5s",
                "backoffMultiplier": 2,
                "retryableStatusCodes": ["UNAVAILABLE"],
            },
        }
    ],
}


class Renderer:
    """The render service, all replicas of it."""

    def __init__(self, target: str, message_max_bytes: int) -> None:
        options = [*channel_options(message_max_bytes, message_max_bytes), ("grpc.enable_retries", 1)]
        options.append(("grpc.service_config", json.dumps(RENDER_SERVICE_CONFIG)))  # type: ignore[arg-type]
        self._channel = grpc.aio.insecure_channel(target, options=options)
        self._stub = render_pb2_grpc.RenderServiceStub(self._channel)

    async def close(self) -> None:
        """Ends every call and the channel."""
        await self._channel.close()

    async def serving(self, deadline: Deadline) -> bool:
        """Whether any of them serves."""
        return await is_serving(self._channel, deadline)

    async def extract(self, header: Header, source: bytes, deadline: Deadline) -> CleanText:
        """Clean text of the bytes. Raises InvalidDocument, DocumentTooLong, Busy, RendererLost."""
        requests = _header_and_chunks(render_pb2.ExtractRequest, source, header=_header(header))
        report, pieces = render_pb2.ExtractReport(), []
        async with calling(self._stub.Extract, requests, deadline, errors.RendererLost) as call:
            async for response in call:
                if response.WhichOneof("message") == "report":
                    report = response.report
                else:
                    pieces.append(response.text.text)
        return _clean_text("".join(pieces), report)

    async def estimate(self, text: str, style: Style, deadline: Deadline) -> Manifest:
        """The layout in figures, nothing painted. Raises Busy, RendererLost."""
        requests = _header_and_chunks(render_pb2.EstimateRequest, text.encode(), style=_style(style))
        async with calling(self._stub.Estimate, requests, deadline, errors.RendererLost) as call:
            return _manifest((await call).manifest)

    async def render(self, text: str, style: Style, deadline: Deadline) -> AsyncGenerator[Manifest | Page]:
        """The manifest, then every page in order. Raises Busy, RendererLost; a missing page is a lost renderer."""
        requests = _header_and_chunks(render_pb2.RenderRequest, text.encode(), style=_style(style))
        expected, seen = 0, 0
        async with calling(self._stub.Render, requests, deadline, errors.RendererLost) as call:
            async for response in call:
                if response.WhichOneof("message") == "manifest":
                    expected = len(response.manifest.pages)
                    yield _manifest(response.manifest)
                else:
                    seen += 1
                    yield value_of(Page, response.page)
        if seen != expected or not seen:
            raise errors.RendererLost(f"the renderer sent {seen} of {expected} pages")


async def _header_and_chunks(request: Callable[..., Any], data: bytes, **header: Any) -> AsyncGenerator[Any]:
    yield request(**header)
    for start in range(0, len(data), CHUNK_BYTES):
        yield request(chunk=common_pb2.Chunk(data=data[start : start + CHUNK_BYTES]))


def _header(header: Header) -> render_pb2.DocumentHeader:
    return render_pb2.DocumentHeader(
        name=header.name,
        media_type=header.media_type,
        charset=header.charset,
        mode=int(header.mode),  # type: ignore[arg-type]
    )


def _clean_text(text: str, report: render_pb2.ExtractReport) -> CleanText:
    return CleanText(
        text=text,
        media_type=report.media_type,
        cleaning_version=report.cleaning_version,
        removed=dict(report.removed),
        charset=report.charset,
        source_characters=report.source_characters,
    )


def _style(style: Style) -> common_pb2.Style:
    return common_pb2.Style(**asdict(style), image_format=common_pb2.IMAGE_FORMAT_PNG)


def _manifest(manifest: render_pb2.Manifest) -> Manifest:
    pages = tuple(
        PageSize(page.width, page.height, page.text_start, page.text_end, tuple(page.line_starts))
        for page in manifest.pages
    )
    return Manifest(
        manifest.characters, pages, manifest.vision_tokens, sum(missing.count for missing in manifest.missing)
    )

"""Owns the wire of the render service: decode a call, run one job, encode its results, and the table of its errors."""

import asyncio
from collections.abc import AsyncIterable, AsyncIterator, Callable
from contextlib import aclosing
from typing import Any, TypeVar

import grpc
import grpc.aio
from glyphstream.common.v1 import common_pb2 as common
from glyphstream.render.v1 import render_pb2 as wire
from glyphstream.render.v1.render_pb2_grpc import RenderServiceServicer, add_RenderServiceServicer_to_server

from render_service import jobs
from render_service.documents import Document, InvalidDocument, TextTooLong
from render_service.extracting import extracting
from render_service.layout import DocumentTooLong
from render_service.rendered import RenderedDocuments
from render_service.style import Flow, ImageFormat, InvalidStyle, Style
from render_service.workers import Pool, RendererBusy, RendererLost
from serving.status import ErrorTable, Row

MAX_CHUNK_BYTES = 1024 * 1024
SERVICE_NAME = wire.DESCRIPTOR.services_by_name["RenderService"].full_name

Context = grpc.aio.ServicerContext[Any, Any]
Head = TypeVar("Head")


class UploadTooSlow(Exception):
    """The caller did not finish sending within the time that a place is held for it."""


ERRORS: ErrorTable = {
    InvalidDocument: Row(grpc.StatusCode.INVALID_ARGUMENT, "INVALID_DOCUMENT"),
    TextTooLong: Row(grpc.StatusCode.INVALID_ARGUMENT, "DOCUMENT_TOO_LONG"),
    DocumentTooLong: Row(grpc.StatusCode.INVALID_ARGUMENT, "DOCUMENT_TOO_LONG"),
    jobs.PageTooLarge: Row(grpc.StatusCode.INVALID_ARGUMENT, "PAGE_TOO_LARGE"),
    InvalidStyle: Row(grpc.StatusCode.INVALID_ARGUMENT, "INVALID_STYLE"),
    RendererBusy: Row(grpc.StatusCode.UNAVAILABLE, "RENDERER_BUSY"),
    RendererLost: Row(grpc.StatusCode.UNAVAILABLE, "RENDERER_LOST"),
    UploadTooSlow: Row(grpc.StatusCode.DEADLINE_EXCEEDED, "UPLOAD_TOO_SLOW"),
}


class RenderServicer(RenderServiceServicer):
    """Three calls, each one job of the pool."""

    def __init__(self, pool: Pool, rendered: RenderedDocuments, max_document_bytes: int, upload_wait_s: float) -> None:
        self._pool = pool
        self._rendered = rendered
        self._max_document_bytes = max_document_bytes
        self._upload_wait_s = upload_wait_s

    async def Extract(
        self, requests: AsyncIterable[wire.ExtractRequest], context: Context
    ) -> AsyncIterator[wire.ExtractResponse]:
        async with self._pool.admitted():
            header, data = await self._collect(requests, _header)
            columns = header.mode == common.MODE_CODE
            job = jobs.ExtractJob(Document(data, header.name, header.media_type, header.charset, columns))
            async with aclosing(extracting(self._pool, job)) as results:
                async for result in results:
                    yield _extracted(result)

    async def Estimate(self, requests: AsyncIterable[wire.EstimateRequest], context: Context) -> wire.EstimateResponse:
        async with self._pool.admitted():
            style, text = await self._collect(requests, _style)
            async with aclosing(self._pool.results(jobs.EstimateJob(text, style))) as results:
                (manifest,) = [result async for result in results]
                return wire.EstimateResponse(manifest=_manifest(manifest))

    async def Render(
        self, requests: AsyncIterable[wire.RenderRequest], context: Context
    ) -> AsyncIterator[wire.RenderResponse]:
        async with self._pool.admitted():
            style, text = await self._collect(requests, _style)
            async with aclosing(self._rendered.results(jobs.RenderJob(text, style))) as results:
                async for result in results:
                    yield _rendered(result)

    async def _collect(self, requests: AsyncIterable[Any], head_of: Callable[[Any], Head]) -> tuple[Head, bytes]:
        try:
            async with asyncio.timeout(self._upload_wait_s):
                return await _collected(requests, head_of, self._max_document_bytes)
        except TimeoutError as error:
            raise UploadTooSlow(f"the call was not sent within {self._upload_wait_s:g} s") from error


def register(server: grpc.aio.Server, servicer: RenderServicer) -> tuple[str, ...]:
    """Adds the servicer to a server; returns the full names of its services."""
    add_RenderServiceServicer_to_server(servicer, server)
    return (SERVICE_NAME,)


async def _collected(
    requests: AsyncIterable[Any], head_of: Callable[[Any], Head], max_bytes: int
) -> tuple[Head, bytes]:
    """What the first message says, refused at once where it is wrong, and the bytes of all chunks after it."""
    stream = aiter(requests)
    head = head_of(await anext(stream, None))
    data = bytearray()
    async for request in stream:
        data += _chunk(request)
        if len(data) > max_bytes:
            raise DocumentTooLong(f"longer than {max_bytes} bytes")
    return head, bytes(data)


def _header(request: wire.ExtractRequest | None) -> wire.DocumentHeader:
    if request is None or request.WhichOneof("message") != "header":
        raise InvalidDocument("the first message of a call must be its header")
    return request.header


def _chunk(request: Any) -> bytes:
    if request.WhichOneof("message") != "chunk":
        raise InvalidDocument("every message after the first must be a chunk")
    data: bytes = request.chunk.data
    if len(data) > MAX_CHUNK_BYTES:
        raise InvalidDocument(f"a chunk of {len(data)} bytes, at most {MAX_CHUNK_BYTES} are allowed")
    return data


def _style(request: wire.EstimateRequest | wire.RenderRequest | None) -> Style:
    if request is None or request.WhichOneof("message") != "style":
        raise InvalidStyle("the first message of a call must be its style")
    style = request.style
    values = {field.name: getattr(style, field.name) for field in style.DESCRIPTOR.fields}
    try:
        flow, image_format = Flow(style.flow or common.FLOW_PROPORTIONAL), ImageFormat(style.image_format or 1)
    except ValueError as error:
        raise InvalidStyle(str(error)) from error
    return Style(**{**values, "flow": flow, "image_format": image_format})


def _extracted(result: Any) -> wire.ExtractResponse:
    if isinstance(result, jobs.Report):
        return wire.ExtractResponse(report=wire.ExtractReport(**vars(result)))
    runs = (wire.OffsetRun(text_start=text, source_start=source, length=length) for text, source, length in result.runs)
    return wire.ExtractResponse(
        text=wire.TextChunk(text=result.text, text_start=result.text_start, offsets=runs),
    )


def _rendered(result: Any) -> wire.RenderResponse:
    if isinstance(result, jobs.Manifest):
        return wire.RenderResponse(manifest=_manifest(result))
    page = common.Page(
        index=result.index,
        width=result.size.width,
        height=result.size.height,
        media_type=result.media_type,
        image=result.image,
        sha256=result.sha256,
        text_start=result.size.text_start,
        text_end=result.size.text_end,
        missing_glyphs=result.missing_glyphs,
    )
    return wire.RenderResponse(page=page)


def _manifest(manifest: Any) -> wire.Manifest:
    return wire.Manifest(
        characters=manifest.characters,
        pages=(wire.PageSize(**vars(page)) for page in manifest.pages),
        vision_tokens=manifest.vision_tokens,
        characters_per_token=manifest.characters_per_token,
        missing=(wire.MissingGlyph(code_point=code, count=count) for code, count in manifest.missing),
        style=common.Style(**vars(manifest.style)),
        renderer_version=manifest.renderer_version,
    )

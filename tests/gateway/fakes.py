"""A renderer and a reader that do what a test scripts, as real servicers: what they are asked goes over loopback."""

import asyncio
import hashlib
import struct
import zlib
from collections import deque
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import grpc
import grpc.aio
from glyphstream.common.v1 import common_pb2
from glyphstream.reader.v1 import reader_pb2
from glyphstream.reader.v1.reader_pb2_grpc import ReaderServiceServicer, add_ReaderServiceServicer_to_server
from glyphstream.render.v1 import render_pb2
from glyphstream.render.v1.render_pb2_grpc import RenderServiceServicer, add_RenderServiceServicer_to_server

from gateway import errors
from gateway.ask import Desk
from gateway.clients.reader import Reader
from gateway.clients.renderer import Renderer
from gateway.http.server import HttpEndpoint, HttpServer
from gateway.openai_api import ChatLimits, OpenAiApi
from gateway.openapi import with_description
from gateway.reading import Wings
from gateway.residents import Residents
from gateway.routes import HttpLimits, Routes, is_public
from gateway.servicer import TABLE, GatewayServicer, admission, register
from gateway.store import Limits, Store
from serving.process import running
from serving.status import Row

PEER_TABLE = {
    **TABLE,
    errors.DocumentNotResident: Row(grpc.StatusCode.NOT_FOUND, "DOCUMENT_NOT_RESIDENT"),
    errors.InvalidPages: Row(grpc.StatusCode.INVALID_ARGUMENT, "INVALID_PAGES"),
}
RENDER, READER = "glyphstream.render.v1.RenderService", "glyphstream.reader.v1.ReaderService"
PAGE_TOKENS = 16
PNG_END = struct.pack(">I", 0) + b"IEND" + struct.pack(">I", zlib.crc32(b"IEND"))
DEAD_PORT = 1
LONG_CHARACTERS = 100


class FakeRenderer(RenderServiceServicer):
    """A page holds 10 characters at 14 px, more below. `lost_after_pages` breaks the next renderings off, `lost` all.

    `headers` are those of the documents so far; `report` adds to what is said of the next ones.
    """

    def __init__(self) -> None:
        self.extracted, self.rendered, self.estimated = 0, [], 0
        self.lost_after_pages: deque[int] = deque()
        self.headers: list[render_pb2.DocumentHeader] = []
        self.styles: list[common_pb2.Style] = []
        self.report: dict[str, Any] = {}
        self.lost = False

    async def Extract(self, request_iterator, context):
        self.extracted += 1
        header, data = await _collect(request_iterator)
        self.headers.append(header)
        if self.lost:
            raise errors.RendererLost("the worker is gone")
        if b"\0" in data or not data:
            raise errors.InvalidDocument("not text")
        text = data.decode()
        report = render_pb2.ExtractReport(
            media_type="text/plain", characters=len(text), cleaning_version="1", **self.report
        )
        yield render_pb2.ExtractResponse(report=report)
        yield render_pb2.ExtractResponse(text=render_pb2.TextChunk(text=text))

    async def Estimate(self, request_iterator, context):
        self.estimated += 1
        style, data = await _collect(request_iterator)
        self.styles.append(style)
        return render_pb2.EstimateResponse(manifest=_manifest(data.decode(), style))

    async def Render(self, request_iterator, context):
        style, data = await _collect(request_iterator)
        self.rendered.append(style.font_px)
        self.styles.append(style)
        manifest = _manifest(data.decode(), style)
        yield render_pb2.RenderResponse(manifest=manifest)
        break_off = self.lost_after_pages.popleft() if self.lost_after_pages else None
        for index, size in enumerate(manifest.pages):
            if index == break_off:
                raise errors.RendererLost("the worker is gone")
            yield render_pb2.RenderResponse(page=_page(index, size, data.decode(), style.font_px))


def _manifest(text: str, style: common_pb2.Style) -> render_pb2.Manifest:
    most = 140 // style.font_px
    pages = [
        render_pb2.PageSize(
            width=448, height=224, text_start=start, text_end=min(start + most, len(text)), line_starts=[0]
        )
        for start in range(0, len(text), most)
    ]
    return render_pb2.Manifest(
        characters=len(text), pages=pages, vision_tokens=PAGE_TOKENS * len(pages), characters_per_token=1.0, style=style
    )


def _page(index: int, size: render_pb2.PageSize, text: str, font_px: int) -> common_pb2.Page:
    image = png(size.width, size.height) + f"{font_px}:{text[size.text_start : size.text_end]}".encode()
    return common_pb2.Page(
        index=index,
        width=size.width,
        height=size.height,
        media_type="image/png",
        image=image,
        sha256=hashlib.sha256(image).digest(),
        text_start=size.text_start,
        text_end=size.text_end,
    )


def png(width: int, height: int) -> bytes:
    """A white page; what stands behind its end is nothing to whoever shows it."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    rows = zlib.compress((b"\0" + b"\xff" * width) * height)
    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", rows) + PNG_END


def text_on(page: common_pb2.Page) -> str:
    """What a fake renderer wrote on a page."""
    return page.image.rpartition(PNG_END)[2].decode().partition(":")[2]


async def _collect(messages: Any) -> tuple[Any, bytes]:
    """The first message's content and the bytes after it."""
    first, data = None, b""
    async for message in messages:
        if message.WhichOneof("message") == "chunk":
            data += message.chunk.data
        else:
            first = getattr(message, message.WhichOneof("message"))
    return first, data


Reply = Callable[[str, reader_pb2.AnswerRequest], reader_pb2.Completed]


def found(text: str, confidence: float = 0.5, **more: Any) -> reader_pb2.Completed:
    usage = common_pb2.Usage(vision_tokens=PAGE_TOKENS, completion_tokens=len(text))
    memory = common_pb2.MemoryLedger(predicted_peak_bytes=200, measured_peak_bytes=100)
    ended = {"finish_reason": common_pb2.FINISH_REASON_STOP, "found": True, "confidence": confidence, **more}
    return reader_pb2.Completed(usage=usage, memory=memory, **ended)


@dataclass
class FakeReader(ReaderServiceServicer):
    """Answers with the text on the pages. `ingest_errors` and `answer_errors` are raised first, one a call."""

    ask_pages: int = 0
    weighs_nearness: bool = False
    transcribe_pages: int = 0
    largest_vision_tokens: int = 0
    sidecar_characters: int = 0
    resident: dict[str, str] = field(default_factory=dict)
    ingested: list[Sequence[common_pb2.Page]] = field(default_factory=list)
    asked: list[reader_pb2.AnswerRequest] = field(default_factory=list)
    ingest_errors: deque[BaseException] = field(default_factory=deque)
    answer_errors: deque[BaseException] = field(default_factory=deque)
    error_after_text: BaseException | None = None
    reply: Callable[[str], tuple[str, reader_pb2.Completed]] = lambda text: (text, found(text))
    pause: asyncio.Event | None = None
    left: asyncio.Event = field(default_factory=asyncio.Event)

    async def Describe(self, request, context):
        modes = (common_pb2.MODE_PRECISE, common_pb2.MODE_FAST, common_pb2.MODE_CODE)
        profiles = [
            reader_pb2.StyleProfile(
                mode=mode, flow=common_pb2.FLOW_CELLS, font_px=[14, 12, 10], page_width_px=448, page_height_px=224
            )
            for mode in modes
        ]
        info = reader_pb2.ReaderInfo(
            revision="r1",
            patch_px=14,
            merge=2,
            profiles=profiles,
            kv_bytes_per_token=8,
            largest_vision_tokens=self.largest_vision_tokens,
            ask_pages=self.ask_pages,
            weighs_nearness=self.weighs_nearness,
            transcribe_pages=self.transcribe_pages,
            sidecar_characters=self.sidecar_characters,
        )
        return reader_pb2.DescribeResponse(reader=info)

    async def Ingest(self, request_iterator, context):
        pages = [message.page async for message in request_iterator if message.WhichOneof("message") == "page"]
        self.ingested.append(pages)
        if self.ingest_errors:
            raise self.ingest_errors.popleft()
        text = "".join(text_on(page) for page in pages)
        reader_id = hashlib.sha256(b"".join(page.image for page in pages)).hexdigest()
        self.resident[reader_id] = text
        yield reader_pb2.IngestResponse(accepted=reader_pb2.Accepted(ahead=0))
        progress = common_pb2.Progress(stage=common_pb2.STAGE_VISION, done=len(pages), total=len(pages))
        yield reader_pb2.IngestResponse(progress=progress)
        yield reader_pb2.IngestResponse(document=reader_pb2.Document(document_id=reader_id, pages=len(pages)))

    async def Answer(self, request, context):
        self.asked.append(request)
        if self.answer_errors:
            raise self.answer_errors.popleft()
        if request.document_id not in self.resident:
            raise errors.DocumentNotResident("evicted")
        text, completed = self.reply(self.resident[request.document_id])
        sequence = 0
        try:
            for sequence, character in enumerate(text):
                delta = reader_pb2.TextDelta(text=character)
                yield reader_pb2.AnswerResponse(sequence=sequence, delta=delta)
                if self.error_after_text:
                    raise self.error_after_text
                if self.pause:
                    await self.pause.wait()
            yield reader_pb2.AnswerResponse(sequence=sequence + 1, completed=completed)
        except asyncio.CancelledError:
            self.left.set()
            raise

    async def DeleteDocument(self, request, context):
        if request.document_id not in self.resident:
            raise errors.DocumentNotResident("gone")
        del self.resident[request.document_id]
        return reader_pb2.DeleteDocumentResponse()


def renderer_added(renderer: FakeRenderer) -> Callable[[grpc.aio.Server], Sequence[str]]:
    def add(server: grpc.aio.Server) -> Sequence[str]:
        add_RenderServiceServicer_to_server(renderer, server)
        return [RENDER]

    return add


def reader_added(reader: FakeReader) -> Callable[[grpc.aio.Server], Sequence[str]]:
    def add(server: grpc.aio.Server) -> Sequence[str]:
        add_ReaderServiceServicer_to_server(reader, server)
        return [READER]

    return add


@asynccontextmanager
async def desk_over(renderers: Sequence[FakeRenderer | None], reader: FakeReader, folder: Path) -> AsyncIterator[Desk]:
    """What all requests share, with these peers behind it on free loopback ports. None is a dead renderer."""
    async with AsyncExitStack() as stack:
        ports = [
            await stack.enter_async_context(running(renderer_added(fake), table=PEER_TABLE)) if fake else DEAD_PORT
            for fake in renderers
        ]
        reader_port = await stack.enter_async_context(running(reader_added(reader), table=PEER_TABLE))
        render = Renderer("ipv4:" + ",".join(f"127.0.0.1:{port}" for port in ports), 8 << 20)
        stack.push_async_callback(render.close)
        read = Reader(f"127.0.0.1:{reader_port}", 8 << 20)
        stack.push_async_callback(read.close)
        store = Store(folder / "documents.sqlite", Limits(max_bytes=1 << 20, ttl_s=3600))
        await store.open()
        wings = Wings(render, read, Residents(), sidecar_max_characters=200)
        stack.push_async_callback(store.close)
        yield Desk(wings, store)


@asynccontextmanager
async def gateway_over(
    renderers: Sequence[FakeRenderer | None],
    reader: FakeReader,
    folder: Path,
    climb_limit_s: float = 20.0,
    token: str = "",
) -> AsyncIterator[str]:
    """A gateway over these peers; yields its address."""
    async with desk_over(renderers, reader, folder) as desk:
        servicer = GatewayServicer(desk, climb_limit_s, 16 << 20)
        admit = admission(token)
        async with running(lambda server: register(server, servicer), table=TABLE, admit=admit) as port:
            yield f"127.0.0.1:{port}"


@asynccontextmanager
async def http_over(
    desk: Desk, token: str = "", document_max_bytes: int = 1 << 20, drain_s: float = 1.0
) -> AsyncIterator[str]:
    """The web page and the HTTP APIs in front of a desk; yields their address."""
    page = Routes(desk, HttpLimits(20.0, document_max_bytes))
    chat = OpenAiApi(desk, ChatLimits(20.0, LONG_CHARACTERS))
    endpoint = HttpEndpoint("127.0.0.1", 0, body_max_bytes=2 << 20, token=token, drain_s=drain_s)
    routes = with_description([*page.table(), *chat.table()])
    server = HttpServer(endpoint, routes, is_public, desk.meters.requested)
    try:
        yield f"http://127.0.0.1:{await server.start()}"
    finally:
        await server.end()

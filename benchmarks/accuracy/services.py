"""Owns the services that are measured, how they are asked, and the ways in which they can read a page."""

from __future__ import annotations

import json
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Protocol

from glyphstream.client import Client, Completed, Document, GlyphstreamError, Options, TextDelta, Upload

from benchmarks.accuracy.blank import PAGE_MESSAGE_MAX_BYTES, blank_gateway
from benchmarks.accuracy.scoring import Span
from gateway.answers import GroupAnswer, Question, Task
from gateway.answers import TextDelta as GroupDelta
from gateway.clients.calls import value_of
from gateway.clients.reader import Reader, ReaderInfo, Resident
from gateway.clients.renderer import Renderer
from gateway.deadline import Deadline
from gateway.documents import Header, Page, PageSize
from gateway.ladder import Mode, Rung, StyleProfile, profile_of, top_rung
from gateway.local_stack import running_stack
from reader_service.profile import FILE_NAME

CALL_LIMIT_S = 900.0
DECODED_TOKENS = 256


@dataclass(frozen=True)
class Reply:
    """One answer and what it took; `error` is why there is none. Times count from the request, in seconds."""

    text: str
    found: bool
    evidence: tuple[tuple[int, Span], ...] = ()
    first_s: float = 0.0
    total_s: float = 0.0
    tokens: int = 0
    error: str = ""


@dataclass(frozen=True)
class Opened:
    """A document that is in, its clean text and the characters on each of its pages; or why it is not in."""

    document: Document
    text: str = ""
    pages: tuple[Span, ...] = ()
    error: str = ""


class Desk(Protocol):
    """What the sections need of the services."""

    @property
    def info(self) -> ReaderInfo:
        """What the reader says of itself."""
        ...

    async def open(self, upload: Upload, *, blank: bool = False) -> Opened:
        """Takes a document in; `blank` has its pages read without ink."""
        ...

    async def ask(self, opened: Opened, question: str, options: Options, *, blank: bool = False) -> Reply:
        """One answer about it."""
        ...

    async def read(self, upload: Upload, question: str) -> tuple[Opened, Reply]:
        """Taking a document in and answering in one call, without its text and pages."""
        ...

    async def decode(self, opened: Opened, pages: int) -> Reply:
        """A transcript of the first `pages` in one context by the reader itself, cut off at DECODED_TOKENS."""
        ...

    async def forget(self, opened: Opened, *, blank: bool = False) -> None:
        """Gives its memory back."""
        ...


@dataclass(frozen=True)
class Services:
    """A Desk of real services: `blank` is the gateway without ink, the wings are asked what no gateway tells."""

    client: Client
    blank: Client
    renderer: Renderer
    reader: Reader
    info: ReaderInfo

    async def open(self, upload: Upload, *, blank: bool = False) -> Opened:
        """See Desk."""
        client = self.blank if blank else self.client
        try:
            document = await client.create(upload)
        except GlyphstreamError as error:
            return Opened(Document(), error=_told(error))
        pages = [(page.text_start, page.text_end) async for page in client.pages(document.document_id)]
        clean = await self.renderer.extract(Header(upload.name), upload.data, Deadline(CALL_LIMIT_S))
        return Opened(document, clean.text, tuple(pages))

    async def ask(self, opened: Opened, question: str, options: Options, *, blank: bool = False) -> Reply:
        """See Desk."""
        if opened.error:
            return Reply("", found=False, error=opened.error)
        client = self.blank if blank else self.client
        return await reply(client.ask(opened.document.document_id, question, options))

    async def read(self, upload: Upload, question: str) -> tuple[Opened, Reply]:
        """See Desk."""
        document = Document()

        async def events() -> AsyncIterator[Any]:
            nonlocal document
            async for event in self.client.read(upload, question):
                document = event if isinstance(event, Document) else document
                yield event

        answer = await reply(events())
        return Opened(document, error=answer.error), answer

    async def decode(self, opened: Opened, pages: int) -> Reply:
        """See Desk."""
        painted = [value_of(Page, one) async for one in self.client.pages(opened.document.document_id)][:pages]
        sizes = [PageSize(page.width, page.height, page.text_start, page.text_end) for page in painted]
        deadline, reader_id = Deadline(CALL_LIMIT_S), ""
        async for made in self.reader.ingest(painted, sizes, deadline):
            reader_id = made.reader_id if isinstance(made, Resident) else reader_id
        question = Question(Task.TRANSCRIBE, max_new_tokens=DECODED_TOKENS)
        return await reply(self.reader.answer(reader_id, question, deadline))

    async def forget(self, opened: Opened, *, blank: bool = False) -> None:
        """See Desk."""
        if not opened.error:
            await (self.blank if blank else self.client).delete(opened.document.document_id)


async def reply(events: AsyncIterator[Any]) -> Reply:
    """The answer that a stream of events tells, the client's or those of the gateway's own client of the reader."""
    began, first_s, pieces = time.perf_counter(), 0.0, list[str]()
    try:
        async for event in events:
            if isinstance(event, TextDelta | GroupDelta) and not event.reasoning:
                first_s = first_s or time.perf_counter() - began
                pieces.append(event.text)
            elif isinstance(event, Completed | GroupAnswer):
                total_s = time.perf_counter() - began
                stands = tuple((one.page, (one.text_start, one.text_end)) for one in event.evidence)
                tokens = event.usage.completion_tokens
                return Reply("".join(pieces), event.found, stands, first_s or total_s, total_s, tokens)
    except GlyphstreamError as error:
        return Reply("", found=False, error=_told(error))
    raise RuntimeError("the stream ended without Completed")


def _told(error: GlyphstreamError) -> str:
    return f"{type(error).__name__}: {error}"


@asynccontextmanager
async def running(weights: Path | None, *, font_px: int = 0, blank: bool = True) -> AsyncIterator[Services]:
    """The services with the embedded reader, or that of the folder `weights`.

    `font_px` pins every mode that has this size to it: below its first rung a mode is only read when memory is short.
    """
    async with AsyncExitStack() as stack:
        if font_px and weights:
            weights = stack.enter_context(pinned(weights, font_px))
        settings = {"GLYPHSTREAM_READER_MODEL": str(weights)} if weights else {}
        addresses = await stack.enter_async_context(running_stack(settings=settings))
        renderer = Renderer(addresses.render, PAGE_MESSAGE_MAX_BYTES)
        stack.push_async_callback(renderer.close)
        reader = Reader(addresses.reader, PAGE_MESSAGE_MAX_BYTES)
        stack.push_async_callback(reader.close)
        client = await stack.enter_async_context(Client(addresses.gateway, CALL_LIMIT_S))
        other = client
        if blank:
            target = await stack.enter_async_context(blank_gateway(addresses.render, addresses.reader))
            other = await stack.enter_async_context(Client(target, CALL_LIMIT_S))
        info = await reader.describe(Deadline(CALL_LIMIT_S))
        yield Services(client, other, renderer, reader, info)


@contextmanager
def pinned(weights: Path, font_px: int) -> Iterator[Path]:
    """A folder of the same weights whose profile offers nothing but `font_px` where it offers that at all."""
    profile = json.loads((weights / FILE_NAME).read_text("utf-8"))
    for style in profile["styles"]:
        style["font_px"] = [font_px] if font_px in style["font_px"] else style["font_px"]
    with tempfile.TemporaryDirectory(prefix="glyphstream-") as name:
        folder = Path(name)
        for path in weights.iterdir():
            if path.name != FILE_NAME:
                (folder / path.name).symlink_to(path.resolve())
        (folder / FILE_NAME).write_text(json.dumps(profile), "utf-8")
        yield folder


@dataclass(frozen=True)
class Cell:
    """One way in which pages are read; `pinned` where no caller can ask for it."""

    mode: str
    font_px: int
    rung: str
    pinned: bool


def cells(info: ReaderInfo) -> list[Cell]:
    """Every mode at every rung, each look once: what one mode starts with need not be forced on another."""
    found: dict[StyleProfile, Cell] = {}
    for mode in Mode:
        profile = profile_of(mode, info.profiles)
        first = top_rung(mode, profile)
        rung: Rung | None = first
        while rung:
            cell = Cell(mode.name.lower(), rung.font_px, rung.name, rung is not first)
            look = replace(profile, mode=Mode.PRECISE, font_px=(rung.font_px,))
            if look not in found or (found[look].pinned and not cell.pinned):
                found[look] = cell
            rung = rung.lower
    return list(found.values())


def page_size(info: ReaderInfo, mode: str, font_px: int) -> tuple[int, int]:
    """Columns (a Chinese character takes two) and lines of one page; a reader that pins no size gets 448 × 224 px."""
    profile = profile_of(Mode[mode.upper()], info.profiles)
    width, height = profile.page_width_px or 448, profile.page_height_px or 224
    line_px = round(font_px * (profile.line_height_permille or 1000) / 1000)
    return 2 * (width - 2 * profile.margin_px) // font_px, (height - 2 * profile.margin_px) // line_px

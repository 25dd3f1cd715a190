"""Owns what the web page calls: documents in, pages and answers out as they come. Decodes, calls `ask`, encodes."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import aclosing
from dataclasses import dataclass
from importlib import resources
from importlib.resources.abc import Traversable
from typing import Literal

from aiohttp import web
from pydantic import BaseModel, ConfigDict, Field

from gateway import ask, records
from gateway.answers import Question, Task, Turn
from gateway.ask import Desk
from gateway.deadline import Deadline
from gateway.documents import Header
from gateway.errors import DocumentTooLong, InvalidRequest
from gateway.http.bodies import parsed
from gateway.http.events import EventStream
from gateway.ladder import Mode
from gateway.reading import Event
from serving.telemetry import begin_request

TYPES = {
    ".html": "text/html",
    ".css": "text/css",
    ".js": "text/javascript",
    ".svg": "image/svg+xml",
    ".txt": "text/plain",
}
PAGE = "index.html"
API = "/api/"
METRICS = "/metrics"
METRICS_TYPE = "text/plain; version=0.0.4; charset=utf-8"
READY_LIMIT_S = 3.0


@dataclass(frozen=True)
class HttpLimits:
    """What one request may take."""

    climb_limit_s: float
    document_max_bytes: int


class Asked(BaseModel):
    """The body of a question."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    task: Literal["ask", "summarize", "transcribe"] = "ask"
    question: str = ""
    history: tuple[Turn, ...] = ()
    max_new_tokens: int = Field(default=0, ge=0, lt=1 << 31)
    request_id: str = Field(default="", max_length=128)

    def to_question(self) -> Question:
        """What is asked of the document."""
        task = Task[self.task.upper()]
        return Question(task, self.question, self.history, max_new_tokens=self.max_new_tokens, name=self.request_id)


class Routes:
    """The page, its files and its API, without state of their own."""

    def __init__(self, desk: Desk, limits: HttpLimits) -> None:
        self._desk, self._limits = desk, limits

    def table(self) -> list[web.RouteDef]:
        """Every route, the page's files included."""
        one = API + "documents/{document_id}"
        return [
            *_files(),
            web.get("/healthz", self.health),
            web.get("/readyz", self.ready),
            web.get(METRICS, self.metrics),
            web.get(API + "limits", self.limits),
            web.post(API + "documents", self.take_in),
            web.get(API + "documents", self.list_documents),
            web.get(one, self.get_document),
            web.delete(one, self.delete_document),
            web.get(one + "/pages", self.pages),
            web.post(one + "/answers", self.answer),
        ]

    async def health(self, _request: web.Request) -> web.Response:
        """That HTTP is answered; what stands behind it says so itself."""
        return web.json_response({"status": "serving"})

    async def ready(self, _request: web.Request) -> web.Response:
        """Whether questions can be answered: 200, or 503 with what does not serve."""
        peers = await ask.peers(self._desk, Deadline(READY_LIMIT_S))
        status, word = (200, "ready") if all(peers.values()) else (503, "not ready")
        return web.json_response({"status": word, **peers}, status=status)

    async def metrics(self, _request: web.Request) -> web.Response:
        """What has been counted since the process began."""
        return web.Response(body=self._desk.meters.text(), headers={"Content-Type": METRICS_TYPE})

    async def limits(self, _request: web.Request) -> web.Response:
        """What the page may send."""
        longest = self._desk.question_max_characters
        return web.json_response(
            {"document_max_bytes": self._limits.document_max_bytes, "question_max_characters": longest}
        )

    async def take_in(self, request: web.Request) -> web.Response:
        """Takes a document in: the body is its bytes, the query says what they are. Returns what it will cost."""
        source = await self._body(request)
        told = await ask.estimate(self._desk, _header(request), source, self._deadline())
        stored = await self._desk.store.get(told.document.document_id)
        return web.json_response(records.estimate(told, stored.text))

    async def list_documents(self, request: web.Request) -> web.Response:
        """A page of documents, newest first."""
        found, token = await self._desk.store.newest(100, request.query.get("page_token", ""))
        return web.json_response(
            {"documents": [records.document(document) for document in found], "next_page_token": token}
        )

    async def get_document(self, request: web.Request) -> web.Response:
        """One document."""
        stored = await self._desk.store.get(request.match_info["document_id"])
        return web.json_response(records.document(stored.document))

    async def delete_document(self, request: web.Request) -> web.Response:
        """Forgets a document."""
        await ask.delete(self._desk, request.match_info["document_id"], self._deadline())
        return web.Response(status=204)

    async def pages(self, request: web.Request) -> web.StreamResponse:
        """The pages as they are painted: `page` events, then `end`."""
        async with EventStream(request, "error") as stream:
            painting = ask.painted(self._desk, request.match_info["document_id"], self._deadline())
            async with aclosing(painting) as pages:
                async for page, lines in pages:
                    await stream.send(records.page(page, lines), "page")
            await stream.send({}, "end")
        return stream.response

    async def answer(self, request: web.Request) -> web.StreamResponse:
        """An answer: `progress`, `degraded`, `document` and `delta` events, then one `completed` or `error`."""
        asked = parsed(Asked, await request.read())
        if asked.request_id:
            begin_request(asked.request_id)
        question = asked.to_question()
        document_id = request.match_info["document_id"]
        async with EventStream(request, "error") as stream:

            async def tell(event: Event) -> None:
                name, data = records.event(event)
                await stream.send(data, name)

            completed = await ask.ask(self._desk, document_id, question, self._deadline(), tell)
            text = (await self._desk.store.get(document_id)).text if completed.answer.evidence else ""
            await stream.send(records.completed(completed, text), "completed")
        return stream.response

    def _deadline(self) -> Deadline:
        return Deadline(self._limits.climb_limit_s)

    async def _body(self, request: web.Request) -> bytes:
        """The document's bytes, refused as soon as it is too long."""
        most, body = self._limits.document_max_bytes, bytearray()
        if (request.content_length or 0) > most:
            raise _too_long(most)
        async for chunk in request.content.iter_any():
            body += chunk
            if len(body) > most:
                raise _too_long(most)
        return bytes(body)


def is_public(path: str) -> bool:
    """Whether a path may be seen without a token: the page, its files and health, which tell nobody's work."""
    return not path.startswith((API, "/v1/")) and path != METRICS


def _too_long(most: int) -> DocumentTooLong:
    return DocumentTooLong(f"the document is longer than {most} bytes")


def _header(request: web.Request) -> Header:
    query = request.query
    try:
        mode = Mode[query.get("mode", "precise").upper()]
    except KeyError:
        raise InvalidRequest(f"mode: one of {', '.join(mode.name.lower() for mode in Mode)}") from None
    name, media_type, charset = (query.get(word, "") for word in ("name", "media_type", "charset"))
    return Header(name, media_type, charset, mode, reflow=query.get("reflow") == "true")


def _files() -> list[web.RouteDef]:
    """A route for each file of the page, read once: it is small, and a wheel is no folder."""
    here = resources.files("gateway")
    page = [(f"/{file.name}", file) for file in here.joinpath("web").iterdir() if file.name.endswith(tuple(TYPES))]
    examples = [(f"/examples/{file.name}", file) for file in here.joinpath("demo").iterdir()]
    return [web.get(path.removesuffix(PAGE), _file(file)) for path, file in [*page, *examples]]


def _file(file: Traversable) -> Callable[[web.Request], Awaitable[web.Response]]:
    data, kind = file.read_bytes(), TYPES[file.name[file.name.rindex(".") :]]

    async def send(_request: web.Request) -> web.Response:
        return web.Response(body=data, content_type=kind, charset="utf-8", headers={"Cache-Control": "no-cache"})

    return send

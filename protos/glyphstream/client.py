"""The asynchronous client: documents in, answers out as they are written.

    async with Client("127.0.0.1:50050") as client:
        document = await client.create(Upload(Path("contract.txt").read_bytes(), name="contract.txt"))
        async for event in client.ask(document.document_id, "When does the contract end?"):
            if isinstance(event, TextDelta):
                print(event.text, end="")

Every call that fails raises a GlyphstreamError; its kinds are drawn at the top of `glyphstream.errors`.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Self

import grpc.aio

from glyphstream.common.v1 import common_pb2
from glyphstream.common.v1.common_pb2 import Page, Progress, Sampling, Turn
from glyphstream.errors import GlyphstreamError, error_of
from glyphstream.gateway.v1 import gateway_pb2
from glyphstream.gateway.v1.gateway_pb2 import Completed, Degraded, Document, EstimateResponse, TextDelta
from glyphstream.gateway.v1.gateway_pb2_grpc import GatewayServiceStub

__all__ = [
    "Client",
    "Completed",
    "Degraded",
    "Document",
    "EstimateResponse",
    "Event",
    "GlyphstreamError",
    "Options",
    "Page",
    "Progress",
    "Sampling",
    "TextDelta",
    "Turn",
    "Upload",
    "mode_name",
]

Event = Progress | Degraded | TextDelta | Completed
Heard = Callable[[Progress | Degraded], None]

MODES = {"precise": common_pb2.MODE_PRECISE, "fast": common_pb2.MODE_FAST, "code": common_pb2.MODE_CODE}
TASKS = {
    "ask": common_pb2.TASK_ASK,
    "summarize": common_pb2.TASK_SUMMARIZE,
    "transcribe": common_pb2.TASK_TRANSCRIBE,
}
CHUNK_BYTES = 1 << 20
PAGE_MESSAGE_MAX_BYTES = 8 << 20
CHANNEL_OPTIONS = (
    ("grpc.max_receive_message_length", PAGE_MESSAGE_MAX_BYTES),
    ("grpc.max_send_message_length", 2 * CHUNK_BYTES),
    ("grpc.keepalive_time_ms", 20_000),
    ("grpc.keepalive_timeout_ms", 10_000),
    ("grpc.http2.ping_timeout_ms", 10_000),
    ("grpc.enable_retries", 0),  # half an answer twice is worse than an error
)


@dataclass(frozen=True)
class Upload:
    """A document's bytes and what they are said to be. `mode` is one of "precise", "fast", "code"."""

    data: bytes
    name: str = ""
    mode: str = "precise"
    media_type: str = ""
    charset: str = ""


@dataclass(frozen=True)
class Options:
    """How a question is answered. `task` is "ask", "summarize" or "transcribe"; zeros leave it to the service."""

    task: str = "ask"
    history: tuple[Turn, ...] = ()
    sampling: Sampling | None = None
    max_new_tokens: int = 0
    request_id: str = ""


DEFAULTS = Options()


def mode_name(mode: int) -> str:
    """The name of a mode as `Upload` takes it."""
    return next((name for name, number in MODES.items() if number == mode), "precise")


class Client:
    """One channel to a gateway. Every call ends within `timeout_s`, and is cancelled when its iterator is closed.

    `token` is presented where the gateway asks for one.
    """

    def __init__(self, target: str, timeout_s: float = 900.0, token: str = "") -> None:
        self._timeout_s = timeout_s
        self._metadata = (("authorization", f"Bearer {token}"),) if token else ()
        self._channel = grpc.aio.insecure_channel(target, options=CHANNEL_OPTIONS)
        self._stub: Any = GatewayServiceStub(self._channel)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_exc: object) -> None:
        await self.close()

    async def close(self) -> None:
        """Ends every call and the channel."""
        await self._channel.close()

    async def create(self, upload: Upload, heard: Heard | None = None) -> Document:
        """Takes a document in and has it read; `heard` is told progress and steps down on the way."""
        requests = _messages(gateway_pb2.CreateDocumentRequest, _header(upload), upload.data)
        document = Document()
        async with self._calling(self._stub.CreateDocument, requests) as call:
            async for response in call:
                message = _inner(response)
                if isinstance(message, Document):
                    document = message
                elif heard:
                    heard(message)
        return document

    async def ask(self, document_id: str, question: str, options: Options = DEFAULTS) -> AsyncGenerator[Event]:
        """Asks about a document: progress and steps down, then text, then Completed."""
        request = _ask(question, options)
        request.document_id = document_id
        async with self._calling(self._stub.Ask, request) as call:
            async for response in call:
                yield _inner(response)

    async def read(
        self, upload: Upload, question: str, options: Options = DEFAULTS
    ) -> AsyncGenerator[Event | Document]:
        """`create` and `ask` in one call; a Document comes as soon as the document is laid out."""
        header = gateway_pb2.ReadHeader(document=_header(upload), ask=_ask(question, options))
        requests = _messages(gateway_pb2.ReadRequest, header, upload.data)
        async with self._calling(self._stub.Read, requests) as call:
            async for response in call:
                message = _inner(response)
                yield message if isinstance(message, Document) else _inner(message)

    async def estimate(self, upload: Upload) -> EstimateResponse:
        """What the document would cost. It is kept, so that `pages` and `ask` may follow."""
        requests = _messages(gateway_pb2.EstimateRequest, _header(upload), upload.data)
        async with self._calling(self._stub.Estimate, requests) as call:
            return await call  # type: ignore[no-any-return]

    async def pages(self, document_id: str) -> AsyncGenerator[Page]:
        """The document's pages, in order, as they are read now."""
        async with self._calling(self._stub.GetPages, gateway_pb2.GetPagesRequest(document_id=document_id)) as call:
            async for response in call:
                yield response.page

    async def get(self, document_id: str) -> Document:
        """Looks a document up."""
        request = gateway_pb2.GetDocumentRequest(document_id=document_id)
        async with self._calling(self._stub.GetDocument, request) as call:
            return (await call).document  # type: ignore[no-any-return]

    async def documents(self) -> AsyncGenerator[Document]:
        """Every document that the gateway keeps, newest first."""
        token = ""
        while True:
            async with self._calling(
                self._stub.ListDocuments, gateway_pb2.ListDocumentsRequest(page_token=token)
            ) as call:
                listed = await call
            for document in listed.documents:
                yield document
            token = listed.next_page_token
            if not token:
                return

    async def delete(self, document_id: str) -> None:
        """Forgets a document."""
        request = gateway_pb2.DeleteDocumentRequest(document_id=document_id)
        async with self._calling(self._stub.DeleteDocument, request) as call:
            await call

    @asynccontextmanager
    async def _calling(self, method: Any, request: Any) -> AsyncIterator[Any]:
        call = method(request, timeout=self._timeout_s, metadata=self._metadata)
        try:
            yield call
        except grpc.aio.AioRpcError as error:
            raise error_of(error) from error
        finally:
            call.cancel()


def _inner(message: Any) -> Any:
    """What a message with a oneof called "message" carries."""
    return getattr(message, message.WhichOneof("message"))


async def _messages(request: Any, header: Any, data: bytes) -> AsyncIterator[Any]:
    yield request(header=header)
    for start in range(0, len(data), CHUNK_BYTES):
        yield request(chunk=common_pb2.Chunk(data=data[start : start + CHUNK_BYTES]))


def _header(upload: Upload) -> gateway_pb2.DocumentHeader:
    return gateway_pb2.DocumentHeader(
        name=upload.name, media_type=upload.media_type, charset=upload.charset, mode=MODES[upload.mode]
    )


def _ask(question: str, options: Options) -> gateway_pb2.AskRequest:
    return gateway_pb2.AskRequest(
        task=TASKS[options.task],
        question=question,
        history=options.history,
        sampling=options.sampling,
        max_new_tokens=options.max_new_tokens,
        request_id=options.request_id,
    )

"""The asynchronous client: documents in, answers out as they are written.

    async with Client("127.0.0.1:50050", patience_s=30) as client:
        document = await client.create(Upload.from_path("contract.pdf"))
        async for event in client.ask(document.document_id, "When does the contract end?"):
            if isinstance(event, TextDelta):
                print(event.text, end="")
        answer = await client.answer(document.document_id, "Who signs for the supplier?")
        print(answer.text, answer.completed.evidence)

* A call that fails raises one GlyphstreamError; its kinds are drawn at the top of `glyphstream.errors`.
* A call ends within the client's `timeout_s`, or within `Options.timeout_s` where a question has its own.
* A call ends when its iterator is closed (`aclosing`) or its task is cancelled: the services stop the work at once.
* A busy service says when to come back (`error.retry_after_s`). A client with `patience_s` does so by itself, for as
  long as no text has arrived; one without raises at once.
* A question under a `request_id` may be sent again after a broken connection: it is answered once.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import aclosing, asynccontextmanager
from dataclasses import replace
from typing import Any, Self

import grpc.aio

from glyphstream.asking import DEFAULTS, Answer, Options, Upload, header_of, in_chunks, mode_name, question_of
from glyphstream.common.v1.common_pb2 import Page, Progress, Sampling, Turn
from glyphstream.errors import GlyphstreamError, Unavailable, error_of
from glyphstream.gateway.v1 import gateway_pb2
from glyphstream.gateway.v1.gateway_pb2 import Completed, Degraded, Document, EstimateResponse, Summary, TextDelta
from glyphstream.gateway.v1.gateway_pb2_grpc import GatewayServiceStub

__all__ = [
    "Answer",
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
    "Summary",
    "TextDelta",
    "Turn",
    "Upload",
    "mode_name",
]

Event = Progress | Degraded | TextDelta | Completed
Heard = Callable[[Progress | Degraded], None]
Requests = Callable[[], Any]

USUAL_WAIT_S = 0.5  # where a busy service does not say when to come back
PAGE_MESSAGE_MAX_BYTES = 8 << 20
CHANNEL_OPTIONS = (
    ("grpc.max_receive_message_length", PAGE_MESSAGE_MAX_BYTES),
    ("grpc.max_send_message_length", 2 << 20),
    ("grpc.keepalive_time_ms", 20_000),
    ("grpc.keepalive_timeout_ms", 10_000),
    ("grpc.http2.ping_timeout_ms", 10_000),
    ("grpc.enable_retries", 0),  # half an answer twice is worse than an error
)


class Client:
    """One channel to a gateway. Every call ends within `timeout_s`, and is cancelled when its iterator is closed.

    `patience_s` is how long a call in all waits for busy services before it raises Unavailable. `token` is presented
    where the gateway asks for one.
    """

    def __init__(self, target: str, timeout_s: float = 900.0, patience_s: float = 0.0, token: str = "") -> None:
        self._timeout_s, self._patience_s = timeout_s, patience_s
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
        document = Document()

        def requests() -> AsyncIterator[Any]:
            return in_chunks(gateway_pb2.CreateDocumentRequest, header_of(upload), upload.data)

        async with aclosing(self._responses(self._stub.CreateDocument, requests)) as responses:
            async for response in responses:
                message = _inner(response)
                if isinstance(message, Document):
                    document = message
                elif heard:
                    heard(message)
        return document

    async def ask(self, document_id: str, question: str, options: Options = DEFAULTS) -> AsyncGenerator[Event]:
        """Asks about a document: progress and steps down, then text, then Completed."""
        request = question_of(question, options)
        request.document_id = document_id
        async with aclosing(self._responses(self._stub.Ask, lambda: request, options.timeout_s)) as responses:
            async for response in responses:
                yield _inner(response)

    async def read(
        self, upload: Upload, question: str, options: Options = DEFAULTS
    ) -> AsyncGenerator[Event | Document]:
        """`create` and `ask` in one call; a Document comes as soon as the document is laid out."""
        header = gateway_pb2.ReadHeader(document=header_of(upload), ask=question_of(question, options))

        def requests() -> AsyncIterator[Any]:
            return in_chunks(gateway_pb2.ReadRequest, header, upload.data)

        async with aclosing(self._responses(self._stub.Read, requests, options.timeout_s)) as responses:
            async for response in responses:
                message = _inner(response)
                yield message if isinstance(message, Document) else _inner(message)

    def summarize(self, document: str | Upload, options: Options = DEFAULTS) -> AsyncGenerator[Event | Document]:
        """Summarizes a document that is there (by its id) or an upload: as `ask`; `Completed.summary` has the parts."""
        return self._task("summarize", document, options)

    def transcribe(self, document: str | Upload, options: Options = DEFAULTS) -> AsyncGenerator[Event | Document]:
        """What the reader sees on the pages of a document that is there or of an upload: as `ask`."""
        return self._task("transcribe", document, options)

    async def answer(
        self, document: str | Upload, question: str, options: Options = DEFAULTS, heard: Heard | None = None
    ) -> Answer:
        """A whole answer about a document that is there or an upload; `heard` is told progress and steps down."""
        events = (
            self.read(document, question, options)
            if isinstance(document, Upload)
            else self.ask(document, question, options)
        )
        return await whole(events, heard)

    async def estimate(self, upload: Upload) -> EstimateResponse:
        """What the document would cost. It is kept, so that `pages` and `ask` may follow."""

        def requests() -> AsyncIterator[Any]:
            return in_chunks(gateway_pb2.EstimateRequest, header_of(upload), upload.data)

        return await self._response(self._stub.Estimate, requests)  # type: ignore[no-any-return]

    async def pages(self, document_id: str) -> AsyncGenerator[Page]:
        """The document's pages, in order, as they are read now."""
        request = gateway_pb2.GetPagesRequest(document_id=document_id)
        async with self._calling(self._stub.GetPages, request, self._timeout_s) as call:
            async for response in call:
                yield response.page

    async def get(self, document_id: str) -> Document:
        """Looks a document up."""
        request = gateway_pb2.GetDocumentRequest(document_id=document_id)
        return (await self._response(self._stub.GetDocument, lambda: request)).document  # type: ignore[no-any-return]

    async def documents(self) -> AsyncGenerator[Document]:
        """Every document that the gateway keeps, newest first."""
        request = gateway_pb2.ListDocumentsRequest()
        while True:
            listed = await self._response(self._stub.ListDocuments, lambda: request)
            for document in listed.documents:
                yield document
            request.page_token = listed.next_page_token
            if not request.page_token:
                return

    async def delete(self, document_id: str) -> None:
        """Forgets a document."""
        request = gateway_pb2.DeleteDocumentRequest(document_id=document_id)
        await self._response(self._stub.DeleteDocument, lambda: request)

    def _task(self, task: str, document: str | Upload, options: Options) -> AsyncGenerator[Any]:
        options = replace(options, task=task)
        return self.read(document, "", options) if isinstance(document, Upload) else self.ask(document, "", options)

    async def _responses(self, method: Any, request: Requests, timeout_s: float = 0.0) -> AsyncGenerator[Any]:
        """A stream; begun again while a service is busy, there is patience, and no text has come."""
        clock = asyncio.get_running_loop().time
        end_s = clock() + (timeout_s or self._timeout_s)
        patience_s = self._patience_s
        while True:
            spoken = False
            try:
                async with self._calling(method, request(), end_s - clock()) as call:
                    async for response in call:
                        spoken = spoken or _speaks(response)
                        yield response
                return
            except Unavailable as error:
                wait_s = error.retry_after_s or USUAL_WAIT_S
                patience_s -= wait_s
                if spoken or patience_s < 0:
                    raise
            await asyncio.sleep(wait_s)

    async def _response(self, method: Any, request: Requests) -> Any:
        """One message; asked for again while a service is busy and there is patience."""
        patience_s = self._patience_s
        while True:
            try:
                async with self._calling(method, request(), self._timeout_s) as call:
                    return await call
            except Unavailable as error:
                wait_s = error.retry_after_s or USUAL_WAIT_S
                patience_s -= wait_s
                if patience_s < 0:
                    raise
            await asyncio.sleep(wait_s)

    @asynccontextmanager
    async def _calling(self, method: Any, request: Any, timeout_s: float) -> AsyncIterator[Any]:
        call = method(request, timeout=timeout_s, metadata=self._metadata)
        try:
            yield call
        except grpc.aio.AioRpcError as error:
            raise error_of(error, late=call.time_remaining() == 0) from error
        finally:
            call.cancel()


async def whole(events: AsyncGenerator[Any], heard: Heard | None = None) -> Answer:
    """An answer's text and end, out of its events; `heard` is told progress and steps down."""
    pieces: list[str] = []
    completed = Completed()
    async with aclosing(events) as stream:
        async for event in stream:
            if isinstance(event, TextDelta):
                pieces += [] if event.reasoning else [event.text]
            elif isinstance(event, Completed):
                completed = event
            elif heard and not isinstance(event, Document):
                heard(event)
    return Answer("".join(pieces), completed)


def _speaks(response: Any) -> bool:
    """Whether a response holds text, which nobody wants to hear twice."""
    message = _inner(response)
    if isinstance(message, gateway_pb2.AskResponse):
        message = _inner(message)
    return isinstance(message, TextDelta)


def _inner(message: Any) -> Any:
    """What a message with a oneof called "message" carries."""
    return getattr(message, message.WhichOneof("message"))

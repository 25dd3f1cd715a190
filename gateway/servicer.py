"""Owns the public gRPC service: decodes, calls one function of `ask`, encodes. Every error's code stands in TABLE."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import aclosing
from dataclasses import asdict
from typing import Any

import grpc
import grpc.aio
from glyphstream.common.v1 import common_pb2
from glyphstream.gateway.v1 import gateway_pb2, gateway_pb2_grpc

from gateway import ask, errors
from gateway.access import check_token
from gateway.answers import Completed, Degraded, Progress, Question, Sampling, Task, TextDelta, Turn
from gateway.deadline import Deadline
from gateway.documents import Document, Header, Page
from gateway.ladder import Mode, Rung
from gateway.reading import Event
from serving.server import Admit
from serving.status import BUG, ErrorTable, Row
from serving.telemetry import begin_request, request_id

Context = grpc.aio.ServicerContext[Any, Any]
Write = Callable[[Any], Awaitable[None]]
SERVICE = gateway_pb2.DESCRIPTOR.services_by_name["GatewayService"].full_name
DEFAULT_PAGE_SIZE = 100

CODES: dict[type[errors.GatewayError], grpc.StatusCode] = {
    errors.InvalidDocument: grpc.StatusCode.INVALID_ARGUMENT,
    errors.DocumentTooLong: grpc.StatusCode.INVALID_ARGUMENT,
    errors.InvalidQuestion: grpc.StatusCode.INVALID_ARGUMENT,
    errors.InvalidRequest: grpc.StatusCode.INVALID_ARGUMENT,
    errors.UnknownModel: grpc.StatusCode.NOT_FOUND,
    errors.BadToken: grpc.StatusCode.UNAUTHENTICATED,
    errors.ForeignPage: grpc.StatusCode.UNAUTHENTICATED,
    errors.DocumentNotFound: grpc.StatusCode.NOT_FOUND,
    errors.DoesNotFit: grpc.StatusCode.OUT_OF_RANGE,
    errors.GpuOutOfMemory: grpc.StatusCode.RESOURCE_EXHAUSTED,
    errors.ReaderBusy: grpc.StatusCode.UNAVAILABLE,
    errors.RendererBusy: grpc.StatusCode.UNAVAILABLE,
    errors.Draining: grpc.StatusCode.UNAVAILABLE,
    errors.Warming: grpc.StatusCode.UNAVAILABLE,
    errors.RendererLost: grpc.StatusCode.UNAVAILABLE,
    errors.ReaderLost: grpc.StatusCode.UNAVAILABLE,
    errors.GpuLost: grpc.StatusCode.UNAVAILABLE,
    errors.DeadlineExceeded: grpc.StatusCode.DEADLINE_EXCEEDED,
}
TABLE: ErrorTable = {
    **{kind: Row(code, kind.reason) for kind, code in CODES.items()},
    # Evicted again before each of several attempts: the card is fought over, and the document itself is here.
    errors.DocumentNotResident: Row(grpc.StatusCode.UNAVAILABLE, errors.ReaderBusy.reason),
    # Nobody sends pages this way: they were painted for the reader, and its refusal is our own mistake.
    errors.InvalidPages: BUG,
}


class GatewayServicer(gateway_pb2_grpc.GatewayServiceServicer):
    """The public service, without state of its own.

    Streams whose events are told while they happen write through the context; the generated types know no such thing.
    """

    def __init__(self, desk: ask.Desk, climb_limit_s: float, document_max_bytes: int) -> None:
        self._desk, self._climb_limit_s, self._document_max_bytes = desk, climb_limit_s, document_max_bytes

    async def CreateDocument(self, request_iterator: AsyncIterator[Any], context: Context) -> None:  # type: ignore[override]
        deadline = self._deadline(context)
        header, source = await self._upload(request_iterator)

        async def tell(event: Event) -> None:
            if not isinstance(event, Document):  # the one at the end counts
                await context.write(gateway_pb2.CreateDocumentResponse(**_event(event)))

        document = await ask.create(self._desk, _header(header), source, deadline, tell)
        await context.write(gateway_pb2.CreateDocumentResponse(document=_document(document)))

    async def Ask(self, request: gateway_pb2.AskRequest, context: Context) -> None:  # type: ignore[override]
        deadline = self._deadline(context)
        _name(request)
        answer = _Answer(context.write)
        completed = await ask.ask(self._desk, request.document_id, _question(request), deadline, answer.tell)
        await answer.complete(completed)

    async def Read(self, request_iterator: AsyncIterator[Any], context: Context) -> None:  # type: ignore[override]
        deadline = self._deadline(context)
        header, source = await self._upload(request_iterator)
        _name(header.ask)
        answer = _Answer(lambda message: context.write(gateway_pb2.ReadResponse(answer=message)))

        async def tell(event: Event) -> None:
            if isinstance(event, Document):
                await context.write(gateway_pb2.ReadResponse(document=_document(event)))
            else:
                await answer.tell(event)

        upload = (_header(header.document), source)
        await answer.complete(await ask.read(self._desk, upload, _question(header.ask), deadline, tell))

    async def GetPages(
        self, request: gateway_pb2.GetPagesRequest, context: Context
    ) -> AsyncIterator[gateway_pb2.GetPagesResponse]:
        async with aclosing(ask.pages(self._desk, request.document_id, self._deadline(context))) as pages:
            async for page in pages:
                yield gateway_pb2.GetPagesResponse(page=_page(page))

    async def Estimate(self, request_iterator: AsyncIterator[Any], context: Context) -> gateway_pb2.EstimateResponse:
        deadline = self._deadline(context)
        header, source = await self._upload(request_iterator)
        estimate = await ask.estimate(self._desk, _header(header), source, deadline)
        return gateway_pb2.EstimateResponse(
            document=_document(estimate.document),
            fits=estimate.fits,
            characters_per_token=estimate.characters_per_token,
            kv_bytes=estimate.kv_bytes,
        )

    async def GetDocument(
        self, request: gateway_pb2.GetDocumentRequest, context: Context
    ) -> gateway_pb2.GetDocumentResponse:
        stored = await self._desk.store.get(request.document_id)
        return gateway_pb2.GetDocumentResponse(document=_document(stored.document))

    async def ListDocuments(
        self, request: gateway_pb2.ListDocumentsRequest, context: Context
    ) -> gateway_pb2.ListDocumentsResponse:
        size = request.page_size or DEFAULT_PAGE_SIZE
        documents, token = await self._desk.store.newest(size, request.page_token)
        return gateway_pb2.ListDocumentsResponse(
            documents=[_document(document) for document in documents], next_page_token=token
        )

    async def DeleteDocument(
        self, request: gateway_pb2.DeleteDocumentRequest, context: Context
    ) -> gateway_pb2.DeleteDocumentResponse:
        await ask.delete(self._desk, request.document_id, self._deadline(context))
        return gateway_pb2.DeleteDocumentResponse()

    def _deadline(self, context: Context) -> Deadline:
        """The caller's deadline, or the service's limit where that is shorter."""
        theirs_s = context.time_remaining()
        return Deadline(self._climb_limit_s if theirs_s is None else min(theirs_s, self._climb_limit_s))

    async def _upload(self, messages: AsyncIterator[Any]) -> tuple[Any, bytes]:
        """Header and bytes of a document, refused as soon as it is too long."""
        header, source = None, bytearray()
        async for message in messages:
            if message.WhichOneof("message") == "header":
                header = message.header
            source += message.chunk.data
            if len(source) > self._document_max_bytes:
                raise errors.DocumentTooLong(f"the document is longer than {self._document_max_bytes} bytes")
        if header is None:
            raise errors.InvalidDocument("the first message must be a header")
        return header, bytes(source)


class _Answer:
    """One stream of AskResponse, its messages numbered from 0 without gap."""

    def __init__(self, write: Write) -> None:
        self._write, self._sequence = write, 0

    async def tell(self, event: Event) -> None:
        if not isinstance(event, Document):  # Completed carries it
            await self._send(**_event(event))

    async def complete(self, completed: Completed) -> None:
        await self._send(completed=_completed(completed))

    async def _send(self, **message: Any) -> None:
        await self._write(gateway_pb2.AskResponse(sequence=self._sequence, **message))
        self._sequence += 1


def register(server: grpc.aio.Server, servicer: GatewayServicer) -> Sequence[str]:
    """Adds the service to a server; returns the names it serves."""
    gateway_pb2_grpc.add_GatewayServiceServicer_to_server(servicer, server)
    return [SERVICE]


def admission(token: str) -> Admit:
    """Admits calls whose metadata present the token; everyone where it is empty."""

    def admit(context: Context) -> None:
        presented = dict(context.invocation_metadata() or ()).get("authorization", "")
        check_token(token, str(presented))

    return admit


def _name(request: gateway_pb2.AskRequest) -> None:
    """The caller's name for the request wins over the one that travelled beside it."""
    if request.request_id:
        begin_request(request.request_id)


def _header(header: gateway_pb2.DocumentHeader) -> Header:
    return Header(header.name, header.media_type, header.charset, Mode(header.mode or Mode.PRECISE), header.reflow)


def _question(request: gateway_pb2.AskRequest) -> Question:
    sampling = request.sampling
    return Question(
        task=Task(request.task or Task.ASK),
        text=request.question,
        history=tuple(Turn(turn.question, turn.answer) for turn in request.history),
        sampling=Sampling(
            sampling.temperature,
            sampling.top_p,
            sampling.top_k,
            sampling.seed,
            tuple(sampling.stop),
            sampling.repetition_penalty,
        ),
        max_new_tokens=request.max_new_tokens,
        name=request.request_id,
    )


def _rung(rung: Rung) -> gateway_pb2.Rung:
    return gateway_pb2.Rung(name=rung.name, font_px=rung.font_px)


def _degraded(step: Degraded) -> gateway_pb2.Degraded:
    ends: dict[str, Any] = {"from": _rung(step.source), "to": _rung(step.target)}
    return gateway_pb2.Degraded(**ends, reason=step.reason)


def _event(event: Event) -> dict[str, Any]:
    """The event as the field that it is on the wire."""
    match event:
        case Progress(stage, done, total):
            progress = {"stage": int(stage), "done": done, "total": total}
            return {"progress": common_pb2.Progress(**progress)}  # type: ignore[arg-type]
        case Degraded():
            return {"degraded": _degraded(event)}
        case TextDelta(text, reasoning):
            return {"delta": gateway_pb2.TextDelta(text=text, reasoning=reasoning)}
    raise AssertionError(f"{event} has its own place on the wire")


def _document(document: Document) -> gateway_pb2.Document:
    message = gateway_pb2.Document(
        document_id=document.document_id,
        name=document.header.name,
        mode=int(document.header.mode),  # type: ignore[arg-type]
        characters=document.characters,
        media_type=document.media_type,
        removed=document.removed,
        charset=document.charset,
        source_characters=document.source_characters,
    )
    if document.figures:
        figures = asdict(document.figures)
        rung = gateway_pb2.Rung(name=figures.pop("rung"), font_px=figures.pop("font_px"))
        message.MergeFrom(gateway_pb2.Document(rung=rung, **figures))
    return message


def _page(page: Page) -> common_pb2.Page:
    return common_pb2.Page(**vars(page))


def _completed(completed: Completed) -> gateway_pb2.Completed:
    answer = completed.answer
    return gateway_pb2.Completed(
        finish_reason=int(answer.finish_reason),  # type: ignore[arg-type]
        usage=common_pb2.Usage(**vars(answer.usage)),
        timings=common_pb2.Timings(**vars(answer.timings)),
        memory=common_pb2.MemoryLedger(**vars(answer.memory)),
        found=answer.found,
        evidence=[common_pb2.Evidence(**vars(evidence)) for evidence in answer.evidence],
        document=_document(completed.document),
        degraded=[_degraded(step) for step in completed.degraded],
        request_id=request_id.get(),
        summary=gateway_pb2.Summary(**asdict(completed.summary)) if completed.summary else None,
    )

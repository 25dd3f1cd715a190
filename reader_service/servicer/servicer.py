"""glyphstream.reader.v1.ReaderService: decodes messages, calls the reader, encodes what it says."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import aclosing
from typing import Any

import grpc
from glyphstream.reader.v1 import reader_pb2 as pb
from glyphstream.reader.v1 import reader_pb2_grpc as rpc

from reader_service import errors
from reader_service.errors import InvalidPages
from reader_service.model import GreyPage
from reader_service.pages import EncodedPage
from reader_service.reader import Reader
from reader_service.results import DocumentInfo
from reader_service.servicer import messages
from serving.status import ErrorTable, Row

Context = grpc.aio.ServicerContext[Any, Any]
SERVICE = pb.DESCRIPTOR.services_by_name["ReaderService"].full_name

_Code = grpc.StatusCode
TABLE: ErrorTable = {
    errors.InvalidPages: Row(_Code.INVALID_ARGUMENT, "INVALID_PAGES"),
    errors.InvalidQuestion: Row(_Code.INVALID_ARGUMENT, "INVALID_QUESTION"),
    errors.DoesNotFit: Row(_Code.OUT_OF_RANGE, "DOES_NOT_FIT"),
    errors.OutOfMemory: Row(_Code.RESOURCE_EXHAUSTED, "GPU_OUT_OF_MEMORY"),
    errors.Draining: Row(_Code.UNAVAILABLE, "DRAINING"),
    errors.Busy: Row(_Code.UNAVAILABLE, "READER_BUSY"),
    errors.DocumentNotResident: Row(_Code.NOT_FOUND, "DOCUMENT_NOT_RESIDENT"),
    errors.DeviceLost: Row(_Code.UNAVAILABLE, "GPU_LOST"),
}


class ReaderServicer(rpc.ReaderServiceServicer):
    """One method an RPC; see the proto for what each does and how it fails."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader

    async def Describe(self, request: pb.DescribeRequest, context: Context) -> pb.DescribeResponse:
        return pb.DescribeResponse(reader=messages.reader_info(*self._reader.describe()))

    async def Ingest(
        self, requests: AsyncIterator[pb.IngestRequest], context: Context
    ) -> AsyncIterator[pb.IngestResponse]:
        header = await _header(requests)
        if header.document_id and (resident := self._resident(header.document_id)):
            yield messages.ingest_response(resident)
            return
        yield messages.ingest_response(self._reader.accept(header.pages, header.pixels))
        encoded, pages = await self._pages(requests, header)
        texts = tuple(messages.page_text(text) for text in header.page_texts)
        async with aclosing(self._reader.ingest(self._reader.identify(encoded), pages, texts)) as events:  # type: ignore[type-var]
            async for event in events:
                yield messages.ingest_response(event)

    async def Answer(self, request: pb.AnswerRequest, context: Context) -> AsyncIterator[pb.AnswerResponse]:
        question = messages.question(request, self._reader.settings)
        sequence = 0
        async with aclosing(self._reader.answer(question)) as events:  # type: ignore[type-var]
            async for event in events:
                yield messages.answer_response(sequence, event)
                sequence += 1

    async def GetDocument(self, request: pb.GetDocumentRequest, context: Context) -> pb.GetDocumentResponse:
        return pb.GetDocumentResponse(document=messages.document(self._reader.document(request.document_id)))

    async def ListDocuments(self, request: pb.ListDocumentsRequest, context: Context) -> pb.ListDocumentsResponse:
        return pb.ListDocumentsResponse(documents=map(messages.document, self._reader.load.documents))

    async def DeleteDocument(self, request: pb.DeleteDocumentRequest, context: Context) -> pb.DeleteDocumentResponse:
        return pb.DeleteDocumentResponse(freed_bytes=await self._reader.delete(request.document_id))

    async def GetLoad(self, request: pb.GetLoadRequest, context: Context) -> pb.GetLoadResponse:
        return messages.load(self._reader.load)

    def _resident(self, document_id: str) -> DocumentInfo | None:
        try:
            return messages.reused(self._reader.document(document_id))
        except errors.DocumentNotResident:
            return None

    async def _pages(
        self, requests: AsyncIterator[pb.IngestRequest], header: pb.IngestHeader
    ) -> tuple[list[EncodedPage], list[GreyPage]]:
        """All announced pages, in order. A document that is not whole is refused, never read in part."""
        encoded: list[EncodedPage] = []
        decoded: list[GreyPage] = []
        pixels = 0
        async for request in requests:
            page = messages.page(request)
            if page.index != len(encoded) or page.index >= header.pages:
                raise InvalidPages(f"page {page.index} came where page {len(encoded)} of {header.pages} belongs")
            decoded.append(await self._reader.decode(page))
            encoded.append(messages.without_image(page))
            if (pixels := pixels + page.size.pixels) > header.pixels:
                break  # below: what was refused by its size is not let in by a smaller announcement
        if len(encoded) != header.pages or pixels != header.pixels:
            raise InvalidPages(
                f"{len(encoded)} pages of {pixels} pixels came, {header.pages} of {header.pixels} were announced"
            )
        return encoded, decoded


async def _header(requests: AsyncIterator[pb.IngestRequest]) -> pb.IngestHeader:
    first = await anext(requests, None)
    if first is None or first.WhichOneof("message") != "header":
        raise InvalidPages("a header comes first")
    return first.header


def register(server: grpc.aio.Server, reader: Reader) -> list[str]:
    """Adds the service to a server and returns its full name."""
    rpc.add_ReaderServiceServicer_to_server(ReaderServicer(reader), server)
    return [SERVICE]

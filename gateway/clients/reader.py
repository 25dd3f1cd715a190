"""Owns the channel to the reader: what it is, making pages resident, asking about them.

It never retries: what follows a failure here is the ladder's to decide.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass, fields
from typing import Any

import grpc.aio
from glyphstream.common.v1 import common_pb2
from glyphstream.reader.v1 import reader_pb2, reader_pb2_grpc

from gateway import errors
from gateway.answers import (
    Evidence,
    FinishReason,
    GroupAnswer,
    Memory,
    Progress,
    Question,
    Stage,
    TextDelta,
    Timings,
    Usage,
)
from gateway.clients.calls import calling, is_serving, value_of
from gateway.deadline import Deadline
from gateway.documents import Page, PageSize
from gateway.ladder import Flow, Mode, StyleProfile
from serving.options import channel_options


@dataclass(frozen=True)
class ReaderInfo:
    """What the reader says of itself; field by field the part of the wire's ReaderInfo that the gateway uses."""

    model: str
    revision: str
    grid_px: int
    max_page_pixels: int
    profiles: tuple[StyleProfile, ...]
    kv_bytes_per_token: int
    total_bytes: int
    largest_vision_tokens: int
    ask_pages: int
    transcribe_pages: int
    sidecar_characters: int = 0
    weighs_nearness: bool = False


@dataclass(frozen=True)
class Resident:
    """Pages that the reader holds, and what making them resident took."""

    reader_id: str
    vision_tokens: int
    timings: Timings
    memory: Memory


class Reader:
    """The reader service."""

    def __init__(self, target: str, message_max_bytes: int) -> None:
        options = [*channel_options(message_max_bytes, message_max_bytes), ("grpc.enable_retries", 0)]
        self._channel = grpc.aio.insecure_channel(target, options=options)
        self._stub = reader_pb2_grpc.ReaderServiceStub(self._channel)

    async def close(self) -> None:
        """Ends every call and the channel."""
        await self._channel.close()

    async def serving(self, deadline: Deadline) -> bool:
        """Whether it serves."""
        return await is_serving(self._channel, deadline)

    async def describe(self, deadline: Deadline) -> ReaderInfo:
        """What the reader's model needs. Raises Busy, ReaderLost, GpuLost."""
        async with calling(self._stub.Describe, reader_pb2.DescribeRequest(), deadline, errors.ReaderLost) as call:
            return _reader_info((await call).reader)

    async def ingest(
        self, pages: Sequence[Page], sizes: Sequence[PageSize], deadline: Deadline
    ) -> AsyncGenerator[Progress | Resident]:
        """Makes the pages, which count from 0, resident: progress, then the resident document.

        Raises DoesNotFit, GpuOutOfMemory, Busy, ReaderLost, GpuLost.
        """
        resident: Resident | None = None
        async with calling(self._stub.Ingest, _ingest_requests(pages, sizes), deadline, errors.ReaderLost) as call:
            async for response in call:
                kind = response.WhichOneof("message")
                if kind == "document":
                    resident = _resident(response.document)
                else:
                    yield _progress(response, kind)
        if resident is None:
            raise errors.ReaderLost("the reader ended without a document")
        yield resident

    async def answer(
        self, reader_id: str, question: Question, deadline: Deadline
    ) -> AsyncGenerator[Progress | TextDelta | GroupAnswer]:
        """Progress, text, then how it ended. Raises DocumentNotResident and those of ingest."""
        answer: GroupAnswer | None = None
        async with calling(
            self._stub.Answer, _answer_request(reader_id, question), deadline, errors.ReaderLost
        ) as call:
            async for response in call:
                kind = response.WhichOneof("message")
                if kind == "completed":
                    answer = _group_answer(response.completed)
                elif kind == "delta":
                    yield TextDelta(response.delta.text, response.delta.reasoning)
                else:
                    yield _progress(response, kind)
        if answer is None:
            raise errors.ReaderLost("the reader ended without an end of the answer")
        yield answer

    async def forget(self, reader_id: str, deadline: Deadline) -> None:
        """Gives the document's memory back. Raises DocumentNotResident, ReaderLost."""
        request = reader_pb2.DeleteDocumentRequest(document_id=reader_id)
        async with calling(self._stub.DeleteDocument, request, deadline, errors.ReaderLost) as call:
            await call


def _reader_info(reader: reader_pb2.ReaderInfo) -> ReaderInfo:
    profiles = tuple(_profile(profile) for profile in reader.profiles)
    taken = {field.name for field in fields(ReaderInfo)} - {"grid_px", "profiles"}
    plain = {name: getattr(reader, name) for name in taken}
    return ReaderInfo(grid_px=reader.patch_px * reader.merge, profiles=profiles, **plain)


def _profile(profile: reader_pb2.StyleProfile) -> StyleProfile:
    mode = Mode(profile.mode or Mode.PRECISE)
    flow = Flow(profile.flow or Flow.PROPORTIONAL)
    numbers = (profile.line_height_permille, profile.page_width_px, profile.page_height_px, profile.margin_px)
    return StyleProfile(mode, flow, tuple(profile.font_px), *numbers)


async def _ingest_requests(
    pages: Sequence[Page], sizes: Sequence[PageSize]
) -> AsyncGenerator[reader_pb2.IngestRequest]:
    texts = [
        reader_pb2.PageText(text_start=size.text_start, text_end=size.text_end, line_starts=size.line_starts)
        for size in sizes
    ]
    pixels = sum(page.width * page.height for page in pages)
    yield reader_pb2.IngestRequest(header=reader_pb2.IngestHeader(pages=len(pages), pixels=pixels, page_texts=texts))
    for page in pages:
        yield reader_pb2.IngestRequest(page=common_pb2.Page(**vars(page)))


def _answer_request(reader_id: str, question: Question) -> reader_pb2.AnswerRequest:
    return reader_pb2.AnswerRequest(
        document_id=reader_id,
        task=int(question.task),  # type: ignore[arg-type]
        question=question.text,
        history=[common_pb2.Turn(**vars(turn)) for turn in question.history],
        sampling=common_pb2.Sampling(**vars(question.sampling)),
        max_new_tokens=question.max_new_tokens,
        sidecar=question.sidecar,
        nearness=[reader_pb2.Nearness(lines=lines) for lines in question.nearness],
    )


def _progress(response: Any, kind: str) -> Progress:
    if kind == "accepted":
        return Progress(Stage.QUEUED, 0, response.accepted.ahead)
    progress = response.progress
    return Progress(Stage(progress.stage or Stage.QUEUED), progress.done, progress.total)


def _resident(document: reader_pb2.Document) -> Resident:
    timings, memory = value_of(Timings, document.timings), value_of(Memory, document.memory)
    return Resident(document.document_id, document.vision_tokens, timings, memory)


def _group_answer(completed: reader_pb2.Completed) -> GroupAnswer:
    return GroupAnswer(
        finish_reason=FinishReason(completed.finish_reason),
        usage=value_of(Usage, completed.usage),
        timings=value_of(Timings, completed.timings),
        memory=value_of(Memory, completed.memory),
        found=completed.found,
        evidence=tuple(value_of(Evidence, evidence) for evidence in completed.evidence),
        confidence=completed.confidence,
    )

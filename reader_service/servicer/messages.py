"""Between the wire's messages and the reader's values: the servicer's half that has no calls in it."""

from __future__ import annotations

from dataclasses import asdict, replace

from glyphstream.common.v1 import common_pb2 as common
from glyphstream.reader.v1 import reader_pb2 as pb

from reader_service.answering import Question
from reader_service.errors import InvalidPages, InvalidQuestion
from reader_service.model import ModelFacts, PageSize, Sampling, Turn
from reader_service.pages import EncodedPage
from reader_service.profile import StyleProfile, Task
from reader_service.results import (
    Accepted,
    Completed,
    DocumentInfo,
    Event,
    Finish,
    Ledger,
    Load,
    PageText,
    Progress,
    Stage,
    TextDelta,
    Timings,
)
from reader_service.settings import Settings

_TASKS = {
    common.TASK_UNSPECIFIED: Task.ASK,
    common.TASK_ASK: Task.ASK,
    common.TASK_SUMMARIZE: Task.SUMMARIZE,
    common.TASK_TRANSCRIBE: Task.TRANSCRIBE,
}
_MODES = {"precise": common.MODE_PRECISE, "fast": common.MODE_FAST, "code": common.MODE_CODE}
_FLOWS = {
    "proportional": common.FLOW_PROPORTIONAL,
    "cells": common.FLOW_CELLS,
    "columns": common.FLOW_COLUMNS,
}
_STAGES = {Stage.VISION: common.STAGE_VISION, Stage.PREFILL: common.STAGE_PREFILL}
_FINISHES = {Finish.STOP: common.FINISH_REASON_STOP, Finish.LENGTH: common.FINISH_REASON_LENGTH}


def page(request: pb.IngestRequest) -> EncodedPage:
    """A page as it arrived. Raises InvalidPages for a message that is none."""
    if request.WhichOneof("message") != "page":
        raise InvalidPages("after the header come pages only")
    wire = request.page
    return EncodedPage(wire.index, PageSize(wire.width, wire.height), wire.media_type, wire.image, wire.sha256)


def without_image(page: EncodedPage) -> EncodedPage:
    """What identifies a page, so that a long document's images are not all kept."""
    return replace(page, image=b"")


def page_text(wire: pb.PageText) -> PageText:
    """The text behind a page."""
    return PageText(wire.text_start, wire.text_end, tuple(wire.line_starts))


def question(request: pb.AnswerRequest, settings: Settings) -> Question:
    """A question with the service's defaults filled in. Raises InvalidQuestion."""
    if request.task not in _TASKS:
        raise InvalidQuestion(f"unknown task {request.task}")
    return Question(
        document_id=request.document_id,
        task=_TASKS[request.task],
        text=request.question,
        max_new_tokens=min(request.max_new_tokens or settings.max_new_tokens, settings.max_new_tokens_limit),
        history=tuple(Turn(turn.question, turn.answer) for turn in request.history),
        sampling=_sampling(request.sampling),
        sidecar=tuple(request.sidecar),
        nearness=tuple(tuple(page.lines) for page in request.nearness),
    )


def _sampling(wire: common.Sampling) -> Sampling:
    if wire.temperature < 0 or not 0 <= wire.top_p <= 1 or wire.repetition_penalty < 0:
        raise InvalidQuestion("sampling: temperature and repetition_penalty are at least 0, top_p is within 0..1")
    return Sampling(
        temperature=wire.temperature,
        top_p=wire.top_p or 1.0,
        top_k=wire.top_k,
        seed=wire.seed,
        repetition_penalty=wire.repetition_penalty or 1.0,
        stop=tuple(stop for stop in wire.stop if stop),
    )


def accepted(event: Accepted) -> pb.Accepted:
    """On the wire."""
    return pb.Accepted(ahead=event.ahead, predicted_peak_bytes=event.predicted_peak_bytes)


def progress(event: Progress) -> common.Progress:
    """On the wire."""
    return common.Progress(stage=_STAGES[event.stage], done=event.done, total=event.total)


def reused(info: DocumentInfo) -> DocumentInfo:
    """A document that was here before the call."""
    return replace(info, reused=True)


def ingest_response(event: Event) -> pb.IngestResponse:
    """One event of an ingestion on the wire."""
    match event:
        case Accepted():
            return pb.IngestResponse(accepted=accepted(event))
        case Progress():
            return pb.IngestResponse(progress=progress(event))
        case DocumentInfo():
            return pb.IngestResponse(document=document(event))
    raise AssertionError(f"an ingestion has no {type(event).__name__}")


def answer_response(sequence: int, event: Event) -> pb.AnswerResponse:
    """One event of an answer on the wire."""
    match event:
        case Accepted():
            return pb.AnswerResponse(sequence=sequence, accepted=accepted(event))
        case Progress():
            return pb.AnswerResponse(sequence=sequence, progress=progress(event))
        case TextDelta():
            delta = pb.TextDelta(text=event.text, reasoning=event.reasoning)
            return pb.AnswerResponse(sequence=sequence, delta=delta)
        case Completed():
            return pb.AnswerResponse(sequence=sequence, completed=_completed(event))
    raise AssertionError(f"an answer has no {type(event).__name__}")


def document(info: DocumentInfo) -> pb.Document:
    """A document on the wire."""
    return pb.Document(
        document_id=info.document_id,
        pages=info.pages,
        vision_tokens=info.vision_tokens,
        kv_bytes=info.kv_bytes,
        timings=_timings(info.timings),
        memory=_ledger(info.ledger),
        reused=info.reused,
    )


def load(load: Load) -> pb.GetLoadResponse:
    """The load on the wire."""
    return pb.GetLoadResponse(
        running=load.running,
        waiting=load.waiting,
        free_bytes=load.free_bytes,
        largest_vision_tokens=load.largest_vision_tokens,
        documents=len(load.documents),
        tokens_generated=load.tokens_generated,
        steps=load.steps,
        peak_over_prediction=load.peak_over_prediction,
        offloads=load.offloads,
    )


def reader_info(facts: ModelFacts, load: Load, largest_vision_tokens: int) -> pb.ReaderInfo:
    """Model and device on the wire."""
    costs, geometry, profile = facts.costs, facts.geometry, facts.profile
    return pb.ReaderInfo(
        model=facts.name,
        revision=facts.revision,
        patch_px=geometry.patch_px,
        merge=geometry.merge,
        max_page_pixels=geometry.max_page_pixels,
        profiles=map(_style, profile.styles),
        languages=profile.languages,
        kv_bytes_per_token=costs.kv_bytes_per_token + costs.kept_bytes_per_vision_token,
        vision_bytes_per_patch=costs.vision_bytes_per_patch,
        total_bytes=facts.total_bytes,
        weight_bytes=costs.weight_bytes + costs.context_bytes,
        free_bytes=load.free_bytes,
        largest_vision_tokens=largest_vision_tokens,
        device=facts.device,
        vision_attention=facts.vision_attention,
        decode=facts.decode,
        ask_pages=profile.ask_pages,
        transcribe_pages=profile.transcribe_pages,
        sidecar_characters=profile.sidecar_characters,
        weighs_nearness=profile.weighs_nearness,
    )


def _style(style: StyleProfile) -> pb.StyleProfile:
    return pb.StyleProfile(
        mode=_MODES[style.mode],
        flow=_FLOWS[style.flow],
        font_px=style.font_px,
        line_height_permille=style.line_height_permille,
        page_width_px=style.page_width_px,
        page_height_px=style.page_height_px,
        margin_px=style.margin_px,
    )


def _completed(event: Completed) -> pb.Completed:
    return pb.Completed(
        finish_reason=_FINISHES[event.finish],
        usage=common.Usage(
            vision_tokens=event.vision_tokens,
            prompt_tokens=event.prompt_tokens,
            completion_tokens=event.completion_tokens,
        ),
        timings=_timings(event.timings),
        memory=_ledger(event.ledger),
        found=event.found,
        evidence=[
            common.Evidence(page=item.page, text_start=item.text_start, text_end=item.text_end)
            for item in event.evidence
        ],
        confidence=event.confidence,
    )


def _timings(timings: Timings) -> common.Timings:
    return common.Timings(**asdict(timings))


def _ledger(ledger: Ledger) -> common.MemoryLedger:
    return common.MemoryLedger(**asdict(ledger))

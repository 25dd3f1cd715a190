"""Owns what the gateway does for each of its calls, in plain values: take in, read, estimate, show, forget.

`tell` is awaited with everything that the caller should hear before the result. Every function ends with its result or
with one GatewayError.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field, replace
from functools import wraps
from typing import Concatenate, ParamSpec

from gateway import report
from gateway.album import album_of
from gateway.answers import Completed, Progress, Question, Stage, Task
from gateway.clients.reader import ReaderInfo
from gateway.climb import Climb, last_rung
from gateway.deadline import Deadline
from gateway.documents import Document, Header, Lines, Manifest, Page, PageSize, Stored, figures_of, new_document
from gateway.errors import DocumentNotResident, InvalidQuestion, Lost
from gateway.groups import GroupLimits, split
from gateway.ladder import Rung, Style, plan_style, profile_of, top_rung
from gateway.meters import Meters
from gateway.persist import persist, stubborn
from gateway.provenance import evidence_of
from gateway.reading import Errand, Event, Tell, Wings
from gateway.repeats import Repeats
from gateway.stopwatch import Stopwatch
from gateway.store import Store
from gateway.summary import summary_of
from gateway.transcript import Transcript


@dataclass(frozen=True)
class Desk:
    """What all requests share."""

    wings: Wings
    store: Store
    question_max_characters: int = 8192
    usual_memory_bytes: int = 0
    repeats: Repeats = field(default_factory=Repeats)
    meters: Meters = field(default_factory=Meters)


@dataclass(frozen=True)
class Estimate:
    """What a document would cost at its mode's first rung."""

    document: Document
    fits: bool
    characters_per_token: float
    kv_bytes: int


Rest = ParamSpec("Rest")
Answering = Callable[Concatenate[Desk, Rest], Awaitable[Completed]]


def _counted(answering: Answering[Rest]) -> Answering[Rest]:
    """The same, counted with its end."""

    @wraps(answering)
    async def counted(desk: Desk, /, *args: Rest.args, **kwargs: Rest.kwargs) -> Completed:
        with desk.meters.answering():
            return await answering(desk, *args, **kwargs)

    return counted


async def create(desk: Desk, header: Header, source: bytes, deadline: Deadline, tell: Tell) -> Document:
    """Takes a document in and makes it resident."""
    stored = await _take_in(desk, header, source, deadline, tell)
    climb = Climb(desk.wings, Errand(stored, None, deadline, tell))
    await climb.run()
    return await _noted(desk, climb.document)


@_counted
async def read(
    desk: Desk, upload: tuple[Header, bytes], question: Question, deadline: Deadline, tell: Tell
) -> Completed:
    """Takes a document in and answers a question about it; its first text does not wait for all of it."""
    _check(desk, question)

    async def work(heard: Tell) -> Completed:
        watch = Stopwatch(heard)
        stored = await _take_in(desk, *upload, deadline, heard)
        return await _answer(desk, Errand(stored, question, deadline, heard), watch)

    asked = (hashlib.sha256(upload[1]).digest(), upload[0], question)
    return await desk.repeats.once(question.name, asked, tell, work)


@_counted
async def ask(desk: Desk, document_id: str, question: Question, deadline: Deadline, tell: Tell) -> Completed:
    """Answers a question about a document that was taken in before. Raises DocumentNotFound after its expiry."""
    _check(desk, question)

    async def work(heard: Tell) -> Completed:
        watch = Stopwatch(heard)
        stored = await desk.store.get(document_id)
        return await _answer(desk, Errand(stored, question, deadline, heard), watch)

    return await desk.repeats.once(question.name, (document_id, question), tell, work)


@_counted
async def read_pages(
    desk: Desk, images: Sequence[bytes], question: Question, deadline: Deadline, tell: Tell
) -> Completed:
    """Answers a question about pages that come painted, as PNG; nothing of them is kept here. Raises InvalidPages."""
    _check(desk, question)
    watch = Stopwatch(tell)
    info = await persist(lambda: desk.wings.reader.describe(deadline), deadline)
    album = album_of(images, info.grid_px)
    return await _answer(desk, Errand(album.stored(), question, deadline, tell, album), watch)


async def estimate(desk: Desk, header: Header, source: bytes, deadline: Deadline) -> Estimate:
    """What the document would cost. It is kept, so that its pages can be seen and it can be asked about."""
    stored = await _take_in(desk, header, source, deadline, _say_nothing)
    info = await persist(lambda: desk.wings.reader.describe(deadline), deadline)
    rung, style = _style(stored.document, info)
    manifest = await persist(lambda: desk.wings.renderer.estimate(stored.text, style, deadline), deadline)
    document = await _noted(desk, replace(stored.document, figures=figures_of(rung, manifest)))
    limits = GroupLimits(info.ask_pages, 0)
    largest = max(_tokens(manifest, group.first, group.last) for group in split(manifest, limits))
    return Estimate(
        document,
        fits=largest <= info.largest_vision_tokens or not info.largest_vision_tokens,
        characters_per_token=manifest.characters / max(1, manifest.vision_tokens),
        kv_bytes=manifest.vision_tokens * info.kv_bytes_per_token,
    )


async def pages(desk: Desk, document_id: str, deadline: Deadline) -> AsyncGenerator[Page]:
    """The document's pages as they are read now."""
    async with aclosing(painted(desk, document_id, deadline)) as both:
        async for page, _ in both:
            yield page


async def painted(desk: Desk, document_id: str, deadline: Deadline) -> AsyncGenerator[tuple[Page, Lines]]:
    """The document's pages as they are read now, and where the lines of each stand.

    After a loss it goes on where it was: equal styles paint equal pages.
    """
    stored = await desk.store.get(document_id)
    info = await persist(lambda: desk.wings.reader.describe(deadline), deadline)
    _, style = _style(stored.document, info)
    shown = 0
    sizes: tuple[PageSize, ...] = ()
    async for attempt in stubborn(deadline):
        with attempt:
            async with aclosing(desk.wings.renderer.render(stored.text, style, deadline)) as messages:
                async for message in messages:
                    if isinstance(message, Manifest):
                        sizes = message.pages
                    elif message.index == shown:
                        yield message, Lines(sizes[shown].line_starts, style.line_height_px, style.margin_px)
                        shown += 1


async def peers(desk: Desk, deadline: Deadline) -> dict[str, bool]:
    """Whether a renderer and the reader serve."""
    asked = (desk.wings.renderer.serving(deadline), desk.wings.reader.serving(deadline))
    renderer, reader = await asyncio.gather(*asked)
    return {"renderer": renderer, "reader": reader}


async def delete(desk: Desk, document_id: str, deadline: Deadline) -> None:
    """Forgets a document here and at the reader; a reader that is gone has forgotten it already."""
    await desk.store.delete(document_id)
    for reader_id in desk.wings.residents.drop(document_id):
        try:
            await desk.wings.reader.forget(reader_id, deadline)
        except (DocumentNotResident, Lost):
            continue


def _check(desk: Desk, question: Question) -> None:
    if question.task is Task.ASK and not question.text.strip():
        raise InvalidQuestion("there is no question")
    if len(question.text) > desk.question_max_characters:
        raise InvalidQuestion(f"the question is longer than {desk.question_max_characters} characters")


async def _take_in(desk: Desk, header: Header, source: bytes, deadline: Deadline, tell: Tell) -> Stored:
    """The document as it is stored: with the way it is read, if it was here before."""
    await tell(Progress(Stage.EXTRACT, 0, len(source)))
    clean = await persist(lambda: desk.wings.renderer.extract(header, source, deadline), deadline)
    await tell(Progress(Stage.EXTRACT, len(source), len(source)))
    return await desk.store.keep(Stored(new_document(source, header, clean), clean.text))


async def _answer(desk: Desk, errand: Errand, watch: Stopwatch) -> Completed:
    """Climbs until there is an answer, and says where it stands."""
    question, text = errand.question, errand.stored.text
    transcript = Transcript(watch.tell)
    climb = Climb(desk.wings, replace(errand, tell=transcript.tell))
    answer = await climb.run()
    assert answer, "a climb with a question ends with an answer"
    assert question
    document = await _noted(desk, climb.document)
    timings = watch.timings(answer.timings)
    evidence = await asyncio.to_thread(evidence_of, answer, question, transcript.text, text, climb.pages)
    summary = summary_of(transcript.text) if question.task is Task.SUMMARIZE else None
    answer = replace(answer, timings=timings, evidence=evidence)
    completed = Completed(answer, document, tuple(climb.degraded), summary)
    report.answered(completed, desk.usual_memory_bytes)
    desk.meters.answered(completed)
    return completed


async def _noted(desk: Desk, document: Document) -> Document:
    """The same document, after the store has noted how it is read now."""
    if document.figures:
        await desk.store.note(document.document_id, document.figures)
    return document


def _style(document: Document, info: ReaderInfo) -> tuple[Rung, Style]:
    profile = profile_of(document.header.mode, info.profiles)
    rung = last_rung(document, top_rung(document.header.mode, profile))
    return rung, plan_style(profile, rung, info.grid_px, info.max_page_pixels, reflow=document.header.reflow)


def _tokens(manifest: Manifest, first: int, last: int) -> int:
    """Vision tokens of pages first … last - 1, by their share of all pixels."""
    areas = [size.width * size.height for size in manifest.pages]
    return round(manifest.vision_tokens * sum(areas[first:last]) / sum(areas))


async def _say_nothing(_event: Event) -> None:
    """Told to a caller who waits for the result only."""

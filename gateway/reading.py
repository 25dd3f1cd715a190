"""Owns the reading of one document at one rung: paint it, make its groups of pages resident, ask about each of them.

What was done stays done: after a failure the reading can be gone on with, behind the groups that have answered.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace

from gateway.album import Album
from gateway.answers import (
    Completed,
    Degraded,
    GroupAnswer,
    Progress,
    Question,
    Stage,
    Task,
    TextDelta,
    add_costs,
    best,
    join,
    merge_costs,
    settled,
)
from gateway.clients.reader import Reader, Resident
from gateway.clients.renderer import Renderer
from gateway.deadline import Deadline
from gateway.documents import Document, Manifest, Page, Stored
from gateway.errors import DocumentTooLong
from gateway.groups import (
    Group,
    GroupLimits,
    in_document,
    left_to_say,
    nearest_first,
    nearest_line,
    pages_in,
    pages_of,
    question_for,
    sizes_of,
    split,
    vision_in_document,
)
from gateway.ladder import Said
from gateway.overlap import Asked, folded
from gateway.passages import lines_nearness, nearness
from gateway.residents import Residents, Shelf, ShelfKey

MIB = 1 << 20

Event = Progress | Degraded | Document | TextDelta | Completed
Tell = Callable[[Event], Awaitable[None]]


@dataclass(frozen=True)
class Wings:
    """What readings call and share; how many bytes of pages each may hold, how much verbatim text goes along."""

    renderer: Renderer
    reader: Reader
    residents: Residents
    pages_max_bytes: int = 256 * MIB
    sidecar_max_characters: int = 0


@dataclass(frozen=True)
class Errand:
    """What one request wants: a document resident, a question (if any) answered, in time, its caller told.

    `album` holds the pages of a document that came painted.
    """

    stored: Stored
    question: Question | None
    deadline: Deadline
    tell: Tell
    album: Album | None = None
    tells_lines: bool = False  # whether the reader is told which lines the question's words stand around


class Reading:
    """A document at one rung. `go_on` may be called again after it failed; `said` is how much the caller has heard."""

    def __init__(self, wings: Wings, errand: Errand, key: ShelfKey) -> None:
        self.said = Said.NOTHING
        self._wings, self._errand, self._key = wings, errand, key
        self._shelf: Shelf | None = wings.residents.find(key)
        self._pages: list[Page] = []
        self._ingested: list[Resident] = []
        self._answers: list[GroupAnswer] = []
        self._held: list[list[TextDelta]] = []
        self._told = 0  # which group's answer is
        self._seen = 0  # pages of the groups before the one at hand
        self._spoken_of: Asked | None = None
        self._near: list[float] = []

    async def lay_out(self) -> Manifest:
        """The layout, for which the document is painted unless it is known."""
        shelf = self._shelf or await self._paint()
        return shelf.manifest

    async def go_on(self, limits: GroupLimits) -> None:
        """Makes groups resident and has them answer, as far as that has not been done; then tells a held answer.

        Every group is read, unless it is a question that none of those left can have a better answer to.
        """
        manifest = await self.lay_out()
        asked = await self._asked(manifest)
        groups: Sequence[Group] = split(manifest, limits)
        if asked:
            groups = nearest_first(groups, asked)
        at_once = len(groups) == 1 or not self._one_tells
        for at in range(len(self._answers), len(groups)):
            question = asked
            if question and not (question := left_to_say(question, self._answers)):
                break
            if asked and await self._settled(groups[at], asked):
                break
            self._seen = pages_in(groups[:at])
            reader_id = await self._make_resident(groups[at])
            if question:
                await self._ask(groups[at], (reader_id, question_for(groups[at], question, manifest)), at_once=at_once)
        if self._held and not at_once:
            self._told = best(self._answers, await self._nearness())
            for delta in self._held[self._told]:
                await self._errand.tell(delta)

    async def _asked(self, manifest: Manifest) -> Question | None:
        """The question, with the lines that its words stand around where the reader makes use of that."""
        question, text = self._errand.question, self._errand.stored.text
        if question is None or question.task is not Task.ASK or not (self._errand.tells_lines and text):
            return question
        near = await asyncio.to_thread(lines_nearness, await self._words(question), manifest.pages)
        return replace(question, nearness=near)

    async def _words(self, question: Question) -> Asked:
        """The question's words in the text, which are looked for once."""
        if self._spoken_of is None:
            text = self._errand.stored.text
            self._spoken_of = await asyncio.to_thread(lambda: Asked(folded(text), question.text))
        return self._spoken_of

    def evicted(self) -> None:
        """The reader has dropped something: nothing of this layout counts as resident any more."""
        if self._shelf:
            self._shelf.reader_ids.clear()

    def answer(self) -> GroupAnswer:
        """The answers of all groups as one, with what making them resident took."""
        answers = self._answers
        told = merge_costs(answers, answers[self._told]) if self._one_tells else join(answers)
        made = self._ingested
        return add_costs(told, [resident.timings for resident in made], [resident.memory for resident in made])

    async def _settled(self, nearest: Group, asked: Question) -> bool:
        """Whether no group left can have a better answer, this being the nearest; never without knowing its lines."""
        return bool(asked.nearness) and settled(self._answers, await self._nearness(), nearest_line(nearest, asked))

    async def _nearness(self) -> list[float]:
        """How much of the question stands around the place of each answer, which is looked at once."""
        question, new = self._errand.question, self._answers[len(self._near) :]
        places = [answer.evidence[0] if answer.found and answer.evidence else None for answer in new]
        if question is None or not any(places):
            self._near += [0.0] * len(places)
        else:
            self._near += nearness(await self._words(question), places)
        return self._near

    @property
    def _one_tells(self) -> bool:
        """Of several answers to a question one is told; transcripts and summaries are told one after another."""
        return self._errand.question is not None and self._errand.question.task is Task.ASK

    async def _paint(self) -> Shelf:
        """Renders all pages and holds them; a layout counts only once its last page is here."""
        pages: list[Page] = []
        manifest, held_bytes = None, 0
        renderer = self._errand.album or self._wings.renderer
        rendering = renderer.render(self._errand.stored.text, self._key.style, self._errand.deadline)
        async with aclosing(rendering) as messages:
            async for message in messages:
                if isinstance(message, Manifest):
                    manifest = message
                    continue
                pages.append(message)
                held_bytes += len(message.image)
                if held_bytes > self._wings.pages_max_bytes:
                    raise DocumentTooLong(f"its pages take more than {self._wings.pages_max_bytes} bytes")
                await self._errand.tell(Progress(Stage.RENDER, len(pages), len(manifest.pages) if manifest else 0))
        assert manifest is not None, "the renderer's client checks that pages come with a manifest"
        self._pages, self._shelf = pages, self._wings.residents.keep(self._key, manifest)
        return self._shelf

    async def _make_resident(self, group: Group) -> str:
        """The reader's id of the group, which is ingested unless it is believed to be resident."""
        shelf = self._shelf or await self._paint()
        if group in shelf.reader_ids:
            return shelf.reader_ids[group]
        if not self._pages:
            shelf = await self._paint()
        resident = await self._ingest(group, shelf.manifest)
        shelf.reader_ids[group] = resident.reader_id
        self._ingested.append(resident)
        return resident.reader_id

    async def _ingest(self, group: Group, manifest: Manifest) -> Resident:
        pages, sizes = pages_of(group, self._pages), sizes_of(group, manifest)
        async with aclosing(self._wings.reader.ingest(pages, sizes, self._errand.deadline)) as events:
            async for event in events:
                if isinstance(event, Resident):
                    return event
                await self._errand.tell(vision_in_document(self._seen, event, manifest))
        raise AssertionError("the reader's client ends with a resident document or an error")

    async def _ask(self, group: Group, asked: tuple[str, Question], *, at_once: bool) -> None:
        """One group's answer: told as it comes, or held until every group has answered."""
        held: list[TextDelta] = []
        async with aclosing(self._wings.reader.answer(*asked, self._errand.deadline)) as events:
            async for event in events:
                if isinstance(event, GroupAnswer):
                    self._answers.append(in_document(group, event))
                elif at_once or isinstance(event, Progress):
                    await self._tell(event)
                else:
                    held.append(event)
        self._held.append([] if at_once else held)
        self.said = min(self.said, Said.WHOLE_GROUPS)

    async def _tell(self, event: Progress | TextDelta) -> None:
        if isinstance(event, TextDelta):
            self.said = Said.PART_OF_A_GROUP
        await self._errand.tell(event)

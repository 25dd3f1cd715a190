"""Owns one document's way down the ladder: from which rung it is read, and what follows when that fails.

Each step down is told, none happens after the first text; every climb ends with a document, an answer or one error.
"""

from __future__ import annotations

import asyncio
from dataclasses import replace

from gateway.album import AS_SENT
from gateway.answers import Degraded, GroupAnswer, Task
from gateway.clients.reader import ReaderInfo
from gateway.documents import Document, PageSize, figures_of
from gateway.errors import GatewayError
from gateway.groups import GroupLimits
from gateway.ladder import Action, Outcome, Rung, Said, Step, next_step, plan_style, profile_of, top_rung
from gateway.passages import sidecar
from gateway.persist import NO_LADDER, attempts
from gateway.reading import Errand, Reading, Wings
from gateway.residents import ShelfKey


class Climb:
    """One request's climb. `run` is called once; `document`, `pages` and `degraded` say what came of it."""

    def __init__(self, wings: Wings, errand: Errand) -> None:
        self.document = errand.stored.document
        self.degraded: list[Degraded] = []
        self._wings, self._errand = wings, errand
        # Pages that came painted have one size; for others the reader says what it reads.
        self._rung = AS_SENT if errand.album else NO_LADDER
        self._reading: Reading | None = None
        self._failures = 0
        self._told = False
        self.pages: tuple[PageSize, ...] = ()

    async def run(self) -> GroupAnswer | None:
        """The answer, None where nothing was asked. Raises the last GatewayError when the ladder gives up."""
        return await attempts(self._decide, self._take, self._errand.deadline)(self._attempt)

    def _decide(self, error: GatewayError, _attempt: int) -> Step:
        said = self._reading.said if self._reading else Said.NOTHING
        return next_step(self._rung, Outcome(error.reason, error.retry_after_s, said), self._failures + 1)

    async def _take(self, error: GatewayError, step: Step) -> None:
        self._failures += 1
        if step.action is Action.RENEW and self._reading:
            self._reading.evicted()
        elif step.action is Action.NEXT_RUNG and self._rung.lower:
            down = Degraded(self._rung, self._rung.lower, error.reason)
            self._rung, self._reading, self._failures, self._told = self._rung.lower, None, 0, False
            self.degraded.append(down)
            await self._errand.tell(down)

    async def _attempt(self) -> GroupAnswer | None:
        info = await self._wings.reader.describe(self._errand.deadline)
        reading = self._reading or await self._start(info)
        await self._lay_out(reading)
        await reading.go_on(self._limits(info))
        return reading.answer() if self._errand.question else None

    async def _start(self, info: ReaderInfo) -> Reading:
        document = self._errand.stored.document
        profile = profile_of(document.header.mode, info.profiles)
        if self._rung is NO_LADDER:
            self._rung = last_rung(document, top_rung(document.header.mode, profile))
        style = plan_style(profile, self._rung, info.grid_px, info.max_page_pixels, reflow=document.header.reflow)
        errand = await self._with_sidecar(min(info.sidecar_characters, self._wings.sidecar_max_characters))
        errand = replace(errand, tells_lines=info.weighs_nearness)
        self._reading = Reading(self._wings, errand, ShelfKey(document.document_id, style, info.revision))
        return self._reading

    async def _with_sidecar(self, most_characters: int) -> Errand:
        """The errand, with the lines that its question speaks of where the reader makes use of them."""
        question = self._errand.question
        if not most_characters or question is None or question.task is not Task.ASK:
            return self._errand
        text = self._errand.stored.text
        lines = await asyncio.to_thread(sidecar, text, question.text, most_characters)
        return replace(self._errand, question=replace(question, sidecar=lines))

    async def _lay_out(self, reading: Reading) -> None:
        """Tells the document as it is read now, once a rung."""
        manifest = await reading.lay_out()
        self.pages = manifest.pages
        figures = figures_of(self._rung, manifest)
        if not self._told:
            self._told, self.document = True, replace(self.document, figures=figures)
            await self._errand.tell(self.document)

    def _limits(self, info: ReaderInfo) -> GroupLimits:
        """Below the smallest legible size nothing is shrunk: there the document is read in groups that fit."""
        question = self._errand.question
        transcribing = question is not None and question.task is Task.TRANSCRIBE
        return GroupLimits(
            pages=info.transcribe_pages if transcribing else info.ask_pages,
            vision_tokens=0 if self._rung.lower else info.largest_vision_tokens,
        )


def last_rung(document: Document, top: Rung) -> Rung:
    """The rung at which the document was read last, so that a follow-up renders nothing; else the top one."""
    rung: Rung | None = top
    while document.figures and rung:
        if rung.font_px == document.figures.font_px:
            return rung
        rung = rung.lower
    return top

"""Answering about a resident document: prefill of task, history and question, then one token a step."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import chain

from reader_service.budget import Need
from reader_service.device import Device, Job, MemoryOf, Sink
from reader_service.doubt import Echo, doubt_of
from reader_service.entries import entries_of
from reader_service.errors import DocumentNotResident, DoesNotFit, InvalidQuestion
from reader_service.kv_pool import Resident
from reader_service.leading import Lead, Led
from reader_service.lines import lines_of
from reader_service.model import Chunk, Drawn, Kv, Mark, MarkKind, Sampling, Step, Turn
from reader_service.positions import cut_rows, place_prompt
from reader_service.profile import Task
from reader_service.results import Accepted, Completed, Event, Finish, Progress, Stage, TextDelta, Timings
from reader_service.showing import nearest_lines, nearest_pages
from reader_service.text import AnswerText


@dataclass(frozen=True)
class Question:
    """What is asked about a resident document."""

    document_id: str
    task: Task
    text: str
    max_new_tokens: int
    history: Sequence[Turn] = ()
    sampling: Sampling = field(default_factory=Sampling)
    sidecar: Sequence[str] = ()
    """Lines of the document, verbatim."""
    nearness: Sequence[Sequence[float]] = ()
    """How much of the question stands around each line of each page, in 0..1; or nothing."""


class Answering(Job):
    """One answer on its way to the caller."""

    def __init__(self, device: Device, sink: Sink, question: Question, max_prompt_tokens: int) -> None:
        super().__init__(device, sink)
        self.question = question
        self._max_prompt_tokens = max_prompt_tokens
        self._document: Resident | None = None
        self._kv: Kv | None = None
        self._prefilled = self._drawn = self._taken_back = 0
        self._log_probability = self._prefill_ms = 0.0
        self._ttft_ms = math.nan
        self._unsaid: list[int] = []  # certain tokens whose text is not out

    def prepare(self, ahead: int) -> bool:
        """Tokenises the question. Raises DocumentNotResident, InvalidQuestion, DoesNotFit."""
        document = self._resident()
        if self.question.task is Task.ASK and not self.question.text.strip():
            raise InvalidQuestion("the question is empty")
        given, most = sum(map(len, self.question.sidecar)), self.device.model.facts.profile.sidecar_characters
        if given > most:
            raise InvalidQuestion(f"the sidecar has {given} characters of {most}")
        self._check_nearness(document)
        prompt = self._prompt(document)
        if len(prompt) > self._max_prompt_tokens:
            raise InvalidQuestion(f"question and history take {len(prompt)} tokens of {self._max_prompt_tokens}")
        # Nothing fails because of pages that would be shown again.
        if not (self._plan_with_pages(document, prompt) or self._plan(document, prompt)):
            budget = self.device.budget
            raise DoesNotFit("document and answer together will never fit the device", budget.largest_ever())
        self.sink.put(Accepted(ahead, self.device.pool.predicted_peak(self.need)))
        return False

    def _check_nearness(self, document: Resident) -> None:
        near, pages = self.question.nearness, len(document.page_texts)
        if len(near) not in (0, pages):
            raise InvalidQuestion(f"there is nearness for {len(near)} pages of {pages}")
        if not all(0 <= value <= 1 for page in near for value in page):
            raise InvalidQuestion("nearness is within 0..1")

    def attach(self) -> None:
        """Pins the document. Raises DocumentNotResident when it went while this request waited."""
        self._document = self.device.pool.pin(self.question.document_id)

    def detach(self) -> None:
        """Unpins the document."""
        document, self._document = self._document, None
        if document is not None:
            self.device.pool.unpin(document)

    def start(self) -> bool:
        """Opens the KV branch behind the document."""
        super().start()
        model, document = self.device.model, self._held()
        self._kv = model.branch(document.kv, self._branch_tokens)
        self._sampler = model.sampler(self.question.sampling)
        self._text = AnswerText(
            model.vocabulary.decode, model.vocabulary.marks, document.page_texts, self.question.sampling.stop
        )
        self._text.reasoning = self._prompt_opens_reasoning()
        self._lead = self._leader(document)
        self._lean()
        return False

    def _lean(self) -> None:
        leaning = self._lead.leaning if self._lead else None
        if leaning:
            self.device.model.lean(self._sampler, leaning)

    def _leader(self, document: Resident) -> Lead | None:
        """What may take another token than the one drawn."""
        marks, decode = self.device.model.vocabulary.marks, self.device.model.vocabulary.decode
        least = self.device.model.facts.profile.least_place_probability
        if self.question.task is Task.TRANSCRIBE:
            return lines_of(document.page_texts, marks)
        if self.question.task is Task.SUMMARIZE:
            return entries_of(marks, least, decode, document.page_texts)
        return doubt_of(marks, least, Echo(self.question.text, decode), self.question.nearness)

    def advance(self) -> bool:
        """One chunk of the prompt; with the last one comes the first token."""
        began_s = self.device.clock()
        at, image = self._prefilled, self.device.model.vocabulary.image_token
        self._prefilled = min(len(self._tokens), at + self.device.budget.chunks.prefill_tokens)
        self.decoding = self._prefilled == len(self._tokens)
        kept = [self._held().kept[page].rows for page in self._shown]
        seen = cut_rows(kept, self._tokens[:at].count(image), self._tokens[: self._prefilled].count(image))
        span = slice(at, self._prefilled)
        chunk = Chunk(self._tokens[span], self._placed.positions[:, span], seen, says=self.decoding)
        said = self.device.model.prefill(self._kv, chunk)
        self._prefill_ms += self.elapsed_ms(began_s)
        self.sink.put(Progress(Stage.PREFILL, self._prefilled, len(self._tokens)))
        if not self.decoding:
            return False
        ended = self.take(self.device.model.draw(said, self._sampler))
        self.speak()
        return ended

    def next_step(self, after: int | None = None) -> Step:
        """The token drawn last, which the KV does not hold yet, or the one that will be drawn before."""
        kept = self._drawn - self._taken_back
        position = self._placed.next_position + kept - (after is None)
        return Step(self._kv, self._last, position, self._sampler, after)

    @property
    def may_run_ahead(self) -> bool:
        """Where the likeliest token is taken, nothing else leads it, and it is not the last but one."""
        led = self._lead is not None and not self._lead.decided
        return self.question.sampling.plain and not led and self._drawn + 1 < self.question.max_new_tokens

    def take(self, drawn: Drawn) -> bool:
        """Notes a token; True when the answer is finished. Its text is spoken later, unless it may end the answer."""
        led = self._lead.lead(drawn) if self._lead else Led(drawn.token, said=(drawn.token,))
        if led.takes_back:
            self.device.model.take_back(self._kv, led.takes_back)
            self._taken_back += led.takes_back
        self._last = led.token
        self._lean()
        self._drawn += 1
        self._log_probability += drawn.log_probability
        self._unsaid += led.said
        if self.question.sampling.stop or led.token in self.device.model.vocabulary.marks:
            self.speak()
        return self._text.ended or self._drawn >= self.question.max_new_tokens

    def speak(self) -> bool:
        """Sends the text that the last token makes certain, once."""
        unsaid, self._unsaid = self._unsaid, []
        for token in unsaid:
            self._emit(self._text.push(token))
        return False

    def result(self) -> Event:
        """The completion, after the last held-back text went out."""
        if self._lead:
            self._unsaid += self._lead.held
        self.speak()
        self._emit(self._text.finish())
        document, absent_text = self._held(), self.device.model.facts.profile.absent_text
        denied = bool(absent_text) and self._text.answer.strip().rstrip(".。") == absent_text
        geometry = self.device.model.facts.geometry
        pixels, kv_bytes = document.info.ledger.pixels, document.info.kv_bytes + self.need.kv_bytes
        size = MemoryOf(pixels, geometry.patches(pixels), kv_bytes)
        return Completed(
            finish=Finish.STOP if self._text.ended else Finish.LENGTH,
            vision_tokens=document.info.vision_tokens,
            prompt_tokens=len(self._tokens),
            completion_tokens=self._drawn,
            timings=self._timings(),
            ledger=self.ledger(size),
            found=not (self._text.absent or denied),
            evidence=tuple(self._text.evidence),
            confidence=math.exp(self._log_probability / max(1, self._drawn)),
        )

    def close(self) -> None:
        """Frees the branch and unpins the document."""
        kv, self._kv = self._kv, None
        if kv is not None:
            self.device.model.free(kv)
        super().close()

    @property
    def _branch_tokens(self) -> int:
        return len(self._tokens) + self.question.max_new_tokens

    def _resident(self) -> Resident:
        document = self.device.pool.find(self.question.document_id)
        if document is None:
            raise DocumentNotResident(f"document {self.question.document_id} is not resident")
        return document

    def _held(self) -> Resident:
        assert self._document is not None  # attach precedes start, detach follows result
        return self._document

    def _prompt(self, document: Resident) -> list[int]:
        profile, question = self.device.model.facts.profile, self.question
        # Summaries and transcripts are of the document alone: what was asked before would be told as part of it.
        turns = question.history if question.task is Task.ASK else ()
        history = [(profile.task_text(Task.ASK, turn.question), turn.answer) for turn in turns]
        task = profile.task_text(question.task, question.text, question.sidecar)
        return self.device.model.vocabulary.suffix(document.pages, task, history)

    def _plan_with_pages(self, document: Resident, prompt: list[int]) -> bool:
        """Plans to show pages again behind the prompt, then to ask once more; False where there are none to show, or
        they are too much."""
        model, question = self.device.model, self.question
        near = question.nearness[: len(document.kept)] if question.task is Task.ASK else ()
        shown = nearest_pages(near, model.facts.profile.pages_shown_again)
        if not shown:
            return False
        rows = [document.kept[page].rows for page in shown]
        pages = [model.vocabulary.page(page, seen.stop - seen.start) for page, seen in zip(shown, rows, strict=True)]
        named = self._anchors(nearest_lines(near, shown, model.facts.profile.lines_named))
        task = model.facts.profile.task_text(question.task, question.text, question.sidecar)
        tokens = [*prompt, *chain(*pages), *named, *model.vocabulary.suffix(document.pages, task, ())]
        return len(tokens) <= self._max_prompt_tokens and self._plan(document, tokens, shown)

    def _anchors(self, lines: Sequence[tuple[int, int]]) -> list[int]:
        """Tokens that name lines, as far as the reader has anchors for them."""
        tokens = {mark: token for token, mark in self.device.model.vocabulary.marks.items()} if lines else {}
        places = [(Mark(MarkKind.PAGE, page), Mark(MarkKind.ROW, line)) for page, line in lines]
        return [tokens[mark] for place in places if tokens.keys() >= set(place) for mark in place]

    def _plan(self, document: Resident, tokens: list[int], shown: Sequence[int] = ()) -> bool:
        """Takes a prompt that shows these pages; False when the device will never hold it with its answer."""
        model, budget = self.device.model, self.device.budget
        sizes = [document.kept[page].size for page in shown]
        geometry, image = model.facts.geometry, model.vocabulary.image_token
        self._tokens, self._shown = tokens, shown
        self._placed = place_prompt(tokens, image, geometry, sizes, document.next_position)
        self.need = Need(budget.branch_bytes(self._branch_tokens), budget.workspace(0, len(tokens)))
        return budget.peak([document.need, self.need]) <= budget.total_bytes

    def _prompt_opens_reasoning(self) -> bool:
        marks = self.device.model.vocabulary.marks
        kinds = [marks[token].kind for token in self._tokens if token in marks]
        switches = [kind for kind in kinds if kind in (MarkKind.REASONING_OPEN, MarkKind.REASONING_CLOSE)]
        return bool(switches) and switches[-1] is MarkKind.REASONING_OPEN

    def _emit(self, deltas: Sequence[TextDelta]) -> None:
        for delta in deltas:
            if math.isnan(self._ttft_ms):
                self._ttft_ms = self.elapsed_ms(self.submitted_s)
            self.sink.put(delta)

    def _timings(self) -> Timings:
        return Timings(
            queue_ms=self.queue_ms,
            prefill_ms=self._prefill_ms,
            ttft_ms=0.0 if math.isnan(self._ttft_ms) else self._ttft_ms,
            total_ms=self.elapsed_ms(self.submitted_s),
        )

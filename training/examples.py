"""Owns one training batch: text → pages of the renderer's own layout, tokens, and where every answer token stands.

Pages travel as glyph placements, not pixels: the GPU composes them from an atlas. Everything here is numpy.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from difflib import SequenceMatcher
from functools import partial
from itertools import islice, repeat

import numpy as np
import numpy.typing as npt

from render_service import fonts
from render_service.code_points import encode
from render_service.layout import PageLayout, layout
from render_service.style import Flow, Style
from training.alphabet import (
    ABSENT,
    ASK,
    COLUMN,
    IM_END,
    IM_START,
    KNOWN,
    PAGE,
    ROW,
    TRANSCRIBE,
    VISION_END,
    VISION_START,
    ids_of,
)
from training.breaks import break_opportunities
from training.checkpoint import COLUMN_PX
from training.documents import Lang, Question, card, from_text, synthesize
from training.network import Shape
from training.texts import Corpus, noise

Ints = npt.NDArray[np.int64]

CELL_PX = 28
SLOT_ROWS, SLOT_COLUMNS = 3, 6
SLOTS = SLOT_ROWS * SLOT_COLUMNS
SINK = -2
"""Pointer value: attend to the start token, there is no place on the page."""
NONE = -1
"""Pointer value: not supervised."""
DENSE_PER_PAGE = 192
CONTEXT = 120
"""Characters around an answer in which the words of its question are looked for."""
ABSENT_TEXT = {"zh": "文档中没有提到。", "en": "The document does not say."}


@dataclass(frozen=True, slots=True)
class Recipe:
    """What one batch holds."""

    shape: Shape
    font_px: int
    flow: Flow
    batch: int
    cards: float = 0.15
    """Share of the dialogues that are about plain keys and values: the easy beginning."""

    @property
    def style(self) -> Style:
        """The renderer's style for these pages."""
        width, height = self.shape.columns * CELL_PX, self.shape.rows * CELL_PX
        return Style(
            flow=self.flow,
            font_px=self.font_px,
            line_height_px=self.font_px,
            max_width_px=width,
            max_height_px=height,
            max_pixels=width * height,
            grid_px=CELL_PX,
        )


@dataclass(frozen=True, slots=True)
class Places:
    """Where every character of a text stands: arrays over characters; SINK where it has no ink of its own."""

    page: Ints
    row: Ints
    cell: Ints
    slot: Ints
    column: Ints


@dataclass(slots=True)
class Row:
    """One example of a batch, growing token by token."""

    ids: list[int] = field(default_factory=list)
    answer: list[bool] = field(default_factory=list)
    cell: list[int] = field(default_factory=list)
    slot: list[int] = field(default_factory=list)
    skip: int = 0

    def prompt(self, tokens: Sequence[int], cells: Sequence[int] | None = None) -> None:
        """Append tokens that are given, not predicted; some stand on the page as well."""
        for token, cell in zip(tokens, cells or repeat(NONE), strict=False):
            self._add(int(token), False, int(cell), NONE)

    def reply(self, token: int, cell: int, slot: int) -> None:
        """Append a token to predict and the place it is read from."""
        self._add(token, True, cell, slot)

    def _add(self, token: int, answer: bool, cell: int, slot: int) -> None:
        self.ids.append(token)
        self.answer.append(answer)
        self.cell.append(cell)
        self.slot.append(slot)


@dataclass(frozen=True, slots=True)
class Laid:
    """A text on its pages: token ids and places of every character up to the last page's end."""

    text: str
    pages: tuple[PageLayout, ...]
    ids: Ints
    places: Places

    @property
    def end(self) -> int:
        """One past the last character on a page."""
        return len(self.ids)


def lay(text: str, recipe: Recipe) -> Laid | None:
    """The first pages of a text, as many as the recipe holds; None when nothing on the first can be seen."""
    style = recipe.style
    pages = tuple(
        islice(layout(text, style, partial(fonts.measure, flow=recipe.flow), break_opportunities), recipe.shape.pages)
    )
    if not pages or not len(pages[0].offsets):
        return None
    end = pages[-1].text_end
    return Laid(text[:end], pages, ids_of(text[:end]), places_of(text[:end], pages, recipe))


def places_of(text: str, pages: Sequence[PageLayout], recipe: Recipe) -> Places:
    """Where every character of the pages stands."""
    size = len(text)
    page, row, x, y = np.zeros(size, np.int64), np.zeros(size, np.int64), np.full(size, -1), np.zeros(size, np.int64)
    points = encode(text)
    width = fonts.measure(points, recipe.flow).astype(np.int64) * recipe.font_px // 1000
    for number, p in enumerate(pages):
        page[p.text_start : p.text_end] = number
        inside = np.arange(p.text_end - p.text_start)
        row[p.text_start : p.text_end] = np.searchsorted(np.asarray(p.line_starts), inside, side="right") - 1
        drawn = p.offsets >= 0  # a wrap mark is drawn, but is no character of the text
        x[p.offsets[drawn]], y[p.offsets[drawn]] = p.x[drawn], p.y[drawn]
    limit = recipe.shape.columns * CELL_PX
    # A space inside a line has no ink but a place: right after the character before it.
    for i in np.flatnonzero(points == 0x20):
        before = i - 1
        if before >= 0 and x[before] >= 0 and row[before] == row[i] and page[before] == page[i]:
            right = x[before] + width[before]
            if right + width[i] <= limit:
                x[i], y[i] = right, y[before]
    cx, cy = x + width // 2, y + recipe.font_px // 2
    cell = (cy // CELL_PX) * recipe.shape.columns + cx // CELL_PX + page * recipe.shape.cells
    slot = (cy % CELL_PX) * SLOT_ROWS // CELL_PX * SLOT_COLUMNS + (cx % CELL_PX) * SLOT_COLUMNS // CELL_PX
    seen = x >= 0
    return Places(page, row, np.where(seen, cell, SINK), np.where(seen, slot, SINK), cx // COLUMN_PX)


def reply_span(out: Row, laid: Laid, span: tuple[int, int], name_column: bool = False) -> None:
    """Anchors and characters of one span: every page and visual line that begins inside it is announced first.

    An answer may begin in mid-line, so that its first line is followed by its column.
    """
    places, page, row = laid.places, -1, -1
    for i in range(*span):
        cell = int(places.cell[i])
        if cell != SINK and places.page[i] != page:
            page, row = int(places.page[i]), -1
            out.reply(PAGE + page, cell, SINK)
        if cell != SINK and places.row[i] != row:
            row = int(places.row[i])
            out.reply(ROW + row, cell, SINK)
            if name_column:
                out.reply(COLUMN + int(places.column[i]), cell, SINK)
                name_column = False
        # A line end has no place of its own: it is read off the character before it.
        out.reply(int(laid.ids[i]), cell if cell != SINK else int(places.cell[i - 1]), int(places.slot[i]))


def transcription(laid: Laid, rng: random.Random) -> Row | None:
    """The transcription of one page, from its start or from some line on."""
    page = rng.choice(laid.pages)
    starts = [page.text_start + s for s in page.line_starts]
    inked = [s for s in starts if s < page.text_end and laid.places.cell[s] != SINK]
    if not inked:
        return None
    first = inked[0] if rng.random() < 0.4 else rng.choice(inked)
    out = Row()
    out.prompt([TRANSCRIBE, IM_END])
    reply_span(out, laid, (first, page.text_end))
    out.reply(IM_END, SINK, SINK)
    if first != inked[0]:
        # The lines before stay out of the batch, but not out of the position count; where to go on is given.
        out.skip = int(first - page.text_start + np.searchsorted(starts, first)) + 1
        del out.ids[2], out.answer[2], out.cell[2], out.slot[2]
        out.answer[2] = False
    elif len(laid.pages) > 1:
        out.answer[2] = False  # which of several pages to transcribe is given
    return out


def grounded(question: str, laid: Laid, spans: Sequence[tuple[int, int]]) -> list[int]:
    """Cells of those characters of a question that also stand in the line that answers it; NONE for the others."""
    cells = [NONE] * len(question)
    if not spans:
        return cells
    start, end = spans[0]
    first = max(laid.text.rfind("\n", 0, start) + 1, start - CONTEXT)
    last = laid.text.find("\n", end)
    line = laid.text[first : min(last if last >= 0 else laid.end, end + CONTEXT)]
    for match in SequenceMatcher(None, question, line, autojunk=False).get_matching_blocks():
        if match.size and match.size >= (2 if question[match.a] >= "\u2e80" else 4):
            found = laid.places.cell[first + match.b : first + match.b + match.size]
            cells[match.a : match.a + match.size] = [int(c) if c != SINK else NONE for c in found]
    return cells


def dialogue(laid: Laid, questions: Sequence[Question], lang: str, limit: int) -> Row:
    """Questions about a document, one after the other, until `limit` tokens are reached."""
    out = Row()
    for question in questions:
        spans = [s for s in question.spans if s[1] <= laid.end]
        asked = ids_of(question.text)
        out.prompt([ASK, *asked, IM_END], [NONE, *grounded(question.text, laid, spans), NONE])
        if spans:
            reply_span(out, laid, spans[0], name_column=True)
        else:
            for token in (ABSENT, *ids_of(ABSENT_TEXT[lang])):
                out.reply(int(token), SINK, SINK)
        out.reply(IM_END, SINK, SINK)
        if len(out.ids) >= limit:
            break
    return out


@dataclass(frozen=True, slots=True)
class Batch:
    """Arrays of one batch; text arrays are (batch, text), dense ones (batch * pages, DENSE_PER_PAGE)."""

    recipe: Recipe
    ids: Ints
    answer: npt.NDArray[np.bool_]
    cell: Ints
    slot: Ints
    skip: Ints
    dense_cell: Ints
    dense_slot: Ints
    dense_token: Ints
    glyphs: npt.NDArray[np.int32]
    """(placements, 4): page in the batch, code point, x, y."""


def prefix_ids(shape: Shape, image_pad: int) -> list[int]:
    """Token ids before the text."""
    ids = [IM_START]
    for page in range(shape.pages):
        ids += [PAGE + page, VISION_START, *[image_pad] * shape.cells, VISION_END]
    return ids


class Source:
    """Draws texts and questions; one per worker, repeatable from its seed."""

    def __init__(self, corpus: Corpus, seed: int) -> None:
        self.corpus, self.rng, self.np_rng = corpus, random.Random(seed), np.random.default_rng(seed)

    def batch(self, recipe: Recipe, ask_share: float) -> Batch:
        """One batch; `ask_share` of its examples are dialogues, the rest transcriptions."""
        rows: list[Row] = []
        laid: list[Laid] = []
        while len(rows) < recipe.batch:
            drawn = self._dialogue(recipe) if self.rng.random() < ask_share else self._transcription(recipe)
            if drawn is not None:
                rows.append(drawn[0])
                laid.append(drawn[1])
        return self._collate(recipe, rows, laid)

    def _language(self, recipe: Recipe) -> tuple[Lang, int]:
        """A language, and about how many of its characters fill the pages."""
        lang: Lang = "zh" if self.rng.random() < 0.55 else "en"
        shape = recipe.shape
        cells = shape.pages * shape.cells * CELL_PX**2 // recipe.font_px**2
        return lang, int(cells * (1.7 if lang == "en" else 0.85))

    def _transcription(self, recipe: Recipe) -> tuple[Row, Laid] | None:
        lang, characters = self._language(recipe)
        kind = self.rng.random()
        if kind < 0.2:
            text = noise(self.rng, characters)
        elif kind < 0.4:
            text = synthesize(self.rng, lang, characters).text
        else:
            text = self.corpus.window(self.rng, lang, characters)
        laid = lay(known(text), recipe)
        row = laid and transcription(laid, self.rng)
        return (row, laid) if row and laid else None

    def _dialogue(self, recipe: Recipe) -> tuple[Row, Laid] | None:
        lang, characters = self._language(recipe)
        characters = max(200, int(characters * self.rng.uniform(0.4, 1.0)))
        text, questions = self._document(recipe, lang, characters)
        questions = tuple(q for q in questions if known(q.text) == q.text)
        laid = lay(text, recipe) if questions and known(text) == text else None
        if laid is None:
            return None
        order = self.rng.sample(questions, len(questions))
        return dialogue(laid, order, lang, recipe.shape.text), laid

    def _document(self, recipe: Recipe, lang: Lang, characters: int) -> tuple[str, tuple[Question, ...]]:
        kind = self.rng.random()
        if kind < recipe.cards:
            made = card(self.rng, lang, min(characters, 600), self.corpus.passage(self.rng, lang, 1500))
            return made.text.strip("\n"), made.questions if not made.text.startswith("\n") else ()
        if kind < recipe.cards + (1 - recipe.cards) * 0.65:
            made = synthesize(self.rng, lang, characters)
            return made.text.rstrip("\n"), made.questions
        text = self.corpus.passage(self.rng, lang, characters)
        return text, from_text(self.rng, text, lang, 8, self.corpus.window(self.rng, lang, 1500))

    def _collate(self, recipe: Recipe, rows: list[Row], laid: list[Laid]) -> Batch:
        shape, size = recipe.shape, (recipe.batch, recipe.shape.text)
        ids, cell, slot = (np.full(size, fill, np.int64) for fill in (IM_END, NONE, NONE))
        answer = np.zeros(size, np.bool_)
        dense = [np.full((recipe.batch * shape.pages, DENSE_PER_PAGE), NONE, np.int64) for _ in range(3)]
        glyphs = []
        for b, (row, doc) in enumerate(zip(rows, laid, strict=True)):
            n, first = min(len(row.ids), shape.text), b * shape.pages
            ids[b, :n], answer[b, :n] = row.ids[:n], row.answer[:n]
            cell[b, :n], slot[b, :n] = row.cell[:n], row.slot[:n]
            for number, p in enumerate(doc.pages):
                self._dense(doc, p, shape, [d[first + number] for d in dense])
                where = np.full(len(p.x), first + number)
                glyphs.append(np.stack([where, p.code_points.astype(np.int64), p.x, p.y], axis=1).astype(np.int32))
        skip = np.array([row.skip for row in rows], np.int64)
        return Batch(recipe, ids, answer, cell, slot, skip, dense[0], dense[1], dense[2], np.concatenate(glyphs))

    def _dense(self, doc: Laid, p: PageLayout, shape: Shape, out: Sequence[Ints]) -> None:
        """Some of a page's characters into (cell in page, slot, token), each padded with NONE."""
        places = doc.places
        seen = p.text_start + np.flatnonzero(places.cell[p.text_start : p.text_end] != SINK)
        chosen = self.np_rng.permutation(seen)[:DENSE_PER_PAGE]
        values = (places.cell[chosen] % shape.cells, places.slot[chosen], doc.ids[chosen])
        for target, value in zip(out, values, strict=True):
            target[: len(chosen)] = value


def known(text: str) -> str:
    """The text without characters that the alphabet lacks; tabs become four spaces."""
    return "".join(c for c in text.replace("\t", "    ") if c in KNOWN).strip("\n")

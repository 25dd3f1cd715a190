"""Owns what is asked of laid out pages as tokens: transcriptions, dialogues, summaries, each token with its place."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from difflib import SequenceMatcher

import numpy as np

from gateway.overlap import Asked, folded
from training.alphabet import (
    ABSENT,
    ASK,
    COLUMN,
    IM_END,
    IMAGE_PAD,
    PAGE,
    ROW,
    SUMMARIZE,
    TRANSCRIBE,
    VISION_END,
    VISION_START,
    ids_of,
)
from training.bearing import bearing, repeated
from training.documents import Question
from training.laid import NONE, SINK, Ints, Laid
from training.network import Shape
from training.showing import NAMED_TOKENS, shown_again

CONTEXT = 120
"""Characters around an answer in which the words of its question are looked for."""
ABSENT_TEXT = {"zh": "文档中没有提到。", "en": "The document does not say."}
ABSENT_SHARE = 0.4
"""Most questions of a dialogue that its pages do not answer. Groups of pages are asked for what stands on others."""
TOLD_SHARE = 0.08
"""Turns of a dialogue that are given as its history: answers without anchors, as callers send them back."""
SHOWN_SHARE = 0.92
"""Questions behind which pages are shown again."""
KEY_CHARACTERS = 120
"""Longest sentence that a summary quotes."""


@dataclass(slots=True)
class Row:
    """One example of a batch, growing token by token.

    A place is a cell of the pages before the text; `key` is where it stands in the sequence, which is among the pages
    that are shown again, if it is on one of them. `again` names the cell that a vision token in the text shows, `bears`
    which slots of it bear the answer (a mask, see `bearing`), and `repeats` the token of the question that it repeats.
    """

    shape: Shape
    ids: list[int] = field(default_factory=list)
    answer: list[bool] = field(default_factory=list)
    asked: list[bool] = field(default_factory=list)
    cell: list[int] = field(default_factory=list)
    key: list[int] = field(default_factory=list)
    slot: list[int] = field(default_factory=list)
    again: list[int] = field(default_factory=list)
    bears: list[int] = field(default_factory=list)
    repeats: list[int] = field(default_factory=list)
    skip: int = 0
    _shown: dict[int, int] = field(default_factory=dict)
    """Where in the sequence the first cell of every page stands that is shown again in this turn."""

    def prompt(self, tokens: Sequence[int], cells: Sequence[int] | None = None, asked: bool = False) -> None:
        """Append tokens that are given; some stand on the page as well. Those `asked` are foretold all the same."""
        count = len(tokens)
        self._add(tokens, cells or [NONE] * count, [NONE] * count, asked=asked)

    def reply(self, token: int, cell: int = NONE, slot: int = NONE) -> None:
        """Append a token to predict and the place it is read from."""
        self._add([token], [cell], [slot], answer=True)

    def show(self, pages: Sequence[int], bears: Mapping[int, int], repeats: Mapping[int, int]) -> None:
        """Append pages once more: from here to the end of the turn their characters are read there.

        `bears` and `repeats` are by cell: masks, and positions in the sequence.
        """
        cells = self.shape.cells
        for page in pages:
            self.prompt([PAGE + page, VISION_START])
            self._shown[page] = self.shape.prefix + len(self.ids)
            here = range(page * cells, (page + 1) * cells)
            self.prompt([IMAGE_PAD] * cells)
            self.again[-cells:] = here
            self.bears[-cells:] = [bears.get(cell, 0) for cell in here]
            self.repeats[-cells:] = [repeats.get(cell, NONE) for cell in here]
            self.prompt([VISION_END])

    def end_turn(self) -> None:
        """Forget which pages were shown again."""
        self._shown.clear()

    def _add(
        self,
        tokens: Sequence[int],
        cells: Sequence[int],
        slots: Sequence[int],
        answer: bool = False,
        asked: bool = False,
    ) -> None:
        count = len(tokens)
        self.ids += tokens
        self.answer += [answer] * count
        self.asked += [asked] * count
        self.cell += cells
        self.key += map(self._key, cells)
        self.slot += slots
        for column in (self.again, self.bears, self.repeats):
            column += [NONE] * count

    def _key(self, cell: int) -> int:
        """Sequence position of a cell; SINK is the start token; NONE stays NONE."""
        if cell < 0:
            return 0 if cell == SINK else NONE
        page, inside = divmod(cell, self.shape.cells)
        return self._shown.get(page, page * (self.shape.cells + 3) + 3) + inside

    def drop(self, index: int) -> None:
        """Take a token out again."""
        places = self.cell, self.key, self.slot, self.again, self.bears, self.repeats
        for column in (self.ids, self.answer, self.asked, *places):
            del column[index]


def offsets(again: Ints, skip: Ints, shape: Shape) -> Ints:
    """How far behind the prefix every text token stands, as Qwen2-VL counts time, height and width.

    Args:
        again: (batch, text) the cell that is shown there, or NONE; a page takes as much as its longer side.
        skip: (batch,) text positions that are taken to stand before the text and are left out of the batch.
        shape: of the pages.
    """
    seen, inside = again != NONE, again % shape.cells
    last = seen & (inside == shape.cells - 1)
    takes = np.where(seen, np.where(last, max(shape.rows, shape.columns), 0), 1)
    start = np.cumsum(takes, axis=1) - takes + skip[:, None]
    return start + np.where(seen, np.stack([0 * inside, inside // shape.columns, inside % shape.columns]), 0)


def reply_span(out: Row, laid: Laid, span: tuple[int, int], opening: str | None = None) -> None:
    """Anchors and characters of one span: every page and visual line that begins inside it is announced first.

    With an `opening` the span may begin in mid-line: its first line is followed by its column, and then by the opening.
    """
    at, page, row = slice(*span), -1, -1
    before = int(laid.places.cell[span[0] - 1])
    columns = (getattr(laid.places, name)[at].tolist() for name in ("cell", "slot", "page", "row", "column"))
    for token, cell, slot, of_page, of_row, column in zip(laid.ids[at].tolist(), *columns, strict=True):
        if cell != SINK and of_page != page:
            page, row = of_page, -1
            out.reply(PAGE + page, cell, SINK)
        if cell != SINK and of_row != row:
            row = of_row
            out.reply(ROW + row, cell, SINK)
            if opening is not None:
                out.reply(COLUMN + column, cell, SINK)
                for mark in ids_of(opening).tolist():
                    out.reply(mark)
                opening = None
        # A line end has no place of its own: it is read off the character before it.
        out.reply(token, cell if cell != SINK else before, slot)
        before = cell


def transcription(laid: Laid, shape: Shape, rng: random.Random) -> Row | None:
    """The transcription of one page, from its start or from some line on."""
    page = rng.choice(laid.pages)
    starts = [page.text_start + s for s in page.line_starts]
    inked = [s for s in starts if s < page.text_end and laid.places.cell[s] != SINK]
    if not inked:
        return None
    first = inked[0] if rng.random() < 0.4 else rng.choice(inked)
    out = Row(shape)
    out.prompt([TRANSCRIBE, IM_END])
    reply_span(out, laid, (first, page.text_end))
    out.reply(IM_END, SINK, SINK)
    if first != inked[0]:
        # The lines before stay out of the batch, but not out of the position count; where to go on is given.
        out.skip = int(first - page.text_start + np.searchsorted(starts, first)) + 1
        out.drop(2)
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
    first = max(laid.start, laid.text.rfind("\n", 0, start) + 1, start - CONTEXT)
    last = laid.text.find("\n", end)
    line = laid.text[first : min(last if last >= 0 else laid.end, end + CONTEXT)]
    for match in SequenceMatcher(None, question, line, autojunk=False).get_matching_blocks():
        if match.size and match.size >= (2 if question[match.a] >= "\u2e80" else 4):
            found = laid.places.cell[first + match.b : first + match.b + match.size]
            cells[match.a : match.a + match.size] = [int(c) if c != SINK else NONE for c in found]
    return cells


def dialogue(laid: Laid, questions: Sequence[Question], lang: str, shape: Shape, rng: random.Random) -> Row:
    """Questions about a document, one after the other, until the text is full; some only as history.

    Behind a question some pages are shown again, so that they are read with it in mind; lines there that have its words
    are named, and it is asked once more.

    What stands on pages outside the window is not answered by these pages; an answer that the window cuts is left out.
    """
    out, text = Row(shape), folded(laid.text)
    asked = absent = 0
    for question in questions:
        spans = [span for span in question.spans if laid.holds(span)]
        cut = any(start < laid.end and end > laid.start for start, end in question.spans)
        if (cut and not spans) or (not spans and absent > ABSENT_SHARE * (asked + 1)):
            continue
        asked, absent = asked + 1, absent + (not spans)
        asking = [ASK, *ids_of(question.text).tolist(), IM_END], [NONE, *grounded(question.text, laid, spans), NONE]
        told = laid.text[slice(*spans[0])] if spans else ABSENT_TEXT[lang]
        room = (shape.text - len(out.ids) - NAMED_TOKENS - 2 * len(asking[0]) - len(told)) // (shape.cells + 3)
        if room <= 0 and any(out.answer):
            break  # the service shows pages behind every question
        first = shape.prefix + len(out.ids) + 1
        out.prompt(*asking, asked=True)
        if rng.random() < TOLD_SHARE:
            out.prompt([*ids_of(told).tolist(), IM_END])
            continue
        if room > 0 and rng.random() < SHOWN_SHARE:
            shown = shown_again(laid, Asked(text, question.text), spans[0] if spans else None, room, rng)
            matched = repeated(laid, question.text, first, shown.pages, shape)
            out.show(shown.pages, bearing(laid, spans, shape), matched)
            out.prompt(shown.anchors, shown.cells)
            out.prompt(*asking)
        if spans:
            reply_span(out, laid, spans[0], opening="")
        else:
            for token in (ABSENT, *ids_of(told).tolist()):
                out.reply(token, SINK, SINK)
        out.reply(IM_END, SINK, SINK)
        out.end_turn()
    return out


@dataclass(frozen=True, slots=True)
class Entry:
    """A heading of an outline (level from 1) and the sentence of its section that a summary quotes, if any."""

    level: int
    heading: tuple[int, int]
    key: tuple[int, int] | None


def summary(laid: Laid, shape: Shape, entries: Sequence[Entry]) -> Row:
    """`# heading` a line, deeper ones with more marks, and `- sentence` for what a section says; nothing without any.

    The anchors come first, so that a line is found before its level is told.
    """
    out = Row(shape)
    out.prompt([SUMMARIZE, IM_END])
    for entry in entries:
        _line(out, laid, "#" * entry.level + " ", entry.heading)
        if entry.key:
            _line(out, laid, "- ", entry.key)
    out.reply(IM_END, SINK, SINK)
    return out


def _line(out: Row, laid: Laid, mark: str, span: tuple[int, int]) -> None:
    if laid.holds(span):
        reply_span(out, laid, span, opening=mark)
        out.reply(int(ids_of("\n")[0]))

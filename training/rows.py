"""Owns what is asked of laid out pages as tokens: transcriptions, dialogues, summaries, each token with its place."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from difflib import SequenceMatcher
from itertools import repeat

import numpy as np

from training.alphabet import ABSENT, ASK, BACKWARDS, COLUMN, IM_END, PAGE, ROW, SUMMARIZE, TRANSCRIBE, ids_of
from training.documents import Question
from training.laid import NONE, SINK, Laid

CONTEXT = 120
"""Characters around an answer in which the words of its question are looked for."""
ABSENT_TEXT = {"zh": "文档中没有提到。", "en": "The document does not say."}
ABSENT_SHARE = 0.4
"""Most questions of a dialogue that its pages do not answer. Groups of pages are asked for what stands on others."""
TOLD_SHARE = 0.15
"""Turns of a dialogue that are given as its history: answers without anchors, as callers send them back."""
BACKWARDS_SHARE = 0.15
"""Questions that follow their answer: which words ask for a value, and not for its neighbour, is learnt there."""
KEY_CHARACTERS = 120
"""Longest sentence that a summary quotes."""


@dataclass(slots=True)
class Row:
    """One example of a batch, growing token by token."""

    ids: list[int] = field(default_factory=list)
    answer: list[bool] = field(default_factory=list)
    asked: list[bool] = field(default_factory=list)
    cell: list[int] = field(default_factory=list)
    slot: list[int] = field(default_factory=list)
    skip: int = 0

    def prompt(self, tokens: Sequence[int], cells: Sequence[int] | None = None, asked: bool = False) -> None:
        """Append tokens that are given; some stand on the page as well. Those `asked` are foretold all the same."""
        for token, cell in zip(tokens, cells or repeat(NONE), strict=False):
            self._add(int(token), False, int(cell), NONE, asked)

    def reply(self, token: int, cell: int = NONE, slot: int = NONE) -> None:
        """Append a token to predict and the place it is read from."""
        self._add(token, True, cell, slot)

    def _add(self, token: int, answer: bool, cell: int, slot: int, asked: bool = False) -> None:
        self.ids.append(token)
        self.answer.append(answer)
        self.asked.append(asked)
        self.cell.append(cell)
        self.slot.append(slot)


def reply_span(out: Row, laid: Laid, span: tuple[int, int], opening: str | None = None) -> None:
    """Anchors and characters of one span: every page and visual line that begins inside it is announced first.

    With an `opening` the span may begin in mid-line: its first line is followed by its column, and then by the opening.
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
            if opening is not None:
                out.reply(COLUMN + int(places.column[i]), cell, SINK)
                for token in ids_of(opening):
                    out.reply(int(token))
                opening = None
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
        del out.ids[2], out.answer[2], out.asked[2], out.cell[2], out.slot[2]
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


def _placed(laid: Laid, span: tuple[int, int]) -> tuple[list[int], list[int]]:
    """An answer and its place, for which a question is to be found: tokens and their cells."""
    answer = Row()
    reply_span(answer, laid, span, opening="")
    return [BACKWARDS, *answer.ids, IM_END], [NONE, *answer.cell, NONE]


def dialogue(laid: Laid, questions: Sequence[Question], lang: str, limit: int, rng: random.Random) -> Row:
    """Questions about a document, one after the other, until `limit` tokens are reached; some only as history, some
    behind their answers.

    What stands on pages outside the window is not answered by these pages; an answer that the window cuts is left out.
    """
    out = Row()
    asked = absent = 0
    for question in questions:
        spans = [span for span in question.spans if laid.holds(span)]
        cut = any(start < laid.end and end > laid.start for start, end in question.spans)
        if (cut and not spans) or (not spans and absent > ABSENT_SHARE * (asked + 1)):
            continue
        asked, absent = asked + 1, absent + (not spans)
        how = rng.random()
        backwards = bool(spans) and 0 <= how - TOLD_SHARE < BACKWARDS_SHARE
        out.prompt(*(_placed(laid, spans[0]) if backwards else ([ASK], [NONE])))
        out.prompt([*ids_of(question.text), IM_END], [*grounded(question.text, laid, spans), NONE], asked=True)
        if backwards:
            continue
        if how < TOLD_SHARE:
            told = laid.text[slice(*spans[0])] if spans else ABSENT_TEXT[lang]
            out.prompt([*ids_of(told), IM_END])
            continue
        if spans:
            reply_span(out, laid, spans[0], opening="")
        else:
            for token in (ABSENT, *ids_of(ABSENT_TEXT[lang])):
                out.reply(int(token), SINK, SINK)
        out.reply(IM_END, SINK, SINK)
        if len(out.ids) >= limit:
            break
    return out


@dataclass(frozen=True, slots=True)
class Entry:
    """A heading of an outline (level from 1) and the sentence of its section that a summary quotes, if any."""

    level: int
    heading: tuple[int, int]
    key: tuple[int, int] | None


def summary(laid: Laid, entries: Sequence[Entry]) -> Row:
    """`# heading` a line, deeper ones with more marks, and `- sentence` for what a section says; nothing without any.

    The anchors come first, so that a line is found before its level is told.
    """
    out = Row()
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

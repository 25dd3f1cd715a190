"""Owns one training batch: documents drawn, asked about, and turned into arrays with what supervision pulls on.

Pages travel as glyph placements, not pixels: the GPU composes them from an atlas. Everything here is numpy, and every
choice of positions is made here, so that a step on the GPU waits for nothing.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from render_service.layout import PageLayout
from render_service.style import Flow
from training.alphabet import ABSENT, COLUMN, IM_END, IM_START, PAGE, ROW, VISION_END, VISION_START
from training.checkpoint import ROW_ANCHORS
from training.covered import covered
from training.documents import (
    Document,
    Lang,
    amid,
    card,
    dossier,
    from_text,
    joined,
    outline,
    planted,
    retold,
    shown,
    synthesize,
)
from training.documents.chance import upto
from training.laid import NONE, SINK, SLOTS, Ints, Laid, Recipe, known, lay
from training.network import Shape
from training.noise import code, noise, table
from training.outlines import entries
from training.rows import Row, dialogue, offsets, summary, transcription
from training.sorts import ASKED, SUMMARISED, Sorts
from training.texts import Corpus

DENSE_PER_PAGE, DENSE_PER_BATCH = 192, 12288
"""Characters that the tower is asked for."""
ASKED_PER_BATCH = 8192
"""Characters of questions that the decoder is asked for."""
AMID = 0.4
"""Share of the synthesised and written documents that have real text between their paragraphs."""
SHOWN = 0.8
"""Share of the documents without Markdown's marks, as the pages of a Markdown document are."""
ENOUGH = 0.7
"""Share of the characters wanted at which no other written document follows."""
PULLED, PULLED_ANCHORS = 40, 24
"""Most positions of an example at which attention is pulled, and most of its anchors: time grows with them."""


@dataclass(frozen=True, slots=True)
class Batch:
    """Arrays of one batch; text arrays are (batch, text).

    A pull names text offsets (batch, pulled), counted from the last token of the prefix, whose queries should
    look at keys; offsets that are not used carry the key NONE.
    """

    recipe: Recipe
    ids: Ints
    again: Ints
    """The cell that is shown again at a position of the text, or NONE."""
    where: Ints
    """(3, batch, text): how far behind the prefix, in time, height and width."""
    answers: Ints
    """(n,) flat positions in `ids` of the tokens to predict."""
    weights: npt.NDArray[np.float32]
    """(n,) of those tokens: an anchor decides what all characters after it are read from."""
    asked: Ints
    """(m,) flat positions in `ids` of the tokens of questions to foretell."""
    here: Pull
    """The token at hand; its query stands on itself."""
    next: Pull
    """The character to come; its query stands on the token before it."""
    find: Pull
    """The anchor to come."""
    match: Pull
    """The cell of a page that is shown again; it looks at the token of the question that it repeats."""
    shown: Ints
    """(k,) flat positions in `ids` of cells that are shown again."""
    bears: Ints
    """(k,) which slots of them bear the answer, as masks of `bearing`."""
    dense_at: Ints
    """(m,) flat (page in batch, cell, slot)."""
    dense_token: Ints
    glyphs: npt.NDArray[np.int32]
    """(placements, 4): page in the batch, code point, x, y."""


@dataclass(frozen=True, slots=True)
class Pull:
    """Where queries stand and what they should look at: arrays (batch, pulled).

    `key` is a position in the sequence, that of the start token where there is no place, and `line` that of the first
    cell of the place's row.
    """

    offset: Ints
    key: Ints
    line: Ints
    slot: Ints


def prefix_ids(shape: Shape, image_pad: int) -> list[int]:
    """Token ids before the text."""
    ids = [IM_START]
    for page in range(shape.pages):
        ids += [PAGE + page, VISION_START, *[image_pad] * shape.cells, VISION_END]
    return ids


def is_anchor(ids: Ints) -> npt.NDArray[np.bool_]:
    """Which tokens name a page, line or column."""
    return ((ids >= PAGE) & (ids < ROW + ROW_ANCHORS)) | (ids >= COLUMN)


class Source:
    """Draws texts and questions; one per worker, repeatable from its seed."""

    def __init__(self, corpus: Corpus, seed: int, asked: Sorts = ASKED, summarised: Sorts = SUMMARISED) -> None:
        self.corpus, self.rng, self.np_rng = corpus, random.Random(seed), np.random.default_rng(seed)
        self.asked, self.summarised = asked, summarised

    def batch(self, recipe: Recipe) -> Batch:
        """One batch of the recipe."""
        drawn: list[tuple[Row, Laid]] = []
        while len(drawn) < recipe.batch:
            roll = self.rng.random()
            if roll < recipe.ask:
                one = self._dialogue(recipe)
            elif roll < recipe.ask + (1 - recipe.ask) * recipe.summarize:
                one = self._summary(recipe)
            else:
                one = self._transcription(recipe)
            if one is not None:
                drawn.append(one)
        return self._collate(recipe, drawn)

    def _language(self, recipe: Recipe) -> tuple[Lang, int]:
        """A language, and about how many of its characters fill the pages."""
        lang: Lang = "zh" if self.rng.random() < 0.5 else "en"
        return lang, int(recipe.characters * (0.85 if lang == "en" else 0.42))

    def _transcription(self, recipe: Recipe) -> tuple[Row, Laid] | None:
        lang, characters = self._language(recipe)
        # Where words are covered, the text must be one whose words tell each other.
        kind, columns = self.rng.uniform(0.3 if recipe.covered else 0.0, 1.0), recipe.flow is Flow.COLUMNS
        if columns and kind < 0.45:
            text = (code if kind < 0.15 else table)(self.rng, characters)
        elif kind < (0.52 if columns else 0.2):
            text = noise(self.rng, characters)
        elif kind < (0.85 if columns else 0.35):
            text = self._synthesized(recipe, lang, characters).text
        elif kind < (0.9 if columns else 0.5):
            text = self._written(recipe, lang, characters).text
        else:
            text = self.corpus.window(self.rng, lang, characters)
        if recipe.flow is Flow.CELLS and self.rng.random() < SHOWN:
            text = shown(self.rng, Document(text, (), lang, "cells", outline(text))).text
        laid = lay(known(text), recipe)
        if laid and recipe.covered:
            laid = covered(laid, recipe.flow, self.rng)
        row = laid and transcription(laid, recipe.shape, self.rng)
        return (row, laid) if row and laid else None

    def _document(self, recipe: Recipe, sorts: Sorts) -> tuple[Document, Laid] | None:
        """A document and the window of its pages that is shown; many are longer than their window."""
        lang, fill = self._language(recipe)
        longer = recipe.shape.pages > 1 and self.rng.random() < 0.45
        characters = int(fill * (self.rng.uniform(1.0, 2.2) if longer else self.rng.uniform(0.4, 1.0)))
        document = self._drawn(recipe, lang, characters, sorts)
        if recipe.flow is Flow.CELLS and self.rng.random() < SHOWN:
            document = shown(self.rng, document)
        document = replace(document, text=document.text.rstrip("\n"))
        if known(document.text) != document.text:
            return None
        laid = lay(document.text, recipe, self.rng.random() if longer else 0.0)
        return (document, laid) if laid else None

    def _drawn(self, recipe: Recipe, lang: Lang, characters: int, sorts: Sorts) -> Document:
        """A document of one of the sorts, each as often as its share."""
        rng, corpus = self.rng, self.corpus
        sort = sorts.draw(rng)
        if sort == "cards":
            return card(rng, lang, min(characters, 600), corpus.passage(rng, lang, 1500))
        if sort == "planted":
            return planted(rng, lang, corpus.passage(rng, lang, characters), corpus.window(rng, lang, 1500))
        if sort in ("synthesised", "written"):
            if sort == "written":
                document = self._written(recipe, lang, characters)
            else:
                document = self._synthesized(recipe, lang, max(200, characters))
            between = corpus.passage(rng, lang, characters // upto(rng, 2, 6)) if rng.random() < AMID else ""
            return amid(rng, document, between)
        text = corpus.passage(rng, lang, characters, sorts.openings)
        asked = from_text(rng, text, lang, min(24, 4 + characters // 150), corpus.window(rng, lang, 1500))
        return Document(text, asked, lang, "cells", outline(text))

    def _written(self, recipe: Recipe, lang: Lang, characters: int) -> Document:
        """As many written documents as it takes, one behind the other."""
        documents, size = list[Document](), 0
        while size < ENOUGH * characters:
            one = dossier(self.rng, lang, recipe.flow is Flow.COLUMNS, self.corpus.held)
            documents.append(retold(self.rng, one, characters - size))
            size += len(documents[-1].text)
        return joined(documents)

    def _synthesized(self, recipe: Recipe, lang: Lang, characters: int) -> Document:
        """What is written for machines comes in columns more often than not."""
        document = synthesize(self.rng, lang, characters)
        for _ in range(2):
            if document.flow == "columns" or recipe.flow is not Flow.COLUMNS:
                break
            document = synthesize(self.rng, lang, characters)
        return document

    def _dialogue(self, recipe: Recipe) -> tuple[Row, Laid] | None:
        drawn = self._document(recipe, self.asked)
        if drawn is None:
            return None
        document, laid = drawn
        questions = [q for q in document.questions if known(q.text) == q.text]
        self.rng.shuffle(questions)
        row = dialogue(laid, questions, document.lang, recipe.shape, self.rng)
        return (row, laid) if any(row.answer) else None

    def _summary(self, recipe: Recipe) -> tuple[Row, Laid] | None:
        drawn = self._document(recipe, self.summarised)
        if drawn is None:
            return None
        document, laid = drawn
        return summary(laid, recipe.shape, entries(document)), laid

    def _collate(self, recipe: Recipe, drawn: Sequence[tuple[Row, Laid]]) -> Batch:
        shape, size = recipe.shape, (recipe.batch, recipe.shape.text)
        fills = (IM_END, NONE, NONE, NONE, NONE, NONE, NONE)
        ids, cell, key, slot, again, bears, repeats = (np.full(size, fill, np.int64) for fill in fills)
        answer, asked = np.zeros(size, np.bool_), np.zeros(size, np.bool_)
        dense, glyphs = [], []
        for b, (row, doc) in enumerate(drawn):
            n, first = min(len(row.ids), shape.text), b * shape.pages
            ids[b, :n], answer[b, :n], asked[b, :n] = row.ids[:n], row.answer[:n], row.asked[:n]
            cell[b, :n], key[b, :n], slot[b, :n] = row.cell[:n], row.key[:n], row.slot[:n]
            again[b, :n], bears[b, :n], repeats[b, :n] = row.again[:n], row.bears[:n], row.repeats[:n]
            for number, p in enumerate(doc.pages):
                dense.append(self._dense(doc, p, shape, first + number))
                where = np.full(len(p.x), first + number)
                glyphs.append(np.stack([where, p.code_points.astype(np.int64), p.x, p.y], axis=1).astype(np.int32))
        seen = np.concatenate(dense, axis=1)
        seen = seen[:, self.np_rng.permutation(seen.shape[1])[:DENSE_PER_BATCH]]
        skip = np.array([row.skip for row, _ in drawn], np.int64)
        places = key, np.where(cell >= 0, key - cell % shape.columns, NONE), slot
        anchor = is_anchor(ids)
        answers, shown = np.flatnonzero(answer), np.flatnonzero(bears != NONE)
        decides = (anchor | (ids == ABSENT)).ravel()[answers]
        return Batch(
            recipe, ids, again, offsets(again, skip, shape), answers, np.where(decides, 4.0, 1.0).astype(np.float32),
            asked=self.np_rng.permutation(np.flatnonzero(asked))[:ASKED_PER_BATCH],
            here=self._pull(cell != NONE, places, 1),
            next=self._pull(answer & ~anchor & (cell != NONE), places, 0),
            find=self._pull(answer & anchor, places, 0, PULLED_ANCHORS),
            # Of a match neither line nor slot is asked.
            match=self._pull(repeats != NONE, (repeats, repeats, repeats), 1), shown=shown, bears=bears.ravel()[shown],
            dense_at=seen[0], dense_token=seen[1], glyphs=np.concatenate(glyphs),
        )  # fmt: skip

    def _pull(self, wanted: npt.NDArray[np.bool_], places: Sequence[Ints], step: int, most: int = PULLED) -> Pull:
        """Up to `most` of the wanted positions of every example."""
        wanted = wanted[:, : wanted.shape[1] - step] if step else wanted
        out = Pull(*(np.full((len(wanted), most), fill, np.int64) for fill in (0, NONE, NONE, NONE)))
        for b, row in enumerate(wanted):
            at = self.np_rng.permutation(np.flatnonzero(row))[:most]
            out.offset[b, : len(at)] = at + step
            for column, values in zip((out.key, out.line, out.slot), places, strict=True):
                column[b, : len(at)] = values[b, at]
        return out

    def _dense(self, doc: Laid, p: PageLayout, shape: Shape, page: int) -> Ints:
        """Some of a page's characters, covered ones first, as (flat place, token): (2, at most DENSE_PER_PAGE)."""
        places = doc.places
        seen = p.text_start + np.flatnonzero(places.cell[p.text_start : p.text_end] != SINK)
        order = self.np_rng.permutation(seen)
        chosen = order[np.argsort(~np.isin(order, doc.covered), kind="stable")][:DENSE_PER_PAGE]
        at = (page * shape.cells + places.cell[chosen] % shape.cells) * SLOTS + places.slot[chosen]
        return np.stack([at, doc.ids[chosen]])

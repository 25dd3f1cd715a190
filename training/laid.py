"""Owns a text on its pages: laid out by the renderer's own layout, and where every character of it stands."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import islice

import numpy as np
import numpy.typing as npt

from render_service import fonts
from render_service.code_points import encode
from render_service.layout import PageLayout, layout
from render_service.style import Flow, Style
from training.alphabet import KNOWN, ids_of
from training.breaks import break_opportunities
from training.checkpoint import COLUMN_PX
from training.network import Shape

Ints = npt.NDArray[np.int64]

CELL_PX = 28
SLOT_ROWS, SLOT_COLUMNS = 3, 6
SLOTS = SLOT_ROWS * SLOT_COLUMNS
SINK = -2
"""Pointer value: attend to the start token, there is no place on the page."""
NONE = -1
"""Pointer value: not supervised."""


@dataclass(frozen=True, slots=True)
class Recipe:
    """What one batch holds: documents of equal shape, how they are set, and which share of them is asked what."""

    shape: Shape
    font_px: int
    flow: Flow
    batch: int
    ask: float
    """Share of the examples that are dialogues; of the rest, `summarize` are summaries, the others transcriptions."""
    summarize: float = 0.0
    tower: bool = True
    """Whether the tower learns from this batch; without it a step over many pages costs half."""
    covered: bool = False
    """Whether words of the transcribed pages are covered, which then hold natural text alone."""

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

    @property
    def characters(self) -> int:
        """About how many half-width cells its pages hold."""
        return 2 * self.shape.pages * self.shape.cells * CELL_PX**2 // self.font_px**2


@dataclass(frozen=True, slots=True)
class Places:
    """Where every character of a text stands: arrays over characters; SINK where it has no ink of its own."""

    page: Ints
    row: Ints
    cell: Ints
    slot: Ints
    column: Ints


@dataclass(frozen=True, slots=True)
class Laid:
    """A window of a text's pages: token ids and places of every character up to the last page's end."""

    text: str
    pages: tuple[PageLayout, ...]
    ids: Ints
    places: Places
    covered: Ints = field(default_factory=lambda: np.empty(0, np.int64))
    """Characters in whose place a box is shown."""

    @property
    def start(self) -> int:
        """The first character on a page."""
        return self.pages[0].text_start

    @property
    def end(self) -> int:
        """One past the last character on a page."""
        return len(self.ids)

    def holds(self, span: tuple[int, int]) -> bool:
        """Whether all of a span stands on these pages."""
        return self.start <= span[0] and span[1] <= self.end


def lay(text: str, recipe: Recipe, first: float = 0.0) -> Laid | None:
    """As many pages of a text as the recipe holds; None when nothing on the first of them can be seen.

    Args:
        text: characters of the alphabet only.
        recipe: geometry and number of pages.
        first: where the window of pages begins, as a share of the pages that may be the first.
    """
    pages = _pages(text, recipe, None if first else recipe.shape.pages)
    begin = int(first * max(0, len(pages) - recipe.shape.pages + 1))
    pages = pages[begin : begin + recipe.shape.pages]
    if not pages or not len(pages[0].offsets):
        return None
    text = text[: pages[-1].text_end]
    return Laid(text, pages, ids_of(text), places_of(text, pages, recipe))


def _pages(text: str, recipe: Recipe, most: int | None) -> tuple[PageLayout, ...]:
    measure = partial(fonts.measure, flow=recipe.flow)
    return tuple(islice(layout(text, recipe.style, measure, break_opportunities), most))


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
    # A space has no ink but a place: right after the character before it, or at the edge before an indented line's ink.
    start, line = pages[0].text_start, page * size + row
    spaces = start + np.flatnonzero(points[start:] == 0x20)
    same = (line[spaces] == line[spaces - 1]).tolist()
    for i, on_line in zip(spaces.tolist(), same, strict=True):
        before = i - 1
        if i == start or text[before] == "\n":
            first = i
            while text[first : first + 1] == " ":
                first += 1
            if first < size and x[first] >= 0 and line[first] == line[i]:
                x[i], y[i] = 0, y[first]
        elif on_line and x[before] >= 0 and (right := x[before] + width[before]) + width[i] <= limit:
            x[i], y[i] = right, y[before]
    cx, cy = x + width // 2, y + recipe.font_px // 2
    cell = (cy // CELL_PX) * recipe.shape.columns + cx // CELL_PX + page * recipe.shape.cells
    slot = (cy % CELL_PX) * SLOT_ROWS // CELL_PX * SLOT_COLUMNS + (cx % CELL_PX) * SLOT_COLUMNS // CELL_PX
    seen = x >= 0
    return Places(page, row, np.where(seen, cell, SINK), np.where(seen, slot, SINK), cx // COLUMN_PX)


def known(text: str) -> str:
    """The text without characters that the alphabet lacks; tabs become four spaces."""
    text = text.replace("\t", "    ")
    return (text if KNOWN.issuperset(text) else "".join(c for c in text if c in KNOWN)).strip("\n")

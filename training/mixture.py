"""Owns how much of what is trained: page shapes, font sizes, flows, dialogue against transcription against summary."""

from __future__ import annotations

import random
from dataclasses import replace

from render_service.style import Flow
from training.laid import Recipe
from training.network import Shape
from training.trainer import SEE

FONT_PX = ((14, 6), (12, 4))
PAGES = ((2, 12), (3, 6), (4, 12), (6, 8), (8, 20))
"""Pages of longer documents and their weights. A step over one page asks twice as many questions as one over
eight: what a question means is learnt there, and to find it among many pages here. The tower learns from a third of
both."""
PAGE, CODE_PAGE, LOW_PAGES = (8, 16), (6, 20), (5, 6, 8, 8)
"""Rows and columns of vision tokens on the usual pages of 448 × 224 and, in columns, 560 × 168 pixels; and rows of
pages that are asked about alone, of which low ones leave room for more questions."""
TOKENS = 72_000
"""Tokens of a batch at scale 1, vision and text."""


def draw_recipe(rng: random.Random, stage: int, scale: float, reading: float = 0.0) -> Recipe:
    """A recipe; the first stage sees single pages only.

    Args:
        rng: what draws it.
        stage: of the training.
        scale: of the batch.
        reading: share of the later stages' recipes that only transcribe a page with covered words.
    """
    font_px = rng.choices([px for px, _ in FONT_PX], [w for _, w in FONT_PX])[0]
    if stage == SEE:
        return _recipe(Shape(1, *PAGE, text=8), (font_px, Flow.CELLS), scale, 0.1)
    if rng.random() < reading:
        return replace(_recipe(Shape(1, *PAGE, text=448), (font_px, Flow.CELLS), scale, 0.0), covered=True)
    kind = rng.random()
    if kind < 0.05:
        return _recipe(Shape(1, rng.randint(1, PAGE[0] - 1), PAGE[1], text=256), (font_px, Flow.CELLS), scale, 0.5)
    if kind < 0.15:
        page = (CODE_PAGE[0], rng.choice((20, 20, 16, 12, 8))) if rng.random() < 0.7 else (rng.randint(1, 5), 20)
        return _recipe(Shape(1, *page, text=384), (font_px, Flow.COLUMNS), scale, 0.25)
    tower = rng.random() < 0.35
    if kind < 0.50:
        page = (rng.choice(LOW_PAGES), PAGE[1])
        return _recipe(Shape(1, *page, text=640), (font_px, Flow.CELLS), scale, 0.7, 0.15, tower)
    pages = rng.choices([n for n, _ in PAGES], [w for _, w in PAGES])[0]
    page, flow = (CODE_PAGE, Flow.COLUMNS) if rng.random() < 0.25 else (PAGE, Flow.CELLS)
    return _recipe(Shape(pages, *page, text=_text(pages)), (font_px, flow), scale, 0.84, 0.85, tower)


def _text(pages: int) -> int:
    """Tokens of text: the more pages were seen for it, the more is asked about them."""
    return 800 if pages < 4 else 1152


def _recipe(
    shape: Shape, setting: tuple[int, Flow], scale: float, ask: float, summarize: float = 0.0, tower: bool = True
) -> Recipe:
    batch = max(1, round(TOKENS * scale / (shape.prefix + shape.text)))
    return Recipe(shape, *setting, batch, ask, summarize, tower)

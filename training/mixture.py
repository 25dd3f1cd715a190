"""Owns how much of what is trained: page shapes, font sizes, flows, dialogue against transcription against summary."""

from __future__ import annotations

import random

from render_service.style import Flow
from training.laid import Recipe
from training.network import Shape
from training.trainer import SEE

FONT_PX = ((14, 6), (12, 4))
PAGES = (2, 3, 4, 6, 8, 12)
PAGE, CODE_PAGE = (8, 16), (6, 20)
"""Rows and columns of vision tokens on the usual pages of 448 × 224 and, in columns, 560 × 168 pixels."""
TOKENS = 72_000
"""Tokens of a batch at scale 1, vision and text."""


def draw_recipe(rng: random.Random, stage: int, scale: float) -> Recipe:
    """A recipe; the first stage sees single pages only."""
    font_px = rng.choices([px for px, _ in FONT_PX], [w for _, w in FONT_PX])[0]
    if stage == SEE:
        return _recipe(Shape(1, *PAGE, text=8), (font_px, Flow.CELLS), scale, 0.1)
    kind = rng.random()
    if kind < 0.06:
        return _recipe(Shape(1, rng.randint(1, PAGE[0] - 1), PAGE[1], text=256), (font_px, Flow.CELLS), scale, 0.4)
    if kind < 0.14:
        rows, columns = (
            (CODE_PAGE[0], rng.choice((20, 20, 16, 12, 8))) if rng.random() < 0.7 else (rng.randint(1, 5), 20)
        )
        return _recipe(Shape(1, rows, columns, text=384), (font_px, Flow.COLUMNS), scale, 0.35)
    if kind < 0.38:
        return _recipe(Shape(1, *PAGE, text=448), (font_px, Flow.CELLS), scale, 0.4, 0.05)
    pages = rng.choice(PAGES)
    if rng.random() < 0.25:
        return _many(Shape(pages, *CODE_PAGE, text=_text(pages)), (font_px, Flow.COLUMNS), scale, rng.random())
    return _many(Shape(pages, *PAGE, text=_text(pages)), (font_px, Flow.CELLS), scale, rng.random())


def _text(pages: int) -> int:
    """Tokens of text: the more pages were seen for it, the more is asked about them."""
    return 448 if pages < 4 else 640


def _many(shape: Shape, setting: tuple[int, Flow], scale: float, roll: float) -> Recipe:
    """Several pages: nearly all dialogues; the tower learns from a third of these batches."""
    return _recipe(shape, setting, scale, 0.88, 0.85, tower=roll < 0.35)


def _recipe(
    shape: Shape, setting: tuple[int, Flow], scale: float, ask: float, summarize: float = 0.0, tower: bool = True
) -> Recipe:
    batch = max(1, round(TOKENS * scale / (shape.prefix + shape.text)))
    return Recipe(shape, *setting, batch, ask, summarize, tower)

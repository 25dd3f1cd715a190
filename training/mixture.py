"""Owns how much of what is trained: page shapes, font sizes, flows, dialogue against transcription."""

from __future__ import annotations

import random
from collections.abc import Callable

from render_service.style import Flow
from training.examples import Recipe
from training.network import Shape

FONT_PX = ((14, 6), (12, 2), (10, 2))
MANY_PAGES = ((2, 64), (3, 44), (4, 36), (6, 24), (8, 18), (12, 12))
"""Pages of a document and documents of a batch."""
PAGE = (8, 16)
"""Rows and columns of vision tokens on the usual page of 448 × 224 pixels."""


def draw_recipe(rng: random.Random, stage: int, scale: float) -> tuple[Recipe, float]:
    """A recipe and its share of dialogues; stage 0 sees single pages only."""
    font_px = rng.choices([px for px, _ in FONT_PX], [w for _, w in FONT_PX])[0]
    if stage == 0:
        return _recipe(Shape(1, *PAGE, text=8), font_px, Flow.CELLS, 96 * scale), 0.1
    kind = rng.random()
    if kind < 0.10:
        rows = rng.randint(1, PAGE[0] - 1)
        return _recipe(Shape(1, rows, PAGE[1], text=256), font_px, Flow.CELLS, 96 * scale), 0.3
    if kind < 0.20:
        return _recipe(
            Shape(1, rng.randint(6, 8), rng.randint(8, 20), text=384), font_px, Flow.COLUMNS, 64 * scale
        ), 0.3
    if kind < 0.65:
        return _recipe(Shape(1, *PAGE, text=448), font_px, Flow.CELLS, 64 * scale), 0.45
    pages, batch = rng.choice(MANY_PAGES)
    return _recipe(Shape(pages, *PAGE, text=288), font_px, Flow.CELLS, batch * scale), 0.9


def draw_short_dialogues(rng: random.Random, stage: int, scale: float) -> tuple[Recipe, float]:
    """Questions about one to three pages, mostly at the comfortable size: what a few cores can still teach."""
    font_px = rng.choices((14, 12, 10), (16, 1, 1))[0]
    pages, rows = rng.choices(((1, 8), (1, rng.randint(2, 7)), (2, 8), (3, 8)), (10, 5, 2, 1))[0]
    shape = Shape(pages, rows, PAGE[1], text=256)
    return Recipe(shape, font_px, Flow.CELLS, max(1, round(16 * scale / pages)), cards=0.7), 0.95


def _recipe(shape: Shape, font_px: int, flow: Flow, batch: float) -> Recipe:
    return Recipe(shape, font_px, flow, max(1, round(batch)))


Draw = Callable[[random.Random, int, float], tuple[Recipe, float]]
MIXTURES: dict[str, Draw] = {"full": draw_recipe, "short-dialogues": draw_short_dialogues}

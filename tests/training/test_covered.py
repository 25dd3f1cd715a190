"""Covered words are boxes on the page and words everywhere else."""

import random
from dataclasses import replace

import numpy as np
import pytest
import torch

from render_service.style import Flow
from training.atlas import BOX_INK, Atlas, compose
from training.covered import NARROW_BOX, WIDE_BOX, covered
from training.examples import Source
from training.laid import SINK, Recipe, lay
from training.mixture import draw_recipe
from training.network import Shape
from training.rows import transcription
from training.trainer import READ

RECIPE = Recipe(Shape(1, 4, 8, text=200), 14, Flow.CELLS, 1, 0.0)
TEXT = "\n".join(f"水泵 pump {i * 37} 元，保留若干天。" for i in range(1, 8))


class First(random.Random):
    """A generator that covers every word, and transcribes from the first line on."""

    def random(self) -> float:
        return 0.0


def hidden():
    return covered(lay(TEXT, RECIPE), Flow.CELLS, First())


def test_words_are_covered_and_numbers_are_not():
    laid = hidden()
    page = laid.pages[0]
    boxes = np.isin(page.code_points, (WIDE_BOX, NARROW_BOX))
    shown = {TEXT[at] for at in page.offsets[~boxes]}
    assert shown <= set("0123456789，。")
    assert {TEXT[at] for at in page.offsets[page.code_points == NARROW_BOX]} == set("pum")
    assert sorted(page.offsets[boxes]) == sorted(at for at in laid.covered if laid.places.cell[at] != SINK)


def test_what_is_covered_is_still_to_be_transcribed():
    plain, laid = lay(TEXT, RECIPE), hidden()
    told = [transcription(which, RECIPE.shape, First()).ids for which in (plain, laid)]
    assert told[0] == told[1]


def test_covered_characters_are_asked_of_the_tower_first(monkeypatch):
    monkeypatch.setattr("training.examples.DENSE_PER_PAGE", 5)
    laid = hidden()
    at, token = Source(None, 1)._dense(laid, laid.pages[0], RECIPE.shape, 0)
    assert len(at) == 5
    assert set(token) <= set(laid.ids[laid.covered])


def test_a_box_is_painted_where_the_word_stands():
    laid = hidden()
    row = transcription(laid, RECIPE.shape, First())
    batch = Source(None, 1)._collate(replace(RECIPE, batch=1), [(row, laid)])
    page = compose(batch, Atlas(torch.device("cpu")), torch.device("cpu"))[0]
    assert page[:14, :28].eq(255 - BOX_INK).all()


class Tales:
    """Stands in for the corpus."""

    held = True

    def window(self, rng, lang, characters):
        return "".join(f"{rng.choice('春夏秋冬')}天水泵保存若干天。" for _ in range(characters // 10))

    passage = window


def test_the_usual_mixture_covers_nothing():
    drawn = [draw_recipe(random.Random(seed), READ, 0.1) for seed in range(200)]
    assert not any(recipe.covered for recipe in drawn)


def test_steps_that_read_cover_natural_text_alone(monkeypatch):
    monkeypatch.setattr("training.examples.noise", lambda *_: pytest.fail("noise has no words that tell each other"))
    recipe = replace(draw_recipe(random.Random(1), READ, 0.02, reading=1.0), batch=40)
    assert (recipe.covered, recipe.tower, recipe.ask, recipe.summarize) == (True, True, 0.0, 0.0)
    batch = Source(Tales(), 1).batch(recipe)
    boxed = np.isin(batch.glyphs[:, 1], (WIDE_BOX, NARROW_BOX))
    assert len(np.unique(batch.glyphs[boxed, 0])) >= 36

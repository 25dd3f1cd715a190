"""Owns which pages are shown again behind a question, and which of their lines are named."""

from __future__ import annotations

import random
from collections.abc import Sequence
from itertools import islice

from gateway.overlap import Asked
from reader_service.showing import nearest_lines
from training.alphabet import PAGE, ROW
from training.bearing import gram
from training.laid import NONE, SINK, Laid

NEAR_SHARE = 0.9
"""Questions one of whose pages shown again certainly holds the answer."""
SHOWN_PAGES = (1, 2, 2, 3)
"""How many of several pages are shown again."""
LINES_NAMED = 3
"""Most lines that are named, those around which most of the question's words stand; the profile says it, too."""


def pages_to_show(laid: Laid, question: str, answer: tuple[int, int] | None, rng: random.Random) -> list[int]:
    """Pages that the question's words speak of, with that of the answer most of the time; in their order."""
    count = min(len(laid.pages), rng.choice(SHOWN_PAGES))
    size = gram(question)
    grams = {question[i : i + size].lower() for i in range(len(question) - size + 1)}
    texts = [laid.text[page.text_start : page.text_end].lower() for page in laid.pages]
    near = [sum(gram in text for gram in grams) + 2 * rng.random() for text in texts]
    if answer and rng.random() < NEAR_SHARE:
        near[int(laid.places.page[answer[0]])] += len(question)
    return sorted(sorted(range(len(texts)), key=lambda page: -near[page])[:count])


def named(laid: Laid, asked: Asked, pages: Sequence[int]) -> tuple[list[int], list[int]]:
    """Anchors of those lines of these pages that the question speaks of most, and the cells that the lines begin in."""
    starts = [page.text_start + start for page in laid.pages for start in page.line_starts]
    near = iter(asked.of_lines(starts))
    lines = nearest_lines([list(islice(near, len(page.line_starts))) for page in laid.pages], pages, LINES_NAMED)
    tokens = [token for page, line in lines for token in (PAGE + page, ROW + line)]
    begins = [laid.pages[page].text_start + laid.pages[page].line_starts[line] for page, line in lines]
    cells = [int(laid.places.cell[start]) for start in begins for _ in range(2)]
    return tokens, [cell if cell != SINK else NONE for cell in cells]

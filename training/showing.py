"""Owns which pages are shown again behind a question, and which of their lines are named.

Both as the service chooses them, by how much of the question stands around each line, but that the page of the answer
is mostly among them.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from itertools import islice

from gateway.overlap import Asked
from reader_service.budget import ANCHORS_OF_A_LINE
from reader_service.showing import nearest_lines, nearest_pages
from training.alphabet import PAGE, ROW
from training.laid import NONE, SINK, Laid

NEAR_SHARE = 0.9
"""Questions one of whose pages shown again certainly holds the answer."""
SHOWN_PAGES = (1, 2, 2, 3)
"""How many of several pages are shown again."""
LINES_NAMED = 3
"""Most lines that are named. A reader that was trained so says as many in its profile (`lines_named`)."""
CERTAIN = 2.0
"""Nearer than any line is."""
NAMED_TOKENS = LINES_NAMED * ANCHORS_OF_A_LINE


@dataclass(frozen=True, slots=True)
class Shown:
    """Pages in their order, the anchors of the lines named, and the cells that these lines begin in."""

    pages: list[int]
    anchors: list[int]
    cells: list[int]


def shown_again(laid: Laid, asked: Asked, answer: tuple[int, int] | None, most: int, rng: random.Random) -> Shown:
    """What is shown and named behind a question that the `answer` on these pages answers, or nothing; `most` pages."""
    near = _nearness(laid, asked)
    certain = int(laid.places.page[answer[0]]) if answer and rng.random() < NEAR_SHARE else NONE
    best = [[CERTAIN] if page == certain else lines for page, lines in enumerate(near)]
    pages = nearest_pages(best, min(most, rng.choice(SHOWN_PAGES)))
    lines = nearest_lines(near, pages, LINES_NAMED)
    begins = [laid.pages[page].text_start + laid.pages[page].line_starts[line] for page, line in lines]
    cells = [int(laid.places.cell[start]) for start in begins for _ in range(ANCHORS_OF_A_LINE)]
    anchors = [token for page, line in lines for token in (PAGE + page, ROW + line)]
    return Shown(pages, anchors, [cell if cell != SINK else NONE for cell in cells])


def _nearness(laid: Laid, asked: Asked) -> list[list[float]]:
    """Of each line of each page, in 0..1."""
    starts = [page.text_start + start for page in laid.pages for start in page.line_starts]
    near = iter(asked.of_lines(starts))
    return [list(islice(near, len(page.line_starts))) for page in laid.pages]

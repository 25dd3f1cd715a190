"""Owns what every cell of a page that is shown again is taught about its question.

Two things, as readers of passages have long used them: which characters of the question stand in the cell (exact
matches, https://arxiv.org/abs/1704.00051, looked for from the passage, https://arxiv.org/abs/1611.01603), and whether
the cell bears the answer. Beside the one anchor of a question this makes an example of each of its cells, denials
included: there no cell bears anything.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from training.alphabet import ids_of
from training.laid import SLOTS, Ints, Laid
from training.network import Shape

ON_LINE = 1 << SLOTS
"""Of a cell's mask: it stands in a row of cells that holds the answer. Lower bits: slots with characters of it."""
BITS = SLOTS + 1
_BITS_OF_AN_ID = 14


def bearing(laid: Laid, spans: Sequence[tuple[int, int]], shape: Shape) -> dict[int, int]:
    """Masks of the cells that stand in the rows of an answer, which may be told in several places."""
    masks: dict[int, int] = {}
    for span in spans:
        cells, slots = laid.places.cell[slice(*span)], laid.places.slot[slice(*span)]
        for cell, slot in zip(cells.tolist(), slots.tolist(), strict=True):
            if cell >= 0:
                masks[cell] = masks.get(cell, ON_LINE) | 1 << slot
    for row in {cell // shape.columns for cell in masks}:
        for cell in range(row * shape.columns, (row + 1) * shape.columns):
            masks.setdefault(cell, ON_LINE)
    return masks


def repeated(laid: Laid, question: str, first: int, pages: Sequence[int], shape: Shape) -> dict[int, int]:
    """Cells of these pages and the position in the sequence of what they repeat of a question that begins at `first`;
    the start token's for as many others, which repeat nothing."""
    matched: dict[int, int] = {}
    for page in pages:
        matched |= _matches(laid, question, first, page)
    cells = [cell for page in pages for cell in range(page * shape.cells, (page + 1) * shape.cells)]
    others = [cell for cell in cells if cell not in matched]
    apart = max(1, len(others) // max(1, len(matched)))
    return matched | dict.fromkeys(others[::apart][: len(matched)], 0)


def gram(question: str) -> int:
    """How many characters in a row say something: alone one says little, and a letter less than a character of CJK."""
    return 2 if any(c >= "\u2e80" for c in question) else 4


def _matches(laid: Laid, question: str, first: int, page: int) -> dict[int, int]:
    size = gram(question)
    start, end = laid.pages[page].text_start, laid.pages[page].text_end
    asked, told = _grams(question, size), _grams(laid.text[start:end], size)
    if not len(asked) or not len(told):
        return {}
    order = np.argsort(asked, kind="stable")
    near = order[np.searchsorted(asked[order], told).clip(max=len(asked) - 1)]
    found = np.flatnonzero(asked[near] == told)
    at = first + np.concatenate([near[found], near[found] + size - 1])
    cells = laid.places.cell[start + np.concatenate([found, found + size - 1])]
    return dict(zip(cells[cells >= 0].tolist(), at[cells >= 0].tolist(), strict=True))


def _grams(text: str, size: int) -> Ints:
    """Every `size` characters in a row as one number, ASCII in lower case."""
    # Some capitals outside ASCII are two characters in lower case: all stay as they are, so that places do.
    ids = ids_of("".join(c.lower() if c.isascii() else c for c in text))
    count = max(0, len(ids) - size + 1)
    grams = np.zeros(count, np.int64)
    for i in range(size):
        grams |= ids[i : i + count] << _BITS_OF_AN_ID * i
    return grams

"""Owns what every cell of a page that is shown again is taught about its question.

Two things, as readers of passages have long used them: which characters of the question stand in the cell (exact
matches, https://arxiv.org/abs/1704.00051, looked for from the passage, https://arxiv.org/abs/1611.01603), and whether
the cell bears the answer. Beside the one anchor of a question this makes an example of each of its cells, denials
included: there no cell bears anything.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from string import ascii_lowercase, ascii_uppercase

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
    matched, size = dict[int, int](), gram(question)
    asked = _grams(ids_of(question), size)
    order = np.argsort(asked, kind="stable")
    for page in pages if len(asked) else ():
        start, end = laid.pages[page].text_start, laid.pages[page].text_end
        told = _grams(laid.ids[start:end], size)
        near = order[np.searchsorted(asked[order], told).clip(max=len(asked) - 1)]
        found = np.flatnonzero(asked[near] == told)
        at = first + np.concatenate([near[found], near[found] + size - 1])
        repeating = laid.places.cell[start + np.concatenate([found, found + size - 1])]
        matched |= zip(repeating[repeating >= 0].tolist(), at[repeating >= 0].tolist(), strict=True)
    cells = [cell for page in pages for cell in range(page * shape.cells, (page + 1) * shape.cells)]
    others = [cell for cell in cells if cell not in matched]
    apart = max(1, len(others) // max(1, len(matched)))
    return matched | dict.fromkeys(others[::apart][: len(matched)], 0)


def gram(question: str) -> int:
    """How many characters in a row say something: alone one says little, and a letter less than a character of CJK."""
    return 2 if any(c >= "\u2e80" for c in question) else 4


def _grams(ids: Ints, size: int) -> Ints:
    """Every `size` characters in a row as one number, ASCII in lower case."""
    ids, count = _lower()[ids], max(0, len(ids) - size + 1)
    grams = np.zeros(count, np.int64)
    for i in range(size):
        grams |= ids[i : i + count] << _BITS_OF_AN_ID * i
    return grams


@cache
def _lower() -> Ints:
    """By the id of a character, that of its lower case, for ASCII alone."""
    table = np.arange(1 << _BITS_OF_AN_ID)
    table[ids_of(ascii_uppercase)] = ids_of(ascii_lowercase)
    return table

"""Owns token ids as numbers: the tokenizer without its library, for building batches quickly."""

from __future__ import annotations

from functools import cache

import numpy as np
import numpy.typing as npt

from training import checkpoint

IM_END, IM_START, VISION_START, VISION_END, IMAGE_PAD, _VIDEO_PAD, ASK, TRANSCRIBE, SUMMARIZE, ABSENT, EOL = range(
    len(checkpoint.CONTROL)
)
PAGE = len(checkpoint.CONTROL)
ROW = PAGE + checkpoint.PAGE_ANCHORS
FIRST_CHARACTER = len(checkpoint.SPECIAL) + 256
COLUMN = FIRST_CHARACTER + len(checkpoint.alphabet())
KNOWN = frozenset(checkpoint.alphabet())


@cache
def _table() -> npt.NDArray[np.int64]:
    table = np.full(0x110000, -1, np.int64)
    points = [ord(c) for c in checkpoint.alphabet()]
    table[points] = np.arange(FIRST_CHARACTER, FIRST_CHARACTER + len(points))
    return table


def ids_of(text: str) -> npt.NDArray[np.int64]:
    """One id a character; every character must be in the alphabet.

    Raises:
        ValueError: a character has no token of its own.
    """
    ids = _table()[np.frombuffer(text.encode("utf-32-le"), np.uint32)]
    if (ids < 0).any():
        raise ValueError(f"not in the alphabet: {text[int(np.argmin(ids))]!r}")
    return ids

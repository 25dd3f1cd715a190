"""Owns the text as numbers: one uint32 code point a character, so that numpy can work on it."""

from collections.abc import Iterable

import numpy as np
import numpy.typing as npt

LIMIT = 0x110000

Codes = npt.NDArray[np.uint32]


def encode(text: str) -> Codes:
    """Code points of a text, lone surrogates included."""
    return np.frombuffer(text.encode("utf-32-le", "surrogatepass"), np.uint32)


def decode(codes: Codes) -> str:
    """The text of code points."""
    return codes.tobytes().decode("utf-32-le", "surrogatepass")


def present(codes: Codes) -> list[int]:
    """Every code point that occurs, ascending; faster than sorting a long text."""
    table = np.zeros(LIMIT, np.bool_)
    table[codes] = True
    return np.flatnonzero(table).tolist()


def among(codes: Codes, members: Iterable[int]) -> npt.NDArray[np.bool_]:
    """Which of the code points are members of a set."""
    table = np.zeros(LIMIT, np.bool_)
    table[list(members)] = True
    result: npt.NDArray[np.bool_] = table[codes]
    return result

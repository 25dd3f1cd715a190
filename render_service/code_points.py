"""Owns the text as numbers: one uint32 code point a character, so that numpy can work on it."""

import numpy as np
import numpy.typing as npt

Codes = npt.NDArray[np.uint32]


def encode(text: str) -> Codes:
    """Code points of a text, lone surrogates included."""
    return np.frombuffer(text.encode("utf-32-le", "surrogatepass"), np.uint32)


def decode(codes: Codes) -> str:
    """The text of code points."""
    return codes.tobytes().decode("utf-32-le", "surrogatepass")

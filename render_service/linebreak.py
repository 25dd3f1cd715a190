"""Owns where a line may break: UAX #14 through ICU, Chinese kinsoku included (no line begins with 。)."""

import re
from operator import itemgetter

import numpy as np
import numpy.typing as npt
from icu4py.breakers import LineBreaker

from render_service.code_points import encode

LOCALE = "zh"
SURROGATES = re.compile("[\ud800-\udfff]")


def break_opportunities(text: str) -> npt.NDArray[np.int64]:
    """Ascending positions in `text`, in characters, where a line may begin; the end of the text included."""
    # A lone surrogate is a defect of the text that ICU refuses; it breaks like any unknown character.
    segments = LineBreaker(SURROGATES.sub("\ufffd", text), LOCALE).segments()
    stops = np.fromiter(map(itemgetter(1), segments), np.int64)
    return stops if text.isascii() else _in_characters(text, stops)


def _in_characters(text: str, stops: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """ICU counts UTF-16 units: characters beyond the basic plane are two of them."""
    codes = encode(text)
    if not (codes > 0xFFFF).any():
        return stops
    return np.searchsorted(np.cumsum(1 + (codes > 0xFFFF)), stops - 1, side="right") + 1

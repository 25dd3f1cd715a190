"""Owns line-break opportunities where ICU is not installed: the few rules of UAX #14 that running text needs."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

_NEVER_FIRST = "，。、；：？！）》」』】〉］｝”’…％℃,.;:!?)]}%>"
_NEVER_LAST = "（《「『【〈［｛“‘([{<"


def _flags(characters: str) -> npt.NDArray[np.bool_]:
    table = np.zeros(0x110000, np.bool_)
    table[[ord(c) for c in characters]] = True
    return table


_FIRST, _LAST = _flags(_NEVER_FIRST), _flags(_NEVER_LAST)


def break_opportunities(text: str) -> npt.NDArray[np.int64]:
    """Ascending positions where a line may begin: after spaces and hyphens, and around ideographs, with kinsoku."""
    points = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), np.uint32)
    before, after = points[:-1], points[1:]
    space = (before == 0x20) & (after != 0x20)
    hyphen = (before == 0x2D) & (after > 0x40) & (after < 0x7B)
    wide = ((before >= 0x2E80) & (after != 0x20)) | ((after >= 0x2E80) & (before != 0x20))
    allowed = space | ((wide | hyphen) & ~_FIRST[after] & ~_LAST[before])
    newline = before == 0x0A
    return np.flatnonzero(allowed | newline) + 1

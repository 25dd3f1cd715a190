"""Owns the font files: which face draws a character, how wide it is and its ink. Needs numpy and Pillow alone.

`metrics.npz` (made by build.py, which also proved that each named glyph has ink) names the face of every code point.
"""

from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import ImageFont

from render_service.code_points import Codes
from render_service.style import Flow

FOLDER = Path(__file__).parent
VERSION = "noto-2.004-1"

# Faces in the order of their index in metrics.npz: file, and size relative to font_px when no box forces a smaller one.
MONO_ASCII, CHINESE, MONO, MATH, SYMBOLS = range(5)
FACES = (
    ("NotoSansMonoSC-ASCII.otf", 1.0),
    ("NotoSansSC-Regular.otf", 1.0),
    ("NotoSansMono-Regular.ttf", 5 / 6),  # its advance is 0.6 em, a cell's 0.5
    ("NotoSansMath-Symbols.ttf", 1.0),
    ("NotoSansSymbols2-Regular.ttf", 1.0),
)
BLANK, MISSING = 254, 255

# The em box of the Chinese face: 880 units above the baseline, so that its ink is centred in font_px rows.
ASCENT_EM = 0.88
# Latin, Greek and Cyrillic stand a little higher than Chinese, so that descenders stay in the line box.
RISE_EM = 0.08
RISE_BELOW = 0x2000

Ink = npt.NDArray[np.uint8]


@dataclass(frozen=True)
class Metrics:
    """Per code point (0x110000 rows): index into FACES, BLANK or MISSING, and the advance in 1/1000 em."""

    face: npt.NDArray[np.uint8]
    advance: npt.NDArray[np.uint16]


@dataclass(frozen=True)
class Mask:
    """Ink of one glyph: coverage 0..255 of shape (height, width), placed relative to the line box's top left."""

    ink: Ink
    left: int
    top: int


@cache
def metrics(flow: Flow) -> Metrics:
    """The table of a flow; CELLS and COLUMNS share one, in which every advance is a multiple of 500."""
    kind = "proportional" if flow is Flow.PROPORTIONAL else "cells"
    with np.load(FOLDER / "metrics.npz") as table:
        return Metrics(table[f"{kind}_face"], table[f"{kind}_advance"])


def measure(codes: Codes, flow: Flow) -> npt.NDArray[np.uint16]:
    """Advance of each code point in 1/1000 em; a half-width cell is 500. Line ends, tabs and format characters: 0."""
    return metrics(flow).advance[codes]


def missing(codes: Codes, flow: Flow) -> npt.NDArray[np.bool_]:
    """Which code points no font can draw."""
    result: npt.NDArray[np.bool_] = metrics(flow).face[codes] == MISSING
    return result


def mask(code_point: int, font_px: int, flow: Flow) -> Mask | None:
    """Ink of a character, empty for blanks, None where no font draws it.

    In cell flows the ink stays inside the character's cells horizontally; marks without an advance hang to the left.
    """
    table = metrics(flow)
    face, advance = int(table.face[code_point]), int(table.advance[code_point])
    if face == MISSING:
        return None
    if face == BLANK:
        return Mask(np.zeros((0, 0), np.uint8), 0, 0)
    ink, left, top = _draw(code_point, _size(face, code_point, font_px, advance), FACES[face][0])
    baseline = round(ASCENT_EM * font_px) - (max(1, round(RISE_EM * font_px)) if code_point < RISE_BELOW else 0)
    if flow is Flow.PROPORTIONAL or not advance:
        return Mask(ink, left, top + baseline)
    return _inside(Mask(ink, left, top + baseline), -(-advance * font_px // 1000))


def missing_box(code_point: int, font_px: int, flow: Flow) -> Mask:
    """The visible stand-in for a character without a glyph: an outlined box as wide as its place."""
    width = max(3, int(metrics(flow).advance[code_point]) * font_px // 1000)
    height = max(3, font_px - 1)
    ink = np.full((height, width), 255, np.uint8)
    ink[1:-1, 1:-1] = 0
    ink[:, -1] = 0
    ink[1:-1, -2] = 255
    return Mask(ink, 0, 0)


def _draw(code_point: int, size: float, file: str) -> tuple[Ink, int, int]:
    drawn, (left, top) = _font(file, size).getmask2(chr(code_point), mode="L", anchor="ls")
    width, height = drawn.size
    return np.frombuffer(bytes(drawn), np.uint8).reshape(height, width), int(left), int(top)


@lru_cache(maxsize=256)
def _font(file: str, size: float) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(str(FOLDER / file), size, layout_engine=ImageFont.Layout.BASIC)


def _size(face: int, code_point: int, font_px: int, advance: int) -> float:
    """Size at which the glyph's own advance fits its place."""
    file, scale = FACES[face]
    if face in (MONO_ASCII, MONO) or not advance:
        return font_px * scale
    own = _font(file, 1000).getlength(chr(code_point))
    return font_px * min(scale, advance / own if own else scale)


def _inside(drawn: Mask, width: int) -> Mask:
    """Moves ink into a box of `width` pixels: shifted as little as possible, clipped where there is no room."""
    ink_width = drawn.ink.shape[1]
    if ink_width <= width:
        return Mask(drawn.ink, min(max(drawn.left, 0), width - ink_width), drawn.top)
    start = min(max(0, -drawn.left), ink_width - width)
    return Mask(drawn.ink[:, start : start + width], 0, drawn.top)

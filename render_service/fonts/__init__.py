"""Owns the font files: which face draws a character, how wide it is and its ink. Needs numpy and Pillow alone.

`metrics.npz` (made by build.py, which also proved that each named glyph has ink) names the face of every code point.
"""

from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any
from unicodedata import bidirectional

import numpy as np
import numpy.typing as npt
from PIL import ImageFont, features

from render_service.code_points import Codes
from render_service.fonts.boxes import box
from render_service.fonts.faces import BLANK, CHINESE, FACES, FOLDER, MISSING, MONO, MONO_ASCII
from render_service.style import Flow

VERSION = "noto-2.004-3"
WORDS_KEPT = 16_384
LEAST_WORD_PX = 4.0  # smaller, ink fades away

# The em box of the Chinese face: 880 units above the baseline, so that its ink is centred in font_px rows.
ASCENT_EM = 0.88
# Latin, Greek and Cyrillic stand a little higher than Chinese, so that descenders stay in the line box.
RISE_EM = 0.08
RISE_BELOW = 0x2000
UNITS = 1000
# Each is one em wide, which saves asking the font.
IDEOGRAPHS = range(0x3400, 0xA000)
RIGHT_TO_LEFT = ("R", "AL")
# By face index, BLANK and MISSING included.
SHAPED = np.array([at < len(FACES) and FACES[at].shaped for at in range(256)])

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


@cache
def coverage(name: str) -> tuple[int, ...]:
    """Code points that a face has ink for, whichever face draws them alone: "mono", "emoji"."""
    with np.load(FOLDER / "metrics.npz") as table:
        return tuple(table[f"{name}_points"].tolist())


def measure(codes: Codes, flow: Flow) -> npt.NDArray[np.uint16]:
    """Advance of each code point in 1/1000 em; a half-width cell is 500. Line ends, tabs and format characters: 0."""
    return metrics(flow).advance[codes]


def missing(codes: Codes, flow: Flow) -> npt.NDArray[np.bool_]:
    """Which code points no font can draw; where shaping is not to be had, those that it takes as well."""
    faces = metrics(flow).face[codes]
    result: npt.NDArray[np.bool_] = (faces == MISSING) | (SHAPED[faces] if not can_shape() else False)
    return result


@cache
def can_shape() -> bool:
    """Whether Pillow's raqm and the system's FriBiDi are both there."""
    return bool(features.check("raqm") and features.check("fribidi"))


def mask(code_point: int, font_px: int, flow: Flow) -> Mask | None:
    """Ink of a character, empty for blanks, None where no font draws it.

    In cell flows the ink stays inside the character's cells horizontally; marks without an advance hang to the left.
    """
    table = metrics(flow)
    face, advance = int(table.face[code_point]), int(table.advance[code_point])
    if face == MISSING or (SHAPED[face] and not can_shape()):
        return None
    if face == BLANK:
        return Mask(np.zeros((0, 0), np.uint8), 0, 0)
    ink, left, top = _draw(code_point, _size(face, code_point, font_px, advance), FACES[face].file)
    drawn = Mask(ink, left, top + _baseline(face, font_px, code_point < RISE_BELOW))
    return drawn if flow is Flow.PROPORTIONAL or not advance else _inside(drawn, -(-advance * font_px // 1000))


def missing_box(code_point: int, font_px: int, flow: Flow) -> Mask:
    """The visible stand-in for a character without a glyph: a box as wide as its place that spells the code point."""
    return Mask(box(code_point, int(metrics(flow).advance[code_point]) * font_px // 1000, font_px - 1), 0, 0)


@lru_cache(maxsize=WORDS_KEPT)
def shaped_units(text: str, face: int) -> int:
    """Advance of a word or cluster drawn together, in 1/1000 em. Call it only where `can_shape`."""
    return round(_font(FACES[face].file, UNITS, raqm=True).getlength(text) * FACES[face].scale)


def shaped(text: str, face: int, font_px: int, width: int) -> Mask:
    """Ink of a word or cluster of one direction, letters joined and marks in place, relative to its box's top left.

    The box is `width` pixels wide: a longer word is drawn smaller, a shorter one stands at its beginning: left, or
    right where it is read from there. Call it only where `can_shape`.
    """
    units = shaped_units(text, face)
    fitting = min(1.0, width * UNITS / max(1, units * font_px))
    size = max(FACES[face].scale * font_px * fitting, min(LEAST_WORD_PX, FACES[face].scale * font_px))
    drawn, (left, top) = _font(FACES[face].file, size, raqm=True).getmask2(text, mode="L", anchor="ls")
    rightwards = width - units * font_px // UNITS if bidirectional(text[0]) in RIGHT_TO_LEFT else 0
    ink = _pixels(drawn)
    # Rounding may push a letter out of its box, at a page's edge out of sight.
    inside = min(max(0, int(left) + max(0, rightwards)), max(0, width - ink.shape[1]))
    return Mask(ink, inside, int(top) + _baseline(face, font_px, ord(text[0]) < RISE_BELOW))


def _baseline(face: int, font_px: int, raised: bool) -> int:
    own = FACES[face].baseline_em
    if own is not None:
        return round(own * font_px)
    return round(ASCENT_EM * font_px) - (max(1, round(RISE_EM * font_px)) if raised else 0)


def _draw(code_point: int, size: float, file: str) -> tuple[Ink, int, int]:
    drawn, (left, top) = _font(file, size).getmask2(chr(code_point), mode="L", anchor="ls")
    return _pixels(drawn), int(left), int(top)


def _pixels(drawn: Any) -> Ink:
    width, height = drawn.size
    return np.frombuffer(bytes(drawn), np.uint8).reshape(height, width)


@lru_cache(maxsize=256)
def _font(file: str, size: float, raqm: bool = False) -> ImageFont.FreeTypeFont:
    engine = ImageFont.Layout.RAQM if raqm else ImageFont.Layout.BASIC
    return ImageFont.truetype(str(FOLDER / file), size, layout_engine=engine)


def _size(face: int, code_point: int, font_px: int, advance: int) -> float:
    """Size at which the glyph's own advance fits its place."""
    file, scale = FACES[face].file, FACES[face].scale
    if face in (MONO_ASCII, MONO) or not advance or (face == CHINESE and code_point in IDEOGRAPHS):
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

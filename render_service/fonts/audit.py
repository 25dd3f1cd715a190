"""Makes metrics.npz: which face draws each code point, how wide it is, proved by looking for ink. Run by build.py."""

import unicodedata
from collections.abc import Callable
from functools import cache

import numpy as np
import numpy.typing as npt
from fontTools.ttLib import TTFont  # type: ignore[import-untyped]  # fontTools ships no types
from PIL import ImageFont

from render_service.fonts.faces import BLANK, CHINESE, EMOJI, FACES, FOLDER, MATH, MISSING, MONO, MONO_ASCII

CODE_POINTS = 0x110000
AUDIT_PX = 40
CELL = 500
MISSING_UNITS = 2000  # room for the box that spells the code point out

# Characters of ambiguous width that stand in one cell: letters, typewriter quotes and dashes, box drawing and block
# elements. The rest (“ ” — … ① → ≥) belongs to Chinese typography and takes two.
NARROW = ((0xA0, 0x52F), (0x1E00, 0x1EFF), (0x2010, 0x2013), (0x2018, 0x2019), (0x2500, 0x259F))
# Apostrophes would be a full em wide in the Chinese face.
NARROW_QUOTES = range(0x2018, 0x201A)


def write_metrics() -> None:
    """Writes metrics.npz beside the fonts."""
    cells, line = _table(_in_cells), _table(_in_line)
    np.savez_compressed(
        FOLDER / "metrics.npz",
        cells_face=cells[0],
        cells_advance=cells[1],
        proportional_face=line[0],
        proportional_advance=line[1],
        mono_points=_points(MONO),
        emoji_points=_points(EMOJI),
    )


def _points(face: int) -> npt.NDArray[np.uint32]:
    """Every code point that a face has ink for."""
    return np.array(sorted(point for point in _units(face) if _has_ink(face, point)), np.uint32)


def _table(place: Callable[[int], tuple[int, int]]) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.uint16]]:
    face, advance = np.empty(CODE_POINTS, np.uint8), np.empty(CODE_POINTS, np.uint16)
    for point in range(CODE_POINTS):
        face[point], advance[point] = _blank(point) or place(point)
    return face, advance


def _blank(point: int) -> tuple[int, int] | None:
    """Characters that are meant to have no ink; spaces are placed like letters, everything else takes no room."""
    char = chr(point)
    invisible = unicodedata.category(char) in ("Cf", "Zl", "Zp") or char in "\n\t\r"
    selector = 0xFE00 <= point <= 0xFE0F or 0xE0100 <= point <= 0xE01EF or point == 0x34F
    return (BLANK, 0) if invisible or selector else None


def _in_cells(point: int) -> tuple[int, int]:
    char = chr(point)
    if unicodedata.category(char) == "Zs":
        return BLANK, 2 * CELL if unicodedata.east_asian_width(char) == "F" else CELL
    order = (MONO_ASCII, MONO, CHINESE) if _narrow(point) else (MONO_ASCII, CHINESE, MONO)
    for face in (*order, *range(MATH, len(FACES))):
        if _has_ink(face, point):
            return face, CELL * _cells(face, point)
    return MISSING, MISSING_UNITS


def _in_line(point: int) -> tuple[int, int]:
    if unicodedata.category(chr(point)) == "Zs":
        return BLANK, _units(CHINESE).get(point, _units(CHINESE)[0x20])
    order = (MONO, CHINESE) if point in NARROW_QUOTES else (CHINESE, MONO)
    for face in (*order, *range(MATH, len(FACES))):
        if _has_ink(face, point):
            return face, min(2000, round(_units(face)[point] * FACES[face].scale))
    return MISSING, MISSING_UNITS


def _cells(face: int, point: int) -> int:
    units = _units(face)[point]
    if not units:
        return 0
    if face in (MONO_ASCII, MONO):
        return min(2, max(1, units // 600))
    return 2 if _wide(point) or (units > 650 and not _narrow(point)) else 1


def _narrow(point: int) -> bool:
    return any(first <= point <= last for first, last in NARROW)


def _wide(point: int) -> bool:
    return unicodedata.east_asian_width(chr(point)) in "WF"


@cache
def _units(face: int) -> dict[int, int]:
    """Advance of every code point of a face, in 1/1000 em."""
    font = TTFont(FOLDER / FACES[face].file)
    per_em = font["head"].unitsPerEm
    return {point: round(font["hmtx"][glyph][0] * 1000 / per_em) for point, glyph in font.getBestCmap().items()}


@cache
def _audit_font(face: int) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(str(FOLDER / FACES[face].file), AUDIT_PX, layout_engine=ImageFont.Layout.BASIC)


@cache
def _has_ink(face: int, point: int) -> bool:
    return point in _units(face) and _audit_font(face).getmask(chr(point)).getbbox() is not None

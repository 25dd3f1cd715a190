"""Owns what of a text is drawn together and in which direction it runs: words, clusters, and FriBiDi's levels."""

import ctypes
import re
import unicodedata
from ctypes.util import find_library
from functools import cache, lru_cache

import numpy as np
import numpy.typing as npt

from render_service import fonts
from render_service.code_points import Codes
from render_service.fonts.faces import EMOJI, FACES, MONO, SCRIPTS
from render_service.lines import CELL_UNITS, Atom, Units
from render_service.style import Flow

FIRST_SCRIPT = len(FACES) - len(SCRIPTS)
MARKS = "\u0300-\u036f"
JOINERS = "\u200c\u200d"
AUTO, LEFT_TO_RIGHT = 0x40, 0x110  # FriBidiParType: by the first strong character, from left to right
# Where characters of the classes R, AL and AN are; all of Unicode takes a second to look through.
TURNING = ("R", "AL", "AN")
TURNING_BLOCKS = (
    (0x590, 0x8FF),
    (0x200F, 0x200F),
    (0xFB1D, 0xFDFF),
    (0xFE70, 0xFEFF),
    (0x10800, 0x10FFF),
    (0x1E800, 0x1EFFF),
)
PARAGRAPHS_KEPT = 256

Levels = npt.NDArray[np.int8]


class ScriptShaper:
    """Answers layout's questions for one flow. Make one only where `fonts.can_shape`."""

    def __init__(self, flow: Flow) -> None:
        self._cells = flow is not Flow.PROPORTIONAL

    def atoms(self, text: str, codes: Codes) -> list[Atom]:
        """Words of joining scripts, letters with marks, emoji sequences; ascending, in characters of `text`."""
        if not _interesting()[codes].any():
            return []
        return [Atom(*match.span(), _face(match)) for match in _pattern().finditer(text)]

    def widths(self, text: str, atom: Atom, advances: Units) -> Units:
        """A word's own width, in whole cells where there are cells, shared among the letters that bear marks."""
        if not FACES[atom.face].shaped:
            return _on_first(advances, _cluster_width(advances, atom.face))
        width = fonts.shaped_units(text[atom.start : atom.stop], atom.face)
        if self._cells:
            width = max(1, -(-width // CELL_UNITS)) * CELL_UNITS
        if not advances.any():
            return _on_first(advances, width)
        ends = np.cumsum(advances) * width // int(advances.sum())
        return np.diff(ends, prepend=0)

    def runs_back(self, codes: Codes) -> bool:
        """Whether any character is of a script that runs from right to left, or turns what stands beside it."""
        return bool(_turning()[codes].any())

    def levels(self, paragraph: str, always_ltr: bool) -> tuple[Levels, bool]:
        """Embedding level of each character; whether the paragraph runs from right to left."""
        return _levels(paragraph, always_ltr)

    def mirrored(self, code: int) -> int:
        """The code point drawn in its stead where a text runs from right to left."""
        other = ctypes.c_uint32()
        _fribidi().fribidi_get_mirror_char(ctypes.c_uint32(code), ctypes.byref(other))
        return other.value


@cache
def shaper(flow: Flow) -> ScriptShaper | None:
    """The shaper of a flow; None where raqm or FriBiDi is missing: those scripts count as missing then."""
    return ScriptShaper(flow) if fonts.can_shape() else None


def _on_first(advances: Units, width: int) -> Units:
    widths = np.zeros_like(advances)
    widths[0] = width
    return widths


def _cluster_width(advances: Units, face: int) -> int:
    """A letter's marks take no room of their own; an emoji takes one place however many make it up."""
    return 2 * CELL_UNITS if face == EMOJI else max(int(advances.max()), CELL_UNITS)


@lru_cache(maxsize=PARAGRAPHS_KEPT)
def _levels(paragraph: str, always_ltr: bool) -> tuple[Levels, bool]:
    count = len(paragraph)
    codes = np.frombuffer(paragraph.encode("utf-32-le", "surrogatepass"), np.uint32).copy()
    types, brackets = np.zeros(count, np.uint32), np.zeros(count, np.uint32)
    levels = np.zeros(count, np.int8)
    base = ctypes.c_uint32(LEFT_TO_RIGHT if always_ltr else AUTO)
    library = _fribidi()
    library.fribidi_get_bidi_types(_at(codes), count, _at(types))
    library.fribidi_get_bracket_types(_at(codes), count, _at(types), _at(brackets))
    if not library.fribidi_get_par_embedding_levels_ex(
        _at(types), _at(brackets), count, ctypes.byref(base), _at(levels)
    ):
        raise MemoryError("FriBiDi had no memory for the levels of a paragraph")
    return levels, bool(base.value & 1)


def _at(array: npt.NDArray[np.generic]) -> ctypes.c_void_p:
    return ctypes.c_void_p(array.ctypes.data)


@cache
def _fribidi() -> ctypes.CDLL:
    return ctypes.CDLL(find_library("fribidi") or "libfribidi.so.0")


@cache
def _faces() -> npt.NDArray[np.uint8]:
    return fonts.metrics(Flow.PROPORTIONAL).face


@cache
def _turning() -> npt.NDArray[np.bool_]:
    """By code point: whether a line with it is put into visual order."""
    table = np.zeros(0x110000, np.bool_)
    for first, last in TURNING_BLOCKS:
        table[first : last + 1] = [unicodedata.bidirectional(chr(code)) in TURNING for code in range(first, last + 1)]
    return table


@cache
def _interesting() -> npt.NDArray[np.bool_]:
    """By code point: whether it can be part of what is drawn together."""
    table = fonts.SHAPED[_faces()]
    table[0x300:0x370] = True
    for code in (0x20E3, 0xFE0F, 0x200D):
        table[code] = True
    return table


def _face(match: re.Match[str]) -> int:
    """The face that the alternative of the pattern stands for."""
    assert match.lastgroup is not None
    return int(match.lastgroup[1:])


@cache
def _pattern() -> re.Pattern[str]:
    """One alternative a face, named after its index."""
    alternatives = [f"(?P<f{EMOJI}>{_emoji()})", f"(?P<f{MONO}>[{_class(_mono_letters())}][{MARKS}]+)"]
    for face in range(FIRST_SCRIPT, len(FACES)):
        letters = _class(_letters(face))
        alternatives.append(f"(?P<f{face}>[{letters}][{letters}{JOINERS}]*)")
    return re.compile("|".join(alternatives))


def _letters(face: int) -> list[int]:
    """Letters and marks of a face; digits and punctuation stand alone."""
    points = np.flatnonzero(_faces() == face).tolist()
    return [code for code in points if unicodedata.category(chr(code))[0] in "LM"]


def _mono_letters() -> list[int]:
    """What the half-width face can put a mark on."""
    return [code for code in fonts.coverage("mono") if unicodedata.category(chr(code))[0] == "L"]


def _emoji() -> str:
    """Sequences of two characters and more (UTS #51): flags, keycaps, and emoji that are varied or joined."""
    points = [code for code in fonts.coverage("emoji") if code > 0xFF]
    flags, tones = "\U0001f1e6-\U0001f1ff", "\U0001f3fb-\U0001f3ff"
    bases = _class([code for code in points if not 0x1F1E6 <= code <= 0x1F1FF and not 0x1F3FB <= code <= 0x1F3FF])
    one = f"[{bases}](?:\ufe0f?[{tones}]?)"
    varied = f"[{bases}](?:\ufe0f[{tones}]?|[{tones}])"
    tags = "[\U000e0020-\U000e007e]+\U000e007f"
    return f"[{flags}]{{2}}|[0-9#*]\ufe0f?\u20e3|{one}(?:\u200d{one})+|{varied}|[{bases}]{tags}"


def _class(codes: list[int]) -> str:
    return "".join(re.escape(chr(code)) for code in codes)

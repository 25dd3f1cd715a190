"""Owns what of a text is drawn together and in which direction it runs: words, clusters, and FriBiDi's levels."""

import ctypes
import re
import unicodedata
from ctypes.util import find_library
from functools import cache, lru_cache

import numpy as np
import numpy.typing as npt

from render_service import fonts
from render_service.code_points import Codes, encode
from render_service.fonts.faces import EMOJI, FACES, MONO, SCRIPTS
from render_service.lines import CELL_UNITS, Atom, Units
from render_service.style import Flow

FIRST_SCRIPT = len(FACES) - len(SCRIPTS)
MARKS = "\u0300-\u036f"
# Scripts without spaces would make words as long as their lines; what is drawn together is bounded, and marks that
# follow stay with it.
LETTERS_AT_MOST, MARKS_AT_MOST, PARTS_AT_MOST = 63, 32, 8
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
PARAGRAPHS_KEPT, WORDS_KEPT = 256, 16_384
# Kinds of first characters are indices of FACES, and beside them:
KEYCAPS = "0-9#*"
KEYCAP, NO_FACE = 254, 255

Levels = npt.NDArray[np.int8]


class ScriptShaper:
    """Answers layout's questions for one flow. Make one only where `fonts.can_shape`."""

    def __init__(self, flow: Flow) -> None:
        self._flow = flow

    def atoms(self, text: str, codes: Codes) -> list[Atom]:
        """Words of joining scripts, letters with marks, emoji sequences; ascending, in characters of `text`."""
        found: list[Atom] = []
        end = 0
        for at in _beginnings(codes):
            if at < end:
                continue
            kind = int(_kinds()[codes[at]])
            if match := _patterns()[kind].match(text, at):
                end = match.end()
                found.append(Atom(at, end, EMOJI if kind == KEYCAP else kind))
        return found

    def widths(self, text: str, atom: Atom) -> Units:
        """A word's own width, in whole cells where there are cells, shared among the letters that bear marks."""
        return _widths(text[atom.start : atom.stop], atom.face, self._flow)

    def runs_back(self, codes: Codes) -> bool:
        """Whether any character is of a script that runs from right to left, or turns what stands beside it."""
        return bool(_turning()[codes].any())

    def levels(self, paragraph: str, always_ltr: bool) -> tuple[Levels, bool]:
        """Embedding level of each character; whether the paragraph runs from right to left."""
        return _levels(paragraph, always_ltr)

    def mirrored(self, code: int) -> int:
        """The code point drawn in its stead where a text runs from right to left; only one of the same width."""
        return _mirrored(code, self._flow)


@cache
def shaper(flow: Flow) -> ScriptShaper | None:
    """The shaper of a flow; None where raqm or FriBiDi is missing: those scripts count as missing then."""
    return ScriptShaper(flow) if fonts.can_shape() else None


@lru_cache(maxsize=WORDS_KEPT)
def _widths(word: str, face: int, flow: Flow) -> Units:
    advances = fonts.measure(encode(word), flow).astype(np.int64)
    if not FACES[face].shaped:
        # A letter's marks take no room of their own; an emoji takes one place however many make it up.
        return _on_first(advances, 2 * CELL_UNITS if face == EMOJI else max(int(advances.max()), CELL_UNITS))
    width = fonts.shaped_units(word, face)
    if flow is not Flow.PROPORTIONAL:
        width = max(1, -(-width // CELL_UNITS)) * CELL_UNITS
    if not advances.any():
        return _on_first(advances, width)
    return np.diff(np.cumsum(advances) * width // int(advances.sum()), prepend=0)


def _on_first(advances: Units, width: int) -> Units:
    widths = np.zeros_like(advances)
    widths[0] = width
    return widths


@cache
def _mirrored(code: int, flow: Flow) -> int:
    other = ctypes.c_uint32()
    _fribidi().fribidi_get_mirror_char(ctypes.c_uint32(code), ctypes.byref(other))
    # Lines are full before anything is mirrored. The fonts may hold one of a pair only, and boxes have their own width.
    own, mirrored = fonts.measure(np.array([code, other.value], np.uint32), flow).tolist()
    return other.value if own == mirrored else code


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


def _beginnings(codes: Codes) -> list[int]:
    """Where something drawn together may begin: letters of shaped scripts, emoji, and what marks follow."""
    kinds = _kinds()[codes]
    begins = (kinds >= EMOJI) & (kinds < KEYCAP)
    begins[:-1] |= (kinds[:-1] != NO_FACE) & _extends()[codes[1:]]
    return np.flatnonzero(begins).tolist()


@cache
def _kinds() -> npt.NDArray[np.uint8]:
    """By code point: the face that draws what begins with it, NO_FACE where everything stands alone."""
    kinds = np.full(0x110000, NO_FACE, np.uint8)
    kinds[_mono_letters()] = MONO
    kinds[_emoji_points()] = EMOJI
    kinds[[ord(char) for char in "0123456789#*"]] = KEYCAP
    for face in range(FIRST_SCRIPT, len(FACES)):
        kinds[_letters(face)] = face
    return kinds


@cache
def _extends() -> npt.NDArray[np.bool_]:
    """By code point: whether it makes one with a letter or digit before it."""
    table = np.zeros(0x110000, np.bool_)
    table[0x300:0x370] = True
    table[[0x20E3, 0xFE0F]] = True
    return table


@cache
def _patterns() -> dict[int, re.Pattern[str]]:
    """What is drawn together, by kind of its first character."""
    patterns = {
        KEYCAP: re.compile(f"[{KEYCAPS}]\ufe0f?\u20e3"),
        EMOJI: re.compile(_emoji()),
        MONO: re.compile(f"[{_class(_mono_letters())}][{MARKS}]{{1,{MARKS_AT_MOST}}}"),
    }
    for face in range(FIRST_SCRIPT, len(FACES)):
        letters = _letters(face)
        marks = [code for code in letters if unicodedata.category(chr(code))[0] == "M"]
        more = f"[{_class(marks)}]{{0,{MARKS_AT_MOST}}}" if marks else ""
        own = _class(letters)
        patterns[face] = re.compile(f"[{own}][{own}{JOINERS}]{{0,{LETTERS_AT_MOST}}}{more}")
    return patterns


def _letters(face: int) -> list[int]:
    """Letters and marks of a face; digits and punctuation stand alone."""
    points = np.flatnonzero(_faces() == face).tolist()
    return [code for code in points if unicodedata.category(chr(code))[0] in "LM"]


def _mono_letters() -> list[int]:
    """What the half-width face can put a mark on."""
    return [code for code in fonts.coverage("mono") if unicodedata.category(chr(code))[0] == "L"]


def _emoji_points() -> list[int]:
    """Emoji, without what Latin-1 has of them."""
    return [code for code in fonts.coverage("emoji") if code > 0xFF]


def _emoji() -> str:
    """Sequences of two characters and more (UTS #51): flags, and emoji that are varied or joined."""
    flags, tones = "\U0001f1e6-\U0001f1ff", "\U0001f3fb-\U0001f3ff"
    alone = set(range(0x1F1E6, 0x1F200)) | set(range(0x1F3FB, 0x1F400))
    bases = _class([code for code in _emoji_points() if code not in alone])
    one = f"[{bases}](?:\ufe0f?[{tones}]?)"
    varied = f"[{bases}](?:\ufe0f[{tones}]?|[{tones}])"
    tags = f"[\U000e0020-\U000e007e]{{1,{PARTS_AT_MOST}}}\U000e007f"
    return f"[{flags}]{{2}}|{one}(?:\u200d{one}){{1,{PARTS_AT_MOST}}}|{varied}|[{bases}]{tags}"


def _class(codes: list[int]) -> str:
    return "".join(re.escape(chr(code)) for code in codes)

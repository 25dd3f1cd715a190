"""Owns which joiners join: in Persian and Indic words and in emoji sequences they are text, elsewhere they are nothing.

What is decided must be decided the same way after NFC: marks may change places, so a joiner is judged by the letter
that they stand on.
"""

import re
import unicodedata
from collections.abc import Iterable
from functools import cache

import numpy as np
import numpy.typing as npt

from render_service.code_points import LIMIT, Codes, among, decode

ZWNJ, ZWJ, EMOJI_STYLE, KEYCAP = 0x200C, 0x200D, 0xFE0F, 0x20E3
# A region's flag is spelt in tags behind a black flag; the last of them ends it.
TAGS = range(0xE0020, 0xE0080)
TAGGED = re.compile("\U0001f3f4[\U000e0020-\U000e007e]{1,8}\U000e007f")
JOINERS = (ZWNJ, ZWJ, EMOJI_STYLE, *TAGS)
MARKS_END = 0x20000  # beyond it there are variation selectors alone, which never stay
KEYCAPS = "0123456789#*"
# Scripts whose letters join or pile up, so that a joiner changes how they look: from Hebrew to NKo, India's, Myanmar's,
# Khmer and Mongolian, presentation forms.
LETTER_BLOCKS = (
    *((0x0590, 0x08FF), (0x0900, 0x0DFF), (0x1000, 0x109F), (0x1780, 0x18AF), (0xA8E0, 0xA8FF)),
    *((0xFB1D, 0xFDFF), (0xFE70, 0xFEFC), (0x11000, 0x1147F)),
)
EMOJI_BLOCKS = (
    *((0x203C, 0x203C), (0x2049, 0x2049), (0x2100, 0x21FF), (0x2300, 0x23FF), (0x24C2, 0x24C2), (0x25A0, 0x27BF)),
    *((0x2900, 0x297F), (0x2B00, 0x2BFF), (0x3030, 0x303D), (0x3297, 0x3299), (0x1F000, 0x1FAFF)),
)

Flags = npt.NDArray[np.bool_]


def idle_joiners(codes: Codes) -> Flags:
    """Joiners, emoji selectors and tags that make nothing one and change no letter."""
    idle = among(codes, JOINERS)
    if not idle.any():
        return idle
    places = np.flatnonzero(idle)
    letters, marks, emoji = _letters(), _marks(), _emoji()
    padded = np.concatenate((np.zeros(2, np.uint32), codes, np.zeros(1, np.uint32)))
    code, before, after = padded[places + 2], padded[places + 1], padded[places + 3]
    on_letter = letters[padded[_bases(padded, marks)[places + 1]]]
    styled = np.where(before == EMOJI_STYLE, padded[places], before)
    joins = (code == ZWJ) & (on_letter | (emoji[styled] & emoji[after]))
    joins |= (code == ZWNJ) & on_letter & (letters[after] | marks[after])
    joins |= (code == EMOJI_STYLE) & (emoji[before] | (among(before, map(ord, KEYCAPS)) & (after == KEYCAP)))
    idle[places[joins]] = False
    if among(codes, TAGS).any():
        for match in TAGGED.finditer(decode(codes)):
            idle[match.start() : match.end()] = False
    return idle


def _bases(codes: Codes, marks: Flags) -> npt.NDArray[np.int64]:
    """For each place the last one, up to it, that is no mark."""
    places = np.where(marks[codes], 0, np.arange(len(codes)))
    return np.maximum.accumulate(places)


@cache
def _letters() -> Flags:
    """By code point: letters that joiners change."""
    table = _table(LETTER_BLOCKS)
    for code in np.flatnonzero(table).tolist():
        table[code] = unicodedata.category(chr(code))[0] == "L"
    return table


@cache
def _marks() -> Flags:
    table = np.zeros(LIMIT, np.bool_)
    table[:MARKS_END] = [unicodedata.category(chr(code))[0] == "M" for code in range(MARKS_END)]
    return table


@cache
def _emoji() -> Flags:
    """By code point: what an emoji selector or a joiner may stand behind; nothing that NFC would replace."""
    table = _table(EMOJI_BLOCKS)
    for code in np.flatnonzero(table).tolist():
        table[code] = unicodedata.is_normalized("NFC", chr(code))
    return table


def _table(blocks: Iterable[tuple[int, int]]) -> Flags:
    table = np.zeros(LIMIT, np.bool_)
    for first, last in blocks:
        table[first : last + 1] = True
    return table

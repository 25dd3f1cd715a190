"""Draws the stand-in for a character that no font has: a box that spells U+ and its digits, pixel by pixel."""

import numpy as np
import numpy.typing as npt

# Three pixels a sign, a row of three bits each, from the top: five rows a digit, and U over + where room is short.
PITCH = 4
PREFIX, STACKED = "U+", "\u228e"
GLYPHS = {
    "U": (5, 5, 5, 5, 7),
    "+": (0, 2, 7, 2, 0),
    STACKED: (5, 5, 7, 0, 2, 7, 2),
    "0": (7, 5, 5, 5, 7),
    "1": (2, 6, 2, 2, 7),
    "2": (7, 1, 7, 4, 7),
    "3": (7, 1, 3, 1, 7),
    "4": (5, 5, 7, 1, 1),
    "5": (7, 4, 7, 1, 7),
    "6": (7, 4, 7, 5, 7),
    "7": (7, 1, 2, 2, 2),
    "8": (7, 5, 7, 5, 7),
    "9": (7, 5, 7, 1, 7),
    "A": (2, 5, 7, 5, 5),
    "B": (6, 5, 6, 5, 6),
    "C": (3, 4, 4, 4, 3),
    "D": (6, 5, 5, 5, 6),
    "E": (7, 4, 6, 4, 7),
    "F": (7, 4, 6, 4, 4),
}

Ink = npt.NDArray[np.uint8]


def box(code_point: int, width: int, height: int) -> Ink:
    """Ink of shape (height, width), at least 3 x 3: the outline leaves the last column free, so that boxes stay apart.

    "U+" stands before the digits, stacked where the line is too short, left out where both are too much. Where the
    sides leave no room, top and bottom alone frame them; where even that is too little, the box is empty.
    """
    ink = np.zeros((max(3, height), max(3, width)), np.uint8)
    ink[[0, -1], :-1] = 255
    for sign in (PREFIX, STACKED, ""):
        spelt = _spelt(f"{sign}{code_point:04X}")
        tall, wide = spelt.shape
        # Five rows may stand close to the frame; the stack, whose strokes lie flat, would become one with it.
        if tall + (4 if sign == STACKED else 2) <= ink.shape[0] and wide + 1 <= ink.shape[1]:
            top, left = (ink.shape[0] - tall) // 2, (ink.shape[1] - wide) // 2
            ink[top : top + tall, left : left + wide] = spelt
            break
    if wide + 5 <= ink.shape[1] or not ink[1:-1].any():
        ink[:, [0, -2]] = 255
    return ink


def _spelt(text: str) -> Ink:
    glyphs = [GLYPHS[sign] for sign in text]
    ink = np.zeros((max(map(len, glyphs)), PITCH * len(text) - 1), np.uint8)
    for place, rows in enumerate(glyphs):
        above = (len(ink) - len(rows)) // 2
        for row, bits in enumerate(rows):
            for column in range(3):
                ink[above + row, PITCH * place + column] = 255 * (bits >> 2 - column & 1)
    return ink

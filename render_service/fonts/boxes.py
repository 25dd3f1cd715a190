"""Draws the stand-in for a character that no font has: a box around the digits of its code point, pixel by pixel."""

import numpy as np
import numpy.typing as npt

# Three by five pixels a digit, a row of three bits each, from the top.
ROWS = 5
PITCH = 4
GLYPHS = {
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

    Where the sides leave no room for the digits, top and bottom alone frame them; where even that is too little, the
    box is empty.
    """
    ink = np.zeros((max(3, height), max(3, width)), np.uint8)
    ink[[0, -1], :-1] = 255
    digits = _digits(f"{code_point:04X}")
    tall, wide = digits.shape
    if tall + 2 <= ink.shape[0] and wide + 1 <= ink.shape[1]:
        top, left = (ink.shape[0] - tall) // 2, (ink.shape[1] - wide) // 2
        ink[top : top + tall, left : left + wide] = digits
    if wide + 5 <= ink.shape[1] or not ink[1:-1].any():
        ink[:, [0, -2]] = 255
    return ink


def _digits(text: str) -> Ink:
    ink = np.zeros((ROWS, PITCH * len(text) - 1), np.uint8)
    for place, digit in enumerate(text):
        for row, bits in enumerate(GLYPHS[digit]):
            for column in range(3):
                ink[row, PITCH * place + column] = 255 * (bits >> 2 - column & 1)
    return ink

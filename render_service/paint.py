"""Owns ink: a page layout becomes a greyscale array. Masks are drawn once per font size and kept in an atlas."""

from functools import lru_cache

import numpy as np
import numpy.typing as npt

from render_service import fonts
from render_service.code_points import Codes
from render_service.layout import PageLayout
from render_service.style import Flow, Style

PAPER = 255
ATLASES = 8
# Five bytes each, so that all atlases of a process stay below 160 MB whatever sizes and scripts come along.
MAX_ATLAS_PIXELS = 4_000_000

Pixels = npt.NDArray[np.uint8]
Integers = npt.NDArray[np.int32]


def paint(page: PageLayout, style: Style) -> Pixels:
    """Paints a page: (height, width) uint8, paper 255, ink 0; where masks overlap the darker pixel stays.

    Ink that leaves the page is cut off at its edge. Characters without a glyph become an outlined box.
    """
    atlas = _atlas(style.flow, style.font_px)
    slots = atlas.slots_of(page.code_points)
    pad = style.font_px
    stride = page.width + 2 * pad
    canvas = np.full((page.height + 3 * pad) * stride, PAPER, np.uint8)
    origins = (page.y.astype(np.int32) + pad) * stride + page.x + pad
    positions, values = atlas.scatter(slots, origins, stride)
    np.minimum.at(canvas, positions, values)
    rows = canvas.reshape(-1, stride)[pad : pad + page.height, pad : pad + page.width]
    return np.ascontiguousarray(rows)


class Atlas:
    """Ink of the characters seen so far at one size: runs of pixels (dx, dy, value), one run a slot."""

    def __init__(self, flow: Flow, font_px: int) -> None:
        self._flow, self._font_px = flow, font_px
        self._clear()

    def _clear(self) -> None:
        self._slot = np.full(0x110000, -1, np.int32)
        self._starts = np.zeros(1, np.int64)
        self._dx, self._dy = np.zeros(0, np.int16), np.zeros(0, np.int16)
        self._value = np.zeros(0, np.uint8)

    def slots_of(self, codes: Codes) -> Integers:
        """Slot of each character; characters met for the first time are drawn now."""
        fresh = codes[self._slot[codes] < 0]
        if fresh.size:
            self._add(np.unique(fresh))
        if fresh.size and len(self._value) > MAX_ATLAS_PIXELS:
            self._clear()
            self._add(np.unique(codes))
        return self._slot[codes]

    def scatter(self, slots: Integers, origins: Integers, stride: int) -> tuple[npt.NDArray[np.int64], Pixels]:
        """Flat canvas positions and values of the ink of glyphs standing at flat `origins`."""
        starts = self._starts[slots]
        counts = self._starts[slots + 1] - starts
        ends = np.cumsum(counts)
        source = np.arange(ends[-1] if len(ends) else 0) + np.repeat(starts - ends + counts, counts)
        positions = np.repeat(origins.astype(np.int64), counts) + self._dx[source]
        positions += self._dy[source] * np.int64(stride)
        return positions, self._value[source]

    def _add(self, codes: Codes) -> None:
        inks = [self._ink(int(code)) for code in codes]
        self._slot[codes] = np.arange(len(self._starts) - 1, len(self._starts) - 1 + len(codes))
        ends = self._starts[-1] + np.cumsum([len(value) for _, _, value in inks])
        self._starts = np.concatenate((self._starts, ends))
        self._dx = np.concatenate((self._dx, *(dx for dx, _, _ in inks))).astype(np.int16)
        self._dy = np.concatenate((self._dy, *(dy for _, dy, _ in inks))).astype(np.int16)
        self._value = np.concatenate((self._value, *(value for _, _, value in inks)))

    def _ink(self, code: int) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], Pixels]:
        """The inked pixels of a character, kept within one em around its box so that no page edge is overrun."""
        mask = fonts.mask(code, self._font_px, self._flow) or fonts.missing_box(code, self._font_px, self._flow)
        dy, dx = np.nonzero(mask.ink)
        value = PAPER - mask.ink[dy, dx]
        dy, dx = dy + mask.top, dx + mask.left
        near = (dy >= -self._font_px) & (dy < 2 * self._font_px) & (dx >= -self._font_px) & (dx < 2 * self._font_px)
        return dx[near], dy[near], value[near]


@lru_cache(maxsize=ATLASES)
def _atlas(flow: Flow, font_px: int) -> Atlas:
    return Atlas(flow, font_px)

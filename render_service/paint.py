"""Owns ink: a page layout becomes a greyscale array. Masks are drawn once per font size and kept in an atlas."""

from dataclasses import dataclass, field
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from render_service import fonts
from render_service.layout import Codes, PageLayout
from render_service.style import Flow, Style

PAPER = 255
ATLASES = 16

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


@dataclass
class Atlas:
    """Ink of every character seen so far at one size: runs of pixels (dx, dy, value), one run a slot."""

    flow: Flow
    font_px: int
    slot: Integers = field(default_factory=lambda: np.full(0x110000, -1, np.int32))
    starts: Integers = field(default_factory=lambda: np.zeros(1, np.int32))
    dx: Integers = field(default_factory=lambda: np.zeros(0, np.int32))
    dy: Integers = field(default_factory=lambda: np.zeros(0, np.int32))
    value: Pixels = field(default_factory=lambda: np.zeros(0, np.uint8))

    def slots_of(self, codes: Codes) -> Integers:
        """Slot of each character; characters met for the first time are drawn now."""
        slots = self.slot[codes]
        if (slots < 0).any():
            self._add(np.unique(codes[slots < 0]))
            slots = self.slot[codes]
        return slots

    def scatter(self, slots: Integers, origins: Integers, stride: int) -> tuple[npt.NDArray[np.int64], Pixels]:
        """Flat canvas positions and darkest values of the ink of glyphs standing at flat `origins`."""
        counts = self.starts[slots + 1] - self.starts[slots]
        ends = np.cumsum(counts)
        source = np.arange(ends[-1] if len(ends) else 0) + np.repeat(self.starts[slots] - ends + counts, counts)
        flat = self.dy * stride + self.dx
        return flat[source] + np.repeat(origins, counts).astype(np.int64), self.value[source]

    def _add(self, codes: Codes) -> None:
        inks = [self._ink(int(code)) for code in codes]
        self.slot[codes] = np.arange(len(self.starts) - 1, len(self.starts) - 1 + len(codes))
        ends = self.starts[-1] + np.cumsum([len(value) for _, _, value in inks])
        self.starts = np.concatenate((self.starts, ends)).astype(np.int32)
        self.dx = np.concatenate((self.dx, *(dx for dx, _, _ in inks))).astype(np.int32)
        self.dy = np.concatenate((self.dy, *(dy for _, dy, _ in inks))).astype(np.int32)
        self.value = np.concatenate((self.value, *(value for _, _, value in inks)))

    def _ink(self, code: int) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], Pixels]:
        """The inked pixels of a character, kept within one em around its box so that no page edge is overrun."""
        mask = fonts.mask(code, self.font_px, self.flow) or fonts.missing_box(code, self.font_px, self.flow)
        dy, dx = np.nonzero(mask.ink)
        value = PAPER - mask.ink[dy, dx]
        dy, dx = dy + mask.top, dx + mask.left
        near = (dy >= -self.font_px) & (dy < 2 * self.font_px) & (dx >= -self.font_px) & (dx < 2 * self.font_px)
        return dx[near], dy[near], value[near]


@lru_cache(maxsize=ATLASES)
def _atlas(flow: Flow, font_px: int) -> Atlas:
    return Atlas(flow, font_px)

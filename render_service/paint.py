"""Owns ink: a page layout becomes a greyscale array. Masks are drawn once per font size and kept in an atlas.

The atlas holds columns of pixels. A strip of text is a row of column numbers, so that painting is one gather for all
strips of a page; where two masks claim a place the loser is laid over it afterwards.
"""

from functools import lru_cache

import numpy as np
import numpy.typing as npt

from render_service import fonts
from render_service.code_points import Codes
from render_service.layout import PageLayout, Run
from render_service.style import Flow, Style

PAPER = 255
ATLASES = 8
# At most so much ink an atlas, so that all of a process stay below 96 MB whatever sizes and scripts come along.
MAX_ATLAS_BYTES = 8_000_000
SLOTS = 0x110000
# What a word takes beside its ink.
WORD_BYTES = 512
# Columns are gathered as numbers of so many bytes: numpy copies those fastest.
WORD = np.dtype(np.complex128)

Pixels = npt.NDArray[np.uint8]
Integers = npt.NDArray[np.int64]


def paint(page: PageLayout, style: Style) -> Pixels:
    """Paints a page: (height, width) uint8, paper 255, ink 0; where masks overlap the darker pixel stays.

    Ink that leaves the page is cut off at its edge. Characters without a glyph become a box with their code point.
    """
    pad = style.font_px
    canvas = np.full((page.height + 3 * pad, page.width + 3 * pad), PAPER, np.uint8)
    if len(page.code_points):
        atlas = _atlas(style.flow, style.font_px)
        tops, strips = _strips(page.y)
        ink = atlas.strips(page.code_points, strips * canvas.shape[1] + page.x + pad, (len(tops), canvas.shape[1]))
        _lay_down(ink, tops + pad - atlas.above, canvas)
    for run in page.runs:
        _lay_run(run, _atlas(style.flow, style.font_px).word(run), style.font_px, canvas)
    return np.ascontiguousarray(canvas[pad : pad + page.height, pad : pad + page.width])


def _strips(tops: npt.NDArray[np.int16]) -> tuple[Integers, Integers]:
    """The heights that occur, ascending, and which of them each glyph stands at; np.unique without its sorting."""
    least = int(tops.min())
    occurs = np.zeros(int(tops.max()) - least + 1, np.int64)
    occurs[tops - least] = 1
    return np.flatnonzero(occurs) + least, (np.cumsum(occurs) - 1)[tops - least]


def _lay_down(ink: Pixels, tops: Integers, canvas: Pixels) -> None:
    """Strips, (strips, rows, columns), onto a canvas of paper; rows beyond its edges are left out."""
    count, rows, _ = ink.shape
    pitch = int(tops[1] - tops[0]) if count > 1 else rows
    first, stop = int(tops[0]), int(tops[-1]) + pitch
    even = pitch <= rows and first >= 0 and stop + rows <= len(canvas) and (np.diff(tops) == pitch).all()
    if not even:
        _lay_one_by_one(ink, tops, canvas)
        return
    canvas[first:stop].reshape(count, pitch, -1)[:] = ink[:, :pitch]
    for row in range(pitch, rows):
        under = canvas[first + row : stop + row : pitch]
        np.minimum(under, ink[:, row], out=under)


def _lay_one_by_one(ink: Pixels, tops: Integers, canvas: Pixels) -> None:
    rows = ink.shape[1]
    for strip, top in enumerate(tops.tolist()):
        first, stop = max(0, -top), min(rows, len(canvas) - top)
        if first < stop:
            area = canvas[top + first : top + stop]
            np.minimum(area, ink[strip, first:stop], out=area)


def _lay_run(run: Run, mask: fonts.Mask, pad: int, canvas: Pixels) -> None:
    """One word or cluster."""
    top, left = run.y + mask.top + pad, run.x + mask.left + pad
    (height, width), (above, before) = mask.ink.shape, (max(0, -top), max(0, -left))
    area = canvas[top + above : max(0, top + height), left + before : max(0, left + width)]
    np.minimum(area, PAPER - mask.ink[above : above + area.shape[0], before : before + area.shape[1]], out=area)


class Atlas:
    """Ink of the characters seen so far at one size, as columns of pixels; column 0 is paper.

    A column is `above` rows that stand over the boxes' top and then those below, padded with paper to whole words.
    """

    def __init__(self, flow: Flow, font_px: int) -> None:
        self._flow, self._font_px = flow, font_px
        self._clear()

    def _clear(self) -> None:
        # Zeros cost no memory before they are written to, so 0 means that a character was not met yet.
        self._slot = np.zeros(SLOTS, np.int32)
        self._first, self._width, self._left = (np.zeros(1, np.int64) for _ in range(3))
        self.above, self._rows = 0, self._font_px
        self._columns = _paper(1, self._rows)
        self._chosen, self._ink = np.zeros(0, np.int64), _paper(0, self._rows)
        self._words, self._word_bytes = dict[tuple[str, int, int], fonts.Mask](), 0

    @property
    def size_bytes(self) -> int:
        """Ink held."""
        return self._columns.nbytes + self._word_bytes

    def word(self, run: Run) -> fonts.Mask:
        """Ink of what is drawn together, drawn when it is met for the first time."""
        key = (run.text, run.face, run.width)
        if key not in self._words:
            if self.size_bytes > MAX_ATLAS_BYTES:
                self._clear()
            self._words[key] = fonts.shaped(run.text, run.face, self._font_px, run.width)
            self._word_bytes += self._words[key].ink.nbytes + WORD_BYTES
        return self._words[key]

    def strips(self, codes: Codes, places: Integers, shape: tuple[int, int]) -> Pixels:
        """Ink of characters whose boxes begin at `places`, counted through all strips of a page.

        `shape` is (strips, columns), the result's (strips, rows, columns). It is good until the next call.
        """
        slots = self._slots_of(codes)
        widths = self._width[slots]
        ends = np.cumsum(widths)
        begin, first = places + self._left[slots], self._first[slots]
        claimed = np.arange(ends[-1]) + np.repeat(begin - ends + widths, widths)
        columns = claimed + np.repeat(first - begin, widths)
        chosen, ink = self._room_for(shape[0] * shape[1])
        chosen[claimed] = columns
        self._columns.view(WORD).take(chosen, axis=0, out=ink.view(WORD), mode="clip")
        lost = np.flatnonzero(chosen[claimed] != columns)
        while lost.size:
            claimed, columns = claimed[lost], columns[lost]
            chosen[claimed] = columns
            won = chosen[claimed] == columns
            ink[claimed[won]] = np.minimum(ink[claimed[won]], self._columns[columns[won]])
            lost = np.flatnonzero(~won)
        return ink.reshape(*shape, -1)[:, :, : self._rows].transpose(0, 2, 1)

    def _room_for(self, places: int) -> tuple[Integers, Pixels]:
        """Zeros and room for ink, used for page after page: fresh memory costs more than all that is done in it."""
        if len(self._chosen) < places or self._ink.shape[1] != self._columns.shape[1]:
            self._chosen = np.zeros(places, np.int64)
            self._ink = np.empty((places, self._columns.shape[1]), np.uint8)
        self._chosen[:places] = 0
        return self._chosen[:places], self._ink[:places]

    def _slots_of(self, codes: Codes) -> npt.NDArray[np.int32]:
        """Slot of each character; characters met for the first time are drawn now."""
        fresh = codes[self._slot[codes] == 0]
        if fresh.size:
            self._add(np.unique(fresh))
        if fresh.size and self.size_bytes > MAX_ATLAS_BYTES:
            self._clear()
            self._add(np.unique(codes))
        return self._slot[codes]

    def _add(self, codes: Codes) -> None:
        masks = [self._mask(int(code)) for code in codes]
        self._slot[codes] = np.arange(len(self._first), len(self._first) + len(codes))
        widths = np.array([mask.ink.shape[1] for mask in masks])
        begin = len(self._columns)
        self._first = np.concatenate((self._first, begin + np.cumsum(widths) - widths))
        self._width = np.concatenate((self._width, widths))
        self._left = np.concatenate((self._left, [mask.left for mask in masks]))
        above = max(self.above, *(-mask.top for mask in masks))
        rows = above + max(self._rows - self.above, *(mask.top + len(mask.ink) for mask in masks))
        columns = _paper(begin + int(widths.sum()), rows)
        columns[:begin, above - self.above : above - self.above + self._rows] = self._columns[:, : self._rows]
        for mask, first in zip(masks, self._first[-len(masks) :].tolist(), strict=True):
            top = above + mask.top
            columns[first : first + mask.ink.shape[1], top : top + len(mask.ink)] = PAPER - mask.ink.T
        self._columns, self.above, self._rows = columns, above, rows

    def _mask(self, code: int) -> fonts.Mask:
        """A character's ink, kept within one em around its box so that no page edge is overrun."""
        mask = fonts.mask(code, self._font_px, self._flow) or fonts.missing_box(code, self._font_px, self._flow)
        em = self._font_px
        above, before = max(0, -em - mask.top), max(0, -em - mask.left)
        ink = mask.ink[above : max(0, 2 * em - mask.top), before : max(0, 2 * em - mask.left)]
        return fonts.Mask(ink, mask.left + before, mask.top + above)


def _paper(columns: int, rows: int) -> Pixels:
    """Columns without ink."""
    return np.full((columns, -(-rows // WORD.itemsize) * WORD.itemsize), PAPER, np.uint8)


@lru_cache(maxsize=ATLASES)
def _atlas(flow: Flow, font_px: int) -> Atlas:
    return Atlas(flow, font_px)

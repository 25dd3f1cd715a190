"""Paints a page glyph by glyph, as plainly as can be: slow, and what the fast way must be equal to, pixel by pixel.

Says also what a page that lost something looks like.
"""

from functools import lru_cache
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from render_service import fonts
from render_service.layout import PageLayout
from render_service.paint import PAPER
from render_service.style import Flow, Style

Pixels = npt.NDArray[np.uint8]


def plainly_painted(page: PageLayout, style: Style) -> Pixels:
    """The page as `paint` must paint it."""
    pad = 2 * style.font_px
    canvas = np.full((page.height + 2 * pad, page.width + 2 * pad), PAPER, np.uint8)
    for code, x, y in zip(page.code_points.tolist(), page.x.tolist(), page.y.tolist(), strict=True):
        _lay(_within_an_em(code, style.font_px, style.flow), (x, y), pad, canvas)
    for run in page.runs:
        _lay(fonts.shaped(run.text, run.face, style.font_px, run.width), (run.x, run.y), pad, canvas)
    return canvas[pad:-pad, pad:-pad]


def without_ink(page: PageLayout, style: Style) -> list[int]:
    """Code points with a place on the page whose glyphs have no ink though their font says otherwise."""
    faces = fonts.metrics(style.flow).face
    return [
        code
        for code in page.code_points.tolist()
        if faces[code] != fonts.BLANK and not _within_an_em(code, style.font_px, style.flow).ink.any()
    ]


def piled_up(page: PageLayout, style: Style) -> list[tuple[int, int, int]]:
    """(y, x, x) of neighbours on a line that stand in each other's place by more than a rounded pixel.

    Lines that end near the edge, by two of their widest boxes, are left out: shaping may have made them too long, and
    then they were squeezed.
    """
    lines: dict[int, list[tuple[int, int]]] = {}
    widths = fonts.measure(page.code_points, style.flow).astype(int) * style.font_px // 1000
    for x, y, width in zip(page.x.tolist(), page.y.tolist(), widths.tolist(), strict=True):
        if width:
            lines.setdefault(y, []).append((x, width))
    for run in page.runs:
        lines.setdefault(run.y, []).append((run.x, run.width))
    found = []
    for y, boxes in lines.items():
        boxes.sort()
        widest = max(width for _, width in boxes)
        if max(map(sum, boxes)) + 2 * widest < page.width - style.margin_px:
            pairs = pairwise(boxes)
            found += [(y, one[0], other[0]) for one, other in pairs if other[0] < sum(one) - 1]
    return found


def _lay(mask: fonts.Mask, place: tuple[int, int], pad: int, canvas: Pixels) -> None:
    (left, top), (height, width) = place, mask.ink.shape
    first, start = top + mask.top + pad, left + mask.left + pad
    above, before = max(0, -first), max(0, -start)
    area = canvas[first + above : max(0, first + height), start + before : max(0, start + width)]
    np.minimum(area, PAPER - mask.ink[above : above + len(area), before : before + area.shape[1]], out=area)


@lru_cache(maxsize=4096)
def _within_an_em(code: int, font_px: int, flow: Flow) -> fonts.Mask:
    mask = fonts.mask(code, font_px, flow) or fonts.missing_box(code, font_px, flow)
    above, before = max(0, -font_px - mask.top), max(0, -font_px - mask.left)
    ink = mask.ink[above : max(0, 2 * font_px - mask.top), before : max(0, 2 * font_px - mask.left)]
    return fonts.Mask(ink, mask.left + before, mask.top + above)

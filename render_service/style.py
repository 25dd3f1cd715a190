"""Owns what a caller may ask of a layout: the frozen Style, its defaults and the rules that refuse a bad one."""

from dataclasses import dataclass
from enum import IntEnum
from math import isqrt

MAX_PAGE_SIDE_PX = 16_384
# A page is one message of at most 8 MiB; PNG pages of text compress at least tenfold.
MAX_PAGE_PIXELS = {"PNG": 2048 * 6144, "L8": 8_000_000}
MIN_FONT_PX = 4
MAX_FONT_PX = 256


class InvalidStyle(ValueError):
    """The style cannot lay out a single line; the message names the field."""


class Flow(IntEnum):
    """How characters are placed on a line; numbers equal glyphstream.common.v1.Flow."""

    PROPORTIONAL = 1
    CELLS = 2
    COLUMNS = 3


class ImageFormat(IntEnum):
    """How page pixels travel; numbers equal glyphstream.common.v1.ImageFormat."""

    PNG = 1
    L8 = 2


@dataclass(frozen=True)
class Style:
    """Everything that decides how text becomes pages; all lengths in pixels.

    `line_height_px` 0 means `font_px`; `max_pixels` 0 means no cap beyond width and height. With `reflow` source
    lines flow on behind a visible ↵, empty lines excepted. Raises InvalidStyle.
    """

    flow: Flow = Flow.PROPORTIONAL
    font_px: int = 12
    line_height_px: int = 0
    max_width_px: int = 448
    max_height_px: int = 448
    max_pixels: int = 0
    grid_px: int = 28
    margin_px: int = 0
    image_format: ImageFormat = ImageFormat.PNG
    reflow: bool = False

    def __post_init__(self) -> None:
        """Fills the line height in and refuses pages that hold no line."""
        if not self.line_height_px:
            object.__setattr__(self, "line_height_px", self.font_px)
        for problem in _problems(self):
            raise InvalidStyle(problem)

    @property
    def wide_cap_px(self) -> int:
        """Widest page on the grid that still has room for one line under `max_pixels`."""
        cap = self.max_width_px
        if self.max_pixels:
            cap = min(cap, self.max_pixels // _ceil(self.line_height_px + 2 * self.margin_px, self.grid_px))
        return cap // self.grid_px * self.grid_px

    @property
    def flowing_width_px(self) -> int:
        """Page width of flows that wrap: the cap, but never flatter than 2:1 when `max_pixels` decides the area."""
        flat = isqrt(2 * self.max_pixels) if self.max_pixels else self.max_width_px
        return min(self.wide_cap_px, max(flat // self.grid_px, 1) * self.grid_px)

    def full_height_px(self, width_px: int) -> int:
        """Height of a full page of this width, on the grid."""
        cap = min(self.max_height_px, self.max_pixels // width_px) if self.max_pixels else self.max_height_px
        return cap // self.grid_px * self.grid_px

    def lines_on(self, height_px: int) -> int:
        """Lines that fit on a page of this height."""
        return (height_px - 2 * self.margin_px) // self.line_height_px

    def height_of(self, lines: int) -> int:
        """Height on the grid that just holds so many lines."""
        return _ceil(lines * self.line_height_px + 2 * self.margin_px, self.grid_px)

    def room_px(self, width_px: int) -> int:
        """Pixels between the margins of a page of this width."""
        return width_px - 2 * self.margin_px


def _ceil(value: int, grid: int) -> int:
    return -(-value // grid) * grid


def _problems(style: Style) -> list[str]:
    """What is wrong with a style; later rules count on earlier ones, so only the first is reported."""
    bounds = {
        "font_px": (MIN_FONT_PX, MAX_FONT_PX),
        "line_height_px": (style.font_px, 4 * MAX_FONT_PX),
        "max_width_px": (1, MAX_PAGE_SIDE_PX),
        "max_height_px": (1, MAX_PAGE_SIDE_PX),
        "max_pixels": (0, MAX_PAGE_SIDE_PX**2),
        "grid_px": (1, MAX_PAGE_SIDE_PX),
        "margin_px": (0, MAX_PAGE_SIDE_PX),
    }
    outside = [
        f"{name} is {getattr(style, name)}, must be {low}..{high}"
        for name, (low, high) in bounds.items()
        if not low <= getattr(style, name) <= high
    ]
    return outside or _bad_page(style)


def _bad_page(style: Style) -> list[str]:
    width = style.flowing_width_px
    area = min(style.max_pixels or MAX_PAGE_SIDE_PX**2, style.max_width_px * style.max_height_px)
    if area > MAX_PAGE_PIXELS[style.image_format.name]:
        return [f"a page of {area} pixels, at most {MAX_PAGE_PIXELS[style.image_format.name]} are allowed"]
    if style.reflow and style.flow is Flow.COLUMNS:
        return ["reflow joins lines, which FLOW_COLUMNS keeps"]
    # A continuation mark and the widest glyph must stand on one line.
    if 2 * style.room_px(width) < 5 * style.font_px:
        return [f"max_width_px {style.max_width_px} leaves no room for two characters of {style.font_px} px"]
    if style.lines_on(style.full_height_px(width)) < 1:
        return [f"max_height_px {style.max_height_px} leaves no room for a line of {style.line_height_px} px"]
    return []

"""Owns the arithmetic of pages: text, style and character widths become placed glyphs, page by page, without ink.

Lengths along a line are counted in 1/1000 em ("units"), so that a position in pixels is floor(units * font_px / 1000)
and half-width cells of odd font sizes alternate between two whole widths. Nothing here knows fonts or files.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice, pairwise

import numpy as np
import numpy.typing as npt

from render_service.code_points import Codes, encode
from render_service.style import Flow, Style

MAX_CHARACTERS = 10_000_000
MAX_PAGES = 4_096
VERSION = "1"

TAB_COLUMNS = 4
CELL_UNITS = 500
CONTINUATION = 0x2570  # ╰, one cell, before every wrapped remainder of a source line in FLOW_COLUMNS
NOT_IN_TEXT = -1
HANGING = " \t\u3000"
INVISIBLE = tuple(ord(char) for char in " \t\n\r\u3000")

Units = npt.NDArray[np.int64]
Offsets = npt.NDArray[np.int32]
Measure = Callable[[Codes], npt.NDArray[np.integer]]
BreakOpportunities = Callable[[str], npt.NDArray[np.integer]]


class DocumentTooLong(ValueError):
    """The text has more characters or more pages than the limits allow."""


@dataclass(frozen=True)
class PageLayout:
    """One page without ink; sizes in pixels, `text_start`/`text_end` in characters of the text.

    The glyphs stand in parallel arrays, spaces left out: code point, top left of the font_px box, position in the
    text (NOT_IN_TEXT for a continuation mark).
    """

    index: int
    width: int
    height: int
    text_start: int
    text_end: int
    line_starts: tuple[int, ...]
    code_points: Codes
    x: npt.NDArray[np.int16]
    y: npt.NDArray[np.int16]
    offsets: Offsets


@dataclass(frozen=True)
class _Prepared:
    """A text made ready for line breaking: `ends[i]` is the width of the text before character i, tabs counting 0."""

    text: str
    codes: Codes
    ends: Units
    breaks: npt.NDArray[np.integer] | None
    has_tabs: bool
    tab_units: int


@dataclass(frozen=True)
class _Line:
    """One visual line: characters start..stop, `fresh` where a source line begins."""

    start: int
    stop: int
    fresh: bool


def layout(
    text: str, style: Style, measure: Measure, break_opportunities: BreakOpportunities | None = None
) -> Iterator[PageLayout]:
    """Lays a text out lazily, one page at a time; every page but the last is full, the last is cropped to the grid.

    `measure` gives the advance of code points in 1/1000 em; `break_opportunities` the ascending positions where a line
    may begin (unused in FLOW_COLUMNS, which wraps anywhere). Page text ranges join without gap. Raises DocumentTooLong.
    """
    if len(text) > MAX_CHARACTERS:
        raise DocumentTooLong(f"{len(text)} characters, at most {MAX_CHARACTERS} are laid out")
    ready = _prepare(text, style, measure, break_opportunities)
    width = _page_width(ready, style)
    full = style.full_height_px(width)
    lines = _lines(ready, style.flow, style.room_px(width) * 1000 // style.font_px)
    for index, page in enumerate(_batches(lines, style.lines_on(full))):
        if index >= MAX_PAGES:
            raise DocumentTooLong(f"more than {MAX_PAGES} pages")
        yield _place(ready, style, index, page, (width, min(full, style.height_of(len(page)))))


def _prepare(text: str, style: Style, measure: Measure, breaks: BreakOpportunities | None) -> _Prepared:
    codes = encode(text)
    ends = np.zeros(len(codes) + 1, np.int64)
    np.cumsum(np.where(codes == ord("\t"), 0, measure(codes)), out=ends[1:])
    space = CELL_UNITS if style.flow is not Flow.PROPORTIONAL else int(measure(encode(" "))[0])
    wraps = breaks is not None and style.flow is not Flow.COLUMNS
    positions = breaks(text) if wraps and breaks else None
    return _Prepared(text, codes, ends, positions, "\t" in text, TAB_COLUMNS * max(space, 1))


def _page_width(ready: _Prepared, style: Style) -> int:
    """FLOW_COLUMNS: the narrowest page that holds the longest source line; other flows: the widest page allowed."""
    if style.flow is not Flow.COLUMNS:
        return style.flowing_width_px
    needed = -(-_longest_line(ready) * style.font_px // 1000) + 2 * style.margin_px
    least = 2 * style.font_px + 2 * style.margin_px
    return min(style.wide_cap_px, -(-max(needed, least) // style.grid_px) * style.grid_px)


def _longest_line(ready: _Prepared) -> int:
    newlines = np.flatnonzero(ready.codes == ord("\n"))
    starts = np.concatenate(([0], newlines + 1))
    stops = np.concatenate((newlines, [len(ready.codes)]))
    widths = ready.ends[stops] - ready.ends[starts]
    if ready.has_tabs:
        tabs = ready.text.count
        tabbed = [i for i, (a, b) in enumerate(zip(starts, stops, strict=True)) if tabs("\t", a, b)]
        for i in tabbed:
            widths[i] = _extent(ready, int(starts[i]), int(stops[i]))
    return int(widths.max(initial=0))


def _extent(ready: _Prepared, start: int, stop: int) -> int:
    """Width of a stretch of one line that begins at column 0, its tabs expanded."""
    position, at = 0, start
    for tab in _tabs(ready.text, start, stop):
        position = _after_tab(position + int(ready.ends[tab] - ready.ends[at]), ready.tab_units)
        at = tab
    return position + int(ready.ends[stop] - ready.ends[at])


def _tabs(text: str, start: int, stop: int) -> Iterator[int]:
    tab = text.find("\t", start, stop)
    while tab >= 0:
        yield tab
        tab = text.find("\t", tab + 1, stop)


def _after_tab(position: int, tab_units: int) -> int:
    return (position // tab_units + 1) * tab_units


def _lines(ready: _Prepared, flow: Flow, room: int) -> Iterator[_Line]:
    """Every visual line in order; a newline belongs to the line it ends."""
    start, length = 0, len(ready.text)
    while start < length:
        newline = ready.text.find("\n", start)
        stop = length if newline < 0 else newline
        yield from _wrapped(ready, flow, (start, stop), room)
        start = stop + 1


def _wrapped(ready: _Prepared, flow: Flow, source: tuple[int, int], room: int) -> Iterator[_Line]:
    """The visual lines of one source line; the last one takes the newline along."""
    at, stop = source
    length, fresh = len(ready.text), True
    while True:
        marked = 0 if fresh or flow is not Flow.COLUMNS else CELL_UNITS
        reach = _hang(ready.text, _reach(ready, at, stop, room - marked), stop)
        if reach >= stop:
            yield _Line(at, min(stop + 1, length), fresh)
            return
        cut = _last_break(ready, at, reach)
        yield _Line(at, cut, fresh)
        at, fresh = cut, False


def _reach(ready: _Prepared, at: int, stop: int, room: int) -> int:
    """The furthest position whose characters from `at` fit into `room`; at least one character on."""
    used, begin = 0, at
    # Tabs count nothing in `ends`, so this is the furthest any tab can matter; looking no further keeps it linear.
    within = min(int(np.searchsorted(ready.ends, ready.ends[at] + room, side="right")), stop)
    for tab in _tabs(ready.text, at, within) if ready.has_tabs else ():
        used += int(ready.ends[tab] - ready.ends[begin])
        if used > room:
            used -= int(ready.ends[tab] - ready.ends[begin])
            break
        begin, used = tab, _after_tab(used, ready.tab_units)
        if used > room:
            return tab
    limit = ready.ends[begin] + room - used
    reach = int(np.searchsorted(ready.ends, limit, side="right")) - 1
    return min(max(reach, at + 1), stop)


def _hang(text: str, position: int, stop: int) -> int:
    """Spaces at a line's end need no room: the line runs on to the next ink."""
    while position < stop and text[position] in HANGING:
        position += 1
    return position


def _last_break(ready: _Prepared, at: int, reach: int) -> int:
    """The last break opportunity after `at` and not after `reach`; without one the token is cut at `reach`."""
    if ready.breaks is None:
        return reach
    before = int(np.searchsorted(ready.breaks, reach, side="right")) - 1
    found = int(ready.breaks[before]) if before >= 0 else at
    return found if found > at else reach


def _batches(lines: Iterator[_Line], size: int) -> Iterator[list[_Line]]:
    while batch := list(islice(lines, size)):
        yield batch


def _place(ready: _Prepared, style: Style, index: int, lines: list[_Line], size: tuple[int, int]) -> PageLayout:
    """Gives every visible character of a page its pixel position."""
    starts = np.array([line.start for line in lines], np.int64)
    first, last = lines[0].start, lines[-1].stop
    lengths = np.diff(np.append(starts, last))
    marked = np.array([style.flow is Flow.COLUMNS and not line.fresh for line in lines])
    units = ready.ends[first:last] - np.repeat(ready.ends[starts] - marked * CELL_UNITS, lengths)
    if ready.has_tabs:
        _shift_after_tabs(ready, lines, units)
    rows = np.repeat(np.arange(len(lines)), lengths)
    codes = ready.codes[first:last]
    seen = np.flatnonzero(~np.isin(codes, INVISIBLE))
    marks = np.flatnonzero(marked)
    above = (style.line_height_px - style.font_px) // 2 + style.margin_px
    return PageLayout(
        index=index,
        width=size[0],
        height=size[1],
        text_start=first,
        text_end=last,
        line_starts=tuple((starts - first).tolist()),
        code_points=np.concatenate((np.full(len(marks), CONTINUATION, np.uint32), codes[seen])),
        x=_pixels(np.concatenate((np.zeros(len(marks), np.int64), units[seen])), style),
        y=(np.concatenate((marks, rows[seen])) * style.line_height_px + above).astype(np.int16),
        offsets=np.concatenate((np.full(len(marks), NOT_IN_TEXT), first + seen)).astype(np.int32),
    )


def _pixels(units: Units, style: Style) -> npt.NDArray[np.int16]:
    return (units * style.font_px // 1000 + style.margin_px).astype(np.int16)


def _shift_after_tabs(ready: _Prepared, lines: list[_Line], units: Units) -> None:
    """Moves what follows each tab to the tab's column; `units` begins with the first line."""
    first = lines[0].start
    for line in lines:
        bounds = [*_tabs(ready.text, line.start, line.stop), line.stop]
        position, at = 0, line.start
        for tab, until in pairwise(bounds):
            position = _after_tab(position + int(ready.ends[tab] - ready.ends[at]), ready.tab_units)
            shift = position - int(ready.ends[tab] - ready.ends[line.start])
            units[tab + 1 - first : until - first] += shift
            at = tab

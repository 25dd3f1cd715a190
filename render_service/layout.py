"""Owns pages as arithmetic: text, style and character widths become cuts, and cuts become placed glyphs, without ink.

A position in pixels is floor(units * font_px / 1000), so that half-width cells of odd font sizes alternate between two
whole widths. Nothing here knows fonts or files: what letters do together is asked of a Shaper.
"""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache
from itertools import chain, islice, pairwise

import numpy as np
import numpy.typing as npt

from render_service.code_points import LIMIT, Codes, encode
from render_service.direction import rearrange
from render_service.lines import (
    CELL_UNITS,
    Atom,
    BreakOpportunities,
    Measure,
    Setting,
    Shaper,
    Units,
    after_tab,
    line_starts,
    longest_line,
    pieces,
    tabs,
)
from render_service.style import Flow, Style

MAX_CHARACTERS = 10_000_000
MAX_PAGES = 4_096
VERSION = "2"

CONTINUATION = 0x2570  # ╰, one cell, before every wrapped remainder of a source line in FLOW_COLUMNS
RETURN = "\u21b5"  # ↵, in the place of a line end that flows on
NOT_IN_TEXT = -1
INVISIBLE = tuple(ord(char) for char in " \t\n\r\u3000")
# A line end that has text on both sides; empty lines stay, they part paragraphs.
LINE_END_WITHIN = re.compile("(?<=[^\n])\n(?=[^\n])")

Offsets = npt.NDArray[np.int32]


class DocumentTooLong(ValueError):
    """The text has more characters or more pages than the limits allow."""


@dataclass(frozen=True)
class Cut:
    """What stands on one page; sizes in pixels, `text_start`/`text_end` in characters of the text.

    `line_starts` are characters from `text_start`.
    """

    width: int
    height: int
    text_start: int
    text_end: int
    line_starts: tuple[int, ...]


@dataclass(frozen=True)
class Run:
    """Characters drawn together by one face of the fonts: `width` pixels at (x, y), from position `offset` on."""

    text: str
    face: int
    x: int
    y: int
    width: int
    offset: int


@dataclass(frozen=True)
class PageLayout:
    """One page without ink; sizes in pixels, `text_start`/`text_end` in characters of the text.

    The glyphs stand in parallel arrays, spaces left out: code point, top left of the font_px box, position in the
    text (NOT_IN_TEXT for a continuation mark). What is drawn together stands in `runs` instead.
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
    runs: tuple[Run, ...] = ()


def layout(
    text: str,
    style: Style,
    measure: Measure,
    break_opportunities: BreakOpportunities | None = None,
    shaper: Shaper | None = None,
) -> Iterator[PageLayout]:
    """Lays a text out lazily, one page at a time; every page but the last has all lines that fit, and a page ends on
    the grid below its last line.

    `measure` gives the advance of code points in 1/1000 em; `break_opportunities` the ascending positions where a line
    may begin (unused in FLOW_COLUMNS, which wraps anywhere); without a `shaper` every character stands alone, from
    left to right. Page text ranges join without gap. Raises DocumentTooLong.
    """
    given = setting(text, style, measure, break_opportunities, shaper)
    return (place(given, index, cut) for index, cut in enumerate(cuts(given)))


def setting(
    text: str, style: Style, measure: Measure, breaks: BreakOpportunities | None = None, shaper: Shaper | None = None
) -> Setting:
    """What `cuts` and `place` work on. Raises DocumentTooLong."""
    if len(text) > MAX_CHARACTERS:
        raise DocumentTooLong(f"{len(text)} characters, at most {MAX_CHARACTERS} are laid out")
    drawn = LINE_END_WITHIN.sub(RETURN, text) if style.reflow else text
    turns = shaper is not None and any(shaper.runs_back(encode(piece)) for piece in pieces(drawn))
    return Setting(drawn, text, style, measure, breaks, shaper, turns)


def cuts(given: Setting) -> Iterator[Cut]:
    """The pages of a text, lazily: which characters and lines stand on each. Raises DocumentTooLong."""
    style = given.style
    width = _page_width(given)
    full = style.full_height_px(width)
    room = style.room_px(width) * 1000 // style.font_px
    starts = chain(line_starts(given, room), (len(given.text),))
    for index, lines in enumerate(_batches(starts, style.lines_on(full))):
        if index >= MAX_PAGES:
            raise DocumentTooLong(f"more than {MAX_PAGES} pages")
        first, last = lines[0], lines[-1]
        height = min(full, style.height_of(len(lines) - 1))
        yield Cut(width, height, first, last, tuple(start - first for start in lines[:-1]))


def _batches(starts: Iterator[int], size: int) -> Iterator[list[int]]:
    """Line starts by page, each with the start of what follows."""
    first = list(islice(starts, 1))
    while len(batch := [*first, *islice(starts, size)]) > 1:
        yield batch
        first = batch[-1:]


def _page_width(given: Setting) -> int:
    """FLOW_COLUMNS: the narrowest page that holds the longest source line; other flows: the widest page allowed."""
    style = given.style
    if style.flow is not Flow.COLUMNS:
        return style.flowing_width_px
    enough = style.room_px(style.wide_cap_px) * 1000 // style.font_px
    needed = -(-longest_line(given, enough) * style.font_px // 1000) + 2 * style.margin_px
    least = 2 * style.font_px + 2 * style.margin_px
    return min(style.wide_cap_px, -(-max(needed, least) // style.grid_px) * style.grid_px)


def place(given: Setting, index: int, cut: Cut) -> PageLayout:
    """Gives every visible character of a page its pixel position."""
    style, first = given.style, cut.text_start
    text = given.text[first : cut.text_end]
    codes = encode(text)
    starts = np.array(cut.line_starts, np.int64)
    atoms = _parted(given.shaper.atoms(text, codes), cut.line_starts) if given.shaper else []
    marked = _marked(given, cut)
    advances = given.advances(codes, text, atoms)
    units = _units(given, advances, (starts, marked), text)
    if atoms or given.turns:
        codes, units = rearrange(given, cut, (codes, units, advances), atoms)
    rows = np.repeat(np.arange(len(starts)), np.diff(np.append(starts, len(codes))))
    alone = _visible()[codes]
    for atom in atoms:
        alone[atom.start : atom.stop] = False
    seen, marks = np.flatnonzero(alone), np.flatnonzero(marked)
    page = PageLayout(
        index=index,
        **vars(cut),
        code_points=np.concatenate((np.full(len(marks), CONTINUATION, np.uint32), codes[seen])),
        x=_pixels(np.concatenate((np.zeros(len(marks), np.int64), units[seen])), style),
        y=(np.concatenate((marks, rows[seen])) * style.line_height_px + _above(style)).astype(np.int16),
        offsets=np.concatenate((np.full(len(marks), NOT_IN_TEXT), first + seen)).astype(np.int32),
    )
    if not atoms:
        return page
    places = (units.tolist(), advances.tolist(), rows.tolist())
    return replace(page, runs=tuple(_run(style, atom, text, places, first) for atom in atoms))


@cache
def _visible() -> npt.NDArray[np.bool_]:
    """By code point: whether a character has a place on the page."""
    table = np.ones(LIMIT, np.bool_)
    table[list(INVISIBLE)] = False
    return table


def _marked(given: Setting, cut: Cut) -> npt.NDArray[np.bool_]:
    """Which lines of a page begin with a continuation mark."""
    columns = given.style.flow is Flow.COLUMNS
    return np.array([columns and not given.starts_line(cut.text_start + start) for start in cut.line_starts])


def _units(given: Setting, advances: Units, lines: tuple[Units, npt.NDArray[np.bool_]], text: str) -> Units:
    """Position of each character on its line as it would stand from left to right."""
    starts, marked = lines
    ends = np.concatenate(([0], np.cumsum(advances)))
    lengths = np.diff(np.append(starts, len(advances)))
    units: Units = ends[:-1] - np.repeat(ends[starts] - marked * CELL_UNITS, lengths)
    if given.has_tabs:
        for start, stop in pairwise([*starts.tolist(), len(text)]):
            _shift_after_tabs(text, (start, stop), (ends, units), given.tab_units)
    return units


def _shift_after_tabs(text: str, line: tuple[int, int], widths: tuple[Units, Units], tab_units: int) -> None:
    """Moves what follows each tab of a line to the tab's column, the next tab included."""
    (start, stop), (ends, units) = line, widths
    position, at = 0, start
    for tab, until in pairwise([*tabs(text, start, stop), stop]):
        position = after_tab(position + int(ends[tab] - ends[at]), tab_units)
        units[tab + 1 : min(until + 1, stop)] += position - int(ends[tab] - ends[start])
        at = tab


def _parted(atoms: list[Atom], starts: tuple[int, ...]) -> list[Atom]:
    """Atoms that a line begins within are cut there."""
    if not atoms:
        return atoms
    parted = []
    for atom in atoms:
        inside = starts[bisect_right(starts, atom.start) : bisect_left(starts, atom.stop)]
        parted += [Atom(one, other, atom.face) for one, other in pairwise((atom.start, *inside, atom.stop))]
    return parted


def _run(style: Style, atom: Atom, text: str, places: tuple[list[int], list[int], list[int]], first: int) -> Run:
    units, advances, rows = places
    own = slice(atom.start, atom.stop)
    left = min(units[own])
    right = left + sum(advances[own])
    x = left * style.font_px // 1000
    return Run(
        text=text[own],
        face=atom.face,
        x=x + style.margin_px,
        y=rows[atom.start] * style.line_height_px + _above(style),
        width=max(1, right * style.font_px // 1000 - x),
        offset=first + atom.start,
    )


def _above(style: Style) -> int:
    """Pixels between the top of the page and the first font_px box."""
    return (style.line_height_px - style.font_px) // 2 + style.margin_px


def _pixels(units: Units, style: Style) -> npt.NDArray[np.int16]:
    return (units * style.font_px // 1000 + style.margin_px).astype(np.int16)

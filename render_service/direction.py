"""Owns the order in which the characters of a line stand from left to right: rules L1, L2 and L4 of UAX #9."""

from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from render_service.code_points import Codes
from render_service.lines import HANGING, Atom, Setting, Units
from render_service.style import Flow

if TYPE_CHECKING:
    from render_service.layout import Cut

# An endless line is looked at so far in both directions: levels hardly ever depend on more.
PARAGRAPH_CHARACTERS = 4_096

Levels = npt.NDArray[np.int8]


def rearrange(
    given: Setting, cut: "Cut", placed: tuple[Codes, Units, Units], atoms: Sequence[Atom]
) -> tuple[Codes, Units]:
    """Code points and positions of a page whose lines were set from left to right.

    Lines with characters of the other direction are put into visual order, brackets mirrored; a paragraph of that
    direction begins at the right edge, but for FLOW_COLUMNS. A line that shaping made too long is squeezed.
    """
    assert given.shaper is not None
    codes, units, advances = placed[0].copy(), placed[1].copy(), placed[2]
    columns, style = given.style.flow is Flow.COLUMNS, given.style
    room = style.room_px(cut.width) * 1000 // style.font_px
    bounds = [*cut.line_starts, len(codes)]
    heads = np.arange(len(codes))
    for atom in atoms:
        heads[atom.start : atom.stop] = atom.start
    for start, stop in pairwise(bounds):
        own = slice(start, _ink_end(given.text, cut.text_start + start, cut.text_start + stop) - cut.text_start)
        if own.stop > start and given.turns:
            levels, back = _levels(given, cut.text_start + start, cut.text_start + own.stop)
            if levels.any():
                levels = _undivided(levels, heads[own] - start)
                units[own] = _reordered(units[own], advances[own], levels, room if back and not columns else 0)
                for at in np.flatnonzero(levels & 1) + start:
                    codes[at] = given.shaper.mirrored(int(codes[at]))
        _squeeze(units[own], advances[own], room)
    return codes, units


def _ink_end(text: str, start: int, stop: int) -> int:
    """Where the trailing spaces of a line begin: they hang, whatever the direction."""
    while stop > start and text[stop - 1] in HANGING + "\n":
        stop -= 1
    return stop


def _levels(given: Setting, start: int, stop: int) -> tuple[Levels, bool]:
    """Levels of a stretch of one source line, seen within its paragraph."""
    assert given.shaper is not None
    before = given.text.rfind("\n", max(0, start - PARAGRAPH_CHARACTERS), start) + 1
    before = before or max(0, start - PARAGRAPH_CHARACTERS)
    after = given.text.find("\n", stop, stop + PARAGRAPH_CHARACTERS)
    after = after if after >= 0 else min(len(given.text), stop + PARAGRAPH_CHARACTERS)
    levels, back = given.shaper.levels(given.text[before:after], given.style.flow is Flow.COLUMNS)
    return levels[start - before : stop - before], back


def _undivided(levels: Levels, heads: npt.NDArray[np.int64]) -> Levels:
    """One level, the highest, for what is drawn together: a mark may have that of the character before its word."""
    highest = np.zeros_like(levels)
    np.maximum.at(highest, heads, levels)
    return highest[heads]


def _reordered(units: Units, advances: Units, levels: Levels, room: int) -> Units:
    """Positions in visual order; the line ends at `room` where that is given and wide enough."""
    widths = np.append(np.diff(units), advances[-1])
    order = visual_order(levels)
    ends = np.cumsum(widths[order])
    placed = np.empty_like(units)
    placed[order] = ends - widths[order]
    return placed + max(int(units[0]), room - int(ends[-1]))


def visual_order(levels: Levels) -> npt.NDArray[np.int64]:
    """Logical positions from left to right: every stretch at a level or above it is turned round, highest first."""
    order = np.arange(len(levels))
    for level in range(int(levels.max(initial=0)), 0, -1):
        high = np.concatenate(([False], levels >= level, [False]))
        edges = np.flatnonzero(high[1:] != high[:-1])
        for start, stop in zip(edges[::2], edges[1::2], strict=True):
            order[start:stop] = order[start:stop][::-1]
    return order


def _squeeze(units: Units, advances: Units, room: int) -> None:
    """Moves what stands beyond the edge inside; words were measured whole and may have been cut since."""
    if len(units) and (over := int((units + advances).max()) - room) > 0:
        least = int(units.min())
        units[:] = least + (units - least) * max(0, room - least - int(advances.max())) // max(1, room + over - least)

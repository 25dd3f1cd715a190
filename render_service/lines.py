"""Owns where visual lines begin and end: arithmetic over widths, a window of the text at a time, linear in its length.

Lengths along a line are counted in 1/1000 em ("units"). Windows end with source lines wherever they can, so that
neither the widths nor the break opportunities of a long document ever stand in memory at once.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

import numpy as np
import numpy.typing as npt

from render_service.code_points import Codes, encode
from render_service.style import Flow, Style

TAB_COLUMNS = 4
CELL_UNITS = 500
HANGING = " \t\u3000"
WINDOW_CHARACTERS = 65_536
# Break opportunities so close to the cut end of a window are not trusted: they may depend on what is beyond it.
GUARD_CHARACTERS = 256

Units = npt.NDArray[np.int64]
Measure = Callable[[Codes], npt.NDArray[np.integer]]
BreakOpportunities = Callable[[str], npt.NDArray[np.integer]]


@dataclass(frozen=True)
class Atom:
    """Characters start..stop of a text that are drawn together by one face."""

    start: int
    stop: int
    face: int


class Shaper(Protocol):
    """What layout asks about scripts whose letters join, bear marks or run from right to left."""

    def atoms(self, text: str, codes: Codes) -> list[Atom]:
        """What is drawn together, ascending; nothing where every character stands alone."""

    def widths(self, text: str, atom: Atom) -> Units:
        """Advances of an atom's characters, 0 for those that no line may begin with."""

    def runs_back(self, codes: Codes) -> bool:
        """Whether any character runs from right to left."""

    def levels(self, paragraph: str, always_ltr: bool) -> tuple[npt.NDArray[np.int8], bool]:
        """Embedding level of each character, and whether the paragraph itself runs from right to left."""

    def mirrored(self, code: int) -> int:
        """The code point drawn in its stead where a text runs from right to left."""


@dataclass(frozen=True)
class Setting:
    """A text to be set and all that its layout depends on; `text` is what is drawn, `original` what was given.

    `turns` where any character runs from right to left.
    """

    text: str
    original: str
    style: Style
    measure: Measure
    breaks: BreakOpportunities | None
    shaper: Shaper | None
    turns: bool

    @cached_property
    def has_tabs(self) -> bool:
        """Whether tab stops matter."""
        return "\t" in self.text

    @cached_property
    def tab_units(self) -> int:
        """Distance of two tab stops."""
        proportional = self.style.flow is Flow.PROPORTIONAL
        space = int(self.measure(encode(" "))[0]) if proportional else CELL_UNITS
        return TAB_COLUMNS * max(space, 1)

    @property
    def wraps_anywhere(self) -> bool:
        """Whether lines are cut wherever they are full."""
        return self.breaks is None or self.style.flow is Flow.COLUMNS

    def starts_line(self, position: int) -> bool:
        """Whether a source line begins here."""
        return position == 0 or self.text[position - 1] == "\n"

    def advances(self, codes: Codes, text: str, atoms: list[Atom]) -> Units:
        """Width of each character of a stretch, tabs counting nothing."""
        advances = self.measure(codes).astype(np.int64)
        advances[codes == ord("\t")] = 0
        for atom in atoms:
            assert self.shaper is not None
            advances[atom.start : atom.stop] = self.shaper.widths(text, atom)
        return advances


@dataclass(frozen=True)
class Window:
    """Characters start..stop made ready: `ends[i]` is the width before character start + i, tabs counting 0.

    `closed` where it ends with a source line or the text; `breaks` are ascending positions in the text.
    """

    setting: Setting
    start: int
    stop: int
    closed: bool
    ends: Units
    breaks: npt.NDArray[np.integer] | None

    @classmethod
    def at(cls, setting: Setting, start: int, size: int, breaking: bool = True) -> "Window":
        """The window that begins here: up to the last newline within `size` characters where there is one."""
        limit = min(start + size, len(setting.text))
        newline = setting.text.rfind("\n", start, limit) if limit < len(setting.text) else -1
        stop = newline + 1 if newline >= 0 else limit
        text = setting.text[start:stop]
        codes = encode(text)
        ends = np.zeros(len(codes) + 1, np.int64)
        atoms = setting.shaper.atoms(text, codes) if setting.shaper else []
        np.cumsum(setting.advances(codes, text, atoms), out=ends[1:])
        breaks = _breaks(setting, start, stop) if breaking and not setting.wraps_anywhere else None
        return cls(setting, start, stop, newline >= 0 or stop == len(setting.text), ends, breaks)

    def width(self, start: int, stop: int) -> int:
        """Width of a stretch, tabs counting 0."""
        return int(self.ends[stop - self.start] - self.ends[start - self.start])

    def last_within(self, units: int) -> int:
        """The last position that has at most so many units of the window before it."""
        return self.start + int(self.ends.searchsorted(units, side="right")) - 1


def _breaks(setting: Setting, start: int, stop: int) -> npt.NDArray[np.integer]:
    assert setting.breaks is not None
    before = start if setting.starts_line(start) else max(0, start - GUARD_CHARACTERS)
    return setting.breaks(setting.original[before:stop]) + before


def pieces(text: str) -> Iterator[str]:
    """A text in stretches that numpy works on at once."""
    return (text[at : at + WINDOW_CHARACTERS] for at in range(0, len(text), WINDOW_CHARACTERS))


def line_starts(setting: Setting, room: int) -> Iterator[int]:
    """Where each visual line begins, in order; a newline belongs to the line it ends."""
    at, size = 0, WINDOW_CHARACTERS
    while at < len(setting.text):
        before, window = at, Window.at(setting, at, size)
        for start, stop in _window_lines(window, room):
            yield start
            at = stop
        size = WINDOW_CHARACTERS if at > before else 2 * size


def _window_lines(window: Window, room: int) -> Iterator[tuple[int, int]]:
    """The lines of a window, those at the cut end of an open one excepted."""
    text, at = window.setting.text, window.start
    while at < window.stop:
        newline = text.find("\n", at, window.stop)
        yield from _wrapped(window, at, window.stop if newline < 0 else newline, room)
        if newline < 0:
            return
        at = newline + 1


def _wrapped(window: Window, at: int, stop: int, room: int) -> Iterator[tuple[int, int]]:
    """The visual lines of one source line, or of its part in the window; the last one takes the newline along."""
    setting, trusted = window.setting, window.stop if window.closed else window.stop - GUARD_CHARACTERS
    indent = CELL_UNITS if setting.style.flow is Flow.COLUMNS else 0
    while True:
        marked = 0 if setting.starts_line(at) else indent
        reach = _hang(setting.text, _reach(window, at, stop, room - marked), stop)
        if reach > trusted or (reach >= stop and not window.closed):
            return
        if reach >= stop:
            yield at, min(stop + 1, len(setting.text))
            return
        cut = _last_break(window, at, reach)
        yield at, cut
        at = cut


def _reach(window: Window, at: int, stop: int, room: int) -> int:
    """The furthest position whose characters from `at` fit into `room`; at least one character on."""
    used, begin, base = 0, at, int(window.ends[at - window.start])
    if window.setting.has_tabs:
        # Tabs count nothing in `ends`, so this is the furthest any tab can matter: looking no further keeps it linear.
        within = min(window.last_within(base + room) + 1, stop)
        for tab in tabs(window.setting.text, at, within):
            before = used + window.width(begin, tab)
            if before > room:
                break
            begin, used = tab, after_tab(before, window.setting.tab_units)
            if used > room:
                return tab
    reach = window.last_within(int(window.ends[begin - window.start]) + room - used)
    return min(max(reach, at + 1), stop)


def _hang(text: str, position: int, stop: int) -> int:
    """Spaces at a line's end need no room: the line runs on to the next ink."""
    while position < stop and text[position] in HANGING:
        position += 1
    return position


def _last_break(window: Window, at: int, reach: int) -> int:
    """The last break opportunity after `at` and not after `reach`; without one the token is cut at `reach`."""
    if window.breaks is None:
        return reach
    before = int(window.breaks.searchsorted(reach, side="right")) - 1
    found = int(window.breaks[before]) if before >= 0 else at
    return found if found > at else reach


def longest_line(setting: Setting, enough: int) -> int:
    """Width of the longest source line, or any width from `enough` on."""
    at, size, longest = 0, WINDOW_CHARACTERS, 0
    while at < len(setting.text) and longest < enough:
        window = Window.at(setting, at, size, breaking=False)
        widest = _widest(window)
        if window.closed or widest >= enough:
            at, size, longest = window.stop, WINDOW_CHARACTERS, max(longest, widest)
        else:
            size *= 2
    return longest


def _widest(window: Window) -> int:
    """Width of the longest source line of a window."""
    text = window.setting.text
    newlines = np.flatnonzero(encode(text[window.start : window.stop]) == ord("\n"))
    starts = np.concatenate(([0], newlines + 1))
    stops = np.concatenate((newlines, [window.stop - window.start]))
    widths = window.ends[stops] - window.ends[starts]
    if window.setting.has_tabs:
        for row, (start, stop) in enumerate(zip(starts + window.start, stops + window.start, strict=True)):
            if text.find("\t", start, stop) >= 0:
                widths[row] = _extent(window, int(start), int(stop))
    return int(widths.max(initial=0))


def _extent(window: Window, start: int, stop: int) -> int:
    """Width of a stretch of one line that begins at column 0, its tabs expanded."""
    position, at = 0, start
    for tab in tabs(window.setting.text, start, stop):
        position = after_tab(position + window.width(at, tab), window.setting.tab_units)
        at = tab
    return position + window.width(at, stop)


def tabs(text: str, start: int, stop: int) -> Iterator[int]:
    """Positions of the tabs of a stretch."""
    tab = text.find("\t", start, stop)
    while tab >= 0:
        yield tab
        tab = text.find("\t", tab + 1, stop)


def after_tab(position: int, tab_units: int) -> int:
    """Where what follows a tab begins."""
    return (position // tab_units + 1) * tab_units

"""Owns cleaning: what of a text is no text (controls, escapes, invisible marks, layout), where the rest came from."""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from render_service.code_points import Codes, among, decode, encode, present
from render_service.joiners import JOINERS, idle_joiners
from render_service.unwrap import layout_of

VERSION = "3"

Positions = npt.NDArray[np.int32]
Flags = npt.NDArray[np.bool_]

ANSI = re.compile(
    r"\x1b\[[0-?]*[ -/]*[@-~]"  # CSI: colours, cursor
    r"|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)"  # OSC: titles, links
    r"|\x1b[PX^_][^\x1b]*\x1b\\"  # DCS, SOS, PM, APC
    r"|\x1b[ -/]*[0-~]"  # two-character escapes
)
OVERSTRIKE = re.compile(r"[^\n]\x08")
LINE_ENDS = (0x0B, 0x0C, 0x0D, 0x85, 0x2028, 0x2029)
SPACES = (0xA0, 0x1680, *range(0x2000, 0x200B), 0x202F, 0x205F)
BIDI = (0x061C, 0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A))
SOFT_HYPHEN = 0xAD
# Format characters that are drawn (Arabic and Kaithi number signs): not ours to remove.
DRAWN_FORMATS = (*range(0x0600, 0x0606), 0x06DD, 0x070F, 0x0890, 0x0891, 0x08E2, 0x110BD, 0x110CD)
SELECTORS = (0x034F, *range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0))
JAMO = (*range(0x1161, 0x1176), *range(0x11A8, 0x11C3))
# No language piles more marks on a letter (UAX #15, stream-safe text); sorting endless piles takes quadratic time.
MOST_MARKS = 30
NEWLINE, CARRIAGE_RETURN = 0x0A, 0x0D
HANGING = (0x20, 0x09, 0x3000)


@dataclass(frozen=True)
class CleanText:
    """Clean text and, for each of its characters, the position in the decoded source it came from (ascending).

    `removed` counts characters removed or replaced, by kind.
    """

    text: str
    sources: Positions
    removed: dict[str, int]

    def runs(self, start: int, stop: int) -> Iterator[tuple[int, int, int]]:
        """Stretches that stood together in the source: (first clean character, first source character, length)."""
        sources = self.sources[start:stop]
        cuts = np.flatnonzero(np.diff(sources) != 1) + 1
        bounds = np.concatenate(([0], cuts, [len(sources)])) if len(sources) else np.zeros(1, np.int64)
        for first, last in zip(bounds[:-1].tolist(), bounds[1:].tolist(), strict=True):
            yield start + first, int(sources[first]), last - first


@dataclass
class _Draft:
    """The text while it is being cleaned: code points, their source positions, the counts so far."""

    codes: Codes
    sources: Positions
    removed: dict[str, int] = field(default_factory=dict)

    def drop(self, kind: str, flags: Flags) -> None:
        self.count(kind, flags)
        if flags.any():
            self.keep(~flags)

    def keep(self, flags: Flags) -> None:
        self.codes, self.sources = self.codes[flags], self.sources[flags]

    def replace(self, kind: str, flags: Flags, code: int) -> None:
        self.count(kind, flags)
        if flags.any():
            self.codes = np.where(flags, np.uint32(code), self.codes)

    def count(self, kind: str, flags: Flags) -> None:
        if count := int(np.count_nonzero(flags)):
            self.removed[kind] = self.removed.get(kind, 0) + count


def clean(text: str, *, flowing: bool = False) -> CleanText:
    """Removes what is no text. The result holds no control but tab and newline, has no trailing spaces, at most one
    blank line in a row and none at either end, and is in NFC. Cleaning twice changes nothing.

    `flowing`: wrapped lines of prose become one again and its runs of spaces one space; code, tables and logs stay.
    """
    codes = encode(text)
    draft = _Draft(codes, _places(codes))
    _drop_matches(draft, text)
    _settle_lines(draft)
    _drop_invisible(draft)
    draft.drop("marks", _piled_marks(draft.codes))
    # What stands beside a joiner decides whether it joins, so that all else that goes must be gone.
    draft.drop("zero_width", idle_joiners(draft.codes))
    # Composing may free a character that was hidden behind another, never make a control: it comes before the spaces.
    _compose(draft)
    draft.drop("trailing_space", _trailing(draft.codes))
    if flowing:
        _drop_layout(draft)
    draft.drop("blank_lines", _blank_lines(draft.codes))
    return CleanText(decode(draft.codes), draft.sources, draft.removed)


def _drop_matches(draft: _Draft, text: str) -> None:
    """Terminal escapes, and the first half of every overstruck pair (bold and underlined manual pages)."""
    for kind, pattern, sign in (("ansi", ANSI, "\x1b"), ("overstrike", OVERSTRIKE, "\x08")):
        if sign in text:
            flags = np.zeros(len(draft.codes), np.bool_)
            for match in pattern.finditer(text):
                flags[match.start() : match.end()] = True
            draft.drop(kind, flags)
            text = decode(draft.codes)


def _settle_lines(draft: _Draft) -> None:
    """Every kind of line end becomes one newline, every kind of narrow space one space."""
    codes = draft.codes
    before_newline = np.append(codes[1:] == NEWLINE, False)[: len(codes)]
    draft.drop("carriage_return", (codes == CARRIAGE_RETURN) & before_newline)
    draft.replace("line_end", among(draft.codes, LINE_ENDS), NEWLINE)
    draft.replace("space", among(draft.codes, SPACES), ord(" "))


def _drop_invisible(draft: _Draft) -> None:
    kinds = {code: _kind(code) for code in present(draft.codes)}
    for kind in sorted({kind for kind in kinds.values() if kind}):
        draft.drop(kind, among(draft.codes, [code for code, name in kinds.items() if name == kind]))


def _kind(code: int) -> str:
    """Under which name a character without ink is removed; empty for text."""
    category = unicodedata.category(chr(code))
    if category == "Cc":
        return "" if code in (NEWLINE, 0x09) else "control"
    if category == "Cf" or code in SELECTORS:
        return "" if code in DRAWN_FORMATS or code in JOINERS else _format_kind(code)
    return "control" if category == "Cs" or code & 0xFFFE == 0xFFFE or 0xFDD0 <= code <= 0xFDEF else ""


def _format_kind(code: int) -> str:
    if code == SOFT_HYPHEN:
        return "soft_hyphen"
    return "bidi" if code in BIDI else "zero_width"


def _piled_marks(codes: Codes) -> Flags:
    marks = [code for code in present(codes) if unicodedata.category(chr(code))[0] == "M"]
    if not marks:
        return np.zeros(len(codes), np.bool_)
    others = np.where(among(codes, marks), -1, _places(codes))
    # The sentinel keeps an empty text out of the special cases.
    last_other = np.maximum.accumulate(np.append(np.int32(-1), others))[1:]
    result: Flags = _places(codes) - last_other > MOST_MARKS
    return result


def _compose(draft: _Draft) -> None:
    """NFC, cluster by cluster; the characters of a cluster that changed count as standing where it stood."""
    text = decode(draft.codes)
    if unicodedata.is_normalized("NFC", text):
        return
    pieces, sources, at = [], [], 0
    for start, stop in _clusters(draft.codes):
        composed = unicodedata.normalize("NFC", text[start:stop])
        if composed == text[start:stop]:
            continue
        draft.removed["nfc"] = draft.removed.get("nfc", 0) + stop - start
        inside = np.minimum(np.arange(len(composed)), stop - start - 1)
        pieces += [text[at:start], composed]
        sources += [draft.sources[at:start], draft.sources[start + inside]]
        at = stop
    draft.codes = encode("".join((*pieces, text[at:])))
    draft.sources = np.concatenate((*sources, draft.sources[at:]))


def _clusters(codes: Codes) -> Iterator[tuple[int, int]]:
    """Stretches that NFC may change: a character followed by all that may combine with it."""
    loose = [code for code in present(codes) if _combines(code)]
    flags = among(codes, loose)
    edges = np.diff(np.concatenate(([False], flags, [False])).astype(np.int8))
    for start, stop in zip(np.flatnonzero(edges == 1), np.flatnonzero(edges == -1), strict=True):
        yield max(int(start) - 1, 0), int(stop)


def _combines(code: int) -> bool:
    char = chr(code)
    return unicodedata.category(char)[0] == "M" or code in JAMO or not unicodedata.is_normalized("NFC", char)


def _drop_layout(draft: _Draft) -> None:
    """What only laid the text out: the margin, spaces that justify, the ends of wrapped lines."""
    layout = layout_of(decode(draft.codes))
    spaces = np.zeros(len(draft.codes), np.bool_)
    spaces[layout.spaces] = True
    draft.replace("wrapped_lines", spaces, ord(" "))
    gone = np.zeros(len(draft.codes), np.bool_)
    for kind, ranges in layout.drops.items():
        flags = np.zeros(len(draft.codes), np.bool_)
        for start, stop in ranges:
            flags[start:stop] = True
        draft.count(kind, flags & ~gone)
        gone |= flags
    draft.keep(~gone)


def _places(codes: Codes) -> Positions:
    return np.arange(len(codes), dtype=np.int32)


def _trailing(codes: Codes) -> Flags:
    """Spaces with nothing but spaces between them and the end of their line."""
    hanging = among(codes, HANGING)
    solid = np.where(hanging, len(codes), _places(codes))
    following = np.minimum.accumulate(solid[::-1])[::-1]
    ends_line = np.append(codes == NEWLINE, True)
    result: Flags = hanging & ends_line[following]
    return result


def _blank_lines(codes: Codes) -> Flags:
    """Newlines beyond the second in a row, all at the start, and all but one at the end."""
    newline = codes == NEWLINE
    places = np.flatnonzero(~newline)
    last_solid = np.maximum.accumulate(np.where(newline, -1, _places(codes))) if len(codes) else codes
    allowed = np.full(len(codes), 2, np.int8)
    if len(places):
        allowed[places[-1] :] = 1
        allowed[: places[0]] = 0
    else:
        allowed[:] = 0
    result: Flags = newline & (_places(codes) - last_solid > allowed)
    return result

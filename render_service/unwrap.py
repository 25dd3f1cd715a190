"""Owns what of a plain text is only the layout of prose: wrapped lines, spaces that justify them, a common margin.

A line was wrapped where the next one's first word would not have fitted on it any more. The width it would have had to
fit is not known: it is that of the longest line between two blank ones, where that is about what the whole text's lines
have, and where most lines agree with it. Code, logs, tables and lists keep their lines.
"""

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import pairwise

from render_service.documents.joining import HYPHENS, joint
from render_service.documents.kinds import CODE
from render_service.documents.markup import DENSE

NARROWEST, WIDEST = 36, 132
WIDTH_SHARE = 0.95
AGREEING_SHARE = 0.7
# A block as narrow as this share of the text's width was not wrapped by the same rule.
BLOCK_SHARE = 0.8
PLENTY = 4
MIN_LETTER_SHARE = 0.6
MIN_WORDS, MIN_DENSE = 3, 12
COLUMN_GAP = 4
COLUMN_SHARE = 1 / 3

DENSE_RUN = re.compile(rf"[{DENSE}]+")
CLOSING = "，。、；：？！）》」』】〕”’,.;:?!)"
FIRST_WORD = re.compile(rf"[{DENSE}][{CLOSING}]*|[^\s{DENSE}]+")
INNER_GAP = re.compile(r"(?<=\S)[ \u3000]{2,}(?=\S)")
LAID_OUT = re.compile(r"\S\s*\t|[|│┃║┌└├╔╚]|^\s*([-=_*~.#+])\1{3,}\s*$")
LIST_START = re.compile(
    r"\s*(?:[-*+•‣·●○▪◦§>]+\s|\(?\d{1,3}(?:\.\d+)*[.)、：:]|\(?\d{1,3}(?:\.\d+)+\s|\(?[A-Za-z][.)]\s|#{1,6}\s"
    r"|[（(]?[一二三四五六七八九十百]+[、.．)）]|第[一二三四五六七八九十百零\d]+[条章节款项编]|[①-⑳]"
    r"|[A-Z][\w -]{0,30}:(?:\s|$)|\[\w+\])"
)
ENDS = re.compile(r"[.。！!？?：:；;]['\"”’)）]?$")
STARTS_ANEW = re.compile(r"\s*[\"'“‘(（]?[A-Z0-9]")
WORD = re.compile(r"[\w-]+")


@dataclass(frozen=True)
class Line:
    """A line of the text: where it begins, and what it says without the spaces around it."""

    start: int
    raw: str

    @property
    def end(self) -> int:
        return self.start + len(self.raw)

    @cached_property
    def text(self) -> str:
        return self.raw.strip()

    @cached_property
    def indent(self) -> int:
        return width(self.raw[: len(self.raw) - len(self.raw.lstrip())])

    @cached_property
    def width(self) -> int:
        return width(self.raw.rstrip())


@dataclass
class Layout:
    """What may go, as ranges of characters, by kind; and the line ends that become a space."""

    drops: dict[str, list[tuple[int, int]]] = field(default_factory=dict)
    spaces: list[int] = field(default_factory=list)

    def drop(self, kind: str, start: int, stop: int) -> None:
        if start < stop:
            self.drops.setdefault(kind, []).append((start, stop))


def layout_of(text: str) -> Layout:
    """The layout of a text whose lines end in newlines, without trailing spaces."""
    layout = Layout()
    blocks = list(_blocks(text))
    _drop_margin(blocks, layout)
    prose = [block for block in blocks if not _laid_out(block)]
    for block in prose:
        for line in block:
            for gap in INNER_GAP.finditer(line.raw):
                layout.drop("spaces", line.start + gap.start() + 1, line.start + gap.end())
    _drop_wraps(prose, layout, _Words(text))
    return layout


def width(text: str) -> int:
    """Columns that a text takes in a terminal: two for a character of Chinese, Japanese or full width."""
    return len(text) + sum(map(len, DENSE_RUN.findall(text)))


def _blocks(text: str) -> Iterator[list[Line]]:
    """Lines between blank ones."""
    block: list[Line] = []
    start = 0
    for raw in text.split("\n"):
        if raw.strip():
            block.append(Line(start, raw))
        elif block:
            yield block
            block = []
        start += len(raw) + 1
    if block:
        yield block


def _drop_margin(blocks: Sequence[Sequence[Line]], layout: Layout) -> None:
    """Spaces that stand before every line of the text."""
    margins = (len(line.raw) - len(line.raw.lstrip(" ")) for block in blocks for line in block)
    margin = min(margins, default=0)
    if margin:
        for block in blocks:
            for line in block:
                layout.drop("margin", line.start, line.start + margin)


def _laid_out(block: Sequence[Line]) -> bool:
    """Whether the lines of a block show something in columns."""
    if any(LAID_OUT.search(line.raw) for line in block):
        return True
    gaps = [list(INNER_GAP.finditer(line.raw)) for line in block]
    wide = sum(any(gap.end() - gap.start() >= COLUMN_GAP for gap in line) for line in gaps)
    if wide and wide >= COLUMN_SHARE * len(block):
        return True
    common = set.intersection(*({gap.end() for gap in line} for line in gaps))
    return len(block) > 1 and bool(common)


def _is_prose(line: Line) -> bool:
    """Whether a line consists of words for the most part."""
    if CODE.match(line.text):
        return False
    dense = sum(map(len, DENSE_RUN.findall(line.text)))
    letters = sum(map(str.isalpha, line.text)) + line.text.count(" ")
    enough = dense >= MIN_DENSE or line.text.count(" ") + dense // 2 >= MIN_WORDS
    return enough and letters >= MIN_LETTER_SHARE * len(line.text)


@dataclass(frozen=True)
class _Pair:
    """Two lines that follow each other, of which the second may go on with what the first says."""

    line: Line
    following: Line
    first: bool
    block_width: int

    def wrapped(self, text_width: int) -> bool:
        """Whether the second line's first word would have made the first too long."""
        if self.block_width < BLOCK_SHARE * text_width:
            return False
        word = FIRST_WORD.match(self.following.text)
        assert word is not None, "a line has no spaces at its start and is not blank"
        space = 0 if DENSE_RUN.match(self.following.text) else 1
        return self.line.width + space + width(word.group()) > min(self.block_width, text_width)

    def may_go_on(self) -> bool:
        if LIST_START.match(self.following.raw) or not _is_prose(self.line):
            return False
        return self.first or self.line.indent == self.following.indent

    def reads_on(self) -> bool:
        return not ENDS.search(self.line.text) and not STARTS_ANEW.match(self.following.raw)


def _drop_wraps(blocks: Sequence[Sequence[Line]], layout: Layout, words: "_Words") -> None:
    pairs = [
        _Pair(line, following, at == 0 or LIST_START.match(line.raw) is not None, widest)
        for block, widest in ((block, max(line.width for line in block)) for block in blocks)
        for at, (line, following) in enumerate(pairwise(block))
    ]
    candidates = [pair for pair in pairs if pair.may_go_on()]
    columns = _columns([pair.line.width for pair in candidates])
    wrapped = [pair for pair in candidates if pair.wrapped(columns)] if columns else []
    if not wrapped or len(wrapped) < AGREEING_SHARE * len(candidates):
        return
    if len(wrapped) >= PLENTY or sum(pair.reads_on() for pair in wrapped) * 2 >= len(wrapped):
        for pair in wrapped:
            _join(pair, layout, words)


def _columns(widths: Sequence[int]) -> int:
    """The width at which the text was wrapped, 0 where it was not: a few longer lines are words that do not break."""
    if not widths:
        return 0
    columns = sorted(widths)[min(len(widths) - 1, int(WIDTH_SHARE * len(widths)))]
    return columns if NARROWEST <= columns <= WIDEST else 0


def _join(pair: _Pair, layout: Layout, words: "_Words") -> None:
    line, following = pair.line, pair.following
    head = line.raw.rstrip()
    indent = len(following.raw) - len(following.raw.lstrip())
    joined = joint(head[-64:], following.text[:64], words.counts if head.endswith(HYPHENS) else {})
    if len(joined) < len(head[-64:]):
        layout.drop("hyphen", line.start + len(head) - 1, line.start + len(head))
    if joined.endswith(" "):
        layout.spaces.append(line.end)
    else:
        layout.drop("wrapped_lines", line.end, line.end + 1)
    layout.drop("indent", following.start, following.start + indent)


class _Words:
    """The words of a text, counted when they are first asked for."""

    def __init__(self, text: str) -> None:
        self._text = text

    @cached_property
    def counts(self) -> Mapping[str, int]:
        return Counter(WORD.findall(self._text))

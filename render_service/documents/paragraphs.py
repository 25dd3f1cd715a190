"""Owns how the lines on a PDF's pages become paragraphs and rows of tables, by where they stand.

A PDF says where each character stands, not where a paragraph ends. A line goes on in the next one where that one's
first word would not have fitted on it any more; a gap as wide as the type is high parts two cells of a table.
"""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from render_service.documents.joining import SOFT_HYPHEN, joint
from render_service.documents.markup import CELL_GAP

CELL_GAP_EM = 1.0
SAME_COLUMN_EM = 4.0
SAME_BASELINE_EM = 0.3
NARROWEST_EM = 12.0
NEW_PARAGRAPH_PITCH = 1.35
OTHER_SIZE = 1.08
RUNNING_HEAD_PAGES, RUNNING_HEAD_SHARE = 3, 0.1  # a chapter's head stands on the pages of that chapter only
HYPHEN_MARK = "\ufffe"
# pdfium marks most of them, not all.
TYPESETTERS_HYPHEN = re.compile(r"[-\u2010\ufffe]$")
BULLET = re.compile(r"[•‣◦●▪■▸►∙·–\uf0b7\uf0a7\u2043]\s+")
LIST_MARK = re.compile(r"(?:[-*•‣◦●▪■▸►∙·–\uf0b7\uf0a7\u2043]|\(?\w{1,3}[.)、]|\(?\d+(?:\.\d+)*[.)]?)$")
LIST_START = re.compile(r"(?:- |\(?\w{1,3}[.)]\s|\d+、|[（(][一二三四五六七八九十\d]+[）)])")
DIGITS = re.compile(r"\d+")


@dataclass(frozen=True)
class Line:
    """One visual line; lengths in points, the origin at the bottom left, `first_word` the width of its first word."""

    text: str
    left: float
    right: float
    baseline: float
    size: float
    first_word: float
    page: int


def without_running_heads(pages: Sequence[list[Line]]) -> tuple[list[list[Line]], int]:
    """The pages without first and last lines that, but for their numbers, stand on several of them; how many went."""
    full = [page for page in pages if page]
    if len(full) < RUNNING_HEAD_PAGES:
        return list(pages), 0
    seen = Counter(form for page in full for form in {_form(page[0]), _form(page[-1])})
    running = {form for form, count in seen.items() if count >= max(RUNNING_HEAD_PAGES, RUNNING_HEAD_SHARE * len(full))}
    kept, left_out = [], 0
    for page in pages:
        inner = list(page)
        for edge in (0, -1):
            if inner and _form(inner[edge]) in running:
                inner.pop(edge)
                left_out += 1
        kept.append(inner)
    return kept, left_out


def _form(line: Line) -> str:
    return DIGITS.sub("#", line.text)


def _rows(lines: Sequence[Line]) -> Iterator[Line]:
    """Lines, those that stand side by side on one baseline put together as the cells of a row."""
    row: Line | None = None
    for line in lines:
        if row and abs(row.baseline - line.baseline) < SAME_BASELINE_EM * row.size and line.left > row.right:
            gap = CELL_GAP if line.left - row.right > CELL_GAP_EM * row.size and not LIST_MARK.match(row.text) else " "
            mark = BULLET.sub("- ", f"{row.text}{gap}", count=1)
            row = replace(row, text=mark + line.text, right=line.right)
            continue
        if row:
            yield row
        row = line
    if row:
        yield row


def paragraphs(pages: Sequence[Sequence[Line]]) -> str:
    """The lines of all pages as text: those that go on in the next one joined to it."""
    lines = [line for page in pages for line in _rows(page)]
    edges, pitches = _right_edges(lines), _pitches(lines)
    words = Counter(re.findall(r"[\w-]+", " ".join(line.text for line in lines)))
    pieces: list[str] = []
    for line, following in zip(lines, [*lines[1:], None], strict=True):
        goes_on = following is not None and _goes_on(line, following, edges, pitches)
        if goes_on and following is not None:
            pieces.append(joint(TYPESETTERS_HYPHEN.sub(SOFT_HYPHEN, line.text), following.text, words))
        else:
            pieces.append(line.text.replace(HYPHEN_MARK, "-") + "\n")
    return "".join(pieces).rstrip("\n")


def _right_edges(lines: Sequence[Line]) -> dict[tuple[int, int], float]:
    """How far to the right lines reach that begin in a stretch of a page one tenth of an inch wide."""
    edges: dict[tuple[int, int], float] = {}
    for line in lines:
        key = (line.page, _stretch(line.left))
        edges[key] = max(edges.get(key, 0.0), line.right)
    return edges


def _stretch(left: float) -> int:
    return int(left // 7.2)


def _pitches(lines: Sequence[Line]) -> dict[int, float]:
    """The usual distance of two baselines, by type size."""
    steps: dict[int, Counter[float]] = {}
    for line, following in pairwise(lines):
        step = line.baseline - following.baseline
        if line.page == following.page and 0 < step < 3 * line.size:
            steps.setdefault(round(line.size), Counter())[round(step, 0)] += 1
    return {size: _usual(counts) for size, counts in steps.items()}


def _usual(counts: Counter[float]) -> float:
    """The smallest of the frequent steps: lines of a paragraph stand closer than paragraphs do."""
    return min(step for step, count in counts.items() if count * 5 >= max(counts.values()))


def _goes_on(line: Line, following: Line, edges: dict[tuple[int, int], float], pitches: dict[int, float]) -> bool:
    """Whether the paragraph goes on: same type, no wider gap, no new list item, and no room left for the next word."""
    if CELL_GAP in line.text or CELL_GAP in following.text or LIST_START.match(following.text):
        return False
    if not 1 / OTHER_SIZE < line.size / following.size < OTHER_SIZE:
        return False
    if line.text.endswith(HYPHEN_MARK):
        return True
    step = line.baseline - following.baseline
    if line.page == following.page and step > NEW_PARAGRAPH_PITCH * pitches.get(round(line.size), line.size * 1.5):
        return False
    reach = round(SAME_COLUMN_EM * line.size)
    near = range(_stretch(line.left - reach), _stretch(line.left + reach) + 1)
    edge = max(edges.get((line.page, stretch), 0.0) for stretch in near)
    if edge - line.left < NARROWEST_EM * line.size:
        return False
    space = line.size * 0.2
    return line.right + space + min(following.first_word, _word_width(following)) > edge


def _word_width(line: Line) -> float:
    """Of the part that must stay together: a word, or one character of a script that breaks anywhere."""
    return line.size if line.text[:1] >= "\u2e80" else line.first_word

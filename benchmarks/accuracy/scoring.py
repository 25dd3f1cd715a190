"""Owns what counts as right: pure functions over texts, without services."""

from __future__ import annotations

import math
import re
import unicodedata
from collections import Counter
from collections.abc import Sequence
from enum import StrEnum
from itertools import pairwise

from rapidfuzz.distance import Levenshtein

FINAL = "。.；;，,！!？? "
HEADING = re.compile(r"(#{1,6})\s+(\S.*)")
TOKENS = re.compile(r"[0-9A-Za-z_]+|[\u4e00-\u9fff]")

Span = tuple[int, int]
Heading = tuple[int, str]


class Verdict(StrEnum):
    """How an answer is counted. FAILED: there was none, the service ended with an error."""

    RIGHT = "right"
    ABSTAINED = "abstained"
    WRONG = "wrong"
    FAILED = "failed"


def unspaced(text: str) -> str:
    """Text without white space."""
    return "".join(text.split())


def folded(text: str) -> str:
    """Text as answers are compared: NFKC, lower case, no white space, no final punctuation."""
    return unspaced(unicodedata.normalize("NFKC", text)).casefold().strip(FINAL)


def judged(text: str, *, found: bool, accepted: Sequence[str]) -> Verdict:
    """The verdict on an answer; without anything accepted the document does not tell, and saying so is right."""
    if not found:
        return Verdict.ABSTAINED if accepted else Verdict.RIGHT
    said = folded(text)
    return Verdict.RIGHT if any(said == folded(answer) for answer in accepted) else Verdict.WRONG


def character_errors(truth: str, read: str) -> tuple[int, int]:
    """Edit distance and characters of the truth, white space left out of both."""
    expected = unspaced(truth)
    return Levenshtein.distance(expected, unspaced(read)), len(expected)


def whole_lines(truth: str, read: str) -> tuple[int, int]:
    """Lines of the truth that were read to the letter, columns and indent included, and lines that are not blank."""
    expected, got = (Counter(line.rstrip() for line in text.split("\n") if line.strip()) for text in (truth, read))
    return (expected & got).total(), expected.total()


def places(wanted: str, text: str) -> list[Span]:
    """Where `wanted` stands in `text`, white space ignored: characters of `text`, first and one past the last."""
    needle = unspaced(wanted)
    kept = [index for index, character in enumerate(text) if not character.isspace()]
    squeezed, spans = "".join(text[index] for index in kept), []
    start = squeezed.find(needle) if needle else -1
    while start >= 0:
        spans.append((kept[start], kept[start + len(needle) - 1] + 1))
        start = squeezed.find(needle, start + 1)
    return spans


def overlaps(span: Span, spans: Sequence[Span]) -> bool:
    """Whether a span shares a character with any of the others."""
    return any(span[0] < end and start < span[1] for start, end in spans)


def outline_of(text: str) -> list[Heading]:
    """The headings (level from 1, title) of a summary that marks them as Markdown does."""
    matches = (HEADING.fullmatch(line.strip()) for line in text.splitlines())
    return [(len(match[1]), match[2].strip()) for match in matches if match]


def outline_hits(truth: Sequence[Heading], said: Sequence[Heading]) -> tuple[int, int]:
    """How many headings agree by title, and by title and level.

    A title counts as often as it stands in both. Levels are compared after the one shift that agrees best: whether a
    document's first level is its title or its chapters is a matter of convention.
    """
    wanted, got = [[(level, folded(title)) for level, title in headings] for headings in (truth, said)]
    titles = Counter(title for _, title in wanted) & Counter(title for _, title in got)
    shifted = (Counter((level + shift, title) for level, title in got) for shift in range(-5, 6))
    return titles.total(), max((Counter(wanted) & shift).total() for shift in shifted)


def f1(hits: int, wanted: int, got: int) -> float:
    """Harmonic mean of precision and recall; 0 where nothing was wanted or got."""
    return 2 * hits / (wanted + got) if wanted and got else 0.0


def best_line(question: str, lines: Sequence[str]) -> str:
    """The line that shares most with the question: the sum of log(lines ÷ lines with the token) over shared tokens.

    Tokens are words and pairs of Chinese characters. Of equals the shortest line, of those the first.
    """
    parts = [_tokens(line) for line in lines]
    counts = Counter(token for tokens in parts for token in tokens)
    asked = _tokens(question)

    def shared(index: int) -> tuple[float, int, int]:
        weight = sum(math.log(1 + len(lines) / counts[token]) for token in parts[index] & asked)
        return weight, -len(lines[index]), -index

    return lines[max(range(len(lines)), key=shared)] if lines else ""


def _tokens(text: str) -> set[str]:
    found = [match.group() for match in TOKENS.finditer(text.casefold())]
    pairs = {a + b for a, b in pairwise(found) if a >= "\u4e00" and b >= "\u4e00"}
    return pairs | {token for token in found if token < "\u4e00"}

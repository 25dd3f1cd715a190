"""Owns how much of a question stands around the places of a text, by the words that both have: no model, no index.

Rare words count more than frequent ones. A word is a run of letters and digits; scripts without spaces are taken two
characters at a time. Everything is found by plain search, so that a text of ten million characters takes a second.
"""

from __future__ import annotations

import math
import re
from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import takewhile

import snowballstemmer

WORD = re.compile(r"[^\W_\u2e80-\U0003ffff]+(?:[-_.][^\W_\u2e80-\U0003ffff]+)*|[\u2e80-\U0003ffff]+")
DENSE = re.compile(r"[\u2e80-\U0003ffff]")
# A letter or number that tells one thing from others of its name, "kiln B", "3号泵"; I is a word of its own.
MARK = re.compile(r"[A-HJ-Z]|\d{1,2}")
# Full-width letters, digits and signs as their narrow ones: one character for one, so that places stay.
NARROW = {0xFF01 + step: 0x21 + step for step in range(94)} | {0x3000: 0x20, 0xA0: 0x20}
STEMMER = snowballstemmer.stemmer("english")
LEAST_INFLECTED = 5
STOP_WORDS = frozenset(
    (
        *("a", "an", "and", "are", "as", "at", "be", "by", "did", "do", "does", "for", "from", "how", "in", "is"),
        *("it", "many", "me", "much", "of", "on", "or", "tell", "that", "the", "this", "to", "was", "were", "what"),
        *("when", "where", "which", "who", "whom", "whose", "why", "with"),
        *("什么", "多少", "是多", "哪个", "哪些", "如何", "怎么", "怎样", "请问", "的是", "是否", "多大", "多长"),
        *("多久", "几个"),
    )
)
MOST_PLACES = 400
MOST_WORDS = 48
AROUND = 160
LONGEST_PASSAGE = 240
BEFORE_SHARE = 0.5
SENTENCE_END = re.compile(r"[.!?](?=\s)|[。！？；]")


@dataclass(frozen=True)
class Passage:
    """Characters start … end - 1 of a text; `score` in 0..1."""

    start: int
    end: int
    score: float


def folded(text: str) -> str:
    """The text in small narrow letters, character for character."""
    narrow = text.translate(NARROW)
    small = narrow.lower()
    if len(small) == len(narrow):
        return small
    return "".join(letter if len(letter.lower()) > 1 else letter.lower() for letter in narrow)


def words_of(text: str) -> list[str]:
    """Different words of a text, folded, without those that every question has.

    A mark is taken with the words beside it: alone it stands in every line.
    """
    found: dict[str, None] = {}
    runs = list(WORD.finditer(text.translate(NARROW)))
    for number, run in enumerate(runs):
        if MARK.fullmatch(run[0]):
            pieces = _marked(runs, number) or [run[0]]
        elif DENSE.match(run[0]):
            pieces = [run[0][at : at + 2] for at in range(max(1, len(run[0]) - 1))]
        else:
            pieces = [run[0]]
        found |= dict.fromkeys(_stem(piece) for piece in map(folded, pieces) if piece not in STOP_WORDS)
    return list(found)[:MOST_WORDS]


def _stem(word: str) -> str:
    """What the forms of an English word begin with, so that plain search finds them all."""
    if len(word) < LEAST_INFLECTED or not (word.isascii() and word.isalpha()):
        return word
    alike = takewhile(lambda pair: pair[0] == pair[1], zip(word, STEMMER.stemWord(word), strict=False))
    return "".join(letter for letter, _ in alike)


def _marked(runs: Sequence[re.Match[str]], number: int) -> list[str]:
    """The mark of this number with the word before it, or with the characters that touch it."""
    mark, pieces = runs[number], list[str]()
    before = runs[number - 1] if number else None
    after = runs[number + 1] if number + 1 < len(runs) else None
    if before and DENSE.match(before[0]):
        pieces += [before[0][-1] + mark[0]] * (before.end() == mark.start())
    elif before and mark.string[before.end() : mark.start()] == " ":
        pieces.append(f"{before[0]} {mark[0]}")
    if after and DENSE.match(after[0]) and mark.end() == after.start():
        pieces.append(mark[0] + after[0][0])
    return pieces


class Asked:
    """A folded text and the weights of a question's words in it."""

    def __init__(self, text: str, question: str) -> None:
        self.text = text
        counts = {word: text.count(word) for word in words_of(question)}
        self.weights: Mapping[str, float] = {word: 1 / math.log2(2 + count) for word, count in counts.items() if count}
        self._all = sum(1.0 if not count else 1 / math.log2(2 + count) for count in counts.values())

    def scored(self, start: int, end: int) -> Passage:
        """The place with the share of the question that stands around it; half counts what stands on lines before."""
        line_start = self.text.rfind("\n", 0, start) + 1
        line_end = self.text.find("\n", end)
        line_end = len(self.text) if line_end < 0 else line_end
        around = self.text[max(line_start, start - AROUND) : min(line_end, end + AROUND)]
        before = self.text[max(0, line_start - AROUND) : line_start]
        weight = 0.0
        for word, rare in self.weights.items():
            weight += rare if word in around else BEFORE_SHARE * rare if word in before else 0.0
        return Passage(start, end, min(1.0, weight / self._all) if self._all else 0.0)

    def of_lines(self, starts: Sequence[int]) -> list[float]:
        """The score of each line that starts there, in 0..1; the last one ends with the text."""
        near = [0.0] * len(starts)
        for line in self._reached(starts):
            end = starts[line + 1] if line + 1 < len(starts) else len(self.text)
            near[line] = self.scored(starts[line], max(starts[line], end - 1)).score
        return near

    def passages(self) -> list[Passage]:
        """Every line, or piece of a long one, with a word of the question; scored by these words."""
        places = {self._around(at) for word in self._rarest_first() for at in _places(self.text, word)}
        return [self._worth(start, end) for start, end in places]

    def _reached(self, starts: Sequence[int]) -> set[int]:
        """Which of the lines that start there may have words of the question around them."""
        spans = ((at - AROUND, at + AROUND) for word in self.weights for at in _places(self.text, word))
        reached = ((bisect_right(starts, first) - 1, bisect_right(starts, last)) for first, last in spans)
        return {line for first, last in reached for line in range(max(0, first), last)}

    def _rarest_first(self) -> list[str]:
        return sorted(self.weights, key=lambda word: -self.weights[word])

    def _around(self, at: int) -> tuple[int, int]:
        """The line at a place, or the piece of it between full stops where it is long."""
        start = self.text.rfind("\n", 0, at) + 1
        end = self.text.find("\n", at)
        end = len(self.text) if end < 0 else end
        if end - start <= LONGEST_PASSAGE:
            return start, end
        stops = [match.end() for match in SENTENCE_END.finditer(self.text, start, end)]
        cut = bisect_right(stops, at)
        return stops[cut - 1] if cut else start, stops[cut] if cut < len(stops) else end

    def _worth(self, start: int, end: int) -> Passage:
        passage = self.text[start:end]
        weight = sum(weight for word, weight in self.weights.items() if word in passage)
        return Passage(start, end, weight / self._all if self._all else 0.0)


def _places(text: str, word: str) -> Iterator[int]:
    at = text.find(word)
    for _ in range(MOST_PLACES):
        if at < 0:
            return
        yield at
        at = text.find(word, at + len(word))

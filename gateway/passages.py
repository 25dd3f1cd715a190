"""Owns which places of a text a question or an answer speaks of, by the words they share: no model, no index.

Rare words count more than frequent ones. A word is a run of letters and digits; scripts without spaces are taken two
characters at a time. Everything is found by plain search, so that a text of ten million characters takes a second.
"""

from __future__ import annotations

import math
import re
from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice, takewhile

import snowballstemmer
from rapidfuzz import fuzz

from gateway.answers import Evidence
from gateway.documents import PageSize

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
        *(
            "when",
            "where",
            "which",
            "who",
            "whom",
            "whose",
            "why",
            "with",
            "什么",
            "多少",
            "是多",
            "哪个",
            "哪些",
            "如何",
        ),
        *("怎么", "怎样", "请问", "的是", "是否", "多大", "多长", "多久", "几个"),
    )
)
MOST_PLACES = 400
MOST_WORDS = 48
AROUND = 160
LONGEST_PASSAGE = 240
LONGEST_VERBATIM = 200
LEAST_LIKENESS, WORDS_SHARE = 55.0, 0.8
NUMBER = re.compile(r"\d[\d.,]*(?<![.,])")
BEFORE_SHARE = 0.5
VERBATIM_SCORE = 0.5
SENTENCE_END = re.compile(r"[.!?](?=\s)|[。！？；]")
# What pages show badly: a digit beside anything, hashes, names with signs inside.
PRECISE = re.compile(r"\d|[A-Za-z]+[_./@:-][A-Za-z]+|[A-Z]{2,}")


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


def locate(text: str, question: str, answer: str) -> Passage | None:
    """Where the answer stands: word for word, there where the question's words stand too, else what is most like it."""
    if not answer.strip():
        return None
    asked = _Asked(folded(text), question)
    verbatim = [asked.scored(start, end) for start, end in _verbatim(asked.text, folded(answer))]
    if verbatim:
        best = max(verbatim, key=lambda passage: passage.score)
        return Passage(best.start, best.end, VERBATIM_SCORE + best.score * (1 - VERBATIM_SCORE))
    return _most_like(asked, answer)


def nearness(text: str, question: str, places: Sequence[Evidence | None]) -> list[float]:
    """How much of the question stands around each place of the text, in 0..1; 0 around none."""
    asked = _Asked(folded(text), question)
    return [asked.scored(place.text_start, place.text_end).score if place else 0.0 for place in places]


def lines_nearness(text: str, question: str, pages: Sequence[PageSize]) -> tuple[tuple[float, ...], ...]:
    """`nearness` of each line of each page."""
    asked = _Asked(folded(text), question)
    starts = [page.text_start + start for page in pages for start in page.line_starts]
    near = [0.0] * len(starts)
    for line in asked.lines(starts):
        end = starts[line + 1] if line + 1 < len(starts) else len(text)
        near[line] = asked.scored(starts[line], max(starts[line], end - 1)).score
    told = iter(near)
    return tuple(tuple(islice(told, len(page.line_starts))) for page in pages)


def stands_on(answer: str, text: str, page: PageSize) -> bool:
    """Whether the text has the answer word for word in a place that reaches onto the page."""
    spans = _verbatim(folded(text), folded(answer), max(0, page.text_start - LONGEST_VERBATIM))
    return any(end > page.text_start for _, end in takewhile(lambda span: span[0] < page.text_end, spans))


def sidecar(text: str, question: str, most_characters: int) -> tuple[str, ...]:
    """Lines that the question speaks of and that hold what must be read exactly, in order, within the bound."""
    asked = _Asked(folded(text), question)
    lines = sorted(asked.passages(), key=lambda passage: -passage.score)
    chosen: list[Passage] = []
    left = most_characters
    for line in lines:
        if line.end - line.start <= left and PRECISE.search(text, line.start, line.end):
            chosen.append(line)
            left -= line.end - line.start
    return tuple(text[line.start : line.end].strip() for line in sorted(chosen, key=lambda line: line.start))


def on_page(passage: Passage, pages: Sequence[PageSize]) -> Evidence:
    """The passage as evidence, on the page that its first character stands on."""
    starts = [page.text_start for page in pages]
    page = max(0, bisect_right(starts, passage.start) - 1)
    return Evidence(page, passage.start, passage.end, passage.score)


class _Asked:
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
        near = ((word in around) + BEFORE_SHARE * (word in before) for word in self.weights)
        weight = sum(weight * min(1.0, share) for weight, share in zip(self.weights.values(), near, strict=True))
        return Passage(start, end, min(1.0, weight / self._all) if self._all else 0.0)

    def passages(self) -> list[Passage]:
        """Every line, or piece of a long one, with a word of the question; scored by these words."""
        places = {self._around(at) for word in self._rarest_first() for at in _places(self.text, word)}
        return [self._worth(start, end) for start, end in places]

    def lines(self, starts: Sequence[int]) -> set[int]:
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


def _verbatim(text: str, answer: str, begin: int = 0) -> Iterator[tuple[int, int]]:
    """Where the answer stands word for word, whatever spaces are in it or there; a number stands for itself only."""
    letters = "".join(answer.split()).strip("。.，,；;：:!！?？\"'“”")
    if not letters or len(letters) > LONGEST_VERBATIM:
        return
    pattern = r"\s*".join(map(re.escape, letters))
    edges = (r"(?<!\d)(?<!\d[.,])" if letters[0].isdigit() else "", r"(?![.,]?\d)" if letters[-1].isdigit() else "")
    places = re.compile(f"{edges[0]}{pattern}{edges[1]}").finditer(text, begin)
    for _, match in zip(range(MOST_PLACES), places, strict=False):
        yield match.span()


def _most_like(asked: _Asked, answer: str) -> Passage | None:
    """Of the places that share words with the question or the answer, the one most like the answer."""
    told, answer = _Asked(asked.text, answer), folded(answer)
    numbers = set(NUMBER.findall(answer))
    best: Passage | None = None
    for place in told.passages() or asked.passages():
        passage = asked.text[place.start : place.end]
        likeness = _likeness(answer, passage) if numbers <= set(NUMBER.findall(passage)) else 0.0
        score = likeness / 100 * (0.3 + 0.2 * asked.scored(place.start, place.end).score)
        if likeness and (best is None or score > best.score):
            best = Passage(place.start, place.end, score)
    return best


def _likeness(answer: str, passage: str) -> float:
    """0 … 100: as one piece, or by words in any order, which is less of a proof; 0 below what counts."""
    likeness = max(fuzz.partial_ratio(answer, passage), WORDS_SHARE * fuzz.token_set_ratio(answer, passage))
    return likeness if likeness >= LEAST_LIKENESS else 0.0

"""Owns which places of a text a question or an answer speaks of, as far as the words that they share tell it."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from itertools import islice, takewhile

from rapidfuzz import fuzz

from gateway.answers import Evidence
from gateway.documents import PageSize
from gateway.overlap import MOST_PLACES, Asked, Passage, folded

LONGEST_VERBATIM = 200
LEAST_LIKENESS, WORDS_SHARE = 55.0, 0.8
NUMBER = re.compile(r"\d[\d.,]*(?<![.,])")
VERBATIM_SCORE = 0.5
# What pages show badly: a digit beside anything, hashes, names with signs inside.
PRECISE = re.compile(r"\d|[A-Za-z]+[_./@:-][A-Za-z]+|[A-Z]{2,}")


def locate(text: str, question: str, answer: str) -> Passage | None:
    """Where the answer stands: word for word, there where the question's words stand too, else what is most like it."""
    if not answer.strip():
        return None
    asked = Asked(folded(text), question)
    verbatim = [asked.scored(start, end) for start, end in _verbatim(asked.text, folded(answer))]
    if verbatim:
        best = max(verbatim, key=lambda passage: passage.score)
        return Passage(best.start, best.end, VERBATIM_SCORE + best.score * (1 - VERBATIM_SCORE))
    return _most_like(asked, answer)


def nearness(asked: Asked, places: Sequence[Evidence | None]) -> list[float]:
    """How much of the question stands around each place of the text, in 0..1; 0 around none."""
    return [asked.scored(place.text_start, place.text_end).score if place else 0.0 for place in places]


def lines_nearness(asked: Asked, pages: Sequence[PageSize]) -> tuple[tuple[float, ...], ...]:
    """`nearness` of each line of each page."""
    starts = [page.text_start + start for page in pages for start in page.line_starts]
    told = iter(asked.of_lines(starts))
    return tuple(tuple(islice(told, len(page.line_starts))) for page in pages)


def stands_on(answer: str, text: str, page: PageSize) -> bool:
    """Whether the text has the answer word for word in a place that reaches onto the page."""
    spans = _verbatim(folded(text), folded(answer), max(0, page.text_start - LONGEST_VERBATIM))
    return any(end > page.text_start for _, end in takewhile(lambda span: span[0] < page.text_end, spans))


def sidecar(text: str, question: str, most_characters: int) -> tuple[str, ...]:
    """Lines that the question speaks of and that hold what must be read exactly, in order, within the bound."""
    asked = Asked(folded(text), question)
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


def _most_like(asked: Asked, answer: str) -> Passage | None:
    """Of the places that share words with the question or the answer, the one most like the answer."""
    told, answer = Asked(asked.text, answer), folded(answer)
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

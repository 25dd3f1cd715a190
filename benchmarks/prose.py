"""Owns the texts that measurements are taken with: sentences of our own, shuffled into prose of any length."""

import random
from functools import cache
from pathlib import Path

TEXTS = Path(__file__).parent / "texts"
SENTENCES_A_PARAGRAPH = 6
SEED = 7


@cache
def sentences(language: str) -> tuple[str, ...]:
    """The sentences of a language, "zh" or "en"."""
    return tuple((TEXTS / f"{language}.txt").read_text("utf-8").splitlines())


def prose(language: str, characters: int, line_ends: bool = True) -> str:
    """Paragraphs of shuffled sentences, cut to so many characters; one endless line without `line_ends`."""
    chance, parts, length = random.Random(SEED), list[str](), 0
    joiner, own = "" if language == "zh" else " ", list(sentences(language))
    end = "\n" if line_ends else joiner
    while length <= characters:
        paragraph = joiner.join(chance.sample(own, SENTENCES_A_PARAGRAPH)) + end
        parts.append(paragraph)
        length += len(paragraph)
    return "".join(parts)[:characters]


def log(lines: int) -> str:
    """Lines of a service's log: short ones, as most logs have."""
    chance, levels = random.Random(SEED), ("INFO", "INFO", "DEBUG", "WARN")
    parts = []
    for at in range(lines):
        done = f"request {chance.randrange(10**6)} done in {chance.randrange(900)} ms"
        parts.append(f"12:{at // 60 % 60:02}:{at % 60:02} {chance.choice(levels)} {done}\n")
    return "".join(parts)

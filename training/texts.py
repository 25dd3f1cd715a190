"""Owns the running text to read: windows of the corpus, and noise that no language model can guess."""

from __future__ import annotations

import json
import lzma
import random
import re
from bisect import bisect_right
from collections.abc import Callable
from functools import cache
from itertools import accumulate
from pathlib import Path

from training.alphabet import KNOWN
from training.checkpoint import gb2312

_BLANK_LINES = re.compile(r"\n[ \n]*\n")


class Corpus:
    """Cleaned training text by language; held as one string each, so that worker processes share its pages."""

    def __init__(self, folder: Path, split: str = "train") -> None:
        self.texts: dict[str, str] = {}
        self.ends: dict[str, list[int]] = {}
        for lang in ("zh", "en"):
            pieces = [_cleaned(json.loads(line)["text"]) for line in _lines(folder / f"{split}_{lang}.jsonl.xz")]
            self.texts[lang] = "".join(pieces)
            self.ends[lang] = list(accumulate(len(p) for p in pieces))

    def passage(self, rng: random.Random, lang: str, characters: int) -> str:
        """About `characters` of running text, from as many documents as it takes."""
        pieces = [self.window(rng, lang, characters)]
        while (size := sum(map(len, pieces))) < characters - 100:
            pieces.append(self.window(rng, lang, characters - size))
        return "\n\n".join(pieces)

    def window(self, rng: random.Random, lang: str, characters: int) -> str:
        """Up to `characters` of one document, from the start of a line most of the time."""
        text, ends = self.texts[lang], self.ends[lang]
        at = rng.randrange(len(text))
        end = ends[bisect_right(ends, at)]
        if rng.random() < 0.8:
            newline = text.find("\n", at, end)
            at = newline + 1 if newline >= 0 and newline + 20 < end else at
        return text[at : min(end, at + characters)].strip("\n")


def _lines(path: Path) -> list[str]:
    with lzma.open(path, "rt", encoding="utf-8") as file:
        return file.readlines()


def _cleaned(text: str) -> str:
    text = "".join(c for c in text.replace("\t", "    ") if c in KNOWN)
    return _BLANK_LINES.sub("\n\n", re.sub(r" +\n", "\n", text)).strip("\n") + "\n"


@cache
def _hanzi() -> list[str]:
    return [c for c in gb2312() if c >= "\u4e00"]


def _random_hanzi(rng: random.Random) -> str:
    return "".join(rng.choices(_hanzi(), k=rng.randint(4, 40)))


def _identifier(rng: random.Random) -> str:
    letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./:"
    return "".join(rng.choices(letters, k=rng.randint(3, 24)))


def _hexadecimal(rng: random.Random) -> str:
    return "".join(rng.choices("0123456789abcdef", k=rng.choice((4, 8, 12, 16, 32, 40))))


def _number(rng: random.Random) -> str:
    value = rng.randrange(10 ** rng.randint(1, 9))
    return rng.choice((f"{value}", f"{value:,}", f"{value / 100:.2f}", f"-{value}", f"0x{value:X}", f"{value}%"))


def _code_points(rng: random.Random) -> str:
    return "".join(rng.choices(_symbols(), k=rng.randint(4, 20)))


@cache
def _symbols() -> list[str]:
    # Greek, Cyrillic and full-width letters look like Latin ones: only context tells them apart, and noise has none.
    return [c for c in sorted(KNOWN) if c > " " and not "\u0370" <= c <= "\u04ff" and not "\u4e00" <= c <= "\u9fff"]


_KINDS: tuple[tuple[Callable[[random.Random], str], int], ...] = (
    (_random_hanzi, 5),
    (_identifier, 4),
    (_hexadecimal, 2),
    (_number, 3),
    (_code_points, 1),
)


def noise(rng: random.Random, characters: int) -> str:
    """Random hanzi, identifiers, numbers and symbols in lines of uneven length."""
    kinds, weights = zip(*_KINDS, strict=True)
    pieces: list[str] = []
    size = 0
    only = rng.choices(kinds, weights)[0] if rng.random() < 0.4 else None
    while size < characters:
        make = only or rng.choices(kinds, weights)[0]
        piece = make(rng) + rng.choices((" ", "\n", "", ", ", "，", " = ", "|"), (6, 2, 1, 1, 1, 1, 1))[0]
        pieces.append(piece)
        size += len(piece)
    return "".join(pieces).strip("\n ")[:characters]

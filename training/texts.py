"""Owns the running text to read: windows of the corpus."""

from __future__ import annotations

import json
import lzma
import random
import re
from bisect import bisect_right
from itertools import accumulate
from pathlib import Path

from training.alphabet import KNOWN

OPENINGS = 0.2
"""Share of the windows that begin where their document does: nowhere else are titles."""
_BLANK_LINES = re.compile(r"\n[ \n]*\n")


class Corpus:
    """Cleaned training text by language; held as one string each, so that worker processes share its pages."""

    def __init__(self, folder: Path, split: str = "train") -> None:
        self.held = split == "held"
        self.texts: dict[str, str] = {}
        self.ends: dict[str, list[int]] = {}
        for lang in ("zh", "en"):
            pieces = [_cleaned(json.loads(line)["text"]) for line in _lines(folder / f"{split}_{lang}.jsonl.xz")]
            self.texts[lang] = "".join(pieces)
            self.ends[lang] = list(accumulate(len(p) for p in pieces))

    def passage(self, rng: random.Random, lang: str, characters: int, openings: float = OPENINGS) -> str:
        """About `characters` of running text, from as many documents as it takes."""
        pieces = [self.window(rng, lang, characters, openings)]
        while (size := sum(map(len, pieces))) < characters - 100:
            pieces.append(self.window(rng, lang, characters - size, openings))
        return "\n\n".join(pieces)

    def window(self, rng: random.Random, lang: str, characters: int, openings: float = OPENINGS) -> str:
        """Up to `characters` of one document, from its start or that of a line most of the time."""
        text, ends = self.texts[lang], self.ends[lang]
        at = rng.randrange(len(text))
        number = bisect_right(ends, at)
        end = ends[number]
        if rng.random() < openings:
            at = ends[number - 1] if number else 0
        elif rng.random() < 0.8:
            newline = text.find("\n", at, end)
            at = newline + 1 if newline >= 0 and newline + 20 < end else at
        return text[at : min(end, at + characters)].strip("\n")


def _lines(path: Path) -> list[str]:
    with lzma.open(path, "rt", encoding="utf-8") as file:
        return file.readlines()


def _cleaned(text: str) -> str:
    text = "".join(c for c in text.replace("\t", "    ") if c in KNOWN)
    return _BLANK_LINES.sub("\n\n", re.sub(r" +\n", "\n", text)).strip("\n") + "\n"

"""Kinds of slots that are words, from the table beside this module: drawn, with a brand before, or put together."""

from __future__ import annotations

import tomllib
from pathlib import Path
from random import Random
from typing import Any

from training.documents import names
from training.documents.chance import pick
from training.documents.lexicon import fill
from training.documents.values import Maker

_TABLE: dict[str, Any] = tomllib.loads((Path(__file__).parent / "slots.toml").read_text(encoding="utf-8"))
DRAWN: dict[str, tuple[str, ...]] = {kind: tuple(words) for kind, words in _TABLE["drawn"].items()}


def word(rng: Random, kind: str) -> str:
    """One of the words of a drawn kind."""
    return pick(rng, DRAWN[kind])


def drawn(kind: str) -> Maker:
    """The maker of the words of a drawn kind."""
    return lambda rng: pick(rng, DRAWN[kind])


def filled(kind: str) -> Maker:
    """The maker of a kind that is put together of drawn words."""
    templates = tuple(_TABLE["filled"][kind])
    return lambda rng: fill(rng, pick(rng, templates), DRAWN)


def _branded(words: tuple[str, ...]) -> Maker:
    return lambda rng: (names.brand_zh(rng) if rng.random() < 0.6 else "") + pick(rng, words)


def capital(make: Maker) -> Maker:
    """The maker with a capital first letter."""

    def made(rng: Random) -> str:
        text = make(rng)
        return text[0].upper() + text[1:]

    return made


WORDS: dict[str, Maker] = (
    {kind: drawn(kind) for kind in DRAWN}
    | {kind: _branded(tuple(words)) for kind, words in _TABLE["branded"].items()}
    | {kind: filled(kind) for kind in _TABLE["filled"]}
)

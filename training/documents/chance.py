"""The few ways in which the generator draws from its rng, kept cheap because millions of documents are drawn."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random
from typing import TypeVar

T = TypeVar("T")


def pick(rng: Random, choices: Sequence[T]) -> T:
    """One of the choices; a quarter of the cost of `Random.choice`."""
    return choices[int(rng.random() * len(choices))]


def upto(rng: Random, low: int, high: int) -> int:
    """A whole number from low to high, both included."""
    return low + int(rng.random() * (high - low + 1))


def some(rng: Random, choices: Sequence[T], count: int) -> list[T]:
    """Up to `count` different choices in random order."""
    return rng.sample(choices, min(count, len(choices)))


def listed(text: str) -> tuple[str, ...]:
    """The words of a text as a tuple."""
    return tuple(text.split())


def words(text: str) -> tuple[str, ...]:
    """A table cell of alternatives, 'a/b/c' (a literal slash is written as '\\')."""
    return tuple(part.strip().replace("\\", "/") for part in text.split("/") if part.strip())

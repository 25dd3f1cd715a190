"""Owns text that no language model can guess: random characters, and lines that repeat each other but for a little.

What repeats teaches the reader to follow its place on the page instead of the words: logs are like that, and code.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from functools import cache

from training.alphabet import KNOWN
from training.checkpoint import gb2312


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


def _word(rng: random.Random) -> str:
    return "".join(rng.choices("abcdefghijklmnopqrstuvwxyz_", k=rng.randint(1, 9)))


def _clock(rng: random.Random) -> str:
    hour, minute, second = rng.randrange(24), rng.randrange(60), rng.randrange(60)
    day = f"20{rng.randrange(10, 30)}-{rng.randint(1, 12):02d}-{rng.randint(1, 28):02d}T" if rng.random() < 0.3 else ""
    return f"{day}{hour:02d}:{minute:02d}:{second:02d}" + rng.choice(("", "", ".482", "Z"))


def _clock_at(second: int) -> str:
    return f"{second // 3600 % 24:02d}:{second // 60 % 60:02d}:{second % 60:02d}"


_VALUES: tuple[Callable[[random.Random], str], ...] = (_number, _hexadecimal, _word, _word, _identifier)
_FIELDS = (*_VALUES, _clock)
_CLOSED = (("(", ")"), ("[", "]"), ("{", "}"), ('"', '"'), ("'", "'"), ("<", ">"))
_SIGNS = (
    " = ",
    ", ",
    ".",
    ": ",
    " + ",
    "(",
    ")",
    " == ",
    "[",
    "]:",
    " -> ",
    ";",
    " if ",
    " {",
    "}",
    "\\",
    " | ",
    "=",
    " # ",
)
_INDENTS = ("  ", "    ", "    ", "\t")


def _quoted(rng: random.Random) -> str:
    opened, closed = rng.choice(_CLOSED)
    return opened + rng.choice(_VALUES)(rng) + closed


def _json(values: list[str], names: list[str]) -> str:
    told = (value if value.isdigit() else f'"{value}"' for value in values)
    return "{" + ", ".join(f'"{name}": {value}' for name, value in zip(names, told, strict=True)) + "}"


def _pairs(values: list[str], names: list[str]) -> str:
    return " ".join(f"{name}={value}" for name, value in zip(names, values, strict=True))


def _plain(values: list[str], names: list[str]) -> str:
    """The separator is the same on every line of a text: it depends on the names."""
    return (" ", ",", " | ", "  ")[len("".join(names)) % 4].join(values)


def table(rng: random.Random, characters: int) -> str:
    """Lines with the same fields, a log, a table, JSON: some, most or all of them move from line to line."""
    names, at = [_word(rng) for _ in range(rng.randint(3, 9))], rng.randrange(10**6)
    first, count = rng.choice(("at", "t", "ts", "time", _word(rng))), rng.choice((str, _clock_at, _clock_at))
    fixed = [rng.choice(_FIELDS)(rng) for _ in names]
    moving = range(len(names)) if rng.random() < 0.4 else rng.sample(range(len(names)), rng.randint(0, 3))
    form = rng.choice((_json, _json, _json, _pairs, _plain))
    lines: list[str] = []
    size = 0
    while size < characters:
        at += rng.choice((0, 1, 1, 7, 60))
        values = [rng.choice(_FIELDS)(rng) if i in moving else one for i, one in enumerate(fixed)]
        lines.append(form([count(at), *values], [first, *names]))
        size += len(lines[-1]) + 1
    return "\n".join(lines)[:characters]


def code(rng: random.Random, characters: int) -> str:
    """Lines of words and signs at indents that come and go."""
    indent, deep = rng.choice(_INDENTS), 0
    known = [_word(rng) for _ in range(rng.randint(2, 12))]
    lines: list[str] = []
    size = 0
    while size < characters:
        deep = max(0, min(7, deep + rng.choice((-2, -1, 0, 0, 0, 1))))
        parts = [rng.choice(known) if rng.random() < 0.6 else _quoted(rng) for _ in range(rng.randint(1, 6))]
        lines.append(indent * deep + "".join(part + rng.choice(_SIGNS) for part in parts).rstrip())
        lines += [""] * (rng.random() < 0.1)
        size += len(lines[-1]) + 1
    return "\n".join(lines)[:characters].strip("\n")

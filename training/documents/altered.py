"""Owns other figures for a written document: what was written once would be known by heart after some readings.

Numbers, dates, times and the digits of identifiers become others of the same length, the same ones wherever they
occur, so that every place in the text stays where it is.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from random import Random

from training.documents.chance import pick, upto

_TOKEN = re.compile(
    r"(?P<day>\d{1,2}(?= (?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)))"
    r"|(?P<date>(?<!\d)(?:19|20)\d\d(?P<mark>[-/.])\d\d(?P=mark)\d\d(?!\d))"
    r"|(?P<clock>(?<!\d)\d\d:\d\d(?!\d))"
    r"|(?P<calendar>\d{1,2}(?= ?[月日号时点]))"
    r"|(?P<hex>0[xX][0-9A-Fa-f]+)"
    r"|(?P<name>[A-Za-z][A-Za-z_.-]*\d[\w-]*)"
    r"|(?P<number>\d[\d,]*(?:\.\d+)*)",
    re.ASCII,
)
_DIGIT = re.compile(r"\d")
_HEX = "0123456789abcdef"
_YEAR = re.compile(r"(?:19|20)\d\d$")
_FEWEST = 2
"""Numbers of fewer digits stay: they number lists and chapters."""

_TRIES = 20
"""Draws until one is new: what was told apart stays apart."""

Alter = Callable[[str], str]


def altering(rng: Random, kept: Iterable[str]) -> Alter:
    """Changes texts that belong together; the tokens of the texts in `kept` stay."""
    known = {match[0]: match[0] for text in kept for match in _TOKEN.finditer(text)}

    taken = set(known)

    def other(match: re.Match[str]) -> str:
        token = match[0]
        if token not in known:
            made = (_OTHERS[match.lastgroup or "number"](rng, token) for _ in range(_TRIES))
            known[token] = next((one for one in made if one not in taken), token)
            taken.add(known[token])
        return known[token]

    return lambda text: _TOKEN.sub(other, text)


def _digits(rng: Random, token: str) -> str:
    """Other digits, a zero only where there was one at the front."""
    if _YEAR.match(token):
        return f"20{upto(rng, 10, 31)}"
    found = _DIGIT.findall(token)
    if len(found) < _FEWEST:
        return token
    fresh = iter([found[0] if found[0] == "0" else pick(rng, "123456789"), *(pick(rng, "0123456789") for _ in found)])
    return _DIGIT.sub(lambda _: next(fresh), token)


def _date(rng: Random, token: str) -> str:
    mark = token[4]
    return f"20{upto(rng, 10, 31)}{mark}{upto(rng, 1, 12):02d}{mark}{upto(rng, 1, 28):02d}"


def _hex(rng: Random, token: str) -> str:
    made = "".join(pick(rng, _HEX) for _ in token[2:])
    return token[:2] + (made if token[2:].lower() == token[2:] else made.upper())


def _name(rng: Random, token: str) -> str:
    return _DIGIT.sub(lambda match: match[0] if match[0] == "0" else pick(rng, "123456789"), token)


_OTHERS: dict[str, Callable[[Random, str], str]] = {
    "day": lambda rng, token: f"{upto(rng, 10, 28)}" if len(token) > 1 else f"{upto(rng, 1, 9)}",
    "date": _date,
    "clock": lambda rng, _: f"{upto(rng, 0, 23):02d}:{upto(rng, 0, 59):02d}",
    "calendar": lambda _, token: token,
    "hex": _hex,
    "name": _name,
    "number": _digits,
}

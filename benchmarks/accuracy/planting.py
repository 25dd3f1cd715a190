"""Owns documents with planted facts: what stands in them, what is asked, what the answer is."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from random import Random

from benchmarks.accuracy import wordings

GOLDEN = (5**0.5 - 1) / 2  # multiples of it, modulo 1, lie as evenly as any series can


@dataclass(frozen=True)
class Asked:
    """A question, the answers that count as right (none: the document does not tell) and where the answer stands."""

    question: str
    kind: str
    accepted: tuple[str, ...] = ()
    evidence: str = ""
    name: str = ""


@dataclass(frozen=True)
class Planted:
    """A document's text and the questions about it."""

    text: str
    asked: tuple[Asked, ...]


def _quantity(kind: str) -> Callable[[Random, str], str]:
    def make(rng: Random, lang: str) -> str:
        number = rng.choice((f"{rng.randrange(2, 990)}", f"{rng.randrange(11, 99)}.{rng.randrange(1, 10)}"))
        return f"{number} {rng.choice(wordings.UNITS[lang][kind])}"

    return make


def _date(rng: Random, lang: str) -> str:
    year, month, day = rng.randrange(1998, 2032), rng.randrange(1, 13), rng.randrange(1, 29)
    return f"{year} 年 {month} 月 {day} 日" if lang == "zh" else f"{year}-{month:02d}-{day:02d}"


def _serial(rng: Random, _lang: str) -> str:
    letters = "".join(rng.choices("ABCDEFGHJKLMNPRSTUVWXYZ", k=rng.randrange(2, 4)))
    return f"{letters}-{rng.randrange(100, 99999)}"


def _path(rng: Random, _lang: str) -> str:
    folders = rng.sample(("srv", "drafts", "vault", "q3", "intake", "north", "old", "mirror"), 3)
    return "/" + "/".join(folders) + f"/{rng.randrange(10, 999)}"


def _amount(rng: Random, lang: str) -> str:
    return f"{rng.randrange(1000, 999999):,} {rng.choice(wordings.UNITS[lang]['amount'])}"


def _person(rng: Random, lang: str) -> str:
    given, surname = rng.choice(wordings.GIVEN[lang]), rng.choice(wordings.SURNAMES[lang])
    return surname + given if lang == "zh" else f"{given} {surname}"


VALUES: dict[str, Callable[[Random, str], str]] = {
    "duration": _quantity("duration"),
    "mass": _quantity("mass"),
    "amount": _amount,
    "date": _date,
    "serial": _serial,
    "path": _path,
    "person": _person,
    "pressure": lambda rng, _lang: f"{rng.randrange(1, 40)}.{rng.randrange(10, 99)} MPa",
    "percent": lambda rng, _lang: f"{rng.randrange(0, 30)}.{rng.randrange(1, 10)}%",
    "version": lambda rng, _lang: f"{rng.randrange(1, 12)}.{rng.randrange(0, 40)}.{rng.randrange(0, 99)}",
    "hex": lambda rng, _lang: f"0x{rng.randrange(16**3, 16**6):X}",
}


def page_count(number: int, most: int = 80) -> int:
    """Pages of document `number` of a series that is log-uniform from 1 to `most`, however early it is cut off."""
    return round(math.exp(math.log(most) * ((number + 0.5) * GOLDEN % 1)))


def planted(rng: Random, lang: str, filler: str, facts: int, absent: int) -> Planted:
    """The filler with `facts` facts, each beside a rival of its key and one of its entity, and questions about it.

    Of the absent ones every other asks for something else of an entity that is there, the rest for one that is not.
    """
    entities = rng.sample(_entities(lang), 2 * facts + absent)
    keys = rng.sample(wordings.KEYS[lang], facts + 1 + absent)
    lines, asked, taken = [], [], {filler}
    for number in range(facts):
        key, other, entity, rival = keys[number], keys[number + 1], entities[number], entities[facts + number]
        stated = ((entity, key), (rival, key), (entity, other))
        (line, value), *rivals = (_line(rng, lang, one, taken) for one in stated)
        lines += [line, *(text for text, _ in rivals)]
        asked.append(Asked(_question(rng, lang, entity, key), "fact", (value,), line))
    for number in range(absent):
        known = number % 2 == 0
        entity = entities[number % facts] if known else entities[2 * facts + number]
        asked.append(Asked(_question(rng, lang, entity, keys[facts + 1 + number] if known else keys[0]), "absent"))
    return Planted(_spread(rng, filler, lines), tuple(asked))


def _entities(lang: str) -> list[str]:
    form = "{place}{mark}号{thing}" if lang == "zh" else "{place} {thing} {mark}"
    return [
        form.format(place=place, thing=thing, mark=mark)
        for place in wordings.PLACES[lang]
        for thing in wordings.THINGS[lang]
        for mark in wordings.MARKS
    ]


def _line(rng: Random, lang: str, stated: tuple[str, tuple[str, str, str]], taken: set[str]) -> tuple[str, str]:
    """A line that states a fact, and its value, which is in nothing that is `taken`."""
    entity, (key, kind, _) = stated
    value = VALUES[kind](rng, lang)
    while any(value in text for text in taken):
        value = VALUES[kind](rng, lang)
    line = rng.choice(wordings.STATEMENTS[lang]).format(e=entity, k=key, v=value)
    taken.add(line)
    return line, value


def _question(rng: Random, lang: str, entity: str, key: tuple[str, str, str]) -> str:
    name, _, own = key
    return (own if own and rng.random() < 0.4 else rng.choice(wordings.QUESTIONS[lang])).format(e=entity, k=name)


def _spread(rng: Random, filler: str, lines: list[str]) -> str:
    """The filler with the lines at places drawn evenly from the ends of its own lines."""
    own = filler.split("\n")
    places = sorted(((rng.randint(0, len(own)), line) for line in lines), reverse=True)
    for place, line in places:
        own.insert(place, line)
    return "\n".join(own)

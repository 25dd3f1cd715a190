"""Types of values, the roles that they play and the surface forms of lines: read from the tables beside this module.

A type has a family (types of one family answer the same question words), the class of its question words, kinds of
values (see kinds.py), nouns that may stand before a value, question phrases `wh`, verbs that a subject does with it
(and `verb_wh`, if they are asked for otherwise), adjuncts `words around {v} > how one asks for it / …` of an action,
and roles `name/synonym/…`.
"""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from training.documents.chance import pick, words
from training.documents.document import Lang
from training.documents.kinds import POOLED
from training.documents.marks import MARKS
from training.documents.page import Page

HERE = Path(__file__).parent


class Adjunct(NamedTuple):
    """Words around a value in a sentence about an action, and how they are asked for; `place` is pre or post."""

    text: str
    asks: tuple[str, ...]
    place: str


class Type(NamedTuple):
    """A type of values and how it is spoken of."""

    key: str
    family: str
    klass: str
    kinds: tuple[str, ...]
    nouns: tuple[str, ...]
    wh: tuple[str, ...]
    verbs: tuple[str, ...]
    verb_wh: tuple[str, ...]
    adjuncts: tuple[Adjunct, ...]
    measured: bool
    quoted: bool


class Role(NamedTuple):
    """What a value of a type is to its subject: its names, the first of which is its key."""

    type: Type
    names: tuple[str, ...]


@cache
def syntax(lang: Lang) -> dict[str, Any]:
    """The surface forms of lines and questions."""
    return tomllib.loads((HERE / f"syntax_{lang}.toml").read_text(encoding="utf-8"))


@cache
def roles(lang: Lang) -> tuple[Role, ...]:
    """Every role of the language."""
    table = tomllib.loads((HERE / f"roles_{lang}.toml").read_text(encoding="utf-8"))
    which = syntax(lang)["by_type"]["which"]
    return tuple(
        Role(kind, words(named))
        for key, row in table.items()
        for kind in (_type(key, row, which),)
        for named in row["roles"]
    )


@cache
def types(lang: Lang) -> tuple[Type, ...]:
    """Every type of the language."""
    return tuple(dict.fromkeys(role.type for role in roles(lang)))


@cache
def roles_of(lang: Lang, key: str) -> tuple[Role, ...]:
    """The roles of one type."""
    return tuple(role for role in roles(lang) if role.type.key == key)


@cache
def acting(lang: Lang, family: str = "") -> tuple[Type, ...]:
    """The types with adjuncts."""
    return tuple(kind for kind in types(lang) if kind.adjuncts and family in ("", kind.family))


def _type(key: str, row: dict[str, Any], which: list[str]) -> Type:
    nouns = tuple(row.get("nouns", ()))
    phrases = (*row.get("wh", ()), *(form.replace("{n}", noun) for noun in nouns for form in which))
    return Type(
        key, row["family"], row["class"], tuple(row["kinds"]), nouns, tuple(dict.fromkeys(phrases)),
        tuple(row.get("verbs", ())), tuple(row.get("verb_wh", phrases)), tuple(map(_adjunct, row.get("adjuncts", ()))),
        row.get("measured", False), row.get("quoted", False),
    )  # fmt: skip


def _adjunct(text: str) -> Adjunct:
    written, _, asks = text.partition(" > ")
    place = {"前": "pre", "后": "post"}.get(written[0], "post")
    return Adjunct(written.lstrip("前后") if written[0] in "前后" else written, words(asks), place)


def value(page: Page, kind: Type, form: str = "", pooled: bool = True) -> str:
    """A value of the type; `form` is the kind of all values that are compared with each other.

    What recurs in a document (see kinds.POOLED) does so only if `pooled`.
    """
    form = form or pick(page.rng, kind.kinds)
    if form in MARKS:
        return MARKS[form](page.rng)
    return page.kinds.make(form) if pooled or form not in POOLED else page.kinds.makers[form](page.rng)


@cache
def asks(lang: Lang) -> dict[str, list[str]]:
    """Questions that ask for a role without its name, by the role's first name."""
    table: dict[str, list[str]] = tomllib.loads((HERE / f"asks_{lang}.toml").read_text(encoding="utf-8"))
    return table


def nounlike(lang: Lang, kind: Type) -> tuple[str, ...]:
    """The question phrases of a type that can be the subject of a sentence: "which port", not "where"."""
    return tuple(phrase for phrase in kind.wh if not adverbial(lang, phrase))


def adverbial(lang: Lang, phrase: str) -> bool:
    """Whether a question phrase is an adverb: where, how long, at what time."""
    return any(phrase == word or phrase.startswith(word + " ") for word in syntax(lang)["by_type"]["adverbial"])

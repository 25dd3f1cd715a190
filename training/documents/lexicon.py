"""What a language brings to the generator: domains of entities and attributes, statement and question wordings, filler.

Domains are written as small tables: a line `# key: noun/noun | pattern/pattern` opens a domain of entities, each
further line is an attribute `value kind | name/name/… | statement/… | question/…`. In statements and questions {s} is
the entity, {a} the attribute's name, {v} the value and {x} another value of the same kind.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from random import Random
from typing import NamedTuple

from training.documents import names
from training.documents.chance import pick, upto, words
from training.documents.document import Lang
from training.documents.makers import class_of, enumeration
from training.documents.values import Maker, numeral_zh


class Attribute(NamedTuple):
    """A property of an entity: its names (synonyms), how its values are made, stated and asked for."""

    key: str
    klass: str
    names: tuple[str, ...]
    statements: tuple[str, ...]
    questions: tuple[str, ...]
    make: Maker


class Domain(NamedTuple):
    """A kind of entity: nouns for it, name patterns over {n} noun, {b}, {B} brand, {l} latin, {i}
    identifier, {c} code, {p} person, {o} ordinal."""

    key: str
    nouns: tuple[str, ...]
    patterns: tuple[str, ...]
    attributes: tuple[Attribute, ...]


@dataclass(frozen=True, slots=True)
class Lexicon:
    """All wordings of one language."""

    lang: Lang
    makers: Mapping[str, Maker]
    brand: Maker
    domains: tuple[Domain, ...]
    formats: Mapping[str, Domain]  # what logs, configuration, interfaces and the like speak of
    states: Mapping[str, tuple[str, ...]]  # statement templates by question class, "" for every class
    tails: tuple[str, ...]
    leads: tuple[str, ...]
    stop: str
    cores: Mapping[str, tuple[str, ...]]  # question templates by question class, "" for every class
    before: tuple[str, ...]
    after: tuple[str, ...]
    after_wh: tuple[str, ...]  # after a core with one of the words `wh`
    wh: tuple[str, ...]
    scopes: tuple[str, ...]  # question prefixes over {h} heading number and {t} heading title
    reversed: tuple[str, ...]  # questions for the entity, over {a} and {v}
    quotes: tuple[str, ...]  # over {p} phrase
    quote_pairs: tuple[str, ...]  # over {p} and {q}
    sections: tuple[str, ...]  # over {p} phrase
    about: tuple[str, ...]  # phrases naming a fact, over {s} and {a}
    filler: tuple[str, ...]  # sentences over the slots
    slots: Mapping[str, tuple[str, ...]]
    natural: Mapping[str, tuple[str, ...]]  # templates and question words for natural text
    titles: tuple[str, ...]  # chapter titles over the slots and {s}


@cache
def _pieces(template: str) -> tuple[str, ...]:
    """The template cut at its slots: literal, slot, literal, …"""
    return tuple(piece for part in template.split("[") for piece in part.split("]"))


def fill(rng: Random, template: str, slots: Mapping[str, tuple[str, ...]]) -> str:
    """The template with a word drawn for every [slot]."""
    pieces = _pieces(template)
    return "".join([pick(rng, slots[piece]) if index % 2 else piece for index, piece in enumerate(pieces)])


def entity(rng: Random, lexicon: Lexicon, domain: Domain) -> str:
    """A fresh entity name of the domain."""
    name = fill(rng, pick(rng, domain.patterns), lexicon.slots)
    if "{n}" in name:
        name = name.replace("{n}", pick(rng, domain.nouns))
    for mark, make in (("{b}", lexicon.brand), ("{B}", lexicon.brand), ("{l}", names.latin), ("{i}", names.identifier)):
        if mark in name:
            name = name.replace(mark, make(rng))
    for mark, kind in (
        ("{c}", "code"),
        ("{p}", "person"),
        ("{o}", "ordinal"),
        ("{v}", "version"),
        ("{I}", "camel"),
        ("{S}", "snake"),
    ):
        if mark in name:
            name = name.replace(mark, _part(rng, lexicon, kind))
    return name


def _part(rng: Random, lexicon: Lexicon, kind: str) -> str:
    if kind == "ordinal" and lexicon.lang == "zh":
        return numeral_zh(upto(rng, 1, 30))
    if kind in _NAMES:
        return _NAMES[kind](rng)
    return lexicon.makers[kind](rng)


_NAMES: dict[str, Maker] = {"camel": names.camel, "snake": names.snake}


def parse_domains(table: str, makers: Mapping[str, Maker]) -> tuple[Domain, ...]:
    """The domains of a table in the notation of this module."""
    domains: list[Domain] = []
    attributes: list[Attribute] = []
    for line in table.strip().splitlines():
        cells = [cell.strip() for cell in line.split("|")]
        if line.startswith("#"):
            key, nouns = cells[0][1:].split(":", 1)
            attributes = []
            domains.append(Domain(key.strip(), words(nouns), words(cells[1]), ()))
        else:
            attributes.append(_attribute(cells, makers))
            domains[-1] = domains[-1]._replace(attributes=tuple(attributes))
    return tuple(domains)


def _attribute(cells: list[str], makers: Mapping[str, Maker]) -> Attribute:
    kind, named, statements, questions = (*cells, "", "")[:4]
    synonyms = words(named)
    make = enumeration(kind) if kind.startswith("=") else makers[kind]
    return Attribute(synonyms[0], class_of(kind), synonyms, words(statements), words(questions), make)

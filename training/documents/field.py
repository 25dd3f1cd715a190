"""Owns the cast of a document in which facts are planted: subjects and properties without end, and values."""

from __future__ import annotations

import re
from random import Random

from training.documents import names
from training.documents.chance import pick, some, upto
from training.documents.document import Lang
from training.documents.lexicon import Attribute, Lexicon, entity
from training.documents.lexicons import lexicon as lexicon_of
from training.documents.stray import Words

_MARKS = {
    "zh": ("A", "B", "C", "1", "2", "3", "4", "7", "9", "II", "IV", "X", "甲", "乙", "丙"),
    "en": ("A", "B", "C", "1", "2", "3", "4", "7", "9", "II", "IV", "X"),
}
_MARKED = {"zh": ("{}{}号", "{}{}", "{} {}", "{}-{}"), "en": ("{} {}", "{} {}", "{} no. {}")}
_SPACED = re.compile("(?<=[0-9])(?=[\u4e00-\u9fff])")


class Field:
    """A document while facts are planted in it. Owns its cast and what has been stated so far."""

    def __init__(self, rng: Random, lang: Lang, prose: str, elsewhere: str) -> None:
        self.rng, self.lang, self.prose = rng, lang, prose
        self.lexicon: Lexicon = lexicon_of(lang)
        self.words = Words(rng, lang, elsewhere)
        self.taken: set[str] = set()
        self.told: set[tuple[str, str]] = set()
        self.subjects: list[str] = []
        self.attributes: list[Attribute] = []
        while len(self.subjects) < 2:
            self._meet()
        while len(self.attributes) < 3:
            self._define()

    def cast(self, facts: int) -> None:
        """Enough subjects and attributes that each is stated about twice."""
        for _ in range(facts):
            if len(self.subjects) < facts // 2:
                self._meet()
            if len(self.attributes) < facts // 2:
                self._define()

    def _meet(self) -> None:
        self.subjects += [one for one in self.family() if self.apart(one)]

    def _define(self) -> None:
        made = self._attribute()
        self.attributes += [made] if self.apart(made.key) else []

    def apart(self, name: str) -> bool:
        """Whether nobody has the name, nor a part of it, nor does the prose."""
        return len(name) > 1 and name not in self.prose and not any(name in one or one in name for one in self._names())

    def _names(self) -> list[str]:
        return [*self.subjects, *(one.key for one in self.attributes)]

    def family(self) -> list[str]:
        """One subject, or several that differ in a mark."""
        rng, roll = self.rng, self.rng.random()
        if roll < 0.35:
            return [entity(rng, self.lexicon, pick(rng, self.lexicon.domains))]
        if roll < 0.45:
            return [names.identifier(rng)]
        base = self.words.name()
        if roll < 0.8 or len(base) < 2:
            base = self.words.joined(self.lexicon.brand(rng), base)
        if roll < 0.6:
            return [base]
        form, marks = pick(rng, _MARKED[self.lang]), some(rng, _MARKS[self.lang], upto(rng, 1, 3))
        return [form.format(base, mark) for mark in marks]

    def _attribute(self) -> Attribute:
        """A property of the lexicon's, one with the words before its noun exchanged, or one of some text's words."""
        rng = self.rng
        real = pick(rng, pick(rng, self.lexicon.domains).attributes)
        roll = rng.random()
        if roll < 0.3:
            name = pick(rng, real.names)
            return real._replace(key=name, names=real.names if rng.random() < 0.2 else (name,))
        made = self.words.name()
        if roll < 0.7:
            known = pick(rng, real.names)
            head = known[-2:] if self.lang == "zh" else known.split(" ")[-1]
            made = made[:4] + head if self.lang == "zh" else f"{made} {head}"
        return real._replace(key=made, names=(made,), statements=(), questions=())

    def value(self, attribute: Attribute) -> str:
        """A value that stands nowhere yet."""
        known = (self.prose, *self.taken, *self._names())
        for _ in range(20):
            made = attribute.make(self.rng)
            if self.lang == "zh" and self.rng.random() < 0.3:
                made = _SPACED.sub(" ", made, count=1)
            if not any(made in text for text in known):
                self.taken.add(made)
                return made
        return ""

    def fact(self, subject: str, attribute: Attribute) -> tuple[str, Attribute, str] | None:
        """A new fact, unless it has been told or its values have run out."""
        if (subject, attribute.key) in self.told or not (value := self.value(attribute)):
            return None
        self.told.add((subject, attribute.key))
        return subject, attribute, value

    def pair(self) -> tuple[str, Attribute]:
        """Some subject and some property."""
        return pick(self.rng, self.subjects), pick(self.rng, self.attributes)

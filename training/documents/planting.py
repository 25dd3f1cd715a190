"""Owns facts planted in running text: names without end, statements in and out of frames, rivals beside each.

The other genres state their facts in texts of their own making; here they stand in real text, as they do in the
documents that people bring, and what surrounds them is not theirs.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from random import Random
from typing import NamedTuple

from training.documents.ask import ABSENT_SHARE
from training.documents.chance import pick, some, upto, words
from training.documents.document import Document, Lang, Question
from training.documents.field import Field
from training.documents.inquire import LONGEST_ANSWER
from training.documents.lexicon import Attribute
from training.documents.wording import about, dressed, quote_wording, reversed_wording, wording

_CUT = {"zh": re.compile(r"[。；！]|\n"), "en": re.compile(r"[.;!](?= [A-Z])|\n")}
_ASKING: dict[str, dict[str, tuple[str, ...]]] = {
    "zh": {
        "": words("是什么/什么/是哪个/怎么写的/给出来/是"),
        "number": words("是多少/多少/几/有多少"),
        "long": words("多久/多长时间/是多少"),
        "when": words("什么时候/哪天/何时/哪一天"),
        "clock": words("几点/什么时候"),
        "who": words("是谁/谁/哪一位/由谁"),
        "where": words("在哪里/哪儿/何处"),
    },
    "en": {
        "": words("what/which/what is/give/name"),
        "number": words("how much/how many/what/which"),
        "long": words("how long/what/for how long"),
        "when": words("when/which day/what date/by when"),
        "clock": words("when/at what time"),
        "who": words("who/whom/by whom/whose"),
        "where": words("where/which place"),
    },
}
"""Question words by class of the value; one question in five has none."""


class Stated(NamedTuple):
    """A fact that the text states: whose, what, and where its value stands; `line` is its whole statement's place."""

    subject: str
    attribute: Attribute
    value: str
    start: int
    line: tuple[int, int]


Piece = str | tuple[str, Attribute, str]
"""Text, or a value as (subject, attribute, value)."""
Statement = Callable[[Field], list[Piece]]


def _framed(field: Field) -> list[Piece]:
    """A sentence of the lexicon's, at times with a value beside it that does not hold."""
    rng, lexicon = field.rng, field.lexicon
    if not (fact := field.fact(*field.pair())):
        return []
    subject, attribute, _ = fact
    special = lexicon.states.get(attribute.klass)
    template = pick(rng, special if special and rng.random() < 0.4 else lexicon.states[""])
    if "{x}" in template:
        if not (other := field.value(attribute)):
            template = "{s}：{a}{v}" if field.lang == "zh" else "{s}: {a} {v}"
        template = template.replace("{x}", other)
    head, _, tail = (part.replace("{s}", subject).replace("{a}", attribute.key) for part in template.partition("{v}"))
    return [head, fact, tail + lexicon.stop]


def _strayed(field: Field) -> list[Piece]:
    """Subject, property and value in any order among words that are not theirs."""
    words = field.words
    if not (fact := field.fact(*field.pair())):
        return []
    subject, attribute, value = fact
    link = words.before(value)
    first, second = some(field.rng, (subject, attribute.key), 2)
    gap = "" if field.lang == "zh" else " "
    roll = field.rng.random()
    if roll < 0.55:
        lead = words.joined(words.some(), first, words.some() or ("的" if field.lang == "zh" else ","), second, link)
        return [lead + gap, fact, words.after(value, link)]
    if roll < 0.8:
        tail = words.joined(words.after(value, link), words.some(), second, words.some())
        return [words.joined(words.some(), first, link) + gap, fact, tail]
    mark = pick(field.rng, ("，", "（", "：") if field.lang == "zh" else (",", " (", ":"))
    return [fact, words.joined(mark, words.some(), first, words.some(), second)]


def _chained(field: Field) -> list[Piece]:
    """Several properties of one subject in a row."""
    subject, _ = field.pair()
    facts = [field.fact(subject, one) for one in some(field.rng, field.attributes, upto(field.rng, 2, 4))]
    link, gap, stop = _punctuation(field)
    told = [fact for fact in facts if fact]
    opened = subject + pick(field.rng, ("：", "的", "，", " ") if field.lang == "zh" else (": ", ", ", " has ", " - "))
    return _row(told, opened, [one[1].key + link for one in told], gap, stop)


def _listed(field: Field) -> list[Piece]:
    """One property of several subjects in a row."""
    _, attribute = field.pair()
    facts = [field.fact(one, attribute) for one in some(field.rng, field.subjects, upto(field.rng, 2, 4))]
    link, gap, stop = _punctuation(field)
    told = [fact for fact in facts if fact]
    opened = attribute.key + pick(
        field.rng, ("：", "，", "方面，") if field.lang == "zh" else (": ", ", ", " by item: ")
    )
    return _row(told, opened, [one[0] + link for one in told], gap, stop)


def _block(field: Field) -> list[Piece]:
    """A subject on a line of its own, its properties on the lines below it."""
    subject, _ = field.pair()
    facts = [field.fact(subject, one) for one in some(field.rng, field.attributes, upto(field.rng, 2, 5))]
    link, _, _ = _punctuation(field)
    told = [fact for fact in facts if fact]
    mark = pick(field.rng, ("", "", "- ", "  "))
    return _row(told, f"\n{subject}\n{mark}", [one[1].key + link for one in told], f"\n{mark}", "\n")


def _punctuation(field: Field) -> tuple[str, str, str]:
    """What stands between a name and its value, between two facts, and at the end."""
    if field.lang == "zh":
        return pick(field.rng, ("为", "：", "", "是", "＝", " ")), pick(field.rng, ("，", "；", "、", "，")), "。"
    return pick(field.rng, (" ", ": ", " = ", " is ", " of ")), pick(field.rng, (", ", "; ", " and ", " | ")), "."


def _row(told: list[tuple[str, Attribute, str]], opened: str, names: list[str], gap: str, stop: str) -> list[Piece]:
    pieces: list[Piece] = []
    for number, (fact, name) in enumerate(zip(told, names, strict=True)):
        pieces += [gap + name if number else opened + name, fact]
    return [*pieces, stop] if pieces else []


_STATEMENTS: tuple[Statement, ...] = (*(_framed,) * 6, *(_strayed,) * 7, *(_chained,) * 2, *(_listed,) * 2, _block)


def planted(rng: Random, lang: Lang, prose: str, elsewhere: str) -> Document:
    """The prose with facts in it, and questions about them. Names and stray words are taken from `elsewhere`."""
    field = Field(rng, lang, prose, elsewhere)
    text, told = plant(field, min(40, max(4, len(prose) // upto(rng, 60, 200))))
    return Document(text, tuple(ask(field, text, told)), lang, "cells")


def plant(field: Field, facts: int) -> tuple[str, list[Stated]]:
    """The field's prose with about so many facts in it, and where they stand."""
    field.cast(facts)
    drawn = (pick(field.rng, _STATEMENTS)(field) for _ in range(2 * facts) if len(field.told) < facts)
    return _spread(field, [pieces for pieces in drawn if pieces])


def _spread(field: Field, statements: list[list[Piece]]) -> tuple[str, list[Stated]]:
    """The prose with every statement behind some sentence or line of it, on that line or on one of its own."""
    rng, prose = field.rng, field.prose
    cuts = [*(match.end() for match in _CUT[field.lang].finditer(prose)), len(prose)]
    parts: list[str] = []
    told: list[Stated] = []
    done = 0
    for cut, pieces in sorted(((pick(rng, cuts), pieces) for pieces in statements), key=lambda one: one[0]):
        alone = rng.random() < 0.4
        joint = "\n" if alone else "" if field.lang == "zh" or prose[cut - 1 : cut] == "\n" else " "
        parts += [prose[done:cut], joint]
        told += _stated(pieces, sum(map(len, parts)))
        parts += [*map(_text, pieces), "\n" if alone else ""]
        done = cut
    return "".join((*parts, prose[done:])), told


def _text(piece: Piece) -> str:
    return piece if isinstance(piece, str) else piece[2]


def _stated(pieces: list[Piece], start: int) -> Iterator[Stated]:
    """The facts of a statement that begins at `start`."""
    line, at = (start, start + sum(len(_text(piece)) for piece in pieces)), start
    for piece in pieces:
        if not isinstance(piece, str):
            yield Stated(*piece, at, line)
        at += len(_text(piece))


def ask(field: Field, text: str, told: list[Stated]) -> Iterator[Question]:
    """A question for every fact that is told, and some for what is not."""
    rng = field.rng
    for fact in some(rng, told, len(told)):
        roll = rng.random()
        if roll < ABSENT_SHARE:
            yield from _absent(field)
        if roll > 0.95 and text.count(fact.subject) == 1:
            at = text.index(fact.subject)
            core = reversed_wording(rng, field.lexicon, fact.attribute, fact.value)
            yield Question(dressed(rng, field.lexicon, core), ((at, at + len(fact.subject)),), "fact")
        elif roll > 0.87 and _quotable(text, fact, told):
            phrase = about(rng, field.lexicon, fact.subject, fact.attribute)
            yield Question(
                dressed(rng, field.lexicon, quote_wording(rng, field.lexicon, [phrase])), (fact.line,), "quote"
            )
        else:
            span = (fact.start, fact.start + len(fact.value))
            yield Question(asked(field, fact.subject, fact.attribute), (span,), "fact")


def _quotable(text: str, fact: Stated, told: list[Stated]) -> bool:
    """Whether the statement is a line or a sentence that can be copied, and of this fact alone."""
    said = text[slice(*fact.line)]
    alone = sum(one.line == fact.line for one in told) == 1
    return alone and said == said.strip() and "\n" not in said and len(said) <= LONGEST_ANSWER


def asked(field: Field, subject: str, attribute: Attribute) -> str:
    """A question for the subject's property, in a frame or in none."""
    rng = field.rng
    if rng.random() < 0.45:
        asking = _ASKING[field.lang]
        word = pick(rng, asking.get(attribute.klass, asking[""])) if rng.random() < 0.8 else ""
        core = field.words.asked([subject, attribute.key], word)
        return core + pick(rng, ("？", "？", "?", "") if field.lang == "zh" else ("?", "?", "?", ""))
    return dressed(rng, field.lexicon, wording(rng, field.lexicon, subject, attribute))


def _absent(field: Field) -> Iterator[Question]:
    """Something else of a subject that is there, or something that is there of a subject that is not."""
    subject, attribute = field.pair()
    if field.rng.random() < 0.5:
        subject = pick(field.rng, field.family())
        if not field.apart(subject):
            return
    if (subject, attribute.key) not in field.told:
        yield Question(asked(field, subject, attribute), (), "absent")

"""Questions about natural text: facts left out of a sentence, sentences to quote, sections to name, and absent ones."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache
from random import Random

from training.documents import cloze, names, rows
from training.documents.ask import ABSENT_SHARE
from training.documents.chance import pick
from training.documents.cloze import Cloze
from training.documents.document import Lang, Question
from training.documents.inquire import LONGEST_ANSWER
from training.documents.lexicon import Lexicon, entity
from training.documents.lexicons import lexicon as lexicon_of
from training.documents.reading import Title, line_at, section_of, sentences, titles
from training.documents.wording import dressed, key_phrases, quote_wording, wording

Asker = Callable[[Random, str, Lexicon, list[Title], str], Question | None]
_UNITS = {"zh": ("节", "章节", "部分", "节"), "en": ("section", "section", "part", "section")}
_ATTEMPTS = 14


def from_text(rng: Random, text: str, lang: Lang, max_questions: int, elsewhere: str = "") -> tuple[Question, ...]:
    """Up to `max_questions` different questions about the text.

    `elsewhere` is a text of the same sort: what is asked about it, and has little in common with `text`, makes absent
    questions. Without it they are made of invented or altered entities.
    """
    lexicon, outline = lexicon_of(lang), titles(text)
    asked: dict[tuple[object, ...], Question] = {}
    for _ in range(max_questions):
        ask = _kind(rng, bool(outline))
        for _ in range(_ATTEMPTS):
            question = ask(rng, text, lexicon, outline, elsewhere) if text.strip() else None
            if question and all(_clean(text[start:end]) for start, end in question.spans):
                asked.setdefault(question.spans or (question.text,), question)
                break
    return tuple(asked.values())


def _kind(rng: Random, headed: bool) -> Asker:
    roll = rng.random()
    absent = 0.6 * ABSENT_SHARE  # nearly every attempt succeeds, where other kinds often find nothing to ask
    if roll < absent:
        return _absent
    if roll < absent + 0.13 and headed:
        return _heading
    return _quote if roll < absent + 0.3 else _fact


def _clean(answer: str) -> bool:
    return 0 < len(answer) <= LONGEST_ANSWER and answer == answer.strip() and "\n" not in answer


def _found(rng: Random, text: str, lexicon: Lexicon) -> Cloze | None:
    """A fact near a random place of the text, whether its question is unique or not."""
    line = line_at(text, int(rng.random() * len(text)))
    if line[1] - line[0] < 4 or line[1] - line[0] > 1500:
        return None
    if text[line[0]] == "|":
        return rows.cell(rng, text, line, lexicon)
    if rng.random() < 0.4 and (found := rows.entry(rng, text, line, lexicon)):
        return found
    whole = sentences(text, line, lexicon.lang)
    return cloze.clause(rng, text, pick(rng, whole) if whole else line, lexicon)


def _fact(rng: Random, text: str, lexicon: Lexicon, outline: list[Title], _: str) -> Question | None:
    found = _found(rng, text, lexicon)
    if not found or len(found.core) > 160:
        return None
    if any(_once(text, key) for key in found.keys):
        return Question(dressed(rng, lexicon, found.core), (found.span,), "fact")
    section = section_of(outline, found.span[0])
    if not section or sum(other.words == section.words for other in outline) > 1:
        return None
    if not any(_once(text[section.start : section.section_end], key) for key in found.keys):
        return None
    scope = pick(rng, lexicon.natural["scopes"]).replace("{t}", section.words)
    return Question(dressed(rng, lexicon, scope + found.core, scoped=True), (found.span,), "fact")


def _once(text: str, key: str) -> bool:
    """Whether the key occurs once; an identifier counts as a whole word."""
    count = text.count(key)
    if count <= 1 or not key.isascii():
        return count == 1
    return len(re.findall(rf"(?<![\w.-]){re.escape(key)}(?![\w-])", text)) == 1


def _quote(rng: Random, text: str, lexicon: Lexicon, _outline: list[Title], _: str) -> Question | None:
    whole = sentences(text, line_at(text, int(rng.random() * len(text))), lexicon.lang)
    if not whole:
        return None
    start, end = pick(rng, whole)
    if not (10 if lexicon.lang == "zh" else 30) <= end - start <= LONGEST_ANSWER:
        return None
    phrases = key_phrases(rng, text[start:end], lexicon.lang, text)
    if not phrases:
        return None
    return Question(dressed(rng, lexicon, quote_wording(rng, lexicon, phrases)), ((start, end),), "quote")


def _heading(rng: Random, text: str, lexicon: Lexicon, outline: list[Title], _: str) -> Question | None:
    if not outline:
        return None
    heading = pick(rng, outline)
    if sum(other.words == heading.words for other in outline) > 1:
        return None
    phrase = heading.words
    if text.count(phrase) > 1 or rng.random() < 0.6:
        phrase = _phrase_below(rng, text, lexicon.lang, heading)
    if not phrase:
        return None
    template = pick(rng, lexicon.sections).replace("{u}", pick(rng, _UNITS[lexicon.lang]))
    return Question(dressed(rng, lexicon, template.replace("{p}", phrase)), ((heading.start, heading.end),), "heading")


def _phrase_below(rng: Random, text: str, lang: str, heading: Title) -> str:
    """A phrase of a sentence of the section that occurs nowhere else."""
    position = heading.end + int(rng.random() * (heading.section_end - heading.end))
    line = line_at(text, min(position, len(text) - 1))
    if line[0] <= heading.end or line[1] > heading.section_end:
        return ""
    whole = sentences(text, line, lang)
    phrases = key_phrases(rng, text[slice(*pick(rng, whole))], lang, text) if whole else []
    return phrases[0] if len(phrases) == 1 else ""


def _absent(rng: Random, text: str, lexicon: Lexicon, _: list[Title], elsewhere: str) -> Question | None:
    roll = rng.random()
    if elsewhere and roll < 0.6:
        other = pick(rng, (_fact, _fact, _quote, _heading))(rng, elsewhere, lexicon, _titles(elsewhere), "")
        if other and other.spans and _foreign(other.text, text, lexicon.lang):
            return Question(other.text, (), "absent")
        return None
    if roll < 0.8 and (altered := _altered(rng, text, lexicon)):
        return altered
    domain = pick(rng, lexicon.domains)
    return Question(
        dressed(rng, lexicon, wording(rng, lexicon, entity(rng, lexicon, domain), pick(rng, domain.attributes))),
        (),
        "absent",
    )


@lru_cache(maxsize=4)
def _titles(text: str) -> list[Title]:
    return titles(text)


def _foreign(question: str, text: str, lang: str) -> bool:
    """Whether few of the question's word triples (Chinese: character triples) occur in the text."""
    units = list(question) if lang == "zh" else question.lower().split()
    joint, body = ("", text) if lang == "zh" else (" ", text.lower())
    triples = [joint.join(units[index : index + 3]) for index in range(len(units) - 2)]
    return sum(triple in body for triple in triples) < 0.25 * len(triples)


_IDENTIFIER = re.compile(r"[A-Za-z_][\w.-]{3,}", re.ASCII)


def _altered(rng: Random, text: str, lexicon: Lexicon) -> Question | None:
    """A question about an entry of the text whose name has been exchanged for one that does not occur."""
    line = line_at(text, int(rng.random() * len(text)))
    found = rows.entry(rng, text, line, lexicon)
    if not found or not _IDENTIFIER.fullmatch(found.keys[0]):
        return None
    name = names.identifier(rng)
    if name in text:
        return None
    return Question(dressed(rng, lexicon, found.core.replace(found.keys[0], name)), (), "absent")

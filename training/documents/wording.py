"""How a question is put into words: templates filled, politeness and punctuation around them, phrases of a sentence."""

from __future__ import annotations

import re
from functools import cache
from random import Random

from training.documents.chance import listed, pick, some
from training.documents.lexicon import Attribute, Lexicon


def wording(rng: Random, lexicon: Lexicon, subject: str, attribute: Attribute) -> str:
    """A bare question for the attribute of the subject."""
    if attribute.questions and rng.random() < 0.4:
        template = pick(rng, attribute.questions)
    else:
        special = lexicon.cores.get(attribute.klass)
        template = pick(rng, special if special and rng.random() < 0.7 else lexicon.cores[""])
    return template.replace("{s}", subject).replace("{a}", pick(rng, attribute.names))


def bare(rng: Random, lexicon: Lexicon, attribute: Attribute, name: str) -> str:
    """A question for the attribute without its entity, under the given name."""
    cores = (*lexicon.cores.get(attribute.klass, ()), *lexicon.cores[""])
    return pick(rng, _nameless(lexicon.lang, cores)).replace("{a}", name)


@cache
def _nameless(lang: str, cores: tuple[str, ...]) -> tuple[str, ...]:
    """The templates that still read well when the entity is taken out of them."""
    if lang == "zh":
        return tuple(core.removeprefix("{s}的") for core in cores if core.startswith("{s}的{a}"))
    marked = (core.replace(" of {s}", "").replace(" for {s}", "") for core in cores)
    return tuple(core for core in marked if "{s}" not in core and core != "{a}")


def reversed_wording(rng: Random, lexicon: Lexicon, attribute: Attribute, value: str) -> str:
    """A question for the entity whose attribute has the value."""
    return pick(rng, lexicon.reversed).replace("{a}", pick(rng, attribute.names)).replace("{v}", value)


def dressed(rng: Random, lexicon: Lexicon, core: str, scoped: bool = False) -> str:
    """The question with or without politeness, question mark and capital."""
    asking = any(word in core for word in lexicon.wh) if lexicon.lang == "zh" else core.split(" ", 1)[0].lower() in _WH
    before = "" if rng.random() < (0.8 if scoped else 0.6) else pick(rng, lexicon.before)
    if before and not asking and before[-1] not in "，：":
        before = "" if before[-1].isalnum() or before[-2] not in ",:" else before
    after = pick(rng, lexicon.after_wh if any(word in core[-12:] for word in lexicon.wh) else lexicon.after)
    text = before + core + ("" if core[-1] in "？?" else after)
    if lexicon.lang == "en" and rng.random() < 0.75 and text.split(" ", 1)[0].isalpha():
        text = text[0].upper() + text[1:]
    return text


_WH = frozenset(listed("what which who whom whose when where how at on by in from until after under since for to"))


def about(rng: Random, lexicon: Lexicon, subject: str, attribute: Attribute) -> str:
    """A phrase that names the attribute of the subject."""
    return pick(rng, lexicon.about).replace("{s}", subject).replace("{a}", pick(rng, attribute.names))


def quote_wording(rng: Random, lexicon: Lexicon, phrases: list[str]) -> str:
    """A request to quote the sentence with one or two phrases."""
    if len(phrases) == 1:
        return pick(rng, lexicon.quotes).replace("{p}", phrases[0])
    return pick(rng, lexicon.quote_pairs).replace("{p}", phrases[0]).replace("{q}", phrases[1])


def key_phrases(rng: Random, sentence: str, lang: str, text: str) -> list[str]:
    """One or two phrases of the sentence that together occur nowhere else: none when there are none."""
    pieces = _clauses(sentence, lang)
    for _ in range(4):
        if not pieces:
            return []
        chosen = some(rng, pieces, 2 if rng.random() < 0.35 and len(pieces) > 1 else 1)
        phrases = [shortened(rng, piece, lang) for piece in chosen]
        if any(text.count(phrase) == 1 for phrase in phrases) and sum(map(len, phrases)) < 0.9 * len(sentence) + 4:
            return phrases
    return []


def _clauses(sentence: str, lang: str) -> list[str]:
    least = 5 if lang == "zh" else 14
    parts = (part.strip(" .\t=") for part in _MARKS[lang].split(sentence))
    return [part for part in parts if len(part) >= least]


_MARKS = {"zh": re.compile(r"[，；：。、（）;()！？!?\n]|(?<!\d),|,(?!\d)"), "en": re.compile(r"[;()!?\n]|[,:](?=\s)")}


def shortened(rng: Random, piece: str, lang: str) -> str:
    """A contiguous part of a clause, long enough to be recognised."""
    if lang == "en":
        tokens = piece.split(" ")
        size = min(len(tokens), 3 + int(rng.random() * 5))
        first = int(rng.random() * (len(tokens) - size + 1))
        return _whole(tokens[first : first + size])
    if len(piece) <= 14 or (not piece.isascii() and rng.random() < 0.5):
        return piece[:24]
    return piece[-14:] if rng.random() < 0.5 else piece[:14]


_LOOSE_ENDS = frozenset(
    listed("a an the of to and or for in is are was be with by that as on if at from this its it which has have can")
)


def _whole(tokens: list[str]) -> str:
    """The tokens without articles, prepositions and the like hanging at either end."""
    while len(tokens) > 2 and tokens[-1].lower() in _LOOSE_ENDS:
        tokens = tokens[:-1]
    while len(tokens) > 2 and tokens[0].lower() in _LOOSE_ENDS:
        tokens = tokens[1:]
    return " ".join(tokens)

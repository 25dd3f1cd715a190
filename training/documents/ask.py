"""Questions about a written page: facts, quotes, headings, and what the page does not tell."""

from __future__ import annotations

import re
from collections.abc import Callable
from random import Random

from training.documents.chance import listed, pick, some
from training.documents.document import Question, Span
from training.documents.lexicon import Attribute, Lexicon
from training.documents.page import Fact, Page

ABSENT_SHARE = 0.12
LONGEST_ANSWER = 200
_ATTEMPTS = 5


def questions(page: Page, text: str, count: int) -> tuple[Question, ...]:
    """About `count` different questions about the page, whose text is `text`."""
    asked: dict[str, Question] = {}
    groups = _groups(page.facts)
    for _ in range(count):
        ask = _kind(page)
        for _ in range(_ATTEMPTS):
            if question := ask(page, text, groups):
                asked.setdefault(question.text, question)
                break
    return tuple(asked.values())


Groups = dict[tuple[str, str], list[Fact]]
Asker = Callable[[Page, str, Groups], Question | None]


def _groups(facts: list[Fact]) -> Groups:
    groups: Groups = {}
    for fact in facts:
        groups.setdefault((fact.subject, fact.attribute.key), []).append(fact)
    return groups


def _kind(page: Page) -> Asker:
    roll = page.rng.random()
    if roll < ABSENT_SHARE:
        return _absent
    if roll < ABSENT_SHARE + 0.13 and page.headings:
        return _heading
    return _quote if roll < ABSENT_SHARE + 0.28 and page.sentences else _fact


def _fact(page: Page, _: str, groups: Groups) -> Question | None:
    rng, lexicon = page.rng, page.lexicon
    if not page.facts:
        return None
    fact = pick(rng, page.facts)
    group = groups[fact.subject, fact.attribute.key]
    same = [other for other in group if other.value == fact.value]
    core = wording(rng, lexicon, fact.subject, fact.attribute)
    if len(same) == len(group) and (fact.heading < 0 or rng.random() < 0.85):
        return Question(dressed(rng, lexicon, core), _spans(same), "fact")
    return _scoped(page, fact, group, core)


def _scoped(page: Page, fact: Fact, group: list[Fact], core: str) -> Question | None:
    """The question asked of one chapter, where the value is the only one of its kind."""
    rng, lexicon, index = page.rng, page.lexicon, fact.heading
    while index >= 0:
        inside = [other for other in group if under(page, other.heading, index)]
        if all(other.value == fact.value for other in inside):
            scope = scoped(page, index)
            return Question(dressed(rng, lexicon, scope + core, scoped=True), _spans(inside), "fact")
        index = page.headings[index].parent if rng.random() < 0.5 else -1
    return None


def under(page: Page, heading: int, ancestor: int) -> bool:
    """Whether a heading is the other one or below it."""
    while heading >= 0:
        if heading == ancestor:
            return True
        heading = page.headings[heading].parent
    return False


def scoped(page: Page, index: int) -> str:
    """The words that restrict a question to one heading."""
    heading = page.headings[index]
    unique = sum(other.title == heading.title for other in page.headings) == 1
    template = pick(page.rng, page.lexicon.scopes)
    while "{t}" in template and (not unique or ("{h}" in template and heading.title in heading.label)):
        template = pick(page.rng, page.lexicon.scopes)
    return template.replace("{h}", heading.label).replace("{u}", heading.unit).replace("{t}", heading.title)


def _spans(facts: list[Fact]) -> tuple[Span, ...]:
    return tuple((fact.start, fact.start + len(fact.value)) for fact in facts)


def wording(rng: Random, lexicon: Lexicon, subject: str, attribute: Attribute) -> str:
    """A bare question for the attribute of the subject."""
    if attribute.questions and rng.random() < 0.4:
        template = pick(rng, attribute.questions)
    else:
        special = lexicon.cores.get(attribute.klass)
        template = pick(rng, special if special and rng.random() < 0.7 else lexicon.cores[""])
    return template.replace("{s}", subject).replace("{a}", pick(rng, attribute.names))


def dressed(rng: Random, lexicon: Lexicon, core: str, scoped: bool = False) -> str:
    """The question with or without politeness, question mark and capital."""
    asking = any(word in core for word in lexicon.wh) if lexicon.lang == "zh" else core.split(" ", 1)[0].lower() in _WH
    before = "" if scoped and rng.random() < 0.8 else pick(rng, lexicon.before)
    if before and not asking and before[-1] not in "，：":
        before = "" if before[-1].isalnum() or before[-2] not in ",:" else before
    after = pick(rng, lexicon.after_wh if any(word in core[-12:] for word in lexicon.wh) else lexicon.after)
    text = before + core + ("" if core[-1] in "？?" else after)
    if lexicon.lang == "en" and rng.random() < 0.75 and text.split(" ", 1)[0].isalpha():
        text = text[0].upper() + text[1:]
    return text


_WH = frozenset(listed("what which who whom whose when where how at on by in from until after under since for to"))


def _quote(page: Page, text: str, groups: Groups) -> Question | None:
    rng, lexicon = page.rng, page.lexicon
    span = pick(rng, page.sentences)
    if span[1] - span[0] > LONGEST_ANSWER:
        return None
    sentence = text[span[0] : span[1]]
    phrases = key_phrases(rng, sentence, lexicon.lang, text)
    inside = [fact for fact in page.facts if span[0] <= fact.start < span[1]]
    if inside and rng.random() < 0.5:
        fact = pick(rng, inside)
        if len(groups[fact.subject, fact.attribute.key]) > 1:
            return None
        phrases = [about(rng, lexicon, fact.subject, fact.attribute)]
    if not phrases:
        return None
    return Question(dressed(rng, lexicon, quote_wording(rng, lexicon, phrases)), (span,), "quote")


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


def _heading(page: Page, text: str, groups: Groups) -> Question | None:
    rng, lexicon = page.rng, page.lexicon
    index = int(rng.random() * len(page.headings))
    inside = [fact for fact in page.facts if fact.heading == index]
    heading = page.headings[index]
    if text.count(heading.title) > 1 and not inside:
        return None
    phrase = heading.title
    if inside and (rng.random() < 0.45 or text.count(heading.title) > 1):
        fact = pick(rng, inside)
        if len(groups[fact.subject, fact.attribute.key]) > 1:
            return None
        phrase = about(rng, lexicon, fact.subject, fact.attribute)
    core = pick(rng, lexicon.sections).replace("{p}", phrase).replace("{u}", heading.unit)
    return Question(dressed(rng, lexicon, core), ((heading.start, heading.end),), "heading")


def _absent(page: Page, text: str, groups: Groups) -> Question | None:
    rng, lexicon = page.rng, page.lexicon
    if page.names and rng.random() < 0.65:
        subject = pick(rng, page.names)
        attribute = pick(rng, page.domain_of[subject].attributes)
    else:
        domain = page.domain_of[pick(rng, page.names)] if page.names and rng.random() < 0.7 else page.domain()
        subject, attribute = page.entity(domain), pick(rng, domain.attributes)
        page.names.pop()
        if subject in text:
            return None
    if (subject, attribute.key) in page.stated:
        return None
    roll = rng.random()
    core = wording(rng, lexicon, subject, attribute)
    if roll < 0.12:
        core = quote_wording(rng, lexicon, [about(rng, lexicon, subject, attribute)])
    elif roll < 0.22 and page.headings:
        phrase = about(rng, lexicon, subject, attribute)
        core = pick(rng, lexicon.sections).replace("{p}", phrase).replace("{u}", page.headings[0].unit)
    elif roll < 0.3 and page.headings:
        core = scoped(page, int(rng.random() * len(page.headings))) + core
    return Question(dressed(rng, lexicon, core), (), "absent")

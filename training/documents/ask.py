"""Questions about a written page: facts, quotes, headings, and what the page does not tell."""

from __future__ import annotations

from collections.abc import Callable

from training.documents import inquire, selecting
from training.documents.chance import pick
from training.documents.document import Question, Span
from training.documents.inquire import LONGEST_ANSWER
from training.documents.page import Fact, Page
from training.documents.scope import scoped, under
from training.documents.wording import about, bare, dressed, key_phrases, quote_wording, reversed_wording, wording

ABSENT_SHARE = 0.12
_ATTEMPTS = 5
_ASKED_AGAIN = 2  # how many questions may have one answer


def questions(page: Page, text: str, count: int) -> tuple[Question, ...]:
    """About `count` different questions about the page, whose text is `text`."""
    asked: list[Question] = []
    seen: dict[tuple[Span, ...], list[str]] = {}
    groups = _groups(page.facts)
    framed = len(page.told) / (len(page.told) + len(page.facts) / 3) if page.told else 0.0
    for _ in range(count):
        kind, by_frame = _kind(page), page.rng.random() < framed
        for attempt in range(_ATTEMPTS):
            if attempt == _ATTEMPTS - 2 and page.rng.random() < 0.5:
                kind = "fact"
            if page.cells:
                question = _TYPED[kind](page, text)
            else:
                question = _FRAMED[kind](page, text) if by_frame else _PLAIN[kind](page, text, groups)
            if question and _new(question, seen.setdefault(question.spans, [])):
                asked.append(question)
                break
    return tuple(asked)


def _new(question: Question, before: list[str]) -> bool:
    """Whether the answer has not been asked for in these words, nor too often in others."""
    core = question.text.lower().removesuffix("? thanks").rstrip("?？。. 呢呀谢")
    if question.spans and len(before) >= _ASKED_AGAIN:
        return False
    if any(core.endswith(other) or other.endswith(core) for other in before):
        return False
    before.append(core)
    return True


Groups = dict[tuple[str, str], list[Fact]]
Asker = Callable[[Page, str, Groups], Question | None]


def _groups(facts: list[Fact]) -> Groups:
    groups: Groups = {}
    for fact in facts:
        groups.setdefault((fact.subject, fact.attribute.key), []).append(fact)
    return groups


def _kind(page: Page) -> str:
    roll = page.rng.random()
    if roll < ABSENT_SHARE:
        return "absent"
    if roll < ABSENT_SHARE + 0.13 and page.headings:
        return "heading"
    return "quote" if roll < ABSENT_SHARE + 0.26 else "fact"


def _fact(page: Page, text: str, groups: Groups) -> Question | None:
    rng, lexicon = page.rng, page.lexicon
    if not page.facts:
        return None
    fact = pick(rng, page.facts)
    roll = rng.random()
    if roll < 0.1:
        return _nameless(page, fact)
    if roll < 0.18 and (question := _reversed(page, text, fact)):
        return question
    group = groups[fact.subject, fact.attribute.key]
    same = [other for other in group if other.value == fact.value]
    core = wording(rng, lexicon, fact.subject, fact.attribute)
    if len(same) == len(group) and (fact.heading < 0 or rng.random() < 0.85):
        return Question(dressed(rng, lexicon, core), _spans(same), "fact")
    return _scoped(page, fact, group, core)


def _nameless(page: Page, fact: Fact) -> Question | None:
    """The question without its entity, where the document, or the chapter that is named, has only one such property."""
    rng, index = page.rng, fact.heading
    while index >= 0 and page.headings[index].parent >= 0 and rng.random() < 0.5:
        index = page.headings[index].parent
    name = pick(rng, fact.attribute.names)
    inside = [other for other in page.facts if index < 0 or under(page, other.heading, index)]
    rivals = (other for other in inside if other.value != fact.value or other.attribute.key != fact.attribute.key)
    if any(name in known or known in name for other in rivals for known in other.attribute.names):
        return None
    core = (scoped(page, index) if index >= 0 else "") + bare(rng, page.lexicon, fact.attribute, name)
    same = [other for other in inside if other.attribute.key == fact.attribute.key and other.value == fact.value]
    return Question(dressed(rng, page.lexicon, core, scoped=index >= 0), _spans(same), "fact")


def _reversed(page: Page, text: str, fact: Fact) -> Question | None:
    """The question for the entity that has a value, where that occurs once and the entity before it on its line."""
    if text.count(fact.value) != 1 or len(fact.value) < 3:
        return None
    start = text.rfind(fact.subject, text.rfind("\n", 0, fact.start) + 1, fact.start)
    if start < 0:
        return None
    core = reversed_wording(page.rng, page.lexicon, fact.attribute, fact.value)
    return Question(dressed(page.rng, page.lexicon, core), ((start, start + len(fact.subject)),), "fact")


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


def _spans(facts: list[Fact]) -> tuple[Span, ...]:
    return tuple((fact.start, fact.start + len(fact.value)) for fact in facts)


def _quote(page: Page, text: str, groups: Groups) -> Question | None:
    rng, lexicon = page.rng, page.lexicon
    if not page.sentences:
        return None
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


def _heading(page: Page, text: str, groups: Groups) -> Question | None:
    rng, lexicon = page.rng, page.lexicon
    if not page.headings:
        return None
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


_PLAIN: dict[str, Asker] = {"fact": _fact, "quote": _quote, "heading": _heading, "absent": _absent}
_FRAMED: dict[str, inquire.Asker] = {
    "fact": inquire.value,
    "quote": inquire.quote,
    "heading": inquire.heading,
    "absent": inquire.absent,
}
_TYPED: dict[str, inquire.Asker] = {
    "fact": selecting.value,
    "quote": selecting.quote,
    "heading": selecting.heading,
    "absent": selecting.absent,
}

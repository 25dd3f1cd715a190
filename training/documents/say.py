"""Facts put into sentences: one fact in one sentence, several facts of one entity, one property of several entities."""

from __future__ import annotations

from training.documents.chance import listed, pick, some
from training.documents.lexicon import Attribute, Domain
from training.documents.page import Page


def fact(page: Page, subject: str, attribute: Attribute) -> None:
    """Write a sentence that states the attribute of the subject, with a lead or a tail at times."""
    rng, lexicon = page.rng, page.lexicon
    template = _template(page, attribute)
    value = attribute.make(rng)
    head, _, tail = template.partition("{v}")
    if "{x}" in template and (other := attribute.make(rng)) != value:
        head, tail = head.replace("{x}", other), tail.replace("{x}", other)
    elif "{x}" in template:
        head, tail = ("{s}的{a}为", "") if lexicon.lang == "zh" else ("the {a} of {s} is ", "")
    name = pick(rng, attribute.names)
    lead = pick(rng, lexicon.leads) if rng.random() < 0.2 else ""
    start = page.at
    page.put(_opened(lexicon.lang, lead, head.replace("{s}", subject).replace("{a}", name)))
    page.value(subject, attribute, value)
    page.put(tail.replace("{s}", subject).replace("{a}", name) + _ending(page))
    page.sentence(start)
    page.space()


def _template(page: Page, attribute: Attribute) -> str:
    rng, states = page.rng, page.lexicon.states
    if attribute.statements and rng.random() < 0.5:
        return pick(rng, attribute.statements)
    special = states.get(attribute.klass)
    return pick(rng, special if special and rng.random() < 0.4 else states[""])


def _opened(lang: str, lead: str, head: str) -> str:
    """The beginning of a sentence: English capitalises its own words, never a name."""
    if lang == "zh" or lead or not head:
        return lead + head
    first = head.split(" ", 1)[0]
    return head[0].upper() + head[1:] if first.isalpha() and first.islower() and first in _PLAIN else head


_PLAIN = frozenset(
    listed(
        "the this a an for as with unless according we set in at to on from data requests under there one work renewal "
        "mail disputes alerts registration invoices version project failed"
    )
)


def _ending(page: Page) -> str:
    rng, lexicon = page.rng, page.lexicon
    if rng.random() < 0.35:
        return ("，" if lexicon.lang == "zh" else ", ") + pick(rng, lexicon.tails) + lexicon.stop
    return lexicon.stop


def conditional(page: Page, subject: str, attribute: Attribute) -> None:
    """Write one sentence with the values that one property has under two conditions."""
    rng, chinese = page.rng, page.lexicon.lang == "zh"
    name, start = pick(rng, attribute.names), page.at
    first, second = some(rng, page.lexicon.slots["condition"], 2)
    page.stated.add((subject, attribute.key))
    page.put(f"{subject}的{name}" if chinese else f"The {name} of {subject} ")
    for index, condition in enumerate((first, second)):
        joint = (
            ("在" if index == 0 else pick(rng, ("，", "；", "，而"))) if chinese else ("is " if index == 0 else " and ")
        )
        page.put(joint + (f"{condition}{pick(rng, ('为', '是', '改为'))}" if chinese else ""))
        page.value(f"{condition}{subject}" if chinese else f"{subject} {condition}", attribute, attribute.make(rng))
        page.put("" if chinese else f" {condition}")
    page.put(_ending(page))
    page.sentence(start)
    page.space()


def several_properties(page: Page, subject: str, domain: Domain) -> None:
    """Write one sentence with two to four properties of the subject."""
    rng, chinese = page.rng, page.lexicon.lang == "zh"
    chosen = [a for a in some(rng, domain.attributes, 4) if (subject, a.key) not in page.stated][:4]
    if len(chosen) < 2:
        return
    start = page.at
    linked = pick(rng, ("为", "是", "", " ", "："))
    page.put(subject + "的" if chinese else _opened("en", "", subject + " has "))
    for index, attribute in enumerate(chosen):
        last = index == len(chosen) - 1
        if index:
            page.put("，" if chinese else (" and " if last else ", "))
        name = pick(rng, attribute.names)
        page.put(name + linked if chinese else f"{_article(name)} {name} of ")
        page.value(subject, attribute, attribute.make(rng))
    page.put(_ending(page))
    page.sentence(start)
    page.space()


def _article(name: str) -> str:
    return "the" if name[0] in "aeiou" else "a"


_LISTS_ZH = (
    "{a}因类别而异：",
    "各项的{a}如下：",
    "{a}分别规定为：",
    "关于{a}，",
    "不同对象的{a}不同，",
    "{a}按下列标准执行：",
    "在{a}上，",
)
_LISTS_EN = (
    "The {a} differs: ",
    "The {a} is ",
    "As for the {a}, it is ",
    "The {a} depends on the type: ",
    "For the {a} we have ",
)


def several_subjects(page: Page, subjects: list[str], attribute: Attribute) -> None:
    """Write one sentence with the same property of several subjects."""
    if any((subject, attribute.key) in page.stated for subject in subjects):
        return
    if page.rng.random() < 0.3:
        _respectively(page, subjects, attribute)
    else:
        _listed(page, subjects, attribute)


def _listed(page: Page, subjects: list[str], attribute: Attribute) -> None:
    rng, chinese = page.rng, page.lexicon.lang == "zh"
    start = page.at
    page.put(pick(rng, _LISTS_ZH if chinese else _LISTS_EN).replace("{a}", pick(rng, attribute.names)))
    style = int(rng.random() * 3)
    for index, subject in enumerate(subjects):
        if index:
            page.put(("，", "；", "、")[style] if chinese else (" and " if index == len(subjects) - 1 else ", "))
        if chinese:
            page.put(subject + ("为", " ", "是")[style])
            page.value(subject, attribute, attribute.make(rng))
        else:
            page.value(subject, attribute, attribute.make(rng))
            page.put(f" for {subject}")
    page.put(_ending(page))
    page.sentence(start)
    page.space()


def _respectively(page: Page, subjects: list[str], attribute: Attribute) -> None:
    rng, chinese = page.rng, page.lexicon.lang == "zh"
    start, name = page.at, pick(rng, attribute.names)
    if chinese:
        page.put("、".join(subjects[:-1]) + "和" + subjects[-1] + f"的{name}分别" + pick(rng, ("为", "是", "定为")))
    else:
        page.put(f"The {name} of {', '.join(subjects[:-1])} and {subjects[-1]} is ")
    for index, subject in enumerate(subjects):
        if index:
            last = index == len(subjects) - 1
            page.put(("和" if last else "、") if chinese else (" and " if last else ", "))
        page.value(subject, attribute, attribute.make(rng))
    page.put("" if chinese else " respectively")
    page.put(_ending(page))
    page.sentence(start)
    page.space()

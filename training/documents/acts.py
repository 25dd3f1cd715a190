"""Lines about what somebody did: who, to what, and with which adjuncts (when, where, how long, for how much, …)."""

from __future__ import annotations

import re
from functools import cache

from training.documents import names
from training.documents.cells import Cell, Passage, capital, compose, slot, worded
from training.documents.chance import pick, some, upto
from training.documents.document import Lang
from training.documents.page import Page
from training.documents.roles import Adjunct, Type, acting, nounlike, roles, syntax, types, value
from training.documents.runs import Slots
from training.documents.verbs import past

Act = dict[str, str]
"""The words of an act: {o} its object, {i} the verb, {p} the verb in the past, {P} who did it."""


def _act(page: Page) -> Act:
    """Something that has not been done to this object yet; objects return, so that acts have rivals."""
    rng, table = page.rng, syntax(page.lexicon.lang)["actions"]
    chinese = page.lexicon.lang == "zh"
    for _ in range(8):
        if page.objects and rng.random() < 0.25:
            thing = pick(rng, page.objects)
        else:
            thing = f"{pick(rng, table['mods'])}{'' if chinese else ' '}{pick(rng, table['things'])}"
            if rng.random() < 0.2:
                thing += names.code(rng) if chinese else f" {names.code(rng)}"
            thing = thing if chinese else f"the {thing}"
        verb = pick(rng, table["verbs"])
        known = any(thing in other or other in thing for other in page.objects if other != thing)
        if not known and (thing, verb) not in page.stated:
            break
    page.stated.add((thing, verb))
    page.objects.append(thing)
    return {"o": thing, "i": verb, "p": past(verb), "P": _person(page)}


def _person(page: Page) -> str:
    """Somebody whom the page knows, or a stranger."""
    return page.kinds.make("person") if page.rng.random() < 0.4 else page.kinds.makers["person"](page.rng)


def action(page: Page, subject: str = "") -> None:
    """A sentence about an act with one to four adjuncts."""
    rng, table = page.rng, syntax(page.lexicon.lang)["actions"]
    act = _act(page)
    told = _adjuncts(page, upto(rng, 1, 4))
    template = pick(rng, table["texts"])
    while "{fr}" in template and page.lexicon.lang == "zh" and all(adjunct.place == "post" for _, adjunct in told):
        template = pick(rng, table["texts"])
    slots, start, first = _told(page, act, told, table), page.at, len(page.parts)
    who = (worded(pick(rng, table["who"]), act),)
    compose(page, _expanded(template, told), slots | {"P": Cell(act["P"], None, cores=who)})
    capital(page, first, start)
    _left(page, act, {kind.family for kind, _ in told}, table)
    _quotable(page, start, act)


def _adjuncts(page: Page, count: int) -> list[tuple[Type, Adjunct]]:
    """Adjuncts of different families."""
    found: list[tuple[Type, Adjunct]] = []
    for kind in some(page.rng, acting(page.lexicon.lang), 2 * count):
        if len(found) < count and all(kind.family != other.family for other, _ in found):
            found.append((kind, pick(page.rng, kind.adjuncts)))
    return found


def _expanded(template: str, told: list[tuple[Type, Adjunct]]) -> str:
    """The template with the adjuncts' words in place of {adj}, {pre}, {post} and {fr}, their values as {v0}, {v1}, …"""
    written = [
        (adjunct.place, adjunct.text.replace("{v}", slot(f"v{index}"))) for index, (_, adjunct) in enumerate(told)
    ]
    if "{fr}" in template:
        front = next((item for item in written if item[0] == "pre"), written[0])
        written.remove(front)
        template = template.replace("{fr}", front[1])
    if "{adj}" in template:
        return template.replace("{adj}", "".join(f" {text}" for _, text in written))
    pre = "".join(_spaced(text) for place, text in written if place == "pre" or "{post}" not in template)
    if "{pre}" not in template:
        return template.replace("{post}", "".join(f"，{text}" for _, text in written))
    return template.replace("{pre}", pre).replace(
        "{post}", "".join(f"，{t}" for place, t in written if place == "post")
    )


def _spaced(text: str) -> str:
    """Words with a blank behind their value where there is one before it."""
    return text + " " if re.search(r" \{v\d\}$", text) else text


def _told(page: Page, act: Act, told: list[tuple[Type, Adjunct]], table: dict[str, list[str]]) -> Slots:
    """The slots of an act's text."""
    rng = page.rng
    slots: Slots = {**act}
    for index, (kind, adjunct) in enumerate(told):
        form = pick(rng, table.get("asks") or table[adjunct.place])
        cores = (worded(form, act | {"A": pick(rng, adjunct.asks)}),)
        made = value(page, kind)
        while made == act["P"]:
            made = _person(page)
        slots[f"v{index}"] = Cell(made, kind, cores=cores)
    kind, adjunct = pick(rng, told)
    cell = slots[f"v{told.index((kind, adjunct))}"]
    assert isinstance(cell, Cell)
    said = adjunct.text.replace("{v}", cell.value)
    if "what" in table and adjunct.place == ("pre" if page.lexicon.lang == "zh" else "post"):
        core = worded(pick(rng, table["what"]), act | {"adj": said})
        slots["o"] = Cell(act["o"], None, cores=(core,), once=cell.value)
    return slots


def _left(page: Page, act: Act, families: set[str], table: dict[str, list[str]]) -> None:
    """Remember a question for an adjunct that was not told."""
    rng = page.rng
    kind = pick(rng, acting(page.lexicon.lang))
    if kind.family not in families:
        adjunct = pick(rng, kind.adjuncts)
        form = pick(rng, table.get("asks") or table[adjunct.place])
        page.unanswered.append(worded(form, act | {"A": pick(rng, adjunct.asks)}))


def _quotable(page: Page, start: int, act: Act) -> None:
    whole = page.parts[-1][-1:] in (".", "。")
    if whole:
        page.sentence(start)
    phrase = f"{act['o']} being {act['p']}" if page.lexicon.lang == "en" else f"{act['i']}{act['o']}"
    page.passages.append(Passage((start, page.at), "says" if whole else "row", phrase))


@cache
def keys(lang: Lang) -> tuple[tuple[str, Type], ...]:
    """Keys of values as programs write them, with their types in the language."""
    known = {kind.key: kind for kind in types(lang)}
    slugs = ((name.lower(), role.type.key) for role in roles("en") for name in role.names if len(name) < 20)
    return tuple(
        (joint.join(name.replace("-", " ").split()), known[key])
        for name, key in slugs
        if key in known and not known[key].quoted and name.replace(" ", "").replace("-", "").isalpha()
        for joint in ("_", "-")
    )


class Clock:
    """A log's day and running time."""

    def __init__(self, page: Page) -> None:
        rng = page.rng
        self.page, self.second = page, upto(rng, 0, 70000)
        self.day = f"{upto(rng, 2014, 2029)}-{upto(rng, 1, 12):02d}-{upto(rng, 1, 28):02d}"
        self.fraction = pick(rng, ("", "", ".", ","))
        self.shape = pick(rng, syntax(page.lexicon.lang)["logs"]["shapes"])

    def tick(self) -> str:
        """The time of the next entry."""
        rng = self.page.rng
        self.second = min(86399, self.second + upto(rng, 0, 40))
        time = f"{self.second // 3600:02d}:{self.second // 60 % 60:02d}:{self.second % 60:02d}"
        return time + (f"{self.fraction}{upto(rng, 0, 999):03d}" if self.fraction else "")


def entry(page: Page, clock: Clock) -> None:
    """A line of a log: when, at which level, by which part, and a message of words and values."""
    rng, lang = page.rng, page.lexicon.lang
    table, act, start = syntax(lang)["logs"], _act(page), page.at
    told = [
        (kind, adjunct)
        for kind, adjunct in _adjuncts(page, upto(rng, 0, 2))
        if adjunct.place == "post" and kind.family != "when"
    ]
    slots: Slots = _told(page, act, told, _agentless(lang)) if told else {**act}
    pairs = [(key, kind) for key, kind in some(rng, keys(lang), upto(rng, 1, 4)) if kind.family != "when"]
    for index, (key, kind) in enumerate(pairs):
        slots[f"k{index}"] = Cell(value(page, kind), kind, cores=_paired(page, act, key, kind, [k for _, k in pairs]))
    joint = pick(rng, ("=", "=", "=", ": ", ":"))
    glue = pick(rng, (" ", " ", ", ", "; "))
    tail = glue.join(f"{key}{joint}{{k{index}}}" for index, (key, _) in enumerate(pairs))
    opened, closed = pick(rng, ((" ", ""), (" ", ""), (" (", ")"), (" [", "]"), (", ", "")))
    message = _expanded(pick(rng, table["texts"]).replace("{adj}", "{adj}" if lang == "en" else "{pre}{post}"), told)
    around = {"t": clock.tick(), "l": pick(rng, table["levels"]), "c": page.kinds.make("component")}
    for name, key in (("t", "stamp"), ("l", "level"), ("c", "who")):
        slots[name] = Cell(around[name], None, cores=(worded(pick(rng, table[key]), act),))
    compose(page, clock.shape.replace("{m}", message + opened + tail + closed), slots | {"d": clock.day})
    _quotable(page, start, act)


@cache
def _agentless(lang: Lang) -> dict[str, list[str]]:
    """The questions for adjuncts that name nobody."""
    table = syntax(lang)["actions"]
    return {key: [form for form in table[key] if "{P}" not in form] for key in ("asks", "post") if key in table}


def _paired(page: Page, act: Act, key: str, kind: Type, kinds: list[Type]) -> tuple[str, ...]:
    """Questions for the value of a key in an entry: by the key, or by its type where no other has it."""
    rng, table = page.rng, syntax(page.lexicon.lang)["logs"]
    cores = [worded(pick(rng, table["key"]), act | {"k": key})]
    words = nounlike(page.lexicon.lang, kind)
    if sum(other.family == kind.family for other in kinds) == 1 and kind.nouns:
        cores.append(worded(pick(rng, table["value"]), act | {"w": pick(rng, words)}))
    return tuple(cores)

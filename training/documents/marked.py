"""Lines with several values of one role that a mark tells apart: old and new, least, greatest and usual."""

from __future__ import annotations

from training.documents.cells import Cell, capital, compose, slot, worded
from training.documents.chance import pick
from training.documents.document import Lang
from training.documents.page import Page
from training.documents.roles import Role, roles_of, syntax, value
from training.documents.runs import Slots, passages
from training.documents.sayings import about, cast, fresh
from training.documents.scales import scaled


def changes(page: Page, subject: str) -> None:
    """A role whose value was changed, at times by somebody on some day."""
    rng, lang = page.rng, page.lexicon.lang
    for role in cast(page, subject, 1):
        if not role.type.quoted:
            form, taken = pick(rng, role.type.kinds), list[str]()
            slots = {mark: fresh(page, role.type, taken, form) for mark in ("old", "new")}
            _marked(page, subject, role, slots, pick(rng, syntax(lang)["changes"]))


def boundable(lang: Lang, role: Role) -> bool:
    """Whether the role is an amount and not a bound itself."""
    return role.type.measured and not any(
        word in name for word in syntax(lang)["bounds"]["bounding"] for name in role.names
    )


def bounds(page: Page, subject: str) -> None:
    """A role with its least, greatest and default value."""
    rng, lang = page.rng, page.lexicon.lang
    for role in cast(page, subject, 1):
        if boundable(lang, role):
            made = value(page, role.type)
            for _ in range(4):
                made = made if scaled(made, 0.5) != made else value(page, role.type)
            low = 0.02 + 0.4 * rng.random()
            slots = {"low": scaled(made, low), "high": made, "usual": scaled(made, low + (0.95 - low) * rng.random())}
            if len(set(slots.values())) == 3:
                _marked(page, subject, role, slots, pick(rng, syntax(lang)["bounds"]["texts"]))


def _marked(page: Page, subject: str, role: Role, values: dict[str, str], template: str) -> None:
    """A line with values of one role that differ by a mark: old and new, least and greatest."""
    rng, table, start = page.rng, syntax(page.lexicon.lang), page.at
    slots: Slots = {"s": subject, "a": pick(rng, role.names)}
    told = dict(values)
    for mark, kind in (("who", "person"), ("date", "date")):
        told[mark] = value(page, roles_of(page.lexicon.lang, kind)[0].type)
    for mark, made in told.items():
        ask = worded(pick(rng, table["mark_asks"][mark]), {"s": subject, "a": pick(rng, role.names)})
        if slot(mark) not in template:
            page.unanswered.append(ask)
        names = tuple(worded(form, {"a": name}) for form in table["marks"].get(mark, ()) for name in role.names)
        slots[mark] = Cell(made, role.type if mark in values else None, subject if names else "", names, (ask,))
    first = len(page.parts)
    compose(page, template, slots)
    capital(page, first, start)
    passages(page, start, [about(page, subject, role)])

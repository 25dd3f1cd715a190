"""Questions about what frames have told: values, sentences, headings, and what was not told."""

from __future__ import annotations

from collections.abc import Callable

from training.documents.chance import pick
from training.documents.document import Question, Span
from training.documents.frames import FREE, Frame, Wording, filled
from training.documents.page import Page
from training.documents.scope import scoped, under
from training.documents.telling import Told, values_of
from training.documents.wording import dressed

LONGEST_ANSWER = 200
Asker = Callable[[Page, str], Question | None]


def value(page: Page, text: str) -> Question | None:
    """A question for the value of a slot."""
    told = pick(page.rng, page.told)
    wordings = told.frame.asked[page.lexicon.lang]
    generic = _by_header if told.frame.columns else _by_stamp if "stamp" in told.values else None
    if generic and (not wordings or page.rng.random() < 0.3):
        return generic(page, told)
    if not wordings:
        return None
    wording = pick(page.rng, wordings)
    return _asked(page, told, wording.slot, wording.names, filled(wording.pieces, told.values))


def _asked(page: Page, told: Told, slot: str, names: tuple[str, ...], core: str) -> Question | None:
    """The question, if what it names leaves one answer in the document or under the heading that it names."""
    shown = {name for name, _, _ in told.places}
    if (
        slot not in shown
        or not shown.issuperset(name for name in names if name not in FREE)
        or any(written in core for name, _, written in told.places if name == slot)
    ):
        return None
    same = rivals(page, told.frame, names, told.values)
    lexicon, rng = page.lexicon, page.rng
    if _single(same, slot):
        if told.heading >= 0 and rng.random() < 0.1:
            return Question(
                dressed(rng, lexicon, scoped(page, told.heading) + core, scoped=True), _spans(same, slot), "fact"
            )
        return Question(dressed(rng, lexicon, core), _spans(same, slot), "fact")
    index = told.heading
    while index >= 0:
        inside = [other for other in same if under(page, other.heading, index)]
        if _single(inside, slot):
            scope = scoped(page, index)
            return Question(dressed(rng, lexicon, scope + core, scoped=True), _spans(inside, slot), "fact")
        index = page.headings[index].parent
    return None


def rivals(page: Page, frame: Frame, names: tuple[str, ...], values: dict[str, str]) -> list[Told]:
    """Everything the frame has told with the same values in the named slots."""
    return [
        told for told in page.told if told.frame is frame and all(told.values[name] == values[name] for name in names)
    ]


def _shown(told: Told, slot: str) -> bool:
    return any(place[0] == slot for place in told.places)


def _single(tolds: list[Told], slot: str) -> bool:
    return len({written for told in tolds for name, _, written in told.places if name == slot}) == 1


def _spans(tolds: list[Told], slot: str) -> tuple[Span, ...]:
    return tuple(
        (start, start + len(written)) for told in tolds for name, start, written in told.places if name == slot
    )


def _by_header(page: Page, told: Told) -> Question | None:
    """A cell by its row's key and its column's heading."""
    key, *others = told.frame.columns
    column = pick(page.rng, others)
    core = pick(page.rng, page.lexicon.natural["cells"])
    header = told.values.get(f"#{column.slot}") or pick(page.rng, column.headers)
    core = core.replace("{k}", told.values[key.slot]).replace("{h}", header)
    return _asked(page, told, column.slot, (key.slot,), core)


def _by_stamp(page: Page, told: Told) -> Question | None:
    """When, by which part and at which level something was logged."""
    phrase = _phrase(page, told)
    slot = pick(page.rng, [name for name in ("stamp", "level", "part", "stamp") if name in told.values])
    if not phrase:
        return None
    core = pick(page.rng, page.lexicon.natural[f"log_{slot}"]).replace("{p}", filled(phrase.pieces, told.values))
    return _asked(page, told, slot, phrase.names, core)


def _phrase(page: Page, told: Told) -> Wording | None:
    phrases = told.frame.about[page.lexicon.lang]
    return pick(page.rng, phrases) if phrases else None


def quote(page: Page, text: str) -> Question | None:
    """A request for the words in which something is told."""
    told = pick(page.rng, page.told)
    phrase = _phrase(page, told)
    if not told.quote or not phrase or told.quote[1] - told.quote[0] > LONGEST_ANSWER:
        return None
    words = text[slice(*told.quote)]
    same = rivals(page, told.frame, phrase.names, told.values)
    if "\n" in words or len({text[slice(*other.quote)] for other in same if other.quote}) > 1:
        return None
    wordings = page.lexicon.natural[_quoting(told.frame)]
    core = pick(page.rng, wordings).replace("{p}", filled(phrase.pieces, told.values))
    spans = tuple(other.quote for other in same if other.quote)
    return Question(dressed(page.rng, page.lexicon, core), spans, "quote")


def _quoting(frame: Frame) -> str:
    """Which wordings ask for the frame's words."""
    if frame.key.startswith(("logs", "access")):
        return "log_quotes"
    return "doc_quotes" if frame.key.startswith(("code", "module", "sources")) else "says"


def heading(page: Page, text: str) -> Question | None:
    """A request for the heading under which something is told."""
    told = pick(page.rng, page.told)
    phrase = _phrase(page, told)
    if told.heading < 0 or not phrase:
        return None
    same = rivals(page, told.frame, phrase.names, told.values)
    above = page.headings[told.heading]
    if any(other.heading != told.heading for other in same):
        return None
    core = pick(page.rng, page.lexicon.sections).replace("{u}", above.unit)
    core = core.replace("{p}", filled(phrase.pieces, told.values))
    return Question(dressed(page.rng, page.lexicon, core), ((above.start, above.end),), "heading")


def absent(page: Page, text: str) -> Question | None:
    """A question that the page could have answered but does not: other names in a frame, or a frame not told."""
    rng, lang = page.rng, page.lexicon.lang
    if rng.random() < 0.5:
        told = pick(page.rng, page.told)
        frame, values = told.frame, dict(told.values)
    else:
        frame = pick(rng, page.genre or [told.frame for told in page.told[:40]])
        values = values_of(page, frame, _free(page))
    wordings = frame.about[lang] if rng.random() < 0.12 else frame.asked[lang]
    if not wordings:
        return None
    wording = pick(rng, wordings)
    for name in wording.names:
        if name not in values or rng.random() < 0.6:
            values[name] = _other(page, frame, name)
    if not all(values[name] for name in wording.names if name in FREE) or _answers(page, frame, wording, values):
        return None
    core = filled(wording.pieces, values)
    if not wording.slot:
        core = pick(rng, page.lexicon.natural[_quoting(frame)]).replace("{p}", core)
    return Question(dressed(rng, page.lexicon, core), (), "absent")


def _free(page: Page) -> dict[str, str]:
    """The slots that no text shows, as some frame of the page has them."""
    for _ in range(3):
        told = pick(page.rng, page.told)
        if found := {name: told.values[name] for name in FREE if name in told.values}:
            return found
    return {"fn": page.kinds.make("apifunction"), "kind": "function"}


def _other(page: Page, frame: Frame, name: str) -> str:
    """Another value of the slot: one that the page uses elsewhere, or a new one."""
    for _ in range(3):
        told = pick(page.rng, page.told)
        if name in told.values and (told.frame is frame or name in FREE):
            return told.values[name]
    return page.kinds.make(frame.kinds[name]) if name in frame.kinds else ""


def _answers(page: Page, frame: Frame, wording: Wording, values: dict[str, str]) -> bool:
    """Whether the page tells what is asked for, perhaps under a longer or shorter name."""
    return any(
        told.frame is frame
        and all(_alike(told.values[name], values[name]) for name in wording.names)
        and (not wording.slot or _shown(told, wording.slot))
        for told in page.told
    )


def _alike(one: str, other: str) -> bool:
    return one in other or other in one

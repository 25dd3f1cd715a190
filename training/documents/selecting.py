"""Questions about typed values: by role, by type, by the words around; quotes of clauses; near misses."""

from __future__ import annotations

from training.documents.cells import Cell, Placed, index, worded
from training.documents.chance import pick
from training.documents.document import Question, Span
from training.documents.inquire import LONGEST_ANSWER
from training.documents.page import Page
from training.documents.roles import Role, Type, adverbial, asks, roles, roles_of, syntax, types
from training.documents.sayings import alike
from training.documents.wording import dressed, key_phrases, quote_wording


def value(page: Page, text: str) -> Question | None:
    """A question for one value; None where the page gives it more than one answer."""
    rng, placed = page.rng, pick(page.rng, page.cells)
    cell = placed.cell
    if cell.cores and (not cell.subject or rng.random() < 0.45):
        core = pick(rng, cell.cores)
        same = _sharing(page, core)
        if cell.once and text.count(cell.once) > 1:
            return None
    elif cell.type and cell.names and cell.names[0] in asks(page.lexicon.lang) and rng.random() < 0.4:
        core, same = _described(page, cell, cell.names[0])
    elif cell.subject and cell.names and (not _typed(cell) or rng.random() < 0.6):
        core, same = _by_role(page, cell)
    elif cell.subject and _typed(cell):
        core, same = _by_type(page, cell)
    else:
        return None
    if cell.value in core or len({other.cell.value for other in same}) != 1 or len(cell.value) > LONGEST_ANSWER:
        return None
    return Question(dressed(rng, page.lexicon, core), _spans(same), "fact")


def _typed(cell: Cell) -> bool:
    return cell.type is not None and bool(cell.type.wh)


def _sharing(page: Page, core: str) -> list[Placed]:
    """The cells for which the same words ask."""
    return index(page).cores.get(core, [])


def _by_role(page: Page, cell: Cell) -> tuple[str, list[Placed]]:
    """A question with the role's name, and all that answers it."""
    name = pick(page.rng, cell.names)
    same = [
        placed for placed in _of(page, cell.subject)
        if placed.cell is cell or any(alike(name, other) for other in placed.cell.names)
    ]  # fmt: skip
    return role_core(page, cell.subject, name, cell.type.klass if cell.type else ""), same


def role_core(page: Page, subject: str, name: str, klass: str) -> str:
    """The bare question for a role of the subject."""
    cores = page.lexicon.cores
    special = cores.get(klass)
    template = pick(page.rng, special if special and page.rng.random() < 0.6 else cores[""])
    return template.replace("{s}", _said(page, subject)).replace("{a}", name)


def _said(page: Page, subject: str) -> str:
    """The subject as it stands or without its article."""
    return subject.removeprefix("the ") if page.rng.random() < 0.2 else subject


def _described(page: Page, cell: Cell, name: str) -> tuple[str, list[Placed]]:
    """A question that describes the role of a name, and all that may be taken for its answer."""
    same = [
        placed
        for placed in _of(page, cell.subject)
        if placed.cell is cell
        or _akin(placed.cell, cell.type)
        or any(alike(name, known) for known in placed.cell.names)
    ]
    return worded(pick(page.rng, asks(page.lexicon.lang)[name]), {"s": _said(page, cell.subject)}), same


def _akin(cell: Cell, kind: Type | None) -> bool:
    return cell.type is None or (kind is not None and cell.type.family == kind.family)


def _by_type(page: Page, cell: Cell) -> tuple[str, list[Placed]]:
    """A question with a question word of the type, and all that it may ask for."""
    assert cell.type is not None
    which = pick(page.rng, cell.type.wh)
    same = [
        placed for placed in _of(page, cell.subject) if placed.cell is cell or _answers(placed.cell, which, cell.type)
    ]
    return _type_core(page, cell.subject, which), same


def _answers(cell: Cell, which: str, asked: Type) -> bool:
    """Whether a cell may be meant by the question words of a type."""
    if any(noun in name for noun in asked.nouns for name in cell.names):
        return True
    kind = cell.type
    return kind is not None and (
        kind.family == asked.family or which in kind.wh or any(noun in which for noun in kind.nouns)
    )


def _type_core(page: Page, subject: str, which: str) -> str:
    forms = syntax(page.lexicon.lang)["by_type"]
    form = pick(page.rng, forms["adverbs" if adverbial(page.lexicon.lang, which) else "nouns"])
    return worded(form, {"s": _said(page, subject), "w": which})


def _of(page: Page, subject: str) -> list[Placed]:
    """The cells of a subject, by this or a longer or shorter name."""
    return [placed for name, group in index(page).subjects.items() if alike(name, subject) for placed in group]


def _spans(same: list[Placed]) -> tuple[Span, ...]:
    return tuple(dict.fromkeys((placed.start, placed.start + len(placed.cell.value)) for placed in same))


def quote(page: Page, text: str) -> Question | None:
    """A request for the sentence, the clause or the line about something, or with some of its words."""
    rng, lexicon = page.rng, page.lexicon
    if page.sentences and (not page.passages or rng.random() < 0.35):
        span = pick(rng, page.sentences)
        phrases = key_phrases(rng, text[slice(*span)], lexicon.lang, text)
        if not phrases or span[1] - span[0] > LONGEST_ANSWER:
            return None
        return Question(dressed(rng, lexicon, quote_wording(rng, lexicon, phrases)), (span,), "quote")
    if not page.passages:
        return None
    passage = pick(rng, page.passages)
    low, high = passage.span
    words = text[low:high]
    rivals = [
        other
        for other in page.passages
        if other.span != passage.span and alike(other.about, passage.about) and other.wordings == passage.wordings
    ]
    if rivals or "\n" in words or "\t" in words or high - low > LONGEST_ANSWER or words != words.strip():
        return None
    forms = lexicon.natural["says"] if passage.wordings == "says" else syntax(lexicon.lang)["quoting"][passage.wordings]
    return Question(dressed(rng, lexicon, pick(rng, forms).replace("{p}", passage.about)), (passage.span,), "quote")


def heading(page: Page, text: str) -> Question | None:
    """A request for the heading under which a subject's role is told."""
    rng, placed = page.rng, pick(page.rng, page.cells)
    cell = placed.cell
    if placed.heading < 0 or not cell.subject or not cell.names:
        return None
    name = pick(rng, cell.names)
    phrase = worded(pick(rng, syntax(page.lexicon.lang)["quoting"]["about"]), {"s": cell.subject, "a": name})
    same = [other for other in _of(page, cell.subject) if any(alike(name, known) for known in other.cell.names)]
    if len({other.heading for other in same}) != 1:
        return None
    above = page.headings[placed.heading]
    core = pick(rng, page.lexicon.sections).replace("{p}", phrase).replace("{u}", above.unit)
    return Question(dressed(rng, page.lexicon, core), ((above.start, above.end),), "heading")


def absent(page: Page, text: str) -> Question | None:
    """A near miss: a role or a type that the page does not tell of a subject that it knows."""
    rng = page.rng
    core = pick(rng, page.unanswered) if page.unanswered and rng.random() < 0.4 else _missing(page)
    if not core or _sharing(page, core):
        return None
    return Question(dressed(rng, page.lexicon, core), (), "absent")


def _missing(page: Page) -> str:
    rng, lang = page.rng, page.lexicon.lang
    cell = pick(rng, page.cells).cell
    if not cell.subject or cell.type is None:
        return ""
    known = _of(page, cell.subject)
    if rng.random() < 0.35:
        kind = pick(rng, [kind for kind in types(lang) if kind.wh])
        which = pick(rng, kind.wh)
        told = any(not placed.cell.type or _answers(placed.cell, which, kind) for placed in known)
        return "" if told else _type_core(page, cell.subject, which)
    role = _near(page, cell.type)
    if any(
        not placed.cell.names and (placed.cell.type is None or placed.cell.type.family == role.type.family)
        for placed in known
    ):
        return ""  # what is told without its role's name may be meant
    if any(alike(name, other) for placed in known for other in placed.cell.names for name in role.names):
        return ""
    described = asks(lang).get(role.names[0])
    if described and rng.random() < 0.4 and not any(_akin(placed.cell, role.type) for placed in known):
        return worded(pick(rng, described), {"s": _said(page, cell.subject)})
    return role_core(page, cell.subject, pick(rng, role.names), role.type.klass)


def _near(page: Page, kind: Type) -> Role:
    """A role: of the same type, of a type that the page has, or any."""
    rng, lang = page.rng, page.lexicon.lang
    roll = rng.random()
    if roll < 0.45:
        return pick(rng, roles_of(lang, kind.key))
    other = pick(rng, page.cells).cell.type
    return pick(rng, roles_of(lang, other.key) if other and roll < 0.8 else roles(lang))

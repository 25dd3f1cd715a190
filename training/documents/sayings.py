"""Lines of prose that hold several typed values: roles or verbs of a subject, parallel cases, sequences.

Slots of the runs: {s} the subject, {a} a role's name, {v} a value, {n} a noun of its type, {g} what the cases {c}
belong to, {V} {I} {P} a verb (third person, infinitive, past); [words] are drawn as everywhere.
"""

from __future__ import annotations

from training.documents.cells import Cell, slot, worded
from training.documents.chance import pick, some, upto
from training.documents.lexicon import fill
from training.documents.page import Page
from training.documents.roles import Role, Type, roles, roles_of, syntax, types, value
from training.documents.runs import Slots, run
from training.documents.verbs import infinitive, participle, past, third


def cast(page: Page, subject: str, count: int, pool: tuple[Role, ...] = ()) -> list[Role]:
    """Up to `count` roles that the subject does not have and that nobody takes for each other; often of one type."""
    rng, lang = page.rng, page.lexicon.lang
    known, found = page.played.setdefault(subject, []), list[Role]()
    for _ in range(2 * count):
        if len(found) == count:
            break
        kin = found and rng.random() < 0.35
        role = pick(rng, roles_of(lang, found[-1].type.key) if kin else pool or roles(lang))
        if not any(alike(name, other) for name in role.names for other in known):
            known += role.names
            found.append(role)
    return found


def alike(one: str, other: str) -> bool:
    """Whether one name may be taken for the other."""
    return one in other or other in one


def fresh(page: Page, kind: Type, taken: list[str], form: str = "") -> str:
    """A value that differs from those taken, which it joins."""
    made = value(page, kind, form)
    for _ in range(5):
        if made not in taken:
            break
        made = value(page, kind, form)
    taken.append(made)
    return made


def about(page: Page, subject: str, role: Role) -> str:
    """A phrase that names the role of the subject."""
    return worded(
        pick(page.rng, syntax(page.lexicon.lang)["quoting"]["about"]), {"s": subject, "a": pick(page.rng, role.names)}
    )


def properties(page: Page, subject: str) -> None:
    """One subject with two to six of its roles, each with its value."""
    taken: list[str] = []
    items: list[Slots] = []
    phrases = []
    for role in cast(page, subject, upto(page.rng, 2, 6)):
        made = fresh(page, role.type, taken)
        items.append({"a": pick(page.rng, role.names), "v": Cell(made, role.type, subject, role.names)})
        phrases.append(about(page, subject, role))
    if items:
        role_name, cell = str(items[0]["a"]), items[0]["v"]
        assert isinstance(cell, Cell)
        core = worded(pick(page.rng, page.lexicon.reversed), {"a": role_name, "v": cell.value})
        whose = Cell(subject, None, cores=(core,), once=cell.value)
        run(page, "properties", {"s": whose}, items, phrases)


def typed(page: Page, subject: str) -> None:
    """One subject with two to four values that only a noun of their type names."""
    every = [kind for kind in types(page.lexicon.lang) if kind.nouns and not kind.quoted and not kind.measured]
    items: list[Slots] = []
    phrases = []
    for kind in some(page.rng, every, upto(page.rng, 2, 4)):
        noun = pick(page.rng, kind.nouns)
        if not any(alike(noun, other) for other in page.played.setdefault(subject, [])):
            page.played[subject].append(noun)
            items.append({"n": noun, "v": Cell(value(page, kind), kind, subject, (noun,))})
            phrases.append(about(page, subject, Role(kind, (noun,))))
    if items:
        run(page, "typed", {"s": subject}, items, phrases)


def predicates(page: Page, subject: str) -> None:
    """One subject that does something with two to four values."""
    form = pick(page.rng, syntax(page.lexicon.lang)["predicates"])
    tense = "V" if "{V}" in form else "I" if "{I}" in form else "P"
    every = [kind for kind in types(page.lexicon.lang) if kind.verbs]
    items: list[Slots] = []
    for kind in some(page.rng, every, upto(page.rng, 2, 4)):
        verb, made = pick(page.rng, kind.verbs), value(page, kind)
        cell = Cell(made, kind, subject, (), _verbal(page, subject, kind, verb, tense))
        items.append({tense: {"V": third, "I": infinitive, "P": past}[tense](verb) + _gap(page, made), "v": cell})
    run(page, "", {"s": subject}, items, [], form.replace(slot(tense), slot(tense) + "{v}"))


def _gap(page: Page, made: str) -> str:
    return " " if page.lexicon.lang == "en" or (made[0] < "\u2e80" and page.rng.random() < 0.7) else ""


def _verbal(page: Page, subject: str, kind: Type, verb: str, tense: str) -> tuple[str, ...]:
    """Questions for the object of a verb."""
    rng, forms = page.rng, syntax(page.lexicon.lang)["verbal"]
    which = pick(rng, kind.verb_wh)
    bare, _, preposition = verb.rpartition(" ")
    slots = {
        "s": subject, "i": verb, "v3": third(verb), "p": past(verb), "w": which, "q": preposition,
        "n": pick(rng, kind.nouns or (which,)),
    }  # fmt: skip
    cores = [pick(rng, forms["past" if tense == "P" else "present"])]
    if (
        page.lexicon.lang == "en"
        and bare
        and " " not in bare
        and " " not in preposition
        and which.startswith(("which", "what"))
    ):
        return worded(cores[0], slots), worded(pick(rng, forms["fronted"]), slots | {"i": bare})
    if not bare:
        return worded(cores[0], slots), worded(pick(rng, forms["passive"]), slots | {"p": participle(verb)})
    return tuple(worded(core, slots) for core in cores)


def parallel(page: Page, group: str) -> None:
    """One role of several cases that belong to one subject."""
    rng, table = page.rng, syntax(page.lexicon.lang)
    role = next((role for role in cast(page, group, 1) if not role.type.quoted), None)
    if role is None:
        return
    cases = _cases(page, upto(rng, 2, 5))
    *told, left = cases if len(cases) > 2 else (*cases, "")
    form, way, name, taken = pick(rng, role.type.kinds), pick(rng, table["groups"]), pick(rng, role.names), list[str]()
    items: list[Slots] = []
    for case in told:
        made = fresh(page, role.type, taken, form)
        core = worded(pick(rng, table["of_which"]), {"g": group, "a": name, "v": made})
        whose = Cell(case, None, cores=(core,), once=made)
        cell = Cell(made, role.type, worded(way, {"c": case, "g": group}), role.names)
        items.append({"c": whose, "a": name, "v": cell})
    if left:
        page.unanswered.append(_asked(page, worded(way, {"c": left, "g": group}), role))
    run(page, "parallel", {"g": group, "a": name}, items, [about(page, group, role)])


def _asked(page: Page, subject: str, role: Role) -> str:
    cores = page.lexicon.cores
    template = pick(page.rng, cores.get(role.type.klass) or cores[""])
    return template.replace("{s}", subject).replace("{a}", pick(page.rng, role.names))


def _cases(page: Page, count: int) -> list[str]:
    """Different cases, mostly of one sort."""
    rng, table = page.rng, syntax(page.lexicon.lang)
    form, found = pick(rng, table["classes"]), list[str]()
    slots = dict(page.lexicon.slots) | {"L": tuple("ABCDEFGHK"), "N": tuple("123456789")}
    for _ in range(3 * count):
        case = fill(rng, form, slots)
        if len(found) < count and not any(alike(case, other) for other in found):
            found.append(case)
        elif rng.random() < 0.3:
            form = pick(rng, table["classes"])
    return found


def sequence(page: Page, subject: str) -> None:
    """Values of one type in an order."""
    rng, table = page.rng, syntax(page.lexicon.lang)
    kind = pick(rng, [kind for kind in types(page.lexicon.lang) if kind.nouns and not kind.quoted])
    form, taken = pick(rng, kind.kinds), list[str]()
    noun, count = pick(rng, kind.nouns), upto(rng, 2, 5)
    items: list[Slots] = []
    for index in range(count):
        places = [table["places"][index], *([table["last"]] if index == count - 1 else [])]
        slots = {"s": subject, "n": noun, "o": pick(rng, places)}
        core = worded(pick(rng, table["sequence_asks"]), slots)
        items.append({"v": Cell(fresh(page, kind, taken, form), kind, cores=(core,))})
    if not any(alike(noun, other) for other in page.played.setdefault(subject, [])):
        page.played[subject].append(noun)
        run(page, "sequences", {"s": subject}, items, [])

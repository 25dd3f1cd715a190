"""Listings of typed values: key and value runs, parameters with their defaults, constants, variables and methods."""

from __future__ import annotations

from training.documents import names
from training.documents.cells import Cell, Passage, compose, slot, worded
from training.documents.chance import pick, upto
from training.documents.lexicon import fill
from training.documents.page import Page
from training.documents.roles import Type, roles, roles_of, syntax, types, value
from training.documents.runs import Slots
from training.documents.sayings import cast, fresh
from training.documents.scales import scaled
from training.documents.verbs import past

_JOINTS = ("=", ": ", "=", ":", " = ", " ")
_GLUES = (" ", ", ", "; ", " | ", " / ")


def pairs(page: Page, subject: str) -> None:
    """A line of a subject's roles as key and value, the keys written by people or by programs, at times behind."""
    rng, chinese = page.rng, page.lexicon.lang == "zh"
    joint, glue = (
        pick(rng, ("：", "=", ": ", " ") if chinese else _JOINTS),
        pick(rng, ("，", "；", *_GLUES) if chinese else _GLUES),
    )
    joint = joint if glue.strip() or joint.strip() else ": "
    form = pick(rng, ("plain", "plain", "slug", "json", "behind", "card", "card"))
    slugged, taken = rng.random() < 0.5 and not chinese, list[str]()
    start = page.at
    slots: Slots = {"s": subject}
    written = []
    for index, role in enumerate(cast(page, subject, upto(rng, 2, 7))):
        name = pick(rng, role.names)
        key = _slug(page, name) if form == "slug" or slugged else name
        made = fresh(page, role.type, taken)
        slots[f"v{index}"] = Cell(made, role.type, subject, (*role.names, key))
        written.append(_PAIR[form].replace("{k}", key).replace("{j}", joint).replace("{v}", slot(f"v{index}")))
    head = {"json": '{"name": "{s}", ', "card": pick(rng, ("[{s}]\n", "{s}\n", "{s}:\n", "* {s}\n"))}.get(
        form, pick(rng, ("{s}: ", "{s} ", "[{s}] ", "{s} - ", "{s}| "))
    )
    ends = {"json": (", ", "}"), "card": ("\n", "")}.get(form, (glue, ""))
    compose(page, head + ends[0].join(written) + ends[1], slots, quote=form != "json")
    if form != "card" and written:
        page.passages.append(Passage((start, page.at), "row", subject))
    page.put("\n")


_PAIR = {"plain": "{k}{j}{v}", "slug": "{k}{j}{v}", "json": '"{k}": "{v}"', "behind": "{v} ({k})", "card": "{k}{j}{v}"}


def _slug(page: Page, name: str) -> str:
    style = int(page.rng.random() * 3)
    if not name.isascii():
        return name
    parts = name.replace("-", " ").replace("/", " ").lower().split()
    return ("_".join(parts), "-".join(parts), parts[0] + "".join(part.capitalize() for part in parts[1:]))[style]


def parameters(page: Page) -> None:
    """Parameters with type, meaning, default and limits, one a line."""
    rng, lang = page.rng, page.lexicon.lang
    table, template = syntax(lang)["params"], ""
    measured = [kind for kind in types(lang) if kind.measured]
    for _ in range(upto(rng, 3, 7)):
        template = template if template and rng.random() < 0.8 else pick(rng, table["texts"])
        name = page.kinds.make(pick(rng, ("confkey", "field", "confkey", "upper")))
        if any(name in known or known in name for known in page.rows):
            continue
        page.rows.append(name)
        amount = value(page, pick(rng, measured))
        told = {
            "usual": scaled(amount, 0.1 + 0.7 * rng.random()), "high": amount, "type": page.kinds.make("rtype"),
            "env": page.kinds.make("env"), "note": page.kinds.make("confnote" if lang == "zh" else "confnoteen"),
        }  # fmt: skip
        if told["usual"] == amount:
            continue
        core = worded(pick(rng, table["by"]), told)
        slots: Slots = {"s": Cell(name, None, cores=(core,), once=told["note"])}
        for key, made in told.items():
            asks = (worded(pick(rng, table[key]), {"s": name}),)
            slots[key] = Cell(made, None, cores=asks)
            if slot(key) not in template:
                page.unanswered.append(asks[0])
        start = page.at
        compose(page, template, slots)
        page.passages.append(Passage((start, page.at), "row", name))
        page.put("\n")


def constants(page: Page) -> None:
    """Constants and variables of the environment, each a line of a program or a settings file."""
    rng, lang = page.rng, page.lexicon.lang
    table = syntax(lang)["code"]
    for _ in range(upto(rng, 2, 6)):
        name = page.kinds.make(pick(rng, ("upper", "env", "upper")))
        if any(name in known or known in name for known in page.rows):
            continue
        page.rows.append(name)
        kind = pick(rng, [kind for kind in types(lang) if kind.klass == "what" or kind.measured])
        made = value(page, kind)
        if rng.random() < 0.35:
            _environment(page, name, kind, made)
            continue
        key = "constants_typed" if kind.nouns and rng.random() < 0.5 else "constants"
        asks = (worded(pick(rng, table[key]), {"k": name, "n": pick(rng, kind.nouns or ("",))}),)
        by = worded(pick(rng, table["constants_by"]), {"v": made})
        form = pick(
            rng,
            (
                '{k} = "{v}"',
                "{k} = '{v}'",
                '{k}="{v}"',
                "{k}={v}",
                "export {k}={v}",
                '#define {k} "{v}"',
                "{k}: {v}",
                'const {k} = "{v}";',
            ),
        )
        compose(
            page, form, {"k": Cell(name, None, cores=(by,), once=made), "v": Cell(made, None, cores=asks)}, quote=False
        )
        page.put("\n")


def _environment(page: Page, key: str, kind: Type, made: str) -> None:
    """A variable of the environment read into a name, with a default."""
    rng, table = page.rng, syntax(page.lexicon.lang)["code"]
    role = pick(rng, roles_of(page.lexicon.lang, kind.key))
    target = names.snake(rng)
    form = pick(
        rng,
        (
            '{t} = os.environ.get("{k}", "{v}")',
            '{t} = os.getenv("{k}") or "{v}"',
            '{t}="${{k}:-{v}}"',
            '{t} := env("{k}", "{v}")  // {a}',
            '{t} = environ["{k}"]  # {a}, {v}',
        ),
    )
    asks = [worded(pick(rng, table["env"]), {"a": target})]
    if "{a}" in form:
        asks.append(worded(pick(rng, table["env"]), {"a": f"{role.names[0]} ({target})"}))
    slots: Slots = {
        "a": role.names[0],
        "k": Cell(key, None, cores=tuple(asks)),
        "v": Cell(made, None, cores=(worded(pick(rng, table["env_default"]), {"k": key, "a": target}),)),
        "t": Cell(target, None, cores=(worded(pick(rng, table["env_target"]), {"k": key}),)),
    }
    compose(page, form, slots, quote=False)
    page.put("\n")


def methods(page: Page) -> None:
    """Methods with an argument, a type and a docstring."""
    rng, lang = page.rng, page.lexicon.lang
    table, actions, level = syntax(lang)["code"], syntax(lang)["actions"], pick(rng, ("", "    "))
    forms = [form for form in _METHODS if not level or "def" in form]
    if level:
        page.put(f"class {page.kinds.make('klass')}:\n")
    for _ in range(upto(rng, 2, 4)):
        name = page.kinds.make("method")
        if any(name in known or known in name for known in page.rows):
            continue
        page.rows.append(name)
        verb, thing = (
            pick(rng, actions["verbs"]),
            f"{pick(rng, actions['mods'])}{'' if lang == 'zh' else ' '}{pick(rng, actions['things'])}",
        )
        words = {
            "o": thing,
            "i": verb,
            "I": verb.capitalize(),
            "p": past(verb),
            "a": pick(rng, pick(rng, roles(lang)).names),
        }
        text = worded(fill(rng, pick(rng, table["docs"]), page.lexicon.slots), words)
        argument = page.kinds.make("field")
        slots: Slots = {
            "f": name, "x": argument,
            "d": _code(page, page.kinds.make("confnum"), "argument", {"k": name, "a": argument}),
            "r": _code(page, page.kinds.make("rtype"), "returns", {"k": name}),
            "t": _code(page, text + pick(rng, ("", ".", ".") if lang == "en" else ("", "。")), "doc", {"k": name}),
            "e": _code(page, page.kinds.make("exception"), "raises", {"k": name}),
        }  # fmt: skip
        form = pick(rng, forms)
        for name_of, key in (("r", "returns"), ("e", "raises")):
            if slot(name_of) not in form:
                page.unanswered.append(worded(pick(rng, table[key]), {"k": name}))
        compose(page, "\n".join(level + line for line in form.split("\n")) + "\n" + pick(rng, ("", "\n")), slots)


_METHODS = (
    'def {f}({x}={d}) -> {r}:\n    """{t}"""\n    raise {e}',
    "def {f}(self, {x}={d}):\n    '''{t}'''",
    'def {f}(self, {x}: int = {d}) -> {r}:\n    """{t}"""\n    return self.{x}',
    'async def {f}({x}={d}):\n    """{t}"""\n    if not {x}:\n        raise {e}',
    "# {t}\nfunction {f}({x} = {d})",
    "/** {t} */\n{r} {f}({x}) throws {e};",
)


def _code(page: Page, made: str, key: str, slots: dict[str, str]) -> Cell:
    forms = syntax(page.lexicon.lang)["code"][key]
    return Cell(made, None, cores=(worded(pick(page.rng, forms), slots),))


def tuples(page: Page, subject: str) -> None:
    """A value list in brackets whose order a comment tells."""
    rng = page.rng
    chosen = cast(page, subject, upto(rng, 2, 5))
    if not chosen:
        return
    page.put(f"# {subject}: ({', '.join(pick(rng, role.names) for role in chosen)})\n")
    cells: Slots = {
        f"v{index}": Cell(value(page, role.type), role.type, subject, role.names) for index, role in enumerate(chosen)
    }
    body = ", ".join(
        f'"{{{key}}}"' if not cell.value.isdigit() else f"{{{key}}}"
        for key, cell in cells.items()
        if isinstance(cell, Cell)
    )
    compose(
        page,
        pick(rng, ("({})", "[{}]", "{name} = ({})", "insert({})"))
        .replace("{name}", names.latin(rng))
        .replace("{}", body),
        cells,
        quote=False,
    )
    page.put("\n")

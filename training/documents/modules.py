"""Source of Python modules: constants, errors with codes, classes and functions with docstrings."""

from __future__ import annotations

from training.documents import names
from training.documents.chance import pick, upto, words
from training.documents.frames import Frame, frames, tagged
from training.documents.page import Page
from training.documents.telling import Told, values_of, write

_IMPORTS = (
    "json",
    "os",
    "random",
    "sqlite3",
    "threading",
    "time",
    "hashlib",
    "logging",
    "pathlib",
    "struct",
    "socket",
    "re",
)
_PURPOSES = words(
    "keeps {t}s in one file/hands out {t}s to workers/a small store for {t}s/counts and limits {t}s/"
    "reads and writes {t}s/turns {t}s into {o}s/a queue of {t}s with retries/helpers for {t}s/"
    "checks {t}s before they are stored/a cache of {t}s"
)


def module(page: Page) -> None:
    """A module from its docstring to its last function."""
    rng = page.rng
    page.kinds = page.kinds.of("en")
    page.genre = list(frames("code", "en"))
    _top(page)
    base = f"{names.latin(rng).capitalize()}Error"
    for _ in range(upto(rng, 3, 9) if page.characters > 900 else 2):
        tell_once(page, pick(rng, tagged("code", "en", "constant")))
    for _ in range(upto(rng, 0, 2)):
        tell_once(page, pick(rng, tagged("code", "en", "env")))
    page.put(f"\n\nclass {base}(Exception):\n    pass\n\n\n")
    while not page.full:
        roll = rng.random()
        if roll < 0.25:
            for _ in range(upto(rng, 1, 3)):
                tell_once(page, pick(rng, tagged("code", "en", "error")), "\n\n\n", {"b": base})
        elif roll < 0.6:
            _class(page)
        else:
            tell_once(
                page,
                pick(rng, tagged("code", "en", "function")),
                "\n\n\n",
                {"self": "", "self2": "", "kind": "function"},
            )


def tell_once(
    page: Page, frame: Frame, after: str = "\n", given: dict[str, str] | None = None, indent: str = ""
) -> Told | None:
    """One piece, its lines indented, unless its name is taken."""
    values = values_of(page, frame, given)
    name = next((values[slot] for slot in ("c", "k", "m", "f", "t") if slot in values and slot in frame.kinds), "")
    if name and name in page.stated_names:
        return None
    page.stated_names.add(name)
    pieces = pick(page.rng, frame.texts)
    if indent:
        pieces = tuple(p.replace("\n", "\n" + indent) if at % 2 == 0 else p for at, p in enumerate(pieces))
    page.put(indent)
    told = write(page, frame, pieces, values, [])
    page.put(after)
    return told


def _top(page: Page) -> None:
    """Docstring, imports and version."""
    rng, name = page.rng, names.snake(page.rng)
    purpose = pick(rng, _PURPOSES).replace("{t}", page.kinds.make("thing")).replace("{o}", page.kinds.make("noun"))
    values = {"name": name, "what": purpose}
    head, tail = tagged("module", "en", "docstring")[0], tagged("module", "en", "version")
    write(page, head, pick(rng, head.texts), values_of(page, head, values), [])
    page.put("\n\n")
    for imported in sorted(rng.sample(_IMPORTS, upto(rng, 2, 6))):
        page.put(f"import {imported}\n")
    page.put("\n")
    for frame in tail:
        if rng.random() < 0.8:
            write(page, frame, pick(rng, frame.texts), values_of(page, frame, values), [])
            page.put("\n")
    page.put("\n")


def _class(page: Page) -> None:
    rng = page.rng
    head = pick(rng, tagged("module", "en", "class"))
    told = tell_once(page, head, "\n\n")
    given = {"self": "self, ", "self2": "self.", "kind": "method"}
    for _ in range(upto(rng, 1, 5) if told else 0):
        tell_once(page, pick(rng, tagged("code", "en", "method")), "\n\n", given, "    ")
        if page.full:
            break
    page.put("\n")

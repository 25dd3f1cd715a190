"""Tables of typed values: headers drawn from the roles, units in them at times, the names of the rows in any column."""

from __future__ import annotations

import re
from typing import NamedTuple

from training.documents.cells import Cell, Passage, Placed, worded
from training.documents.chance import listed, pick, some, upto
from training.documents.lexicon import fill
from training.documents.marked import boundable
from training.documents.page import Page
from training.documents.roles import Role, roles, roles_of, syntax, value
from training.documents.sayings import alike, cast
from training.documents.scales import scaled
from training.documents.tables import width

_AMOUNT = re.compile(r"(-?[\d.]+)( ?)(\D+)")
# What a value of such a family is shows without a header.
_SEEN = frozenset(
    listed("where who when span money bytes frequency voltage power weight temperature pressure bit pin colour version")
)
_STYLES = ("pipes", "markdown", "aligned", "aligned", "aligned", "commas", "tabs", "pipes", "wide")


class Column(NamedTuple):
    """A column: its header, the names by which it can be asked for, its cells; the type of the role, if it has one."""

    header: str
    names: tuple[str, ...]
    cells: list[str]
    role: Role | None


def table(page: Page, number: int) -> None:
    """A table of three to nine rows, with a caption at times."""
    rng, words = page.rng, syntax(page.lexicon.lang)["tables"]
    if rng.random() < 0.7:
        topic = fill(rng, pick(rng, ("[func]", "[obj]", "[func] [act]")), page.lexicon.slots)
        caption = worded(pick(rng, words["captions"]), {"n": str(number), "t": topic})
        page.put(caption[0].upper() + caption[1:] + "\n")
    rows = upto(rng, 3, max(3, min(upto(rng, 4, 14), (page.characters - page.at) // 40)))
    bare = rng.random() < 0.1
    subjects, columns = (_limits if rng.random() < 0.25 and not bare else _roles)(page, number, rows)
    if columns and subjects.cells:
        columns = [_united(page, column, not bare) for column in columns]
        _write(page, subjects, columns, bare)


def _roles(page: Page, number: int, rows: int) -> tuple[Column, list[Column]]:
    """Entities by two to six roles."""
    rng, words = page.rng, syntax(page.lexicon.lang)["tables"]
    domain = page.domain()
    subjects = [page.kinds.make(pick(rng, ("assetno", "model", "opname", "lineno"))) for _ in range(rows)]
    if rng.random() < 0.6:
        subjects = [page.entity(domain) for _ in range(rows)]
    subjects = [
        name
        for index, name in enumerate(subjects)
        if not any(alike(name, other) for other in (*subjects[:index], *page.rows))
    ]
    page.rows += subjects
    columns = []
    for role in cast(page, f"\n{number}", upto(rng, 2, 7), _pool(page)):
        form = pick(rng, role.type.kinds)
        header = pick(rng, role.names)
        columns.append(Column(header, role.names, [value(page, role.type, form, pooled=False) for _ in subjects], role))
    if rng.random() < 0.2:
        notes = [worded(fill(rng, pick(rng, words["note"]), page.lexicon.slots), {"s": name}) for name in subjects]
        header = pick(rng, words["notes"])
        columns.append(Column(header, (header,), notes, None))
    return Column(pick(rng, words["keys"]), (), subjects, None), columns


def _pool(page: Page) -> tuple[Role, ...]:
    """The roles of a table: any, or amounts only, so that no column shows what it is."""
    every, roll = roles(page.lexicon.lang), page.rng.random()
    if roll < 0.35:
        return tuple(role for role in every if role.type.measured)
    return roles_of(page.lexicon.lang, pick(page.rng, _RIVAL)) if roll < 0.5 else ()


_RIVAL = ("count", "duration", "percent", "money", "date", "length", "bytes", "person", "path")


def _limits(page: Page, number: int, rows: int) -> tuple[Column, list[Column]]:
    """Quantities by their least, usual and greatest value."""
    rng, headers = page.rng, syntax(page.lexicon.lang)["headers"]
    subjects: list[str] = []
    made: list[str] = []
    for role in some(rng, roles(page.lexicon.lang), 8 * rows):
        name, amount = pick(rng, role.names), value(page, role.type)
        differs = scaled(amount, 0.1) != scaled(amount, 0.5) != amount
        if (
            boundable(page.lexicon.lang, role)
            and len(made) < rows
            and differs
            and not any(alike(name, s) for s in (*subjects, *page.rows))
        ):
            subjects.append(name)
            made.append(amount)
    page.rows += subjects
    shares = {"low": (0.01, 0.2), "usual": (0.25, 0.8), "high": (1.0, 1.0)}
    columns = []
    for key in some(rng, tuple(shares), upto(rng, 2, 3)):
        low, high = shares[key]
        cells = [scaled(amount, low + (high - low) * rng.random()) for amount in made]
        columns.append(Column(pick(rng, headers[key]), tuple(headers[key]), cells, None))
    return Column(pick(rng, headers["row"]), (), subjects, None), columns if made else []


def _united(page: Page, column: Column, lifts: bool) -> Column:
    """The column with one unit, which may move into the header."""
    matches = [_AMOUNT.fullmatch(cell) for cell in column.cells]
    if not column.role or not column.role.type.measured or not matches or not all(matches):
        return column
    first = matches[0]
    assert first is not None
    lifted = lifts and page.rng.random() < 0.5
    cells = [match[1] + ("" if lifted else first[2] + first[3]) for match in matches if match]
    shapes = ("（{}）", "({})", "/{}", " ({})", " [{}]")[0 if page.lexicon.lang == "zh" else 1 :]
    header = column.header + pick(page.rng, shapes).format(first[3]) if lifted else column.header
    return column._replace(header=header, cells=cells)


def _write(page: Page, subjects: Column, columns: list[Column], bare: bool) -> None:
    rng = page.rng
    style = pick(rng, _STYLES)
    at = 0 if rng.random() < 0.65 else upto(rng, 0, len(columns))
    placed = [*columns[:at], subjects, *columns[at:]]
    if style == "commas":
        placed = [column._replace(cells=[cell.replace(",", "") for cell in column.cells]) for column in placed]
        columns = [column for index, column in enumerate(placed) if index != at]
    room = [max(map(width, (column.header, *column.cells))) + upto(rng, 2, 4) for column in placed]
    if not bare:
        _line(page, [column.header for column in placed], style, room)
        if style == "markdown":
            page.put("|" + pick(rng, ("---|", " --- |")) * len(placed) + "\n")
        elif style in ("aligned", "wide") and rng.random() < 0.35:
            page.put(" ".join("-" * (size - 1) for size in room) + "\n")
    for index, subject in enumerate(placed[at].cells):
        begun = page.at
        places = _line(page, [column.cells[index] for column in placed], style, room)
        if style in ("pipes", "commas"):
            page.passages.append(Passage((begun, page.at - 1), "row", subject))
        columns_of = [
            (column, place) for number, (column, place) in enumerate(zip(placed, places, strict=True)) if number != at
        ]
        page.cells.append(Placed(_key(page, subject, placed[at], columns, index, bare), places[at], page.open))
        for column, place in columns_of:
            page.cells.append(Placed(_cell(page, subject, column, index, bare), place, page.open))


def _cell(page: Page, subject: str, column: Column, index: int, bare: bool) -> Cell:
    made, words = column.cells[index], syntax(page.lexicon.lang)["tables"]
    kind = column.role.type if column.role else None
    if bare:
        return Cell(made, kind if kind and kind.family in _SEEN else None, subject)
    name = column.names[0] if column.role and page.rng.random() < 0.3 else column.header
    core = worded(pick(page.rng, words["cells"]), {"s": subject, "a": _plain(column, name)})
    return Cell(made, kind, subject, column.names, (core,))


def _plain(column: Column, name: str) -> str:
    """The header as one says it, without its unit."""
    return next((known for known in column.names if name.startswith(known)), name)


def _key(page: Page, subject: str, key: Column, columns: list[Column], index: int, bare: bool) -> Cell:
    """The name of a row, asked for by one of its values."""
    column = pick(page.rng, columns)
    slots = {"k": key.header, "v": column.cells[index], "a": _plain(column, column.header)}
    cores = () if bare else (worded(pick(page.rng, syntax(page.lexicon.lang)["tables"]["reverse"]), slots),)
    return Cell(subject, None, cores=cores, once=column.cells[index])


def _line(page: Page, line: list[str], style: str, room: list[int]) -> list[int]:
    """Write a row; where each of its cells begins."""
    places = []
    page.put("| " if style == "markdown" else "")
    for index, cell in enumerate(line):
        places.append(page.at)
        page.put(cell)
        if index == len(line) - 1:
            page.put(" |\n" if style == "markdown" else "\n")
        elif style in ("aligned", "wide"):
            page.put(" " * (room[index] - width(cell) + (3 if style == "wide" else 0)))
        else:
            page.put({"commas": ",", "tabs": "\t"}.get(style, " | "))
    return places

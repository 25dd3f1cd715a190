"""Tables of frames: rows in the styles of documents, with units in the cells or above them."""

from __future__ import annotations

import re

from training.documents.chance import pick, upto
from training.documents.frames import Frame, frames
from training.documents.page import Page
from training.documents.tables import width
from training.documents.telling import row, values_of

_MEASURED = frozenset(
    [
        "bytes",
        "frequency",
        "voltage",
        "power",
        "weight",
        "length",
        "duration",
        "temperature",
        "pressure",
        "rate",
        "period",
        "volume",
    ]
)
_AMOUNT = re.compile(r"([\d.]+)( ?)(\D+)")
_STYLES = ("pipes", "markdown", "aligned", "aligned", "commas", "tabs", "pipes")
_KEPT = 0.75


def grid(page: Page, frame: Frame, count: int, style: str = "") -> None:
    """A table of `count` rows with some of the frame's columns."""
    rng = page.rng
    style = style or pick(rng, _STYLES)
    columns = [frame.columns[0]]
    columns += [column for column in frame.columns[1:] if rng.random() < _KEPT]
    if len(columns) == 1:
        columns = list(frame.columns[:3])
    headers = [pick(rng, column.headers) for column in columns]
    rows = _rows(page, frame, count)
    if not rows:
        return
    for index, column in enumerate(columns):
        if frame.kinds[column.slot] in _MEASURED:
            headers[index] = _united(page, rows, column.slot, headers[index])
    if style == "commas":
        rows = [{slot: value.replace(",", "") for slot, value in values.items()} for values in rows]
    above = {f"#{column.slot}": header for column, header in zip(columns, headers, strict=True)}
    cells = [headers, *([values[column.slot] for column in columns] for values in rows)]
    room = [max(width(line[index]) for line in cells) + 2 for index in range(len(columns))]
    for number, line in enumerate(cells):
        places = _line(page, line, style, room)
        if number:
            slots = [(column.slot, place, cell) for column, place, cell in zip(columns, places, line, strict=True)]
            row(page, frame, rows[number - 1] | above, slots)
        elif style == "markdown":
            page.put("|" + pick(rng, ("---|", " --- |")) * len(columns) + "\n")
        elif style == "aligned" and rng.random() < 0.3:
            page.put(" ".join("-" * (size - 1) for size in room) + "\n")


def _rows(page: Page, frame: Frame, count: int) -> list[dict[str, str]]:
    """Values for the rows; no two of the frame's rows of the page have the same key."""
    key = frame.columns[0].slot
    known = {told.values[key] for told in page.told if told.frame is frame}
    rows: list[dict[str, str]] = []
    for _ in range(2 * count):
        values = values_of(page, frame)
        if values[key] not in known and len(rows) < count:
            known.add(values[key])
            rows.append(values)
    return rows


def _united(page: Page, rows: list[dict[str, str]], slot: str, header: str) -> str:
    """Give the cells of a column one unit, which may move into the header."""
    matches = [_AMOUNT.fullmatch(values[slot]) for values in rows]
    first = matches[0]
    if first is None or any(match is None for match in matches):
        return header
    _, gap, unit = first.groups()
    lifted = page.rng.random() < 0.4
    for values, match in zip(rows, matches, strict=True):
        assert match is not None
        values[slot] = match[1] if lifted else match[1] + gap + unit
    return f"{header}{pick(page.rng, ('（{}）', '({})', '/{}', ' ({})')).format(unit)}" if lifted else header


def _line(page: Page, line: list[str], style: str, room: list[int]) -> list[int]:
    """Write a row; where each of its cells begins."""
    places = []
    page.put("| " if style == "markdown" else "")
    last = len(line) - 1
    for index, cell in enumerate(line):
        places.append(page.at)
        page.put(cell)
        if index == last:
            page.put(" |\n" if style == "markdown" else "\n")
        elif style == "aligned":
            page.put(" " * (room[index] - width(cell)))
        else:
            page.put({"commas": ",", "tabs": "\t"}.get(style, " | "))
    return places


def caption(page: Page, frame: Frame, number: str) -> str:
    """The table's title."""
    name = pick(page.rng, frame.tags).replace("_", " ")
    return f"表 {number} {name}" if page.lexicon.lang == "zh" else f"Table {number}: {name}"


def sheets(page: Page) -> None:
    """A document of a few tables with captions."""
    rng, lang = page.rng, page.lexicon.lang
    every = frames(f"tables_{lang}", lang)
    page.genre = list(every)
    number = 0
    while not page.full:
        number += 1
        frame = pick(rng, every)
        page.put(caption(page, frame, pick(rng, (str(number), f"{upto(rng, 1, 9)}-{number}"))) + "\n")
        room = max(4, (page.characters - page.at) // 30)
        grid(page, frame, upto(rng, 4, min(25, room + 1)))
        page.put("\n")

"""Facts found in the lines of natural text: an entry and its description, a cell of a table."""

from __future__ import annotations

import re
from random import Random

from training.documents.chance import pick
from training.documents.cloze import Cloze
from training.documents.document import Span
from training.documents.lexicon import Lexicon

_ENTRY = re.compile(
    r"^[ \t]*[-*+•]?[ \t]*(?P<key>`?[\w\u4e00-\u9fff][\w.\u4e00-\u9fff -]{0,30}?`?)[ \t]*"
    r"(?:[（(](?P<type>[^）)\n]{1,40})[）)])?[ \t]*[：:](?!//)[ \t]*(?P<value>[^\n]{2,})$"
)
_PAIR = re.compile(r"\b(?P<name>[A-Za-z_]{2,20})[ ]?=[ ]?(?P<value>[\w./:-]{1,40})")


def entry(rng: Random, text: str, line: Span, lexicon: Lexicon) -> Cloze | None:
    """A line 'key (type): description': asked for the description, the type, or a name=value in it."""
    matched = _ENTRY.match(text[line[0] : line[1]])
    if not matched:
        return None
    key, offset = matched["key"].strip("` "), line[0]
    pairs = list(_PAIR.finditer(matched["value"]))
    if pairs and rng.random() < 0.5:
        pair = pick(rng, pairs)
        low = offset + matched.start("value") + pair.start("value")
        core = pick(rng, lexicon.natural["pairs"]).replace("{n}", pair["name"])
        span = (low, low + len(pair["value"].rstrip(".:-/")))
    elif matched["type"] and rng.random() < 0.35:
        core, span = pick(rng, lexicon.natural["types"]), (offset + matched.start("type"), offset + matched.end("type"))
    else:
        cut = re.split(r"[。；]" if lexicon.lang == "zh" else r"\.\s|;", matched["value"], maxsplit=1)[0].rstrip(
            " .，,"
        )
        low = offset + matched.start("value")
        core, span = pick(rng, lexicon.natural["entries"]), (low, low + len(cut))
    spaced = f" {key} " if lexicon.lang == "zh" and key.isascii() and rng.random() < 0.3 else key
    return Cloze(core.replace("{k}", spaced).strip(), span, (key,)) if span[1] > span[0] else None


def cell(rng: Random, text: str, line: Span, lexicon: Lexicon) -> Cloze | None:
    """A cell of a table with bars, asked for by the row's first cell and the column's heading."""
    top = line[0]
    while top > 1 and text.startswith("|", (above := text.rfind("\n", 0, top - 1) + 1)) and above < top:
        top = above
    header = _row(text, top)
    cells = _row(text, line[0])
    if top == line[0] or len(cells) != len(header) or len(cells) < 2:
        return None
    index = 1 + int(rng.random() * (len(cells) - 1))
    key, (start, end) = text[slice(*cells[0])], cells[index]
    name = text[slice(*header[index])]
    if not (key and name and text[start:end].strip("-: ")) or end - start > 120 or len(name) > 20 or len(key) > 50:
        return None
    return Cloze(pick(rng, lexicon.natural["cells"]).replace("{k}", key).replace("{h}", name), (start, end), (key,))


def _row(text: str, start: int) -> list[Span]:
    """The places of the cells of a table line, without blanks and code marks."""
    end = text.find("\n", start)
    end = len(text) if end < 0 else end
    cells, low = [], start + 1
    while (bar := text.find("|", low, end)) >= 0:
        if text[bar - 1] != "\\":
            first, last = low, bar
            while first < last and text[first] in " `*":
                first += 1
            while last > first and text[last - 1] in " `*":
                last -= 1
            cells.append((first, last))
        low = bar + 1
    return cells

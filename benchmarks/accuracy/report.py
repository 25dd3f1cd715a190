"""Owns the table: records to rows of task, part, language, mode, px and rung, and what came of them."""

from __future__ import annotations

import statistics
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import astuple, dataclass

from benchmarks.accuracy.records import Record
from benchmarks.accuracy.scoring import Verdict, f1

HEADINGS = ("task", "part", "language", "mode", "px", "rung", "read from", "n", "result")
DERAILED = 0.05
QUESTIONS = ("fact", "quote", "heading", "absent")


@dataclass(frozen=True)
class Row:
    """One line of the table."""

    task: str
    part: str
    lang: str
    mode: str
    font_px: int
    rung: str
    read: str
    count: int
    result: str


def rows(records: Sequence[Record]) -> list[Row]:
    """Questions by kind and once more by part, everything else as it comes."""
    asked = [record for record in records if record.case.task in QUESTIONS]
    others = [record for record in records if record.case.task not in QUESTIONS]
    return [
        *_grouped(others, lambda record: (record.case.task, record.case.part)),
        *_grouped(asked, lambda record: (record.case.task, _origin(record))),
        *_grouped(asked, lambda record: ("all" if _origin(record) == "eval" else record.case.task, record.case.part)),
    ]


def _origin(record: Record) -> str:
    return "planted" if record.case.document.startswith("planted ") else "eval"


def _grouped(records: Iterable[Record], of: Callable[[Record], tuple[str, str]]) -> list[Row]:
    groups: dict[tuple[object, ...], list[Record]] = {}
    for record in records:
        case = record.case
        key = (*of(record), case.lang, case.mode, case.font_px, case.rung, record.read)
        groups.setdefault(key, []).append(record)
    return [Row(*key, len(group), result(group)) for key, group in groups.items()]  # type: ignore[call-arg, arg-type]


def result(group: Sequence[Record]) -> str:
    """What came of records of one kind, in words."""
    task = group[0].case.task
    words = {"transcribe": _transcribed, "outline": _outlined, "latency": _timed}.get(task, _answered)(group)
    failed = sum(record.verdict == Verdict.FAILED for record in group)
    return f"{words}  {failed} FAILED" if failed else words


def _transcribed(group: Sequence[Record]) -> str:
    errors, characters = (sum(record.figures[name] for record in group) for name in ("errors", "characters"))
    rates = [record.figures["errors"] / max(1, record.figures["characters"]) for record in group]
    derailed = sum(rate > DERAILED for rate in rates)
    return (
        f"CER {errors / max(1, characters):.2%}  of a page: median {statistics.median(rates):.2%}, "
        f"over {DERAILED:.0%} {derailed}  ({characters:.0f} characters)"
    )


def _outlined(group: Sequence[Record]) -> str:
    hits, exact, wanted, said = (
        sum(record.figures[name] for record in group) for name in ("hits", "exact", "wanted", "said")
    )
    scores = (f1(n, int(wanted), int(said)) for n in (int(hits), int(exact)))
    mean = statistics.mean(record.figures["f1"] for record in group)
    return "F1 {:.3f}, with levels {:.3f}".format(*scores) + f"; mean of documents {mean:.3f}  ({wanted:.0f} headings)"


def _timed(group: Sequence[Record]) -> str:
    name, unit = ("first_s", "s") if "first_s" in group[0].figures else ("tokens_per_s", "tokens/s")
    times = [record.figures[name] for record in group]
    return f"median {statistics.median(times):.2f} {unit}  ({min(times):.2f} to {max(times):.2f})"


def _answered(group: Sequence[Record]) -> str:
    verdicts = Counter(record.verdict for record in group)
    named = ((Verdict.RIGHT, "right"), (Verdict.ABSTAINED, "abstained"), (Verdict.WRONG, "silently wrong"))
    words = "  ".join(f"{name} {verdicts[verdict] / len(group):.1%}" for verdict, name in named)
    cited = [record.figures for record in group if "page" in record.figures]
    hits = (sum(int(figures[name]) for figures in cited) for name in ("page", "line"))
    return words + ("  evidence: page {}, line {} of ".format(*hits) + str(len(cited)) if cited else "")


def table(found: Sequence[Row]) -> str:
    """The rows in aligned columns; a Chinese character is two wide."""
    cells = [HEADINGS, *(tuple(map(str, astuple(row))) for row in found)]
    widths = [max(map(_width, column)) for column in zip(*cells, strict=True)]
    return "\n".join(
        "  ".join(cell + " " * (width - _width(cell)) for cell, width in zip(line, widths, strict=True)).rstrip()
        for line in cells
    )


def _width(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(character) in "WF" else 1 for character in text)

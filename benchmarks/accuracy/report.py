"""Owns the table: records to rows of task, part, language, mode, px and rung, and what came of them."""

from __future__ import annotations

import re
import statistics
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import astuple, dataclass

from benchmarks.accuracy.records import Case, Record
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
    """Questions by kind in each language and in both, once more by document or length; all else as it comes."""
    asked = [record for record in records if record.case.task in QUESTIONS]
    others = [record for record in records if record.case.task not in QUESTIONS]
    read = [record for record in asked if record.read == "pages"]
    by_kind = _grouped(asked, lambda case: (case.task, _origin(case), case.lang))
    in_both = _grouped(asked, lambda case: (case.task, _origin(case), "all"))
    several = len({row.lang for row in by_kind}) > 1
    return [
        *_grouped(others, lambda case: (case.task, case.part, case.lang)),
        *sorted([*by_kind, *(in_both if several else [])], key=lambda row: (row.part, QUESTIONS.index(row.task))),
        *sorted(_grouped(read, _share), key=lambda row: (row.part[:1].isdigit(), row.task, _number(row.part))),
    ]


def _share(case: Case) -> tuple[str, str, str]:
    """A document of an evaluation with all its questions, or planted documents of some length by kind of question."""
    return ("all" if _origin(case) == "eval" else case.task, case.part, case.lang)


def _number(part: str) -> int:
    digits = re.match(r"\d*", part)
    return int(digits[0]) if digits and digits[0] else 0


def _origin(case: Case) -> str:
    return "planted" if case.document.startswith("planted ") else "eval"


def _grouped(records: Iterable[Record], of: Callable[[Case], tuple[str, str, str]]) -> list[Row]:
    groups: dict[tuple[object, ...], list[Record]] = {}
    for record in records:
        case = record.case
        key = (*of(case), case.mode, case.font_px, case.rung, record.read)
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
    whole, lines = (sum(record.figures.get(name, 0) for record in group) for name in ("whole_lines", "lines"))
    return (
        f"CER {errors / max(1, characters):.2%}  of a page: median {statistics.median(rates):.2%}, "
        f"over {DERAILED:.0%} {derailed}  ({characters:.0f} characters)"
        + (f"; lines right with their columns {whole / lines:.1%}" if lines else "")
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

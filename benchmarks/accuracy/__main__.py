"""`python -m benchmarks.accuracy --help`."""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import platform
import sys
import time
from collections.abc import AsyncIterator
from contextlib import aclosing
from itertools import groupby
from pathlib import Path

import benchmarks.accuracy
from benchmarks.accuracy import asking, reading, report
from benchmarks.accuracy.records import Plan, Record
from benchmarks.accuracy.samples import Held
from benchmarks.accuracy.services import Cell, cells, running
from reader_service.settings import EMBEDDED_MODEL

SECTIONS = ("transcribe", "planted", "eval", "outline", "latency")
MODES = ("precise", "fast", "code")
SHOWN_CHARACTERS = 60


class Run:
    """What was measured so far, and how long each section took."""

    def __init__(self, args: argparse.Namespace) -> None:
        self.args, self.records = args, list[Record]()
        self.seconds: dict[str, float] = {}
        self.plan = Plan(**{name: getattr(args, name) for name in Plan.__dataclass_fields__})
        self.held = {lang: Held(args.held, lang) for lang in args.languages} if args.held else {}

    def wants(self, section: str) -> bool:
        """Whether a section was asked for and has what it reads."""
        given = self.args.eval if section == "eval" else self.held
        return bool(given) and section in self.args.sections

    async def take(self, section: str, records: AsyncIterator[Record]) -> None:
        """Keeps the records of a section as they come, and says so on standard error."""
        began_s = time.perf_counter()
        async with aclosing(records) as coming:  # type: ignore[type-var]
            async for record in coming:
                self.records.append(record)
                tell(record)
        self.seconds[section] = self.seconds.get(section, 0.0) + time.perf_counter() - began_s


def tell(record: Record) -> None:
    """One line of progress; the baseline needs none."""
    if record.read != "best line":
        case, said = record.case, " ".join((record.reply.error or record.reply.text)[:SHOWN_CHARACTERS].split())
        figures = " ".join(f"{name} {value:.4g}" for name, value in record.figures.items())
        where = f"{case.document} ({case.pages} pages, {case.mode} {case.font_px} px, {record.read})"
        print(f"{case.task} {where}: {record.verdict} {figures} {said!r}", file=sys.stderr, flush=True)


async def measure(run: Run) -> None:
    """All sections against one stack, then one stack for each size that has to be pinned."""
    args, left = run.args, list[Cell]()
    async with running(args.weights, blank=run.plan.control) as desk:
        if run.wants("transcribe"):
            left = [cell for cell in cells(desk.info) if cell.mode in args.transcribed]
            for cell in [cell for cell in left if not cell.pinned]:
                await run.take("transcribe", reading.transcribe(desk, run.held, run.plan, cell))
        if run.wants("planted"):
            await run.take("planted", asking.facts(desk, run.held, run.plan))
        if run.wants("eval"):
            await run.take("eval", asking.questions(desk, args.eval, run.plan))
        if run.wants("outline"):
            await run.take("outline", reading.outline(desk, run.held, run.plan))
        if run.wants("latency") and "zh" in run.held:
            await run.take("latency", reading.latency(desk, run.held, run.plan))
    for font_px, same in groupby([cell for cell in left if cell.pinned], lambda cell: cell.font_px):
        async with running(args.weights or EMBEDDED_MODEL, font_px=font_px, blank=False) as desk:
            for cell in same:
                await run.take("transcribe", reading.transcribe(desk, run.held, run.plan, cell))


def main() -> None:
    """Runs the sections and prints the table."""
    run = Run(parsed())
    cores = len(os.sched_getaffinity(0))
    machine = f"{platform.processor() or platform.machine()}, {cores} cores, load {os.getloadavg()[0]:.1f} at the start"
    asyncio.run(measure(run))
    found = report.rows(run.records)
    print(f"machine: {machine}\nreader: {run.args.weights or 'embedded'}\nseed: {run.plan.seed}")
    print("seconds: " + ", ".join(f"{name} {seconds:.0f}" for name, seconds in run.seconds.items()))
    print(report.table(found))
    if run.args.json:
        told: dict[str, object] = {"machine": machine, "arguments": vars(run.args), "seconds": run.seconds}
        told |= {"table": [vars(row) for row in found], "answers": [record.as_json() for record in run.records]}
        run.args.json.write_text(json.dumps(told, ensure_ascii=False, indent=1, default=str) + "\n", "utf-8")


def parsed() -> argparse.Namespace:
    """The command line."""
    plain, doc = Plan(), benchmarks.accuracy.__doc__
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.accuracy",
        description=doc,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("--held", type=Path, help="folder with held_zh.jsonl.xz and held_en.jsonl.xz: all sections but eval need it")
    add("--eval", type=Path, help="folder with docs/ and questions.jsonl")
    add("--weights", type=Path, help="folder of another reader than the embedded one")
    add("--json", type=Path, help="file to write the table and every answer to")
    add("--sections", nargs="+", default=SECTIONS, choices=SECTIONS, help="those that have what they read; all")
    add("--languages", nargs="+", default=["zh", "en"], choices=["zh", "en"], help="of --held")
    add("--modes", nargs="+", default=plain.modes, choices=MODES, help="of questions, outlines")
    add("--transcribed", nargs="+", default=MODES, choices=MODES, help="modes to transcribe pages in; all")
    add("--seed", type=int, default=plain.seed)
    add("--passages", type=int, default=plain.passages, help="pages to transcribe, each kind of text, mode and size")
    add("--documents", type=int, default=plain.documents, help="documents with planted facts, each language")
    add("--facts", type=int, default=plain.facts, help="facts planted in each")
    add("--absent", type=int, default=plain.absent, help="questions about each that it does not answer")
    add("--outlines", type=int, default=plain.outlines, help="documents to outline, each language and kind of heading")
    add("--runs", type=int, default=plain.runs, help="long documents to time")
    add("--answer-tokens", type=int, default=plain.answer_tokens, help="most of an answer, for each group of pages")
    add("--no-control", dest="control", action="store_false", help="ask nothing about blank pages")
    return parser.parse_args()


if __name__ == "__main__":
    main()

"""Owns the sections about reading itself: whole pages transcribed, headings listed, and how long it takes."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from dataclasses import replace

from glyphstream.client import Options, Upload

from benchmarks.accuracy import samples
from benchmarks.accuracy.planting import planted
from benchmarks.accuracy.records import Plan, Record, case
from benchmarks.accuracy.samples import Held, Outlined, drawn
from benchmarks.accuracy.scoring import Verdict, character_errors, f1, outline_hits, outline_of, whole_lines
from benchmarks.accuracy.services import Cell, Desk, page_size

FILLED = {"zh": 0.6, "en": 0.6, "gb2312": 0.75}  # how full a page is made; what is over goes to a second one
SUMMARY_MAX_TOKENS = 4096
LONG_CHARACTERS = 8423
PAGE_CHARACTERS = 280
LONG_QUESTION = "这份文档规定的超时时间是多少？"


async def transcribe(desk: Desk, held: Mapping[str, Held], plan: Plan, cell: Cell) -> AsyncIterator[Record]:
    """Whole pages of every kind of text that the cell is meant for."""
    for kind in ("code", "log") if cell.mode == "code" else ("zh", "en", "gb2312"):
        for number in range(plan.passages):
            text = _page(held, plan, kind, (number, *page_size(desk.info, cell.mode, cell.font_px)))
            upload = Upload(text.encode(), f"{kind} {number}", cell.mode)
            opened = await desk.open(upload)
            reply = await desk.ask(opened, "", Options(task="transcribe"))
            await desk.forget(opened)
            truth = opened.text or text  # what the pages bear: Markdown's marks are taken as marks, not as text
            errors, characters = character_errors(truth, reply.text)
            # A pinned reader has no other rung and calls this one the smallest.
            here = replace(case("transcribe", kind, upload, opened), rung=cell.rung)
            verdict = Verdict.FAILED if reply.error else ""
            figures: dict[str, float] = {"errors": errors, "characters": characters}
            if cell.mode == "code":
                figures["whole_lines"], figures["lines"] = whole_lines(truth, reply.text)
            yield Record(here, reply, accepted=(truth,), verdict=verdict, figures=figures)


def _page(held: Mapping[str, Held], plan: Plan, kind: str, place: tuple[int, int, int]) -> str:
    number, columns, lines = place
    rng = drawn(plan.seed, "page", kind, number)
    if kind in held:
        width = columns // 2 if kind == "zh" else columns
        return held[kind].passage(rng, int(FILLED[kind] * width * lines))
    if kind == "gb2312":
        return samples.random_hanzi(rng, int(FILLED[kind] * (columns // 2) * lines))
    return (samples.code if kind == "code" else samples.log)(rng, lines)


async def outline(desk: Desk, held: Mapping[str, Held], plan: Plan) -> AsyncIterator[Record]:
    """The headings of whole documents, marked as in Markdown or by their numbers alone."""
    for mode in plan.modes:
        for lang, documents in held.items():
            for part, numbered in (("markdown", False), ("numbered", True)):
                rng = drawn(plan.seed, "outline", lang, part)
                for number, one in enumerate(documents.outlined(rng, plan.outlines, numbered=numbered)):
                    yield await _outline(desk, Upload(one.text.encode(), f"{part} {number}", mode), (lang, part), one)


async def _outline(desk: Desk, upload: Upload, of: tuple[str, str], document: Outlined) -> Record:
    lang, part = of
    opened = await desk.open(upload)
    reply = await desk.ask(opened, "", Options(task="summarize", max_new_tokens=SUMMARY_MAX_TOKENS))
    await desk.forget(opened)
    said = document.counted(outline_of(reply.text))
    hits, exact = outline_hits(document.headings, said)
    figures: dict[str, float] = {"hits": hits, "exact": exact, "wanted": len(document.headings), "said": len(said)}
    figures["f1"] = f1(hits, len(document.headings), len(said))
    truth = tuple(f"{'#' * level} {title}" for level, title in document.headings)
    verdict = Verdict.FAILED if reply.error else ""
    return Record(case("outline", lang, upload, opened, part), reply, "pages", "", truth, verdict, figures)


async def latency(desk: Desk, held: Mapping[str, Held], plan: Plan) -> AsyncIterator[Record]:
    """The first token of an answer about a long document that nobody has read, and the speed of transcripts.

    The first run warms the services up and is left out.
    """
    for run in range(plan.runs + 1):
        text = held["zh"].document(drawn(plan.seed, "latency", run), LONG_CHARACTERS, dense=True)
        upload = Upload(text.encode(), f"latency {run}")
        general = await _first(desk, upload, LONG_QUESTION, "first token, a general question")
        rng = drawn(plan.seed, "latency, planted", run)
        stated = planted(rng, "zh", held["zh"].document(rng, LONG_CHARACTERS, dense=True), facts=1, absent=0)
        other = Upload(stated.text.encode(), f"latency {run}, planted")
        particular = await _first(desk, other, stated.asked[0].question, "first token, about one of its lines")
        if run:
            yield general
            yield particular
            yield await _decoding(desk, Upload(text[:PAGE_CHARACTERS].encode(), f"page {run}"))
            yield await _decoding(desk, upload, at_reader=True)


async def _first(desk: Desk, upload: Upload, question: str, part: str) -> Record:
    opened, reply = await desk.read(upload, question)
    await desk.forget(opened)
    figures = {"first_s": reply.first_s, "total_s": reply.total_s}
    return Record(case("latency", "zh", upload, opened, part), reply, figures=figures)


async def _decoding(desk: Desk, upload: Upload, *, at_reader: bool = False) -> Record:
    """Speed of a transcript as a caller gets it, or at the reader itself behind as many pages as it takes at once."""
    opened = await desk.open(upload)
    pages = min(desk.info.ask_pages or opened.document.pages, opened.document.pages)
    reply = await (desk.decode(opened, pages) if at_reader else desk.ask(opened, "", Options(task="transcribe")))
    await desk.forget(opened)
    spent_s = reply.total_s - reply.first_s
    figures = {"tokens_per_s": (reply.tokens - 1) / spent_s if spent_s > 0 and reply.tokens > 1 else 0.0}
    part = f"decoding behind {pages} pages"
    return Record(case("latency", "zh", upload, opened, part), reply, figures=figures)

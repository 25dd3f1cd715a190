"""Owns the sections of questions: those about planted facts and those of an evaluation folder."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping, Sequence
from pathlib import Path

from glyphstream.client import Options, Upload

from benchmarks.accuracy.planting import Asked, page_count, planted
from benchmarks.accuracy.records import Case, Plan, Record, case
from benchmarks.accuracy.samples import Held, drawn
from benchmarks.accuracy.scoring import Verdict, best_line, folded, judged, overlaps, places
from benchmarks.accuracy.services import Desk, Opened, Reply, page_size

PLANTED_FILLED = 0.55  # of a page's cells, by running text with its short lines
BUCKETS = (3, 12, 36)


async def facts(desk: Desk, held: Mapping[str, Held], plan: Plan) -> AsyncIterator[Record]:
    """Planted and absent facts in documents of 1 to 80 pages."""
    for mode in plan.modes:
        columns, lines = page_size(desk.info, mode, max(desk.info.profiles[0].font_px, default=14))
        for lang, documents in held.items():
            characters = int(PLANTED_FILLED * lines * (columns // 2 if lang == "zh" else columns))
            for number in range(plan.documents):
                rng = drawn(plan.seed, "planted", lang, number)
                filler = documents.document(rng, characters * page_count(number))
                document = planted(rng, lang, filler, plan.facts, plan.absent)
                upload = Upload(document.text.encode(), f"planted {lang} {number}", mode)
                async for record in _asked(desk, plan, upload, lang, document.asked):
                    yield record


async def questions(desk: Desk, folder: Path, plan: Plan) -> AsyncIterator[Record]:
    """The questions of an evaluation folder, document by document."""
    for mode in plan.modes:
        for (name, lang), asked in evaluation(folder).items():
            upload = Upload((folder / "docs" / name).read_bytes(), name, mode)
            async for record in _asked(desk, plan, upload, lang, asked):
                yield record


def evaluation(folder: Path) -> dict[tuple[str, str], list[Asked]]:
    """The questions by document and language."""
    documents: dict[tuple[str, str], list[Asked]] = {}
    for line in (folder / "questions.jsonl").read_text("utf-8").splitlines():
        asked = json.loads(line)
        accepted = (asked["answer"], *asked["accept"]) if asked["answer"] else ()
        one = Asked(asked["question"], asked["kind"], accepted, asked["evidence"])
        documents.setdefault((asked["doc"], asked["lang"]), []).append(one)
    return documents


async def _asked(desk: Desk, plan: Plan, upload: Upload, lang: str, asked: Sequence[Asked]) -> AsyncIterator[Record]:
    """All questions about one document: of its pages, of the line that matches best, of its pages left blank."""
    opened = await desk.open(upload)
    planted_in = upload.name.startswith("planted ")
    here = case("", lang, upload, opened, bucket(opened.document.pages) if planted_in else upload.name)
    options = Options(max_new_tokens=plan.answer_tokens)
    lines = [line for line in opened.text.splitlines() if line.strip()]
    for one in asked:
        yield _answered(here, one, opened, await desk.ask(opened, one.question, options))
        yield _baseline(here, one, lines)
    await desk.forget(opened)
    if plan.control:
        opened = await desk.open(upload, blank=True)
        for one in asked:
            reply = await desk.ask(opened, one.question, options, blank=True)
            yield _answered(here, one, opened, reply, read="blank pages")
        await desk.forget(opened, blank=True)


def bucket(pages: int) -> str:
    """The share of planted documents that a document of so many pages belongs to."""
    least = 1
    for most in BUCKETS:
        if pages <= most:
            return f"{least}–{most} pages"
        least = most + 1
    return f"{least}+ pages"


def _answered(here: Case, asked: Asked, opened: Opened, reply: Reply, read: str = "pages") -> Record:
    verdict = Verdict.FAILED if reply.error else judged(reply.text, found=reply.found, accepted=asked.accepted)
    figures = evidence_hits(opened, asked.evidence, reply) if asked.evidence and reply.found else {}
    return Record(here.of(asked.kind), reply, read, asked.question, asked.accepted, verdict, figures)


def evidence_hits(opened: Opened, evidence: str, reply: Reply) -> dict[str, float]:
    """Whether a page that the answer names bears the evidence, and whether the characters that it names touch it."""
    stands = places(evidence, opened.text)
    pages = [opened.pages[page] for page, _ in reply.evidence if page < len(opened.pages)]
    return {
        "page": float(any(overlaps(page, stands) for page in pages)),
        "line": float(any(overlaps(span, stands) for _, span in reply.evidence)),
    }


def _baseline(here: Case, asked: Asked, lines: Sequence[str]) -> Record:
    """The best-matching line as the answer: right if it contains an accepted one. It never abstains."""
    line = best_line(asked.question, lines)
    hit = any(folded(answer) in folded(line) for answer in asked.accepted)
    verdict = Verdict.RIGHT if hit else Verdict.WRONG
    reply = Reply(line, found=True)
    return Record(here.of(asked.kind), reply, "best line", asked.question, asked.accepted, verdict)

"""The sections against a desk of stand-ins: what is asked, and how answers are counted and told."""

import json
import lzma
from dataclasses import replace

import pytest
from glyphstream.client import Document

from benchmarks.accuracy import asking, reading, report
from benchmarks.accuracy.records import Plan, Record
from benchmarks.accuracy.samples import Held
from benchmarks.accuracy.services import Cell, Opened, Reply, cells, page_size
from gateway.clients.reader import ReaderInfo
from gateway.ladder import Flow, Mode, StyleProfile

PAGE_CHARACTERS = 400
INFO = ReaderInfo(
    model="stand-in",
    revision="1",
    grid_px=28,
    max_page_pixels=0,
    profiles=(
        StyleProfile(Mode.PRECISE, Flow.CELLS, (14, 12), 1000, 448, 224),
        StyleProfile(Mode.FAST, Flow.CELLS, (12,), 1000, 448, 224),
        StyleProfile(Mode.CODE, Flow.COLUMNS, (14, 12), 1000, 560, 168),
    ),
    kv_bytes_per_token=1,
    total_bytes=1,
    largest_vision_tokens=0,
    ask_pages=12,
    transcribe_pages=1,
)
PLAN = Plan(passages=2, documents=2, facts=2, absent=1, outlines=1, runs=2)


class Oracle:
    """Reads perfectly and knows what lines say; sees nothing on blank pages. Counts what is open."""

    info = INFO

    def __init__(self) -> None:
        self.created: list[str] = []
        self.opened = 0

    async def open(self, upload, *, blank=False):
        text = upload.data.decode()
        self.created.append(upload.name)
        self.opened += 1
        pages = tuple((start, start + PAGE_CHARACTERS) for start in range(0, len(text), PAGE_CHARACTERS))
        document = Document(pages=len(pages), characters=len(text))
        document.rung.name, document.rung.font_px = "comfortable", 14
        return Opened(document, text, pages)

    async def ask(self, opened, question, options, *, blank=False):
        if options.task == "summarize":
            return Reply("\n".join(line for line in opened.text.split("\n") if line.startswith("#")), found=True)
        if options.task == "transcribe":
            return Reply(opened.text, found=True, first_s=1.0, total_s=3.0, tokens=201)
        if blank or question not in ANSWERS:
            return Reply("", found=False)
        start = opened.text.index(ANSWERS[question])
        span = (start, start + len(ANSWERS[question]))
        return Reply(ANSWERS[question], found=True, evidence=((start // PAGE_CHARACTERS, span),))

    async def read(self, upload, question):
        return await self.open(upload), Reply("42", found=True, first_s=2.5, total_s=2.5)

    async def decode(self, opened, pages):
        return Reply("", found=True, first_s=1.0, total_s=2.0, tokens=51)

    async def forget(self, opened, *, blank=False):
        self.opened -= 1


ANSWERS = {"What is the port?": "8790", "What is the host?": "somewhere else"}
DOCUMENT = "filler\n" * 200 + "The port is 8790.\nThe host is relay-1, not somewhere else.\n"
QUESTIONS = [
    {"kind": "fact", "question": "What is the port?", "answer": "8790", "evidence": "The port is 8790."},
    {"kind": "fact", "question": "What is the host?", "answer": "relay-1", "evidence": "The host is relay-1"},
    {"kind": "absent", "question": "What is the weight?", "answer": "", "evidence": ""},
]


@pytest.fixture
def evaluation(tmp_path):
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "guide.txt").write_text(DOCUMENT)
    lines = [{"doc": "guide.txt", "lang": "en", "accept": [], **question} for question in QUESTIONS]
    (tmp_path / "questions.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    return tmp_path


@pytest.fixture
def held(tmp_path) -> dict[str, Held]:
    for lang, words in (("zh", "一二三四五六七八九十"), ("en", "words of a line")):
        text = "# One\n## Two\n## Three\n## Four\n" + f"{words}\n" * 600
        with lzma.open(tmp_path / f"held_{lang}.jsonl.xz", "wt", encoding="utf-8") as file:
            file.write(json.dumps({"source": "a", "text": text}) + "\n")
    return {lang: Held(tmp_path, lang) for lang in ("zh", "en")}


async def taken(records) -> list[Record]:
    return [record async for record in records]


async def test_an_evaluation_creates_each_document_once_and_once_blank_and_counts_verdicts_apart(evaluation):
    desk = Oracle()
    records = await taken(asking.questions(desk, evaluation, PLAN))
    assert (desk.created, desk.opened) == (["guide.txt", "guide.txt"], 0)
    verdicts = {(one.read, one.question): one.verdict for one in records}
    assert [verdicts["pages", asked["question"]] for asked in QUESTIONS] == ["right", "wrong", "right"]
    assert [verdicts["best line", asked["question"]] for asked in QUESTIONS] == ["right", "right", "wrong"]
    assert [verdicts["blank pages", asked["question"]] for asked in QUESTIONS] == ["abstained", "abstained", "right"]
    cited = [one.figures for one in records if one.read == "pages" and one.figures]
    assert cited == [{"page": 1.0, "line": 1.0}, {"page": 1.0, "line": 0.0}]


async def test_without_control_no_page_is_blank(evaluation):
    records = await taken(asking.questions(Oracle(), evaluation, Plan(control=False)))
    assert {one.read for one in records} == {"pages", "best line"}


async def test_planted_facts_that_nobody_answers_are_abstained_and_the_absent_ones_right(held):
    desk = Oracle()
    records = await taken(asking.facts(desk, held, PLAN))
    of_pages = [one for one in records if one.read == "pages"]
    assert {(one.case.task, one.verdict) for one in of_pages} == {("fact", "abstained"), ("absent", "right")}
    assert len(of_pages) == 2 * 2 * 3
    assert desk.opened == 0


@pytest.mark.parametrize(
    ("cell", "kinds"),
    [
        (Cell("precise", 14, "comfortable", pinned=False), ["zh", "zh", "en", "en", "gb2312", "gb2312"]),
        (Cell("code", 12, "smallest", pinned=True), ["code", "code", "log", "log"]),
    ],
)
async def test_every_kind_of_text_of_a_mode_is_transcribed(held, cell, kinds):
    records = await taken(reading.transcribe(Oracle(), held, PLAN, cell))
    assert [one.case.lang for one in records] == kinds
    assert {(one.case.rung, one.figures["errors"]) for one in records} == {(cell.rung, 0)}


class Cleaning(Oracle):
    """Services that take characters out before they make pages."""

    async def open(self, upload, *, blank=False):
        opened = await super().open(upload, blank=blank)
        return replace(opened, text=opened.text[5:])


async def test_what_never_reaches_a_page_is_no_error_of_the_reader(held):
    cell = Cell("precise", 14, "comfortable", pinned=False)
    records = await taken(reading.transcribe(Cleaning(), held, PLAN, cell))
    assert {one.figures["errors"] for one in records} == {0}


async def test_the_headings_of_a_document_are_counted(held):
    records = await taken(reading.outline(Oracle(), held, PLAN))
    assert [(one.case.lang, one.case.part, one.figures["f1"]) for one in records] == [
        ("zh", "markdown", 1.0),
        ("en", "markdown", 1.0),
    ]


async def test_the_first_of_the_runs_that_are_timed_is_left_out(held):
    records = await taken(reading.latency(Oracle(), held, PLAN))
    assert [one.figures.get("first_s") for one in records] == [2.5, 2.5, None, None] * 2
    assert [one.figures.get("tokens_per_s") for one in records] == [None, None, 100.0, 50.0] * 2


def test_every_look_of_a_page_is_one_cell_and_only_what_nobody_can_ask_for_is_pinned():
    assert cells(INFO) == [
        Cell("precise", 14, "comfortable", pinned=False),
        Cell("fast", 12, "smallest", pinned=False),
        Cell("code", 14, "comfortable", pinned=False),
        Cell("code", 12, "smallest", pinned=True),
    ]
    assert page_size(INFO, "precise", 14) == (64, 16)


async def test_the_table_tells_every_section_and_counts_failures(evaluation, held):
    desk, cell = Oracle(), Cell("precise", 14, "comfortable", pinned=False)
    sections = (
        asking.questions(desk, evaluation, PLAN),
        reading.transcribe(desk, held, PLAN, cell),
        reading.outline(desk, held, PLAN),
        reading.latency(desk, held, PLAN),
    )
    records = [one for section in sections for one in await taken(section)]
    told = report.table(report.rows(records)).split("\n")
    assert sum("CER 0.00%" in line for line in told) == 3
    assert sum("F1 1.000, with levels 1.000" in line for line in told) == 2
    (facts,) = [line for line in told if line.startswith("fact ") and " pages " in line and "blank" not in line]
    assert "right 50.0%  abstained 0.0%  silently wrong 50.0%  evidence: page 2, line 1 of 2" in facts
    assert any("first token" in line and "median 2.50 s" in line for line in told)
    assert json.dumps([one.as_json() for one in records])
    failed = Record(records[0].case, Reply("", found=False, error="ReaderLost"), verdict="failed")
    assert report.result([failed, records[0]]).endswith("1 FAILED")

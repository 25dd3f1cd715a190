"""The command line as a person or a script meets it: a process, its two outputs, its exit status."""

import io
import json
import os
from pathlib import Path

import pytest
from glyphstream.client import Completed, TextDelta
from glyphstream.common.v1 import common_pb2
from rich.console import Console

from gateway import errors
from gateway.cli.asking import CUT, tell
from gateway.cli.demo import EXAMPLES, same
from gateway.cli.doctor import Finding, line
from gateway.cli.terminal import Terminal
from tests.gateway.commands import Ended, glyphstream
from tests.gateway.fakes import found

TEXT = "The pump P-17 delivers 42 litres a minute."
JSON_KEYS = [
    "question",
    "answer",
    "found",
    "finish_reason",
    "mode",
    "rung",
    "pages",
    "vision_tokens",
    "characters",
    "ttft_ms",
    "total_ms",
    "peak_memory_bytes",
    "degraded",
]


@pytest.fixture
def document(tmp_path) -> str:
    path = tmp_path / "pump.txt"
    path.write_text(TEXT)
    return str(path)


async def test_ask_prints_one_json_object_a_question(address, document, renderer):
    ended = await glyphstream("ask", document, "How much?", "Which?", "--gateway", address, "--json", "--mode", "code")
    first, second = map(json.loads, ended.out.splitlines())
    assert list(first) == JSON_KEYS
    assert (first["question"], first["answer"], second["question"]) == ("How much?", TEXT, "Which?")
    assert (first["found"], first["mode"], first["rung"], first["degraded"]) == (True, "code", "comfortable", [])
    assert (first["pages"], first["vision_tokens"], first["characters"]) == (5, 80, len(TEXT))
    assert 0 < first["ttft_ms"] <= first["total_ms"]
    assert first["peak_memory_bytes"] == 100
    assert first["finish_reason"] == "stop"
    assert (ended.status, ended.err) == (0, "")
    assert renderer.rendered == [14]


@pytest.mark.parametrize(
    ("reason", "told"), [(common_pb2.FINISH_REASON_LENGTH, True), (common_pb2.FINISH_REASON_STOP, False)]
)
async def test_a_person_is_told_when_an_answer_was_cut(reason, told, capsys):
    async def events():
        yield TextDelta(text="42 litres")
        yield Completed(finish_reason=reason, found=True)

    screen = io.StringIO()
    completed, answer = await tell(events(), Terminal(Console(file=screen, force_terminal=True)))
    assert (completed.finish_reason, answer, capsys.readouterr().out) == (reason, "42 litres", "42 litres\n")
    assert (CUT in screen.getvalue()) == told


async def test_a_step_down_is_in_the_json(address, document, reader):
    reader.ingest_errors.append(errors.GpuOutOfMemory("no memory"))
    ended = await glyphstream("ask", document, "How much?", "--gateway", address, "--json")
    assert json.loads(ended.out)["degraded"] == [
        {"from": "comfortable", "to": "standard", "reason": "GPU_OUT_OF_MEMORY"}
    ]


async def test_an_answer_in_a_pipe_is_nothing_but_the_answer(address):
    ended = await glyphstream("ask", "-", "How much?", "--gateway", address, stdin=TEXT.encode())
    assert ended == Ended(0, TEXT + "\n", "")


async def test_read_writes_the_transcription(address, document, reader):
    reader.transcribe_pages = 1
    assert await glyphstream("read", document, "--gateway", address) == Ended(0, TEXT + "\n", "")


async def test_render_writes_pages_and_a_manifest(address, document, tmp_path, reader):
    folder = tmp_path / "pages"
    assert (await glyphstream("render", document, "-o", str(folder), "--gateway", address)).status == 0
    manifest = json.loads((folder / "manifest.json").read_text())
    assert sorted(path.name for path in folder.glob("*.png")) == [page["file"] for page in manifest["pages"]]
    ranges = [(page["text_start"], page["text_end"]) for page in manifest["pages"]]
    assert ranges == [(0, 10), (10, 20), (20, 30), (30, 40), (40, 42)]
    assert reader.ingested == []


async def test_fewer_pages_leave_none_of_those_painted_before(address, document, tmp_path):
    folder = tmp_path / "pages"
    await glyphstream("render", document, "-o", str(folder), "--gateway", address)
    (folder / "page-mine.png").touch()
    shorter = tmp_path / "shorter.txt"
    shorter.write_text(TEXT[:12])
    await glyphstream("render", str(shorter), "-o", str(folder), "--gateway", address)
    names = {"page-0001.png", "page-0002.png", "page-mine.png", "manifest.json"}
    assert set(os.listdir(folder)) == names


async def test_what_grpc_says_of_itself_is_said_in_plain_words(document, address, renderer):
    nobody = await glyphstream("ask", document, "How much?", "--gateway", "127.0.0.1:1")
    assert (nobody.status, nobody.out) == (4, "")
    assert nobody.err.startswith("glyphstream: no gateway answers there")
    assert "ipv4" not in nobody.err
    late = await glyphstream("ask", document, "How much?", "--gateway", address, "--timeout", "0.000001")
    assert (late.status, late.err.startswith("glyphstream: not done within the time")) == (4, True)
    never = await glyphstream("ask", document, "How much?", "--gateway", address, "--timeout", "0")
    assert (never.status, "--timeout" in never.err) == (2, True)


async def test_a_setting_that_does_not_exist_is_one_line(document, tmp_path):
    (tmp_path / "settings.toml").write_text("[gateway]\nprot = 1\n")
    ended = await glyphstream("--config", str(tmp_path / "settings.toml"), "ask", document, "How much?")
    assert ended == Ended(2, "", "glyphstream: settings: prot: Extra inputs are not permitted\n")


async def test_estimate_says_what_it_would_cost(address, document):
    ended = await glyphstream("estimate", document, "--gateway", address, "--json")
    estimate = json.loads(ended.out)
    assert (estimate["pages"], estimate["vision_tokens"], estimate["kv_bytes"]) == (5, 80, 640)
    assert estimate["fits"]
    assert "80 vision tokens" in (await glyphstream("estimate", document, "--gateway", address)).out


@pytest.mark.parametrize(
    ("data", "said"),
    [
        pytest.param(b"", "is empty", id="empty"),
        pytest.param(bytes(4000), "not text", id="filled with NUL"),
        pytest.param(b"a" * (17 << 20), "longer than 16777216 bytes", id="17 MiB"),
        pytest.param(None, "No such file", id="missing"),
    ],
)
async def test_bad_input_is_one_line_and_status_3(address, tmp_path, data, said):
    path = tmp_path / "bad.txt"
    if data is not None:
        path.write_bytes(data)
    ended = await glyphstream("ask", str(path), "How much?", "--gateway", address, "--json")
    assert (ended.status, ended.out) == (3, "")
    assert len(ended.err.splitlines()) == 1
    assert str(path) in ended.err
    assert said in ended.err


async def test_a_gateway_that_is_not_there_is_status_4(document):
    ended = await glyphstream("ask", document, "How much?", "--gateway", "127.0.0.1:1")
    assert (ended.status, ended.out, len(ended.err.splitlines())) == (4, "", 1)


async def test_a_card_without_memory_is_status_4(address, document, reader):
    reader.ingest_errors.extend([errors.GpuOutOfMemory("no memory")] * 3)
    ended = await glyphstream("ask", document, "How much?", "--gateway", address)
    assert (ended.status, ended.out) == (4, "")
    assert "GPU_OUT_OF_MEMORY" in ended.err


async def test_wrong_usage_is_status_2(document):
    assert (await glyphstream("ask", document)).status == 2


async def test_the_demo_is_right_only_when_both_answers_are(address, reader):
    right = {"青禾": EXAMPLES[0].expected, "Halden": EXAMPLES[1].expected}
    reader.reply = lambda text: next((said, found(said)) for name, said in right.items() if name in text)
    ended = await glyphstream("demo", "--gateway", address)
    assert ended.status == 0
    assert ended.out.count("characters a vision token") == 2
    reader.reply = lambda text: ("42", found("42"))
    assert (await glyphstream("demo", "--gateway", address)).status == 4


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.file)
def test_the_demos_documents_tell_what_is_asked(example):
    import gateway

    text = (Path(gateway.__file__).parent / "demo" / example.file).read_text()
    assert text.count(example.expected) == 1
    assert same("32 l / h ") == same("32 L/h")


@pytest.mark.parametrize(
    ("finding", "said"),
    [
        (Finding("torch", True, "2.13"), "ok      torch                       2.13"),
        (Finding("fonts", False, "none", "do this"), "missing fonts                       none; do this"),
        (Finding("card", False, "none", "slow", needed=False), "none    card                        none; slow"),
    ],
    ids=["fine", "missing", "not needed"],
)
def test_the_doctor_says_one_line_each(finding, said):
    assert line(finding) == said

"""Many files, conversations, summaries: one line of output a result, and one file's failure is its own."""

import io
import json
from pathlib import Path

import pytest
from glyphstream.common.v1 import common_pb2
from rich.console import Console

from gateway import errors
from gateway.cli import batches
from gateway.cli.asking import CUT
from gateway.cli.session import Target
from gateway.cli.terminal import Terminal
from tests.gateway.commands import Ended, glyphstream
from tests.gateway.fakes import found

SUMMARY = "Pump\nData\nFlow: 42 L"


@pytest.fixture
def files(tmp_path) -> list[str]:
    """Two documents, one that is none, one that is not there."""
    texts = {"a.txt": b"aaa", "b.txt": b"bbb", "bad.txt": b"\0"}
    for name, data in texts.items():
        (tmp_path / name).write_bytes(data)
    return [str(tmp_path / name) for name in (*texts, "missing.txt")]


def lines(ended: Ended) -> list[dict[str, object]]:
    return [json.loads(line) for line in ended.out.splitlines()]


async def test_a_batch_asks_every_file_everything_and_goes_on_after_a_failure(address, files, reader):
    ended = await glyphstream("batch", *files, "-q", "One?", "-q", "Two?", "--gateway", address, "--json")
    told = [
        (Path(line["file"]).name, line.get("question"), line.get("answer"), line.get("reason")) for line in lines(ended)
    ]
    assert told == [
        ("a.txt", "One?", "aaa", None),
        ("a.txt", "Two?", "aaa", None),
        ("b.txt", "One?", "bbb", None),
        ("b.txt", "Two?", "bbb", None),
        ("bad.txt", None, None, "INVALID_DOCUMENT"),
        ("missing.txt", None, None, "UNREADABLE"),
    ]
    assert ended.status == 3
    assert [line.split(": ")[1] for line in ended.err.splitlines()] == files[2:]
    assert len(reader.ingested) == 2


async def test_a_batch_of_text_names_its_files(address, files):
    ended = await glyphstream("batch", *files[:2], "-q", "One?", "--gateway", address)
    assert ended == Ended(0, f"{files[0]}: One?\naaa\n\n{files[1]}: One?\nbbb\n\n", "")


async def test_a_failed_service_is_worse_than_a_refused_file(address, files, reader):
    reader.ingest_errors.extend([errors.GpuOutOfMemory("no memory")] * 3)
    ended = await glyphstream("batch", *files[1:], "-q", "?", "--gateway", address, "--json", "--parallel", "1")
    assert ended.status == 4
    assert lines(ended)[0]["reason"] == "GPU_OUT_OF_MEMORY"


async def test_a_summary_is_its_text_or_its_parts(address, files, reader):
    reader.reply = lambda _text: (SUMMARY, found(SUMMARY))
    assert (await glyphstream("summarize", files[0], "--gateway", address)).out == SUMMARY + "\n"
    (summary,) = lines(await glyphstream("summarize", files[0], "--gateway", address, "--json"))
    assert (summary["title"], summary["outline"], summary["key_facts"]) == ("Pump", ["Data"], ["Flow: 42 L"])
    assert (summary["text"], summary["pages"], summary["characters"]) == (SUMMARY, 1, 3)
    assert summary["finish_reason"] == "stop"


@pytest.mark.parametrize(
    ("reason", "told"), [(common_pb2.FINISH_REASON_LENGTH, True), (common_pb2.FINISH_REASON_STOP, False)]
)
async def test_a_person_is_told_whose_summary_was_cut(reason, told, address, files, reader, monkeypatch, capsys):
    screen = io.StringIO()
    terminal = Terminal(Console(file=screen, force_terminal=True, highlight=False, width=500))
    monkeypatch.setattr(batches, "Terminal", lambda: terminal)
    reader.reply = lambda _text: (SUMMARY, found(SUMMARY, finish_reason=reason))
    await batches._work(files[:1], batches.Plan("precise", ""), Target(address, 60.0), 1, as_json=False)
    assert capsys.readouterr().out.endswith(SUMMARY + "\n")  # the services of the test log there, too
    assert (f"{files[0]}: {CUT}" in screen.getvalue()) == told


async def test_a_conversation_knows_what_was_said(address, files, reader):
    said = b"First?\n\n/unheard\nSecond?\n/cost\n/forget\nThird?\n/quit\nNever?\n"
    ended = await glyphstream("chat", files[0], "--gateway", address, stdin=said)
    assert (ended.status, ended.err) == (0, "")
    assert [line for line in ended.out.splitlines() if line == "aaa"] == ["aaa"] * 3
    assert "/quit" in ended.out
    assert "first token after" in ended.out
    asked = [(request.question, [turn.question for turn in request.history]) for request in reader.asked]
    assert asked == [("First?", []), ("Second?", ["First?"]), ("Third?", [])]


async def test_a_conversation_ends_with_its_input(address, files, reader):
    reader.reply = lambda _text: ("", found("", found=False))
    ended = await glyphstream("chat", files[0], "--gateway", address, stdin=b"What?")
    assert ended == Ended(0, "the document does not tell\n", "")


async def test_a_conversation_needs_a_file(address):
    assert (await glyphstream("chat", "-", "--gateway", address)).status == 2


async def test_a_charset_reaches_the_renderer(address, files, renderer):
    assert (await glyphstream("ask", files[0], "?", "--charset", "big5", "--gateway", address)).status == 0
    assert (await glyphstream("ask", files[0], "?", "--mode", "code", "--gateway", address)).status == 0
    assert [(header.charset, header.mode) for header in renderer.headers] == [("big5", 1), ("", 3)]


async def test_an_estimate_tells_what_was_left_out(address, files, renderer):
    renderer.report = {"source_characters": 4, "charset": "gb18030", "removed": {"blank_lines": 1}}
    told = (await glyphstream("estimate", files[0], "--gateway", address)).out
    assert "a.txt: 3 characters, text/plain in gb18030" in told
    assert "left out (25% of 4 characters): 1 blank lines" in told
    record = json.loads((await glyphstream("estimate", files[0], "--gateway", address, "--json")).out)
    assert (record["charset"], record["source_characters"], record["removed"]) == ("gb18030", 4, {"blank_lines": 1})


async def test_input_without_end_is_not_read_to_its_end(address):
    ended = await glyphstream("ask", "/dev/zero", "?", "--gateway", address)
    assert (ended.status, len(ended.err.splitlines())) == (3, 1)
    assert "64 MiB" in ended.err


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
async def test_shells_get_a_completion_script(shell):
    ended = await glyphstream("completion", shell)
    assert ended.status == 0
    assert "_GLYPHSTREAM_COMPLETE" in ended.out


@pytest.mark.parametrize("command", ["ask", "read", "estimate", "render", "summarize", "batch", "chat"])
async def test_a_wish_for_lines_that_flow_on_reaches_the_renderer(address, files, renderer, tmp_path, command):
    more = {"ask": ["?"], "render": ["-o", str(tmp_path)], "batch": ["-q", "?"]}.get(command, [])
    ended = await glyphstream(command, files[0], *more, "--reflow", "--gateway", address, stdin=b"?\n")
    assert ended.status == 0
    assert {style.reflow for style in renderer.styles} == {True}

"""The three services as they are, behind one command: a reader of random weights answers nonsense, but it answers."""

import asyncio
import json
import os
import sys
from pathlib import Path

import pytest

from gateway.settings import child_environment
from tests.reader import tiny

SERVICES = ("render", "reader", "gateway")
TEXT = "计量泵 QH-32 的额定流量为 32 L/h，防护等级 IP55。\nRated flow: 32 L/h. " * 4 + "End"
PROFILE = {
    "name": "tiny",
    "styles": [
        {"mode": mode, "flow": flow, "font_px": [14, 12, 10], "page_width_px": 448, "page_height_px": 224}
        for mode, flow in (("precise", "cells"), ("fast", "cells"), ("code", "columns"))
    ],
    "ask_pages": 1,
}


@pytest.fixture
def model(tmp_path) -> str:
    folder = tiny.qwen(tmp_path / "model")
    (folder / "glyphstream.json").write_text(json.dumps(PROFILE))
    return str(folder)


async def test_a_document_is_asked_about_with_one_command(tmp_path, model):
    document = tmp_path / "泵.txt"
    document.write_text(TEXT)
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", "from gateway.cli import main; main()"),
        *("ask", str(document), "额定流量是多少？", "Which class?", "--json"),
        env=child_environment({"GLYPHSTREAM_READER_MODEL": model, "GLYPHSTREAM_READER_TORCH_THREADS": "1"}),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, err = await process.communicate()
    assert (process.returncode, err.decode()) == (0, "")
    answers = [json.loads(line) for line in out.splitlines()]
    assert [answer["question"] for answer in answers] == ["额定流量是多少？", "Which class?"]
    assert {(answer["characters"], answer["rung"]) for answer in answers} == {(len(TEXT), "comfortable")}
    assert all(answer["vision_tokens"] > 0 and answer["peak_memory_bytes"] > 0 for answer in answers)


async def test_one_command_serves_the_web_page(tmp_path, model, session):
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", "from gateway.cli import main; main()", "up", "--port", "0", "--http", ":0"),
        env=child_environment(
            {
                "GLYPHSTREAM_READER_MODEL": model,
                "GLYPHSTREAM_READER_TORCH_THREADS": "1",
                "GLYPHSTREAM_GATEWAY_STORE_PATH": str(tmp_path / "documents.sqlite"),
            }
        ),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    assert process.stdout is not None
    try:
        lines = [(await process.stdout.readline()).decode().split() for _ in range(4)]
        url = dict(lines)["web"]
        async with session.post(f"{url}api/documents", data=TEXT.encode()) as response:
            document = (await response.json())["document"]
        async with session.get(f"{url}api/documents/{document['document_id']}/pages") as response:
            pages = (await response.text()).count("event: page\n")
        asked = {"question": "Which class?"}
        async with session.post(f"{url}api/documents/{document['document_id']}/answers", json=asked) as response:
            ended = (await response.text()).count("event: completed\n")
    finally:
        process.terminate()
        await process.communicate()
    assert (pages, ended, process.returncode) == (document["pages"], 1, 0)


@pytest.mark.parametrize(("event", "processes"), [("listening", 2), ("serving", 4)])
async def test_a_killed_command_takes_its_services_and_their_workers_along(tmp_path, model, event, processes):
    """`listening`: the reader loads its model still. `serving`: all that there will ever be runs."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", "from gateway.cli import main; main()", "up", "--port", "0"),
        env=child_environment(
            {
                "TMPDIR": str(tmp_path),  # its folder is left there
                "GLYPHSTREAM_READER_MODEL": model,
                "GLYPHSTREAM_GATEWAY_STORE_PATH": str(tmp_path / "documents.sqlite"),
            }
        ),
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
    )
    assert process.stderr is not None
    waited_for = {("reader", "listening")} if event == "listening" else {(name, event) for name in SERVICES}
    while waited_for:
        line = await process.stderr.readline()
        said = json.loads(line) if line.startswith(b"{") else {}
        waited_for.discard((said.get("service"), said.get("event")))
    started = [os.pidfd_open(pid) for pid in descendants(process.pid)]
    process.kill()
    await process.communicate()
    async with asyncio.timeout(30):
        await asyncio.gather(*(gone(descriptor) for descriptor in started))
    assert len(started) >= processes


def descendants(pid: int) -> list[int]:
    children = [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    return [*children, *(below for child in children for below in descendants(child))]


async def gone(descriptor: int) -> None:
    """Returns when the process behind a pidfd has ended."""
    loop, ended = asyncio.get_running_loop(), asyncio.Event()
    loop.add_reader(descriptor, ended.set)
    await ended.wait()
    loop.remove_reader(descriptor)
    os.close(descriptor)

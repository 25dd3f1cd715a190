"""The render service as a process: what it needs, how it starts and how it ends."""

import asyncio
import json
import os
import signal
import subprocess
import sys
from asyncio.subprocess import PIPE
from contextlib import asynccontextmanager

import pytest

LEAN = """
import sys
for name in ("icu4py", "isal", "grpc", "structlog", "pydantic", "pydantic_settings", "google", "torch"):
    sys.modules[name] = None
from functools import partial
from render_service import fonts
from render_service.layout import layout
from render_service.paint import paint
from render_service.style import Flow, Style
style = Style(flow=Flow.CELLS, font_px=14)
pages = layout("第一条 a", style, partial(fonts.measure, flow=style.flow), None)
print([paint(page, style).shape for page in pages])
"""


def test_layout_and_paint_need_numpy_and_pillow_alone():
    done = subprocess.run([sys.executable, "-c", LEAN], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[(28, 448)]"


@asynccontextmanager
async def started(*arguments: str, **environment: str):
    """A process that serves, and its worker's process id."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "render_service", "--port", "0", "--workers", "1", *arguments),
        stderr=PIPE,
        env={**os.environ, **environment},
    )
    try:
        while json.loads(await process.stderr.readline())["event"] != "serving":
            pass
        yield process, children(process.pid)
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


def children(pid: int) -> list[int]:
    with open(f"/proc/{pid}/task/{pid}/children") as file:
        return [int(child) for child in file.read().split()]


async def gone(pid: int) -> None:
    """Returns when the process has ended: its pidfd becomes readable then."""
    try:
        descriptor = os.pidfd_open(pid)
    except ProcessLookupError:
        return
    loop, ended = asyncio.get_running_loop(), asyncio.Event()
    loop.add_reader(descriptor, ended.set)
    await ended.wait()
    loop.remove_reader(descriptor)
    os.close(descriptor)


async def test_a_told_process_ends_well_and_takes_its_worker_along():
    async with started() as (process, workers):
        process.send_signal(signal.SIGTERM)
        assert await process.wait() == 0
        assert len(workers) == 1
        await gone(workers[0])


async def test_a_worker_does_not_outlive_a_killed_parent():
    async with started() as (process, workers):
        process.kill()
        await process.wait()
        await gone(workers[0])


@pytest.mark.parametrize(
    ("arguments", "environment"),
    [(["--workers", "0"], {}), (["--no-such"], {}), ([], {"GLYPHSTREAM_RENDER_PORT": "99999"})],
    ids=["no workers", "unknown argument", "no such port"],
)
def test_wrong_settings_are_refused_before_anything_starts(arguments, environment):
    done = subprocess.run(
        [sys.executable, "-m", "render_service", *arguments],
        capture_output=True,
        text=True,
        env={**os.environ, **environment},
        check=False,
    )
    assert done.returncode == 2
    assert "listening" not in done.stderr
    assert "Traceback" not in done.stderr

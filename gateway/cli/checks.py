"""Owns what `glyphstream doctor` tries: settings, the model that they name, room, services that answer."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from glyphstream.client import Client, Upload
from glyphstream.errors import GlyphstreamError

from gateway.settings import IN_MEMORY, Settings

SERVICES = {"gateway": "gateway", "render": "render_service", "reader": "reader_service"}
LEAST_STORE_BYTES = 256 << 20
LEAST_MEMORY_BYTES = 2 << 30
ANSWER_TIMEOUT_S = 20.0
PROBE = Upload(b"The doctor asks: is anybody there?", name="doctor.txt")


@dataclass(frozen=True)
class Finding:
    """One line: what was looked at, whether it is fine, what it is, and what to do where it is missing."""

    what: str
    fine: bool
    found: str
    remedy: str = ""
    needed: bool = True


def settings_and_model() -> Iterator[Finding]:
    """Whether every service takes its settings, and whether the model that the reader is told to load is there."""
    for name, module in SERVICES.items():
        command = [sys.executable, "-m", module, "--print-config"]
        asked = subprocess.run(command, capture_output=True, text=True, check=False)
        if asked.returncode:
            last = (asked.stderr.strip().splitlines() or ["it does not start"])[-1]
            yield Finding(f"settings of the {name}", False, last, "mend the variable, flag or file that it names")
            continue
        yield Finding(f"settings of the {name}", True, "taken")
        if name == "reader":
            yield model(str(tomllib.loads(asked.stdout)[name]["model"]))


def model(name: str) -> Finding:
    """What stands at a model's folder; a hub id cannot be looked at without loading it."""
    folder = Path(name)
    remedy = "set GLYPHSTREAM_READER_MODEL to a checkpoint folder or a hub id"
    if not folder.is_dir():
        if folder.is_absolute() or name.startswith("."):
            return Finding("model", False, f"no folder {name}", remedy)
        return Finding("model", True, f"{name}, from the model hub: it is downloaded when the reader first starts")
    weights = sorted(folder.glob("*.safetensors"))
    there = {"config.json": (folder / "config.json").is_file(), "weights": bool(weights)}
    missing = [part for part, is_there in there.items() if not is_there]
    if missing:
        return Finding("model", False, f"{name} has no {' and no '.join(missing)}", remedy)
    size = sum(path.stat().st_size for path in weights)
    return Finding("model", True, f"{folder.name}, {len(weights)} files, {size / 1e6:,.0f} MB")


def attention() -> Finding:
    """What the reader would compute with here; it says so itself, for only it knows torch."""
    command = [sys.executable, "-m", "reader_service.torch_model.backend"]
    asked = subprocess.run(command, capture_output=True, text=True, check=False)
    if asked.returncode:
        last = (asked.stderr.strip().splitlines() or ["it does not start"])[-1]
        return Finding("attention", False, last, "set GLYPHSTREAM_READER_DEVICE=cpu, or mend the driver")
    found = json.loads(asked.stdout)
    here = f"on {found['device']}, {found['dtype']}, torch {found['torch']}"
    return Finding("attention", True, f"pages {found['pages']}, tokens {found['tokens']} {here}")


def store(settings: Settings) -> Iterator[Finding]:
    """Whether documents can be kept where the settings say."""
    if settings.store_path == IN_MEMORY:
        yield Finding("document store", True, "in memory, forgotten when the gateway ends")
        return
    folder = next(parent for parent in settings.store_path.absolute().parents if parent.is_dir())
    free = shutil.disk_usage(folder).free
    writable = os.access(folder, os.W_OK)
    found = f"{settings.store_path}, {free / 1e9:,.1f} GB free" if writable else f"{folder} cannot be written to"
    remedy = "set GLYPHSTREAM_GATEWAY_STORE_PATH to a file on a disk with room"
    yield Finding("document store", writable and free > LEAST_STORE_BYTES, found, remedy)


def memory() -> Iterator[Finding]:
    """Whether the machine has the memory that renderers, the gateway and the embedded reader take together."""
    have = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    remedy = "give the machine 2 GB, or run the services on several machines"
    yield Finding("memory", have > LEAST_MEMORY_BYTES, f"{have / 1e9:,.1f} GB", remedy, needed=False)


async def answers(target: str) -> Sequence[Finding]:
    """Whether a gateway answers, and the renderer and the reader behind it."""
    async with Client(target, timeout_s=ANSWER_TIMEOUT_S) as client:
        remedy = f"start one: `glyphstream up`; is {target} right?"
        first = await _tried("gateway", client.documents().__anext__(), remedy)
        if not first.fine:
            return [first]
        remedy = "look at the log of the service that the message names, and whether it runs"
        return [first, await _tried("renderer and reader", client.estimate(PROBE), remedy)]


async def _tried(what: str, call: Any, remedy: str) -> Finding:
    try:
        await call
    except StopAsyncIteration:
        pass  # no documents there yet: it has answered
    except GlyphstreamError as error:
        reason = error.reason or error.code.name
        return Finding(what, False, f"{error.message} [{reason}]", remedy)
    return Finding(what, True, "answers")

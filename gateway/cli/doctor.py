"""`glyphstream doctor`: what is installed, and what to do about what is not. One line each."""

from __future__ import annotations

import asyncio
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterable, Iterator
from importlib import metadata, util
from pathlib import Path

import click

from gateway.cli import checks
from gateway.cli.checks import Finding
from gateway.cli.session import SERVICE_FAILED
from gateway.settings import Settings

OLDEST_PYTHON = (3, 11)
EXTRAS = {
    "serving": ("grpcio", "grpcio-health-checking", "pydantic-settings", "structlog"),
    "gateway": ("aiohttp", "click", "prometheus-client", "rapidfuzz", "rich", "tenacity"),
    "render": (
        *("charset-normalizer", "icu4py", "isal", "mammoth", "markdown-it-py", "numpy", "pillow", "pypdfium2"),
        "selectolax",
    ),
    "reader": ("safetensors", "tokenizers", "torch", "transformers"),
}
FONT_SUFFIXES = {".ttf", ".otf", ".ttc"}
CARD_QUERY = ("--query-gpu=name,memory.total,driver_version", "--format=csv,noheader")
CARD_TIMEOUT_S = 10.0


@click.command()
@click.option("--gateway", metavar="HOST:PORT", help="A gateway that runs: whether it, a renderer and a reader answer.")
def doctor(gateway: str | None) -> None:
    """Say what is installed here, what is missing and how to mend it. Exit 4 where the services need it."""
    findings = [] if gateway else [*_python(), *_packages(), *_fonts(), *checks.settings_and_model(), *_card()]
    missing = show(findings)
    if not missing and not gateway:
        missing += show([checks.attention(), *_ports(Settings()), *checks.store(Settings()), *checks.memory()])
    if gateway:
        missing += show(asyncio.run(checks.answers(gateway)))
    if missing:
        click.echo(f"{missing} missing: do what stands behind each, then run `glyphstream doctor` again", err=True)
        sys.exit(SERVICE_FAILED)
    click.echo("everything that is needed is here")


def show(findings: Iterable[Finding]) -> int:
    """Prints the findings; returns how many of them keep the services from working."""
    missing = 0
    for finding in findings:
        click.echo(line(finding))
        missing += finding.needed and not finding.fine
    return missing


def line(finding: Finding) -> str:
    """The finding as a person reads it."""
    state = "ok" if finding.fine else "missing" if finding.needed else "none"
    remedy = f"; {finding.remedy}" if finding.remedy and not finding.fine else ""
    return f"{state:8}{finding.what:28}{finding.found}{remedy}"


def _python() -> Iterator[Finding]:
    version = ".".join(map(str, sys.version_info[:3]))
    yield Finding("python", sys.version_info >= OLDEST_PYTHON, version, "install Python 3.11 or newer")


def _packages() -> Iterator[Finding]:
    for extra, names in EXTRAS.items():
        for name in names:
            try:
                yield Finding(name, True, metadata.version(name))
            except metadata.PackageNotFoundError:
                yield Finding(name, False, "not installed", f"pip install 'glyphstream[{extra}]'")


def _folder(package: str, *below: str) -> Path | None:
    """A folder inside one of the services' packages, without importing it."""
    spec = util.find_spec(package)
    return Path(spec.origin).parent.joinpath(*below) if spec and spec.origin else None


def _fonts() -> Iterator[Finding]:
    folder = _folder("render_service", "fonts")
    fonts = sorted(path.name for path in folder.rglob("*") if path.suffix in FONT_SUFFIXES) if folder else []
    yield Finding("fonts", bool(fonts), ", ".join(fonts) or "none beside render_service", "install the package again")


def _card() -> Iterator[Finding]:
    tool, remedy = shutil.which("nvidia-smi"), "the reader works on the CPU, slower"
    if tool is None:
        yield Finding("card", False, "no NVIDIA driver", remedy, needed=False)
        return
    try:
        asked = subprocess.run([tool, *CARD_QUERY], capture_output=True, text=True, timeout=CARD_TIMEOUT_S, check=True)
        yield Finding("card", True, asked.stdout.strip().replace("\n", " | "), needed=False)
    except (OSError, subprocess.SubprocessError) as error:
        yield Finding("card", False, f"nvidia-smi failed: {error}", remedy, needed=False)


def _ports(settings: Settings) -> Iterator[Finding]:
    wanted = {
        "gateway": settings.port,
        "render": _port(settings.render_target),
        "reader": _port(settings.reader_target),
    }
    for name, port in wanted.items():
        free = _is_free(port)
        found = f"{port} is {'free' if free else 'taken: a service runs there, or something else does'}"
        yield Finding(f"port of the {name}", free, found, "`glyphstream up --port 0` takes a free one", needed=False)


def _port(target: str) -> int:
    """The port of the first address of a target; 0 where it names none."""
    port = target.partition(",")[0].rpartition(":")[2]
    return int(port) if port.isdecimal() else 0


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True

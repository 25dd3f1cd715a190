"""What an installation brings along: the right packages, and every file that the code reads."""

import subprocess
import sys
import tomllib
import zipfile
from collections.abc import Iterator
from importlib.metadata import distribution
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
TRAVELS = {"protos/glyphstream": "glyphstream", "serving": "serving", "render_service": "render_service"}
TRAVELS |= {"reader_service": "reader_service", "gateway": "gateway"}


def required_by(name: str, extras: frozenset[str]) -> Iterator[Requirement]:
    if name == PROJECT["name"]:
        lines = [
            *PROJECT["dependencies"],
            *(line for extra in extras for line in PROJECT["optional-dependencies"][extra]),
        ]
        yield from map(Requirement, lines)
        return
    for line in distribution(name).requires or ():
        requirement = Requirement(line)
        if requirement.marker is None or any(requirement.marker.evaluate({"extra": extra}) for extra in {"", *extras}):
            yield requirement


def installs(*extras: str) -> set[str]:
    """Names of everything that `pip install glyphstream[extras]` brings here."""
    waiting, seen = [(PROJECT["name"], frozenset(extras))], set()
    while waiting:
        node = waiting.pop()
        if node not in seen:
            seen.add(node)
            waiting += [(canonicalize_name(need.name), frozenset(need.extras)) for need in required_by(*node)]
    return {name for name, _ in seen}


@pytest.mark.parametrize("extras", [(), ("gateway",), ("render",), ("render", "gateway")])
def test_nothing_but_the_reader_brings_torch(extras):
    assert not {"torch", "transformers"} & installs(*extras)


def test_the_reader_brings_torch():
    assert {"torch", "transformers"} <= installs("reader")


def test_a_bare_installation_is_enough_to_call_the_service():
    assert {"grpcio", "protobuf", "grpcio-status"} <= installs()
    assert not {"numpy", "structlog", "click"} & installs()


def test_everything_installed_is_pinned():
    lines = (ROOT / "constraints.txt").read_text().split()
    pinned = {canonicalize_name(Requirement(line).name) for line in lines}
    missing = {
        name for name in installs("dev") - pinned - {PROJECT["name"]} if not name.startswith(("nvidia-", "triton"))
    }
    assert missing == set()
    assert all("==" in line and "@" not in line and "+" not in line for line in lines)


def test_every_committed_file_of_a_package_travels_in_the_wheel(tmp_path):
    build = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(tmp_path)]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True)
    (wheel,) = tmp_path.glob("*.whl")
    travelled = set(zipfile.ZipFile(wheel).namelist())
    listed = subprocess.run(["git", "ls-files", "-z", *TRAVELS], cwd=ROOT, capture_output=True, text=True, check=True)
    names = [name for name in listed.stdout.split("\0") if name and (ROOT / name).is_file()]
    assert {name.removeprefix("protos/") for name in names} <= travelled
    assert not {name for name in travelled if name.startswith(("tests/", "training/", "tools/"))}

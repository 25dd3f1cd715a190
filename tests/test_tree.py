"""What holds for the tree as a whole: who imports whom, what is committed, what travels in the wheel."""

import lzma
import re
import subprocess
from pathlib import Path, PurePosixPath

import pytest

from tests.imports import violations

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("protos/glyphstream", "serving", "render_service", "reader_service", "gateway", "training", "benchmarks")
MIB = 1024 * 1024
# Written so that this file does not match itself.
MACHINE_PATH = re.compile(r"(?<![\w.~-])/(?:work|root|home)/[\w.]")


def committed(*under: str) -> list[Path]:
    listed = subprocess.run(["git", "ls-files", "-z", *under], cwd=ROOT, capture_output=True, text=True, check=True)
    return [ROOT / name for name in listed.stdout.split("\0") if name and (ROOT / name).is_file()]


def modules() -> list[Path]:
    return sorted(path for package in PACKAGES for path in (ROOT / package).rglob("*.py"))


def test_no_module_imports_what_it_never_may():
    paths = modules()
    assert len(paths) > 20
    found = [line for path in paths for line in violations(PurePosixPath(path.relative_to(ROOT)), path.read_text())]
    assert found == []


@pytest.mark.parametrize(
    ("path", "source"),
    [
        ("render_service/layout.py", "import reader_service.budget"),
        ("reader_service/engine.py", "from render_service import layout"),
        ("gateway/ask.py", "from render_service.style import Style"),
        ("gateway/local_stack.py", "def start():\n    import reader_service"),
        ("gateway/cli.py", "import reader_service"),
        ("render_service/layout.py", "import grpc"),
        ("reader_service/engine.py", "import grpc.aio"),
        ("gateway/ladder.py", "from glyphstream.gateway.v1 import gateway_pb2"),
        ("gateway/ladder.py", "from google.rpc import status_pb2"),
        ("gateway/routes.py", "import grpc"),
        ("gateway/openai_api.py", "from glyphstream.common.v1 import common_pb2"),
        ("render_service/servicer.py", "import torch"),
        ("reader_service/engine.py", "from torch import nn"),
        ("reader_service/__main__.py", "def main():\n    import torch"),
        ("serving/process.py", "import torch"),
        ("serving/process.py", "from glyphstream.common.v1 import common_pb2"),
        ("serving/status.py", "import gateway"),
        ("protos/glyphstream/client.py", "import serving"),
        ("protos/glyphstream/client.py", "import gateway"),
        ("reader_service/engine.py", "from training import examples"),
        ("serving/process.py", "import tests.imports"),
        ("gateway/ladder.py", "import benchmarks"),
        ("gateway/cli.py", "import os\nos.environ['A']"),
        ("training/train.py", "import os\nos.getenv('A')"),
        ("serving/telemetry.py", "from os import environ"),
    ],
)
def test_a_planted_violation_is_found(path, source):
    assert len(violations(PurePosixPath(path), source)) == 1


@pytest.mark.parametrize(
    ("path", "source"),
    [
        ("render_service/servicer.py", "import grpc\nfrom glyphstream.render.v1 import render_pb2"),
        ("gateway/clients.py", "import grpc.aio"),
        ("gateway/cli.py", "from glyphstream.client import Client"),
        ("reader_service/__main__.py", "import grpc"),
        ("reader_service/torch_model/vision.py", "import torch"),
        ("training/train.py", "import torch\nfrom training import examples\nfrom render_service import layout"),
        ("benchmarks/decode.py", "import torch"),
        ("render_service/layout.py", "import numpy\nfrom . import style\nfrom serving import status"),
        ("gateway/settings.py", "import os\nos.environ['A']"),
        ("serving/process.py", "import os, grpc\nos.getpid()"),
        ("protos/glyphstream/client.py", "from glyphstream.gateway.v1 import gateway_pb2"),
    ],
)
def test_what_is_allowed_is_no_violation(path, source):
    assert violations(PurePosixPath(path), source) == []


def test_no_file_names_a_path_of_somebodys_machine():
    found = []
    for path in committed():
        data = path.read_bytes()
        data = lzma.decompress(data) if path.suffix == ".xz" else data
        if b"\0" not in data[:4096]:
            match = MACHINE_PATH.search(data.decode("utf-8", "replace"))
            found += [f"{path.relative_to(ROOT)}: {match.group()}"] if match else []
    assert found == []


@pytest.mark.parametrize("text", ["cd " + "/work" + "/main", "(" + "/root" + "/.cache", '"' + "/home" + "/me"])
def test_a_planted_path_of_a_machine_is_found(text):
    assert MACHINE_PATH.search(text)


def test_no_committed_file_is_larger_than_16_mib():
    assert [path.name for path in committed() if path.stat().st_size > 16 * MIB] == []


def test_the_embedded_reader_stays_under_40_mb():
    assert sum(path.stat().st_size for path in committed("reader_service/weights")) <= 40_000_000


def test_fonts_stay_under_12_mb_and_have_their_licences_beside_them():
    fonts = [path for path in committed("render_service") if path.suffix in {".ttf", ".otf", ".ttc", ".woff2"}]
    assert sum(path.stat().st_size for path in fonts) <= 12_000_000
    for folder in {path.parent for path in fonts}:
        assert any(re.search(r"OFL|LICEN[CS]E", path.name, re.IGNORECASE) for path in folder.iterdir()), folder

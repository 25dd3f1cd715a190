"""The committed stubs are those of the committed protos."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent


def stubs(folder: Path) -> dict[Path, bytes]:
    return {
        path.relative_to(folder): path.read_bytes()
        for path in folder.rglob("*_pb2*.py*")
        if "__pycache__" not in path.parts
    }


@pytest.fixture(scope="module")
def generated(tmp_path_factory) -> Path:
    """The stubs as `make protos` writes them now; the environment is taken as it is."""
    folder = tmp_path_factory.mktemp("stubs")
    command = ["make", "--silent", "--assume-old=.venv/.dev", "protos", f"STUBS={folder}", f"PY={sys.executable}"]
    subprocess.run(command, cwd=ROOT, check=True)
    return folder


def test_the_committed_stubs_are_those_of_the_protos(generated):
    fresh, committed = stubs(generated), stubs(ROOT / "protos")
    assert fresh.keys() == committed.keys()
    assert [str(path) for path in fresh if fresh[path] != committed[path]] == []
    assert len(fresh) == 4 * len(list((ROOT / "protos").rglob("*.proto")))

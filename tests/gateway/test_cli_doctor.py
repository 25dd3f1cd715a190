"""The doctor says what is wrong and how to mend it."""

import pytest

from gateway.cli import checks
from gateway.settings import IN_MEMORY, Settings, child_environment
from tests.gateway.commands import glyphstream


@pytest.mark.parametrize(
    ("files", "fine", "said"),
    [
        pytest.param(["config.json", "a.safetensors"], True, "1 files", id="a checkpoint"),
        pytest.param(["config.json"], False, "has no weights", id="no weights"),
        pytest.param(["a.safetensors"], False, "has no config.json", id="no config"),
        pytest.param([], False, "has no config.json and no weights", id="an empty folder"),
        pytest.param(None, False, "no folder", id="no folder"),
    ],
)
def test_the_models_folder_is_looked_at(tmp_path, files, fine, said):
    folder = tmp_path / "model"
    for name in files or ():
        folder.mkdir(exist_ok=True)
        (folder / name).write_bytes(b"{}")
    if files == []:
        folder.mkdir()
    finding = checks.model(str(folder))
    assert (finding.fine, said in finding.found) == (fine, True)
    assert fine or "GLYPHSTREAM_READER_MODEL" in finding.remedy


def test_a_hub_id_is_left_to_the_reader():
    assert checks.model("Qwen/Qwen2-VL-7B-Instruct").fine


def test_the_attention_of_this_machine_is_named(monkeypatch):
    monkeypatch.setenv("GLYPHSTREAM_READER_DEVICE", "cpu")
    finding = checks.attention()
    assert finding.fine, finding.found
    assert finding.found.startswith("pages sdpa, tokens sdpa on CPU, float32")


def test_a_device_that_does_not_work_is_explained(monkeypatch):
    monkeypatch.setenv("GLYPHSTREAM_READER_DEVICE", "tpu")
    finding = checks.attention()
    assert not finding.fine
    assert "GLYPHSTREAM_READER_DEVICE" in finding.remedy


def test_the_store_wants_a_folder_and_room(tmp_path, monkeypatch):
    (fine,) = checks.store(Settings(store_path=tmp_path / "new" / "documents.sqlite"))
    assert fine.fine
    monkeypatch.setattr(checks, "LEAST_STORE_BYTES", 1 << 60)
    (full,) = checks.store(Settings(store_path=tmp_path / "documents.sqlite"))
    assert (full.fine, "GLYPHSTREAM_GATEWAY_STORE_PATH" in full.remedy) == (False, True)
    (memory,) = checks.store(Settings(store_path=IN_MEMORY))
    assert (memory.fine, memory.found) == (True, "in memory, forgotten when the gateway ends")


async def test_services_that_answer_are_well(address):
    ended = await glyphstream("doctor", "--gateway", address)
    assert ended.status == 0
    assert ended.out.count("answers") == 2


async def test_a_gateway_without_a_renderer_is_told_apart(address, renderer):
    renderer.lost = True
    ended = await glyphstream("doctor", "--gateway", address)
    assert ended.status == 4
    assert "ok      gateway" in ended.out
    assert "missing renderer and reader" in ended.out


async def test_a_gateway_that_is_not_there_is_explained():
    ended = await glyphstream("doctor", "--gateway", "127.0.0.1:1")
    assert ended.status == 4
    assert "glyphstream up" in ended.out
    assert "run `glyphstream doctor` again" in ended.err


def test_a_wrong_setting_is_named_with_its_service(monkeypatch):
    monkeypatch.setenv("GLYPHSTREAM_RENDER_WROKERS", "2")
    assert "GLYPHSTREAM_RENDER_WROKERS" in child_environment({})
    wrong = [finding for finding in checks.settings_and_model() if not finding.fine]
    assert [finding.what for finding in wrong] == ["settings of the render"]
    assert "GLYPHSTREAM_RENDER_WROKERS: there is no such setting" in wrong[0].found

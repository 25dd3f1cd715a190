"""One command writes the settings for a card and a model, with the memory that they will take."""

import json
import tomllib
from pathlib import Path

import pytest

from gateway.cli.profiles import CARDS, choose
from tests.gateway.commands import glyphstream
from tests.reader import tiny


def with_room(**rooms: int) -> list[dict[str, object]]:
    return [{"weights": name, "largest_vision_tokens": room} for name, room in rooms.items()]


@pytest.mark.parametrize(
    ("formats", "chosen"),
    [
        pytest.param(with_room(plain=20_000, int4=90_000), "plain", id="the best that has room"),
        pytest.param(with_room(plain=9_000, int8=17_000, int4=90_000), "int8", id="the next best"),
        pytest.param(with_room(plain=0, int4=9_000), "int4", id="the one with most room"),
    ],
)
def test_a_format_is_chosen_by_its_room(formats, chosen):
    assert choose(formats)["weights"] == chosen


def test_what_does_not_fit_in_any_format_is_not_chosen():
    assert choose(with_room(plain=0, small=0)) is None


@pytest.fixture
def model(tmp_path) -> str:
    """A config alone: nothing else of a checkpoint is needed."""
    folder = tiny.qwen(tmp_path / "model")
    for path in folder.iterdir():
        if path.name != "config.json":
            path.unlink()
    return str(folder)


async def test_a_profile_is_written_with_its_prediction_and_taken_by_the_services(model, tmp_path):
    path = tmp_path / "card.toml"
    ended = await glyphstream("profile", "rtx4090d", "--model", model, "-o", str(path))
    assert (ended.status, ended.err) == (0, "")
    assert "precise" in ended.out
    text = path.read_text()
    assert all(f"# {mode}" in text for mode in ("precise", "fast", "code"))
    settings = tomllib.loads(text)
    assert settings["reader"]["model"] == model
    assert 0 < settings["gateway"]["usual_memory_bytes"] < CARDS["rtx4090d"] << 20
    again = await glyphstream("profile", "l4", "--model", model, "-o", str(path))
    assert (again.status, path.read_text()) == (3, text)
    assert (await glyphstream("profile", "l4", "--model", model, "-o", str(path), "--force")).status == 0
    assert (await glyphstream("--config", str(path), "doctor", "--gateway", "127.0.0.1:1")).status == 4


async def test_a_model_that_is_too_large_is_refused_with_both_figures(model, tmp_path):
    config = Path(model) / "config.json"
    facts = json.loads(config.read_text())
    facts["text_config"] |= {"hidden_size": 16384, "intermediate_size": 262144}
    facts["text_config"] |= {"num_attention_heads": 128, "num_key_value_heads": 128}
    facts["vision_config"]["hidden_size"] = 16384
    config.write_text(json.dumps(facts))
    ended = await glyphstream("profile", "rtx4090d", "--model", model, "-o", str(tmp_path / "card.toml"))
    assert ended.status == 3
    assert "GB of weights at least" in ended.err


async def test_a_model_that_is_not_there_is_one_line(tmp_path):
    ended = await glyphstream("profile", "rtx4090d", "--model", str(tmp_path / "none"), "-o", str(tmp_path / "a"))
    assert (ended.status, len(ended.err.splitlines())) == (3, 1)
    assert "no checkpoint folder" in ended.err


async def test_an_unknown_card_is_wrong_usage(model):
    assert (await glyphstream("profile", "voodoo2", "--model", model)).status == 2

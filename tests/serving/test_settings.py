"""Settings come from flags, the environment and a file, in this order; what does not exist is refused everywhere."""

from pathlib import Path

import pytest
from pydantic import Field, SecretStr
from pydantic_settings import SettingsConfigDict

from gateway.settings import Settings as GatewaySettings
from reader_service.settings import Settings as ReaderSettings
from render_service.settings import RenderSettings
from serving.settings import CONFIG, InvalidSettings, ServiceSettings, as_toml, file_table, settings_from


class Toy(ServiceSettings):
    model_config = SettingsConfigDict(env_prefix="GLYPHSTREAM_GATEWAY_")
    service = "gateway"

    port: int = Field(default=1, le=99, description="0 % of them")
    folder: Path = Path("here")
    token: SecretStr = SecretStr("")


@pytest.fixture
def file(tmp_path, monkeypatch):
    def write(text: str) -> str:
        path = tmp_path / "glyphstream.toml"
        path.write_text(text)
        monkeypatch.setenv(CONFIG, str(path))
        return str(path)

    return write


def test_flags_beat_the_environment_which_beats_the_file_which_beats_the_default(file, monkeypatch):
    assert settings_from(Toy, []).port == 1
    path = file("[gateway]\nport = 2\nfolder = 'there'\n[reader]\nanything = 1\n")
    assert settings_from(Toy, []).port == 2
    monkeypatch.setenv("GLYPHSTREAM_GATEWAY_PORT", "3")
    assert settings_from(Toy, []).port == 3
    settings = settings_from(Toy, ["--port", "4", "--config", path])
    assert (settings.port, settings.folder) == (4, Path("there"))


def test_an_empty_variable_is_none(monkeypatch):
    monkeypatch.setenv("GLYPHSTREAM_GATEWAY_PORT", "")
    assert Toy().port == 1


@pytest.mark.parametrize(
    ("text", "said"),
    [
        pytest.param("[gateway]\nprot = 2", "prot", id="no such setting"),
        pytest.param("[gatway]\nport = 2", "no service is called gatway", id="no such service"),
        pytest.param("gateway = 2", "must be a table", id="no table"),
        pytest.param("[gateway", "glyphstream.toml", id="no TOML"),
        pytest.param("[gateway]\nport = 100", "less than or equal to 99", id="out of range"),
    ],
)
def test_a_wrong_file_ends_the_process_with_2_and_one_reason(file, capsys, text, said):
    file(text)
    with pytest.raises(SystemExit, match="2"):
        settings_from(Toy, [])
    assert said in capsys.readouterr().err


@pytest.mark.parametrize("arguments", [["--prot", "1"], ["--port", "x"], ["--por", "1"]])
def test_wrong_flags_end_the_process_with_2(arguments):
    with pytest.raises(SystemExit, match="2"):
        settings_from(Toy, arguments)


def test_an_unknown_variable_is_refused(monkeypatch):
    monkeypatch.setenv("GLYPHSTREAM_GATEWAY_PROT", "1")
    with pytest.raises(InvalidSettings, match="GLYPHSTREAM_GATEWAY_PROT"):
        Toy()


@pytest.mark.parametrize(
    "name", ["GLYPHSTREAM_GATEWAY_SERVICE_HOST", "GLYPHSTREAM_GATEWAY_PORT_50050_TCP_ADDR", "GLYPHSTREAM_READER_X"]
)
def test_what_a_cluster_and_other_services_set_is_not_ours(monkeypatch, name):
    monkeypatch.setenv(name, "1")
    assert Toy().port == 1


def test_a_file_that_is_not_there_is_refused():
    with pytest.raises(InvalidSettings, match="No such file"):
        file_table("nowhere.toml", "gateway")


def test_what_is_printed_is_a_file_that_says_the_same(file, capsys):
    with pytest.raises(SystemExit, match="0"):
        settings_from(Toy, ["--print-config", "--port", "7", "--folder", 'a "b"'])
    file(capsys.readouterr().out)
    assert (Toy().port, Toy().folder) == (7, Path('a "b"'))


def test_secrets_are_not_printed():
    assert 'token = "***"' in as_toml("gateway", Toy(token=SecretStr("x")))


@pytest.mark.parametrize("kind", [GatewaySettings, ReaderSettings, RenderSettings], ids=lambda kind: kind.service)
def test_the_services_settings_survive_a_file(file, kind):
    file(as_toml(kind.service, kind()))
    assert kind() == kind.model_validate(dict(kind()))

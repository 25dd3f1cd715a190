"""The gateway's settings: one home per default, refused where they make no sense."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from gateway.settings import NO_HTTP, Settings, child_environment


def test_the_environment_is_read_under_its_prefix(monkeypatch):
    monkeypatch.setenv("GLYPHSTREAM_GATEWAY_STORE_PATH", "documents.sqlite")
    monkeypatch.setenv("GLYPHSTREAM_GATEWAY_PORT", "0")
    settings = Settings()
    assert (settings.store_path, settings.port) == (Path("documents.sqlite"), 0)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("port", 70000),
        ("document_max_bytes", 0),
        ("store_ttl_s", -1),
        ("http", ":99999"),
        ("http", "here"),
        ("http", "off:"),
        ("unheard_of", 1),
    ],
    ids=[
        "no such port",
        "no bytes",
        "expired at once",
        "no such web port",
        "no web port at all",
        "nearly off",
        "unknown",
    ],
)
def test_what_makes_no_sense_is_refused(name, value):
    with pytest.raises(ValidationError, match=name):
        Settings(**{name: value})


def test_a_child_gets_this_processs_environment_and_its_own(monkeypatch):
    monkeypatch.setenv("INHERITED", "1")
    assert {"INHERITED": "1", "OWN": "2"}.items() <= child_environment({"OWN": "2"}).items()


def test_without_a_word_there_is_no_http(monkeypatch):
    monkeypatch.setenv("GLYPHSTREAM_GATEWAY_HTTP", "")
    assert Settings().http == NO_HTTP

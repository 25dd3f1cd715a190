"""Owns every number of the gateway and the only place where it reads the environment."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping
from pathlib import Path

from pydantic import Field, SecretStr, field_validator
from pydantic_settings import SettingsConfigDict

from serving.settings import CONFIG, ServiceSettings

MIB = 1 << 20
MOST_PORT = 65535
NO_HTTP = "off"  # not empty: an empty variable is no variable
IN_MEMORY = Path(":memory:")


def _store_path() -> Path:
    return Path(tempfile.gettempdir()) / f"glyphstream-{os.getuid()}" / "documents.sqlite"


class Settings(ServiceSettings):
    """Read from flags, GLYPHSTREAM_GATEWAY_… and the file's [gateway]; defaults serve one machine."""

    model_config = SettingsConfigDict(env_prefix="GLYPHSTREAM_GATEWAY_")
    service = "gateway"

    host: str = "127.0.0.1"
    port: int = Field(default=50050, ge=0, le=MOST_PORT, description="0 takes any free port")
    http: str = Field(
        default=NO_HTTP,
        pattern=rf"^{NO_HTTP}$|^(\S*:)?\d{{1,5}}$",
        description="HOST:PORT of the web page and the HTTP API, `host` where it names none; off: no HTTP",
    )
    token: SecretStr = Field(default=SecretStr(""), description="what callers must present; empty: nothing")
    http_body_max_bytes: int = Field(default=32 * MIB, gt=0, description="largest chat, with documents and pages")
    chat_document_characters: int = Field(
        default=1000, gt=0, description="from this length on a text in a chat message is a document"
    )
    render_target: str = Field(
        default="127.0.0.1:50051", description="gRPC name of the renderers; several addresses are shared out"
    )
    reader_target: str = Field(default="127.0.0.1:50052", description="gRPC name of the reader")

    document_max_bytes: int = Field(default=16 * MIB, gt=0)
    pages_max_bytes: int = Field(default=256 * MIB, gt=0, description="painted pages that one request may hold")
    sidecar_max_characters: int = Field(
        default=1024, ge=0, description="verbatim lines beside the pages, for readers that make use of them; 0: none"
    )
    question_max_characters: int = Field(default=8192, gt=0)
    climb_limit_s: float = Field(
        default=900.0, gt=0, description="longest time for one request, whatever its caller allows"
    )

    usual_memory_bytes: int = Field(
        default=0, ge=0, description="what answers usually take on the card, for advice in the log; 0: say nothing"
    )

    store_path: Path = Field(
        default_factory=_store_path, description=f"SQLite file of the documents; {IN_MEMORY} keeps none on disk"
    )
    store_max_bytes: int = Field(default=1024 * MIB, gt=0)
    store_ttl_s: float = Field(
        default=24 * 3600.0, gt=0, description="a document is forgotten this long after its last use"
    )

    receive_max_bytes: int = Field(default=4 * MIB, gt=0, description="largest message from a caller")
    page_message_max_bytes: int = Field(default=8 * MIB, gt=0, description="largest message where pages travel")
    drain_s: float = Field(default=30.0, ge=0)

    @field_validator("http")
    @classmethod
    def _has_a_port(cls, http: str) -> str:
        if http != NO_HTTP and int(http.rpartition(":")[2]) > MOST_PORT:
            raise ValueError(f"a port is at most {MOST_PORT}")
        return http


def http_address(http: str, host: str) -> tuple[str, int]:
    """Host and port of `http`, with `host` where it names none: ":8080", "8080", "0.0.0.0:8080", "[::1]:8080"."""
    named, _, port = http.rpartition(":")
    return named.strip("[]") or host, int(port)


def child_environment(overrides: Mapping[str, str]) -> dict[str, str]:
    """The environment of a service that is started from here: this process's own, with `overrides`."""
    return {**os.environ, **overrides}


def use_file(path: str) -> None:
    """Takes the settings of this process, and of those that it starts, from a file."""
    os.environ[CONFIG] = path

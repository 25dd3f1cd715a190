"""Owns where a service's settings come from: flags, then the environment, then a file, then the defaults of its class.

The file is TOML with one table a service; it is named by --config or GLYPHSTREAM_CONFIG. Whatever names a setting that
does not exist is refused, wherever it stands.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import sys
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar, TypeVar

from pydantic import BaseModel, Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, InitSettingsSource, PydanticBaseSettingsSource, SettingsConfigDict

PREFIX = "GLYPHSTREAM"
CONFIG = f"{PREFIX}_CONFIG"
SERVICES = ("gateway", "render", "reader")
# What Kubernetes puts into every container for a service that is called like one of ours.
CLUSTER = re.compile(r"(?:_SERVICE_(?:HOST|PORT)\w*|_PORT_\d+_\w+)$")

Settings = TypeVar("Settings", bound="ServiceSettings")


class InvalidSettings(ValueError):
    """A setting does not exist or makes no sense; the message names it and where it stands."""


class ServiceSettings(BaseSettings):
    """The settings of one service, whose name is `service`: its table in the file and its prefix in the environment."""

    model_config = SettingsConfigDict(env_ignore_empty=True, frozen=True, extra="forbid", protected_namespaces=())
    service: ClassVar[str] = ""

    end_with_stdin: bool = Field(
        default=False, description="end in order when standard input ends: with the process that holds its other end"
    )

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Flags, environment, file: the first that names a setting counts."""
        _refuse_unknown_variables(cls)
        table = file_table(os.environ.get(CONFIG, ""), cls.service)
        return init_settings, env_settings, InitSettingsSource(settings_cls, table)


def file_table(path: str, service: str) -> dict[str, Any]:
    """A service's table in a settings file; empty without a file. Raises InvalidSettings."""
    if not path:
        return {}
    try:
        tables = tomllib.loads(Path(path).read_text("utf-8"))
    except OSError as error:
        raise InvalidSettings(f"{path}: {error.strerror or error}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InvalidSettings(f"{path}: {error}") from error
    unknown = sorted(set(tables) - set(SERVICES))
    if unknown:
        raise InvalidSettings(f"{path}: no service is called {', '.join(unknown)}; there are {', '.join(SERVICES)}")
    table = tables.get(service, {})
    if not isinstance(table, dict):
        raise InvalidSettings(f"{path}: {service} must be a table")
    return table


def _refuse_unknown_variables(kind: type[ServiceSettings]) -> None:
    prefix = kind.model_config["env_prefix"]
    known = {f"{prefix}{name}".upper() for name in kind.model_fields}
    for name in os.environ:
        if name.upper().startswith(prefix) and name.upper() not in known and not CLUSTER.search(name):
            raise InvalidSettings(f"{name}: there is no such setting")


def settings_from(kind: type[Settings], arguments: Sequence[str] | None = None) -> Settings:
    """The settings of the process with these command line arguments (its own by default).

    Every setting is a flag. --print-config prints them all and ends the process with 0; wrong ones end it with 2.
    """
    parser = _parser(kind)
    flags = vars(parser.parse_args(arguments))
    shown = flags.pop("print_config", False)
    if "config" in flags:
        os.environ[CONFIG] = flags.pop("config")  # where the class looks, and every process started from here
    try:
        settings = kind(**flags)
    except ValidationError as error:
        parser.error("; ".join(f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in error.errors()))
    except InvalidSettings as error:
        parser.error(str(error))
    if shown:
        sys.stdout.write(as_toml(kind.service, settings))
        parser.exit()
    return settings


def _parser(kind: type[ServiceSettings]) -> argparse.ArgumentParser:
    module = kind.__module__.partition(".")[0]
    usage = "%(prog)s [--config FILE] [--print-config] [--SETTING VALUE ...]"
    parser = argparse.ArgumentParser(prog=f"python -m {module}", usage=usage, allow_abbrev=False)
    parser.add_argument("--config", metavar="FILE", default=argparse.SUPPRESS, help=f"settings file; also {CONFIG}")
    parser.add_argument("--print-config", action="store_true", help="print every setting with its value, and end")
    for name, field in kind.model_fields.items():
        flag = f"--{name.replace('_', '-')}"
        text = (field.description or "").replace("%", "%%")
        parser.add_argument(flag, metavar="VALUE", default=argparse.SUPPRESS, help=text or None)
    return parser


def as_toml(service: str, settings: BaseModel) -> str:
    """The settings as the table of a file; secrets are not shown."""
    return table_text(service, {name: getattr(settings, name) for name in type(settings).model_fields})


def table_text(service: str, values: Mapping[str, Any]) -> str:
    """A table of a settings file. JSON's strings, numbers and truths are TOML's too."""
    lines = (f"{name} = {json.dumps(_plain(value), ensure_ascii=False)}" for name, value in values.items())
    return "\n".join([f"[{service}]", *lines]) + "\n"


def _plain(value: Any) -> Any:
    if isinstance(value, SecretStr):
        return "***" if value.get_secret_value() else ""
    return str(value) if isinstance(value, Path) else value

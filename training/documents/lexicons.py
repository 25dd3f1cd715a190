"""The two lexicons, read from their tables when first asked for."""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

from training.documents import names
from training.documents.document import Lang
from training.documents.lexicon import Lexicon, parse_domains
from training.documents.makers import EN, ZH
from training.documents.values import Maker

_MAKERS = {"zh": ZH, "en": EN}


def _brand_en(rng: Random) -> str:
    return names.latin(rng).capitalize()


_BRANDS: dict[str, Maker] = {"zh": names.brand_zh, "en": _brand_en}


@cache
def lexicon(lang: Lang) -> Lexicon:
    """The wordings of a language, from the table beside this module."""
    table: dict[str, Any] = tomllib.loads((Path(__file__).parent / f"{lang}.toml").read_text(encoding="utf-8"))
    makers = _MAKERS[lang]
    domains = parse_domains(table.pop("domains"), makers)
    formats = {domain.key: domain for domain in parse_domains(table.pop("formats"), makers)}
    frozen = {key: _frozen(value) for key, value in table.items()}
    return Lexicon(makers=makers, brand=_BRANDS[lang], domains=domains, formats=formats, **frozen)


def _frozen(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _frozen(item) for key, item in value.items()}
    return tuple(value) if isinstance(value, list) else value

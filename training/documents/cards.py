"""Owns the easiest documents: one page of keys and values, asked for by the key itself.

Keys are pieces of running text, so that they are endless; each stands once on its page.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterator

from training.documents.document import Document, Lang, Question

_UNITS = {
    "zh": ("", " ms", " s", " 秒", "%", " MB", " 元", " 米", "℃", " 个", " 天", " kW", " V", "小时", " MPa", " L/h"),
    "en": ("", " ms", " s", " seconds", "%", " MB", " EUR", " m", " C", " items", " days", " kW", " V", " hours"),
}
_LINES = {
    "zh": ("{k}：{v}", "{k}：{v}", "{k}为 {v}。", "{k}是{v}。", "{k}: {v}", "- {k}：{v}", "{k} {v}", "{k}不超过 {v}。"),
    "en": ("{k}: {v}", "{k}: {v}", "The {k} is {v}.", "- {k}: {v}", "{k} = {v}", "{k} {v}", "{k} is at most {v}."),
}
_ASKED = {
    "zh": ("{k}是多少？", "{k}是什么？", "{k}？", "请问{k}是多少", "{k}多少", "{k}是哪个？", "文中{k}是多少？", "{k}"),
    "en": (
        "What is the {k}?",
        "what is {k}",
        "How much is the {k}?",
        "{k}?",
        "Which {k} is given?",
        "Tell me the {k}.",
    ),
}
_KEY = {"zh": re.compile("[\u4e00-\u9fff]{3,8}"), "en": re.compile("[a-z]{3,10}(?: [a-z]{3,10}){1,2}")}
_TITLE = {"zh": "{n}、{k}", "en": "{n}. {k}"}


def card(rng: random.Random, lang: Lang, characters: int, prose: str) -> Document:
    """Lines of keys and values, some prose between them, and a question about most keys."""
    keys = _keys(rng, lang, prose)
    lines: list[str] = []
    facts: list[tuple[str, str, int]] = []
    size = 0
    while size < characters and len(keys) > 3:
        line, found = _line(rng, lang, keys, prose)
        facts += [(key, value, size + at) for key, value, at in found]
        lines.append(line)
        size += len(line) + 1
    text = "\n".join(lines)
    return Document(text, tuple(_questions(rng, lang, text, facts, keys)), lang, "cells")


def _keys(rng: random.Random, lang: Lang, prose: str) -> list[str]:
    found = list(dict.fromkeys(_KEY[lang].findall(prose)))
    rng.shuffle(found)
    return found


def _line(rng: random.Random, lang: Lang, keys: list[str], prose: str) -> tuple[str, list[tuple[str, str, int]]]:
    """A line and its facts as (key, value, position of the value in the line)."""
    kind = rng.random()
    if kind < 0.12:
        return "", []
    if kind < 0.2:
        return _TITLE[lang].format(n=rng.randint(1, 12), k=keys.pop()), []
    if kind < 0.3:
        start = rng.randrange(max(1, len(prose) - 60))
        return prose[start : start + rng.randint(10, 60)].replace("\n", " ").strip(), []
    line, found = "", []
    for _ in range(rng.choice((1, 1, 1, 1, 2, 3))):
        key, value = keys.pop(), _value(rng, lang)
        before, after = rng.choice(_LINES[lang]).replace("{k}", key).split("{v}")
        found.append((key, value, len(line) + len(before)))
        line += before + value + after + ("，" if lang == "zh" and after == "" and rng.random() < 0.2 else "")
        if len(keys) < 2:
            break
    return line, found


def _questions(
    rng: random.Random, lang: Lang, text: str, facts: list[tuple[str, str, int]], unused: list[str]
) -> Iterator[Question]:
    for key, value, at in facts:
        if text.count(key) == 1:
            yield Question(rng.choice(_ASKED[lang]).format(k=key), ((at, at + len(value)),), "fact")
    for key in unused[: max(1, len(facts) // 8)]:
        if key not in text:
            yield Question(rng.choice(_ASKED[lang]).format(k=key), (), "absent")


def _value(rng: random.Random, lang: Lang) -> str:
    return rng.choice((_measure, _measure, _measure, _version, _date, _code, _hexadecimal, _word))(rng, lang)


def _measure(rng: random.Random, lang: Lang) -> str:
    number = rng.randrange(10 ** rng.randint(1, 5))
    shown = rng.choice((f"{number}", f"{number}", f"{number / 10}", f"{number:,}"))
    return shown + rng.choice(_UNITS[lang])


def _version(rng: random.Random, _lang: Lang) -> str:
    return rng.choice(("", "V", "v")) + ".".join(str(rng.randrange(20)) for _ in range(rng.randint(2, 3)))


def _date(rng: random.Random, _lang: Lang) -> str:
    return f"{rng.randint(1990, 2035)}-{rng.randint(1, 12):02}-{rng.randint(1, 28):02}"


def _code(rng: random.Random, _lang: Lang) -> str:
    letters = "".join(rng.choices("ABCDEFGHIJKLMNOPQRSTUVWXYZ", k=rng.randint(1, 4)))
    return f"{letters}{rng.choice(('-', '', '_'))}{rng.randrange(9999)}"


def _hexadecimal(rng: random.Random, _lang: Lang) -> str:
    return f"0x{rng.randrange(1 << 24):X}"


def _word(rng: random.Random, lang: Lang) -> str:
    makers: dict[str, Callable[[], str]] = {
        "zh": lambda: "".join(rng.choices("陈李王张刘杭京沪苏川安明华中东新海江山云", k=rng.randint(2, 5))),
        "en": lambda: "".join(rng.choices("abcdefghilmnoprstu", k=rng.randint(4, 9))).capitalize(),
    }
    return makers[lang]()

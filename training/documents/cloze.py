"""Facts found in the sentences of natural text: a value left out of its clause.

A candidate is kept only when the words that the question keeps occur once in the text (or once in a section that the
question names), so that the question has one answer.
"""

from __future__ import annotations

import re
from random import Random
from typing import NamedTuple

from training.documents.chance import pick
from training.documents.document import Span
from training.documents.fronting import fronted
from training.documents.lexicon import Lexicon


class Gap(NamedTuple):
    """A value left out of its clause: its kind, the words before it, itself, the words after it."""

    kind: str
    left: str
    value: str
    right: str


class Cloze(NamedTuple):
    """A question's core, the answer's place, and the words that must be unique for it to have one answer."""

    core: str
    span: Span
    keys: tuple[str, ...]


_UNITS_ZH = (
    "%|％|‰|℃|°C|[KMGT]i?B|[KMGT]?bps|ms|毫秒|秒钟?|分钟|小时|个工作日|个自然日|个月|个字符|个汉字|字符|字节|汉字|"
    "万元|亿元|元|美元|倍|以上|以下|年|月|日|天|周|次|个|条|项|行|位|人|名|种|台|级|张|页|像素|px|Hz|岁|点|字"
)
_ZH = re.compile(
    r"(?P<date>\d{4}-\d{1,2}-\d{1,2}(?:[T ]\d{1,2}:\d{2}(?::\d{2})?)?|\d{4}年(?:\d{1,2}月(?:\d{1,2}日)?)?)"
    r"|(?P<code>`[^`\n]{1,40}`)"
    r"|(?P<quoted>[“「《\"][^”」》\"\n]{1,24}[”」》\"])"
    r"|(?P<version>\bv?\d+\.\d+\.\d+[\w.-]*)"
    rf"|(?P<amount>(?<![\w.])[+-]?\d[\d,.]*(?:万|亿)?\s?(?:{_UNITS_ZH}))"
    r"|(?P<numeral>(?:百分之|千分之|万分之)[一二三四五六七八九十百]+|(?<!第)(?:[二三四五六七八九十百千万两][一二三四五六七八九十百千万]*)"
    r"(?:个工作日|个月|年|日|天|小时|倍|万元|元|人|名|次|份|周岁))"
    r"|(?P<path>(?<![\w/:])(?:/[\w.~-]+){2,}/?|https?://[^\s，。；、）)\"'>`]+)"
    r"|(?P<number>(?<![\w.-])-?\d+(?:\.\d+)?(?![\w.%-]))"
    r"|(?P<name>(?<![\w.@])[A-Za-z_][\w.-]*[A-Z_\d.][\w-]*)",
    re.ASCII,
)
_UNITS_EN = (
    "%|percent|[KMGT]i?B|bytes?|ms|milliseconds?|seconds?|minutes?|hours?|days?|weeks?|months?|years?|characters?|bits?|"
    "items?|times?|entries|digits?|rows?|pixels?|px|MHz|GHz|Hz|dollars?|degrees"
)
_EN = re.compile(
    r"(?P<date>\d{4}-\d{2}-\d{2}|\d{1,2} (?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]* \d{4})"
    r"|(?P<code>`[^`\n]{1,40}`)"
    r"|(?P<quoted>[“\"][^”\"\n]{1,30}[”\"]|(?<!\w)'[^'\n]{1,24}'(?!\w))"
    r"|(?P<version>\bv?\d+\.\d+\.\d+[\w.-]*)"
    rf"|(?P<amount>(?<![\w.])[+-]?\d[\d,.]*[ -]?(?:{_UNITS_EN})\b)"
    r"|(?P<path>(?<![\w/:])(?:/[\w.~-]+){2,}/?|https?://[^\s,;)\"'>`]+)"
    r"|(?P<number>(?<![\w.-])-?\d[\d,]*(?:\.\d+)?(?![\w.%-]))"
    r"|(?P<name>(?<![\w.@])[A-Za-z_]\w*[A-Z_\d]\w*(?:\.\w+)*)",
    re.ASCII,
)
_EDGES = {
    "zh": re.compile(r"[，；。：！？\n|]|(?<!\d)[,;](?!\d)|(?:^|(?<=\s))[-*#>]+\s"),
    "en": re.compile(r"[;!?\n|]|[,:.](?=\s|$)|(?:^|(?<=\s))[-*#>]+\s"),
}
_DROPPED = re.compile(
    r"应当|必须|需要|可以|一般|通常|其中|同时|目前|相关的?|对应的|均|并且|请|需|将|会|（[^）]*）|\([^)]*\)|`|\*\*"
)


def values(text: str, span: Span, lang: str) -> list[tuple[str, int, int]]:
    """The values within a span: their kind and their place without quotation marks."""
    found = []
    for match in (_ZH if lang == "zh" else _EN).finditer(text, *span):
        kind, (start, end) = match.lastgroup or "name", match.span()
        if kind in ("code", "quoted"):
            start, end = start + 1, end - 1
        while kind in ("path", "name", "version") and text[end - 1] in ".-":
            end -= 1
        if text[start:end].strip() == text[start:end] and start < end:
            found.append((kind, start, end))
    return found


def clause(rng: Random, text: str, span: Span, lexicon: Lexicon) -> Cloze | None:
    """A value of the sentence asked for by its clause, or by the clause before it as well."""
    lang = lexicon.lang
    found = values(text, span, lang)
    if not found:
        return None
    kind, start, end = pick(rng, found)
    for _ in range(2):
        if kind == "name":  # names abound and are seldom what is asked for
            kind, start, end = pick(rng, found)
    left, right = _around(text, span, (start, end), lang)
    least = 7 if lang == "zh" else 24
    if len(left) + len(right) < least or len(left) + len(right) > 120 or not _prose(left + right, lang):
        return None
    keys = tuple(part for part in (left.strip(), right.strip()) if len(part) >= (4 if lang == "zh" else 9))
    gap = Gap(kind, left, text[start:end], right)
    core = _core_zh(rng, lexicon, gap) if lang == "zh" else _core_en(rng, lexicon, gap)
    return Cloze(core, (start, end), keys) if keys and text[start:end] not in core else None


_CODE = re.compile(r"[={}<>$\\;\[\]@]|\w\(|\(\)|::|//|/\*|--")
_CJK = re.compile("[\u4e00-\u9fff]")


def _prose(words: str, lang: str) -> bool:
    """Whether the words around a value are language rather than code."""
    if _CODE.search(words):
        return False
    return len(_CJK.findall(words)) >= 6 if lang == "zh" else sum(word.isalpha() for word in words.split()) >= 4


def _around(text: str, span: Span, value: Span, lang: str) -> tuple[str, str]:
    """The words left and right of a value within its clause; more to the left when the clause is short."""
    left_all, right_all = text[span[0] : value[0]], text[value[1] : span[1]]
    cuts = [match.end() for match in _EDGES[lang].finditer(left_all)]
    right = _EDGES[lang].split(right_all, maxsplit=1)[0]
    left = left_all[cuts[-1] :] if cuts else left_all
    if len(left) + len(right) < (9 if lang == "zh" else 30) and cuts:
        left = left_all[cuts[-2] :] if len(cuts) > 1 else left_all
    return _trimmed(left), _trimmed(right)


def _trimmed(part: str) -> str:
    return part.replace("**", "").strip("`“”「」\"' \t-*#|>").lstrip(":：、")


def _core_zh(rng: Random, lexicon: Lexicon, gap: Gap) -> str:
    kind, left, value, right = gap
    word = "几" if left.endswith("第") else pick(rng, lexicon.natural[kind])
    if kind in ("amount", "numeral") and rng.random() < 0.5:
        unit = value.lstrip("+-0123456789,. 一二三四五六七八九十百千万亿两")
        word += unit if unit not in ("%", "％", "‰", "月", "日") and not unit.startswith("分之") else ""
    style = rng.random()
    if style < 0.12:
        return f"填空：{left}____{right}"
    left, right = _loose(rng, lexicon, left), _loose(rng, lexicon, right)
    if style < 0.24 and right:
        return f"{right}，{left}{word}" if rng.random() < 0.5 else f"{left} {right} 是{word}"
    if not right and left[-1:] not in "为是：:=于至到达":
        return f"{left}是{word}" if rng.random() < 0.5 else f"{left}{word}"
    return f"{left.rstrip('：:=')}{'是' if left[-1:] in '：:=' else ''}{word}{right}"


def _loose(rng: Random, lexicon: Lexicon, part: str) -> str:
    """The part with some function words dropped and some words replaced, as somebody would recall it."""
    if rng.random() < 0.4:
        part = _DROPPED.sub(lambda match: "" if rng.random() < 0.6 else match[0].strip("`*"), part)
    if rng.random() < 0.35:
        old, new = pick(rng, lexicon.natural["synonyms"]).split("/")
        part = part.replace(old, new)
    return part.strip()


_COPULA = re.compile(
    r"^(?P<subject>.{8,90}?) (?P<verb>is|are|was|were|must be|defaults to|default to|equals|should be)"
    r"(?: set to| the| an?)?$"
)


def _core_en(rng: Random, lexicon: Lexicon, gap: Gap) -> str:
    kind, left, value, right = gap
    word = pick(rng, lexicon.natural[kind])
    if rng.random() < 0.35:
        old, new = pick(rng, lexicon.natural["synonyms"]).split("/")
        left, right = (re.sub(rf"\b{old}\b", new, part) for part in (left, right))
    if rng.random() < 0.6 and (asked := fronted(rng, kind, left, value, right)):
        return asked
    matched = _COPULA.match(left)
    if matched and rng.random() < 0.7:
        return _copula(matched["subject"], matched["verb"], right)
    told = _TELLS.match(left)
    if told and rng.random() < 0.8:
        return f"what does {_lowered(told['subject'])} {told['verb'][:-1]} {right}".strip()
    style = rng.random()
    if style < 0.15:
        return f"fill in: {left} ____ {right}".rstrip()
    if style < 0.3:
        return f"{word}: {left} ... {right}".rstrip(" .")
    if kind == "amount" and rng.random() < 0.6 and (unit := value.lstrip("+-0123456789,. ")) not in ("%", ""):
        word = f"how many {unit}"
    return f"{left} {word} {right}".strip()


def _lowered(subject: str) -> str:
    return subject[0].lower() + subject[1:] if subject.split(" ", 1)[0] in _LOWERED else subject


_LOWERED = ("The", "This", "A", "An", "Each", "Every", "These", "If", "In", "For", "When", "Your", "Its")
_TELLS = re.compile(
    r"^(?P<subject>(?:The|This|A|An|Each|It|[A-Za-z_.]+)\b[^,;]{2,80}?) (?P<verb>(?:return|contain|use|support|require|"
    r"accept|take|provide|raise|create|allow|need|hold|mean|include|define|represent|indicate|set|give|store|call|add|read)s)"
    r"(?: the| a| an| up to| at most| at least)?$"
)


def _copula(subject: str, verb: str, right: str) -> str:
    subject = _lowered(subject)
    if verb.startswith("default"):
        return f"what does {subject} default to {right}".strip()
    if verb in ("must be", "should be"):
        return f"what {verb.split()[0]} {subject} be {right}".strip()
    return f"what {'is' if verb == 'equals' else verb} {subject} {right}".strip()

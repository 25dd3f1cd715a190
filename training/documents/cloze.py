"""Facts found in natural text: a value in a clause, an entry and its description, a cell of a table.

A candidate is kept only when the words that the question keeps occur once in the text (or once in a section that the
question names), so that the question has one answer.
"""

from __future__ import annotations

import re
from random import Random
from typing import NamedTuple

from training.documents.chance import pick
from training.documents.document import Span


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
_WHAT_ZH = {
    "date": ("什么时候", "哪天", "哪一天", "何时", "什么日期"), "code": ("什么", "哪个", "什么值", "哪一个"),
    "quoted": ("什么", "哪个", "什么名称"), "version": ("哪个版本", "什么版本", "哪一版", "多少"),
    "amount": ("多少", "多少", "几"), "numeral": ("多少", "多少", "几"), "path": ("什么", "哪里", "哪个地址"),
    "number": ("多少", "几", "什么数"), "name": ("什么", "哪个", "哪一个"),
}  # fmt: skip
_WHAT_EN = {
    "date": ("what date", "which date", "when"), "code": ("what", "which value", "which one"), "quoted": ("what", "which name"),
    "version": ("which version", "what version"), "amount": ("how much", "how many", "what amount", "what"),
    "path": ("what path", "which location", "where"), "number": ("how many", "what number", "which number", "what"),
    "name": ("what", "which name", "which one", "which"),
}  # fmt: skip
_EDGES = {
    "zh": re.compile(r"[，；。：！？\n|]|(?<!\d)[,;](?!\d)|(?:^|(?<=\s))[-*#>]+\s"),
    "en": re.compile(r"[;!?\n|]|[,:.](?=\s|$)|(?:^|(?<=\s))[-*#>]+\s"),
}
_DROPPED = re.compile(
    r"应当|必须|需要|可以|一般|通常|其中|同时|目前|相关的?|对应的|均|并且|请|需|将|会|（[^）]*）|\([^)]*\)|`|\*\*"
)
_SYNONYMS = (
    ("不超过", "最多"), ("不得超过", "最多"), ("不能超过", "最多"), ("至少", "最少"), ("为", "是"), ("支持", "可用"), ("指定", "设定"),
    ("默认值", "缺省值"), ("默认", "缺省"), ("返回", "给出"), ("使用", "用"), ("如果", "若"), ("不少于", "至少"), ("长度", "字数"),
    ("获取", "取得"), ("表示", "代表"), ("应当在", "要在"), ("进行", "做"), ("以及", "和"), ("或者", "或"), ("时间", "时长"),
)  # fmt: skip
_SYNONYMS_EN = (
    ("maximum", "largest"), ("minimum", "smallest"), ("must", "has to"), ("specify", "give"), ("default", "preset"), ("use", "employ"),
    ("contains", "has"), ("returns", "gives"), ("number of", "count of"), ("up to", "at most"), ("you can", "one can"),
    ("identifier", "ID"), ("provides", "offers"), ("allows", "lets"), ("cannot", "can't"), ("available", "on offer"),
)  # fmt: skip


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


def clause(rng: Random, text: str, span: Span, lang: str) -> Cloze | None:
    """A value of the sentence asked for by its clause, or by the clause before it as well."""
    found = values(text, span, lang)
    if not found:
        return None
    kind, start, end = pick(rng, found)
    if kind == "name":  # names abound and are seldom what is asked for
        kind, start, end = pick(rng, found)
    left, right = _around(text, span, (start, end), lang)
    least = 7 if lang == "zh" else 24
    if len(left) + len(right) < least or len(left) + len(right) > 120 or not _prose(left + right, lang):
        return None
    keys = tuple(part for part in (left.strip(), right.strip()) if len(part) >= (4 if lang == "zh" else 9))
    core = (
        _core_zh(rng, kind, left, text[start:end], right)
        if lang == "zh"
        else _core_en(rng, kind, left, text[start:end], right)
    )
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


def _core_zh(rng: Random, kind: str, left: str, value: str, right: str) -> str:
    word = "几" if left.endswith("第") else pick(rng, _WHAT_ZH[kind])
    if kind in ("amount", "numeral") and rng.random() < 0.5:
        unit = value.lstrip("+-0123456789,. 一二三四五六七八九十百千万亿两")
        word += unit if unit not in ("%", "％", "‰", "月", "日") and not unit.startswith("分之") else ""
    style = rng.random()
    if style < 0.12:
        return f"填空：{left}____{right}"
    left, right = _loose(rng, left), _loose(rng, right)
    if style < 0.24 and right:
        return f"{right}，{left}{word}" if rng.random() < 0.5 else f"{left} {right} 是{word}"
    if not right and left[-1:] not in "为是：:=于至到达":
        return f"{left}是{word}" if rng.random() < 0.5 else f"{left}{word}"
    return f"{left.rstrip('：:=')}{'是' if left[-1:] in '：:=' else ''}{word}{right}"


def _loose(rng: Random, part: str) -> str:
    """The part with some function words dropped and some words replaced, as somebody would recall it."""
    if rng.random() < 0.4:
        part = _DROPPED.sub(lambda match: "" if rng.random() < 0.6 else match[0].strip("`*"), part)
    if rng.random() < 0.35:
        old, new = pick(rng, _SYNONYMS)
        part = part.replace(old, new)
    return part.strip()


_REWORDED = dict(_SYNONYMS_EN)
_WORDED = re.compile(rf"\b(?:{'|'.join(_REWORDED)})\b")


def _reworded(rng: Random, part: str) -> str:
    return _WORDED.sub(lambda match: _REWORDED[match[0]] if rng.random() < 0.5 else match[0], part)


_COPULA = re.compile(
    r"^(?P<subject>.{8,90}?) (?P<verb>is|are|was|were|must be|defaults to|default to|equals|should be)(?: set to| the| an?)?$"
)


def _core_en(rng: Random, kind: str, left: str, value: str, right: str) -> str:
    word = pick(rng, _WHAT_EN[kind])
    if rng.random() < 0.35:
        left, right = _reworded(rng, left), _reworded(rng, right)
    matched = _COPULA.match(left)
    if matched and rng.random() < 0.7:
        return _copula(matched["subject"], matched["verb"], right)
    style = rng.random()
    if style < 0.15:
        return f"fill in: {left} ____ {right}".rstrip()
    if style < 0.3:
        return f"{word}: {left} ... {right}".rstrip(" .")
    if kind == "amount" and rng.random() < 0.6 and (unit := value.lstrip("+-0123456789,. ")) not in ("%", ""):
        word = f"how many {unit}"
    return f"{left} {word} {right}".strip()


def _copula(subject: str, verb: str, right: str) -> str:
    subject = subject[0].lower() + subject[1:] if subject[:4] in ("The ", "This", "A ma", "An o") else subject
    if verb.startswith("default"):
        return f"what does {subject} default to {right}".strip()
    if verb in ("must be", "should be"):
        return f"what {verb.split()[0]} {subject} be {right}".strip()
    return f"what {'is' if verb == 'equals' else verb} {subject} {right}".strip()


_ENTRY = re.compile(
    r"^[ \t]*[-*+•]?[ \t]*(?P<key>`?[\w\u4e00-\u9fff][\w.\u4e00-\u9fff -]{0,30}?`?)[ \t]*"
    r"(?:[（(](?P<type>[^）)\n]{1,40})[）)])?[ \t]*[：:](?!//)[ \t]*(?P<value>[^\n]{2,})$"
)
_ENTRIES = {
    "zh": ("{k}是什么", "{k}是什么意思", "{k}表示什么", "{k}的含义是什么", "{k}指的是什么", "{k}代表什么", "{k}怎么说明的",
           "{k}的说明", "{k}有什么作用", "解释一下{k}", "{k}是做什么用的", "文中怎样解释{k}", "{k}对应的内容是什么", "{k}"),
    "en": ("what is {k}", "what does {k} mean", "what does {k} stand for", "how is {k} described", "what is {k} used for",
           "what is the meaning of {k}", "explain {k}", "what is said about {k}", "give the description of {k}", "{k}"),
}  # fmt: skip
_TYPES = {
    "zh": ("{k}是什么类型", "{k}的类型是什么", "{k}的类型", "{k}属于哪种类型", "{k}括号里注明的是什么", "{k}要求什么类型"),
    "en": ("what type is {k}", "which type does {k} have", "what is the type of {k}", "what is noted in brackets after {k}"),
}  # fmt: skip
_PAIR = re.compile(r"\b(?P<name>[A-Za-z_]{2,20})[ ]?=[ ]?(?P<value>[\w./:-]{1,40})")
_PAIRS = {
    "zh": ("{k}的 {n} 是多少", "{k}的 {n} 取值", "{k}中 {n} 等于几", "{k}的{n}是什么", "{k} {n}"),
    "en": ("what is the {n} of {k}", "which {n} does {k} have", "{n} of {k}", "{k}: what is {n}", "what {n} is given for {k}"),
}  # fmt: skip


def entry(rng: Random, text: str, line: Span, lang: str) -> Cloze | None:
    """A line 'key (type): description': asked for the description, the type, or a name=value in it."""
    matched = _ENTRY.match(text[line[0] : line[1]])
    if not matched:
        return None
    key, offset = matched["key"].strip("` "), line[0]
    pairs = list(_PAIR.finditer(matched["value"]))
    if pairs and rng.random() < 0.5:
        pair = pick(rng, pairs)
        low = offset + matched.start("value") + pair.start("value")
        core = pick(rng, _PAIRS[lang]).replace("{n}", pair["name"])
        span = (low, low + len(pair["value"].rstrip(".:-/")))
    elif matched["type"] and rng.random() < 0.35:
        core, span = pick(rng, _TYPES[lang]), (offset + matched.start("type"), offset + matched.end("type"))
    else:
        cut = re.split(r"[。；]" if lang == "zh" else r"\.\s|;", matched["value"], maxsplit=1)[0].rstrip(" .，,")
        low = offset + matched.start("value")
        core, span = pick(rng, _ENTRIES[lang]), (low, low + len(cut))
    spaced = f" {key} " if lang == "zh" and key.isascii() and rng.random() < 0.3 else key
    return Cloze(core.replace("{k}", spaced).strip(), span, (key,)) if span[1] > span[0] else None


_CELLS = {
    "zh": ("{k}的{h}是什么", "{k}的{h}是多少", "{k}的{h}", "{k} {h}", "表中{k}的{h}是什么", "{k}这一行的{h}是什么", "{k}对应的{h}是哪个"),
    "en": ("what is the {h} of {k}", "which {h} does {k} have", "{h} of {k}", "what does the table give as {h} for {k}", "{k}: {h}"),
}  # fmt: skip


def cell(rng: Random, text: str, line: Span, lang: str) -> Cloze | None:
    """A cell of a table with bars, asked for by the row's first cell and the column's heading."""
    top = line[0]
    while top > 1 and text.startswith("|", (above := text.rfind("\n", 0, top - 1) + 1)) and above < top:
        top = above
    header = _row(text, top)
    cells = _row(text, line[0])
    if top == line[0] or len(cells) != len(header) or len(cells) < 2:
        return None
    index = 1 + int(rng.random() * (len(cells) - 1))
    key, (start, end) = text[slice(*cells[0])], cells[index]
    name = text[slice(*header[index])]
    if not (key and name and text[start:end].strip("-: ")) or end - start > 120 or len(name) > 20 or len(key) > 50:
        return None
    return Cloze(pick(rng, _CELLS[lang]).replace("{k}", key).replace("{h}", name), (start, end), (key,))


def _row(text: str, start: int) -> list[Span]:
    """The places of the cells of a table line, without blanks and code marks."""
    end = text.find("\n", start)
    end = len(text) if end < 0 else end
    cells, low = [], start + 1
    while (bar := text.find("|", low, end)) >= 0:
        if text[bar - 1] != "\\":
            first, last = low, bar
            while first < last and text[first] in " `*":
                first += 1
            while last > first and text[last - 1] in " `*":
                last -= 1
            cells.append((first, last))
        low = bar + 1
    return cells

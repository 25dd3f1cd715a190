"""Kinds written for machines: service logs, configuration files, source code. They are laid out in columns."""

from __future__ import annotations

from random import Random

from training.documents import names, values
from training.documents.chance import pick, some, upto
from training.documents.lexicon import Attribute, fill
from training.documents.page import Page

_LEVELS = ("INFO", "INFO", "INFO", "WARN", "ERROR", "DEBUG")
_EVENTS_ZH = (
    "请求完成",
    "任务结束",
    "开始处理",
    "连接关闭",
    "写入成功",
    "重试之后仍失败",
    "已接收",
    "校验通过",
    "排队等待",
    "回调已发送",
)
_EVENTS_EN = (
    "request finished",
    "job done",
    "started",
    "connection closed",
    "stored",
    "failed after retry",
    "accepted",
    "queued",
)
_NOISE = (
    "heartbeat ok",
    "gc finished",
    "cache warmed",
    "config reloaded",
    "pool resized",
    "flush",
    "checkpoint saved",
    "lease renewed",
)


class _Clock:
    """The time of a log: it only goes forward."""

    def __init__(self, rng: Random) -> None:
        self.rng = rng
        self.day = f"{upto(rng, 2019, 2027)}-{upto(rng, 1, 12):02d}-{upto(rng, 1, 28):02d}"
        self.second = upto(rng, 0, 40000)
        self.form = pick(rng, ("{d} {t}", "{d}T{t}Z", "[{d} {t}]", "{t}", "{d} {t},{f:03d}", "{d}T{t}.{f:03d}+08:00"))

    def next(self) -> tuple[str, str]:
        """The stamp of the next line, and the time of day in it."""
        self.second = min(86399, self.second + upto(self.rng, 0, 90))
        time = f"{self.second // 3600:02d}:{self.second // 60 % 60:02d}:{self.second % 60:02d}"
        stamp = self.form.replace("{d}", self.day).replace("{t}", time)
        return stamp.replace("{f:03d}", f"{upto(self.rng, 0, 999):03d}"), time


def entries(page: Page) -> None:
    """A plain log: stamp, level, component, event, key=value."""
    rng, formats = page.rng, page.lexicon.formats
    clock, parts = _Clock(rng), [names.identifier(rng) for _ in range(upto(rng, 3, 8))]
    brackets = pick(rng, ("[{}]", "{}:", "({})", "<{}>", "{} -", "[{}]"))
    fields = some(rng, formats["log"].attributes, 6)
    events = _EVENTS_ZH if page.lexicon.lang == "zh" and rng.random() < 0.6 else _EVENTS_EN
    while not page.full:
        if rng.random() < 0.3:
            page.put(
                f"{clock.next()[0]} {pick(rng, _LEVELS)} {brackets.format(pick(rng, parts))} {pick(rng, _NOISE)}\n"
            )
        else:
            _line(page, clock, brackets.format(pick(rng, parts)), pick(rng, events), fields)


def _line(page: Page, clock: _Clock, component: str, event: str, fields: list[Attribute]) -> None:
    rng, formats = page.rng, page.lexicon.formats
    subject = page.entity(formats["log"])
    stamp, time = clock.next()
    when, level, where = formats["stamp"].attributes
    start, before = page.at, stamp.index(time)
    page.put(stamp[:before])
    page.value(subject, when, time)
    page.put(stamp[before + len(time) :] + " ")
    page.value(subject, level, pick(rng, _LEVELS))
    head, bare = component, component.strip("[]():<> -")
    page.put(" " + head[: head.index(bare)])
    page.value(subject, where, bare)
    page.put(f"{head[head.index(bare) + len(bare) :]} {event} {pick(rng, ('id=', 'req=', '', 'task='))}{subject}")
    for attribute in some(rng, fields, upto(rng, 1, 4)):
        page.put(f" {attribute.key}=")
        page.value(subject, attribute, attribute.make(rng).replace(" ", ""))
    page.sentence(start)
    page.put("\n")


_FORMS = ("ini", "yaml", "toml", "properties", "env", "json", "ini", "yaml")


def configuration(page: Page) -> None:
    """A configuration file of sections with settings, with comments at times."""
    rng = page.rng
    form = pick(rng, _FORMS)
    domain = page.lexicon.formats["conf"]
    page.put("{\n" if form == "json" else "")
    while not page.full:
        section = page.entity(domain)
        page.put(_section(form, section))
        for attribute in some(rng, domain.attributes, upto(rng, 3, 8)):
            if form != "json" and rng.random() < 0.2:
                _comment(page, "  # " if form == "yaml" else "# ")
            _setting(page, form, section, attribute)
        page.put("  },\n" if form == "json" else "\n")
    page.put('  "end": {}\n}\n' if form == "json" else "")


def _section(form: str, section: str) -> str:
    return {
        "ini": f"[{section}]\n",
        "toml": f"[{section}]\n",
        "yaml": f"{section}:\n",
        "json": f'  "{section}": {{\n',
    }.get(form, "")


def _comment(page: Page, mark: str) -> None:
    text = fill(page.rng, pick(page.rng, page.lexicon.filler), page.lexicon.slots)
    page.put(mark)
    start = page.at
    page.put(text)
    page.sentence(start)
    page.put("\n")


def _setting(page: Page, form: str, section: str, attribute: Attribute) -> None:
    value = attribute.make(page.rng)
    quoted = not value.replace(".", "").isdigit() and value not in ("true", "false")
    head = {
        "ini": f"{attribute.key} = ", "toml": f"{attribute.key} = ", "yaml": f"  {attribute.key}: ",
        "json": f'    "{attribute.key}": ',
        "properties": f"{section}.{attribute.key}=", "env": f"{section}_{attribute.key}=".upper().replace("-", "_"),
    }[form]  # fmt: skip
    mark = '"' if quoted and form in ("toml", "json") else ""
    page.put(head + mark)
    page.value(section, attribute, value)
    page.put(mark + ("," if form == "json" else "") + "\n")


def _named(key: str, klass: str, spoken: tuple[str, ...]) -> Attribute:
    """An attribute that exists in one document only."""
    return Attribute(key, klass, spoken, (), (), values.version)


_SPOKEN = {
    "zh": {
        "value": ("值", "取值", "数值", "常量值", "定义的值"),
        "default": ("参数 {p} 的默认值", "{p} 参数的缺省值", "{p} 的默认取值", "{p} 默认值"),
        "returns": ("返回值类型", "返回类型", "返回的类型"),
    },
    "en": {
        "value": ("value", "constant value", "assigned value", "defined value"),
        "default": (
            "default of the parameter {p}",
            "default value of {p}",
            "preset of the argument {p}",
            "{p} default",
        ),
        "returns": ("return type", "type returned", "type of the result"),
    },
}
_LITERALS = ("integer", "integer", "decimal", "hex", "path", "url", "identifier", "host", "version")
_TYPES = ("int", "str", "float", "bool", "bytes", "list", "dict", "Path", "bool", "None")
_CODES = ("python", "go", "java", "js", "c", "python")


def code(page: Page) -> None:
    """A source file: constants, then functions with defaults and comments."""
    rng = page.rng
    language = pick(rng, _CODES)
    mark = "# " if language == "python" else "// "
    for _ in range(2):
        _comment(page, mark)
    while not page.full:
        for _ in range(upto(rng, 1, 4)):
            _constant(page, language)
        page.put("\n")
        for _ in range(upto(rng, 1, 2)):
            _function(page, language, mark)


def _literal(page: Page) -> tuple[str, str]:
    kind = pick(page.rng, _LITERALS)
    value = page.lexicon.makers[kind](page.rng)
    number = kind in ("integer", "decimal") or value.startswith("0x")
    return value, "" if number else '"'


_CONSTANTS = {
    "python": ("{n} = ", ""), "go": ("const {n} = ", ""), "java": ("    public static final {t} {n} = ", ";"),
    "js": ("const {n} = ", ";"), "c": ("#define {n} ", ""),
}  # fmt: skip


def _constant(page: Page, language: str) -> None:
    name = names.constant(page.rng)
    if name in page.names:
        return
    page.names.append(name)
    spoken = _named("value", "what", _SPOKEN[page.lexicon.lang]["value"])
    page.domain_of[name] = page.lexicon.formats["param"]
    head, tail = _CONSTANTS[language]
    value, mark = _literal(page)
    page.put(head.replace("{n}", name).replace("{t}", "String" if mark else "long") + mark)
    page.value(name, spoken, value)
    page.put(mark + tail + "\n")


_FUNCTIONS = {
    "python": ("def {n}(", ")", " -> ", ":\n", "    return {r}\n\n"),
    "go": ("func {n}(", ")", " ", " {\n", "    return {r}\n}\n\n"),
    "java": ("    static Object {n}(", ")", " /* ", " */ {\n", "        return {r};\n    }\n\n"),
    "js": ("function {n}(", ")", " /* @returns ", " */ {\n", "  return {r};\n}\n\n"),
    "c": ("static int {n}(", ")", " /* ", " */ {\n", "    return {r};\n}\n\n"),
}  # fmt: skip


def _function(page: Page, language: str, mark: str) -> None:
    rng, spoken = page.rng, _SPOKEN[page.lexicon.lang]
    name = names.snake(rng) if language in ("python", "c") else names.camel(rng)
    if name in page.names:
        return
    page.names.append(name)
    page.domain_of[name] = page.lexicon.formats["param"]
    opening, closing, arrow, body, end = _FUNCTIONS[language]
    page.put(opening.replace("{n}", name))
    for index in range(upto(rng, 1, 3)):
        parameter = names.latin(rng)
        value, quote = _literal(page)
        page.put((", " if index else "") + parameter + ("=" if language in ("python", "js") else " /* = ") + quote)
        page.value(
            name, _named(parameter, "what", tuple(n.replace("{p}", parameter) for n in spoken["default"])), value
        )
        page.put(quote + ("" if language in ("python", "js") else " */"))
    page.put(closing + arrow)
    page.value(name, _named("returns", "what", spoken["returns"]), pick(rng, _TYPES))
    page.put(body)
    _comment(page, ("    " if language != "js" else "  ") + mark)
    page.put(end.replace("{r}", f"{names.latin(rng)}({names.latin(rng)})"))

"""What the slots of frames hold: the maker of every kind, and the few of a kind that one document keeps to."""

from __future__ import annotations

from functools import cache
from random import Random

from training.documents import amounts, identifiers, names
from training.documents.amounts import numbered, range_of, spaced, term
from training.documents.chance import pick, upto
from training.documents.document import Lang
from training.documents.identifiers import letters, plural
from training.documents.lexicons import lexicon
from training.documents.slotwords import WORDS, capital, drawn, filled, word
from training.documents.values import Maker, clock

_SHARED: dict[str, Maker] = {
    "req": identifiers.request, "table": identifiers.table, "job": identifiers.job, "user": identifiers.user,
    "node": identifiers.node, "ticket": identifiers.ticket, "flag": identifiers.switch, "errno": identifiers.code,
    "errcode": identifiers.signed_code, "errname": identifiers.error_name, "upper": identifiers.constant,
    "env": identifiers.variable, "method": identifiers.method, "klass": identifiers.klass, "field": identifiers.field,
    "exception": identifiers.exception, "apifunction": identifiers.function, "confkey": identifiers.option,
    "confval": identifiers.setting, "model": identifiers.model, "docnumber": identifiers.document,
    "command": identifiers.command, "optflag": identifiers.flag, "service": names.identifier,
    "class": names.latin, "latin": names.latin, "fn": names.camel, "personen": names.person_en,
    "ms": amounts.short, "amount": amounts.payment, "hexcode": amounts.hexadecimal, "literal": amounts.literal,
    "confnum": amounts.default, "minute": amounts.minute, "isoday": amounts.day, "dateword": amounts.day_zh,
    "datelong": amounts.day_en, "chapter": amounts.chapter, "yuan": amounts.sum_of_money,
    "time": clock, "small": numbered(2, 20), "n": amounts.count, "big": numbered(1000, 9999999),
    "run": numbered(1, 99999), "pid": numbered(200, 65000), "day": numbered(1, 28), "account": numbered(10**15, 10**18),
    "slat": spaced("ms", "ms", "s", "秒", "分钟", "毫秒", "min", "小时"),
    "zhspan": spaced("天", "日", "个月", "年", "周", "个月", "年"),
    "slaten": spaced("ms", "s", "seconds", "minutes", "hours", "days", "weeks", "months", "milliseconds"),
    "slatime": term("分钟", "小时", "小时", "个工作日", "天"),
    "slatimeen": term("minutes", "hours", "hours", "working days", "days"),
    "faultcap": capital(filled("faulten")), "fault_en": filled("faulten"), "rulecap": capital(filled("ruleen")),
    "thingcap": capital(drawn("thing")), "verbcap": capital(drawn("verb")),
    "nouns": lambda rng: plural(word(rng, "noun")),
    "commit": lambda rng: names.hexadecimal(rng, pick(rng, (7, 8, 10, 12))),
    "hash": lambda rng: names.hexadecimal(rng, pick(rng, (8, 12, 16))),
    "vendor": lambda rng: names.latin(rng) + pick(rng, ("", "-pay", "-bank", " Bank", "pay")),
    "component": lambda rng: names.latin(rng) if rng.random() < 0.5 else names.identifier(rng),
    "template": lambda rng: f"{word(rng, 'noun')}_{pick(rng, ('welcome', 'receipt', 'notice', 'digest', 'alert'))}",
    "topic": lambda rng: f"{word(rng, 'noun')}.{names.latin(rng)}",
    "queue": lambda rng: f"{names.latin(rng)}.{plural(word(rng, 'noun'))}",
    "region": lambda rng: f"{names.latin(rng)}-{pick(rng, ('north', 'south', 'east', 'west'))}-{upto(rng, 1, 4)}",
    "cachekey": lambda rng: f"{word(rng, 'noun')}:{names.latin(rng)}:{names.hexadecimal(rng, upto(rng, 3, 6))}",
    "role": lambda rng: word(rng, "rolename") if rng.random() < 0.9 else names.latin(rng),
    "slug": lambda rng: f"{word(rng, 'noun')}-{names.latin(rng)}",
    "negative": lambda rng: f"-{upto(rng, 1, 9)}{upto(rng, 0, 999):03d}",
    "bitno": lambda rng: f"第{upto(rng, 0, 31)}位" if rng.random() < 0.5 else f"bit{upto(rng, 0, 31)}",
    "assetno": lambda rng: f"{letters(rng, 3)}-{upto(rng, 1, 9999):04d}",
    "sampleno": lambda rng: f"{pick(rng, ('S', 'T', 'Y', 'No.', 'JC'))}{upto(rng, 1, 9999):03d}",
    "lineno": lambda rng: f"{pick(rng, 'ABCDGKTXZ')}{upto(rng, 1, 9999)}",
    "opname": lambda rng: word(rng, "opcode") + (f"_{names.latin(rng).upper()}" if rng.random() < 0.4 else ""),
    "sku": lambda rng: f"{upto(rng, 10, 99)}-{upto(rng, 100, 99999)}",
    "shelf": lambda rng: f"{pick(rng, 'ABCDEFG')}{upto(rng, 1, 30)}-{upto(rng, 1, 9)}",
    "stopen": lambda rng: word(rng, "stationen") + (f" {names.latin(rng).capitalize()}" if rng.random() < 0.4 else ""),
    "tasken": lambda rng: f"{word(rng, 'tasksen')} of {names.latin(rng).capitalize()}",
    "latin2": lambda rng: names.latin(rng) + pick(rng, ("_s", "_max", "s", "_id", "")),
    "uword": lambda rng: (word(rng, "use") if rng.random() < 0.5 else names.latin(rng)).upper(),
    "plainversion": lambda rng: f"{upto(rng, 0, 9)}.{upto(rng, 0, 30)}.{upto(rng, 0, 40)}",
    "tempneg": lambda rng: f"-{upto(rng, 5, 65)} ℃", "temppos": lambda rng: f"{upto(rng, 30, 140)} ℃",
    "listname": lambda rng: f"{names.latin(rng)}-{pick(rng, ('devel', 'talk', 'core', 'users', 'board'))}",
    "keyword": lambda rng: names.latin(rng).capitalize() + pick(rng, ("", "-By", "-For", "s", "-On")),
    "self": lambda rng: "", "kind": lambda rng: "method",
    "goname": names.camel, "jsname": lambda rng: word(rng, "verb") + names.latin(rng).capitalize(),
    "minutes": numbered(1, 59), "hours": numbered(1, 23),
    "suffix": lambda rng: f"-{names.latin(rng)}",
    "courten": lambda rng: f"{word(rng, 'seat')} {names.latin(rng).capitalize()}",
    "bankzh": lambda rng: f"{word(rng, 'bank')}{names.brand_zh(rng)}支行",
}  # fmt: skip
_OF: dict[str, dict[str, Maker]] = {
    "zh": {
        "range": range_of("~", "-", "..", " - ", " 至 ", "～", "至"), "reason": drawn("reasonzh"),
        "weekday": lambda rng: "周" + pick(rng, "一二三四五六日"), "vendor": names.brand_zh, "brand": names.brand_zh,
        "title": lambda rng: names.brand_zh(rng) + pick(rng, ("平台", "系统", "终端", "中心")),
    },
    "en": {
        "range": range_of("~", "-", "..", " - ", " to "), "reason": drawn("reasonen"),
        "brand": lambda rng: names.latin(rng).capitalize(), "weekday": drawn("weekdayen"),
        "title": lambda rng: f"{names.latin(rng).capitalize()} {word(rng, 'noun')}",
    },
}  # fmt: skip
# How many different values of a kind one document knows: what recurs makes rivals and near misses.
POOLED = {
    "table": 6, "job": 5, "user": 6, "node": 5, "flag": 4, "vendor": 4, "service": 5, "template": 4, "topic": 4,
    "queue": 4, "region": 3, "role": 4, "component": 6, "locale": 4, "class": 5, "brand": 4, "model": 5, "title": 3,
    "noun": 8, "company": 4, "person": 8,
}  # fmt: skip
_CURRENCIES = ("EUR ", "USD ", "GBP ", "CHF ", "SEK ", "$", "€")


@cache
def makers(lang: Lang) -> dict[str, Maker]:
    """The makers of every kind of slot in a text of the language."""
    language = lexicon(lang)
    slots: dict[str, Maker] = {name: _drawer(choices) for name, choices in language.slots.items()}
    return slots | dict(language.makers) | WORDS | _SHARED | _OF[lang]


def _drawer(choices: tuple[str, ...]) -> Maker:
    return lambda rng: pick(rng, choices)


@cache
def enumerated(kind: str) -> tuple[str, ...]:
    """The words of 'a,b,c'."""
    return tuple(word.strip() for word in kind.split(","))


class Kinds:
    """The values of one document: recurring where their kind recurs, fresh otherwise."""

    def __init__(self, rng: Random, lang: Lang) -> None:
        self.rng = rng
        self.makers = makers(lang)
        self.pools: dict[str, list[str]] = {}
        self.currency = pick(rng, _CURRENCIES)

    def make(self, kind: str) -> str:
        """A value of the kind: the name of one, or its values with commas between; `sum` is one currency's."""
        if "," in kind:
            return pick(self.rng, enumerated(kind))
        if kind == "sum":
            return self.currency + amounts.sum_of_money(self.rng)
        if kind not in POOLED:
            return self.makers[kind](self.rng)
        pool = self.pools.setdefault(kind, [])
        if len(pool) < POOLED[kind] and (not pool or self.rng.random() < 0.6):
            value = self.makers[kind](self.rng)
            if not any(value in other or other in value for other in pool):
                pool.append(value)
        return pick(self.rng, pool)

    def of(self, lang: Lang) -> Kinds:
        """The values of a document whose text is in another language than its questions."""
        return Kinds(self.rng, lang)

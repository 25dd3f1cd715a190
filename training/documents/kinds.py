"""Values for the slots of frames beyond those of the makers, and the few of a kind that one document keeps to."""

from __future__ import annotations

from functools import cache
from random import Random

from training.documents import names
from training.documents.chance import listed, pick, upto
from training.documents.kinds_extra import COMMON
from training.documents.lexicon import Lexicon
from training.documents.lexicons import lexicon
from training.documents.values import Maker, clock, decimal, number

_NOUNS = listed(
    "order cart invoice ticket parcel seat voucher member quota shipment tariff sensor reading asset lead claim meter "
    "photo message comment playlist lesson grade patient visit recipe menu route stop vehicle driver permit refund "
    "loan account stock price label contact address device profile session badge report draft note task plan slot"
)
_MODIFIERS = listed(
    "old stale daily late open archived draft unpaid orphaned expired pending failed weekly hourly local"
)
_VERBS = listed(
    "sweep rebuild reconcile export compact warm rollup mirror resend recount expire close digest sync trim tidy notify"
)
_LANGS = ("de", "fr", "it", "pt", "pl", "nl", "ja", "sv", "es", "cs", "fi", "tr", "ko", "da")
_REASONS = (
    "connection reset by peer", "no route to host", "certificate has expired", "broken pipe", "checksum mismatch",
    "permission denied", "no space left on device", "invalid payload", "unexpected end of stream", "quota exceeded",
    "schema mismatch", "bad gateway", "name not resolved", "too many open files", "token revoked", "lock timeout",
    "duplicate key", "unsupported media type", "stale revision", "empty response",
)  # fmt: skip
_REASONS_ZH = (
    "对端重置连接", "证书已过期", "磁盘空间不足", "校验和不一致", "权限不足", "报文格式错误", "域名解析失败", "版本不匹配",
    "令牌已吊销", "锁等待超时", "主键重复", "响应为空", "参数缺失", "签名无效", "目标不可达", "配额已用尽",
)  # fmt: skip
_UNITS = ("ms", "s", "min", "KB", "MB", "%", "Hz", "kHz", "rpm", "V", "mA", "bar", "mm", "kg", "lx", "dB", "h", "d")


def _plural(word: str) -> str:
    return word + ("es" if word.endswith(("s", "ch", "sh", "x")) else "s")


def _request(rng: Random) -> str:
    style = int(rng.random() * 5)
    size = pick(rng, (6, 8, 8, 10, 12))
    return (
        f"{pick(rng, ('req', 'r', 'tx', 'op', 'cid'))}-{names.hexadecimal(rng, size)}",
        names.hexadecimal(rng, size),
        f"{pick(rng, 'RTQX')}{upto(rng, 10000, 9999999)}",
        f"{names.hexadecimal(rng, 8)}-{names.hexadecimal(rng, 4)}",
        f"{pick(rng, ('req', 'trace', 'call'))}_{upto(rng, 1000, 999999)}",
    )[style]


def _table(rng: Random) -> str:
    style = int(rng.random() * 4)
    first, second = pick(rng, _NOUNS), pick(rng, _NOUNS)
    return (
        f"{first}_{second}",
        f"{names.latin(rng)}_{_plural(first)}",
        f"{names.latin(rng)}.{_plural(second)}",
        f"{first}_{names.latin(rng)}",
    )[style]


def _job(rng: Random) -> str:
    last = pick(rng, _NOUNS) if rng.random() < 0.6 else names.latin(rng)
    return pick(rng, ("-", "-", "_")).join((pick(rng, _VERBS), pick(rng, (pick(rng, _MODIFIERS), last)), _plural(last)))


def _user(rng: Random) -> str:
    style = int(rng.random() * 4)
    word = names.latin(rng)
    return (
        f"{pick(rng, 'abcdefghijklmnoprstvw')}.{word}",
        word,
        f"{word}{upto(rng, 1, 99):02d}",
        f"{pick(rng, ('svc', 'ops', 'admin', 'bot'))}-{word}",
    )[style]


def _node(rng: Random) -> str:
    return f"{names.latin(rng)}-{pick(rng, ('node', 'edge', 'db', 'app', 'gw', 'n'))}-{upto(rng, 1, 40)}"


def _ticket(rng: Random) -> str:
    head = "".join(pick(rng, "ABCDEFGHJKLMNPQRSTUVWXYZ") for _ in range(upto(rng, 1, 4)))
    return f"{head}{pick(rng, ('', '-', '', '/'))}{upto(rng, 1000, 9999999)}"


def _flag(rng: Random) -> str:
    joint = pick(rng, ("-", "_", "."))
    return joint.join(
        (pick(rng, ("new", "fast", "beta", "lazy", "smart", "split", "dark")), names.latin(rng), pick(rng, _NOUNS))
    )


def _key(rng: Random) -> str:
    return f"{pick(rng, _NOUNS)}:{names.latin(rng)}:{names.hexadecimal(rng, upto(rng, 3, 6))}"


def _short(rng: Random) -> str:
    amount = number(rng) if rng.random() < 0.5 else upto(rng, 2, 9999)
    return f"{amount}{pick(rng, ('ms', 'ms', 's', ' ms', ' s'))}"


def _amount(rng: Random) -> str:
    return f"{upto(rng, 1, 9999)}.{upto(rng, 0, 99):02d} {pick(rng, ('EUR', 'USD', 'CHF', 'GBP', 'SEK', 'JPY', 'CNY'))}"


def _errno(rng: Random) -> str:
    style = int(rng.random() * 5)
    return (
        f"{pick(rng, 'DEFHKQTX')}-{upto(rng, 100, 9999)}",
        f"E{upto(rng, 10, 99999)}",
        f"{names.latin(rng).upper()[:4]}{upto(rng, 10, 999):03d}",
        f"E_{names.latin(rng).upper()}_{pick(rng, _NOUNS).upper()}",
        str(upto(rng, 1000, 9999)),
    )[style]


def _upper(rng: Random) -> str:
    parts = [names.latin(rng) if rng.random() < 0.5 else pick(rng, _NOUNS), pick(rng, _NOUNS)]
    tail = pick(rng, ("", "", "S", "MS", "LIMIT", "SIZE", "COUNT", "ROWS", "FACTOR", "DEPTH", "RATIO", "CAP", "LEN"))
    return "_".join((*parts, tail) if tail else tuple(parts)).upper()


def _env(rng: Random) -> str:
    return "_".join(
        (names.latin(rng), pick(rng, ("home", "file", "token", "dir", "url", "mode", "level", "key", "host")))
    ).upper()


def _method(rng: Random) -> str:
    if rng.random() < 0.4:
        return pick(rng, names.VERBS)
    return f"{pick(rng, names.VERBS)}_{pick(rng, (pick(rng, _NOUNS), names.latin(rng)))}"


def _class(rng: Random) -> str:
    return names.latin(rng).capitalize() + pick(rng, _NOUNS).capitalize()


def _exception(rng: Random) -> str:
    tail = pick(rng, ("Error", "Missing", "Denied", "Expired", "Locked", "Invalid", "Conflict", "Full", "Refused"))
    return (names.latin(rng) if rng.random() < 0.6 else pick(rng, _NOUNS)).capitalize() + tail


def _function(rng: Random) -> str:
    """A function of an interface with its library's prefix."""
    prefix = pick(rng, ("", "Api", "Dev", names.latin(rng)[:3].upper() + "_", names.latin(rng)[:2] + "_"))
    return prefix + names.camel(rng)


def _hexcode(rng: Random) -> str:
    size = pick(rng, (2, 2, 4, 4))
    text = names.hexadecimal(rng, size)
    return "0x" + (text.upper() if rng.random() < 0.7 else text)


def _range(rng: Random) -> str:
    low, high = sorted((upto(rng, 0, 99), upto(rng, 100, 99999)))
    joint = pick(rng, ("~", "-", " to ", "..", " - "))
    return f"{low}{joint}{high}"


def _range_zh(rng: Random) -> str:
    return _range(rng).replace(" to ", pick(rng, (" 至 ", "～", "至")))


def _negative(rng: Random) -> str:
    return f"-{upto(rng, 1, 9)}{upto(rng, 0, 999):03d}"


def _model(rng: Random) -> str:
    head = "".join(pick(rng, "ABCDEFGHKLMNPRSTUVWXZ") for _ in range(upto(rng, 1, 3)))
    return f"{head}{pick(rng, ('-', '', '-'))}{upto(rng, 10, 999)}{pick(rng, ('', '', '', 'A', 'B', 'X', 'Pro', 'S', 'T'))}"


def _spec_number(rng: Random) -> str:
    return f"{pick(rng, _NOUNS)[:3].upper()}-{pick(rng, ('QA', 'DS', 'PR', 'WI', 'TS'))}-{upto(rng, 1, 9999):04d}"


def _minute(rng: Random) -> str:
    return f"{upto(rng, 0, 23):02d}:{upto(rng, 0, 59):02d}"


def _weekday(rng: Random) -> str:
    return pick(rng, ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"))


def _small(rng: Random) -> str:
    return str(upto(rng, 2, 20))


def _literal(rng: Random) -> str:
    style = int(rng.random() * 4)
    return (str(number(rng)), decimal(rng), str(upto(rng, 2, 99999)), f"{upto(rng, 1, 999)}.0")[style]


_EXTRA: dict[str, Maker] = {
    "req": _request, "table": _table, "job": _job, "user": _user, "node": _node, "ticket": _ticket, "flag": _flag,
    "cachekey": _key, "ms": _short, "amount": _amount, "errno": _errno, "upper": _upper, "env": _env,
    "method": _method, "klass": _class, "exception": _exception, "apifunction": _function, "hexcode": _hexcode,
    "range": _range, "negative": _negative, "model": _model, "docnumber": _spec_number, "minute": _minute,
    "weekday": _weekday, "small": _small, "literal": _literal, "latin": names.latin, "time": clock,
    "reason": lambda rng: pick(rng, _REASONS), "unit": lambda rng: pick(rng, _UNITS), "locale": lambda rng: pick(rng, _LANGS),
    "noun": lambda rng: pick(rng, _NOUNS), "nouns": lambda rng: _plural(pick(rng, _NOUNS)), "pid": lambda rng: str(upto(rng, 200, 65000)),
    "run": lambda rng: str(upto(rng, 1, 99999)), "n": lambda rng: str(upto(rng, 2, 9999)), "big": lambda rng: str(upto(rng, 1000, 9999999)),
    "status": lambda rng: pick(rng, ("200", "201", "204", "302", "304", "400", "401", "403", "404", "409", "429", "500", "502", "503", "504")),
    "http": lambda rng: pick(rng, ("GET", "GET", "POST", "PUT", "DELETE", "PATCH", "HEAD")),
    "commit": lambda rng: names.hexadecimal(rng, pick(rng, (7, 8, 10, 12))), "hash": lambda rng: names.hexadecimal(rng, pick(rng, (8, 12, 16))),
    "vendor": lambda rng: f"{names.latin(rng)}{pick(rng, ('', '-pay', '-bank', ' Bank', 'pay'))}",
    "service": names.identifier, "component": lambda rng: names.latin(rng) if rng.random() < 0.5 else names.identifier(rng),
    "template": lambda rng: f"{pick(rng, _NOUNS)}_{pick(rng, ('welcome', 'receipt', 'notice', 'digest', 'alert', 'confirm', 'update'))}",
    "topic": lambda rng: f"{pick(rng, _NOUNS)}.{names.latin(rng)}", "queue": lambda rng: f"{names.latin(rng)}.{_plural(pick(rng, _NOUNS))}",
    "region": lambda rng: f"{names.latin(rng)}-{pick(rng, ('north', 'south', 'east', 'west', 'central'))}-{upto(rng, 1, 4)}",
    "field": lambda rng: f"{names.latin(rng)}_{pick(rng, ('id', 'at', 'key', 'name', 'mode', 'size', 'code'))}" if rng.random() < 0.6 else pick(rng, _NOUNS),
    "role": lambda rng: pick(rng, ("viewer", "editor", "auditor", "owner", "guest", "planner", "courier", "clerk", "keeper", names.latin(rng))),
    "class": names.latin, "slug": lambda rng: f"{pick(rng, _NOUNS)}-{names.latin(rng)}", "day": lambda rng: str(upto(rng, 1, 28)),
    "title": lambda rng: f"{names.latin(rng).capitalize()} {pick(rng, _NOUNS)}",
}  # fmt: skip
_ZH_ONLY: dict[str, Maker] = {
    "range": _range_zh, "reason": lambda rng: pick(rng, _REASONS_ZH), "weekday": lambda rng: "周" + pick(rng, "一二三四五六日"),
    "vendor": names.brand_zh, "brand": names.brand_zh, "title": lambda rng: f"{names.brand_zh(rng)}{pick(rng, ('平台', '系统', '终端', '中心'))}",
}  # fmt: skip
_EN_ONLY: dict[str, Maker] = {"brand": lambda rng: names.latin(rng).capitalize()}
# How many different values of a kind one document knows: what recurs makes rivals and near misses.
POOLED = {
    "table": 6, "job": 5, "user": 6, "node": 5, "flag": 4, "vendor": 4, "service": 5, "template": 4, "topic": 4, "queue": 4,
    "region": 3, "role": 4, "component": 6, "locale": 4, "class": 5, "klass": 4, "brand": 4, "model": 5, "title": 3,
    "noun": 8, "company": 4, "person": 8,
}  # fmt: skip


@cache
def makers(lang: str) -> dict[str, Maker]:
    """The makers of every kind of slot in a text of the language."""
    words: Lexicon = lexicon("zh" if lang == "zh" else "en")
    drawn = {name: _drawer(choices) for name, choices in words.slots.items()}
    return drawn | dict(words.makers) | _EXTRA | COMMON | (_ZH_ONLY if lang == "zh" else _EN_ONLY)


def _drawer(choices: tuple[str, ...]) -> Maker:
    return lambda rng: pick(rng, choices)


@cache
def enumerated(kind: str) -> tuple[str, ...]:
    """The words of 'a,b,c'."""
    return tuple(word.strip() for word in kind.split(","))


class Kinds:
    """The values of one document: recurring where their kind recurs, fresh otherwise."""

    def __init__(self, rng: Random, lang: str) -> None:
        self.rng = rng
        self.makers = makers(lang)
        self.currency = pick(rng, ("EUR", "USD", "GBP", "CHF", "SEK", "$", "€")) if lang == "en" else ""
        self.pools: dict[str, list[str]] = {}

    def make(self, kind: str) -> str:
        """A value of the kind."""
        if "," in kind:
            return pick(self.rng, enumerated(kind))
        if kind == "sum":
            return f"{self.currency}{' ' if self.currency.isalpha() else ''}{self.makers['yuan'](self.rng)}"
        if kind not in POOLED:
            return self.makers[kind](self.rng)
        pool = self.pools.setdefault(kind, [])
        if len(pool) < POOLED[kind] and (not pool or self.rng.random() < 0.6):
            value = self.makers[kind](self.rng)
            if not any(value in other or other in value for other in pool):
                pool.append(value)
        return pick(self.rng, pool)

    def of(self, lang: str) -> Kinds:
        """The values of a document whose text is in another language than its questions."""
        return Kinds(self.rng, lang)

"""Values by kind: the technical ones of both languages, and the ones a language writes its own way."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

from training.documents import names
from training.documents.chance import pick, upto

Maker = Callable[[Random], str]

_MONTHS = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
]
_DIGITS = "零一二三四五六七八九"
_ROUND = (
    1,
    2,
    3,
    4,
    5,
    6,
    8,
    10,
    12,
    15,
    16,
    20,
    24,
    25,
    30,
    32,
    40,
    45,
    48,
    50,
    60,
    64,
    72,
    80,
    90,
    96,
    100,
    120,
    128,
)
_LARGE = (
    150,
    180,
    200,
    240,
    250,
    256,
    300,
    365,
    400,
    500,
    512,
    600,
    720,
    800,
    900,
    1000,
    1024,
    1440,
    1500,
    2000,
    2048,
    3000,
)


def number(rng: Random) -> int:
    """A count as people choose them: round more often than not."""
    roll = rng.random()
    if roll < 0.35:
        return pick(rng, _ROUND)
    return pick(rng, _LARGE) if roll < 0.55 else upto(rng, 2, 99) if roll < 0.8 else upto(rng, 100, 99999)


def thousands(rng: Random) -> str:
    """A larger number, often with separators."""
    value = upto(rng, 1000, 9999999)
    return f"{value:,}" if rng.random() < 0.5 else str(value)


def decimal(rng: Random) -> str:
    """A number with one to three decimals."""
    return f"{rng.random() * pick(rng, (1, 10, 100, 1000)):.{upto(rng, 1, 3)}f}"


def _unit(rng: Random, amount: int | str, units: tuple[str, ...]) -> str:
    return f"{amount}{' ' if rng.random() < 0.6 else ''}{pick(rng, units)}"


def _measure(*units: str, decimals: float = 0.4) -> Maker:
    def make(rng: Random) -> str:
        return _unit(rng, decimal(rng) if rng.random() < decimals else number(rng), units)

    return make


def _chosen(*choices: str) -> Maker:
    return lambda rng: pick(rng, choices)


def version(rng: Random) -> str:
    """A version, with or without v and suffix."""
    text = f"{upto(rng, 0, 24)}.{upto(rng, 0, 30)}" + (f".{upto(rng, 0, 99)}" if rng.random() < 0.75 else "")
    suffix = pick(rng, ("-rc1", "-beta.2", "-lts", "b3", "+build7")) if rng.random() < 0.12 else ""
    return ("v" if rng.random() < 0.35 else "") + text + suffix


def ip(rng: Random) -> str:
    """An IPv4 address, sometimes a network."""
    text = (
        f"{pick(rng, (10, 172, 192, upto(rng, 11, 223)))}.{upto(rng, 0, 255)}.{upto(rng, 0, 255)}.{upto(rng, 1, 254)}"
    )
    return text if rng.random() < 0.85 else f"{text.rsplit('.', 1)[0]}.0/{pick(rng, (16, 20, 24, 28))}"


def digest(rng: Random) -> str:
    """A piece of hexadecimal: 0x…, a short hash, a UUID fragment."""
    roll = rng.random()
    if roll < 0.35:
        return f"0x{names.hexadecimal(rng, pick(rng, (2, 4, 8)))}"
    if roll < 0.7:
        return names.hexadecimal(rng, pick(rng, (7, 8, 12, 16)))
    return f"{names.hexadecimal(rng, 8)}-{names.hexadecimal(rng, 4)}-{names.hexadecimal(rng, 4)}"


def iso(rng: Random) -> str:
    """An ISO date or timestamp."""
    day = f"{upto(rng, 2008, 2027)}-{upto(rng, 1, 12):02d}-{upto(rng, 1, 28):02d}"
    if rng.random() < 0.5:
        return day
    return day + pick(rng, ("T", " ")) + clock(rng) + pick(rng, ("", "Z", "+08:00"))


def clock(rng: Random) -> str:
    """A time of day."""
    text = f"{upto(rng, 0, 23):02d}:{upto(rng, 0, 59):02d}"
    return text if rng.random() < 0.6 else f"{text}:{upto(rng, 0, 59):02d}"


def error_code(rng: Random) -> str:
    """An error code in one of the usual shapes."""
    style = int(rng.random() * 5)
    if style == 0:
        return f"E{upto(rng, 100, 9999)}"
    if style == 1:
        return str(upto(rng, 10000, 59999))
    if style == 2:
        return f"{pick(rng, ('ERR', 'SYS', 'NET', 'DB', 'IO'))}-{upto(rng, 10, 999)}"
    if style == 3:
        return f"{names.latin(rng).upper()}_{pick(rng, ('EXPIRED', 'DENIED', 'LIMIT', 'MISSING', 'INVALID'))}"
    return f"{names.latin(rng).capitalize()}.{pick(rng, ('NotFound', 'Exceeded', 'Conflict', 'Invalid'))}"


def _phone(rng: Random) -> str:
    style = int(rng.random() * 3)
    if style == 0:
        return f"1{upto(rng, 30, 99)}{upto(rng, 0, 99999999):08d}"
    if style == 1:
        return f"0{upto(rng, 10, 799)}-{upto(rng, 2000000, 89999999)}"
    return f"+{upto(rng, 1, 99)} {upto(rng, 100, 999)} {upto(rng, 1000, 9999)}"


def numeral_zh(value: int) -> str:
    """A number below 10000 in Chinese numerals."""
    if value < 10:
        return _DIGITS[value]
    if value < 20:
        return "十" + (_DIGITS[value - 10] if value > 10 else "")
    for size, unit in ((1000, "千"), (100, "百"), (10, "十")):
        if value >= size:
            rest = value % size
            joint = "零" if 0 < rest < size // 10 else ""
            tail = ("一" if 10 <= rest < 20 and size > 10 else "") + numeral_zh(rest) if rest else ""
            return _DIGITS[value // size] + unit + joint + tail
    raise ValueError(value)


def _percent(rng: Random) -> str:
    amount = upto(rng, 1, 99) if rng.random() < 0.5 else f"{rng.random() * 100:.{upto(rng, 1, 2)}f}"
    return f"{amount}{' ' if rng.random() < 0.4 else ''}%"


def _ratio_zh(rng: Random) -> str:
    roll = rng.random()
    if roll < 0.6:
        return _percent(rng)
    return pick(rng, ("千分之", "万分之", "百分之")) + numeral_zh(upto(rng, 1, 99 if roll > 0.85 else 9))


def _ordinal_zh(rng: Random) -> str:
    return f"第{numeral_zh(upto(rng, 1, 40)) if rng.random() < 0.6 else upto(rng, 1, 99)}{pick(rng, '位名')}"


def _date_zh(rng: Random) -> str:
    if rng.random() < 0.35:
        return iso(rng)[:10]
    year = f"{upto(rng, 1986, 2027)}年" if rng.random() < 0.85 else ""
    return f"{year}{upto(rng, 1, 12)}月{upto(rng, 1, 28)}日"


def _date_en(rng: Random) -> str:
    day, month, year = upto(rng, 1, 28), pick(rng, _MONTHS), upto(rng, 1986, 2027)
    style = int(rng.random() * 3)
    return (f"{day} {month} {year}", f"{month} {day}, {year}", f"{year}-{_MONTHS.index(month) + 1:02d}-{day:02d}")[
        style
    ]


def _ordinal_en(rng: Random) -> str:
    value = upto(rng, 1, 60)
    ending = "th" if 10 < value % 100 < 14 else {1: "st", 2: "nd", 3: "rd"}.get(value % 10, "th")
    return f"{value}{ending}"


def _money_zh(rng: Random) -> str:
    style = int(rng.random() * 5)
    if style == 0:
        return f"人民币{thousands(rng)}元"
    if style == 1:
        return f"{number(rng)}{pick(rng, ('万元', ' 万元', '亿元'))}"
    if style == 2:
        return f"¥{upto(rng, 1, 99999)}.{upto(rng, 0, 99):02d}"
    if style == 3:
        return f"{numeral_zh(upto(rng, 2, 98))}万元"
    return f"{thousands(rng)}{pick(rng, ('元', ' 元', '.00元'))}"


def _money_en(rng: Random) -> str:
    style = int(rng.random() * 4)
    if style == 0:
        return f"{pick(rng, '$£')}{thousands(rng)}"
    if style == 1:
        return f"{pick(rng, ('USD', 'EUR', 'GBP', 'CHF'))} {thousands(rng)}"
    if style == 2:
        return f"${upto(rng, 1, 99999)}.{upto(rng, 0, 99):02d}"
    return f"{number(rng)} million {pick(rng, ('dollars', 'euros'))}"


_SHARED: dict[str, Maker] = {
    "bytes": _measure("KB", "MB", "GB", "MiB", "GiB", "KiB", "TB", "B", "MB", "GB"),
    "percent": _percent,
    "version": version,
    "iso": iso,
    "clock": clock,
    "hex": digest,
    "path": names.path,
    "url": names.url,
    "host": names.host,
    "endpoint": names.endpoint,
    "port": lambda rng: str(upto(rng, 80, 65000)),
    "ip": ip,
    "email": names.email,
    "phone": _phone,
    "code": names.code,
    "identifier": names.identifier,
    "error": error_code,
    "integer": lambda rng: str(number(rng)),
    "decimal": decimal,
    "thousands": thousands,
    "temperature": _measure("℃", "℃", "K"),
    "voltage": _measure("V", "kV", "mV"),
    "power": _measure("W", "kW", "MW"),
    "weight": _measure("kg", "g", "t", "mg"),
    "length": _measure("mm", "cm", "m", "km"),
    "pressure": _measure("MPa", "kPa", "bar", "Pa"),
    "frequency": _measure("Hz", "kHz", "MHz", "GHz"),
    "rate": _measure("Mbps", "Gbps", "MB/s", "KB/s"),
    "volume": _measure("mL", "L", "m3"),
}

ZH: dict[str, Maker] = _SHARED | {
    "duration": _measure("ms", "s", "毫秒", "秒", "分钟", "小时", "天", "秒", "min", "h", decimals=0.1),
    "period": _measure("天", "日", "个月", "年", "周", "个工作日", "小时", decimals=0),
    "percent": _ratio_zh,
    "ordinal": _ordinal_zh,
    "date": _date_zh,
    "money": _money_zh,
    "person": names.person_zh,
    "company": names.company_zh,
    "place": names.place_zh,
    "count": lambda rng: f"{number(rng)}{pick(rng, (' 个', '个', ''))}",
    "times": lambda rng: f"{upto(rng, 1, 20)}{pick(rng, (' 次', '次'))}",
    "people": lambda rng: f"{number(rng)}{pick(rng, (' 人', '人', '名'))}",
    "rows": lambda rng: f"{thousands(rng)}{pick(rng, (' 行', '行', ' 条', '条'))}",
    "weight": _measure("kg", "g", "公斤", "吨", "克", "千克"),
    "length": _measure("mm", "cm", "m", "公里", "米", "厘米", "毫米"),
    "area": _measure("平方米", "亩", "公顷", "m2"),
    "qps": _measure("次/秒", "QPS", "次/分钟", "TPS"),
    "seats": lambda rng: f"{number(rng)}{pick(rng, ('座', '个座位', ' 席'))}",
}

EN: dict[str, Maker] = _SHARED | {
    "duration": _measure("ms", "s", "seconds", "minutes", "hours", "milliseconds", "days", "min", decimals=0.1),
    "period": _measure("days", "months", "years", "weeks", "business days", "hours", decimals=0),
    "ordinal": _ordinal_en,
    "date": _date_en,
    "money": _money_en,
    "person": names.person_en,
    "company": names.company_en,
    "place": names.place_en,
    "count": lambda rng: str(number(rng)),
    "times": lambda rng: str(upto(rng, 2, 20)),
    "people": lambda rng: f"{number(rng)}{pick(rng, (' people', ''))}",
    "rows": lambda rng: f"{thousands(rng)}{pick(rng, (' rows', ' records', ''))}",
    "length": _measure("mm", "cm", "m", "km", "metres", "inches"),
    "area": _measure("m2", "hectares", "acres", "square metres"),
    "qps": _measure("requests per second", "req/s", "QPS", "requests per minute"),
    "seats": lambda rng: f"{number(rng)} seats",
}

# How a value is asked for: the class chooses the question words.
CLASSES: dict[str, str] = {
    "duration": "long", "period": "long", "date": "when", "iso": "when", "clock": "clock", "person": "who",
    "company": "who", "place": "where", "ip": "what", "host": "what", "url": "what", "path": "what", "email": "what",
    "hex": "what", "code": "what", "identifier": "what", "endpoint": "what", "error": "what", "version": "what",
    "phone": "what",
}  # fmt: skip


def class_of(kind: str) -> str:
    """The question class of a value kind: long, when, clock, who, where, what, which (enumerations) or number."""
    return "which" if kind.startswith("=") else CLASSES.get(kind, "number")


def enumeration(kind: str) -> Maker:
    """The maker of '=a,b,c': one of the words."""
    return _chosen(*(word.strip() for word in kind[1:].split(",")))

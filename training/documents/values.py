"""Values by kind: the technical ones of both languages, and the ones a language writes its own way."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

from training.documents import names
from training.documents.chance import listed, pick, upto

Maker = Callable[[Random], str]

_MONTHS = listed("January February March April May June July August September October November December ")
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
    unit = pick(rng, units)
    apart = rng.random() < 0.6 or (len(unit) > 3 and unit.isascii())  # words of English are never glued to a number
    return f"{amount} {unit}" if apart else f"{amount}{unit}"


def measure(*units: str) -> Maker:
    """The maker of an amount in one of the units."""

    def make(rng: Random) -> str:
        return _unit(rng, decimal(rng) if rng.random() < 0.4 else number(rng), units)

    return make


def span(*units: str) -> Maker:
    """The maker of a length of time, which people give in small or round numbers."""

    def make(rng: Random) -> str:
        roll = rng.random()
        amount = pick(rng, _ROUND) if roll < 0.5 else pick(rng, _LARGE) if roll < 0.7 else upto(rng, 2, 999)
        return _unit(rng, f"{amount}.5" if roll > 0.97 else amount, units)

    return make


def chosen(*choices: str) -> Maker:
    """The maker of one of the choices."""
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


def phone(rng: Random) -> str:
    """A telephone number."""
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


def percent(rng: Random) -> str:
    """A percentage."""
    amount = upto(rng, 1, 99) if rng.random() < 0.5 else f"{rng.random() * 100:.{upto(rng, 1, 2)}f}"
    return f"{amount}{' ' if rng.random() < 0.4 else ''}%"


def ratio_zh(rng: Random) -> str:
    """A share as percentage or as 千分之三."""
    roll = rng.random()
    if roll < 0.6:
        return percent(rng)
    return pick(rng, ("千分之", "万分之", "百分之")) + numeral_zh(upto(rng, 1, 99 if roll > 0.85 else 9))


def penalty_zh(rng: Random) -> str:
    """A small daily rate."""
    if rng.random() < 0.7:
        return pick(rng, ("千分之", "万分之")) + numeral_zh(upto(rng, 1, 9))
    return f"{rng.random():.{upto(rng, 1, 3)}f}%"


def ordinal_zh(rng: Random) -> str:
    """A rank."""
    return f"第{numeral_zh(upto(rng, 1, 40)) if rng.random() < 0.6 else upto(rng, 1, 99)}{pick(rng, '位名')}"


def date_zh(rng: Random) -> str:
    """A date, seldom without its year."""
    if rng.random() < 0.35:
        return iso(rng)[:10]
    year = f"{upto(rng, 1986, 2027)}年" if rng.random() < 0.85 else ""
    return f"{year}{upto(rng, 1, 12)}月{upto(rng, 1, 28)}日"


def date_en(rng: Random) -> str:
    """A date in one of the usual orders."""
    day, month, year = upto(rng, 1, 28), pick(rng, _MONTHS), upto(rng, 1986, 2027)
    style = int(rng.random() * 3)
    return (f"{day} {month} {year}", f"{month} {day}, {year}", f"{year}-{_MONTHS.index(month) + 1:02d}-{day:02d}")[
        style
    ]


def ordinal_en(rng: Random) -> str:
    """A rank."""
    value = upto(rng, 1, 60)
    ending = "th" if 10 < value % 100 < 14 else {1: "st", 2: "nd", 3: "rd"}.get(value % 10, "th")
    return f"{value}{ending}"


def money_zh(rng: Random) -> str:
    """An amount of money."""
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


def money_en(rng: Random) -> str:
    """An amount of money."""
    style = int(rng.random() * 4)
    if style == 0:
        return f"{pick(rng, '$£')}{thousands(rng)}"
    if style == 1:
        return f"{pick(rng, ('USD', 'EUR', 'GBP', 'CHF'))} {thousands(rng)}"
    if style == 2:
        return f"${upto(rng, 1, 99999)}.{upto(rng, 0, 99):02d}"
    return f"{number(rng)} million {pick(rng, ('dollars', 'euros'))}"

"""Amounts, spans, dates and marks in the forms that the texts of frames need."""

from __future__ import annotations

from random import Random

from training.documents import names
from training.documents.chance import pick, upto
from training.documents.slotwords import word
from training.documents.values import Maker, decimal, number, numeral_zh

_TERMS = (5, 8, 10, 15, 18, 20, 24, 25, 30, 35, 36, 45, 48, 50, 60, 72, 90)
_CURRENCIES = ("EUR", "USD", "CHF", "GBP", "SEK", "JPY", "CNY")


def numbered(low: int, high: int) -> Maker:
    """The maker of a whole number."""
    return lambda rng: str(upto(rng, low, high))


def count(rng: Random) -> str:
    """A count: below a hundred, round, or any below ten thousand."""
    roll = rng.random()
    if roll < 0.45:
        return str(upto(rng, 2, 99))
    return str(number(rng) if roll < 0.65 else upto(rng, 100, 999 if roll < 0.85 else 9999))


def spaced(*units: str) -> Maker:
    """The maker of an amount below a thousand, a blank and one of the units."""

    def make(rng: Random) -> str:
        amount = number(rng) % 990 + 1 if rng.random() < 0.6 else upto(rng, 2, 999)
        return f"{amount} {pick(rng, units)}"

    return make


def term(*units: str) -> Maker:
    """The maker of a span of time as service levels name it."""
    return lambda rng: f"{pick(rng, _TERMS) if rng.random() < 0.9 else upto(rng, 2, 99)} {pick(rng, units)}"


def short(rng: Random) -> str:
    """A time taken."""
    amount = number(rng) if rng.random() < 0.5 else upto(rng, 2, 9999)
    return f"{amount}{pick(rng, ('ms', 'ms', 's', ' ms', ' s'))}"


def payment(rng: Random) -> str:
    """An amount of money with its currency behind."""
    return f"{upto(rng, 1, 9999)}.{upto(rng, 0, 99):02d} {pick(rng, _CURRENCIES)}"


def sum_of_money(rng: Random) -> str:
    """A sum as in contracts, without currency."""
    amount = upto(rng, 1, 999) * 10 ** upto(rng, 1, 4) if rng.random() < 0.5 else upto(rng, 1000, 99999999)
    return f"{amount:,}" if rng.random() < 0.7 else str(amount)


def literal(rng: Random) -> str:
    """A number as programs define it."""
    style = int(rng.random() * 4)
    if style == 0:
        return decimal(rng)
    return f"{upto(rng, 1, 999)}.0" if style == 1 else str(number(rng) if style == 2 else upto(rng, 2, 99999))


def default(rng: Random) -> str:
    """The default of a parameter in Python."""
    roll = rng.random()
    if roll < 0.5:
        return pick(rng, ("None", "True", "False")) if roll < 0.25 else decimal(rng)
    return str(upto(rng, 1, 9999 if roll < 0.75 else 64))


def hexadecimal(rng: Random) -> str:
    """0x and two or four digits."""
    text = names.hexadecimal(rng, pick(rng, (2, 2, 4, 4)))
    return "0x" + (text.upper() if rng.random() < 0.7 else text)


def range_of(*joints: str) -> Maker:
    """The maker of a range of whole numbers."""
    return lambda rng: f"{upto(rng, 0, 99)}{pick(rng, joints)}{upto(rng, 100, 99999)}"


def day(rng: Random) -> str:
    """An ISO date."""
    return f"{upto(rng, 2012, 2029)}-{upto(rng, 1, 12):02d}-{upto(rng, 1, 28):02d}"


def day_zh(rng: Random) -> str:
    """A Chinese date, with or without blanks."""
    gap = pick(rng, ("", " "))
    return f"{upto(rng, 2012, 2032)}{gap}年{gap}{upto(rng, 1, 12)}{gap}月{gap}{upto(rng, 1, 28)}{gap}日"


def day_en(rng: Random) -> str:
    """An English date with the month's name."""
    return f"{upto(rng, 1, 28)} {word(rng, 'month')} {upto(rng, 2009, 2033)}"


def minute(rng: Random) -> str:
    """A time of day."""
    return f"{upto(rng, 0, 23):02d}:{upto(rng, 0, 59):02d}"


def chapter(rng: Random) -> str:
    """A reference to a part of a document."""
    roll = rng.random()
    if roll < 0.4:
        return f"第{numeral_zh(upto(rng, 1, 15))}章"
    return f"{upto(rng, 1, 12)}.{upto(rng, 1, 9)}" if roll < 0.75 else f"附录 {pick(rng, 'ABCDE')}"

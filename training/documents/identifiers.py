"""Names and codes as services, programs and offices write them; none of them can be memorised."""

from __future__ import annotations

from random import Random

from training.documents import names
from training.documents.chance import pick, upto
from training.documents.slotwords import word
from training.documents.values import decimal

_UPPER = "ABCDEFGHJKLMNPQRSTUVWXYZ"
_STATES = ("TIMEOUT", "LOCKED", "BUSY", "RANGE", "CRC", "AUTH", "FULL", "LOST", "ALIGN", "STATE", "PARAM", "MEMORY")
_ENDS = ("Error", "Missing", "Denied", "Expired", "Locked", "Invalid", "Conflict", "Full", "Refused")
_MEASURES = ("", "", "S", "MS", "LIMIT", "SIZE", "COUNT", "ROWS", "FACTOR", "DEPTH", "RATIO", "CAP", "LEN")
_STORES = ("", "Store", "Pool", "Table", "Book", "Queue", "Reader", "Board")
_VARIABLES = ("home", "file", "token", "dir", "url", "mode", "level", "key", "host")


def letters(rng: Random, most: int) -> str:
    """One to `most` capital letters."""
    return "".join(pick(rng, _UPPER) for _ in range(upto(rng, 1, most)))


def plural(noun: str) -> str:
    """The plural of a regular English noun."""
    return noun + ("es" if noun.endswith(("s", "ch", "sh", "x")) else "s")


def request(rng: Random) -> str:
    """The id of a request."""
    style, size = int(rng.random() * 5), pick(rng, (6, 8, 8, 10, 12))
    if style == 0:
        return f"{pick(rng, ('req', 'r', 'tx', 'op', 'cid'))}-{names.hexadecimal(rng, size)}"
    if style == 1:
        return names.hexadecimal(rng, size)
    if style == 2:
        return f"{pick(rng, 'RTQX')}{upto(rng, 10000, 9999999)}"
    if style == 3:
        return f"{names.hexadecimal(rng, 8)}-{names.hexadecimal(rng, 4)}"
    return f"{pick(rng, ('req', 'trace', 'call'))}_{upto(rng, 1000, 999999)}"


def table(rng: Random) -> str:
    """The name of a database table."""
    first, style = word(rng, "noun"), int(rng.random() * 4)
    if style == 0:
        return f"{first}_{word(rng, 'noun')}"
    if style == 1:
        return f"{names.latin(rng)}_{plural(first)}"
    return f"{names.latin(rng)}.{plural(first)}" if style == 2 else f"{first}_{names.latin(rng)}"


def job(rng: Random) -> str:
    """The name of a scheduled job."""
    last = word(rng, "noun") if rng.random() < 0.6 else names.latin(rng)
    middle = word(rng, "modifier") if rng.random() < 0.5 else last
    return pick(rng, ("-", "-", "_")).join((word(rng, "chore"), middle, plural(last)))


def user(rng: Random) -> str:
    """A login name."""
    style, name = int(rng.random() * 4), names.latin(rng)
    if style == 0:
        return f"{pick(rng, 'abcdefghijklmnoprstvw')}.{name}"
    if style == 1:
        return name
    return f"{name}{upto(rng, 1, 99):02d}" if style == 2 else f"{pick(rng, ('svc', 'ops', 'admin', 'bot'))}-{name}"


def node(rng: Random) -> str:
    """The name of a machine."""
    return f"{names.latin(rng)}-{pick(rng, ('node', 'edge', 'db', 'app', 'gw', 'n'))}-{upto(rng, 1, 40)}"


def ticket(rng: Random) -> str:
    """The number of an order, ticket or booking."""
    return f"{letters(rng, 4)}{pick(rng, ('', '-', '', '/'))}{upto(rng, 1000, 9999999)}"


def switch(rng: Random) -> str:
    """The name of a feature switch."""
    first = pick(rng, ("new", "fast", "beta", "lazy", "smart", "split", "dark"))
    return pick(rng, ("-", "_", ".")).join((first, names.latin(rng), word(rng, "noun")))


def code(rng: Random) -> str:
    """An error code of letters and digits."""
    style = int(rng.random() * 5)
    if style == 0:
        return f"{pick(rng, 'DEFHKQTX')}-{upto(rng, 100, 9999)}"
    if style == 1:
        return f"E{upto(rng, 10, 99999)}"
    if style == 2:
        return f"{names.latin(rng).upper()[:4]}{upto(rng, 10, 999):03d}"
    return f"E_{names.latin(rng).upper()}_{word(rng, 'noun').upper()}" if style == 3 else str(upto(rng, 1000, 9999))


def signed_code(rng: Random) -> str:
    """An error code as devices give it: negative, hexadecimal or plain."""
    style = int(rng.random() * 4)
    if style == 0:
        return f"-{upto(rng, 1, 9999)}"
    if style == 1:
        return f"0x{upto(rng, 16, 65000):04X}"
    return f"E{upto(rng, 100, 9999)}" if style == 2 else str(upto(rng, 1000, 99999))


def error_name(rng: Random) -> str:
    """The symbol of an error code."""
    middle = names.latin(rng) if rng.random() < 0.5 else word(rng, "thing")
    return f"{pick(rng, ('ERR', 'E', 'EX', names.latin(rng).upper()[:3]))}_{middle.upper()}_{pick(rng, _STATES)}"


def constant(rng: Random) -> str:
    """An UPPER_CASE name of a number."""
    first, tail = names.latin(rng) if rng.random() < 0.5 else word(rng, "noun"), pick(rng, _MEASURES)
    return "_".join((first, word(rng, "noun"), tail) if tail else (first, word(rng, "noun"))).upper()


def variable(rng: Random) -> str:
    """An environment variable."""
    return f"{names.latin(rng)}_{pick(rng, _VARIABLES)}".upper()


def method(rng: Random) -> str:
    """A method or function in snake case."""
    if rng.random() < 0.4:
        return word(rng, "verb")
    return f"{word(rng, 'verb')}_{word(rng, 'noun') if rng.random() < 0.5 else names.latin(rng)}"


def klass(rng: Random) -> str:
    """A class."""
    first = names.latin(rng) if rng.random() < 0.6 else word(rng, "thing")
    return first.capitalize() + pick(rng, _STORES)


def exception(rng: Random) -> str:
    """A class of exceptions."""
    return (names.latin(rng) if rng.random() < 0.6 else word(rng, "noun")).capitalize() + pick(rng, _ENDS)


def function(rng: Random) -> str:
    """A function of an interface, at times with its library's prefix."""
    style = int(rng.random() * 5)
    if style < 3:
        return ("", "Api", "Dev")[style] + names.camel(rng)
    return (names.latin(rng)[:3].upper() if style == 3 else names.latin(rng)[:2]) + "_" + names.camel(rng)


def field(rng: Random) -> str:
    """A field or parameter."""
    if rng.random() < 0.4:
        return word(rng, "noun")
    return f"{names.latin(rng)}_{pick(rng, ('id', 'at', 'key', 'name', 'mode', 'size', 'code'))}"


def option(rng: Random) -> str:
    """The key of a setting."""
    parts = (word(rng, "thing"), names.latin(rng)) if rng.random() < 0.5 else (names.latin(rng), word(rng, "use"))
    return pick(rng, ("_", ".", "-")).join(parts)


def setting(rng: Random) -> str:
    """The value of a setting."""
    style = int(rng.random() * 7)
    if style < 2:
        return decimal(rng) if style else str(upto(rng, 1, 9999))
    if style < 4:
        return names.path(rng) if style == 2 else names.latin(rng)
    if style == 4:
        return names.host(rng)
    return f"{upto(rng, 1, 900)}{pick(rng, ('s', 'ms', 'm', 'KB', 'MB', 'h'))}" if style == 5 else _switched(rng)


def _switched(rng: Random) -> str:
    return pick(rng, ("true", "false", "none", "auto"))


def model(rng: Random) -> str:
    """The type of a device."""
    tail = pick(rng, ("", "", "", "A", "B", "X", "Pro", "S", "T"))
    return f"{letters(rng, 3)}{pick(rng, ('-', '', '-'))}{upto(rng, 10, 999)}{tail}"


def document(rng: Random) -> str:
    """The number of a document."""
    return f"{word(rng, 'noun')[:3].upper()}-{pick(rng, ('QA', 'DS', 'PR', 'WI', 'TS'))}-{upto(rng, 1, 9999):04d}"


def command(rng: Random) -> str:
    """A command of a tool."""
    return f"{names.latin(rng)}{pick(rng, ('ctl', ' ', '-'))}{word(rng, 'verb')}"


def flag(rng: Random) -> str:
    """A flag of a command."""
    return f"--{names.latin(rng)}" if rng.random() < 0.6 else f"-{pick(rng, 'abcdefgklmnpqrstvwxz')}"

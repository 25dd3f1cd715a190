"""Values that documents write with a mark: ordinals of bits, names with addresses, rooms, sections, pins, remarks."""

from __future__ import annotations

from random import Random

from training.documents import names
from training.documents.chance import pick, upto
from training.documents.identifiers import letters
from training.documents.slotwords import WORDS, word
from training.documents.values import Maker, measure, numeral_zh

_SUFFIXES = ("conf", "yaml", "json", "csv", "txt", "xml", "toml", "pem", "dat", "pdf", "ini", "lic", "rst", "xlsx")
_GROUPS = ("Group", "Team", "Maintainers", "Developers", "Release Team", "Task Force")
_GROUPS_ZH = ("小组", "维护组", "开发组", "编辑部", "工作室")


def _filename(rng: Random) -> str:
    stem = names.latin(rng) if rng.random() < 0.5 else f"{word(rng, 'thing')}{pick(rng, '_-.')}{names.latin(rng)}"
    return f"{stem}.{pick(rng, _SUFFIXES)}"


def _mailer(rng: Random) -> str:
    """A name and its address: `Name Group <mail@host>`."""
    roll = rng.random()
    if roll < 0.45:
        name = names.person_en(rng)
    elif roll < 0.6:
        name = names.person_zh(rng)
    elif roll < 0.7:
        name = names.brand_zh(rng) + pick(rng, _GROUPS_ZH)
    else:
        name = f"{names.latin(rng).capitalize()} {pick(rng, _GROUPS)}"
    return f"{name} {names.email(rng).join('<>' if rng.random() < 0.75 else '()')}"


def _room(rng: Random) -> str:
    kind = pick(rng, ("room", "cabinet", "rack", "hall", "bay", "shelf", "locker", "dock", "lab", "warehouse"))
    number = upto(rng, 1, 40) if rng.random() < 0.5 else upto(rng, 101, 960)
    return f"{kind} {letters(rng, 2)}{pick(rng, ('', '-', ''))}{number}"


def _room_zh(rng: Random) -> str:
    kind = pick(rng, ("室", "号柜", "号机柜", "号仓", "号库", "号货架", "会议室", "号工位", "号车间", "号泊位"))
    head = letters(rng, 1) if rng.random() < 0.6 else pick(rng, ("", "东区 ", "西区 ", "南楼 ", "北楼 "))
    number = str(upto(rng, 1, 40) if rng.random() < 0.5 else upto(rng, 101, 960))
    return f"{head}{number} {kind}" if rng.random() < 0.4 else head + number + kind


def _bit(rng: Random) -> str:
    return f"{pick(rng, ('bit ', 'bit ', 'bit', 'Bit '))}{upto(rng, 0, 31)}"


def _bit_zh(rng: Random) -> str:
    at, gap = upto(rng, 0, 31), pick(rng, (" ", " ", ""))
    return f"bit{at}" if rng.random() < 0.15 else f"第{gap}{at}{gap}位"


def _rate(rng: Random) -> str:
    gap, tail = pick(rng, (" ", "")), pick(rng, ("", "", " per day", "/d"))
    return f"{rng.random():.{upto(rng, 1, 3)}f}{gap}%{tail}" if rng.random() < 0.8 else f"{upto(rng, 1, 9)} ‰"


def _rate_zh(rng: Random) -> str:
    number = upto(rng, 1, 9)
    if rng.random() < 0.35:
        return f"{rng.random():.{upto(rng, 1, 3)}f}{pick(rng, (' ', ''))}%"
    amount = numeral_zh(number) if rng.random() < 0.6 else f" {number}"
    return pick(rng, ("万分之", "千分之", "十万分之")) + amount


def _pin(rng: Random) -> str:
    return pick(
        rng,
        (
            f"P{upto(rng, 0, 7)}.{upto(rng, 0, 15)}",
            f"GPIO{upto(rng, 0, 48)}",
            f"P{pick(rng, 'ABCDE')}{upto(rng, 0, 15)}",
        ),
    )


def _resolution(rng: Random) -> str:
    joint = pick(rng, ("x", "×", " x ", " × "))
    return f"{upto(rng, 8, 400) * 8}{joint}{upto(rng, 8, 300) * 8}{pick(rng, ('', '', ' px', ' mm'))}"


def _mac(rng: Random) -> str:
    return ":".join(f"{upto(rng, 0, 255):02x}" for _ in range(6))


def _section(rng: Random) -> str:
    number = f"{upto(rng, 1, 19)}.{upto(rng, 1, 12)}"
    return pick(
        rng,
        (
            f"section {number}",
            f"§ {upto(rng, 1, 140)}",
            f"clause {number}",
            f"annex {pick(rng, 'ABCDEFG')}",
            f"article {upto(rng, 1, 90)}",
        ),
    )


def _section_zh(rng: Random) -> str:
    number = numeral_zh(upto(rng, 1, 120))
    return pick(
        rng,
        (
            f"第{number}条",
            f"第{number}条第{numeral_zh(upto(rng, 1, 6))}款",
            f"第 {upto(rng, 1, 14)} 章",
            f"{upto(rng, 1, 9)}.{upto(rng, 1, 12)} 节",
            f"附录 {pick(rng, 'ABCDEF')}",
        ),
    )


def _phrase(rng: Random) -> str:
    words = f"{word(rng, 'thing')} {word(rng, 'use')}"
    return pick(
        rng,
        (
            f"no {words}",
            f"{words} closed",
            f"wait for {words}",
            f"{word(rng, 'modifier')} {words}",
            f"{word(rng, 'verb')} the {words}",
            WORDS["faulten"](rng),
        ),
    )


def _phrase_zh(rng: Random) -> str:
    first = word(rng, "thingzh")
    return pick(
        rng,
        (
            first + word(rng, "statezh"),
            f"请先{pick(rng, ('检查', '确认', '关闭', '登记'))}{first}",
            f"{first}{word(rng, 'endzh')}已变更",
            f"等待{first}",
            f"{first}暂不可用",
        ),
    )


MARKS: dict[str, Maker] = {
    "filename": _filename,
    "mailname": _mailer,
    "maillist": lambda rng: f"{names.latin(rng)}{pick(rng, ('-devel', '-dev', '-users', ''))}@{names.host(rng)}",
    "roomen": _room, "roomzh": _room_zh, "biten": _bit, "bitzh": _bit_zh,
    "smallrate": _rate, "smallratezh": _rate_zh,
    "current": measure("A", "mA", "A"), "pin": _pin, "resolution": _resolution, "mac": _mac,
    "register": lambda rng: letters(rng, 3) + pick(rng, ("CR", "SR", "CTL", "CFG", "STAT")) + pick(rng, ("", "1", "2")),
    "sectionen": _section, "sectionzh": _section_zh, "phraseen": _phrase, "phrasezh": _phrase_zh,
}  # fmt: skip

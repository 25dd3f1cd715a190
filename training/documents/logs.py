"""Service logs in the shapes of several systems: messages of many sorts, of which some return with other values."""

from __future__ import annotations

from random import Random

from training.documents import names
from training.documents.chance import pick, some, upto
from training.documents.frames import Frame, frames
from training.documents.page import Page
from training.documents.telling import Place, values_of, write

_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
# {s} what stands before the time, {t} the time, {l} the level, {c} the component, {m} the message.
_SHAPES = (
    "{d}T{t}Z {l} [{c}] {m}",
    "{d}T{t}+08:00 {l} {c}: {m}",
    "{d} {t} {l} [{c}] {m}",
    "{d} {t} [{c}] {l} {m}",
    "[{d} {t}] {l} {c} - {m}",
    "{d} {t} [{r}] {l} {j}.{c} - {m}",
    "{l} {d} {t} {c}.go:{n}] {m}",
    "{b} {t} {h} {c}[{p}]: {l} {m}",
    "{b} {t} {h} {c}[{p}]: {m}",
    "{t} {l} <{c}> {m}",
    "{t} | {l} | {c} | {m}",
    'ts={d}T{t}Z level={l} comp={c} msg="{m}"',
    'time="{d} {t}" severity={l} unit={c} {m}',
    '{"time":"{d}T{t}Z","level":"{l}","logger":"{c}","message":"{m}"}',
    '{"ts":"{d} {t}","sev":"{l}","svc":"{c}","msg":"{m}"}',
)
_PLACES = {"t": "stamp", "l": "level", "c": "part"}


class _Style:
    """One log's shape, clock and constants."""

    def __init__(self, rng: Random) -> None:
        self.rng = rng
        self.second = float(upto(rng, 0, 70000))
        self.fraction = pick(rng, (".", ",", "", "."))
        self.pad = rng.random() < 0.4
        year, month, day = upto(rng, 2015, 2029), upto(rng, 1, 12), upto(rng, 1, 28)
        host = f"{names.latin(rng)}-{upto(rng, 1, 20)}"
        java = f"{pick(rng, ('com', 'org', 'io', 'cn'))}.{names.latin(rng)}"
        self.fixed = {
            "d": f"{year}-{month:02d}-{day:02d}", "b": f"{_MONTHS[month - 1]} {day:2d}", "h": host, "j": java,
        }  # fmt: skip
        shape = pick(rng, _SHAPES)
        self.lower = "level=" in shape and rng.random() < 0.5
        self.quoted = '"{m}"' in shape
        self.pieces = _cut(shape)

    def values(self, frame: Frame) -> dict[str, str]:
        """What stands around the next message."""
        rng = self.rng
        self.second = min(86399.0, self.second + rng.random() * pick(rng, (2, 2, 30)))
        whole = int(self.second)
        time = f"{whole // 3600:02d}:{whole // 60 % 60:02d}:{whole % 60:02d}"
        if self.fraction:
            time += f"{self.fraction}{int(self.second % 1 * 1000):03d}"
        level = frame.tags[1].lower() if self.lower else frame.tags[1]
        return self.fixed | {
            "t": time, "l": level, "c": frame.tags[0], "p": str(upto(rng, 300, 40000)), "n": str(upto(rng, 20, 900)),
            "r": f"{pick(rng, ('exec', 'worker', 'pool-2-thread', 'io'))}-{upto(rng, 1, 32)}",
        }  # fmt: skip


def _cut(shape: str) -> tuple[str, ...]:
    """Literals and, at odd places, the letters of the parts."""
    pieces: list[str] = []
    rest = shape
    while "{" in rest:
        at = rest.index("{")
        while rest[at + 2] != "}":
            at = rest.index("{", at + 1)
        pieces += [rest[:at], rest[at + 1]]
        rest = rest[at + 3 :]
        if not any(f"{{{letter}}}" in rest for letter in "dtlcmrjnbhp"):
            break
    return (*pieces, rest)


def log(page: Page) -> None:
    """A log: some messages return again and again, others are told once or twice."""
    rng, style = page.rng, _Style(page.rng)
    page.kinds = page.kinds.of("en")
    every = frames("logs", "en")
    page.genre = list(every)
    parts = set(some(rng, sorted({frame.tags[0] for frame in every}), upto(rng, 5, 16)))
    known = [frame for frame in every if frame.tags[0] in parts]
    calm = [frame for frame in known if frame.tags[1] in ("INFO", "DEBUG")] or known
    usual, rest = some(rng, calm, upto(rng, 3, 9)), some(rng, known, len(known))
    while not page.full:
        roll = rng.random()
        frame = pick(rng, usual) if roll < 0.6 else rest.pop() if roll < 0.85 and rest else pick(rng, known)
        for _ in range(upto(rng, 2, 4) if roll < 0.05 else 1):
            _line(page, style, frame)
        if rng.random() < 0.02:
            _trace(page)


def _line(page: Page, style: _Style, frame: Frame) -> None:
    around, places = style.values(frame), list[Place]()
    given = {"stamp": around["t"], "level": around["l"], "part": around["c"]}
    message: int | None = None
    for index, piece in enumerate(style.pieces):
        if index % 2 == 0:
            page.put(piece)
        elif piece == "m":
            message = len(page.told)
            pieces = pick(page.rng, frame.texts)
            if style.quoted:
                pieces = tuple(part.replace('"', "'") if at % 2 == 0 else part for at, part in enumerate(pieces))
            write(page, frame, pieces, values_of(page, frame, given), places)
        else:
            if piece in _PLACES:
                places.append((_PLACES[piece], page.at, around[piece]))
            page.put(around[piece])
            if piece == "l" and style.pad and not style.quoted:
                page.put(" " * (5 - len(around["l"])))
    assert message is not None
    page.put("\n")


def _trace(page: Page) -> None:
    """A few lines of a stack trace."""
    rng = page.rng
    for _ in range(upto(rng, 2, 5)):
        page.put(f"    at {names.latin(rng)}.{names.camel(rng)}({names.latin(rng)}:{upto(rng, 10, 900)})\n")


_AGENTS = ("curl/8.4.0", "Mozilla/5.0", "okhttp/4.11", "python-requests/2.31", "Go-http-client/2.0", "Wget/1.21")


def access(page: Page) -> None:
    """The access log of a web server."""
    rng, style = page.rng, _Style(page.rng)
    page.kinds = page.kinds.of("en")
    page.genre = list(frames("access", "en"))
    month = _MONTHS[upto(rng, 0, 11)]
    day = f"{upto(rng, 1, 28):02d}/{month}/{upto(rng, 2015, 2029)}"
    frame = pick(rng, page.genre)
    while not page.full:
        time = style.values(frame)["t"][:8]
        given = {"when": f"{day}:{time} +0000", "agent": pick(rng, _AGENTS)}
        write(page, frame, pick(rng, frame.texts[:1]), values_of(page, frame, given), [])
        page.put("\n")

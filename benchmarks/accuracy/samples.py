"""Owns the unseen texts: passages of held-out documents, random characters, code and logs, documents with headings."""

from __future__ import annotations

import json
import lzma
import re
import sysconfig
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from random import Random

from benchmarks.accuracy.scoring import HEADING, Heading, folded

NUMBERED = re.compile(r"(\d+(\.\d+)*[.、]?\s|第[一二三四五六七八九十百\d]+[章节编部篇]|[一二三四五六七八九十]+、)")
MOST_COLUMNS = 80
OUTLINE_CHARACTERS = {"zh": (800, 12_000), "en": (1_500, 24_000)}
OUTLINE_HEADINGS = (4, 60)


def drawn(*what: object) -> Random:
    """A source of chance that depends on nothing but its name, so that no sample depends on those before it."""
    return Random("/".join(map(str, what)))


class Held:
    """Documents of one language that nobody trains on, by their source."""

    def __init__(self, folder: Path, lang: str) -> None:
        self.lang = lang
        self._sources: dict[str, list[str]] = {}
        with lzma.open(folder / f"held_{lang}.jsonl.xz", "rt", encoding="utf-8") as file:
            for document in map(json.loads, file):
                self._sources.setdefault(document["source"], []).append(document["text"])

    def passage(self, rng: Random, characters: int) -> str:
        """Up to `characters` of one document from the start of a line, at least half of that."""
        while len(passage := self._window(rng, characters)) <= characters // 2:
            pass
        return passage

    def document(self, rng: Random, characters: int, *, dense: bool = False) -> str:
        """Exactly `characters` of running text, from as many documents as it takes; `dense`: without blank lines."""
        text = ""
        while len(text) < characters:
            text += self._window(rng, max(200, min(6_000, characters - len(text)))) + "\n\n"
            text = re.sub(r"\n\s*\n", "\n", text) if dense else text
        return text[:characters]

    def _window(self, rng: Random, characters: int) -> str:
        """What there is of a document from the start of a line, up to `characters`.

        Sources are drawn evenly, whatever their size: one of them makes up half of the Chinese documents.
        """
        text = rng.choice(self._sources[rng.choice(sorted(self._sources))])
        start = text.find("\n", rng.randrange(max(1, len(text) - characters))) + 1
        return text[start : start + characters].strip()

    def outlined(self, rng: Random, count: int, *, numbered: bool) -> list[Outlined]:
        """Whole documents with headings: marked as Markdown does, or by nothing but their own numbers."""
        texts = [text for source in sorted(self._sources) for text in self._sources[source]]
        least, most = OUTLINE_CHARACTERS[self.lang]
        rng.shuffle(texts)
        found = (_outlined(text, numbered) for text in texts if least <= len(text) <= most)
        wanted = (one for one in found if one and OUTLINE_HEADINGS[0] <= len(one.headings) <= OUTLINE_HEADINGS[1])
        return [one for one, _ in zip(wanted, range(count), strict=False)]


@dataclass(frozen=True)
class Outlined:
    """A document and its headings in order; telling the `uncounted` ones is neither right nor wrong."""

    text: str
    headings: tuple[Heading, ...]
    uncounted: tuple[str, ...] = ()

    def counted(self, said: Sequence[Heading]) -> list[Heading]:
        """Those of what was said that are either right or wrong."""
        idle = {folded(title) for title in self.uncounted} - {folded(title) for _, title in self.headings}
        return [(level, title) for level, title in said if folded(title) not in idle]


def _outlined(text: str, numbered: bool) -> Outlined | None:
    """The document with its headings, without the marks of Markdown if they are `numbered`.

    None where fewer than four in five have a number; those without then count for nothing.
    """
    lines = text.split("\n")
    if "```" in text:  # what begins with # may be a comment there
        return None
    matches = {index: match for index, line in enumerate(lines) if (match := HEADING.fullmatch(line))}
    if not numbered:
        return Outlined(text, tuple((len(match[1]), match[2].strip()) for match in matches.values()))
    counted = {index: match for index, match in matches.items() if NUMBERED.match(match[2])}
    if not counted or len(counted) < 0.8 * len(matches):
        return None
    plain = [matches[index][2] if index in matches else line for index, line in enumerate(lines)]
    uncounted = tuple(match[2].strip() for index, match in matches.items() if index not in counted)
    return Outlined("\n".join(plain), tuple((len(m[1]), m[2].strip()) for m in counted.values()), uncounted)


def random_hanzi(rng: Random, characters: int) -> str:
    """Characters of GB 2312 drawn evenly, in lines of 20 to 90: what no language model can guess."""
    lines: list[str] = []
    while (left := characters - sum(map(len, lines))) > 0:
        lines.append("".join(rng.choices(_hanzi(), k=min(left, rng.randint(20, 90)))))
    return "\n".join(lines)


@cache
def _hanzi() -> list[str]:
    rows = [bytes((row, cell)) for row in range(0xB0, 0xF8) for cell in range(0xA1, 0xFF)]
    return [text for code in rows if (text := code.decode("gb2312", "ignore"))]


def code(rng: Random, lines: int) -> str:
    """Successive lines of a module of Python's own library, none wider than a page."""
    while True:
        source = rng.choice(_modules()).read_text("utf-8", "replace").split("\n")
        start = rng.randrange(max(1, len(source) - lines))
        taken = source[start : start + lines]
        if sum(map(bool, taken)) > lines // 2 and all(line.isascii() and len(line) < MOST_COLUMNS for line in taken):
            return "\n".join(taken).strip("\n")


@cache
def _modules() -> list[Path]:
    folder = Path(sysconfig.get_paths()["stdlib"])
    names = ("*.py", "json/*.py", "email/*.py", "http/*.py", "asyncio/*.py", "logging/*.py", "xml/**/*.py")
    return sorted(path for name in names for path in folder.glob(name) if path.stat().st_size > 2000)


def log(rng: Random, lines: int) -> str:
    """Lines of one kind of log with random contents."""
    kind, second = rng.choice(LOGS), rng.randrange(80_000)
    written = []
    for _ in range(lines):
        second += rng.randrange(7)
        clock = f"{second // 3600:02d}:{second // 60 % 60:02d}:{second % 60:02d}"
        written.append(kind(rng, clock)[: MOST_COLUMNS - 1])
    return "\n".join(written)


def _hex(rng: Random, digits: int) -> str:
    return f"{rng.getrandbits(4 * digits):0{digits}x}"


def _address(rng: Random) -> str:
    return ".".join(str(rng.randrange(1, 255)) for _ in range(4))


def _syslog(rng: Random, clock: str) -> str:
    said = (
        f"Accepted publickey for svc{rng.randrange(90)} from {_address(rng)} port {rng.randrange(1024, 65536)}",
        f"EXT4-fs (dm-{rng.randrange(9)}): mounted filesystem {_hex(rng, 8)} with ordered data mode",
        f"Started session {rng.randrange(9999)} of user u{rng.randrange(999)}.",
    )
    host, unit = f"edge{rng.randrange(40)}", f"unit[{rng.randrange(9999)}]"
    return f"Nov {rng.randrange(1, 31):2d} {clock} {host} {unit}: {rng.choice(said)}"


def _access(rng: Random, clock: str) -> str:
    path = f"/v{rng.randrange(1, 4)}/{rng.choice(('items', 'carts', 'img', 'feeds'))}/{_hex(rng, 6)}"
    status, size = rng.choice((200, 201, 304, 404, 499, 502)), rng.randrange(99_999)
    return f'{_address(rng)} - - [{clock} +0000] "{rng.choice(("GET", "PUT"))} {path}" {status} {size}'


def _klog(rng: Random, clock: str) -> str:
    name = f"{rng.choice(('reflector', 'proxier', 'lease'))}.go:{rng.randrange(20, 900)}"
    stamp = f"{rng.choice('IWE')}1125 {clock}.{rng.randrange(10**6):06d}"
    return f'{stamp} {name}] "Synced" pod="pod-{_hex(rng, 5)}" n={rng.randrange(99)}'


def _json_lines(rng: Random, clock: str) -> str:
    said = {"t": clock, "lvl": rng.choice(("info", "warn")), "ms": rng.randrange(9000), "trace": _hex(rng, 12)}
    return json.dumps(said)


def _trace(rng: Random, clock: str) -> str:
    return f"{clock} T{rng.randrange(64):02d} 0x{_hex(rng, 8)} +{rng.randrange(10**5):<6d} irq={rng.randrange(256)}"


LOGS = (_syslog, _access, _klog, _json_lines, _trace)

"""The whole service under mixed load for as long as you like: `python -m benchmarks.soak --minutes 40`.

Callers read documents nobody has read before and ask again about some, transcribe, leave in the middle of an answer,
send what is no document or no question, name documents that never were. Every request must end exactly once, as it
should: with an answer, by its caller, or refused by its typed error. Memory of every process is taken on the way; what
leaks shows as growth from the second quarter to the last, since documents are kept for a minute only and few pages are.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import platform
import random
import statistics
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil
from glyphstream.client import Client, Completed, Document, GlyphstreamError, Options, TextDelta, Upload
from glyphstream.errors import DocumentNotFound, Refused

from gateway.local_stack import running_stack

TEXTS = [(Path(__file__).parent / "texts" / name).read_text("utf-8") for name in ("zh.txt", "en.txt")]
QUESTIONS = (
    "这份文档讲的是什么？",
    "超时时间是多少？",
    "Which limit applies here?",
    "谁负责验收",
    "What is the default port?",
)
CHARACTERS = (120, 8_423)
TRANSCRIBED_CHARACTERS = 300
KEPT_S = 60
KEPT_BYTES = 4 << 20
SAMPLE_S = 5.0
PATIENCE_S = 120.0


@dataclass
class Tally:
    """What came of the requests, and resident bytes of every process: (seconds, bytes) by name."""

    ended: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)
    first_s: list[float] = field(default_factory=list)
    memory: dict[str, list[tuple[float, int]]] = field(default_factory=lambda: defaultdict(list))


class Caller:
    """One who sends a request after the other."""

    def __init__(self, client: Client, tally: Tally, dice: random.Random) -> None:
        self._client, self._tally, self._dice = client, tally, dice
        self._kinds: tuple[tuple[Callable[[], Awaitable[str]], int], ...] = (
            (self._reads, 12), (self._leaves, 3), (self._transcribes, 2), (self._looks, 1),
            (self._sends_nonsense, 2), (self._asks_nothing, 1), (self._asks_about_nothing, 1),
        )  # fmt: skip

    async def go(self, until_s: float) -> None:
        """Requests until the time is up."""
        while time.monotonic() < until_s:
            await self.one()

    async def one(self) -> None:
        """One request of some kind, or a few about one document."""
        kinds, weights = zip(*self._kinds, strict=True)
        kind = self._dice.choices(kinds, weights)[0]
        try:
            self._tally.ended[await kind()] += 1
        except (GlyphstreamError, AssertionError) as error:
            self._tally.ended["ended otherwise"] += 1
            self._tally.wrong.append(f"{kind.__name__}: {type(error).__name__}: {error}")

    def _upload(self, most: int = CHARACTERS[1]) -> Upload:
        text, size = self._dice.choice(TEXTS), round(CHARACTERS[0] * (most / CHARACTERS[0]) ** self._dice.random())
        start = self._dice.randrange(max(1, len(text) - size))
        taken = f"{self._dice.getrandbits(64):x}\n{text[start : start + size]}"
        return Upload(taken.encode(), "soak.txt", self._dice.choice(("precise", "precise", "fast", "code")))

    async def _reads(self) -> str:
        document_id = await self._answered(self._client.read(self._upload(), self._dice.choice(QUESTIONS)))
        for _ in range(self._dice.choice((0, 0, 1, 2))):
            await self._answered(self._client.ask(document_id, self._dice.choice(QUESTIONS)))
            self._tally.ended["answered again"] += 1
        if self._dice.random() < 0.5:
            await self._client.delete(document_id)
        return "answered"

    async def _answered(self, events: AsyncGenerator[Any]) -> str:
        """The document's id, after one whole answer, which ends once and last."""
        began_s, first_s, ends, document_id = time.monotonic(), 0.0, 0, ""
        async with aclosing(events) as stream:
            async for event in stream:
                assert not ends, "something follows the end"
                if isinstance(event, Document):
                    document_id = event.document_id
                elif isinstance(event, TextDelta):
                    first_s = first_s or time.monotonic() - began_s
                ends += isinstance(event, Completed)
        assert ends == 1, "no end"
        self._tally.first_s += [first_s] if first_s else []
        return document_id

    async def _leaves(self) -> str:
        left = self._dice.randrange(12)
        async with aclosing(self._client.read(self._upload(), self._dice.choice(QUESTIONS))) as events:
            async for _ in events:
                left -= 1
                if left < 0:
                    return "left by the caller"
        return "answered before its caller left"

    async def _transcribes(self) -> str:
        await self._answered(self._client.transcribe(self._upload(TRANSCRIBED_CHARACTERS), Options(max_new_tokens=256)))
        return "transcribed"

    async def _looks(self) -> str:
        estimate = await self._client.estimate(self._upload())
        pages = [page async for page in self._client.pages(estimate.document.document_id)]
        assert len(pages) == estimate.document.pages, f"{len(pages)} pages of {estimate.document.pages}"
        return "pages shown"

    async def _sends_nonsense(self) -> str:
        data = self._dice.choice((b"", b"%PDF-1.7\n" + self._dice.randbytes(2_000), b"PK\x03\x04", b"\0" * 5_000))
        return await self._refused(self._client.answer(Upload(data, "soak.bin"), QUESTIONS[0]), Refused)

    async def _asks_nothing(self) -> str:
        return await self._refused(self._client.answer(self._upload(), "  "), Refused)

    async def _asks_about_nothing(self) -> str:
        return await self._refused(self._client.answer("no-such-document", QUESTIONS[0]), DocumentNotFound)

    async def _refused(self, call: Awaitable[object], kind: type[GlyphstreamError]) -> str:
        try:
            await call
        except kind:
            return "refused as it must be"
        raise AssertionError("it was not refused")


async def _watch(tally: Tally) -> None:
    began_s = time.monotonic()
    while True:
        for child in psutil.Process().children(recursive=True):
            with suppress(psutil.NoSuchProcess):  # it has just ended
                words = child.cmdline()
                name = words[words.index("-m") + 1] if "-m" in words else child.name()
                tally.memory[f"{name} {child.pid}"].append((time.monotonic() - began_s, child.memory_info().rss))
        await asyncio.sleep(SAMPLE_S)


async def soak(minutes: float, at_once: int, seed: int) -> Tally:
    """So many callers for so many minutes, on services that keep documents for a minute."""
    tally = Tally()
    settings = {
        "GLYPHSTREAM_READER_DOCUMENT_TTL_S": f"{KEPT_S}",
        "GLYPHSTREAM_GATEWAY_STORE_TTL_S": f"{KEPT_S}",
        "GLYPHSTREAM_RENDER_KEPT_BYTES": f"{KEPT_BYTES}",
    }
    with tempfile.TemporaryDirectory(prefix="glyphstream-") as folder:
        async with (
            running_stack(store=Path(folder) / "store", settings=settings) as addresses,
            Client(addresses.gateway, patience_s=PATIENCE_S) as client,
            asyncio.TaskGroup() as group,
        ):
            watching = group.create_task(_watch(tally))
            until_s = time.monotonic() + 60 * minutes
            callers = [Caller(client, tally, random.Random(seed * 1000 + number)) for number in range(at_once)]
            await asyncio.gather(*(caller.go(until_s) for caller in callers))
            watching.cancel()
    return tally


def growth(samples: list[tuple[float, int]]) -> tuple[float, float, float]:
    """Medians of the second and the last quarter and the highest value of resident memory, in MiB."""
    end_s = samples[-1][0]
    second = [size for at, size in samples if 0.25 <= at / end_s <= 0.5] or [samples[0][1]]
    last = [size for at, size in samples if at / end_s >= 0.75]
    return statistics.median(second) / 2**20, statistics.median(last) / 2**20, max(s for _, s in samples) / 2**20


def main() -> None:
    """Prints a table; exit status 1 where a request ended otherwise than it should."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.soak", description=__doc__)
    parser.add_argument("--minutes", type=float, default=40.0)
    parser.add_argument("--at-once", type=int, default=3, help="callers")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", type=Path)
    args = parser.parse_args()
    tally = asyncio.run(soak(args.minutes, args.at_once, args.seed))
    first = sorted(tally.first_s)
    told = {
        "machine": f"{platform.machine()}, {os.cpu_count()} cores", "minutes": args.minutes, "at_once": args.at_once,
        "ended": dict(tally.ended), "wrong": tally.wrong,
        "first_s": {f"p{share}": round(first[share * (len(first) - 1) // 100], 2) for share in (50, 95, 100) if first},
        "resident_mib": {name: growth(samples) for name, samples in tally.memory.items() if len(samples) > 4},
    }  # fmt: skip
    for name, value in told.items():
        lines = [f"{key}: {one}" for key, one in value.items()] if isinstance(value, dict) else [f"{value}"]
        print(name, *lines, sep="\n  ")
    if args.json:
        args.json.write_text(json.dumps(told, ensure_ascii=False, indent=1) + "\n", "utf-8")
    raise SystemExit(bool(tally.wrong))


if __name__ == "__main__":
    main()

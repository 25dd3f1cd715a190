"""A model without torch: it says what it is told to say, counts every byte, and fails where a test wants it to."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from weakref import WeakSet

from reader_service.model import (
    Chunk,
    Costs,
    Drawn,
    Geometry,
    GreyPage,
    Leaning,
    Mark,
    MarkKind,
    ModelFacts,
    Sampling,
    Step,
)
from reader_service.profile import Anchors, ReaderProfile, StyleProfile, separate

IMAGE, PAGE_END, END, ABSENT, THINK, SAY = range(0x110000, 0x110006)
PAGES = {0x120000 + n: Mark(MarkKind.PAGE, n) for n in range(8)}
ROWS = {0x130000 + n: Mark(MarkKind.ROW, n) for n in range(8)}
NAMES = {"<end>": END, "<absent>": ABSENT, "<think>": THINK, "</think>": SAY}
NAMES |= {f"<page{n}>": 0x120000 + n for n in range(8)} | {f"<row{n}>": 0x130000 + n for n in range(8)}
COSTS = Costs(
    weight_bytes=1000,
    context_bytes=100,
    kv_bytes_per_token=10,
    vision_bytes_per_patch=3,
    prefill_bytes_per_token=2,
    logits_bytes=50,
)
GEOMETRY = Geometry(patch_px=14, merge=2, min_page_pixels=28 * 28, max_page_pixels=448 * 448)
PROFILE = ReaderProfile(
    name="fake",
    languages=("zh", "en"),
    styles=(StyleProfile("precise", "cells", (14, 12), 1000, 448, 224),),
    tasks={"ask": "{question}", "summarize": "sum", "transcribe": "read"},
    ask_pages=8,
    anchors=Anchors(page="<page{}>", row="<row{}>", absent="<absent>"),
)


def tokens_of(text: str) -> list[int]:
    """Characters as tokens, names in angle brackets as marks."""
    tokens: list[int] = []
    while text:
        name = next((name for name in NAMES if text.startswith(name)), "")
        tokens.append(NAMES[name] if name else ord(text[0]))
        text = text[len(name) or 1 :]
    return tokens


class FakeVocabulary:
    """One token a character. `decode` shows a lone surrogate pair's first half as an unfinished character."""

    image_token = IMAGE
    marks: Mapping[int, Mark] = {
        **PAGES,
        **ROWS,
        END: Mark(MarkKind.END),
        ABSENT: Mark(MarkKind.ABSENT),
        THINK: Mark(MarkKind.REASONING_OPEN),
        SAY: Mark(MarkKind.REASONING_CLOSE),
    }

    def prefix(self, page_tokens: Sequence[int]) -> list[int]:
        return [token for count in page_tokens for token in [*[IMAGE] * count, PAGE_END]]

    def suffix(self, pages: int, text: str, history: Sequence[tuple[str, str]]) -> list[int]:
        words = "".join(piece for piece, _ in separate("".join(f"{q}{a}" for q, a in history) + text))
        return [ord(char) for char in words]

    def page(self, number: int, tokens: int) -> list[int]:
        return [0x120000 + number, *[IMAGE] * tokens, PAGE_END]

    def decode(self, tokens: Sequence[int]) -> str:
        return "".join(map(chr, tokens)).encode("utf-16", "surrogatepass").decode("utf-16", "replace")


@dataclass
class FakeKv:
    """Bytes held, and where in the scripted answer its branch is."""

    nbytes: int
    tokens: list[int] = field(default_factory=list)
    parent: "FakeKv | None" = None
    said: int = 0


@dataclass(eq=False)
class FakeVision:
    """So many rows."""

    rows: int


@dataclass
class FakeStep:
    """A step, which is over when it was begun."""

    steps: Sequence[Step]
    drawn: list[Drawn]


class FakeModel:
    """Says `answer` to every question. `hook(call, payload)` runs before every call and may block or raise, `read`
    before a step is drawn."""

    def __init__(self, answer: str = "hello", total_bytes: int = 100_000) -> None:
        self.answer = tokens_of(answer)
        self.vocabulary = FakeVocabulary()
        self.facts = ModelFacts("fake", "r1", "cpu", "none", GEOMETRY, COSTS, total_bytes, PROFILE)
        self.leanings: list[Leaning] = []
        self.hook: Callable[[str, Any], None] = lambda call, payload: None
        self.calls: list[str] = []
        self.live: list[FakeKv] = []
        self.visions: WeakSet[FakeVision] = WeakSet()
        self._most_bytes = 0
        self.recoveries = 0
        self.balances: list[tuple[int, bool]] = []
        self.runs_ahead = False
        self.steps: list[FakeStep] = []
        self.read: Callable[[FakeStep], None] = lambda step: None
        self.abandoned: list[FakeStep] = []

    @property
    def live_bytes(self) -> int:
        """KV, and what is seen where it is to be kept."""
        seen_bytes = self.facts.costs.kept_bytes_per_vision_token * sum(vision.rows for vision in self.visions)
        return sum(kv.nbytes for kv in self.live) + seen_bytes

    def warm(self) -> None: ...

    def see(self, pages: Sequence[GreyPage]) -> FakeVision:
        self._call("see", pages)
        vision = FakeVision(sum(GEOMETRY.vision_tokens(page.size.pixels) for page in pages))
        self.visions.add(vision)
        self._most_bytes = max(self._most_bytes, self.live_bytes)
        return vision

    def document(self, tokens: int) -> FakeKv:
        return self._hold(FakeKv(tokens * COSTS.kv_bytes_per_token))

    def branch(self, document: FakeKv, tokens: int) -> FakeKv:
        return self._hold(FakeKv(tokens * COSTS.kv_bytes_per_token, parent=document))

    def prefill(self, kv: FakeKv, chunk: Chunk) -> FakeKv:
        self._call("prefill", chunk)
        assert sum(rows.stop - rows.start for rows in chunk.seen) == chunk.tokens.count(IMAGE)
        assert all(0 <= rows.start <= rows.stop <= rows.vision.rows for rows in chunk.seen)
        return self._append(kv, chunk.tokens)

    def decode(self, steps: Sequence[Step]) -> FakeStep:
        """`hook` hears of each sequence; nothing is appended when it raises for one."""
        for step in steps:
            self._call("decode", step)
        ahead = self.steps[-1].drawn if self.steps else []
        tokens = [step.token if step.after is None else ahead[step.after].token for step in steps]
        drawn = [self.draw(self._append(step.kv, [t]), None) for step, t in zip(steps, tokens, strict=True)]
        self.steps.append(FakeStep(steps, drawn))
        return self.steps[-1]

    def drawn(self, pending: FakeStep) -> list[Drawn]:
        self.read(pending)
        return pending.drawn

    def abandon(self, pending: FakeStep) -> None:
        self.abandoned.append(pending)
        for step in pending.steps:
            step.kv.tokens.pop()
            step.kv.said -= 1

    def take_back(self, kv: FakeKv, tokens: int) -> None:
        del kv.tokens[-tokens:]

    def sampler(self, sampling: Sampling) -> None: ...

    def lean(self, sampler: None, leaning: Leaning) -> None:
        self.leanings.append(leaning)

    def draw(self, logits: FakeKv, sampler: None) -> Drawn:
        token = self.answer[logits.said] if logits.said < len(self.answer) else END
        logits.said += 1
        return Drawn(token, -0.5)

    def free(self, kv: FakeKv) -> None:
        self.live = [other for other in self.live if other is not kv]

    def balance(self, kv_bytes: int, pages_wait: bool) -> None:
        self.balances.append((kv_bytes, pages_wait))

    def handed_kv_bytes(self) -> int:
        return 0

    def offloads(self) -> int:
        return 0

    def resident_weight_bytes(self) -> int:
        return COSTS.weight_bytes

    def take_peak_bytes(self) -> int:
        peak_bytes, self._most_bytes = self._most_bytes, self.live_bytes
        return COSTS.weight_bytes + COSTS.context_bytes + peak_bytes

    def recover(self) -> None:
        self.recoveries += 1

    def close(self) -> None:
        self.calls.append("close")

    def _call(self, name: str, payload: Any) -> None:
        self.calls.append(name)
        self.hook(name, payload)

    def _hold(self, kv: FakeKv) -> FakeKv:
        self.live.append(kv)
        self._most_bytes = max(self._most_bytes, self.live_bytes)
        return kv

    def _append(self, kv: FakeKv, tokens: Sequence[int]) -> FakeKv:
        assert any(kv is live for live in self.live), "the KV was freed"
        kv.tokens += tokens
        assert len(kv.tokens) * COSTS.kv_bytes_per_token <= kv.nbytes, "more than was allocated"
        return kv

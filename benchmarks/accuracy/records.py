"""Owns what is kept of a measurement: one record an answer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace

from glyphstream.client import Upload

from benchmarks.accuracy.services import Opened, Reply


@dataclass(frozen=True)
class Plan:
    """How much is measured: counts are a cell, a language or a document; `modes` those of questions and outlines.

    `answer_tokens` ends what has long been wrong: no accepted answer is half as long. 0 leaves it to the service.
    """

    seed: int = 1
    passages: int = 10
    documents: int = 20
    facts: int = 4
    absent: int = 2
    outlines: int = 10
    runs: int = 3
    modes: tuple[str, ...] = ("precise",)
    answer_tokens: int = 160
    control: bool = True


@dataclass(frozen=True)
class Case:
    """What was asked of which document, and how that was read. `part` is the share of a task that it belongs to."""

    task: str
    lang: str
    mode: str
    font_px: int
    rung: str
    document: str
    pages: int
    part: str = ""

    def of(self, task: str) -> Case:
        """The same document at another task."""
        return replace(self, task=task)


def case(task: str, lang: str, upload: Upload, opened: Opened, part: str = "") -> Case:
    """The case of a document that was taken in."""
    document = opened.document
    return Case(task, lang, upload.mode, document.rung.font_px, document.rung.name, upload.name, document.pages, part)


@dataclass(frozen=True)
class Record:
    """One answer, how it is counted, and `read`, from what it was read."""

    case: Case
    reply: Reply
    read: str = "pages"
    question: str = ""
    accepted: tuple[str, ...] = ()
    verdict: str = ""
    figures: Mapping[str, float] = field(default_factory=dict)

    def as_json(self) -> dict[str, object]:
        """One flat object."""
        fields = asdict(self)
        return {**fields.pop("case"), **fields.pop("reply"), **fields}

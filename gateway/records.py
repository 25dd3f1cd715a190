"""Owns how the gateway's values look as plain data, for everyone who speaks JSON; names are those of the wire."""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from gateway.answers import Completed, Degraded, Evidence, Progress, TextDelta
from gateway.ask import Estimate
from gateway.documents import Document, Lines, Page
from gateway.ladder import Rung
from gateway.reading import Event
from serving.telemetry import request_id

# Characters a token where nobody has the reader's tokenizer at hand: what a 16k vocabulary measured.
WIDE_CHARACTERS_PER_TOKEN = 1.42
NARROW_CHARACTERS_PER_TOKEN = 3.7
WIDE = re.compile(r"[\u1100-\u11ff\u2e80-\ua4cf\uac00-\ud7af\uf900-\ufaff\uff00-\uff60\U00020000-\U0003ffff]")
MOST_SAMPLED_CHARACTERS = 20_000
LONGEST_QUOTE_CHARACTERS = 280


def text_tokens(text: str) -> int:
    """About how many text tokens a text is, so that vision tokens can be compared with something.

    Judged by characters taken evenly from all of it: the event loop waits for this.
    """
    sample = text[:: len(text) // MOST_SAMPLED_CHARACTERS + 1]
    wide_share = len(WIDE.findall(sample)) / max(1, len(sample))
    return round(len(text) * (wide_share / WIDE_CHARACTERS_PER_TOKEN + (1 - wide_share) / NARROW_CHARACTERS_PER_TOKEN))


def document(told: Document) -> dict[str, Any]:
    """A document; without figures, those are missing."""
    header = told.header
    record: dict[str, Any] = {
        "document_id": told.document_id,
        "name": header.name,
        "mode": header.mode.name.lower(),
        "characters": told.characters,
        "source_characters": told.source_characters,
        "media_type": told.media_type,
        "charset": told.charset,
        "removed": dict(told.removed),
    }
    if told.figures:
        figures = asdict(told.figures)
        record["rung"] = {"name": figures.pop("rung"), "font_px": figures.pop("font_px")}
        record.update(figures)
    return record


def estimate(told: Estimate, text: str) -> dict[str, Any]:
    """What a document would cost, beside what its text would."""
    return {
        "document": document(told.document),
        "fits": told.fits,
        "characters_per_token": round(told.characters_per_token, 3),
        "kv_bytes": told.kv_bytes,
        "text_tokens": text_tokens(text),
    }


def page(painted: Page, lines: Lines) -> dict[str, Any]:
    """A painted page and where its lines stand; the image is base64."""
    return {
        "index": painted.index,
        "width": painted.width,
        "height": painted.height,
        "media_type": painted.media_type,
        "image": base64.b64encode(painted.image).decode(),
        "text_start": painted.text_start,
        "text_end": painted.text_end,
        "missing_glyphs": painted.missing_glyphs,
        "lines": vars(lines),
    }


def degraded(step: Degraded) -> dict[str, Any]:
    """A step down."""
    return {"from": _rung(step.source), "to": _rung(step.target), "reason": step.reason}


def _rung(rung: Rung) -> dict[str, Any]:
    return {"name": rung.name, "font_px": rung.font_px}


def event(told: Event) -> tuple[str, Mapping[str, Any]]:
    """The name of an event on the way to an answer, and what it says."""
    match told:
        case Progress(stage, done, total):
            return "progress", {"stage": stage.name.lower(), "done": done, "total": total}
        case Degraded():
            return "degraded", degraded(told)
        case Document():
            return "document", document(told)
        case TextDelta(text, reasoning):
            return "delta", {"text": text, "reasoning": reasoning}
    raise AssertionError(f"{told} ends an answer")


def completed(told: Completed, text: str = "") -> dict[str, Any]:
    """How an answer ended; evidence comes with the words of `text`, the document's, that it names."""
    answer = told.answer
    return {
        "finish_reason": answer.finish_reason.name.lower(),
        "usage": vars(answer.usage),
        "timings": {name: round(ms, 1) for name, ms in vars(answer.timings).items()},
        "memory": vars(answer.memory),
        "found": answer.found,
        "evidence": [_evidence(found, text) for found in answer.evidence],
        "summary": asdict(told.summary) if told.summary else None,
        "document": document(told.document),
        "degraded": [degraded(step) for step in told.degraded],
        "request_id": request_id.get(),
    }


def _evidence(found: Evidence, text: str) -> dict[str, Any]:
    quoted = {"quote": quote(text, found.text_start, found.text_end)} if text else {}
    return {**vars(found), **quoted}


def quote(text: str, start: int, end: int) -> str:
    """The words of a range, on one line, cut where they grow long."""
    words = " ".join(text[start:end].split())
    return words if len(words) <= LONGEST_QUOTE_CHARACTERS else words[: LONGEST_QUOTE_CHARACTERS - 1] + "…"

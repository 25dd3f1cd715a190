"""Owns what the gateway does for each of its calls, in plain values: take in, read, estimate, show, forget.

`tell` is awaited with everything that the caller should hear before the result. Every function ends with its result or
with one GatewayError.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing
from dataclasses import dataclass, replace

from gateway import report
from gateway.answers import Completed, GroupAnswer, Progress, Question, Stage, Task, TextDelta
from gateway.climb import Climb, last_rung
from gateway.deadline import Deadline
from gateway.documents import Document, Header, Manifest, Page, Stored, figures_of, new_document
from gateway.errors import DocumentNotResident, GatewayError, InvalidQuestion
from gateway.groups import GroupLimits, split
from gateway.ladder import Style, plan_style, profile_of, top_rung
from gateway.persist import attempts, persist, stubborn
from gateway.reading import Errand, Event, Tell, Wings
from gateway.store import Store


@dataclass(frozen=True)
class Desk:
    """What all requests share."""

    wings: Wings
    store: Store
    question_max_characters: int = 8192
    usual_memory_bytes: int = 0


@dataclass(frozen=True)
class Estimate:
    """What a document would cost at its mode's first rung."""

    document: Document
    fits: bool
    characters_per_token: float
    kv_bytes: int


async def create(desk: Desk, header: Header, source: bytes, deadline: Deadline, tell: Tell) -> Document:
    """Takes a document in and makes it resident."""
    stored = await take_in(desk, header, source, deadline, tell)
    climb = Climb(desk.wings, Errand(stored, None, deadline, tell))
    await climb.run()
    return await _noted(desk, climb.document)

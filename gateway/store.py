"""Owns the documents that the gateway keeps: bounded in bytes, expiring after their last use, in one SQLite file.

Everything that touches the file runs on one thread of its own. Several gateways on one machine may share the file.
"""

from __future__ import annotations

import asyncio
import json
import re
import sqlite3
import time
import zlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, TypeVar

from gateway.documents import Document, Figures, Header, Stored
from gateway.errors import DocumentNotFound, InvalidRequest
from gateway.ladder import Mode

SCHEMA = """
CREATE TABLE IF NOT EXISTS documents (
    document_id TEXT PRIMARY KEY, facts TEXT NOT NULL, figures TEXT NOT NULL, text BLOB NOT NULL,
    bytes INTEGER NOT NULL, created_s REAL NOT NULL, used_s REAL NOT NULL
);
CREATE INDEX IF NOT EXISTS by_use ON documents (used_s);
"""
INSERT = "INSERT INTO documents VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET used_s = ?"
# Least recently used first: whatever lies behind the newest `max_bytes` goes.
EVICT = """
DELETE FROM documents WHERE document_id IN (
    SELECT document_id FROM (
        SELECT document_id, SUM(bytes) OVER (ORDER BY used_s DESC, document_id) AS total FROM documents
    ) WHERE total > ?
)
"""
BUSY_TIMEOUT_S = 5.0
# How many documents come before the page.
PAGE_TOKEN = re.compile(r"[0-9]{1,15}")

Result = TypeVar("Result")


@dataclass(frozen=True)
class Limits:
    """How much is kept and for how long after its last use."""

    max_bytes: int
    ttl_s: float


class Store:
    """The document store; without a path it lasts as long as it is open. `clock` gives seconds since the epoch."""

    def __init__(self, path: Path | None, limits: Limits, clock: Callable[[], float] = time.time) -> None:
        self._path, self._limits, self._clock = path, limits, clock
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="store")
        self._database: sqlite3.Connection | None = None

    async def open(self) -> None:
        """Opens the file, made for this user's eyes only, and drops what has expired."""
        await self._run(self._open)

    async def close(self) -> None:
        """Closes the file and ends the thread."""
        if self._database:
            await self._run(self._database.close)
        self._thread.shutdown()

    async def keep(self, stored: Stored) -> Stored:
        """Keeps a document, then forgets the least recently used ones over the bound. Returns what is kept:

        a document that was here before stays as it is, with the way it was read last; that counts as its use.
        """
        return await self._run(lambda: self._keep(stored))

    async def get(self, document_id: str) -> Stored:
        """The document, which counts as its use. Raises DocumentNotFound."""
        return await self._run(lambda: self._get(document_id))

    async def note(self, document_id: str, figures: Figures) -> None:
        """Keeps how a document is read now; does nothing where the document is gone."""
        await self._run(lambda: self._note(document_id, figures))

    async def newest(self, page_size: int, page_token: str = "") -> tuple[list[Document], str]:
        """A page of documents, newest first, and the token of the next page, empty at the end.

        Raises InvalidRequest where a token is none of ours.
        """
        return await self._run(lambda: self._newest(page_size, page_token))

    async def delete(self, document_id: str) -> None:
        """Forgets a document. Raises DocumentNotFound."""
        await self._run(lambda: self._delete(document_id))

    async def _run(self, work: Callable[[], Result]) -> Result:
        return await asyncio.get_running_loop().run_in_executor(self._thread, work)

    @property
    def _connection(self) -> sqlite3.Connection:
        assert self._database is not None, "the store is not open"
        return self._database

    def _open(self) -> None:
        if self._path:
            self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._path.touch(mode=0o600)
        self._database = sqlite3.connect(self._path or ":memory:", timeout=BUSY_TIMEOUT_S)
        self._database.execute("PRAGMA journal_mode=WAL")
        self._database.executescript(SCHEMA)
        self._expire()
        self._database.commit()

    def _expire(self) -> None:
        self._connection.execute("DELETE FROM documents WHERE used_s <= ?", (self._clock() - self._limits.ttl_s,))

    def _keep(self, stored: Stored) -> Stored:
        document, now_s = stored.document, self._clock()
        facts, figures = _pack(document)
        text = zlib.compress(stored.text.encode(), 1)
        row = (document.document_id, facts, figures, text, len(facts) + len(text), now_s, now_s)
        known = "SELECT facts, figures FROM documents WHERE document_id = ?"
        with self._connection:
            self._expire()
            self._connection.execute(INSERT, (*row, now_s))
            kept = self._connection.execute(known, (document.document_id,)).fetchone()
            self._connection.execute(EVICT, (self._limits.max_bytes,))
        return Stored(_unpack(*kept), stored.text)

    def _get(self, document_id: str) -> Stored:
        used = "UPDATE documents SET used_s = ? WHERE document_id = ?"
        with self._connection:
            self._expire()
            self._connection.execute(used, (self._clock(), document_id))
            found = self._connection.execute(
                "SELECT facts, figures, text FROM documents WHERE document_id = ?", (document_id,)
            ).fetchone()
        if found is None:
            raise _unknown(document_id)
        *facts, text = found
        return Stored(_unpack(*facts), zlib.decompress(text).decode())

    def _note(self, document_id: str, figures: Figures) -> None:
        noted = "UPDATE documents SET figures = ? WHERE document_id = ?"
        with self._connection:
            self._connection.execute(noted, (json.dumps(asdict(figures)), document_id))

    def _newest(self, page_size: int, page_token: str) -> tuple[list[Document], str]:
        start = _offset(page_token)
        newest = "SELECT facts, figures FROM documents ORDER BY created_s DESC, document_id LIMIT ? OFFSET ?"
        with self._connection:
            self._expire()
            rows = self._connection.execute(newest, (page_size + 1, start)).fetchall()
        return [_unpack(*row) for row in rows[:page_size]], str(start + page_size) if len(rows) > page_size else ""

    def _delete(self, document_id: str) -> None:
        with self._connection:
            deleted = self._connection.execute("DELETE FROM documents WHERE document_id = ?", (document_id,)).rowcount
        if not deleted:
            raise _unknown(document_id)


def _offset(page_token: str) -> int:
    if not page_token:
        return 0
    if not PAGE_TOKEN.fullmatch(page_token):
        raise InvalidRequest("page_token: no listing gave this one", metadata={"field": "page_token"})
    return int(page_token)


def _unknown(document_id: str) -> DocumentNotFound:
    return DocumentNotFound(f"document {document_id[:16]!r} is not here, or no longer: upload it again")


def _pack(document: Document) -> tuple[str, str]:
    facts = asdict(document)
    figures = facts.pop("figures")
    return json.dumps(facts, ensure_ascii=False), json.dumps(figures)


def _unpack(packed: str, figures: str) -> Document:
    facts: dict[str, Any] = json.loads(packed)
    header = Header(**{**facts["header"], "mode": Mode(facts["header"]["mode"])})
    read = json.loads(figures)
    return Document(**{**facts, "header": header, "figures": Figures(**read) if read else None})

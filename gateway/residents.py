"""Owns what the gateway believes to be resident at the reader, so that a follow-up question renders nothing.

A belief only: the reader may have evicted it. It then says so, and `forget` is called.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field

from gateway.documents import Manifest
from gateway.groups import Group
from gateway.ladder import Style

MOST_SHELVES = 4096


@dataclass(frozen=True)
class ShelfKey:
    """One document, laid out in one style, for one revision of the reader's model."""

    document_id: str
    style: Style
    revision: str


@dataclass
class Shelf:
    """A layout and the reader's ids of those of its groups that were made resident."""

    manifest: Manifest
    reader_ids: dict[Group, str] = field(default_factory=dict)


class Residents:
    """Shelves by key, the least recently used dropped."""

    def __init__(self, most: int = MOST_SHELVES) -> None:
        self._shelves: OrderedDict[ShelfKey, Shelf] = OrderedDict()
        self._most = most

    def find(self, key: ShelfKey) -> Shelf | None:
        """The shelf of a key, if there is one."""
        if key in self._shelves:
            self._shelves.move_to_end(key)
        return self._shelves.get(key)

    def keep(self, key: ShelfKey, manifest: Manifest) -> Shelf:
        """The shelf of a key, an empty one if there was none."""
        shelf = self._shelves.setdefault(key, Shelf(manifest))
        self._shelves.move_to_end(key)
        while len(self._shelves) > self._most:
            self._shelves.popitem(last=False)
        return shelf

    def drop(self, document_id: str) -> list[str]:
        """Forgets a document; returns the reader's ids of what was resident of it."""
        keys = [key for key in self._shelves if key.document_id == document_id]
        return [reader_id for key in keys for reader_id in self._shelves.pop(key).reader_ids.values()]

"""Owns the one point in time that a request, and every call made for it, ends by."""

from __future__ import annotations

import asyncio


class Deadline:
    """One point in time that every call made for a request shares."""

    def __init__(self, limit_s: float) -> None:
        self._end_s = asyncio.get_running_loop().time() + limit_s

    def remaining_s(self) -> float:
        """Seconds left, 0 when the time is up."""
        return max(0.0, self._end_s - asyncio.get_running_loop().time())

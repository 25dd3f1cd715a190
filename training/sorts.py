"""Owns which sorts of documents are drawn, and how often each."""

from __future__ import annotations

import random
from dataclasses import dataclass

from training.texts import OPENINGS


@dataclass(frozen=True, slots=True)
class Sorts:
    """Shares of plain keys and values, of documents written one by one, of facts in real text, of synthesised genres
    and of real text."""

    shares: dict[str, float]
    openings: float = OPENINGS
    """Share of the real texts that begin where a document does."""

    def draw(self, rng: random.Random) -> str:
        """A sort, each as often as its share."""
        return rng.choices(list(self.shares), list(self.shares.values()))[0]


ASKED = Sorts({"cards": 0.03, "written": 0.36, "planted": 0.33, "synthesised": 0.16, "natural": 0.12})
"""Of documents that are asked about."""
SUMMARISED = Sorts({"cards": 0.02, "written": 0.2, "planted": 0.08, "synthesised": 0.2, "natural": 0.5}, 0.7)
"""Of those that are summarised: what is a heading in real text only real text tells, and it is summarised from its
beginning, where its title is."""

"""How an answer may be led away from the tokens that are drawn."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from reader_service.model import Drawn, Leaning, Tokens


@dataclass(frozen=True)
class Led:
    """What is taken instead of a drawn token."""

    token: int
    said: Tokens = ()  # what is certain to be said from here on, of tokens held back and this one
    takes_back: int = 0  # of the tokens taken before, so many go


class Lead(Protocol):
    """One answer's."""

    def lead(self, drawn: Drawn) -> Led:
        """Asked about every token drawn, in order."""

    @property
    def decided(self) -> bool:
        """Whether it takes every token as it is drawn from here on, so that steps may run ahead."""

    @property
    def held(self) -> Tokens:
        """What was taken and not said yet."""

    @property
    def leaning(self) -> Leaning:
        """What the next draw leans to."""

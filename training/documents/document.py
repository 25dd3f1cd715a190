"""What the generator hands out: a text and questions whose answers are spans of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal

Span = tuple[int, int]
Kind = Literal["fact", "quote", "heading", "absent"]
Lang = Literal["zh", "en"]
Flow = Literal["cells", "columns"]


@dataclass(frozen=True, slots=True)
class Question:
    """A question about a document.

    `spans` are the places [start, end) in characters where the answer stands, each as good as the others;
    none means that the document does not tell.
    """

    text: str
    spans: tuple[Span, ...]
    kind: Kind


@dataclass(frozen=True, slots=True)
class Document:
    """A text, what can be asked about it, its language and the flow it is laid out in.

    `outline` are its headings in order as (start, end, level) with levels from 1; `title` is the place of its title,
    None where it has none or it is not known.
    """

    text: str
    questions: tuple[Question, ...]
    lang: Lang
    flow: Flow
    outline: tuple[tuple[int, int, int], ...] = ()
    title: Span | None = None

    def moved(self, text: str, place: Callable[[Span], Span]) -> Document:
        """The document with another text, in which its spans stand where `place` says."""
        return replace(
            self,
            text=text,
            questions=tuple(replace(q, spans=tuple(map(place, q.spans))) for q in self.questions),
            outline=tuple((*place((start, end)), level) for start, end, level in self.outline),
            title=self.title and place(self.title),
        )

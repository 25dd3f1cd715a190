"""Several documents as one, such as the pages of a folder: what is asked for stands in one of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from training.documents.document import Document, Span

_GAP = "\n\n"


def joined(documents: Sequence[Document]) -> Document:
    """The documents one behind the other, each with its questions and headings; the first one's title is the title."""
    text, placed = "", list[Document]()
    for one in documents:
        text += _GAP if placed else ""
        placed.append(_behind(len(text), one))
        text += one.text
    return replace(
        placed[0],
        text=text,
        questions=tuple(question for one in placed for question in one.questions),
        outline=tuple(heading for one in placed for heading in one.outline),
    )


def _behind(by: int, document: Document) -> Document:
    def place(span: Span) -> Span:
        return span[0] + by, span[1] + by

    return document.moved(document.text, place)

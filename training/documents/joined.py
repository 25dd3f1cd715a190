"""Several documents as one, such as the pages of a folder: what is asked for stands in one of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import accumulate

from training.documents.document import Document, Span

_GAP = "\n\n"


def joined(documents: Sequence[Document]) -> Document:
    """The documents one behind the other, each with its questions and headings; the first one's title is the title."""
    starts = [0, *accumulate(len(one.text) + len(_GAP) for one in documents[:-1])]
    placed = list(zip(starts, documents, strict=True))
    return replace(
        documents[0],
        text=_GAP.join(one.text for one in documents),
        questions=tuple(
            replace(q, spans=tuple(_moved(start, span) for span in q.spans))
            for start, one in placed
            for q in one.questions
        ),
        outline=tuple(
            (*_moved(start, (low, high)), level) for start, one in placed for low, high, level in one.outline
        ),
    )


def _moved(by: int, span: Span) -> Span:
    return span[0] + by, span[1] + by

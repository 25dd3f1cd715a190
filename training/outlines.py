"""Owns what a summary of a document says: its headings in order, and the first telling sentence of each section."""

from __future__ import annotations

import re

from training.documents import Document
from training.documents.reading import line_at, sentences
from training.rows import KEY_CHARACTERS, Entry

_TELLS = re.compile(r"\d")
_LINES = 4
"""Lines of a section in which its key sentence is looked for."""


def entries(document: Document) -> list[Entry]:
    """The document's headings with their key sentences."""
    text, outline = document.text, document.outline
    ends = [start for start, _, _ in outline[1:]] + [len(text)] * bool(outline)
    return [
        Entry(level, (start, end), key_sentence(text, end, section_end, document.lang))
        for (start, end, level), section_end in zip(outline, ends, strict=True)
    ]


def key_sentence(text: str, start: int, end: int, lang: str) -> tuple[int, int] | None:
    """The first short sentence with a figure among the first lines of a section."""
    for _ in range(_LINES):
        start = text.find("\n", start, end) + 1
        if not start:
            return None
        for span in sentences(text, line_at(text, start), lang):
            if span[1] <= end and span[1] - span[0] <= KEY_CHARACTERS and _TELLS.search(text, *span):
                return span
    return None

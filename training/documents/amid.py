"""A synthesised document with real text between its paragraphs: what is asked for then stands among what is not."""

from __future__ import annotations

import re
from bisect import bisect_right
from itertools import accumulate, pairwise
from random import Random

from training.documents.asides import with_asides
from training.documents.chance import some, upto
from training.documents.document import Document, Span
from training.documents.reading import titles

# Where a paragraph ends; tables, lists of values and code have no such places.
_END = re.compile(r"(?<=[。.!?！？])\n+")
_MOST = 4


def amid(rng: Random, document: Document, prose: str) -> Document:
    """The document with lines of the prose at up to four ends of paragraphs; headings of the prose are left out, and
    lines that only look like some are put between."""
    ends = [match.end() for match in _END.finditer(document.text)]
    lines = [line for line in prose.split("\n") if line.strip() and not titles(line)]
    cuts = sorted(some(rng, ends, upto(rng, 1, _MOST)))
    if not cuts or len(lines) < len(cuts):
        return document
    share = len(lines) // len(cuts)
    runs = [lines[number * share : (number + 1) * share] for number in range(len(cuts))]
    pieces = ["\n".join(with_asides(rng, document.lang, run)) + "\n" for run in runs]
    shifts = [0, *accumulate(map(len, pieces))]
    bounds = [0, *cuts, len(document.text)]
    kept = [document.text[low:high] for low, high in pairwise(bounds)]
    text = kept[0] + "".join(piece + part for piece, part in zip(pieces, kept[1:], strict=True))

    def moved(span: Span) -> Span:
        by = shifts[bisect_right(cuts, span[0])]
        return span[0] + by, span[1] + by

    return document.moved(text, moved)

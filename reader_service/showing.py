"""Pages that a reader is shown again behind a question, to read them with the question in mind: what is kept of a
document's pages for that, which of them are shown, and which of their lines are named."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise

from reader_service.model import Geometry, GreyPage, PageSize, Rows, Vision


@dataclass(frozen=True)
class KeptPage:
    """A page without its pixels: its size, and its rows of what the vision tower made of it."""

    size: PageSize
    rows: Rows


def kept_pages(vision: Vision, pages: Sequence[GreyPage], geometry: Geometry) -> list[KeptPage]:
    """Pages that were seen together."""
    ends = accumulate((geometry.vision_tokens(page.size.pixels) for page in pages), initial=0)
    return [KeptPage(page.size, Rows(vision, *span)) for page, span in zip(pages, pairwise(ends), strict=True)]


def nearest_pages(nearness: Sequence[Sequence[float]], most: int) -> list[int]:
    """Numbers of the pages to show, in page order: those whose best line is nearest; of equals the earlier ones.

    `nearness`: of each line of each page, in 0..1; a page without lines has 0.
    """
    best = [max(lines, default=0.0) for lines in nearness]
    return sorted(sorted(range(len(best)), key=lambda page: -best[page])[:most])


def nearest_lines(nearness: Sequence[Sequence[float]], pages: Sequence[int], most: int) -> list[tuple[int, int]]:
    """Lines of these pages to name, as (page, line), the nearest first; of equals the earlier ones, of 0 none."""
    lines = [(page, line) for page in pages for line, near in enumerate(nearness[page]) if near]
    return sorted(lines, key=lambda line: -nearness[line[0]][line[1]])[:most]

"""Multimodal rotary positions (mRoPE) of a prompt, and its cut into chunks: pure arithmetic.

Text moves all three axes on by one a token. A page of h × w vision tokens shares one temporal position, counts rows and
columns from it, and the text after it goes on max(h, w) later (Qwen2-VL, GLM-4.1V).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from reader_service.model import Geometry, GreyPage, PageSize, Positions, Rows


@dataclass(frozen=True)
class Placed:
    """Positions of a prompt, shape (3, tokens), and the position of the token that follows it."""

    positions: Positions
    next_position: int


def text_positions(start: int, tokens: int) -> Positions:
    """Positions of plain text that begins at `start`."""
    return np.broadcast_to(np.arange(start, start + tokens), (3, tokens))


def page_positions(start: int, geometry: Geometry, size: PageSize) -> Positions:
    """Positions of one page's vision tokens, row by row."""
    return start + _grid(size.height_px // geometry.grid_px, size.width_px // geometry.grid_px)


@lru_cache(maxsize=64)
def _grid(rows: int, columns: int) -> Positions:
    """Positions of a page that begins at 0; the same for every page of a size."""
    axes = np.meshgrid([0], np.arange(rows), np.arange(columns), indexing="ij")
    return np.stack(axes).reshape(3, -1).astype(np.int64)


def place_prompt(
    tokens: Sequence[int], image_token: int, geometry: Geometry, pages: Sequence[PageSize], start: int = 0
) -> Placed:
    """Positions of a prompt that begins at `start` and whose runs of `image_token` stand for `pages`, in order."""
    parts: list[Positions] = []
    at, position = 0, start
    is_image = np.asarray(tokens, dtype=np.int64) == image_token
    for page in pages:
        text = int(np.argmax(is_image[at:]))
        parts += [text_positions(position, text), page_positions(position + text, geometry, page)]
        at += text + parts[-1].shape[1]
        position += text + max(page.width_px, page.height_px) // geometry.grid_px
    parts.append(text_positions(position, len(tokens) - at))
    return Placed(np.concatenate(parts, axis=1), position + len(tokens) - at)


def page_groups(pages: Sequence[GreyPage], geometry: Geometry, most_patches: int) -> list[list[GreyPage]]:
    """Consecutive pages whose patches together stay within a limit; a larger page stands alone."""
    groups: list[list[GreyPage]] = []
    filled = most_patches
    for page in pages:
        patches = geometry.patches(page.size.pixels)
        if filled + patches > most_patches:
            groups.append([])
            filled = 0
        groups[-1].append(page)
        filled += patches
    return groups


def group_ends(is_image: npt.NDArray[np.bool_], group_tokens: Sequence[int]) -> list[int]:
    """Where in the prompt each group of pages ends: just behind its last vision token; the last one at the end."""
    places = np.flatnonzero(is_image)
    ends = [int(places[count - 1]) + 1 for count in np.cumsum(group_tokens)]
    return [*ends[:-1], len(is_image)]


def cut_rows(seen: Sequence[Rows], first: int, stop: int) -> list[Rows]:
    """The rows of a prompt's image tokens `first` up to `stop`, when all of them take the rows of `seen` in order."""
    cut: list[Rows] = []
    at = 0  # image tokens before these rows
    for rows in seen:
        shift, at = rows.start - at, at + rows.stop - rows.start
        start, end = max(rows.start, first + shift), min(rows.stop, stop + shift)
        if start < end:
            cut.append(Rows(rows.vision, start, end))
    return cut

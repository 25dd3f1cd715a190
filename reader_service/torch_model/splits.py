"""Arithmetic of split attention: into how many parts a sequence's KV goes, and what they take."""

from __future__ import annotations

MOST_SPLITS = 64
FEW_ROWS = 16
MANY_ROWS = 64
_PROGRAMS_WANTED = 264  # two for each multiprocessor of a large card


def splits_for(sequences: int, tokens: int, heads: int, kv_heads: int) -> int:
    """How many parts a sequence's KV is read in, so that a large card is busy."""
    rows = tokens * (heads // kv_heads)
    programs = sequences * kv_heads * -(-rows // tile_rows(rows))
    return max(1, min(MOST_SPLITS, _PROGRAMS_WANTED // programs))


def split_bytes(most_tokens: int, heads: int, kv_heads: int, dim: int) -> int:
    """Bytes of the parts between the two kernels, at most, for one sequence of up to `most_tokens` new tokens."""
    splits = ((tokens, splits_for(1, tokens, heads, kv_heads)) for tokens in range(1, most_tokens + 1))
    return max(0 if parts == 1 else tokens * heads * parts * (dim + 1) * 4 for tokens, parts in splits)


def tile_rows(rows: int) -> int:
    """Rows of a tile: the matrix unit wants at least 16."""
    return FEW_ROWS if rows <= FEW_ROWS else MANY_ROWS

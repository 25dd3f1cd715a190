"""Attention of one forward pass over paged KV, by the card's kernels."""

from __future__ import annotations

import torch

from reader_service.torch_model.attention import Angles
from reader_service.torch_model.decoder import Heads
from reader_service.torch_model.paged_kv import PagePool


class Paged:
    """Sequences with an equal number of new tokens. `tables` and `lengths` (sequences,) int64: addresses of their
    tables, tokens with the new ones; `slots` (tokens,) int64: where the new ones go, `NOWHERE` for none."""

    def __init__(
        self, pool: PagePool, tables: torch.Tensor, lengths: torch.Tensor, slots: torch.Tensor, angles: Angles,
        heads: Heads,
    ) -> None:  # fmt: skip
        self._pool, self._heads, self._angles = pool, heads, angles
        self._tables, self._lengths, self._slots = tables, lengths, slots

    def __call__(self, layer: int, qkv: torch.Tensor) -> torch.Tensor:
        """See `attention.Attend`."""
        from reader_service.torch_model.kernels import attention, rows

        pool, heads, offset = self._pool, self._heads, layer * self._pool.layer_elements
        query = rows.rotate_into_kv(
            qkv, self._angles, pool.anchor, offset, self._slots,
            heads=heads.query, kv_heads=heads.kv, page=pool.page_tokens,
        )  # fmt: skip
        out = attention.attend(
            query, pool.anchor, offset, self._tables, self._lengths, kv_heads=heads.kv, page=pool.page_tokens
        )
        return out.view(qkv.shape[0], -1)

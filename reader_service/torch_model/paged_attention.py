"""Attention of one forward pass over paged KV, by the card's kernels."""

from __future__ import annotations

import torch

from reader_service.torch_model.attention import Angles
from reader_service.torch_model.decoder import Heads
from reader_service.torch_model.paged_kv import PagePool


class Paged:
    """Sequences with an equal number of new tokens. `tables` and `lengths` (sequences,) int64: addresses of their
    tables, tokens with the new ones; `slots` (tokens,) int64: where the new ones go, `NOWHERE` for none. For `newest`
    see `attention.Attend`."""

    def __init__(
        self, pool: PagePool, tables: torch.Tensor, lengths: torch.Tensor, slots: torch.Tensor, angles: Angles,
        heads: Heads, *, newest: bool = False,
    ) -> None:  # fmt: skip
        self._pool, self._heads, self._angles = pool, heads, angles
        self._tables, self._lengths, self._slots = tables, lengths, slots
        self._newest = newest

    def __call__(self, layer: int, qkv: torch.Tensor) -> torch.Tensor:
        """See `attention.Attend`."""
        from reader_service.torch_model.kernels import attention

        pool, query = self._pool, self.store(layer, qkv)
        if self._newest and layer == pool.shape.layers - 1:
            query = query[-1:]
        out = attention.attend(
            query, pool.anchor, layer * pool.layer_elements, self._tables, self._lengths,
            kv_heads=self._heads.kv, page=pool.page_tokens,
        )  # fmt: skip
        return out.flatten(1)

    def store(self, layer: int, qkv: torch.Tensor) -> torch.Tensor:
        """See `attention.Attend`; queries (tokens, heads, dim)."""
        from reader_service.torch_model.kernels import rows

        pool, heads = self._pool, self._heads
        return rows.rotate_into_kv(
            qkv, self._angles, pool.anchor, layer * pool.layer_elements, self._slots,
            heads=heads.query, kv_heads=heads.kv, page=pool.page_tokens,
        )  # fmt: skip

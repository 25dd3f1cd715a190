"""Owns attention over KV that lies in several places, on a CPU.

One token looks through all places in two products and one softmax. Several tokens go through a flash kernel, which
wants rows, so that keys and values behind them are copied, some places at a time; it also returns the logarithm of its
softmax sum, by which results are merged. That is exact: softmax over a union is the sum of the parts weighted by their
sums.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce

import torch

from reader_service.torch_model.attention import Angles, rotate
from reader_service.torch_model.kv import KvCache

COPIED_PLACES = 1024
"""Places whose keys and values are copied at a time."""
Attended = tuple[torch.Tensor, torch.Tensor]
"""Output (heads, tokens, head_dim) and logarithm of the softmax sum (heads, tokens)."""
Places = tuple[torch.Tensor, torch.Tensor]
"""Keys and values (kv heads, places, head_dim)."""


class InPlace:
    """Sequences whose KV is one stretch of memory each, with an equal number of new tokens."""

    def __init__(self, kvs: Sequence[KvCache], angles: Angles, heads: int, *, newest: bool = False) -> None:
        self._kvs, self._angles, self._heads, self._newest = kvs, angles, heads, newest

    def __call__(self, layer: int, qkv: torch.Tensor) -> torch.Tensor:
        """See `Attend`."""
        query, each = self.store(layer, qkv), qkv.shape[0] // len(self._kvs)
        if self._newest and layer == self._kvs[0].shape.layers - 1:
            out = _attend_kv(query[:, -1:], layer, self._kvs[0], each)
        else:
            spans = (slice(start, start + each) for start in range(0, qkv.shape[0], each))
            parts = [_attend_kv(query[:, span], layer, kv, each) for kv, span in zip(self._kvs, spans, strict=True)]
            out = parts[0] if len(parts) == 1 else torch.cat(parts, dim=1)
        return out.transpose(0, 1).flatten(1)

    def store(self, layer: int, qkv: torch.Tensor) -> torch.Tensor:
        """See `Attend`; queries (heads, tokens, dim)."""
        tokens, shape = qkv.shape[0], self._kvs[0].shape
        states = qkv.view(tokens, -1, shape.head_dim)
        turned = self._heads + shape.heads
        rotated = rotate(states[:, :turned], *self._angles).transpose(0, 1)
        values = states[:, turned:].transpose(0, 1)
        each = tokens // len(self._kvs)
        for number, kv in enumerate(self._kvs):
            span, at = slice(number * each, (number + 1) * each), slice(kv.length, kv.length + each)
            kv.keys[layer, :, at] = rotated[self._heads :, span]
            kv.values[layer, :, at] = values[:, span]
        return rotated[: self._heads]


def _attend_kv(query: torch.Tensor, layer: int, kv: KvCache, tokens: int) -> torch.Tensor:
    """Attention of the newest `tokens` tokens of `kv`, or of the last of them, over all of it and over its parent."""
    behind = [kv.parent.places(layer, 0, kv.parent.length)] if kv.parent is not None else []
    start, end = kv.length, kv.length + tokens
    if query.shape[1] == 1:
        everywhere = [*behind, kv.places(layer, 0, end)]
        if query.dtype is torch.float32:
            return attend_one(query, everywhere)
        # A product would round its scores to this dtype; the flash kernel keeps them in float32.
        return reduce(merge, (attend_all(query, *places) for places in everywhere))[0]
    if start:
        behind.append(kv.places(layer, 0, start))
    own = attend_causal(query, *kv.places(layer, start, end))
    return reduce(merge, (attend_all(query, *places) for places in behind), own)[0]


def attend_one(query: torch.Tensor, places: Sequence[Places]) -> torch.Tensor:
    """The one token of `query` (heads, 1, dim) sees every place; (heads, 1, dim).

    Scores are float32 and take 8 · heads bytes a place, softmax included: `costs.host_bytes` counts them.
    """
    heads, _, dim = query.shape
    folded = query.reshape(places[0][0].shape[0], -1, dim) * dim**-0.5
    scores = torch.cat([torch.bmm(folded, keys.transpose(1, 2)) for keys, _ in places], dim=-1)
    weights = torch.split(scores.softmax(dim=-1), [keys.shape[1] for keys, _ in places], dim=-1)
    out = torch.bmm(weights[0], places[0][1])
    for weight, (_, values) in zip(weights[1:], places[1:], strict=True):
        out.baddbmm_(weight, values)
    return out.view(heads, 1, dim)


def attend_all(query: torch.Tensor, keys: torch.Tensor, values: torch.Tensor) -> Attended:
    """Every query sees every key. `query` (heads, tokens, dim), `keys` (kv heads, places, dim).

    Grouped heads become more tokens of their kv head, which costs nothing where nothing is masked.
    """
    heads, tokens, dim = query.shape
    folded = query.reshape(keys.shape[0], -1, dim)
    some = zip(*(torch.split(all_, COPIED_PLACES, dim=1) for all_ in (keys, values)), strict=True)
    out, log_sum = reduce(merge, (_flash(folded, *places, causal=False) for places in some))
    return out.reshape(heads, tokens, dim), log_sum.reshape(heads, tokens)


def attend_causal(query: torch.Tensor, keys: torch.Tensor, values: torch.Tensor) -> Attended:
    """Token i sees keys up to i; as many keys as queries."""
    group = query.shape[0] // keys.shape[0]
    if group > 1:
        keys, values = keys.repeat_interleave(group, dim=0), values.repeat_interleave(group, dim=0)
    return _flash(query, keys, values, causal=True)


def merge(first: Attended, second: Attended) -> Attended:
    """Attention over the union of two sets of keys."""
    weight = torch.sigmoid(second[1] - first[1]).unsqueeze(-1)
    out = torch.lerp(first[0].float(), second[0].float(), weight).to(first[0].dtype)
    return out, torch.logaddexp(first[1], second[1])


def _flash(query: torch.Tensor, keys: torch.Tensor, values: torch.Tensor, *, causal: bool) -> Attended:
    batched = (query.unsqueeze(0), keys.contiguous().unsqueeze(0), values.contiguous().unsqueeze(0))
    out, log_sum = torch.ops.aten._scaled_dot_product_flash_attention_for_cpu(*batched, 0.0, causal)
    return out[0], log_sum[0, :, : query.shape[1]]

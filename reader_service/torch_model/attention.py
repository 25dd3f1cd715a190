"""Attention over KV that lies in several places (CPU), over pages (card), and over the pages of the vision tower.

On a CPU each place is attended by a flash kernel that also returns the logarithm of its softmax sum; results are merged
by these, which is exact: softmax over a union is the sum of the parts weighted by their sums. Nothing is copied or
masked, and no score matrix is ever held.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Protocol

import torch
from torch.nn import functional as F

from reader_service.torch_model.kv import KvCache

Attended = tuple[torch.Tensor, torch.Tensor]
"""Output (heads, tokens, head_dim) and logarithm of the softmax sum (heads, tokens)."""
Angles = tuple[torch.Tensor, torch.Tensor]
"""Cosines and signed sines (tokens, 1, rotary_dim)."""


class Attend(Protocol):
    """Attention of one forward pass: knows its sequences, their KV and their angles.

    Where only the state after one sequence's newest token is wanted, the last layer attends for that token alone.
    """

    def __call__(self, layer: int, qkv: torch.Tensor) -> torch.Tensor:
        """Stores keys and values, returns (tokens, heads · dim), of the newest token alone where no other is wanted."""

    def store(self, layer: int, qkv: torch.Tensor) -> torch.Tensor:
        """Stores keys and values and attends to nothing; the rotated queries, in an order of its own."""


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
    start, end = kv.length, kv.length + tokens
    parts: list[Attended] = []
    if kv.parent is not None:
        filled = kv.parent.length
        parts.append(attend_all(query, kv.parent.keys[layer, :, :filled], kv.parent.values[layer, :, :filled]))
    keys, values = kv.keys[layer], kv.values[layer]
    if query.shape[1] == 1:
        parts.append(attend_all(query, keys[:, :end], values[:, :end]))
    else:
        if start:
            parts.append(attend_all(query, keys[:, :start], values[:, :start]))
        parts.append(attend_causal(query, keys[:, start:end], values[:, start:end]))
    result = parts[0]
    for part in parts[1:]:
        result = merge(result, part)
    return result[0]


def rotate(states: torch.Tensor, cos: torch.Tensor, sin: torch.Tensor) -> torch.Tensor:
    """Rotates the first dimensions of (tokens, heads, dim), halves paired; `sin` has its first half negated."""
    rotary_dim = cos.shape[-1]
    turned, rest = states[..., :rotary_dim], states[..., rotary_dim:]
    half = rotary_dim // 2
    swapped = torch.cat((turned[..., half:], turned[..., :half]), dim=-1)
    turned = (turned * cos).addcmul_(swapped, sin)
    return torch.cat((turned, rest), dim=-1) if rest.shape[-1] else turned


def attend_all(query: torch.Tensor, keys: torch.Tensor, values: torch.Tensor) -> Attended:
    """Every query sees every key. `query` (heads, tokens, dim), `keys` (kv heads, places, dim).

    Grouped heads become more tokens of their kv head, which costs nothing where nothing is masked.
    """
    heads, tokens, dim = query.shape
    folded = query.reshape(keys.shape[0], -1, dim)
    out, log_sum = _flash(folded, keys, values, causal=False)
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
    batched = (query.unsqueeze(0), keys.unsqueeze(0), values.unsqueeze(0))
    out, log_sum = torch.ops.aten._scaled_dot_product_flash_attention_for_cpu(*batched, 0.0, causal)
    return out[0], log_sum[0, :, : query.shape[1]]


PageAttention = Callable[[torch.Tensor, torch.Tensor, Sequence[int]], torch.Tensor]
"""(qkv (patches, 3, heads, dim), ends of pages on the device, the same as numbers) → (patches, heads, dim)."""


def packed_flash(qkv: torch.Tensor, ends: torch.Tensor, bounds: Sequence[int]) -> torch.Tensor:
    """All pages in torch's one packed kernel (CUDA, half precision)."""
    from torch.nn.attention.varlen import varlen_attn

    query, key, value = qkv.unbind(1)
    longest = max(end - start for start, end in pairwise(bounds))
    out = varlen_attn(query, key, value, ends, ends, longest, longest)
    assert isinstance(out, torch.Tensor)  # a tuple only when asked for more
    return out


def page_by_page(qkv: torch.Tensor, ends: torch.Tensor, bounds: Sequence[int]) -> torch.Tensor:
    """One page after another through SDPA's flash or efficient kernel; the one that holds all scores is forbidden."""
    from torch.nn.attention import SDPBackend, sdpa_kernel

    query, key, value = qkv.permute(1, 2, 0, 3)
    with sdpa_kernel([SDPBackend.FLASH_ATTENTION, SDPBackend.EFFICIENT_ATTENTION]):
        parts = [
            F.scaled_dot_product_attention(*(part[None, :, start:end] for part in (query, key, value)))[0]
            for start, end in pairwise(bounds)
        ]
    return torch.cat(parts, dim=1).transpose(0, 1)


def choose_page_attention(device: torch.device, dtype: torch.dtype) -> tuple[PageAttention, str]:
    """The vision tower's attention and its name, tried once on a small input."""
    if device.type != "cuda" or dtype is torch.float32:
        return page_by_page, "sdpa"
    probe = torch.zeros((32, 3, 1, 64), device=device, dtype=dtype)
    ends = torch.tensor([0, 16, 32], device=device, dtype=torch.int32)
    try:
        packed_flash(probe, ends, (0, 16, 32))
    except (ImportError, RuntimeError):
        return page_by_page, "sdpa"
    return packed_flash, "flash_torch_varlen"

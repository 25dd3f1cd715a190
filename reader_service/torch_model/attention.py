"""What attention is to a forward pass, the rotation of queries and keys, and the vision tower's attention.

Over KV it is host_attention's on a CPU and paged_attention's on a card.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Protocol

import torch
from torch.nn import functional as F

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


def rotate(states: torch.Tensor, cos: torch.Tensor, sin: torch.Tensor) -> torch.Tensor:
    """Rotates the first dimensions of (tokens, heads, dim), halves paired; `sin` has its first half negated."""
    rotary_dim = cos.shape[-1]
    turned, rest = states[..., :rotary_dim], states[..., rotary_dim:]
    half = rotary_dim // 2
    swapped = torch.cat((turned[..., half:], turned[..., :half]), dim=-1)
    turned = (turned * cos).addcmul_(swapped, sin)
    return torch.cat((turned, rest), dim=-1) if rest.shape[-1] else turned


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

"""Attention over KV that lies in several places, and flash attention for pages of the vision tower.

Each place is attended by a flash kernel that also returns the logarithm of its softmax sum; results are merged by
these, which is exact: softmax over a union is the sum of the parts weighted by their sums. Nothing is copied or
masked, and no score matrix is ever held.
"""

from __future__ import annotations

from typing import Any

import torch

Attended = tuple[torch.Tensor, torch.Tensor]
"""Output (heads, tokens, head_dim) and logarithm of the softmax sum (heads, tokens)."""

VARLEN_FLASH = "flash_torch_varlen"
"""The name must contain "flash": transformers packs pages by `cu_seqlens` only then."""


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
    if query.is_cuda and query.dtype is not torch.float32:
        out, log_sum = torch.ops.aten._scaled_dot_product_flash_attention(*batched, 0.0, causal)[:2]
    elif query.is_cuda:  # flash is for half precision; the efficient kernel pads its sums
        out, log_sum = torch.ops.aten._scaled_dot_product_efficient_attention(*batched, None, True, 0.0, causal)[:2]
    else:
        out, log_sum = torch.ops.aten._scaled_dot_product_flash_attention_for_cpu(*batched, 0.0, causal)
    return out[0], log_sum[0, :, : query.shape[1]]


def varlen_flash(
    module: Any, query: torch.Tensor, key: torch.Tensor, value: torch.Tensor, *_: Any, **kwargs: Any
) -> tuple[torch.Tensor, None]:
    """transformers' attention interface on torch's own packed kernel (CUDA only). Shapes (1, heads, tokens, dim)."""
    from torch.nn.attention.varlen import varlen_attn

    query, key, value = (tensor[0].transpose(0, 1) for tensor in (query, key, value))
    ends = kwargs["cu_seq_lens_q"]
    # It arrived as None in one trial; the kernel wants an int.
    longest = int(kwargs.get("max_length_q") or (ends[1:] - ends[:-1]).max())
    out = varlen_attn(query, key, value, ends, ends, longest, longest, scale=kwargs.get("scaling"))
    assert isinstance(out, torch.Tensor)  # a tuple only when asked for more
    return out.unsqueeze(0), None

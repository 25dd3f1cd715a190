"""Bytes from a checkpoint's config. For bf16: Qwen2-VL-7B takes 57,344 B of KV a token, 16,000 B a patch and 97,792 B a
prefilled token; GLM-4.1V-9B 40,960 B of KV. transformers' own passes take 44,160 B a patch and 135,680 B a token."""

from __future__ import annotations

from typing import Any

from reader_service.torch_model.host_attention import COPIED_PLACES
from reader_service.torch_model.linear import TILE_BYTES
from reader_service.torch_model.sampling import ROWS_AT_ONCE
from reader_service.torch_model.splits import split_bytes

_FLOAT = 4
_DRAWING = 12  # numbers a logit that drawing holds at most, the logit itself among them


def kv_bytes_per_token(text: Any, dtype_bytes: int) -> int:
    """Keys and values of all layers."""
    head_dim = text.hidden_size // text.num_attention_heads
    return int(2 * text.num_hidden_layers * text.num_key_value_heads * head_dim * dtype_bytes)


def kept_bytes_per_vision_token(text: Any, dtype_bytes: int, pages_shown_again: int) -> int:
    """What the tower sees, a hidden state, where it is kept to show pages again."""
    return int(text.hidden_size * dtype_bytes) if pages_shown_again else 0


def vision_bytes_per_patch(vision: Any, dtype_bytes: int) -> int:
    """Peak of a block of the tower, which writes over what it can, and the cosines and sines beside it; of a narrow
    tower, of the pixels before them: grey, three channels in float32, and those of every frame.

    Attention holds the hidden state, query, key, value, its result and that result's projection: six states. The wide
    layer holds the hidden state, its norm and the wide state, which counts twice where it is gated.
    """
    width = getattr(vision, "embed_dim", None) or vision.hidden_size
    gated = getattr(vision, "out_hidden_size", None)
    wide = 2 * gated if gated else int(width * vision.mlp_ratio)
    block = dtype_bytes * max(6 * width, 2 * width + wide) + 2 * _FLOAT * (width // vision.num_heads)
    pixels = vision.patch_size**2 * (1 + 3 * _FLOAT + 3 * vision.temporal_patch_size * dtype_bytes)
    return int(max(block, pixels))


def prefill_bytes_per_token(text: Any, dtype_bytes: int) -> int:
    """Peak of a decoder layer: gate and up, written over; three states: the hidden one, its norm or what is added to
    it, and what the tower saw; cosines and sines."""
    head_dim = text.hidden_size // text.num_attention_heads
    return int(dtype_bytes * (2 * text.intermediate_size + 3 * text.hidden_size + 2 * head_dim))


def logits_bytes(text: Any) -> int:
    """Logits of as many rows as are drawn at once, and what sampling makes of them."""
    return ROWS_AT_ONCE * _DRAWING * _FLOAT * int(text.vocab_size)


def beside_bytes(text: Any, prefill_tokens: int, *, widens: bool) -> int:
    """What a card takes for a prefill of any length: parts of split attention, and a tile of widened weights where they
    are held in fewer bits."""
    heads, dim = text.num_attention_heads, text.hidden_size // text.num_attention_heads
    parts = split_bytes(prefill_tokens, heads, text.num_key_value_heads, dim)
    return parts + (TILE_BYTES if widens else 0)


def host_bytes(text: Any, dtype_bytes: int, prefill_tokens: int, total_bytes: int) -> int:
    """What a CPU takes for attention: keys and values of some of a layer's places as rows, repeated for grouped heads
    where they are a chunk's own; or one token's scores and their softmax, over the longest sequence that fits."""
    heads, dim = text.num_attention_heads, text.hidden_size // text.num_attention_heads
    rows = 2 * dim * dtype_bytes * max(COPIED_PLACES * text.num_key_value_heads, prefill_tokens * heads)
    longest = total_bytes // kv_bytes_per_token(text, dtype_bytes)
    return int(max(rows, 2 * heads * _FLOAT * longest))

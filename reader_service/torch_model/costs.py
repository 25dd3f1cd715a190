"""Bytes from a checkpoint's config. The formulas give, for bf16, what was measured on the real shapes:
Qwen2-VL-7B 57,344 B of KV a token, 44,160 B a patch, 135,680 B a prefilled token; GLM-4.1V-9B 40,960 and 53,248 B."""

from __future__ import annotations

from typing import Any

_FLOAT = 4


def kv_bytes_per_token(text: Any, dtype_bytes: int) -> int:
    """Keys and values of all layers."""
    head_dim = text.hidden_size // text.num_attention_heads
    return int(2 * text.num_hidden_layers * text.num_key_value_heads * head_dim * dtype_bytes)


def vision_bytes_per_patch(vision: Any, dtype_bytes: int) -> int:
    """Peak of a block of the tower: while it rotates queries and keys in float32, or inside its wide layer.

    Rotation holds the hidden state, its norm, query, key and value; float32 copies of query and key where the dtype is
    narrower; four float32 temporaries; cosines and sines. The wide layer holds the first two and three wide states.
    """
    width = getattr(vision, "embed_dim", None) or vision.hidden_size
    wide = getattr(vision, "out_hidden_size", None) or int(width * vision.mlp_ratio)
    copies = 2 * _FLOAT if dtype_bytes < _FLOAT else 0
    rotation = width * (5 * dtype_bytes + copies + 4 * _FLOAT) + 2 * _FLOAT * (width // vision.num_heads)
    return int(max(rotation, dtype_bytes * (2 * width + 3 * wide)))


def prefill_bytes_per_token(text: Any, dtype_bytes: int) -> int:
    """Peak of a decoder layer: three states of its wide layer, three hidden states, cosines and sines."""
    head_dim = text.hidden_size // text.num_attention_heads
    return int(dtype_bytes * (3 * text.intermediate_size + 3 * text.hidden_size + 2 * head_dim))


def logits_bytes(text: Any) -> int:
    """Logits of one position, and what sampling makes of them: sorted values, their indices, probabilities."""
    return 8 * _FLOAT * int(text.vocab_size)

"""The language model's forward pass over transformers' weights: one sequence, KV in place, logits of the last token.

Qwen2-VL and GLM-4.1V are one architecture here: GLM adds two norms a layer, rotates part of a head, and pairs
neighbours instead of halves, which a fixed reordering of its query and key rows turns into halves.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch.nn import functional as F

from reader_service.torch_model.attention import Attended, attend_all, attend_causal, merge
from reader_service.torch_model.kv import KvCache, KvShape


@dataclass(frozen=True)
class Heads:
    """How a hidden state splits into heads, and how much of each is rotated."""

    query: int
    kv: int
    dim: int
    rotary_dim: int


@dataclass(frozen=True)
class Layer:
    """Weights of one layer; query, key and value in one matrix, gate and up in another."""

    norm_in: torch.Tensor
    qkv: torch.Tensor
    qkv_bias: torch.Tensor | None
    out: torch.Tensor
    norm_attended: torch.Tensor | None
    norm_mlp: torch.Tensor
    gate_up: torch.Tensor
    down: torch.Tensor
    norm_mlp_out: torch.Tensor | None


class Decoder:
    """Weights and forward pass of the language model."""

    def __init__(self, language_model: Any, head: torch.Tensor) -> None:
        config = language_model.config
        if config.hidden_act != "silu":
            raise ValueError(f"activation {config.hidden_act!r} is not supported")
        self.embedding: torch.Tensor = language_model.embed_tokens.weight.data
        self.head = head
        self._norm: torch.Tensor = language_model.norm.weight.data
        self._eps = float(config.rms_norm_eps)
        self._rotary = _Rotary(language_model.rotary_emb)
        dim = config.hidden_size // config.num_attention_heads
        self.heads = Heads(config.num_attention_heads, config.num_key_value_heads, dim, self._rotary.dim)
        self.layers = [_take(layer, self.heads) for layer in language_model.layers]
        self.kv_shape = KvShape(len(self.layers), self.heads.kv, dim, self.embedding.dtype)

    @property
    def weight_bytes(self) -> int:
        """Bytes of all weights, a head that shares the embedding's counted once."""
        tensors = [self.embedding, self._norm, *(t for layer in self.layers for t in vars(layer).values())]
        own_head = int(self.head.nbytes) if self.head.data_ptr() != self.embedding.data_ptr() else 0
        return own_head + sum(int(tensor.nbytes) for tensor in tensors if tensor is not None)

    def embed(self, tokens: torch.Tensor) -> torch.Tensor:
        """Embeddings (tokens, hidden) of token ids."""
        return F.embedding(tokens, self.embedding)

    def forward(self, hidden: torch.Tensor, positions: torch.Tensor, kv: KvCache) -> torch.Tensor:
        """Appends embeddings (tokens, hidden) at positions (3, tokens) to `kv`; logits (vocabulary,) after the last."""
        cos, sin = self._rotary.angles(positions, hidden.dtype)
        for number, layer in enumerate(self.layers):
            attended = self._attend(layer, number, self._rms(hidden, layer.norm_in), (cos, sin, kv))
            hidden = hidden + self._rms(F.linear(attended, layer.out), layer.norm_attended)
            hidden = hidden + self._rms(_mlp(layer, self._rms(hidden, layer.norm_mlp)), layer.norm_mlp_out)
        kv.length += hidden.shape[0]
        return F.linear(self._rms(hidden[-1], self._norm), self.head).float()

    def _rms(self, hidden: torch.Tensor, weight: torch.Tensor | None) -> torch.Tensor:
        return hidden if weight is None else F.rms_norm(hidden, weight.shape, weight, self._eps)

    def _attend(
        self, layer: Layer, number: int, hidden: torch.Tensor, state: tuple[torch.Tensor, torch.Tensor, KvCache]
    ) -> torch.Tensor:
        cos, sin, kv = state
        heads, tokens = self.heads, hidden.shape[0]
        qkv = F.linear(hidden, layer.qkv, layer.qkv_bias).view(tokens, -1, heads.dim)
        rotated = _rotate(qkv[:, : heads.query + heads.kv], cos, sin).transpose(0, 1)
        span = slice(kv.length, kv.length + tokens)
        kv.keys[number, :, span] = rotated[heads.query :]
        kv.values[number, :, span] = qkv[:, heads.query + heads.kv :].transpose(0, 1)
        out = _attend_kv(rotated[: heads.query], number, kv, tokens)
        return out.transpose(0, 1).reshape(tokens, -1)


def _attend_kv(query: torch.Tensor, number: int, kv: KvCache, tokens: int) -> torch.Tensor:
    """Attention of the newest `tokens` tokens of `kv` over all of it and over its parent."""
    start, end = kv.length, kv.length + tokens
    parts: list[Attended] = []
    if kv.parent is not None:
        filled = kv.parent.length
        parts.append(attend_all(query, kv.parent.keys[number, :, :filled], kv.parent.values[number, :, :filled]))
    keys, values = kv.keys[number], kv.values[number]
    if tokens == 1:
        parts.append(attend_all(query, keys[:, :end], values[:, :end]))
    else:
        if start:
            parts.append(attend_all(query, keys[:, :start], values[:, :start]))
        parts.append(attend_causal(query, keys[:, start:end], values[:, start:end]))
    result = parts[0]
    for part in parts[1:]:
        result = merge(result, part)
    return result[0]


def _mlp(layer: Layer, hidden: torch.Tensor) -> torch.Tensor:
    gate, up = F.linear(hidden, layer.gate_up).chunk(2, dim=-1)
    return F.linear(F.silu(gate).mul_(up), layer.down)


def _rotate(states: torch.Tensor, cos: torch.Tensor, sin: torch.Tensor) -> torch.Tensor:
    """Rotates the first dimensions of (tokens, heads, dim), halves paired; `sin` has its first half negated."""
    rotary_dim = cos.shape[-1]
    turned, rest = states[..., :rotary_dim], states[..., rotary_dim:]
    half = rotary_dim // 2
    swapped = torch.cat((turned[..., half:], turned[..., :half]), dim=-1)
    turned = (turned * cos).addcmul_(swapped, sin)
    return torch.cat((turned, rest), dim=-1) if rest.shape[-1] else turned


class _Rotary:
    """Multimodal rotary angles: each frequency follows one of the three axes."""

    def __init__(self, module: Any) -> None:
        if module.rope_type in ("dynamic", "longrope"):
            raise ValueError(f"rope type {module.rope_type!r} depends on the length and is not supported")
        self._frequencies: torch.Tensor = module.inv_freq.float()
        self._scaling = float(module.attention_scaling)
        self.dim = 2 * self._frequencies.shape[0]
        axes = [axis % 3 for axis, count in enumerate(module.mrope_section) for _ in range(count)]
        self._axes = torch.tensor(axes, device=self._frequencies.device)

    def angles(self, positions: torch.Tensor, dtype: torch.dtype) -> tuple[torch.Tensor, torch.Tensor]:
        """Cosines and signed sines (tokens, 1, rotary_dim) of positions (3, tokens)."""
        turns = positions[self._axes].T.float() * self._frequencies
        cos, sin = turns.cos() * self._scaling, turns.sin() * self._scaling
        cos, sin = torch.cat((cos, cos), dim=-1), torch.cat((-sin, sin), dim=-1)
        return cos.to(dtype).unsqueeze(1), sin.to(dtype).unsqueeze(1)


def _take(layer: Any, heads: Heads) -> Layer:
    """A layer's weights in our form; the module lets go of its own, so that loading never holds two decoders."""
    attention, mlp = layer.self_attn, layer.mlp
    glm = hasattr(layer, "post_self_attn_layernorm")
    weight, bias = _fused(attention, heads, neighbours=glm)
    taken = Layer(
        norm_in=layer.input_layernorm.weight.data,
        qkv=weight,
        qkv_bias=bias,
        out=attention.o_proj.weight.data,
        norm_attended=layer.post_self_attn_layernorm.weight.data if glm else None,
        norm_mlp=layer.post_attention_layernorm.weight.data,
        gate_up=mlp.gate_up_proj.weight.data if glm else torch.cat((mlp.gate_proj.weight, mlp.up_proj.weight)).data,
        down=mlp.down_proj.weight.data,
        norm_mlp_out=layer.post_mlp_layernorm.weight.data if glm else None,
    )
    for parameter in layer.parameters():
        parameter.data = parameter.data.new_empty(0)
    return taken


def _fused(attention: Any, heads: Heads, *, neighbours: bool) -> tuple[torch.Tensor, torch.Tensor | None]:
    """Query, key and value matrices as one, and their biases."""
    projections = (attention.q_proj, attention.k_proj, attention.v_proj)
    weights = [projection.weight.data for projection in projections]
    biases = [projection.bias.data for projection in projections if projection.bias is not None]
    if neighbours:
        weights = [_halves(weights[0], heads), _halves(weights[1], heads), weights[2]]
        biases = [_halves(biases[0], heads), _halves(biases[1], heads), biases[2]] if biases else []
    return torch.cat(weights), torch.cat(biases) if biases else None


def _halves(rows: torch.Tensor, heads: Heads) -> torch.Tensor:
    """Reorders each head's rotated rows from neighbour pairs (0, 1), (2, 3), … to halves (0, n/2), (1, n/2 + 1), …

    Queries and keys alike, so their products do not change.
    """
    order = torch.arange(heads.dim, device=rows.device)
    turned = order[: heads.rotary_dim]
    order = torch.cat((turned[0::2], turned[1::2], order[heads.rotary_dim :]))
    return rows.view(-1, heads.dim, *rows.shape[1:])[:, order].reshape(rows.shape)

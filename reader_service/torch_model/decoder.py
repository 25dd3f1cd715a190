"""The language model's forward pass: packed sequences in, normed states out; attention is an argument.

Qwen2-VL and GLM-4.1V are one architecture here: GLM adds two norms a layer, rotates part of a head, and pairs
neighbours instead of halves, which a fixed reordering of its query and key rows turns into halves.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import torch
from torch.nn import functional as F

from reader_service.torch_model.attention import Angles, Attend
from reader_service.torch_model.checkpoint import Tensors
from reader_service.torch_model.kv import KvShape
from reader_service.torch_model.linear import Dense, Format, Linear, linear, nbytes
from reader_service.torch_model.steps import Steps


@dataclass(frozen=True)
class Heads:
    """How a hidden state splits into heads, and how much of each is rotated."""

    query: int
    kv: int
    dim: int
    rotary_dim: int


@dataclass(frozen=True)
class Formats:
    """How the language model's weights are held."""

    layers: Format = Format.PLAIN
    head: Format = Format.PLAIN
    embedding_on_host: bool = False


@dataclass(frozen=True)
class Layer:
    """Weights of one layer; query, key and value in one matrix, gate and up in another."""

    norm_in: torch.Tensor
    qkv: Linear
    out: Linear
    norm_attended: torch.Tensor | None
    norm_mlp: torch.Tensor
    gate_up: Linear
    down: Linear
    norm_mlp_out: torch.Tensor | None

    @property
    def nbytes(self) -> int:
        """Bytes of its weights."""
        norms = (self.norm_in, self.norm_attended, self.norm_mlp, self.norm_mlp_out)
        return nbytes(self.qkv, self.out, self.gate_up, self.down) + sum(n.nbytes for n in norms if n is not None)


class Decoder:
    """Weights and forward pass of the language model."""

    def __init__(self, config: Any, rotary: Any, tensors: Tensors, formats: Formats, steps: Steps) -> None:
        if config.hidden_act != "silu":
            raise ValueError(f"activation {config.hidden_act!r} is not supported")
        self._steps, self._eps = steps, float(config.rms_norm_eps)
        embedding = tensors.take("language_model.embed_tokens.weight")
        self.device = embedding.device
        self.rotary = Rotary(rotary, self.device)
        dim = config.hidden_size // config.num_attention_heads
        self.heads = Heads(config.num_attention_heads, config.num_key_value_heads, dim, self.rotary.dim)
        self._norm = tensors.take("language_model.norm.weight")
        self.head = _head(tensors, embedding, formats.head)
        if isinstance(self.head, Dense) and not tensors.has("lm_head.weight"):
            embedding = self.head.weight  # tied: held once, as the head wants it
        self.embedding = _on_host(embedding) if formats.embedding_on_host and embedding.is_cuda else embedding
        del embedding
        self.layers = [
            _layer(tensors, f"language_model.layers.{number}.", self.heads, formats.layers)
            for number in range(config.num_hidden_layers)
        ]
        self.kv_shape = KvShape(len(self.layers), self.heads.kv, dim, self._norm.dtype)

    @property
    def weight_bytes(self) -> int:
        """Bytes on the device, a head that shares the embedding's counted once."""
        embedding = self.embedding.nbytes if self.embedding.device == self.device else 0
        tied = isinstance(self.head, Dense) and self.head.weight.data_ptr() == self.embedding.data_ptr()
        layers = sum(layer.nbytes for layer in self.layers)
        return int(embedding + self._norm.nbytes + layers + (0 if tied else nbytes(self.head)))

    def products(self) -> Iterator[Linear]:
        """Every matrix product of a token."""
        for layer in self.layers:
            yield from (layer.qkv, layer.out, layer.gate_up, layer.down)
        yield self.head

    def embed(self, tokens: torch.Tensor) -> torch.Tensor:
        """Embeddings (tokens, hidden) on the device; `tokens` lie where the embedding does."""
        return F.embedding(tokens, self.embedding).to(self.device, non_blocking=True)

    def embed_drawn(self, tokens: torch.Tensor, drawn: torch.Tensor) -> torch.Tensor:
        """Embeddings (rows, hidden) of `tokens` (rows,) on the device; -1 - r stands for the token `drawn[r]`.

        On a card it reads the embeddings where they lie, on the host as well, so that it fits into a graph.
        """
        return self._steps.embed_drawn(tokens, drawn, self.embedding)

    def forward(self, hidden: torch.Tensor, attend: Attend) -> torch.Tensor:
        """Normed states (tokens, hidden) of embeddings (tokens, hidden), which are written over; (1, hidden) where
        `attend` is for the newest token alone."""
        hidden, delta = self._through(len(self.layers), hidden, attend)
        return self._steps.add_norm(hidden, delta, self._norm, self._eps)

    def remember(self, hidden: torch.Tensor, attend: Attend) -> None:
        """Stores the keys and values of embeddings (tokens, hidden), which are written over. Nothing follows the last
        layer, so all but its keys and values is left out."""
        number, last = len(self.layers) - 1, self.layers[-1]
        hidden, delta = self._through(number, hidden, attend)
        attend.store(number, last.qkv(self._steps.add_norm(hidden, delta, last.norm_in, self._eps)))

    def _through(
        self, layers: int, hidden: torch.Tensor, attend: Attend
    ) -> tuple[torch.Tensor, torch.Tensor | None]:  # fmt: skip
        """The states that so many layers attend for, and what the last of them adds."""
        steps, eps = self._steps, self._eps
        delta: torch.Tensor | None = None
        for number, layer in enumerate(self.layers[:layers]):
            normed, delta = steps.add_norm(hidden, delta, layer.norm_in, eps), None
            delta = self._normed(layer.out(attend(number, layer.qkv(normed))), layer.norm_attended)
            hidden = hidden[-delta.shape[0] :]
            normed, delta = steps.add_norm(hidden, delta, layer.norm_mlp, eps), None
            wide = steps.gate(layer.gate_up(normed))
            del normed  # two states beside the wide one, no more: see costs.prefill_bytes_per_token
            delta = layer.down(wide)
            del wide
            delta = self._normed(delta, layer.norm_mlp_out)
        return hidden, delta

    def logits(self, normed: torch.Tensor) -> torch.Tensor:
        """float32 logits (rows, vocabulary) of normed states."""
        return self.head(normed).float()

    def _normed(self, states: torch.Tensor, weight: torch.Tensor | None) -> torch.Tensor:
        return states if weight is None else self._steps.add_norm(states, None, weight, self._eps)


class Rotary:
    """Multimodal rotary angles: each frequency follows one of the three axes."""

    def __init__(self, module: Any, device: torch.device) -> None:
        if module.rope_type in ("dynamic", "longrope"):
            raise ValueError(f"rope type {module.rope_type!r} depends on the length and is not supported")
        self._frequencies: torch.Tensor = module.inv_freq.float().to(device)
        self._scaling = float(module.attention_scaling)
        self.dim = 2 * self._frequencies.shape[0]
        axes = [axis % 3 for axis, count in enumerate(module.mrope_section) for _ in range(count)]
        self._axes = torch.tensor(axes, device=device)

    def angles(self, positions: torch.Tensor, dtype: torch.dtype) -> Angles:
        """Cosines and signed sines (tokens, 1, rotary_dim) of positions (3, tokens)."""
        return self._angles(positions[self._axes].T, dtype)

    def text_angles(self, positions: torch.Tensor, dtype: torch.dtype) -> Angles:
        """The same for positions (tokens,) that are equal on all axes."""
        return self._angles(positions.unsqueeze(1), dtype)

    def _angles(self, positions: torch.Tensor, dtype: torch.dtype) -> Angles:
        turns = positions.float() * self._frequencies
        cos, sin = turns.cos() * self._scaling, turns.sin() * self._scaling
        cos, sin = torch.cat((cos, cos), dim=-1), torch.cat((-sin, sin), dim=-1)
        return cos.to(dtype).unsqueeze(1), sin.to(dtype).unsqueeze(1)


def _head(tensors: Tensors, embedding: torch.Tensor, form: Format) -> Linear:
    own = tensors.has("lm_head.weight")
    return linear(tensors.take("lm_head.weight") if own else embedding, None, form)


def _on_host(embedding: torch.Tensor) -> torch.Tensor:
    """A pinned copy; rows are gathered there and sent."""
    return torch.empty_like(embedding, device="cpu", pin_memory=True).copy_(embedding)


def _layer(tensors: Tensors, at: str, heads: Heads, form: Format) -> Layer:
    """One layer's weights in our form, matrix by matrix, so that loading holds one of them twice and no more."""
    glm = tensors.has(f"{at}post_self_attn_layernorm.weight")

    def matrix(*names: str) -> Linear:
        return linear(*_stacked(tensors, [at + name for name in names], heads, neighbours=glm), form)

    def norm(name: str, *, there: bool = True) -> torch.Tensor | None:
        return tensors.take(f"{at}{name}.weight") if there else None

    gate_up = ("mlp.gate_up_proj",) if glm else ("mlp.gate_proj", "mlp.up_proj")
    return Layer(
        norm_in=tensors.take(f"{at}input_layernorm.weight"),
        qkv=matrix("self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj"),
        out=matrix("self_attn.o_proj"),
        norm_attended=norm("post_self_attn_layernorm", there=glm),
        norm_mlp=tensors.take(f"{at}post_attention_layernorm.weight"),
        gate_up=matrix(*gate_up),
        down=matrix("mlp.down_proj"),
        norm_mlp_out=norm("post_mlp_layernorm", there=glm),
    )


def _stacked(
    tensors: Tensors, names: list[str], heads: Heads, *, neighbours: bool
) -> tuple[torch.Tensor, torch.Tensor | None]:
    """Matrices as one, and their biases."""

    def rows(name: str, kind: str) -> torch.Tensor:
        taken = tensors.take(f"{name}.{kind}")
        turned = neighbours and name.endswith(("q_proj", "k_proj"))
        return _halves(taken, heads) if turned else taken

    biases = [rows(name, "bias") for name in names if tensors.has(f"{name}.bias")]
    weights = [rows(name, "weight") for name in names]
    weight = weights[0] if len(weights) == 1 else torch.cat(weights)
    return weight, torch.cat(biases) if biases else None


def _halves(rows: torch.Tensor, heads: Heads) -> torch.Tensor:
    """Reorders each head's rotated rows from neighbour pairs (0, 1), (2, 3), … to halves (0, n/2), (1, n/2 + 1), …

    Queries and keys alike, so their products do not change.
    """
    order = torch.arange(heads.dim, device=rows.device)
    turned = order[: heads.rotary_dim]
    order = torch.cat((turned[0::2], turned[1::2], order[heads.rotary_dim :]))
    return rows.view(-1, heads.dim, *rows.shape[1:])[:, order].reshape(rows.shape)

"""Owns the training-time forward pass over the modules of transformers' Qwen2-VL.

The checkpoint's own modules hold the weights; this file only walks them in batches of equal pages, which is what makes
a step cheap, and hands out the attention logits that supervision pulls on. A test holds it equal to transformers.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from transformers import Qwen2VLForConditionalGeneration


@dataclass(frozen=True, slots=True)
class Shape:
    """Equal geometry of every example in a batch: pages × (rows × columns) vision tokens, then text."""

    pages: int
    rows: int
    columns: int
    text: int

    @property
    def cells(self) -> int:
        """Vision tokens of one page."""
        return self.rows * self.columns

    @property
    def prefix(self) -> int:
        """Tokens before the text: start, then per page its anchor, vision start, cells, vision end."""
        return 1 + self.pages * (self.cells + 3)


def cell_index(shape: Shape, device: torch.device) -> Tensor:
    """Sequence positions of all vision tokens, in reading order of pages: (pages * cells,)."""
    page = torch.arange(shape.pages, device=device)[:, None] * (shape.cells + 3) + 3
    return (page + torch.arange(shape.cells, device=device)).reshape(-1)


def positions(shape: Shape, where: Tensor) -> Tensor:
    """mRoPE positions (3, batch, sequence) of time, height and width, as Qwen2-VL counts them.

    where: (3, batch, text) how far behind the prefix the text stands.
    """
    device = where.device
    step = 2 + max(shape.rows, shape.columns) + 1
    start = torch.arange(shape.pages, device=device)[:, None] * step + 1
    cell = torch.arange(shape.cells, device=device)
    head, tail = start + torch.arange(2, device=device), start + step - 1
    offsets = torch.stack([torch.zeros_like(cell), cell // shape.columns, cell % shape.columns])
    vision = (start + 2)[None] + offsets[:, None]
    page = torch.cat([head.expand(3, -1, -1), vision, tail.expand(3, -1, -1)], dim=2).reshape(3, -1)
    prefix = torch.cat([torch.zeros(3, 1, device=device, dtype=page.dtype), page], dim=1)
    text = 1 + shape.pages * step + where
    return torch.cat([prefix[:, None].expand(3, where.shape[1], -1), text], dim=2)


def _rotate_half(x: Tensor) -> Tensor:
    a, b = x.chunk(2, dim=-1)
    return torch.cat((-b, a), dim=-1)


def _rope(x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    return (x.float() * cos + _rotate_half(x.float()) * sin).to(x.dtype)


class VisionBlock(nn.Module):
    """One tower layer over a batch of equal pages: (pages, patches, width) → same."""

    block: Any

    def __init__(self, block: nn.Module, heads: int) -> None:
        super().__init__()
        self.block, self.heads = block, heads

    def forward(self, x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
        """cos, sin: (patches, head width)."""
        b = self.block
        pages, patches, width = x.shape
        qkv = b.attn.qkv(b.norm1(x)).reshape(pages, patches, 3, self.heads, -1).permute(2, 0, 3, 1, 4)
        q, k, v = _rope(qkv[0], cos, sin), _rope(qkv[1], cos, sin), qkv[2]
        mixed = F.scaled_dot_product_attention(q, k, v).transpose(1, 2).reshape(pages, patches, width)
        x = x + b.attn.proj(mixed)
        hidden = b.mlp.fc1(b.norm2(x))
        return x + b.mlp.fc2(hidden * torch.sigmoid(1.702 * hidden))


class DecoderBlock(nn.Module):
    """One decoder layer: (batch, sequence, width) → same, and q, k after rotation for supervision."""

    layer: Any

    def __init__(self, layer: nn.Module, heads: int, eps: float, dropout: float) -> None:
        super().__init__()
        self.layer, self.heads, self.eps, self.dropout = layer, heads, eps, dropout

    def forward(self, x: Tensor, cos: Tensor, sin: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """cos, sin: (batch, 1, sequence, head width)."""
        layer = self.layer
        batch, length, width = x.shape
        normed = F.rms_norm(x, (width,), layer.input_layernorm.weight, self.eps)
        attn = layer.self_attn

        def split(y: Tensor) -> Tensor:
            return y.view(batch, length, self.heads, -1).transpose(1, 2)

        q, k = _rope(split(attn.q_proj(normed)), cos, sin), _rope(split(attn.k_proj(normed)), cos, sin)
        mixed = F.scaled_dot_product_attention(q, k, split(attn.v_proj(normed)), is_causal=True)
        x = x + self._dropped(attn.o_proj(mixed.transpose(1, 2).reshape(batch, length, width)))
        normed = F.rms_norm(x, (width,), layer.post_attention_layernorm.weight, self.eps)
        wide = F.silu(layer.mlp.gate_proj(normed)) * layer.mlp.up_proj(normed)
        return x + self._dropped(layer.mlp.down_proj(wide)), q, k

    def _dropped(self, delta: Tensor) -> Tensor:
        """What a half of the layer adds; some of it only, where gradients are taken."""
        return F.dropout(delta, self.dropout) if self.dropout and torch.is_grad_enabled() else delta


@dataclass(frozen=True)
class Trace:
    """What one decoder pass leaves for supervision; lists are by layer."""

    hidden: list[Tensor]
    queries: list[Tensor]
    keys: list[Tensor]
    final: Tensor


class Network(nn.Module):
    """Batched forward pass over the weights of one Qwen2-VL model. `dropout`: share of what decoder layers add."""

    def __init__(self, model: Qwen2VLForConditionalGeneration, dropout: float = 0.0) -> None:
        super().__init__()
        self.model = model
        config: Any = model.config
        self.config, vision, text = config, config.vision_config, config.text_config
        self.vision_heads, self.sections = vision.num_heads, text.rope_parameters["mrope_section"]
        self.theta, self.eps = text.rope_parameters["rope_theta"], text.rms_norm_eps
        self.head_width = text.hidden_size // text.num_attention_heads
        self.tower = nn.ModuleList(VisionBlock(b, vision.num_heads) for b in model.model.visual.blocks)
        layers = model.model.language_model.layers
        self.decoder = nn.ModuleList(DecoderBlock(x, text.num_attention_heads, self.eps, dropout) for x in layers)

    def compile_blocks(self) -> None:
        """Compile block by block: equal blocks share their code, so that start-up stays short."""
        for block in (*self.tower, *self.decoder):
            block.compile(dynamic=True)

    def see(self, pages: Tensor) -> Tensor:
        """pages: (n, height, width) uint8 grey → (n, cells, decoder width)."""
        n, height, width = pages.shape
        grid = pages.view(n, height // 28, 2, 14, width // 28, 2, 14).permute(0, 1, 4, 2, 5, 3, 6)
        patches = grid.reshape(n, -1, 196).float() / 127.5 - 1.0
        visual = self.model.model.visual
        # Grey pages repeat themselves over colour and time, so the convolution's taps add up.
        x = F.linear(patches, visual.patch_embed.proj.weight.sum(dim=(1, 2)).view(-1, 196))
        cos, sin = self._vision_angles(height // 14, width // 14, pages.device)
        for block in self.tower:
            x = block(x, cos, sin)
        merger = visual.merger
        return merger.mlp(merger.ln_q(x).view(n, -1, 4 * x.shape[-1]))

    def _vision_angles(self, rows: int, columns: int, device: torch.device) -> tuple[Tensor, Tensor]:
        width = self.config.vision_config.embed_dim // self.vision_heads // 2
        inverse = 10000.0 ** (-torch.arange(0, width, 2, device=device).float() / width)
        row = torch.arange(rows, device=device)[:, None].expand(rows, columns)
        column = torch.arange(columns, device=device)[None].expand(rows, columns)

        def merged(x: Tensor) -> Tensor:
            return x.reshape(rows // 2, 2, columns // 2, 2).permute(0, 2, 1, 3).reshape(-1)

        angles = torch.cat([merged(row)[:, None] * inverse, merged(column)[:, None] * inverse], dim=1)
        angles = torch.cat([angles, angles], dim=1)
        return angles.cos(), angles.sin()

    def think(self, seen: Tensor, ids: Tensor, shape: Shape, again: Tensor, where: Tensor) -> Trace:
        """seen: (batch, pages * cells, width); ids: (batch, sequence), any id at the cells → trace of all layers.

        again: (batch, text) which cell of `seen` is shown there once more, negative where none is; where: `positions`.
        """
        x = F.embedding(ids, self.model.model.language_model.embed_tokens.weight)
        index, seen = cell_index(shape, ids.device), seen.to(x.dtype)
        shown = seen.gather(1, again.clamp(min=0)[..., None].expand(-1, -1, seen.shape[-1]))
        text = torch.where(again[..., None] >= 0, shown, x[:, shape.prefix :])
        x = torch.cat([x[:, : shape.prefix].index_copy(1, index, seen), text], dim=1)
        cos, sin = self._text_angles(positions(shape, where))
        hidden, queries, keys = [], [], []
        for block in self.decoder:
            x, q, k = block(x, cos, sin)
            hidden.append(x)
            queries.append(q)
            keys.append(k)
        norm = self.model.model.language_model.norm.weight
        return Trace(hidden, queries, keys, F.rms_norm(x, (x.shape[-1],), norm, self.eps))

    def _text_angles(self, where: Tensor) -> tuple[Tensor, Tensor]:
        width = self.head_width
        inverse = self.theta ** (-torch.arange(0, width, 2, device=where.device).float() / width)
        angles = where[..., None].float() * inverse
        parts = angles.split(self.sections, dim=-1)
        mixed = torch.cat([part[i] for i, part in enumerate(parts)], dim=-1)
        mixed = torch.cat([mixed, mixed], dim=-1)[:, None]
        return mixed.cos(), mixed.sin()

    def logits(self, final: Tensor) -> Tensor:
        """Next-token logits over the tied embedding: (..., width) → (..., vocabulary)."""
        return F.linear(final, self.model.model.language_model.embed_tokens.weight)

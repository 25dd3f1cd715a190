"""The row-wise steps between matrix products: torch's on a CPU, one kernel each on a card."""

from __future__ import annotations

from typing import Protocol

import torch
from torch.nn import functional as F


class Steps(Protocol):
    """See `TorchSteps`."""

    def add_norm(
        self, hidden: torch.Tensor, delta: torch.Tensor | None, weight: torch.Tensor, eps: float,
        bias: torch.Tensor | None = None,
    ) -> torch.Tensor:  # fmt: skip
        """Adds `delta` to `hidden` (rows, width) in place, where there is one; returns the RMS norm of the sum, or its
        layer norm where there is a bias."""

    def gate(self, gate_up: torch.Tensor) -> torch.Tensor:
        """silu(first half) · second half of (rows, 2 · width); may write over its input."""

    def quick_gelu(self, states: torch.Tensor) -> torch.Tensor:
        """x · sigmoid(1.702 x), in place."""

    def embed_drawn(self, tokens: torch.Tensor, drawn: torch.Tensor, table: torch.Tensor) -> torch.Tensor:
        """Rows of `table` for tokens (rows,); -1 - r stands for the token `drawn[r]`."""

    def rotate_pages(self, qkv: torch.Tensor, cos: torch.Tensor, sin: torch.Tensor) -> None:
        """Rotates queries and keys of (tokens, 3, heads, dim) in place by (tokens, dim) float32."""


class TorchSteps:
    """Plain torch, any device."""

    def add_norm(
        self, hidden: torch.Tensor, delta: torch.Tensor | None, weight: torch.Tensor, eps: float,
        bias: torch.Tensor | None = None,
    ) -> torch.Tensor:  # fmt: skip
        """See `Steps`."""
        if delta is not None:
            hidden.add_(delta)
        if bias is not None:
            return F.layer_norm(hidden, weight.shape, weight, bias, eps)
        return F.rms_norm(hidden, weight.shape, weight, eps)

    def gate(self, gate_up: torch.Tensor) -> torch.Tensor:
        """See `Steps`."""
        gate, up = gate_up.chunk(2, dim=-1)
        return F.silu(gate).mul_(up)

    def quick_gelu(self, states: torch.Tensor) -> torch.Tensor:
        """See `Steps`."""
        return states.mul_((states * 1.702).sigmoid_())

    def embed_drawn(self, tokens: torch.Tensor, drawn: torch.Tensor, table: torch.Tensor) -> torch.Tensor:
        """See `Steps`."""
        follows = tokens < 0
        known = torch.where(follows, drawn.long()[torch.where(follows, -1 - tokens, 0)], tokens)
        return F.embedding(known, table)

    def rotate_pages(self, qkv: torch.Tensor, cos: torch.Tensor, sin: torch.Tensor) -> None:
        """See `Steps`."""
        half = qkv.shape[-1] // 2
        cos, sin = cos[:, None, None, :half], sin[:, None, None, :half]
        low, high = qkv[:, :2, :, :half].float(), qkv[:, :2, :, half:].float()
        qkv[:, :2] = torch.cat((low * cos - high * sin, high * cos + low * sin), dim=-1)


def steps_for(device: torch.device) -> Steps:
    """The fastest steps there."""
    if device.type != "cuda":
        return TorchSteps()
    from reader_service.torch_model.kernels import rows

    return rows  # a module of functions with these names

"""Muon with all matrices of a shape at once: a network of many small ones waits for launches otherwise.

Keller Jordan's optimiser (https://kellerjordan.github.io/posts/muon/): the momentum's nearest orthogonal matrix, by
five steps after Newton and Schulz, scaled to the size of AdamW's updates (https://arxiv.org/abs/2502.16982). As
`torch.optim.Muon` with `match_rms_adamw`, which takes one matrix after the other; a test holds both equal.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import torch
from torch import Tensor

COEFFICIENTS = (3.4445, -4.7750, 2.0315)
"""Of a step's polynomial, which lifts all singular values towards 1."""
STEPS = 5
MOMENTUM = 0.95
SCALE = 0.2
"""What the root mean square of AdamW's updates is about."""


class Muon(torch.optim.Optimizer):
    """For matrices only. `lr` is AdamW's; `weight_decay` is decoupled."""

    def __init__(self, params: Iterable[dict[str, Any]], lr: float, weight_decay: float) -> None:
        super().__init__(params, {"lr": lr, "weight_decay": weight_decay})

    @torch.no_grad()
    def step(self, closure: Callable[[], float] | None = None) -> None:  # type: ignore[override]
        """One update of every matrix that has a gradient."""
        assert closure is None
        for group in self.param_groups:
            shapes: dict[tuple[int, ...], list[Tensor]] = {}
            for param in group["params"]:
                if param.grad is not None:
                    shapes.setdefault(tuple(param.shape), []).append(param)
            for shape, params in shapes.items():
                updates = orthogonal(torch.stack(self._momenta(params)))
                torch._foreach_mul_(params, 1.0 - group["lr"] * group["weight_decay"])
                size = SCALE * max(shape) ** 0.5
                torch._foreach_add_(params, list(updates.to(params[0].dtype).unbind()), alpha=-group["lr"] * size)

    def _momenta(self, params: Sequence[Tensor]) -> tuple[Tensor, ...]:
        """Nesterov's momenta of their gradients."""
        grads = [param.grad for param in params if param.grad is not None]
        for param in params:
            if not self.state[param]:
                self.state[param]["momentum_buffer"] = torch.zeros_like(param)
        held = [self.state[param]["momentum_buffer"] for param in params]
        torch._foreach_lerp_(held, grads, 1.0 - MOMENTUM)
        return torch._foreach_lerp(grads, held, MOMENTUM)


def orthogonal(matrices: Tensor) -> Tensor:
    """About the nearest orthogonal matrices of (count, rows, columns)."""
    a, b, c = COEFFICIENTS
    x = matrices.bfloat16() if matrices.is_cuda else matrices
    tall = x.shape[1] > x.shape[2]
    x = x.mT if tall else x
    x = x / x.norm(dim=(1, 2), keepdim=True).clamp(min=1e-7)
    for _ in range(STEPS):
        gram = x @ x.mT
        x = torch.baddbmm(x, torch.baddbmm(gram, gram, gram, beta=b, alpha=c), x, beta=a)
    return x.mT if tall else x

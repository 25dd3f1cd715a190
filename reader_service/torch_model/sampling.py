"""Drawing a token from logits: greedy, temperature, top-p, top-k, repetition penalty, seed."""

from __future__ import annotations

import torch

from reader_service.model import Drawn, Sampling


class TokenSampler:
    """Drawing state of one answer."""

    def __init__(self, sampling: Sampling) -> None:
        self._sampling = sampling
        self._drawn: set[int] = set()
        # On the CPU, so that a seed gives the same draw on every device.
        self._generator = torch.Generator().manual_seed(sampling.seed & (2**63 - 1))

    def draw(self, logits: torch.Tensor) -> Drawn:
        """Draws from logits (vocabulary,) float32. The probability told is the model's own."""
        wanted = self._penalised(logits)
        token = int(wanted.argmax()) if self._sampling.temperature <= 0 else self._random(wanted)
        self._drawn.add(token)
        return Drawn(token, float(logits[token] - logits.logsumexp(dim=-1)))

    def _penalised(self, logits: torch.Tensor) -> torch.Tensor:
        penalty = self._sampling.repetition_penalty
        if penalty == 1.0 or not self._drawn:
            return logits
        seen = torch.tensor(sorted(self._drawn), device=logits.device)
        values = logits[seen]
        return logits.index_put((seen,), torch.where(values > 0, values / penalty, values * penalty))

    def _random(self, logits: torch.Tensor) -> int:
        """Temperature, then top-k, then top-p: the smallest set of likeliest tokens with that mass."""
        scaled, order = (logits / self._sampling.temperature).sort(descending=True)
        if self._sampling.top_k:
            scaled = scaled[: self._sampling.top_k]
        probabilities = scaled.softmax(dim=-1)
        before = probabilities.cumsum(dim=-1) - probabilities
        kept = probabilities.masked_fill(before >= self._sampling.top_p, 0.0)
        kept[0] = probabilities[0]  # the likeliest stays whatever the mass
        return int(order[torch.multinomial(kept.cpu(), 1, generator=self._generator)])

"""Drawing tokens from logits, many answers at once: greedy, temperature, top-p, top-k, repetition penalty, seed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch

from reader_service.model import Drawn, Leaning, Sampling

ROWS_AT_ONCE = 8
"""Sorting a large vocabulary takes megabytes a row, which the budget sets aside for so many rows."""


class TokenSampler:
    """Drawing state of one answer."""

    def __init__(self, sampling: Sampling) -> None:
        self.sampling = sampling
        self._drawn: set[int] = set()
        self.leaning: Leaning = {}  # of the next draw
        # On the CPU, so that a seed gives the same draw on every device.
        self._generator = torch.Generator().manual_seed(sampling.seed & (2**63 - 1))

    @property
    def random(self) -> bool:
        """Whether chance has a part in it."""
        return self.sampling.temperature > 0

    @property
    def plain(self) -> bool:
        """Whether the likeliest token is the one."""
        return self.sampling.plain and not self.leaning

    @property
    def penalised(self) -> list[int]:
        """Tokens that the repetition penalty holds back."""
        return sorted(self._drawn) if self.sampling.repetition_penalty != 1.0 else []

    def chance(self) -> float:
        """A number in 0..1."""
        return float(torch.rand((), generator=self._generator))

    def note(self, token: int) -> None:
        """Remembers a token that was drawn. What that draw leaned to is over."""
        self._drawn.add(token)
        self.leaning = {}


@dataclass(frozen=True)
class Said:
    """What a forward pass says about the next token of each row."""

    logits: torch.Tensor  # (rows, vocabulary), float32
    told: torch.Tensor | None = None  # `likeliest` of it, on the host, where the pass has copied it there already


def likeliest(logits: torch.Tensor) -> torch.Tensor:
    """The likeliest token of each row and its log probability, (2, rows) float64 on the same device."""
    best = logits.max(-1)
    return torch.stack((best.indices.double(), (best.values - logits.logsumexp(-1)).double()))


def drawn(said: Said, samplers: Sequence[TokenSampler]) -> list[Drawn]:
    """One token a row; on a card the pass is over."""
    if said.told is None or not all(sampler.plain for sampler in samplers):
        return draw(said.logits, samplers)
    tokens, logs = said.told.tolist()
    return [Drawn(int(token), log) for token, log in zip(tokens, logs, strict=True)]


def draw(logits: torch.Tensor, samplers: Sequence[TokenSampler]) -> list[Drawn]:
    """One token a row of float32 logits (rows, vocabulary). The probabilities told are those before penalty and
    temperature."""
    starts = range(0, len(samplers), ROWS_AT_ONCE)
    groups = [_draw_some(logits[at : at + ROWS_AT_ONCE], samplers[at : at + ROWS_AT_ONCE]) for at in starts]
    drawn = [one for group in groups for one in group]
    for one, sampler in zip(drawn, samplers, strict=True):
        sampler.note(one.token)
    return drawn


def _draw_some(logits: torch.Tensor, samplers: Sequence[TokenSampler]) -> list[Drawn]:
    logits = _leant(logits, samplers)
    wanted = _penalised(logits, samplers)
    tokens = wanted.argmax(-1)
    random = [row for row, sampler in enumerate(samplers) if sampler.random]
    if random:
        tokens[random] = _random(wanted[random], [samplers[row] for row in random])
    chosen = logits.gather(1, tokens.unsqueeze(1)).squeeze(1) - logits.logsumexp(-1)
    return [Drawn(int(token), float(log)) for token, log in zip(tokens.tolist(), chosen.tolist(), strict=True)]


def _penalised(logits: torch.Tensor, samplers: Sequence[TokenSampler]) -> torch.Tensor:
    held = [(row, token, s.sampling.repetition_penalty) for row, s in enumerate(samplers) for token in s.penalised]
    if not held:
        return logits
    rows, seen, by = zip(*held, strict=True)
    place = (torch.tensor(rows, device=logits.device), torch.tensor(seen, device=logits.device))
    penalty, values = torch.tensor(by, device=logits.device), logits[place]
    return logits.index_put(place, torch.where(values > 0, values / penalty, values * penalty))


def _leant(logits: torch.Tensor, samplers: Sequence[TokenSampler]) -> torch.Tensor:
    by = [(row, token, value) for row, sampler in enumerate(samplers) for token, value in sampler.leaning.items()]
    if not by:
        return logits
    rows, tokens, values = zip(*by, strict=True)
    place = (torch.tensor(rows, device=logits.device), torch.tensor(tokens, device=logits.device))
    return logits.index_put(place, torch.tensor(values, device=logits.device), accumulate=True)


def _random(logits: torch.Tensor, samplers: Sequence[TokenSampler]) -> torch.Tensor:
    """Temperature, then top-k, then top-p: the smallest set of likeliest tokens with that mass."""
    hows = [sampler.sampling for sampler in samplers]

    def column(values: list[float]) -> torch.Tensor:
        return torch.tensor(values, device=logits.device).unsqueeze(1)

    scaled, order = (logits / column([how.temperature for how in hows])).sort(dim=-1, descending=True)
    rank = torch.arange(logits.shape[1], device=logits.device)
    most = column([float(how.top_k or logits.shape[1]) for how in hows])
    probabilities = scaled.masked_fill(rank >= most, -torch.inf).softmax(dim=-1)
    before = probabilities.cumsum(dim=-1) - probabilities
    # The likeliest stays whatever the mass.
    out = (before >= column([how.top_p for how in hows])) & (rank > 0)
    mass = probabilities.masked_fill(out, 0.0).cumsum(dim=-1)
    point = mass[:, -1:] * column([sampler.chance() for sampler in samplers])
    return order.gather(1, (mass > point).int().argmax(dim=-1, keepdim=True)).squeeze(1)

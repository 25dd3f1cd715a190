"""Owns the state of a training run: weights, probes, optimiser, stage; one step and its losses."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy.typing as npt
import torch
import torch.distributed as dist
from torch import Tensor

from training import supervision
from training.alphabet import IMAGE_PAD
from training.atlas import Atlas, compose
from training.examples import Batch, Pull, prefix_ids
from training.laid import Recipe
from training.muon import Muon
from training.network import Network
from training.supervision import Aim, Probes

SEE, LOOK, READ = 0, 1, 2
"""Stages: the tower alone; the decoder behind a detached tower; both."""
SEE_UNTIL, LOOK_UNTIL = 0.93, 0.60
"""Slot and pointer hits at which a stage is left; with the tower detached, pointer hits stall near 0.64."""


@dataclass
class Trainer:
    """The state of one run; written by its methods alone."""

    net: Network
    probes: Probes
    device: torch.device
    world: int
    muon: bool = False
    """Whether the matrices of all layers learn by Muon; AdamW takes the rest, and without it everything."""
    optimizers: list[torch.optim.Optimizer] = field(init=False)
    stage: int = SEE
    step: int = 0
    spent_s: float = 0.0
    """Seconds of training in earlier runs of the same schedule."""
    settled_at: int = 0
    """Until this step only the probes move."""
    average: dict[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        layers = {id(p) for blocks in (self.net.tower, self.net.decoder) for p in blocks.parameters() if p.dim() == 2}
        parts = (("tower", self.net.model.model.visual), ("decoder", self.net.model.model.language_model))
        plain, orthogonal = [], []
        for part, module in (*parts, ("probes", self.probes)):
            params = list(module.parameters())
            matrices = [p for p in params if self.muon and id(p) in layers]
            others = [p for p in params if not (self.muon and id(p) in layers)]
            orthogonal += [{"params": matrices, "part": part}] if matrices else []
            for decays in (True, False):
                chosen = [p for p in others if (p.dim() > 1) == decays]
                plain.append({"params": chosen, "weight_decay": WEIGHT_DECAY * decays, "part": part})
        fused = self.device.type == "cuda"
        self.optimizers = [torch.optim.AdamW(plain, lr=0.0, betas=(0.9, 0.95), fused=fused)]
        if orthogonal:
            self.optimizers.append(Muon(orthogonal, lr=0.0, weight_decay=WEIGHT_DECAY))

    @property
    def groups(self) -> list[dict[str, Any]]:
        """Parameters with their rate and decay, of all optimisers."""
        return [group for optimizer in self.optimizers for group in optimizer.param_groups]

    def set_rate(self, rate: float) -> None:
        """Peak rate for this step; a tower that sees already learns at half of it."""
        for group in self.groups:
            settling = self.step < self.settled_at and group["part"] != "probes"
            group["lr"] = 0.0 if settling else rate * (0.5 if group["part"] == "tower" and self.stage != SEE else 1.0)

    def losses(self, batch: Batch, atlas: Atlas) -> dict[str, Tensor]:
        """All losses and hit rates of one batch."""
        out, _ = self.judge(batch, atlas)
        return out

    def judge(self, batch: Batch, atlas: Atlas) -> tuple[dict[str, Tensor], Tensor]:
        """All losses and hit rates of one batch, and which answer tokens are right: (n,) as in `batch.answers`."""
        shape, device = batch.recipe.shape, self.device
        pages = compose(batch, atlas, device)
        with torch.set_grad_enabled(batch.recipe.tower and torch.is_grad_enabled()):
            seen = self.net.see(pages)
        out: dict[str, Tensor] = {}
        if batch.recipe.tower:
            at, token = onto(batch.dense_at, device), onto(batch.dense_token, device)
            out["dense"], out["dense_hit"] = supervision.dense(self.net, self.probes, seen, at, token)
        if self.stage == SEE:
            return out, torch.empty(0)
        given = seen.detach() if self.stage == LOOK else seen
        prefix = torch.tensor(prefix_ids(shape, IMAGE_PAD), device=device).expand(batch.recipe.batch, -1)
        ids = onto(batch.ids, device)
        tokens = torch.cat([prefix, ids], dim=1)
        again, where = onto(batch.again, device), onto(batch.where, device)
        trace = self.net.think(given.reshape(len(ids), -1, given.shape[-1]), tokens, shape, again, where)
        aims = {name: aim_of(getattr(batch, name), device) for name in ("here", "next", "find", "match")}
        out |= supervision.pointers(self.probes, trace, aims, shape)
        shown, masks = onto(batch.shown, device), onto(batch.bears, device)
        if batch.recipe.ask:  # not whether any page is shown: all ranks need the same losses
            out["bears"], out["bears_hit"] = supervision.bears(self.probes, trace, shown, masks, shape)
        out["codes"] = supervision.codes(self.probes, trace, shape)
        answers, weights = onto(batch.answers, device), onto(batch.weights, device)
        loss, hit = supervision.next_token(self.net, trace, answers, ids.flatten()[answers], shape)
        out["token"], out["token_hit"] = (loss * weights).sum() / weights.sum(), hit.float().mean()
        asked = onto(batch.asked, device)
        foretold, _ = supervision.next_token(self.net, trace, asked, ids.flatten()[asked], shape)
        out["question"] = foretold.sum() / max(1, len(asked))
        return out, hit

    def take(self, batch: Batch, atlas: Atlas, progress: float) -> dict[str, Tensor]:
        """One step of the optimisers where `progress` of the schedule, 0 to 1, is over. A gradient that is not finite
        counts as none."""
        with torch.autocast(self.device.type, torch.bfloat16):
            out = self.losses(batch, atlas)
            total = sum(weight_at(progress, k) * v for k, v in out.items() if k in WEIGHTS)
        assert isinstance(total, Tensor)
        total.backward()
        self._average_gradients()
        params = [p for g in self.groups for p in g["params"] if p.grad is not None]
        torch.nn.utils.clip_grad_norm_(params, 1.0)
        for param in params:
            assert param.grad is not None
            # On the device: asking whether all are finite would make every step wait.
            param.grad.nan_to_num_(0.0, 0.0, 0.0)
        for optimizer in self.optimizers:
            optimizer.step()
            optimizer.zero_grad(set_to_none=True)
        self.step += 1
        return out

    def check_detached(self, batch: Batch, atlas: Atlas) -> None:
        """Stage LOOK must leave the tower to the dense loss: the decoder's losses give it no gradient at all."""
        out = self.losses(batch, atlas)
        loss = sum(WEIGHTS[k] * v for k, v in out.items() if k in WEIGHTS and k != "dense")
        assert isinstance(loss, Tensor)
        loss.backward()
        reached = [p for p in self.net.model.model.visual.parameters() if p.grad is not None and p.grad.any()]
        assert not reached, "the decoder's gradient reached the tower"
        for optimizer in self.optimizers:
            optimizer.zero_grad(set_to_none=True)

    def _average_gradients(self) -> None:
        if self.world == 1:
            return
        grads = [p.grad for g in self.groups for p in g["params"] if p.grad is not None]
        flat = torch.cat([g.flatten() for g in grads])
        dist.all_reduce(flat)
        flat /= self.world
        for grad, piece in zip(grads, flat.split([g.numel() for g in grads]), strict=True):
            grad.copy_(piece.view_as(grad))

    def observe(self, out: dict[str, Tensor], recipe: Recipe) -> None:
        """Running averages over steps (and ranks), from which stages are decided; hits of anchors by pages too."""
        names = sorted(out)
        values = torch.stack([out[k].detach().float() for k in names])
        if self.world > 1:
            dist.all_reduce(values)
            values /= self.world
        for name, value in zip(names, values.tolist(), strict=True):
            keys = (name, f"{name}/{recipe.shape.pages}p") if name == "find_hit" else (name,)
            for key in keys:
                self.average[key] = 0.9 * self.average.get(key, value) + 0.1 * value

    def advance(self) -> bool:
        """Enter the next stage when this one holds."""
        done = (self.stage == SEE and self.average.get("dense_hit", 0) > SEE_UNTIL) or (
            self.stage == LOOK and self.average.get("next_hit", 0) > LOOK_UNTIL
        )
        self.stage += done
        return done


WEIGHT_DECAY = 0.05
WEIGHTS = {
    "dense": 1.0, "here": 0.3, "next": 0.5, "slots": 0.5, "classify": 0.1, "codes": 0.1, "find": 0.5, "line": 0.3,
    "token": 1.0, "question": 0.3, "match": 0.3, "bears": 0.02,
}  # fmt: skip
AIDS, AIDED_UNTIL = frozenset({"bears", "match"}), 0.8
"""Losses that only help to learn to answer, and the share of the schedule at which they have faded out."""


def weight_at(progress: float, name: str) -> float:
    """What a loss weighs when this share of the schedule is over."""
    return WEIGHTS[name] * (max(0.0, 1.0 - progress / AIDED_UNTIL) if name in AIDS else 1.0)


def onto(values: npt.NDArray[Any], device: torch.device) -> Tensor:
    """An array on the device."""
    return torch.from_numpy(values).to(device, non_blocking=True)


def aim_of(pull: Pull, device: torch.device) -> Aim:
    """A batch's pull on the device."""
    return Aim(*(onto(values, device) for values in (pull.offset, pull.key, pull.line, pull.slot)))

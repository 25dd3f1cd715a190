"""Owns the state of a training run: weights, probes, optimiser, stage; one step, its losses, and its way to disk."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass, field
from pathlib import Path

import torch
import torch.distributed as dist
from torch import Tensor
from transformers import Qwen2VLForConditionalGeneration

from training import checkpoint, supervision
from training.alphabet import IMAGE_PAD
from training.atlas import Atlas, compose
from training.examples import Batch, prefix_ids
from training.network import Network
from training.supervision import Probes, Targets

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
    optimizer: torch.optim.Optimizer = field(init=False)
    frozen: bool = False
    """The tower sees and the decoder reads already: only finding is trained, which a few cores can do."""
    stage: int = SEE
    step: int = 0
    average: dict[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        visual = list(self.net.model.model.visual.parameters())
        rest = list(self.net.model.model.language_model.parameters()) + list(self.probes.parameters())
        groups = [
            {"params": [p for p in params if (p.dim() > 1) == decays], "weight_decay": 0.05 * decays, "tower": tower}
            for params, tower in ((visual, True), (rest, False))
            for decays in (True, False)
        ]
        fused = self.device.type == "cuda"
        self.optimizer = torch.optim.AdamW(groups, lr=0.0, betas=(0.9, 0.95), fused=fused)

    def set_rate(self, rate: float) -> None:
        """Peak rate for this step; a tower that sees already learns at half of it."""
        for group in self.optimizer.param_groups:
            group["lr"] = rate * (0.5 if group["tower"] and self.stage != SEE else 1.0)

    def losses(self, batch: Batch, atlas: Atlas) -> dict[str, Tensor]:
        """All losses and hit rates of one batch."""
        recipe, shape = batch.recipe, batch.recipe.shape
        targets = to_device(batch, self.device)
        pages = compose(batch, atlas, self.device)
        with torch.set_grad_enabled(not self.frozen and torch.is_grad_enabled()):
            seen = self.net.see(pages)
        out: dict[str, Tensor] = {}
        if not self.frozen:
            out["dense"], out["dense_hit"] = supervision.dense(self.net, self.probes, seen, targets)
        if self.stage == SEE:
            return out
        given = seen.detach() if self.stage == LOOK else seen
        prefix = torch.tensor(prefix_ids(shape, IMAGE_PAD), device=self.device).expand(recipe.batch, -1)
        ids = torch.cat([prefix, targets.ids], dim=1)
        skip = torch.from_numpy(batch.skip).to(self.device)
        trace = self.net.think(given.reshape(recipe.batch, -1, given.shape[-1]), ids, shape, skip)
        out |= supervision.finding(trace, targets, shape)
        if not self.frozen:
            out |= supervision.reading(self.probes, trace, targets, shape)
            out["codes"] = supervision.codes(self.probes, trace, shape)
        out["token"], out["token_hit"] = supervision.next_token(self.net, trace, targets, shape)
        return out

    def take(self, batch: Batch, atlas: Atlas) -> dict[str, Tensor]:
        """One optimiser step."""
        with torch.autocast(self.device.type, torch.bfloat16):
            out = self.losses(batch, atlas)
            total = sum(WEIGHTS[k] * v for k, v in out.items() if k in WEIGHTS)
        assert isinstance(total, Tensor)
        total.backward()
        self._average_gradients()
        params = [p for g in self.optimizer.param_groups for p in g["params"] if p.grad is not None]
        if torch.nn.utils.clip_grad_norm_(params, 1.0).isfinite():
            self.optimizer.step()
        self.optimizer.zero_grad(set_to_none=True)
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
        self.optimizer.zero_grad(set_to_none=True)

    def _average_gradients(self) -> None:
        if self.world == 1:
            return
        grads = [p.grad for g in self.optimizer.param_groups for p in g["params"] if p.grad is not None]
        flat = torch.cat([g.flatten() for g in grads])
        dist.all_reduce(flat)
        flat /= self.world
        for grad, piece in zip(grads, flat.split([g.numel() for g in grads]), strict=True):
            grad.copy_(piece.view_as(grad))

    def observe(self, out: dict[str, Tensor], pages: int) -> None:
        """Running averages over steps (and ranks), from which stages are decided; token hits by pages too."""
        names = sorted(out)
        values = torch.stack([out[k].detach().float() for k in names])
        if self.world > 1:
            dist.all_reduce(values)
            values /= self.world
        for name, value in zip(names, values.tolist(), strict=True):
            keys = (name, f"{name}/{pages}p") if name == "token_hit" else (name,)
            for key in keys:
                self.average[key] = 0.9 * self.average.get(key, value) + 0.1 * value

    def advance(self) -> bool:
        """Enter the next stage when this one holds."""
        done = (self.stage == SEE and self.average.get("dense_hit", 0) > SEE_UNTIL) or (
            self.stage == LOOK and self.average.get("next_hit", 0) > LOOK_UNTIL
        )
        self.stage += done
        return done


WEIGHTS = {
    "dense": 1.0, "here": 0.3, "next": 0.5, "slots": 0.5, "classify": 0.1, "codes": 0.1, "find": 0.5, "token": 1.0,
}  # fmt: skip


def to_device(batch: Batch, device: torch.device) -> Targets:
    """The arrays that supervision needs."""
    names = ("ids", "answer", "cell", "slot", "dense_cell", "dense_slot", "dense_token")
    return Targets(**{n: torch.from_numpy(getattr(batch, n)).to(device, non_blocking=True) for n in names})


def save(trainer: Trainer, folder: Path) -> None:
    """Checkpoint folder and probes; bf16 shards that resume and serve."""
    state = {k: v.detach().to("cpu", torch.bfloat16) for k, v in trainer.net.model.state_dict().items()}
    model = Qwen2VLForConditionalGeneration(trainer.net.model.config)
    model.load_state_dict(state)
    temporary = folder.with_suffix(".new")
    checkpoint.save(model, temporary)
    torch.save(
        {k: v.to("cpu", torch.bfloat16) for k, v in trainer.probes.state_dict().items()}, temporary / "probes.pt"
    )
    (temporary / "progress.json").write_text(json.dumps({"stage": trainer.stage, "step": trainer.step}))
    shutil.rmtree(folder, ignore_errors=True)
    temporary.rename(folder)


def resume(trainer: Trainer, folder: Path) -> None:
    """Weights, probes and stage of an earlier run; the optimiser starts afresh behind its warm-up."""
    model = Qwen2VLForConditionalGeneration.from_pretrained(folder, dtype=torch.float32)
    model.resize_token_embeddings(trainer.net.config.text_config.vocab_size, mean_resizing=False)
    trainer.net.model.load_state_dict(model.state_dict())
    trainer.probes.load_state_dict(torch.load(folder / "probes.pt", map_location=trainer.device))
    progress = json.loads((folder / "progress.json").read_text())
    trainer.stage, trainer.step = progress["stage"], progress["step"]

"""Trains the embedded reader on any number of GPUs: `torchrun --nproc-per-node N -m training.train --out DIR ...`.

Three stages, each left when it holds: the tower learns to see by dense supervision alone; the decoder learns where to
look while no gradient of its reaches the tower (asserted); then both train together, the dense loss in every step.
The schedule follows the clock, since time on a GPU is what is given. A run resumes from the shards of an earlier one.
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import random
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
import torch.distributed as dist
from torch import Tensor
from torch.utils.data import DataLoader, IterableDataset
from transformers import Qwen2VLForConditionalGeneration

from training import checkpoint, supervision
from training.alphabet import IMAGE_PAD
from training.atlas import Atlas, compose
from training.examples import Batch, Source, prefix_ids
from training.mixture import draw_recipe
from training.network import Network
from training.settings import place
from training.supervision import Probes, Targets
from training.texts import Corpus

LOG_EVERY = 100
SEE, LOOK, READ = 0, 1, 2
SEE_UNTIL, LOOK_UNTIL = 0.93, 0.90


class Stream(IterableDataset[Batch]):
    """Endless batches; every worker of every rank draws its own."""

    def __init__(self, corpus: Corpus, seed: int, scale: float, stage: Tensor) -> None:
        self.corpus, self.seed, self.scale, self.stage = corpus, seed, scale, stage

    def __iter__(self) -> Iterator[Batch]:
        worker = torch.utils.data.get_worker_info()
        number = worker.id if worker else 0
        source = Source(self.corpus, self.seed * 1000 + number)
        for count in itertools.count():
            # The recipe depends on worker and count alone, so that all ranks work on equal shapes at a time.
            recipe, ask_share = draw_recipe(random.Random(number * 1_000_003 + count), int(self.stage), self.scale)
            yield source.batch(recipe, ask_share)


@dataclass
class Trainer:
    """The state of one run; written by its methods alone."""

    net: Network
    probes: Probes
    device: torch.device
    world: int
    optimizer: torch.optim.Optimizer = field(init=False)
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
        seen = self.net.see(pages)
        out: dict[str, Tensor] = {}
        out["dense"], out["dense_hit"] = supervision.dense(self.net, self.probes, seen, targets)
        if self.stage == SEE:
            return out
        given = seen.detach() if self.stage == LOOK else seen
        prefix = torch.tensor(prefix_ids(shape, IMAGE_PAD), device=self.device).expand(recipe.batch, -1)
        ids = torch.cat([prefix, targets.ids], dim=1)
        skip = torch.from_numpy(batch.skip).to(self.device)
        trace = self.net.think(given.reshape(recipe.batch, -1, given.shape[-1]), ids, shape, skip)
        out |= supervision.pointers(self.probes, trace, targets, shape)
        out["codes"] = supervision.codes(self.probes, trace, shape)
        out["token"], out["token_hit"] = supervision.next_token(self.net, trace, targets, shape)
        return out

    def take(self, batch: Batch, atlas: Atlas) -> dict[str, Tensor]:
        """One optimiser step."""
        with torch.autocast(self.device.type, torch.bfloat16, enabled=self.device.type == "cuda"):
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


def rate_at(progress: float, since_stage_s: float, peak: float, hold: float) -> float:
    """Warm-up over the first seconds of every stage, then constant, then linear to (nearly) zero after `hold`."""
    return peak * min(1.0, (since_stage_s + 0.5) / 10.0) * min(1.0, max(0.01, (1.0 - progress) / (1.0 - hold)))


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
    os.system(f"rm -rf {folder} && mv {temporary} {folder}")


def resume(trainer: Trainer, folder: Path) -> None:
    """Weights, probes and stage of an earlier run; the optimiser starts afresh behind its warm-up."""
    model = Qwen2VLForConditionalGeneration.from_pretrained(folder, dtype=torch.float32)
    model.resize_token_embeddings(trainer.net.config.text_config.vocab_size, mean_resizing=False)
    trainer.net.model.load_state_dict(model.state_dict())
    trainer.probes.load_state_dict(torch.load(folder / "probes.pt", map_location=trainer.device))
    progress = json.loads((folder / "progress.json").read_text())
    trainer.stage, trainer.step = progress["stage"], progress["step"]


def main() -> None:
    """Run until the minutes are over."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder with train_zh.jsonl.xz and train_en.jsonl.xz")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--resume", type=Path)
    parser.add_argument("--minutes", type=float, default=20.0)
    parser.add_argument("--rate", type=float, default=1.5e-3)
    parser.add_argument("--workers", type=int, default=12)
    parser.add_argument("--scale", type=float, default=1.0, help="batch size factor; 1.0 suits 80 GB")
    parser.add_argument("--stage", type=int)
    parser.add_argument("--save-every-s", type=float, default=150.0)
    parser.add_argument("--compile", action="store_true")
    parser.add_argument("--hold", type=float, default=0.55, help="share of the run before the rate falls to zero")
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    here = place()
    rank, world = here.rank, here.world
    device = torch.device(f"cuda:{here.local_rank}" if torch.cuda.is_available() else "cpu")
    started = time.monotonic()
    if device.type == "cuda":
        torch.cuda.set_device(device)
        torch.set_float32_matmul_precision("high")
    if world > 1:
        dist.init_process_group("nccl")
    torch.manual_seed(0)
    vocabulary = (len(checkpoint.tokenizer()) + 63) // 64 * 64
    model: Any = Qwen2VLForConditionalGeneration(checkpoint.config(vocabulary))
    net = Network(model.to(device))
    trainer = Trainer(net, Probes(384).to(device), device, world)
    if args.resume:
        resume(trainer, args.resume)
    if args.stage is not None:
        trainer.stage = args.stage
    if args.compile:
        net.compile_blocks()
    stage = torch.tensor(trainer.stage).share_memory_()
    stream = Stream(Corpus(args.data), args.seed * 100 + rank, args.scale, stage)
    loader = DataLoader(stream, batch_size=None, num_workers=args.workers, prefetch_factor=4 if args.workers else None)
    atlas, batches = Atlas(device), iter(loader)
    stage_at = saved_at = logged_at = time.monotonic()
    waited = 0.0
    while True:
        asked = time.monotonic()
        batch = next(batches)
        now = time.monotonic()
        waited += now - asked
        over = torch.tensor(float(now - started > args.minutes * 60), device=device)
        if world > 1:
            dist.all_reduce(over)
        if over > 0:
            break
        progress = (now - started) / (args.minutes * 60)
        trainer.set_rate(rate_at(progress, now - stage_at, args.rate, args.hold))
        out = trainer.take(batch, atlas)
        if trainer.step % 5 == 0:
            trainer.observe(out, batch.recipe.shape.pages)
            if trainer.advance():
                stage_at = time.monotonic()
                stage.fill_(trainer.stage)
                trainer.average = {}
                if trainer.stage == LOOK:
                    trainer.check_detached(batch, atlas)
        if rank == 0 and trainer.step % LOG_EVERY == 0:
            figures = " ".join(f"{k} {v:.3f}" for k, v in sorted(trainer.average.items()))
            spent = time.monotonic() - logged_at
            pace = f"{LOG_EVERY / spent:.1f}/s wait {waited / spent:.0%}"
            print(f"{now - started:6.0f}s step {trainer.step} stage {trainer.stage} {pace} {figures}", flush=True)
            logged_at, waited = time.monotonic(), 0.0
        if rank == 0 and time.monotonic() - saved_at > args.save_every_s:
            save(trainer, args.out)
            saved_at = time.monotonic()
    if rank == 0:
        save(trainer, args.out)
        print("done", trainer.step, json.dumps(trainer.average), flush=True)
    if world > 1:
        dist.destroy_process_group()


if __name__ == "__main__":
    main()

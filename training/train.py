"""Trains the embedded reader on any number of GPUs: `torchrun --nproc-per-node N -m training.train --out DIR ...`.

Three stages, each left when it holds: the tower learns to see by dense supervision alone; the decoder learns where to
look while no gradient of its reaches the tower (asserted); then both train together, the dense loss in every step.
The schedule follows the clock, since time on a GPU is what is given. A run resumes from the shards of an earlier one.
"""

from __future__ import annotations

import argparse
import itertools
import json
import random
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch
import torch.distributed as dist
from torch import Tensor
from torch.utils.data import DataLoader, IterableDataset
from transformers import Qwen2VLForConditionalGeneration

from training import checkpoint
from training.atlas import Atlas
from training.examples import Batch, Source
from training.mixture import draw_recipe
from training.network import Network
from training.settings import Place, place
from training.state import resume, save
from training.supervision import Probes
from training.texts import Corpus
from training.trainer import LOOK, READ, Trainer
from training.validation import Sheet, report, sheets

LOG_EVERY, OBSERVE_EVERY = 100, 5


class Stream(IterableDataset[Batch]):
    """Endless batches; every worker of every rank draws its own."""

    def __init__(self, corpus: Corpus, seed: int, scale: float, reading: float, stage: Tensor) -> None:
        self.corpus, self.seed, self.scale, self.reading, self.stage = corpus, seed, scale, reading, stage

    def __iter__(self) -> Iterator[Batch]:
        worker = torch.utils.data.get_worker_info()
        number = worker.id if worker else 0
        source = Source(self.corpus, self.seed * 1000 + number)
        for count in itertools.count():
            # The recipe depends on worker and count alone, so that all ranks work on equal shapes at a time.
            rng = random.Random(number * 1_000_003 + count)
            yield source.batch(draw_recipe(rng, int(self.stage), self.scale, self.reading))


class Run:
    """One run against the clock: `go` takes steps until the minutes are over."""

    def __init__(self, args: argparse.Namespace, here: Place, trainer: Trainer) -> None:
        self.args, self.here, self.trainer = args, here, trainer
        self.stage = torch.tensor(trainer.stage).share_memory_()
        self.held: list[Sheet] = sheets(args.held) if args.held and here.rank == 0 else []
        self.started = self.stage_at = self.saved_at = self.logged_at = time.monotonic()
        self.before_s = trainer.spent_s
        self.waited_s = 0.0
        self.ended = False
        """Whether somebody has asked the run to end before its time."""

    def go(self) -> None:
        """Trains, observes, logs and saves."""
        atlas, batches = Atlas(self.trainer.device), self._batches()
        while True:
            asked = time.monotonic()
            batch = next(batches)
            self.waited_s += time.monotonic() - asked
            if self._over():
                break
            self._step(batch, atlas)
        if self.here.rank == 0:
            self._save()
            if not self.ended:  # who is asked to end has seconds left
                self._validate(atlas)
            print("done", self.trainer.step, json.dumps(self.trainer.average), flush=True)

    def end(self, *_: object) -> None:
        """Ends the run behind the step at hand, as if its minutes were over; a signal's handler."""
        self.ended = True

    def _batches(self) -> Iterator[Batch]:
        args = self.args
        # A run that goes on draws other batches than the one before it did.
        seed = args.seed * 100 + self.here.rank + self.trainer.step
        stream = Stream(Corpus(args.data), seed, args.scale, args.reading, self.stage)
        ahead = 4 if args.workers else None
        # Alone, whichever batch is ready comes next: a worker with a long one holds nobody up.
        ordered = self.here.world > 1
        loader = DataLoader(
            stream,
            batch_size=None,
            num_workers=args.workers,
            prefetch_factor=ahead,
            in_order=ordered,
            # Nothing is pinned, but its thread unpacks the next batch while this one is worked on.
            pin_memory=self.trainer.device.type == "cuda" and args.workers > 0,
            worker_init_fn=stay,
        )
        return iter(loader)

    def _over(self) -> bool:
        """Whether the time of any process is up, so that all stop at the same step."""
        over = torch.tensor(float(self.ended or time.monotonic() - self.started > self.args.minutes * 60))
        if self.here.world > 1 and self.trainer.step % OBSERVE_EVERY == 0:
            over = over.to(self.trainer.device)
            dist.all_reduce(over)
        elif self.here.world > 1:
            return False
        return bool(over > 0)

    def _progress(self) -> float:
        """Share of the whole schedule, which may take several runs."""
        spent_s = self.before_s + time.monotonic() - self.started
        return spent_s / (60 * (self.args.schedule_minutes or self.args.minutes))

    def _step(self, batch: Batch, atlas: Atlas) -> None:
        trainer, args = self.trainer, self.args
        since_stage_s = time.monotonic() - self.stage_at
        progress = self._progress()
        trainer.set_rate(rate_at(progress, since_stage_s, args.rate, args.hold))
        out = trainer.take(batch, atlas, progress)
        if trainer.step % OBSERVE_EVERY == 0:
            trainer.observe(out, batch.recipe)
            if trainer.advance():
                self._enter_stage(batch, atlas)
        if self.here.rank == 0 and trainer.step % LOG_EVERY == 0:
            self._log()
        if self.here.rank == 0 and time.monotonic() - self.saved_at > args.save_every_s:
            self._save()
            self._validate(atlas)

    def _save(self) -> None:
        self.trainer.spent_s = self.before_s + time.monotonic() - self.started
        save(self.trainer, self.args.out)
        self.saved_at = time.monotonic()

    def _validate(self, atlas: Atlas) -> None:
        if self.trainer.stage == READ and self.held:
            print(report(self.trainer, atlas, self.held), flush=True)

    def _enter_stage(self, batch: Batch, atlas: Atlas) -> None:
        self.stage_at = time.monotonic()
        self.stage.fill_(self.trainer.stage)
        self.trainer.average = {}
        if self.trainer.stage == LOOK:
            self.trainer.check_detached(batch, atlas)

    def _log(self) -> None:
        trainer, now = self.trainer, time.monotonic()
        spent_s = now - self.logged_at
        pace = f"{LOG_EVERY / spent_s:.1f}/s wait {self.waited_s / spent_s:.0%}"
        figures = " ".join(f"{k} {v:.3f}" for k, v in sorted(trainer.average.items()))
        print(f"{now - self.started:6.0f}s step {trainer.step} stage {trainer.stage} {pace} {figures}", flush=True)
        self.logged_at, self.waited_s = now, 0.0


def stay(_: int) -> None:
    """Lets a worker outlive the signal that asks its run to end: it ends with the run."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)


def rate_at(progress: float, since_stage_s: float, peak: float, hold: float) -> float:
    """Warm-up over the first seconds of every stage, then constant, then linear to (nearly) zero after `hold`."""
    return peak * min(1.0, (since_stage_s + 0.5) / 10.0) * min(1.0, max(0.01, (1.0 - progress) / (1.0 - hold)))


def parse(arguments: list[str] | None = None) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder with train_zh.jsonl.xz and train_en.jsonl.xz")
    parser.add_argument("--out", type=Path, required=True, help="checkpoint folder to write")
    parser.add_argument("--resume", type=Path, help="checkpoint folder to go on from")
    parser.add_argument("--held", type=Path, help="folder with held_*.jsonl.xz: figures on unseen text at every save")
    parser.add_argument("--minutes", type=float, default=20.0, help="of this run")
    parser.add_argument("--schedule-minutes", type=float, help="of all runs of the schedule; this run's by default")
    parser.add_argument("--rate", type=float, default=1.5e-3, help="peak learning rate")
    parser.add_argument("--hold", type=float, default=0.45, help="share of the run before the rate falls to zero")
    parser.add_argument("--workers", type=int, default=12, help="processes a rank that make batches")
    parser.add_argument("--scale", type=float, default=1.5, help="batch size factor")
    parser.add_argument("--reading", type=float, default=0.0, help="share of steps that only transcribe pages")
    parser.add_argument("--stage", type=int, help="start in this stage")
    parser.add_argument("--compile", action="store_true")
    parser.add_argument("--muon", action="store_true", help="the layers' matrices learn by Muon instead of AdamW")
    parser.add_argument("--dropout", type=float, default=0.0, help="share of what the decoder's layers add")
    parser.add_argument("--save-every-s", type=float, default=150.0)
    parser.add_argument("--seed", type=int, default=1)
    return parser.parse_args(arguments)


def start(args: argparse.Namespace, here: Place) -> Trainer:
    """A trainer on this process's device, resumed if asked."""
    device = torch.device(f"cuda:{here.local_rank}" if torch.cuda.is_available() else "cpu")
    if device.type == "cuda":
        torch.cuda.set_device(device)
        torch.set_float32_matmul_precision("high")
    torch.manual_seed(0)
    vocabulary = (len(checkpoint.tokenizer()) + 63) // 64 * 64
    model: Any = Qwen2VLForConditionalGeneration(checkpoint.config(vocabulary))
    net = Network(model.to(device), args.dropout)
    trainer = Trainer(net, Probes(net.config.text_config.hidden_size).to(device), device, here.world, args.muon)
    if args.resume:
        resume(trainer, args.resume)
    if args.stage is not None:
        trainer.stage = args.stage
    if args.compile:
        net.compile_blocks()
    return trainer


def main() -> None:
    """Run until the minutes are over."""
    args, here = parse(), place()
    if here.world > 1:
        dist.init_process_group("nccl" if torch.cuda.is_available() else "gloo")
    run = Run(args, here, start(args, here))
    # A time limit's first word; without this the whole run since the last save would be lost.
    signal.signal(signal.SIGTERM, run.end)
    run.go()
    if here.world > 1:
        dist.destroy_process_group()


if __name__ == "__main__":
    main()

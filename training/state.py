"""Owns a run's way to disk: shards that serve and resume anywhere, and the whole state for the same machine."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import torch
from transformers import Qwen2VLForConditionalGeneration

from training import checkpoint
from training.trainer import READ, Trainer

SETTLE_STEPS = 150
"""Steps in which fresh probes learn alone: published weights come without probes, whose noise would spoil them."""
WHOLE = "state.pt"
"""Weights in float32 with the optimisers' moments: too large to carry, but a run that goes on here goes on exactly."""


def save(trainer: Trainer, folder: Path) -> None:
    """Checkpoint folder in bf16, probes, progress and the whole state; the folder appears at once or not at all."""
    state = {k: v.detach().to("cpu", torch.bfloat16) for k, v in trainer.net.model.state_dict().items()}
    model = Qwen2VLForConditionalGeneration(trainer.net.model.config)
    model.load_state_dict(state)
    temporary = folder.with_suffix(".new")
    checkpoint.save(model, temporary)
    probes = {k: v.to("cpu", torch.bfloat16) for k, v in trainer.probes.state_dict().items()}
    torch.save(probes, temporary / "probes.pt")
    progress = {"stage": trainer.stage, "step": trainer.step, "spent_s": trainer.spent_s}
    (temporary / "progress.json").write_text(json.dumps(progress))
    torch.save([part.state_dict() for part in _parts(trainer)], temporary / WHOLE)
    shutil.rmtree(folder, ignore_errors=True)
    temporary.rename(folder)


def resume(trainer: Trainer, folder: Path) -> None:
    """Go on from a folder: exactly where the whole state lies, from its weights behind a new warm-up otherwise.

    Published weights have no probes: then new ones settle first, and the stage is the last.
    """
    if (folder / WHOLE).exists():
        states = torch.load(folder / WHOLE, map_location=trainer.device)
        for part, state in zip(_parts(trainer), states, strict=True):
            part.load_state_dict(state)
    else:
        _weights(trainer, folder)
    if not (folder / "probes.pt").exists():
        trainer.stage, trainer.settled_at = READ, SETTLE_STEPS
        return
    trainer.probes.load_state_dict(torch.load(folder / "probes.pt", map_location=trainer.device))
    progress = json.loads((folder / "progress.json").read_text())
    trainer.stage, trainer.step, trainer.spent_s = progress["stage"], progress["step"], progress["spent_s"]


def _parts(trainer: Trainer) -> tuple[Any, ...]:
    """All that has a state."""
    return (trainer.net.model, trainer.probes, *trainer.optimizers)


def _weights(trainer: Trainer, folder: Path) -> None:
    model = Qwen2VLForConditionalGeneration.from_pretrained(folder, dtype=torch.float32)
    model.resize_token_embeddings(trainer.net.config.text_config.vocab_size, mean_resizing=False)
    trainer.net.model.load_state_dict(model.state_dict())

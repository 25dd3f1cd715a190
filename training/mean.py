"""The mean of trained weights: `python -m training.mean --out DIR CHECKPOINT CHECKPOINT …`.

Weights that grew out of each other often have a mean that answers more than either (model soups,
https://arxiv.org/abs/2203.05482); whether these do is for held-out documents to say.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import torch
from transformers import Qwen2VLForConditionalGeneration

from training import checkpoint


def mean(folders: list[Path], out: Path) -> None:
    """Writes the mean of the folders' weights, each counted once, as a checkpoint folder in bf16."""
    models = [Qwen2VLForConditionalGeneration.from_pretrained(folder, dtype=torch.float32) for folder in folders]
    states = [model.state_dict() for model in models]
    models[0].load_state_dict({name: sum(state[name] for state in states) / len(states) for name in states[0]})
    checkpoint.save(models[0].bfloat16(), out)


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("checkpoints", nargs="+", type=Path)
    parser.add_argument("--out", type=Path, required=True, help="checkpoint folder to write")
    arguments = parser.parse_args()
    mean(arguments.checkpoints, arguments.out)


if __name__ == "__main__":
    main()

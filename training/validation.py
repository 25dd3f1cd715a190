"""Owns the held-out figures of a training log: fixed batches of unseen text, judged token by token and reply by reply.

Under greedy decoding a reply comes out right exactly when each of its tokens is right with the right ones before it,
so one forward pass tells how many answers would be exact.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from render_service.style import Flow
from training.alphabet import ABSENT
from training.atlas import Atlas
from training.examples import Batch, Source, is_anchor
from training.laid import Recipe
from training.mixture import CODE_PAGE, PAGE
from training.network import Shape
from training.sorts import Sorts
from training.texts import Corpus
from training.trainer import Trainer

SEED = 20_000_003


@dataclass(frozen=True)
class Sheet:
    """A named batch of unseen examples."""

    name: str
    batch: Batch


def sheets(folder: Path, documents: int = 40) -> list[Sheet]:
    """The batches, the same at every call, the last three about written documents.

    `folder` holds held_zh.jsonl.xz and held_en.jsonl.xz.
    """
    corpus = Corpus(folder, "held")
    recipes = {
        "read14": Recipe(Shape(1, *PAGE, text=448), 14, Flow.CELLS, documents, 0.0),
        "read12": Recipe(Shape(1, *PAGE, text=448), 12, Flow.CELLS, documents, 0.0),
        "code14": Recipe(Shape(1, *CODE_PAGE, text=448), 14, Flow.COLUMNS, documents, 0.0),
        "ask1p": Recipe(Shape(1, *PAGE, text=640), 14, Flow.CELLS, documents, 1.0),
        "ask4p": Recipe(Shape(4, *PAGE, text=960), 14, Flow.CELLS, documents // 2, 1.0),
        "ask8p": Recipe(Shape(8, *PAGE, text=960), 14, Flow.CELLS, documents // 2, 1.0),
        "ask8p12": Recipe(Shape(8, *PAGE, text=960), 12, Flow.CELLS, documents // 2, 1.0),
        "askcode4p": Recipe(Shape(4, *CODE_PAGE, text=960), 14, Flow.COLUMNS, documents // 2, 1.0),
        "sum8p": Recipe(Shape(8, *PAGE, text=512), 14, Flow.CELLS, documents // 4, 0.0, summarize=1.0),
    }
    written = {
        "written1p": Recipe(Shape(1, *PAGE, text=640), 14, Flow.CELLS, documents, 1.0),
        "written4p": Recipe(Shape(4, *PAGE, text=960), 14, Flow.CELLS, documents, 1.0),
        "wcode4p": Recipe(Shape(4, *CODE_PAGE, text=960), 14, Flow.COLUMNS, documents // 2, 1.0),
    }
    drawn = [Sheet(name, Source(corpus, SEED).batch(recipe)) for name, recipe in recipes.items()]
    return drawn + [
        Sheet(name, Source(corpus, SEED, Sorts({"written": 1.0})).batch(recipe)) for name, recipe in written.items()
    ]


def figures(trainer: Trainer, atlas: Atlas, sheet: Sheet) -> dict[str, float]:
    """Shares that are right: characters, anchors, whole replies that are found on the pages, denials."""
    with torch.no_grad(), torch.autocast(trainer.device.type, torch.bfloat16):
        hit = trainer.judge(sheet.batch, atlas)[1].cpu().numpy()
    answers, ids = sheet.batch.answers, sheet.batch.ids.ravel()[sheet.batch.answers]
    anchor = is_anchor(ids)
    starts = np.flatnonzero(np.diff(answers, prepend=-2) != 1)
    whole = np.minimum.reduceat(hit, starts)
    denied = ids[starts] == ABSENT
    shares = {"chars": hit[~anchor], "anchors": hit[anchor], "exact": whole[~denied], "absent": whole[denied]}
    return {name: float(values.mean()) for name, values in shares.items() if len(values)}


def report(trainer: Trainer, atlas: Atlas, held: list[Sheet]) -> str:
    """One line a sheet."""
    rows = ((sheet.name, figures(trainer, atlas, sheet)) for sheet in held)
    return "\n".join(f"  {name:10}" + " ".join(f"{k} {v:.3f}" for k, v in row.items()) for name, row in rows)

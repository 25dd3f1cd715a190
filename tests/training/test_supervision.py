"""What supervision makes of batches at their edges, and that its losses pull where they say."""

from dataclasses import replace

import pytest
import torch
from transformers import Qwen2VLForConditionalGeneration

from render_service.style import Flow
from training import checkpoint
from training.atlas import Atlas
from training.documents import Question
from training.examples import Source
from training.laid import Recipe, lay
from training.network import Network, Shape
from training.rows import dialogue
from training.supervision import Probes
from training.trainer import READ, WEIGHTS, Trainer

RECIPE = Recipe(Shape(2, 4, 8, text=96), 14, Flow.CELLS, 1, 1.0)
TEXT = "\n".join(f"第{i}条 数值为 {i * 37} 元。" for i in range(1, 20))


class Sure:
    """A generator that never tells a turn as history."""

    def random(self) -> float:
        return 0.99


@pytest.fixture(scope="module")
def trainer():
    torch.manual_seed(0)
    net = Network(Qwen2VLForConditionalGeneration(checkpoint.config(8384)))
    made = Trainer(net, Probes(net.config.text_config.hidden_size), torch.device("cpu"), 1)
    made.stage = READ
    return made


def batch_of(*questions: Question, tower: bool = True):
    laid = lay(TEXT, RECIPE)
    row = dialogue(laid, questions, "zh", 90, Sure())
    return Source(None, 1)._collate(replace(RECIPE, tower=tower), [(row, laid)])


FOUND = Question("第三条？", ((TEXT.index("111"), TEXT.index("111") + 3),), "fact")
DENIED = Question("谁签字？", (), "absent")


@pytest.mark.parametrize("questions", [(FOUND,), (DENIED,)], ids=["an answer", "a denial alone"])
def test_every_loss_is_finite(trainer, questions):
    out = trainer.losses(batch_of(*questions), Atlas(trainer.device))
    assert set(WEIGHTS) <= set(out)
    assert all(value.isfinite() for value in out.values())


def test_a_step_makes_the_same_batch_likelier(trainer):
    batch, atlas = batch_of(FOUND), Atlas(trainer.device)
    before = float(trainer.losses(batch, atlas)["token"].detach())
    for _ in range(3):
        trainer.set_rate(1e-3)
        trainer.take(batch, atlas)
    assert float(trainer.losses(batch, atlas)["token"].detach()) < before


def test_the_tower_is_left_alone_where_the_recipe_says_so(trainer):
    out = trainer.losses(batch_of(FOUND, tower=False), Atlas(trainer.device))
    assert "dense" not in out
    trainer.optimizer.zero_grad(set_to_none=True)
    out["token"].backward()
    assert all(p.grad is None for p in trainer.net.model.model.visual.parameters())
    assert any(p.grad is not None for p in trainer.net.model.model.language_model.parameters())

"""What supervision makes of batches at their edges, and that its losses pull where they say."""

import random
from dataclasses import replace

import pytest
import torch
from transformers import Qwen2VLForConditionalGeneration

from render_service.style import Flow
from tests.training.narrow import narrow
from training import checkpoint
from training.atlas import Atlas
from training.bearing import BITS
from training.documents import Question
from training.examples import Source
from training.laid import Recipe, lay
from training.network import Network, Shape, Trace
from training.rows import dialogue
from training.supervision import BEARS_LAYER, Probes, bears
from training.trainer import AIDED_UNTIL, AIDS, READ, WEIGHTS, Trainer, weight_at

RECIPE = Recipe(Shape(2, 4, 8, text=160), 14, Flow.CELLS, 1, 1.0)
TEXT = "\n".join(f"第{i}条 数值为 {i * 37} 元。" for i in range(1, 20))


class Sure(random.Random):
    """A generator that tells no turn as history and always shows pages again."""

    def random(self) -> float:
        return 0.5


class Unshown(random.Random):
    """A generator that tells no turn as history and never shows a page again."""

    def random(self) -> float:
        return 0.95


def made(config, muon=False):
    torch.manual_seed(0)
    net = Network(Qwen2VLForConditionalGeneration(config))
    trainer = Trainer(net, Probes(net.config.text_config.hidden_size), torch.device("cpu"), 1, muon)
    trainer.stage = READ
    return trainer


@pytest.fixture(scope="module")
def trainer():
    return made(checkpoint.config(8384))


@pytest.fixture(scope="module", params=[False, True], ids=["AdamW", "Muon"])
def learner(request):
    return made(narrow(8384), request.param)


def batch_of(*questions: Question, tower: bool = True):
    laid = lay(TEXT, RECIPE)
    row = dialogue(laid, questions, "zh", RECIPE.shape, Sure())
    return Source(None, 1)._collate(replace(RECIPE, tower=tower), [(row, laid)])


FOUND = Question("第三条？", ((TEXT.index("111"), TEXT.index("111") + 3),), "fact")
DENIED = Question("谁签字？", (), "absent")


@pytest.mark.parametrize("questions", [(FOUND,), (DENIED,)], ids=["an answer", "a denial alone"])
def test_every_loss_is_finite(trainer, questions):
    out = trainer.losses(batch_of(*questions), Atlas(trainer.device))
    assert set(WEIGHTS) <= set(out)
    assert all(value.isfinite() for value in out.values())


def test_a_step_makes_the_same_batch_likelier(learner):
    batch, atlas = batch_of(FOUND), Atlas(learner.device)
    before = float(learner.losses(batch, atlas)["token"].detach())
    for _ in range(3):
        learner.set_rate(1e-3)
        learner.take(batch, atlas, 0.0)
    assert float(learner.losses(batch, atlas)["token"].detach()) < before


def test_every_parameter_has_one_optimiser(learner):
    taken = [id(p) for group in learner.groups for p in group["params"]]
    every = {id(p) for module in (learner.net.model, learner.probes) for p in module.parameters()}
    assert len(taken) == len(set(taken))
    assert set(taken) == every


def test_a_gradient_that_is_not_finite_does_no_harm(monkeypatch, learner):
    batch, atlas = batch_of(FOUND), Atlas(learner.device)
    learner.set_rate(0.0)
    learner.take(batch, atlas, 0.0)  # optimisers that have seen gradients
    losses = learner.losses
    monkeypatch.setattr(learner, "losses", lambda *given: {k: v * torch.nan for k, v in losses(*given).items()})
    before = {name: value.clone() for name, value in learner.net.state_dict().items()}
    learner.set_rate(1e-3)
    learner.take(batch, atlas, 0.0)
    moved = [(value - before[name]).abs().max() for name, value in learner.net.state_dict().items()]
    assert max(moved).isfinite()
    assert max(moved) < 0.02  # what the moments still carry and the decay takes


def test_the_tower_is_left_alone_where_the_recipe_says_so(trainer):
    out = trainer.losses(batch_of(FOUND, tower=False), Atlas(trainer.device))
    assert "dense" not in out
    trainer.net.zero_grad(set_to_none=True)
    out["token"].backward()
    assert all(p.grad is None for p in trainer.net.model.model.visual.parameters())
    assert any(p.grad is not None for p in trainer.net.model.model.language_model.parameters())


@torch.no_grad()
def test_what_a_cell_bears_is_asked_of_that_cell():
    batch = batch_of(FOUND)
    shape, probes = RECIPE.shape, Probes(BITS)
    torch.nn.init.eye_(probes.bears.weight)
    torch.nn.init.zeros_(probes.bears.bias)
    shown, masks = torch.from_numpy(batch.shown), torch.from_numpy(batch.bears)
    hidden = torch.zeros(1, shape.prefix + shape.text, BITS)
    hidden[0, shape.prefix + shown] = 40.0 * (masks[:, None] >> torch.arange(BITS) & 1).float() - 20.0
    trace = Trace([hidden] * (BEARS_LAYER + 1), [], [], hidden)
    loss, hit = bears(probes, trace, shown, masks, shape)
    assert masks.any()
    assert float(loss) < 1e-3
    assert float(hit) == 1.0
    beside = Trace([hidden.roll(1, dims=1)] * (BEARS_LAYER + 1), [], [], hidden)
    assert float(bears(probes, beside, shown, masks, shape)[0]) > 10.0


def test_where_no_page_is_shown_again_the_loss_is_there_and_nothing(trainer):
    # Ranks add up their gradients: a parameter that has one on some of them alone would make the others wait for ever.
    laid = lay(TEXT, RECIPE)
    row = dialogue(laid, [FOUND], "zh", RECIPE.shape, Unshown())
    out = trainer.losses(Source(None, 1)._collate(RECIPE, [(row, laid)]), Atlas(trainer.device))
    assert float(out["bears"].detach()) == 0.0
    trainer.net.zero_grad(set_to_none=True)
    trainer.probes.zero_grad(set_to_none=True)
    out["bears"].backward()
    assert all(p.grad is not None and not p.grad.any() for p in trainer.probes.bears.parameters())


def test_aids_fade_out_before_the_schedule_ends_and_nothing_else_does():
    for name, weight in WEIGHTS.items():
        assert weight_at(0.0, name) == weight
        assert weight_at(AIDED_UNTIL / 2, name) == pytest.approx(weight / 2 if name in AIDS else weight)
        assert weight_at(1.0, name) == (0.0 if name in AIDS else weight)

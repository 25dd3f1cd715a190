"""Our optimiser of many small matrices against torch's, which takes one after the other and multiplies in bfloat16."""

import torch

from training.muon import Muon, orthogonal

SHAPES = ((12, 20), (20, 12), (12, 20), (16, 16))


def matrices() -> list[torch.nn.Parameter]:
    torch.manual_seed(0)
    return [torch.nn.Parameter(torch.randn(shape)) for shape in SHAPES]


def test_steps_equal_torchs():
    mine, theirs = matrices(), matrices()
    before = [param.detach().clone() for param in mine]
    ours = Muon([{"params": mine}], lr=0.02, weight_decay=0.1)
    reference = torch.optim.Muon(theirs, lr=0.02, weight_decay=0.1, adjust_lr_fn="match_rms_adamw")
    for step in range(4):
        torch.manual_seed(step)
        for one, other in zip(mine, theirs, strict=True):
            one.grad = torch.randn(one.shape)
            other.grad = one.grad.clone()
        ours.step()
        reference.step()
    for one, other, old in zip(mine, theirs, before, strict=True):
        moved = (one - old).norm()
        assert moved > 0.05
        assert (one - other).norm() < 0.02 * moved


def test_an_update_is_about_orthogonal():
    singular = torch.linalg.svdvals(orthogonal(torch.randn(3, 24, 40)))
    assert singular.min() > 0.4
    assert singular.max() < 1.3

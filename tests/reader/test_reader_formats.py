"""Weights of 8 and 4 bits on the CPU, by torch's own kernels."""

import json
from pathlib import Path

import pytest
import torch

from reader_service.model import Chunk, Sampling, Step
from reader_service.positions import text_positions
from reader_service.settings import Settings
from reader_service.torch_model.linear import Dense, Format, Int4, Int8, linear, nbytes
from reader_service.torch_model.load import load_model
from tests.reader import tiny
from tests.reader.test_reader_torch import PROFILE

DTYPES = [torch.float32, torch.bfloat16]


def weight(outputs: int = 64, inputs: int = 256, dtype: torch.dtype = torch.float32) -> torch.Tensor:
    return torch.randn(outputs, inputs, generator=torch.Generator().manual_seed(0)).to(dtype)


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
@pytest.mark.parametrize(("form", "most"), [(Format.INT8, 0.01), (Format.INT4, 0.12)])
def test_a_product_stays_near_the_plain_one(form, most, dtype):
    plain, bias = weight(dtype=dtype), torch.randn(64).to(dtype)
    x = torch.randn(5, 256).to(dtype)
    want = torch.nn.functional.linear(x, plain, bias)
    got = linear(plain, bias, form)(x)
    assert got.dtype is dtype
    error = float((got - want).float().norm() / want.float().norm())
    assert 0 < error < most


@pytest.mark.parametrize(("form", "part"), [(Format.INT8, 0.27), (Format.INT4, 0.16)])
def test_a_weight_takes_the_bytes_of_its_format(form, part):
    plain = weight()
    assert nbytes(linear(plain, None, form)) < part * nbytes(Dense(plain))


def test_rows_that_are_all_equal_and_all_zero_survive():
    plain = torch.zeros(16, 128)
    plain[3] = 0.7
    for form in (Format.INT8, Format.INT4):
        product = linear(plain, None, form)(torch.ones(1, 128))
        torch.testing.assert_close(product, plain.sum(1)[None], atol=0.4, rtol=0.01)


@pytest.mark.parametrize(
    ("outputs", "inputs", "kind"),
    [(64, 256, Int4), (64, 200, Int8), (60, 256, Int8)],
    ids=["suits", "inputs", "outputs"],
)
def test_sides_that_do_not_suit_four_bits_stay_at_eight(outputs, inputs, kind):
    assert type(linear(weight(outputs, inputs), None, Format.INT4)) is kind


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tiny.qwen(tmp_path_factory.mktemp("wide"), hidden=128, intermediate=256)
    (folder / "glyphstream.json").write_text(json.dumps(PROFILE))
    return folder


@pytest.mark.parametrize("weights", ["int8", "int4", "small"])
def test_a_model_of_fewer_bits_sees_and_speaks(folder, weights):
    plain = load_model(Settings(model=str(folder), device="cpu"))
    model = load_model(Settings(model=str(folder), device="cpu", weights=weights))
    assert model.facts.costs.weight_bytes < plain.facts.costs.weight_bytes
    assert model.facts.revision != plain.facts.revision
    page = tiny.page(1)
    want, seen = plain.see([page]), model.see([page])
    assert float((seen - want).norm() / want.norm()) < (0.05 if weights == "small" else 1e-6)
    document, sampler = model.document(8), model.sampler(Sampling())
    logits = model.prefill(document, Chunk(list(range(20, 26)), text_positions(0, 6)))
    theirs = plain.prefill(plain.document(8), Chunk(list(range(20, 26)), text_positions(0, 6)))
    assert float((logits - theirs).norm() / theirs.norm()) < 0.5
    first = model.draw(logits, sampler)
    second = model.drawn(model.decode([Step(document, first.token, 6, sampler)]))[0]
    assert 0 <= second.token < plain._parts.decoder.embedding.shape[0]
    assert document.length == 7

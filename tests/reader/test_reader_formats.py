"""Weights of 8 and 4 bits on the CPU, by torch's own kernels."""

import json
import weakref
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import pytest
import torch
from transformers import AutoConfig
from transformers.models.qwen2_vl.modeling_qwen2_vl import Qwen2VLRotaryEmbedding

from reader_service.model import Chunk, Sampling, Step
from reader_service.positions import text_positions
from reader_service.settings import Settings
from reader_service.torch_model import tuning
from reader_service.torch_model.checkpoint import SafeTensors
from reader_service.torch_model.decoder import Decoder, Formats
from reader_service.torch_model.linear import Dense, Format, Int4, Int8, linear, nbytes
from reader_service.torch_model.load import load_model
from reader_service.torch_model.steps import TorchSteps
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
    ("outputs", "inputs", "dtype", "step"),
    [(256, 64, torch.float32, (1, 256)), (64, 256, torch.float32, (256, 1)), (256, 64, torch.bfloat16, (64, 1))],
    ids=["wide", "narrow", "wide bfloat16"],
)
def test_a_plain_wide_matrix_lies_input_after_input(outputs, inputs, dtype, step):
    plain, bias, x = weight(outputs, inputs, dtype), torch.randn(outputs).to(dtype), torch.randn(3, inputs).to(dtype)
    product = linear(plain, bias, Format.PLAIN)
    assert isinstance(product, Dense)
    assert product.weight.stride() == step
    torch.testing.assert_close(product(x), torch.nn.functional.linear(x, plain, bias))


def test_a_tied_embedding_is_held_once():
    folder = Path(Settings().model)  # the embedded reader: more characters than inputs
    config = AutoConfig.from_pretrained(folder).text_config
    tensors = SafeTensors(folder, torch.device("cpu"), torch.float32)
    decoder = Decoder(config, Qwen2VLRotaryEmbedding(config=config), tensors, Formats(), TorchSteps())
    layers = sum(layer.nbytes for layer in decoder.layers)
    assert decoder.weight_bytes == decoder.embedding.nbytes + decoder._norm.nbytes + layers
    tokens = torch.arange(5)
    torch.testing.assert_close(decoder.embed(tokens), tensors.take("language_model.embed_tokens.weight")[:5])


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


def test_products_of_one_shape_get_the_fastest_of_their_cuts():
    alike, other = [linear(weight(), None, Format.INT8) for _ in range(10)], linear(weight(32), None, Format.INT8)
    fastest = {(64, 256): tuning.INT8[2], (32, 256): tuning.INT8[1]}
    timed: list[int] = []

    def time_ms(actions: Sequence[partial[torch.Tensor]]) -> float:
        product = actions[0].func
        timed.append(len(actions))
        return 1.0 if product.how is fastest[product.shape] else 2.0

    tuning.tune([*alike, other], lambda inputs: torch.randn(1, inputs), time_ms)
    assert {product.how for product in alike} == {tuning.INT8[2]}
    assert other.how is tuning.INT8[1]
    assert timed == [8] * len(tuning.INT8) + [1] * len(tuning.INT8)


def test_a_cut_that_a_card_cannot_run_is_left_out():
    product = linear(weight(), None, Format.INT8)

    def time_ms(actions: Sequence[partial[torch.Tensor]]) -> float:
        if product.how is not tuning.INT8[1]:
            raise ValueError("out of resource: shared memory")
        return 2.0

    tuning.tune([product], lambda inputs: torch.randn(1, inputs), time_ms)
    assert product.how is tuning.INT8[1]
    tuning.tune([product], lambda inputs: torch.randn(1, inputs), lambda actions: 1 / 0)
    assert product.how is None


class Watched:
    """A checkpoint's tensors, and how many bytes of them were alive at once."""

    def __init__(self, tensors: SafeTensors) -> None:
        self._tensors = tensors
        self.live = self.most = self.taken = 0

    def take(self, name: str) -> torch.Tensor:
        tensor = self._tensors.take(name)
        self.live += tensor.nbytes
        self.taken += tensor.nbytes
        self.most = max(self.most, self.live)
        weakref.finalize(tensor, self._gone, tensor.nbytes)
        return tensor

    def _gone(self, nbytes: int) -> None:
        self.live -= nbytes

    def has(self, name: str) -> bool:
        return self._tensors.has(name)


def test_loading_holds_what_is_kept_and_one_matrix(folder):
    tensors = Watched(SafeTensors(folder, torch.device("cpu"), torch.float32))
    config = AutoConfig.from_pretrained(folder).text_config
    decoder = Decoder(
        config, Qwen2VLRotaryEmbedding(config=config), tensors, Formats(Format.INT4, Format.INT8), TorchSteps()
    )
    kept = decoder.embedding.nbytes + sum(layer.norm_in.nbytes + layer.norm_mlp.nbytes for layer in decoder.layers)
    largest = 2 * 256 * 128 * 4  # gate and up
    assert largest < tensors.most <= kept + decoder._norm.nbytes + largest
    assert tensors.taken > 3 * largest


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
    ours = model.prefill(document, Chunk(list(range(20, 26)), text_positions(0, 6)))
    theirs = plain.prefill(plain.document(8), Chunk(list(range(20, 26)), text_positions(0, 6)))
    assert float((ours.logits - theirs.logits).norm() / theirs.logits.norm()) < 0.5
    first = model.draw(ours, sampler)
    second = model.drawn(model.decode([Step(document, first.token, 6, sampler)]))[0]
    assert 0 <= second.token < plain._parts.decoder.embedding.shape[0]
    assert document.length == 7

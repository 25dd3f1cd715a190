"""The torch half beside its forward passes: KV bytes, sampling, offload, errors, marks, loading."""

import json
import math
from collections.abc import Sequence
from copy import deepcopy
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch

from reader_service.errors import DeviceLost, OutOfMemory
from reader_service.model import Chunk, Drawn, MarkKind, PageSize, Sampling, Step
from reader_service.positions import text_positions
from reader_service.settings import Settings
from reader_service.torch_model import costs, host_attention, splits
from reader_service.torch_model.costs import logits_bytes
from reader_service.torch_model.host_attention import attend_all, attend_causal, attend_one, merge
from reader_service.torch_model.load import load_model
from reader_service.torch_model.offload import Offloader, ParkedWeights
from reader_service.torch_model.sampling import ROWS_AT_ONCE, Said, TokenSampler, draw
from reader_service.torch_model.streaming import StreamedBlocks
from reader_service.torch_model.torch_reader import TorchReader
from reader_service.torch_model.vision import ResidentBlocks
from tests.reader import tiny
from tests.reader.cardlike import cardlike
from tests.reader.meter import Meter

PROFILE = {
    "name": "tiny",
    "styles": [{"mode": "precise", "flow": "cells", "font_px": [14], "page_width_px": 84, "page_height_px": 112}],
    "anchors": {"page": "<|page_{}|>", "row": "<|row_{}|>", "absent": "<|absent|>", "first": 1},
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tiny.qwen(tmp_path_factory.mktemp("tiny"))
    (folder / "glyphstream.json").write_text(json.dumps(PROFILE))
    return folder


@pytest.fixture(scope="module")
def model(folder: Path) -> TorchReader:
    return load_model(Settings(model=str(folder), device="cpu"))


def test_kv_takes_the_bytes_that_were_counted_and_gives_them_back(model):
    document = model.document(7)
    branch = model.branch(document, 5)
    per_token = model.facts.costs.kv_bytes_per_token
    assert (document.nbytes, branch.nbytes) == (7 * per_token, 5 * per_token)
    model.free(branch)
    assert branch.nbytes == 0
    assert document.nbytes == 7 * per_token


def test_a_branch_leaves_its_document_as_it_was(model):
    document = model.document(4)
    model.prefill(document, Chunk([20, 21, 22, 23], text_positions(0, 4)))
    before = document.keys.clone()
    branch = model.branch(document, 3)
    model.prefill(branch, Chunk([24, 25, 26], text_positions(4, 3)))
    assert torch.equal(document.keys, before)
    assert (document.length, branch.length) == (4, 3)


def after_a_question(model: TorchReader, begun: Sequence[int], token: int) -> Drawn:
    """What follows `token` behind a question, where tokens begun before it were taken back."""
    kv = model.document(8)
    model.prefill(kv, Chunk([20, 21, 22], text_positions(0, 3)))
    for at, one in enumerate(begun):
        model.drawn(model.decode([Step(kv, one, 3 + at, model.sampler(Sampling()))]))
    model.take_back(kv, len(begun))
    (drawn,) = model.drawn(model.decode([Step(kv, token, 3, model.sampler(Sampling()))]))
    assert kv.length == 4
    return drawn


def test_tokens_taken_back_leave_no_trace(model, tmp_path, monkeypatch):
    monkeypatch.setattr(splits, "MOST_SPLITS", 1)  # interpreted, a program takes milliseconds
    paged = cardlike(load_model(Settings(model=str(tiny.qwen(tmp_path)), device="cpu")))
    for reader in (model, paged):
        assert after_a_question(reader, [30, 31, 32], 40) == after_a_question(reader, [], 40)


def test_a_draw_leans_once_and_tells_the_probability_that_it_had_then(model):
    logits = torch.tensor([[2.0, 1.0, 0.0], [0.0, 1.0, 2.0]])
    leaning, upright = (model.sampler(Sampling()) for _ in range(2))
    model.lean(leaning, {0: -math.inf, 2: 0.5})
    first, other = draw(logits, [leaning, upright])
    assert (first.token, other.token) == (1, 2)
    assert first.log_probability == pytest.approx(1 - math.log(math.exp(1) + math.exp(0.5)))
    assert draw(logits, [leaning, upright])[0].token == 0
    told = Said(logits[:1], torch.tensor([[0.0], [-0.1]]))
    assert model.draw(told, leaning).log_probability == pytest.approx(-0.1)
    model.lean(leaning, {0: -math.inf})
    assert model.draw(told, leaning).token == 1  # what a graph told is not what this draw leans to


def test_warming_leaves_nothing_behind_but_a_larger_context(model):
    before = model.facts.costs
    model.warm()
    after = model.facts.costs
    assert after.context_bytes >= before.context_bytes
    assert (
        after.weight_bytes
        == before.weight_bytes
        == model._parts.vision.weight_bytes + model._parts.decoder.weight_bytes
    )


def test_attention_over_parts_equals_attention_over_the_whole(monkeypatch):
    monkeypatch.setattr(host_attention, "COPIED_PLACES", 4)
    torch.manual_seed(0)
    query = torch.randn(4, 3, 8)
    keys, values = torch.randn(2, 2, 8, 9).transpose(2, 3)  # as a CPU's KV lies
    whole = torch.nn.functional.scaled_dot_product_attention(
        query[None], keys[None], values[None], torch.ones(3, 9, dtype=torch.bool).tril(6), enable_gqa=True
    )[0]
    past = attend_all(query, keys[:, :6], values[:, :6])
    split = merge(attend_all(query, keys[:, :2], values[:, :2]), attend_all(query, keys[:, 2:6], values[:, 2:6]))
    torch.testing.assert_close(split, past)
    torch.testing.assert_close(merge(past, attend_causal(query, keys[:, 6:], values[:, 6:]))[0], whole)
    places = [(keys[:, :5], values[:, :5]), (keys[:, 5:], values[:, 5:])]
    torch.testing.assert_close(attend_one(query[:, -1:], places), whole[:, -1:])


def test_attention_on_a_cpu_takes_no_more_than_is_counted():
    """One layer's, behind places that are copied bit by bit, and a chunk's own, which grouped heads repeat."""
    text = SimpleNamespace(hidden_size=64, num_attention_heads=4, num_key_value_heads=2, num_hidden_layers=1)
    keys, values = torch.randn(2, 2, 16, 2048).transpose(2, 3)
    query, one = torch.randn(4, 8, 16), torch.randn(4, 1, 16)
    total_bytes = 2048 * costs.kv_bytes_per_token(text, 4)
    results = 8 * query.nbytes  # queries, outputs and what merging them makes
    with Meter() as meter:
        attend_all(query, keys, values)
    assert meter.peak <= costs.host_bytes(text, 4, 8, 0) + results
    with Meter() as meter:
        attend_one(one, [(keys, values)])
    assert meter.peak <= costs.host_bytes(text, 4, 0, total_bytes) + results


LOGITS = torch.tensor([1.0, 3.0, 2.0, -1.0])


def draws(sampling: Sampling, count: int = 40) -> list[int]:
    sampler = TokenSampler(sampling)
    return [draw(LOGITS[None], [sampler])[0].token for _ in range(count)]


def test_greedy_takes_the_likeliest_and_tells_its_probability():
    drawn = draw(LOGITS[None], [TokenSampler(Sampling())])[0]
    assert drawn.token == 1
    assert math.exp(drawn.log_probability) == pytest.approx(float(LOGITS.softmax(-1)[1]))


@pytest.mark.parametrize(
    ("sampling", "possible"),
    [
        pytest.param(Sampling(temperature=5.0), {0, 1, 2, 3}, id="hot"),
        pytest.param(Sampling(temperature=5.0, top_k=2), {1, 2}, id="top-k"),
        pytest.param(Sampling(temperature=5.0, top_p=0.6), {1, 2}, id="top-p"),
        pytest.param(Sampling(temperature=5.0, top_p=1e-6), {1}, id="the likeliest always stays"),
        pytest.param(Sampling(temperature=1e-4), {1}, id="cold"),
    ],
)
def test_a_draw_stays_within_what_sampling_allows(sampling, possible):
    assert set(draws(sampling, 200)) == possible


def test_a_seed_repeats_a_draw_and_another_changes_it():
    hot = [draws(Sampling(temperature=3.0, seed=seed)) for seed in (1, 1, 2)]
    assert hot[0] == hot[1] != hot[2]


def test_the_repetition_penalty_holds_back_what_was_said():
    assert draws(Sampling(repetition_penalty=2.0), 3) == [1, 2, 1]


def test_many_draws_are_those_of_each_alone_and_take_no_more_than_was_counted():
    how = Sampling(temperature=1.0, top_p=0.9, top_k=50, repetition_penalty=1.5)
    logits = torch.randn((3 * ROWS_AT_ONCE + 1, 500), generator=torch.Generator().manual_seed(0))

    def samplers() -> list[TokenSampler]:
        return [TokenSampler(replace(how, seed=number)) for number in range(len(logits))]

    with Meter() as meter:
        together = draw(logits, samplers())
    assert together == [draw(row[None], [sampler])[0] for row, sampler in zip(logits, samplers(), strict=True)]
    assert meter.peak <= logits_bytes(SimpleNamespace(vocab_size=500))


class Weights:
    """Where they are."""

    def __init__(self) -> None:
        self.moves: list[str] = []

    def to_host(self) -> None:
        self.moves.append("host")

    def to_device(self) -> None:
        self.moves.append("device")

    def ready(self) -> None:
        self.moves.append("ready")


def test_the_tower_leaves_over_the_threshold_and_returns_only_for_a_page():
    weights = Weights()
    offloader = Offloader(weights, tower_bytes=10, threshold_bytes=100)
    for used_bytes, pages_wait in ((100, False), (101, True), (101, False), (101, False), (50, False), (50, True)):
        offloader.balance(used_bytes, pages_wait)
    assert weights.moves == ["host", "device"]
    assert offloader.offloads == 1
    offloader.balance(200, False)
    assert offloader.away_bytes == 10
    offloader.use()
    assert (weights.moves, offloader.away_bytes) == (["host", "device"] * 2 + ["ready"], 0)


def test_weights_come_back_as_they_left():
    weights = [torch.randn(3, 4), torch.randint(-5, 5, (7,), dtype=torch.int8)]
    before = [weight.clone() for weight in weights]
    parked = ParkedWeights(weights, torch.device("cpu"))
    parked.to_host()
    parked.to_device()
    assert all(torch.equal(old, new) for old, new in zip(before, weights, strict=True))


def test_a_tower_without_bytes_on_the_device_never_leaves():
    offloader = Offloader(Weights(), tower_bytes=0, threshold_bytes=100)
    offloader.balance(1000, False)
    assert (offloader.away, offloader.offloads) == (False, 0)


def test_a_streamed_tower_sees_what_a_resident_one_does_from_two_blocks(folder):
    pages = [tiny.page(1), tiny.page(2)]
    tower = load_model(Settings(model=str(folder), device="cpu", weights="small"))._parts.vision
    blocks = [*tower.blocks, *deepcopy(list(tower.blocks))]
    tower.blocks = ResidentBlocks(blocks)
    want, whole = tower.see(pages, torch.device("cpu")), tower.weight_bytes
    a_block = sum(part.nbytes for part in blocks[0].tensors())
    tower.blocks = StreamedBlocks(blocks, torch.device("cpu"))
    for _ in range(2):
        torch.testing.assert_close(tower.see(pages, torch.device("cpu")), want, rtol=0, atol=0)
    assert tower.weight_bytes == whole - (len(blocks) - 2) * a_block
    assert {part.data_ptr() for block in blocks for part in block.tensors()} == {
        part.data_ptr() for part in tower.blocks.tensors()
    }


@pytest.mark.parametrize(
    ("error", "named"),
    [
        pytest.param(torch.OutOfMemoryError("CUDA out of memory"), OutOfMemory, id="the card is full"),
        pytest.param(RuntimeError("DefaultCPUAllocator: can't allocate memory"), OutOfMemory, id="the host is full"),
        pytest.param(torch.AcceleratorError("CUDA error: an illegal address", 700), DeviceLost, id="the card is gone"),
        pytest.param(RuntimeError("shapes do not match"), RuntimeError, id="a bug stays a bug"),
    ],
)
def test_torchs_errors_get_the_seams_names(model, monkeypatch, error, named):
    def fail(*_: object) -> None:
        raise error

    monkeypatch.setattr(model._parts.vision, "see", fail)
    with pytest.raises(named) as caught:
        model.see([tiny.page(1)])
    assert type(caught.value) is named


def test_marks_are_found_in_the_vocabulary(model):
    marks = {(mark.kind, mark.number) for mark in model.vocabulary.marks.values()}
    assert {(MarkKind.PAGE, 0), (MarkKind.ROW, 2), (MarkKind.ABSENT, 0), (MarkKind.REASONING_OPEN, 0)} <= marks
    assert model.vocabulary.marks[model.vocabulary._tokenizer.eos_token_id].kind is MarkKind.END


def test_the_model_says_what_it_is(model, folder):
    facts = model.facts
    assert (facts.name, facts.device, facts.vision_attention) == ("tiny", "cpu", "sdpa")
    assert facts.geometry.accepts(PageSize(448, 224))
    assert facts.revision != load_model(Settings(model=str(folder), device="cpu", dtype="bfloat16")).facts.revision


def test_a_device_of_a_given_size_is_budgeted_as_one(folder):
    facts = load_model(Settings(model=str(folder), device="cpu", card_bytes=10**9, memory_fraction=0.5)).facts
    assert facts.total_bytes == 500_000_000


def test_what_is_no_checkpoint_is_refused(tmp_path):
    with pytest.raises(OSError, match="no checkpoint"):
        load_model(Settings(model=str(tmp_path / "nothing")))
    (tmp_path / "config.json").write_text(json.dumps({"model_type": "bert"}))
    with pytest.raises(ValueError, match="bert"):
        load_model(Settings(model=str(tmp_path)))

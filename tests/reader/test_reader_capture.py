"""Recording graphs, as far as a machine without a card can show it: what happens around a recording, and after one that
failed."""

import gc
import weakref
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from reader_service.model import Chunk, Rows, Sampling, Step
from reader_service.positions import text_positions
from reader_service.settings import Settings
from reader_service.torch_model import capture, runners, splits
from reader_service.torch_model.capture import uncollected
from reader_service.torch_model.load import load_model
from reader_service.torch_model.paged_kv import NOWHERE
from reader_service.torch_model.runners import CardRunner
from reader_service.torch_model.torch_reader import TorchReader
from tests.reader import tiny
from tests.reader.cardlike import cardlike


class Cycle:
    """Only a collector frees it."""

    def __init__(self) -> None:
        self.me = self


def test_the_collector_works_before_a_recording_and_rests_during_it():
    first = weakref.ref(Cycle())
    with uncollected():
        second = weakref.ref(Cycle())
        assert (first(), gc.isenabled()) == (None, False)
        assert second() is not None
    assert gc.isenabled()
    gc.disable()
    try:
        with uncollected():
            pass
        assert not gc.isenabled()
    finally:
        gc.enable()


@pytest.fixture
def model(tmp_path, monkeypatch) -> TorchReader:
    """A checkpoint on the card's path."""
    monkeypatch.setattr(splits, "MOST_SPLITS", 1)  # interpreted, a program takes milliseconds
    return cardlike(load_model(Settings(model=str(tiny.qwen(tmp_path)), device="cpu")), buckets=(1,))


def failing(monkeypatch: pytest.MonkeyPatch, runner: CardRunner, error: Exception) -> list[object]:
    """Lets the second function's recording fail as on a card; returns what is mended after it."""
    mended: list[object] = []

    def succeed(pool: object) -> None:
        runner.graphs.recorded._graphs[1] = (None, None)  # type: ignore[assignment]

    def fail(pool: object) -> None:
        raise error

    monkeypatch.setattr(runner.graphs.recorded, "record", succeed)
    monkeypatch.setattr(runner.prompts.recorded, "record", fail)
    monkeypatch.setattr(runners, "tune", lambda *args: None)
    monkeypatch.setattr(capture, "mend", lambda *state: mended.append(state))
    monkeypatch.setattr(torch.cuda, "current_stream", lambda: "stream")
    monkeypatch.setattr(torch.cuda, "graph_pool_handle", lambda: "pool")
    return mended


def test_all_runs_eagerly_after_a_recording_that_failed(model, monkeypatch):
    runner = model._parts.runner
    with monkeypatch.context() as patch:
        mended = failing(patch, runner, RuntimeError("operation failed\nand more"))
        runner.warm()
    assert (mended, runner.mode) == ([("stream", "pool")], "eager: operation failed")
    kv = model.document(4)
    model.prefill(kv, Chunk([20, 21, 22], text_positions(0, 3)))
    (drawn,) = model.drawn(model.decode([Step(kv, 23, 3, model.sampler(Sampling()))]))
    assert (drawn.token >= 0, kv.length) == (True, 4)


def test_what_is_recorded_runs_without_a_sequence(model, monkeypatch):
    kv = model.document(4)
    model.drawn(model.decode([Step(kv, 23, 0, model.sampler(Sampling()))]))
    runner, found = model._parts.runner, []

    def look(*functions: object) -> str:
        _, _, lengths, slots, tables = runner.graphs._numbers.tolist()
        found.append((lengths, slots, tables))
        return ""

    monkeypatch.setattr(runners, "record", look)
    monkeypatch.setattr(runners, "tune", lambda *args: None)
    assert runner.graphs._numbers[2].tolist() == [1]  # the step's sequence stands there, and is about to go
    model.free(kv)
    runner.warm()
    assert found == [([0], [NOWHERE], [0])]


def test_memory_that_runs_out_while_recording_is_no_reason_to_be_slow(model, monkeypatch):
    runner = model._parts.runner
    with monkeypatch.context() as patch:
        failing(patch, runner, torch.OutOfMemoryError("CUDA out of memory"))
        with pytest.raises(torch.OutOfMemoryError):
            runner.warm()


def test_a_closed_model_holds_no_graphs(model):
    runner = model._parts.runner
    for one in (runner.graphs, runner.prompts):
        one.recorded._graphs[1] = (None, None)
    assert runner.mode == "graphs"
    model.close()
    assert runner.mode == "eager"
    assert not runner.prompts.recorded.live


@pytest.mark.parametrize("count", [1, 7, 8])
def test_a_prompt_filled_up_in_front_says_what_it_says_by_itself(model, count):
    runner = model._parts.runner
    document = model.document(20)
    model.prefill(document, Chunk(list(range(8, 28)), text_positions(0, 20)))
    tokens, positions = np.arange(30, 30 + count), text_positions(20, count)
    whole, filled = (model.branch(document, count + 1) for _ in range(2))
    want = model.prefill(whole, Chunk(tokens.tolist(), positions))
    with torch.inference_mode():
        got = runner.prompts.append(filled, tokens, positions)
    torch.testing.assert_close(got.logits, want.logits, rtol=1e-4, atol=1e-4)
    sampler = model.sampler(Sampling())
    told, computed = model.draw(got, sampler), model.draw(want, sampler)
    assert (told.token, told.log_probability) == (computed.token, pytest.approx(computed.log_probability, abs=1e-4))
    assert filled.length == whole.length == 20 + count
    steps = [Step(kv, 50, 20 + count, model.sampler(Sampling())) for kv in (whole, filled)]
    first, second = (model.drawn(model.decode([step]))[0] for step in steps)
    assert first.token == second.token  # what it left in the KV is the same, too
    for kv in (whole, filled, document):
        model.free(kv)


def test_a_prompt_that_is_too_long_is_left_alone(model):
    kv = model.document(9)
    assert model._parts.runner.prompts.append(kv, np.arange(9), text_positions(0, 9)) is None
    assert kv.length == 0


def test_recorded_prompts_are_used_for_questions_and_not_for_pages(model, monkeypatch):
    runner, taken = model._parts.runner, []
    monkeypatch.setattr(
        runner.prompts.recorded, "_graphs", {8: (SimpleNamespace(replay=lambda: taken.append(8)), "logits")}
    )
    kv = model.document(30)
    image = model.vocabulary.image_token
    seen = model.see([tiny.page(1, 56, 28)])
    model.prefill(kv, Chunk([20, image, image, 21], text_positions(0, 4), [Rows(seen, 0, 2)]))
    assert taken == []
    assert model.prefill(kv, Chunk([20, 21], text_positions(4, 2))).logits == "logits"
    assert (taken, kv.length) == ([8], 6)

"""Recording graphs, as far as a machine without a card can show it: what happens around a recording, and after one that
failed."""

import gc
import weakref
from types import SimpleNamespace

import pytest
import torch

from reader_service.model import Chunk, Sampling, Step
from reader_service.positions import text_positions
from reader_service.settings import Settings
from reader_service.torch_model import graphs, splits
from reader_service.torch_model.capture import uncollected
from reader_service.torch_model.graphs import DecodeGraphs
from reader_service.torch_model.load import load_model
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
    monkeypatch.setattr(splits, "_PROGRAMS_WANTED", 1)  # interpreted, a program takes milliseconds
    return cardlike(load_model(Settings(model=str(tiny.qwen(tmp_path)), device="cpu")), buckets=(1,))


def failing(monkeypatch: pytest.MonkeyPatch, of: DecodeGraphs, error: Exception) -> list[object]:
    """Lets the next recording fail as on a card; returns what is mended after it."""
    mended: list[object] = []

    def capture(pool: object) -> None:
        of._graphs[1] = (None, None)  # type: ignore[assignment]
        raise error

    monkeypatch.setattr(of, "_capture", capture)
    monkeypatch.setattr(graphs, "mend", lambda *state: mended.append(state))
    monkeypatch.setattr(torch.cuda, "current_stream", lambda: "stream")
    monkeypatch.setattr(torch.cuda, "graph_pool_handle", lambda: "pool")
    monkeypatch.setattr(of, "_decoder", SimpleNamespace(device=torch.device("cuda")))
    return mended


def test_tokens_run_eagerly_after_a_recording_that_failed(model, monkeypatch):
    made = model._parts.runner.graphs
    with monkeypatch.context() as patch:
        mended = failing(patch, made, RuntimeError("operation failed\nand more"))
        made.capture()
    assert (mended, made.mode) == ([("stream", "pool")], "eager: operation failed")
    kv = model.document(4)
    model.prefill(kv, Chunk([20, 21, 22], text_positions(0, 3)))
    (drawn,) = model.drawn(model.decode([Step(kv, 23, 3, model.sampler(Sampling()))]))
    assert (drawn.token >= 0, kv.length) == (True, 4)


def test_memory_that_runs_out_while_recording_is_no_reason_to_be_slow(model, monkeypatch):
    made = model._parts.runner.graphs
    with monkeypatch.context() as patch:
        failing(patch, made, torch.OutOfMemoryError("CUDA out of memory"))
        with pytest.raises(torch.OutOfMemoryError):
            made.capture()


def test_a_closed_model_holds_no_graphs(model):
    made = model._parts.runner.graphs
    made._graphs[1] = (None, None)  # type: ignore[assignment]
    assert made.mode == "graphs"
    model.close()
    assert made.mode == "eager"

"""Tokens whose step is begun before the one ahead of it is read."""

import pytest

from reader_service.errors import DeviceLost, OutOfMemory
from reader_service.model import Sampling
from reader_service.results import Completed
from tests.reader.fake import FakeStep
from tests.reader.test_reader_engine import Bench


@pytest.fixture
def bench() -> Bench:
    bench = Bench()
    bench.model.runs_ahead = True
    bench.resident()
    return bench


def decoding(bench: Bench, count: int, **fields: object):
    jobs = [bench.ask(**fields) for _ in range(count)]
    while not all(job.decoding for job in jobs):
        bench.engine.step()
    return jobs


def test_the_next_step_is_begun_before_one_is_read(bench):
    (job,) = decoding(bench, 1)
    unread: list[int] = []
    bench.model.read = lambda step: unread.append(len(bench.model.steps) - 1 - bench.model.steps.index(step))
    bench.run()
    assert job.sink.text == "hello"
    assert unread[:3] == [1, 1, 1]


def test_what_was_begun_behind_an_end_is_dropped(bench):
    (job,) = decoding(bench, 1)
    bench.run()
    said, begun = job.sink.last.completion_tokens, len(bench.model.steps)
    assert (said, begun) == (6, 6)  # five letters and the end, the first of them from the prompt; one in vain
    assert bench.model.abandoned == []


def test_no_step_is_begun_behind_the_last_token(bench):
    (job,) = decoding(bench, 1, most=3)
    bench.run()
    assert job.sink.text == "hel"
    assert [step.steps[0].after for step in bench.model.steps] == [None, 0]


@pytest.mark.parametrize(
    "how", [Sampling(temperature=0.5), Sampling(repetition_penalty=1.1)], ids=["chance", "penalty"]
)
def test_a_token_that_is_not_the_likeliest_is_waited_for(bench, how):
    decoding(bench, 1)
    decoding(bench, 1, sampling=how)
    begun = len(bench.model.steps)
    bench.run()
    both = [step for step in bench.model.steps[begun:] if len(step.steps) == 2]
    assert both
    assert all(row.after is None for step in both for row in step.steps)


def test_a_newcomer_joins_when_the_step_on_its_way_is_read(bench):
    (early,) = decoding(bench, 1)
    bench.engine.step()
    (late,) = decoding(bench, 1)
    bench.run()
    assert [job.sink.text for job in (early, late)] == ["hello", "hello"]
    assert max(len(step.steps) for step in bench.model.steps) == 2


def test_a_cancelled_answer_leaves_its_row_and_nothing_else(bench):
    gone, stays = decoding(bench, 2)
    bench.engine.step()
    bench.engine.cancel(gone)
    bench.run()
    assert stays.sink.text == "hello"
    assert (gone.sink.endings, stays.sink.endings) == (1, 1)
    assert bench.device.pool.live_bytes == bench.device.pool.drop("doc")


@pytest.mark.parametrize("error", [OutOfMemory("no memory"), ZeroDivisionError()], ids=["OOM", "bug"])
def test_a_step_that_cannot_be_read_is_done_again_and_its_follower_too(bench, error):
    jobs = decoding(bench, 3)
    bench.engine.step()
    failed: list[FakeStep] = []

    def fail_once(step: FakeStep) -> None:
        if not failed:
            failed.append(step)
            raise error

    bench.model.read = fail_once
    bench.run()
    assert [job.sink.text for job in jobs] == ["hello"] * 3
    assert len(bench.model.abandoned) == 2
    assert bench.model.recoveries == isinstance(error, OutOfMemory)


def test_a_step_that_cannot_be_read_for_one_ends_that_one(bench):
    jobs = decoding(bench, 3)
    error = ZeroDivisionError()

    def fail(step: FakeStep) -> None:
        if any(row.kv is jobs[1]._kv for row in step.steps):
            raise error

    bench.model.read = fail
    bench.run()
    assert jobs[1].sink.last is error
    assert [jobs[0].sink.text, jobs[2].sink.text] == ["hello", "hello"]
    assert all(isinstance(jobs[row].sink.last, Completed) for row in (0, 2))


def test_who_is_left_of_a_step_that_cannot_be_read_is_not_blamed_for_it(bench):
    gone, stays = decoding(bench, 2)
    while len(bench.model.steps[-1].steps) < 2:
        bench.engine.step()
    bench.engine.cancel(gone)

    def fail(step: FakeStep) -> None:
        if len(step.steps) > 1:
            raise ZeroDivisionError

    bench.model.read = fail
    bench.run()
    assert stays.sink.text == "hello"
    assert len(bench.model.abandoned) == 1


@pytest.mark.parametrize("count", [1, 2])
def test_a_device_that_is_lost_when_nobody_is_left_is_lost(bench, monkeypatch, count):
    jobs = decoding(bench, count)
    bench.engine.step()

    def fall(job) -> bool:
        raise ZeroDivisionError

    for job in jobs:
        monkeypatch.setattr(job, "speak", lambda job=job: fall(job))

    def lose(step: FakeStep) -> None:
        raise DeviceLost("gone")

    bench.model.read = lose
    bench.engine._guarded_step()
    assert bench.lost


def test_memory_that_runs_out_ahead_costs_nobody_anything(bench):
    jobs = decoding(bench, 2)
    refused: list[object] = []

    def refuse(call: str, payload: object) -> None:
        if call == "decode" and payload.after is not None:
            refused.append(payload)
            raise OutOfMemory("no memory")

    bench.model.hook = refuse
    bench.run()
    assert refused
    assert [job.sink.text for job in jobs] == ["hello", "hello"]
    assert bench.model.recoveries == 0


def test_a_device_that_is_lost_ahead_is_lost(bench):
    jobs = decoding(bench, 2)

    def lose(call: str, payload: object) -> None:
        if call == "decode" and payload.after is not None:
            raise DeviceLost("gone")

    bench.model.hook = lose
    bench.run()
    assert [str(error) for error in bench.lost] == ["gone"]
    assert [job.sink.endings for job in jobs] == [1, 1]

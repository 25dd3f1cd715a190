"""The engine stepped by hand over a fake model: order, endings, bytes. One thread, no clock."""

import gc
import math
import weakref
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from reader_service.answering import Answering, Question
from reader_service.budget import Budget, ChunkLimits
from reader_service.device import Device, Job
from reader_service.engine import Cancelled, Engine
from reader_service.errors import (
    Busy,
    DeviceLost,
    DocumentNotResident,
    DoesNotFit,
    Draining,
    InvalidPages,
    InvalidQuestion,
    OutOfMemory,
)
from reader_service.ingestion import Ingestion, Source
from reader_service.kv_pool import KvPool
from reader_service.model import GreyPage, PageSize, Sampling, Turn
from reader_service.profile import Task
from reader_service.results import Accepted, Completed, DocumentInfo, Evidence, Finish, PageText, Progress, TextDelta
from reader_service.scheduler import Scheduler
from tests.reader.fake import COSTS, FakeModel, tokens_of

PAGE = GreyPage(PageSize(56, 56), np.zeros((56, 56), np.uint8))  # 4 vision tokens, 5 with its end: 50 bytes of KV


class Sink:
    """Remembers."""

    def __init__(self) -> None:
        self.events: list[object] = []
        self.full = False

    def put(self, event: object) -> None:
        self.events.append(event)

    @property
    def last(self) -> object:
        return self.events[-1] if self.events else None

    @property
    def text(self) -> str:
        return "".join(event.text for event in self.events if isinstance(event, TextDelta))

    @property
    def endings(self) -> int:
        return sum(isinstance(event, Completed | DocumentInfo | BaseException) for event in self.events)


class Bench:
    """An engine with a hand on its clock."""

    def __init__(self, model: FakeModel | None = None, queue_limit: int = 8, vision_patches: int = 16) -> None:
        self.now_s = 0.0
        self.model = model or FakeModel()
        chunks = ChunkLimits(vision_patches, 6)
        facts = self.model.facts
        budget = Budget(facts.costs, facts.geometry, chunks, facts.total_bytes, 4)
        pool = KvPool(budget, self.model.free, lambda: self.now_s, ttl_s=60.0)
        self.device = Device(self.model, pool, lambda: self.now_s)
        self.lost: list[DeviceLost] = []
        self.engine = Engine(self.device, Scheduler(queue_limit, 8, 1.5), self.lost.append)

    def ingest(self, name: str = "doc", pages: Sequence[GreyPage] = (PAGE,), texts=()) -> Ingestion:
        return self.submit(Ingestion(self.device, Sink(), Source(name, pages, tuple(texts))))

    def ask(self, text: str = "why?", name: str = "doc", most: int = 20, **fields: object) -> Answering:
        question = Question(name, fields.pop("task", Task.ASK), text, most, **fields)
        return self.submit(Answering(self.device, Sink(), question, max_prompt_tokens=50))

    def submit(self, job: Job):
        self.engine.submit(job)
        return job

    def run(self) -> None:
        for _ in range(500):
            self.engine.step()
            if not self.engine.scheduler.all_jobs():
                return
        raise AssertionError("requests hang")

    def resident(self, name: str = "doc", pages: Sequence[GreyPage] = (PAGE,), texts=()) -> DocumentInfo:
        job = self.ingest(name, pages, texts)
        self.run()
        assert isinstance(job.sink.last, DocumentInfo)
        return job.sink.last


@pytest.fixture(params=[False, True], ids=["step by step", "a step ahead"])
def bench(request) -> Bench:
    bench = Bench()
    bench.model.runs_ahead = request.param
    return bench


def test_a_document_is_seen_and_prefilled_group_by_group(bench):
    info = bench.resident(pages=[PAGE] * 3)
    assert bench.model.calls == ["see", "prefill"] * 3
    assert (info.pages, info.vision_tokens, info.kv_bytes) == (3, 12, 150)
    assert bench.model.live_bytes == info.kv_bytes == bench.engine.load.live_bytes
    assert bench.model.live[0].tokens == bench.model.vocabulary.prefix([4, 4, 4])


def test_a_document_that_is_resident_costs_nothing(bench):
    bench.resident()
    calls = list(bench.model.calls)
    assert bench.resident().reused
    assert bench.model.calls == calls


def test_two_requests_for_one_document_read_it_once(bench):
    first, second = bench.ingest(), bench.ingest()
    bench.run()
    assert bench.model.calls.count("see") == 1
    assert (first.sink.last.reused, second.sink.last.reused) == (False, True)


def test_an_answer_streams_and_gives_its_bytes_back(bench):
    info = bench.resident()
    job = bench.ask("why on earth?")
    bench.run()
    kinds = [type(event) for event in job.sink.events]
    assert kinds[0] is Accepted
    assert set(kinds[1:4]) == {Progress}  # 13 prompt tokens in chunks of 6
    assert job.sink.text == "hello"
    done = job.sink.last
    assert (done.finish, done.prompt_tokens, done.completion_tokens) == (Finish.STOP, 13, 6)
    assert done.confidence == pytest.approx(math.exp(-0.5))
    assert done.found
    assert done.ledger.predicted_peak_bytes >= done.ledger.measured_peak_bytes > info.kv_bytes
    assert done.ledger.kv_bytes == info.kv_bytes + (13 + 20) * 10
    assert bench.model.live_bytes == info.kv_bytes


def test_the_load_tells_how_near_predictions_came(bench):
    assert bench.engine.load.peak_over_prediction == 0
    bench.resident()
    ledger = bench.ask()
    bench.run()
    told = ledger.sink.last.ledger
    assert 0 < told.measured_peak_bytes / told.predicted_peak_bytes <= bench.engine.load.peak_over_prediction <= 1


def test_a_newcomer_raises_the_prediction_of_those_beside_it(bench):
    bench.resident()
    early = bench.ask(most=20)
    bench.engine.step()
    alone = early.predicted_peak_bytes
    late = bench.ask(most=20)
    bench.run()
    predicted = [job.sink.last.ledger.predicted_peak_bytes for job in (early, late)]
    measured = [job.sink.last.ledger.measured_peak_bytes for job in (early, late)]
    assert predicted[0] == predicted[1] > alone
    assert all(want >= got for want, got in zip(predicted, measured, strict=True))


def test_history_comes_before_the_question(bench):
    bench.resident()
    bench.model.hook = lambda call, payload: seen.append(payload)
    seen: list[object] = []
    bench.ask("c?", history=(Turn("a?", "b."),))
    bench.run()
    assert "".join(map(chr, seen[0].tokens)) == "a?b.c?"


@pytest.mark.parametrize("task", [Task.SUMMARIZE, Task.TRANSCRIBE])
def test_summaries_and_transcripts_are_of_the_document_alone(bench, task):
    bench.resident()
    bench.model.hook = lambda call, payload: seen.append(payload)
    seen: list[object] = []
    bench.ask("", task=task, history=(Turn("a?", "b."),))
    bench.run()
    prompt = "".join(map(chr, seen[0].tokens))
    assert prompt == bench.model.facts.profile.task_text(task, "")


def test_positions_go_on_behind_the_document(bench):
    bench.resident()  # the page takes positions 0 and 1, its end 2
    positions: list[object] = []
    bench.model.hook = lambda call, payload: positions.append(
        payload.position if call == "decode" else payload.positions[0]
    )
    bench.ask("why", most=3)
    bench.run()
    assert positions[0].tolist() == [3, 4, 5]
    assert positions[1:] == [6, 7]


def test_the_limit_ends_an_answer(bench):
    bench.resident()
    job = bench.ask(most=3)
    bench.run()
    assert (job.sink.text, job.sink.last.finish) == ("hel", Finish.LENGTH)


def test_a_stop_string_ends_an_answer(bench):
    bench.resident()
    job = bench.ask(sampling=Sampling(stop=("ll",)))
    bench.run()
    assert (job.sink.text, job.sink.last.finish) == ("he", Finish.STOP)


def test_anchors_of_the_answer_become_evidence_in_the_document():
    bench = Bench(FakeModel("<page1><row1>yes"))
    bench.resident(pages=[PAGE, PAGE], texts=[PageText(0, 9, (0,)), PageText(9, 30, (0, 5))])
    job = bench.ask()
    bench.run()
    assert job.sink.text == "yes"
    assert job.sink.last.evidence == (Evidence(1, 14, 30),)


def test_the_absent_mark_is_reported():
    bench = Bench(FakeModel("<absent>no"))
    bench.resident()
    job = bench.ask()
    bench.run()
    assert not job.sink.last.found


@pytest.mark.parametrize(("task", "believed"), [(Task.ASK, False), (Task.SUMMARIZE, True)])
@pytest.mark.parametrize("ahead", [False, True])
def test_an_answer_from_an_unlikely_place_is_a_denial(task, believed, ahead):
    model = FakeModel("<page1><row1>yes")  # every token has a probability of exp(-0.5)
    model.runs_ahead = ahead
    model.facts = replace(model.facts, profile=replace(model.facts.profile, least_place_probability=0.4))
    bench = Bench(model)
    bench.resident(pages=[PAGE, PAGE], texts=[PageText(0, 9, (0,)), PageText(9, 30, (0, 5))])
    places = []
    model.hook = lambda name, step: places.append(step.position) if name == "decode" else None
    job = bench.ask(task=task)
    bench.run()
    said = job.sink.last
    assert (job.sink.text, said.found, bool(said.evidence)) == ("yes" if believed else "es", believed, believed)
    assert said.completion_tokens == len("<>yes>")
    assert (places[2] == places[0]) != believed  # a denial stands where the place stood


@pytest.mark.parametrize(
    ("second", "text", "start"),
    [
        pytest.param("<row0>7<end>", "7", 9, id="another place"),
        pytest.param("<row0>UDP<end><row2>7<end>", "7", 21, id="the third place"),
    ],
)
def test_an_answer_that_repeats_the_question_is_looked_for_elsewhere(second, text, start):
    model = FakeModel("")
    model.answer = tokens_of(f"<page1><row1>UDP<end>{second}")
    model.facts = replace(model.facts, profile=replace(model.facts.profile, least_place_probability=0.3))
    bench = Bench(model)
    bench.resident(pages=[PAGE, PAGE], texts=[PageText(0, 9, (0,)), PageText(9, 30, (0, 5, 12))])
    places = []
    model.hook = lambda name, step: places.append(step.position) if name == "decode" else None
    job = bench.ask("which port has UDP?")
    bench.run()
    said = job.sink.last
    assert (job.sink.text, said.evidence[0].text_start, len(said.evidence)) == (text, start, 1)
    assert model.leanings[0] == dict.fromkeys(tokens_of("<row1>"), -math.inf)
    assert places[5] == places[0]  # the page's anchor is read again where it stood
    assert said.completion_tokens == len(model.answer)


def test_an_answer_leans_to_what_its_caller_knows_of_lines():
    model = FakeModel("<page1><row1>yes")
    model.facts = replace(model.facts, profile=replace(model.facts.profile, least_place_probability=0.3))
    bench = Bench(model)
    bench.resident(pages=[PAGE, PAGE], texts=[PageText(0, 9, (0,)), PageText(9, 30, (0, 5))])
    bench.ask(nearness=[[0.0], [0.0, 1.0]])
    bench.run()
    assert [list(leaning) for leaning in model.leanings] == [tokens_of("<page0><page1>"), tokens_of("<row0><row1>")]


@pytest.mark.parametrize(
    ("nearness", "why"),
    [([[0.5]], "for 1 pages of 2"), ([[0.5], [1.5]], "within 0..1"), ([[0.5], [math.nan]], "within 0..1")],
)
def test_nearness_that_does_not_fit_the_pages_is_refused(bench, nearness, why):
    bench.resident(pages=[PAGE, PAGE], texts=[PageText(0, 9, (0,)), PageText(9, 30, (0, 5))])
    job = bench.ask(nearness=nearness)
    bench.run()
    assert isinstance(job.sink.last, InvalidQuestion)
    assert why in str(job.sink.last)


def test_what_is_held_back_is_said_where_an_answer_is_cut_off():
    model = FakeModel("<page1><row1>UDP")
    model.facts = replace(model.facts, profile=replace(model.facts.profile, least_place_probability=0.3))
    bench = Bench(model)
    bench.resident(pages=[PAGE, PAGE], texts=[PageText(0, 9, (0,)), PageText(9, 30, (0, 5))])
    job = bench.ask("which port has UDP?", most=4)
    bench.run()
    assert (job.sink.text, job.sink.last.finish) == ("UD", Finish.LENGTH)


def test_answers_and_an_ingestion_take_turns(bench):
    bench.resident()
    bench.model.answer = [ord("x")] * 100
    answers = [bench.ask(most=8) for _ in range(2)]
    bench.ingest("long", [PAGE] * 6)
    bench.model.calls.clear()
    for _ in range(10):
        bench.engine.step()
    assert bench.model.calls.count("see") >= 3
    assert all(len(job.sink.text) >= 5 for job in answers)


def test_chunks_take_no_more_time_than_tokens_while_answers_run(bench):
    bench.resident()
    bench.model.answer = [ord("x")] * 200

    def tick(call: str, payload: object) -> None:
        bench.now_s += 1.0 if call == "decode" else 10.0

    bench.model.hook = tick
    bench.ask("q", most=200)
    for _ in range(5):
        bench.engine.step()
    bench.ingest("long", [PAGE] * 6)
    bench.model.calls.clear()
    for _ in range(60):
        bench.engine.step()
    chunks = len(bench.model.calls) - bench.model.calls.count("decode")
    assert bench.model.calls.count("decode") == 60
    assert 5 <= chunks <= 7  # 10 s each beside 60 s of tokens


@pytest.mark.parametrize(
    ("make", "expected"),
    [
        pytest.param(lambda bench: bench.ask(name="other"), DocumentNotResident, id="unknown document"),
        pytest.param(lambda bench: bench.ask("  "), InvalidQuestion, id="empty question"),
        pytest.param(lambda bench: bench.ask("x" * 51), InvalidQuestion, id="question too long"),
        pytest.param(lambda bench: bench.ask(most=10_000), DoesNotFit, id="answer that never fits"),
        pytest.param(lambda bench: bench.ingest("none", []), InvalidPages, id="no pages"),
        pytest.param(lambda bench: bench.ingest("huge", [PAGE] * 3000), DoesNotFit, id="document that never fits"),
    ],
)
def test_what_cannot_be_done_ends_at_once_and_holds_nothing(bench, make, expected):
    info = bench.resident()
    bench.model.calls.clear()
    job = make(bench)
    bench.run()
    assert isinstance(job.sink.last, expected)
    assert job.sink.endings == 1
    assert bench.model.calls == []
    assert bench.model.live_bytes == info.kv_bytes


def test_a_refusal_says_what_would_fit(bench):
    job = bench.ingest(pages=[PAGE] * 3000)
    bench.run()
    told = int(job.sink.last.metadata["largestVisionTokens"])
    assert 0 < told * COSTS.kv_bytes_per_token < 100_000


@pytest.mark.parametrize(
    "error", [OutOfMemory("the device ran out of memory"), ZeroDivisionError()], ids=["OOM", "bug"]
)
def test_a_step_that_fails_for_one_ends_that_one_and_the_others_keep_streaming(bench, error):
    bench.resident()
    jobs = [bench.ask() for _ in range(3)]
    while not all(job.decoding for job in jobs):
        bench.engine.step()

    def fail(call: str, payload: object) -> None:
        if call == "decode" and payload.kv is jobs[1]._kv:
            raise error

    bench.model.hook = fail
    bench.run()
    assert jobs[1].sink.last is error
    assert [job.sink.text for job in (jobs[0], jobs[2])] == ["hello", "hello"]
    assert [job.sink.endings for job in jobs] == [1, 1, 1]
    assert not bench.lost


def test_a_step_that_fails_for_all_together_ends_none(bench):
    bench.resident()
    jobs = [bench.ask() for _ in range(3)]
    failed: list[object] = []

    def fail_once(call: str, payload: object) -> None:
        if call == "decode" and not failed and all(job.decoding for job in jobs):
            failed.append(payload)
            raise OutOfMemory("the device ran out of memory")

    bench.model.hook = fail_once
    bench.run()
    assert failed
    assert [job.sink.text for job in jobs] == ["hello"] * 3
    assert bench.model.recoveries == 1


def test_answers_decode_in_one_step_together(bench):
    bench.resident()
    jobs = [bench.ask() for _ in range(3)]
    while not all(job.decoding for job in jobs):
        bench.engine.step()
    sizes: list[int] = []
    whole_decode = bench.model.decode
    bench.model.decode = lambda steps: (sizes.append(len(steps)), whole_decode(steps))[1]
    bench.engine.step()
    assert sizes == [3] * (2 if bench.model.runs_ahead else 1)


def out_of_memory(call: str, payload: object) -> None:
    raise OutOfMemory("the device ran out of memory")


def test_three_in_a_row_lose_the_device(bench):
    bench.resident()
    bench.model.hook = out_of_memory
    jobs = [bench.ask() for _ in range(4)]
    bench.run()
    assert [type(job.sink.last) for job in jobs] == [OutOfMemory] * 3 + [DeviceLost]
    assert [str(error) for error in bench.lost] == ["the device ran out of memory several times in a row"]
    with pytest.raises(DeviceLost):
        bench.ask()


def test_an_answer_in_between_starts_the_count_again(bench):
    bench.resident()
    for _ in range(4):
        bench.model.hook = out_of_memory
        bench.ask()
        bench.run()
        bench.model.hook = lambda call, payload: None
        bench.ask()
        bench.run()
    assert not bench.lost


def test_a_bug_in_one_request_ends_that_one(bench):
    bench.resident()
    bench.model.hook = lambda call, payload: 1 / 0
    broken = bench.ask()
    bench.run()
    bench.model.hook = lambda call, payload: None
    job = bench.ask()
    bench.run()
    assert isinstance(broken.sink.last, ZeroDivisionError)
    assert job.sink.text == "hello"


@pytest.mark.parametrize("steps", [0, 1, 2, 4], ids=["queued", "prefilling", "in between", "decoding"])
def test_a_cancel_takes_effect_before_the_next_step_and_frees_every_byte(bench, steps):
    info = bench.resident()
    job = bench.ask("a longer question")
    for _ in range(steps):
        bench.engine.step()
    bench.engine.cancel(job)
    bench.model.calls.clear()
    bench.engine.step()
    assert isinstance(job.sink.last, Cancelled)
    assert bench.model.calls == []
    assert bench.model.live_bytes == bench.engine.load.live_bytes == info.kv_bytes


def test_a_cancelled_ingestion_frees_its_half_document(bench):
    job = bench.ingest(pages=[PAGE] * 4)
    for _ in range(3):
        bench.engine.step()
    assert bench.model.live_bytes > 0
    bench.engine.cancel(job)
    bench.engine.step()
    assert bench.model.live_bytes == bench.engine.load.live_bytes == 0
    assert bench.engine.load.documents == ()


def test_a_cancel_after_the_end_changes_nothing(bench):
    bench.resident()
    job = bench.ask()
    bench.run()
    bench.engine.cancel(job)
    bench.engine.step()
    assert job.sink.endings == 1


def test_a_full_queue_turns_the_next_one_away_with_a_time():
    bench = Bench(queue_limit=2)
    bench.ingest()
    bench.ingest()
    with pytest.raises(Busy) as caught:
        bench.ingest()
    assert caught.value.retry_after_s == 1.5
    bench.run()
    bench.ingest()


def small_bench(documents: int) -> Bench:
    """Room for so many one-page documents beside one answer of 10 tokens."""
    fixed = COSTS.weight_bytes + COSTS.context_bytes
    workspace = 16 * COSTS.vision_bytes_per_patch + 14
    return Bench(FakeModel("x" * 50, fixed + workspace + documents * 50 + 100))


def test_the_least_recently_used_document_makes_room():
    bench = small_bench(2)
    for name in ("a", "b", "c", "d"):
        bench.resident(name)
    bench.resident("c")  # used again
    bench.resident("e")
    names = [info.document_id for info in bench.engine.load.documents]
    assert names[:2] == ["e", "c"]
    assert bench.model.live_bytes == 50 * len(names)


def test_what_was_evicted_for_a_request_is_not_measured_as_its_own():
    bench = small_bench(8)
    bench.resident("large", [PAGE] * 8)
    bench.resident("small")
    held = bench.model.take_peak_bytes()
    answer = bench.ask("q", "small", most=15)
    bench.run()
    ledger = answer.sink.last.ledger
    assert [info.document_id for info in bench.engine.load.documents] == ["small"]
    assert held > ledger.predicted_peak_bytes >= ledger.measured_peak_bytes


def test_a_document_in_use_is_not_evicted():
    bench = small_bench(2)
    bench.resident("a")
    answer = bench.ask("q", "a", most=9)
    bench.engine.step()
    for name in ("b", "c", "d"):
        bench.ingest(name)
    bench.run()
    assert isinstance(answer.sink.last, Completed)
    assert answer.sink.text == "x" * 9


def test_a_request_waits_without_bytes_until_there_is_room():
    bench = small_bench(1)
    bench.resident("a")
    first, second = bench.ask("q", "a", most=8), bench.ask("q", "a", most=8)
    bench.engine.step()
    assert (bench.engine.load.running, bench.engine.load.waiting) == (1, 1)
    assert len(bench.model.live) == 2
    bench.run()
    assert first.sink.text == second.sink.text == "x" * 8


def test_a_large_request_is_not_overtaken_for_ever():
    bench = small_bench(2)
    bench.resident("a")
    running = bench.ask("q", "a", most=9)
    bench.engine.step()
    large = bench.ask("q", "a", most=14)
    small = bench.ask("q", "a", most=1)
    bench.engine.step()
    assert bench.engine.load.waiting == 2
    bench.run()
    assert all(isinstance(job.sink.last, Completed) for job in (running, large, small))


def test_documents_expire(bench):
    bench.resident()
    bench.now_s = 61.0
    bench.engine.step()
    assert bench.engine.load.documents == ()
    assert bench.model.live_bytes == 0


def test_deleting_a_document_ends_its_answers_first(bench):
    bench.resident()
    job = bench.ask()
    for _ in range(3):
        bench.engine.step()
    deleted = bench.engine.call(lambda: bench.engine.delete("doc"))
    bench.engine.step()
    assert deleted.result(0) == 50
    assert isinstance(job.sink.last, DocumentNotResident)
    assert bench.model.live_bytes == 0


def test_deleting_what_is_not_there_is_told(bench):
    deleted = bench.engine.call(lambda: bench.engine.delete("doc"))
    bench.engine.step()
    assert isinstance(deleted.exception(0), DocumentNotResident)


def test_a_slow_reader_pauses_its_own_request_only(bench):
    bench.resident()
    slow, fast = bench.ask(), bench.ask()
    slow.sink.full = True
    for _ in range(10):
        bench.engine.step()
    assert fast.sink.text == "hello"
    assert slow.sink.text == ""
    assert not bench.engine.scheduler.can_work()
    slow.sink.full = False
    bench.run()
    assert slow.sink.text == "hello"


def test_a_draining_engine_finishes_what_it_has_and_takes_nothing_new(bench):
    bench.resident()
    job = bench.ask()
    drained = bench.engine.drain()
    with pytest.raises(Draining):
        bench.ask()
    bench.run()
    assert job.sink.text == "hello"
    assert drained.done()


def test_the_vision_tower_hears_whether_pages_wait(bench):
    bench.ingest(pages=[PAGE] * 2)
    bench.run()
    bench.ask()
    bench.run()
    waits = [pages_wait for _, pages_wait in bench.model.balances]
    assert waits[0] is True
    assert waits[-1] is False


def test_an_engine_that_is_let_go_frees_its_model_at_once():
    gc.collect()
    gc.disable()
    try:
        model = FakeModel()
        budget = Budget(COSTS, model.facts.geometry, ChunkLimits(16, 6), model.facts.total_bytes, 4)
        device = Device(model, KvPool(budget, model.free, float, 60.0), float)  # float() is a clock that stands
        engine = Engine(device, Scheduler(8, 8, 1.5))
        engine.submit(Ingestion(device, Sink(), Source("doc", [PAGE])))
        while engine.scheduler.all_jobs():
            engine.step()
        left = weakref.ref(model)
        del model, budget, device, engine
        assert left() is None
    finally:
        gc.enable()

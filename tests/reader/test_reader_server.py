"""A real server on loopback over the fake model: what a client of the reader sees."""

import asyncio
import hashlib
import threading
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from functools import partial

import grpc
import numpy as np
import pytest
import structlog
from glyphstream.common.v1 import common_pb2 as common
from glyphstream.reader.v1 import reader_pb2 as pb
from glyphstream.reader.v1.reader_pb2_grpc import ReaderServiceStub
from grpc_health.v1 import health_pb2
from grpc_health.v1.health_pb2_grpc import HealthStub

from reader_service import errors
from reader_service.pages import RAW_MEDIA_TYPE
from reader_service.reader import Reader
from reader_service.servicer.servicer import TABLE, register
from reader_service.settings import Settings
from serving.process import running
from serving.status import Failure, failure, row_of
from tests.reader.fake import FakeModel


@dataclass
class Client:
    """A connected caller, and the model behind the server for a look at what it did."""

    stub: ReaderServiceStub
    health: HealthStub
    model: FakeModel
    reader: Reader

    async def ingest(self, count: int = 2, **header: object) -> list[pb.IngestResponse]:
        return [message async for message in self.stub.Ingest(ingest_requests(count, **header))]

    async def answer(self, document_id: str, question: str = "why?", **fields: object) -> list[pb.AnswerResponse]:
        return [message async for message in self.stub.Answer(ask(document_id, question, **fields))]

    async def resident(self) -> str:
        return (await self.ingest())[-1].document.document_id


def page(index: int, **changes: object) -> common.Page:
    image = np.full((56, 56), index, np.uint8).tobytes()
    fields = {"index": index, "width": 56, "height": 56, "media_type": RAW_MEDIA_TYPE, "image": image}
    fields["sha256"] = hashlib.sha256(image).digest()
    return common.Page(**{**fields, **changes})


def ingest_requests(count: int, pages: Iterable[common.Page] | None = None, **header: object) -> list[pb.IngestRequest]:
    head = pb.IngestHeader(**{"pages": count, "pixels": count * 56 * 56, **header})
    pages = [page(index) for index in range(count)] if pages is None else pages
    return [pb.IngestRequest(header=head), *(pb.IngestRequest(page=each) for each in pages)]


def ask(document_id: str, question: str = "why?", **fields: object) -> pb.AnswerRequest:
    return pb.AnswerRequest(**{"document_id": document_id, "task": common.TASK_ASK, "question": question, **fields})


def text(messages: Iterable[pb.AnswerResponse]) -> str:
    return "".join(message.delta.text for message in messages)


async def refused(call: Awaitable[object]) -> Failure:
    with pytest.raises(grpc.RpcError) as caught:
        await call
    return failure(caught.value)


@asynccontextmanager
async def served(model: FakeModel, **settings: object) -> AsyncIterator[Client]:
    reader = Reader(Settings(**settings), lambda: model)
    async with (
        running(partial(register, reader=reader), table=TABLE, warm=reader.open, drain=reader.drain) as port,
        grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel,
    ):
        yield Client(ReaderServiceStub(channel), HealthStub(channel), model, reader)
    await reader.close()


@pytest.fixture
async def client() -> AsyncIterator[Client]:
    async with served(FakeModel()) as client:
        yield client


async def eventually(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(5):
        while not condition():  # noqa: ASYNC110 - the engine is a thread; no event of the loop tells of it
            await asyncio.sleep(0)


async def test_a_document_becomes_resident_and_an_answer_streams(client):
    messages = await client.ingest(3)
    assert messages[0].WhichOneof("message") == "accepted"
    document = messages[-1].document
    assert (document.pages, document.vision_tokens, document.reused) == (3, 12, False)
    answer = await client.answer(document.document_id)
    assert text(answer) == "hello"
    assert [message.sequence for message in answer] == list(range(len(answer)))
    completed = answer[-1].completed
    assert completed.usage.vision_tokens == 12
    assert completed.finish_reason == common.FINISH_REASON_STOP
    assert completed.memory.predicted_peak_bytes >= completed.memory.measured_peak_bytes > 0
    assert completed.memory.patches == 48
    assert not completed.memory.on_gpu


async def test_a_known_document_needs_no_pages(client):
    document_id = await client.resident()
    client.model.calls.clear()
    (message,) = await client.ingest(2, document_id=document_id, pages=[])
    assert message.document.reused
    assert client.model.calls == []


async def test_documents_are_listed_found_and_deleted(client):
    document_id = await client.resident()
    listed = (await client.stub.ListDocuments(pb.ListDocumentsRequest())).documents
    found = (await client.stub.GetDocument(pb.GetDocumentRequest(document_id=document_id))).document
    assert list(listed) == [found]
    freed = await client.stub.DeleteDocument(pb.DeleteDocumentRequest(document_id=document_id))
    assert freed.freed_bytes == found.kv_bytes > 0
    gone = await refused(client.stub.GetDocument(pb.GetDocumentRequest(document_id=document_id)))
    assert (gone.code, gone.reason) == (grpc.StatusCode.NOT_FOUND, "DOCUMENT_NOT_RESIDENT")


async def test_describe_and_load_tell_the_same_bytes(client):
    reader = (await client.stub.Describe(pb.DescribeRequest())).reader
    load = await client.stub.GetLoad(pb.GetLoadRequest())
    assert (reader.model, reader.patch_px, reader.merge, reader.ask_pages) == ("fake", 14, 2, 8)
    assert (reader.vision_attention, reader.decode) == ("none", "eager")
    assert list(reader.profiles[0].font_px) == [14, 12]
    assert reader.profiles[0].flow == common.FLOW_CELLS
    assert reader.free_bytes == load.free_bytes > 0
    assert reader.largest_vision_tokens == load.largest_vision_tokens > 0


async def test_a_vision_token_is_told_with_what_is_kept_of_its_page(client):
    facts = client.model.facts
    client.model.facts = replace(facts, costs=replace(facts.costs, kept_bytes_per_vision_token=7))
    reader = (await client.stub.Describe(pb.DescribeRequest())).reader
    assert reader.kv_bytes_per_token == facts.costs.kv_bytes_per_token + 7


async def test_the_largest_document_told_is_accepted_and_a_larger_one_is_not(client):
    largest = (await client.stub.Describe(pb.DescribeRequest())).reader.largest_vision_tokens
    side = 16 * 28
    pages = largest // 256
    fits = client.stub.Ingest([pb.IngestRequest(header=pb.IngestHeader(pages=pages, pixels=pages * side * side))])
    assert (await fits.read()).WhichOneof("message") == "accepted"
    fits.cancel()
    told = await refused(client.ingest(2 * pages, pages=[], pixels=2 * pages * side * side))
    assert (told.code, told.reason) == (grpc.StatusCode.OUT_OF_RANGE, "DOES_NOT_FIT")
    assert told.metadata["largestVisionTokens"] == str(largest)


@pytest.mark.parametrize(
    "requests",
    [
        pytest.param([], id="nothing"),
        pytest.param([pb.IngestRequest(page=page(0))], id="no header"),
        pytest.param(ingest_requests(2, [page(0)]), id="a page missing"),
        pytest.param(ingest_requests(2, [page(0), page(0)]), id="a page twice"),
        pytest.param(ingest_requests(2, [page(1), page(0)]), id="out of order"),
        pytest.param(ingest_requests(1, [page(0), page(1)]), id="one too many"),
        pytest.param(ingest_requests(0, []), id="no pages"),
        pytest.param(ingest_requests(1, [page(0, sha256=b"0" * 32)]), id="corrupt"),
        pytest.param(ingest_requests(1, [page(0, width=50)]), id="off the grid"),
        pytest.param(ingest_requests(1, pixels=7), id="other pixels than announced"),
        pytest.param(ingest_requests(5000, []), id="too many pages"),
    ],
)
async def test_pages_that_are_not_whole_are_refused(client, requests):
    async def call() -> None:
        async for _ in client.stub.Ingest(requests):
            pass

    told = await refused(call())
    assert (told.code, told.reason) == (grpc.StatusCode.INVALID_ARGUMENT, "INVALID_PAGES")
    assert client.model.calls == []


async def test_an_unknown_document_is_not_found(client):
    told = await refused(client.answer("nobody"))
    assert (told.code, told.reason) == (grpc.StatusCode.NOT_FOUND, "DOCUMENT_NOT_RESIDENT")


@pytest.mark.parametrize(
    "fields",
    [
        pytest.param({"question": ""}, id="empty"),
        pytest.param({"question": "q", "sampling": common.Sampling(temperature=-1)}, id="temperature below 0"),
        pytest.param({"question": "q", "sampling": common.Sampling(top_p=1.5)}, id="mass above 1"),
        pytest.param({"question": "q", "sidecar": ["x" * 5_000]}, id="more verbatim text than it reads"),
        pytest.param({"question": "q", "nearness": [pb.Nearness(lines=[0.5])] * 9}, id="nearness of other pages"),
    ],
)
async def test_a_question_that_makes_no_sense_is_refused(client, fields):
    told = await refused(client.answer(await client.resident(), **fields))
    assert (told.code, told.reason) == (grpc.StatusCode.INVALID_ARGUMENT, "INVALID_QUESTION")


async def test_out_of_memory_is_one_status_and_the_other_stream_goes_on(client):
    client.model.answer = [ord("x")] * 30
    document_id = await client.resident()

    def fail(call: str, payload: object) -> None:
        if call == "prefill" and ord("!") in payload.tokens:
            raise errors.OutOfMemory("the device ran out of memory")

    client.model.hook = fail
    good, bad = await asyncio.gather(
        client.answer(document_id, max_new_tokens=30), refused(client.answer(document_id, "fail!"))
    )
    assert text(good) == "x" * 30
    assert (bad.code, bad.reason) == (grpc.StatusCode.RESOURCE_EXHAUSTED, "GPU_OUT_OF_MEMORY")
    assert not client.reader.lost.is_set()


async def test_repeated_out_of_memory_tells_the_process_to_end(client):
    document_id = await client.resident()

    def fail(call: str, payload: object) -> None:
        raise errors.OutOfMemory("the device ran out of memory")

    client.model.hook = fail
    for _ in range(3):
        await refused(client.answer(document_id))
    async with asyncio.timeout(5):
        await client.reader.lost.wait()
    told = await refused(client.answer(document_id))
    assert (told.code, told.reason) == (grpc.StatusCode.UNAVAILABLE, "GPU_LOST")


async def test_an_engine_that_fails_outside_any_request_leaves_nobody_waiting(client):
    document_id = await client.resident()
    client.model.balance = lambda kv_bytes, pages_wait: 1 / 0
    with structlog.testing.capture_logs() as logged:
        told = await refused(client.answer(document_id))
        async with asyncio.timeout(5):
            await client.reader.lost.wait()
    assert (told.code, told.reason) == (grpc.StatusCode.UNAVAILABLE, "GPU_LOST")
    assert {"event": "device lost", "log_level": "error", "error": "the engine failed"} in logged


async def test_a_client_that_leaves_stops_the_engine_and_its_bytes_come_back(client):
    client.model.answer = [ord("x")] * 8000
    document_id = await client.resident()
    before = (await client.stub.GetLoad(pb.GetLoadRequest())).free_bytes
    call = client.stub.Answer(ask(document_id, max_new_tokens=8000))
    async for message in call:
        if message.WhichOneof("message") == "delta":
            break
    call.cancel()
    await eventually(lambda: client.reader.load.running == 0)
    steps = client.model.calls.count("decode")
    assert steps < 7000
    assert (await client.stub.GetLoad(pb.GetLoadRequest())).free_bytes == before
    assert len(client.model.live) == 1


async def test_a_full_queue_is_busy_with_a_time_to_come_back():
    gate = threading.Event()
    async with served(FakeModel(), queue_limit_requests=1, running_limit_requests=1, retry_after_s=3.0) as client:
        document_id = await client.resident()
        client.model.hook = lambda call, payload: gate.wait(10)
        try:
            calls = [asyncio.create_task(client.answer(document_id))]
            await eventually(lambda: client.model.calls.count("prefill") > 1)
            calls.append(asyncio.create_task(client.answer(document_id)))
            await eventually(lambda: client.reader._open_engine.scheduler.queued == 1)
            told = await refused(client.answer(document_id))
            told_header = await refused(client.ingest(1))
        finally:
            gate.set()
        assert (told.code, told.reason) == (grpc.StatusCode.UNAVAILABLE, "READER_BUSY")
        assert told.retry_after_s == told_header.retry_after_s == 3.0
        assert [text(await call) for call in calls] == ["hello", "hello"]


async def test_a_reader_that_closes_gives_back_what_its_model_prepared():
    model = FakeModel()
    async with served(model):
        pass
    await eventually(lambda: model.calls == ["close"])


async def test_health_answers_while_the_engine_computes(client):
    gate = threading.Event()
    document_id = await client.resident()
    client.model.hook = lambda call, payload: gate.wait(10)
    answer = asyncio.create_task(client.answer(document_id))
    await eventually(lambda: client.model.calls.count("prefill") > 1)
    try:
        began_s = time.monotonic()
        status = await client.health.Check(health_pb2.HealthCheckRequest())
        load = await client.stub.GetLoad(pb.GetLoadRequest())
        took_s = time.monotonic() - began_s
    finally:
        gate.set()
    assert status.status == health_pb2.HealthCheckResponse.SERVING
    assert load.running == 1
    assert took_s < 5  # not the gate's 10 s: the engine's own speed is measured elsewhere
    assert text(await answer) == "hello"


async def test_reasoning_and_evidence_cross_the_wire():
    async with served(FakeModel("<think>hm</think><page1><row1>yes")) as client:
        texts = [pb.PageText(text_start=0, text_end=9), pb.PageText(text_start=9, text_end=30, line_starts=[0, 4])]
        document_id = (await client.ingest(2, page_texts=texts))[-1].document.document_id
        answer = await client.answer(document_id)
    deltas = [(message.delta.text, message.delta.reasoning) for message in answer if message.HasField("delta")]
    assert deltas == [("h", True), ("m", True), ("y", False), ("e", False), ("s", False)]
    assert list(answer[-1].completed.evidence) == [common.Evidence(page=1, text_start=13, text_end=30)]


@pytest.mark.parametrize(
    ("task", "lines"),
    [
        pytest.param(common.TASK_TRANSCRIBE, [(0, 4), (4, 9)], id="a transcription is led to its first line"),
        pytest.param(common.TASK_ASK, [(4, 9)], id="an answer begins where the reader says"),
    ],
)
async def test_transcriptions_alone_are_led_from_line_to_line(task, lines):
    async with served(FakeModel("<page0><row1>abc\n<row1>d")) as client:
        texts = [pb.PageText(text_start=0, text_end=9, line_starts=[0, 4])]
        document_id = (await client.ingest(1, page_texts=texts))[-1].document.document_id
        answer = await client.answer(document_id, task=task)
    assert text(answer) == "abc\nd"
    assert [(place.text_start, place.text_end) for place in answer[-1].completed.evidence] == lines


@pytest.mark.parametrize("kind", [kind for kind in vars(errors).values() if isinstance(kind, type)])
def test_every_error_has_a_row(kind):
    if kind is not errors.ReaderError:
        assert kind in TABLE
        assert row_of(kind.__new__(kind), TABLE).reason != "INTERNAL"

"""The climb against a scripted renderer and reader, over real connections."""

import asyncio

import grpc
import pytest
from glyphstream import Client
from glyphstream.client import Completed, Degraded, Document, Options, TextDelta, Upload
from glyphstream.errors import DeadlineExceeded, DocumentNotFound, GpuOutOfMemory, InvalidQuestion, Unavailable

from gateway import errors
from tests.gateway.fakes import FakeRenderer, gateway_over

TEXT = "The pump P-17 delivers 42 litres a minute."
UPLOAD = Upload(TEXT.encode(), name="pump.txt")
OOM = errors.GpuOutOfMemory("no memory")


async def everything(stream):
    return [event async for event in stream]


async def heard_until(error, stream):
    """What was heard before the error, and the error."""
    heard = []

    async def hear():
        async for event in stream:
            heard.append(event)  # noqa: PERF401 - what was heard before the error counts

    with pytest.raises(error) as caught:
        await hear()
    return heard, caught.value


def texts(events):
    return "".join(event.text for event in events if isinstance(event, TextDelta))


def steps(events):
    return [(getattr(e, "from").name, e.to.name, e.reason) for e in events if isinstance(e, Degraded)]


async def test_a_document_is_read_in_one_call_and_ends_with_completed(client):
    events = await everything(client.read(UPLOAD, "How much?"))
    documents = [event for event in events if isinstance(event, Document)]
    assert texts(events) == TEXT
    assert [(document.pages, document.rung.font_px) for document in documents] == [(5, 14)]
    assert isinstance(events[-1], Completed)
    assert events[-1].document.name == "pump.txt"
    assert 0 < events[-1].timings.ttft_ms <= events[-1].timings.total_ms


async def test_memory_errors_on_two_rungs_let_the_third_answer_and_are_announced_twice(client, reader, renderer):
    reader.ingest_errors.extend([OOM])
    reader.answer_errors.extend([OOM])
    events = await everything(client.read(UPLOAD, "How much?"))
    assert texts(events) == TEXT
    announced = [("comfortable", "standard", OOM.reason), ("standard", "smallest", OOM.reason)]
    assert steps(events) == announced
    assert steps(events[-1].degraded) == announced
    assert events[-1].document.rung.name == "smallest"
    assert renderer.rendered == [14, 12, 10]


async def test_memory_errors_on_every_rung_are_one_resource_exhausted(client, reader):
    reader.answer_errors.extend([OOM] * 3)
    heard, error = await heard_until(GpuOutOfMemory, client.read(UPLOAD, "How much?"))
    assert error.code is grpc.StatusCode.RESOURCE_EXHAUSTED
    assert len(steps(heard)) == 2
    assert len(reader.asked) == 3


async def test_after_the_first_text_no_rung_is_tried(client, reader):
    reader.error_after_text = OOM
    heard, _ = await heard_until(GpuOutOfMemory, client.read(UPLOAD, "How much?"))
    assert texts(heard) == TEXT[0]
    assert len(reader.asked) == 1


async def test_a_follow_up_renders_nothing(client, renderer):
    document = await client.create(UPLOAD)
    await everything(client.ask(document.document_id, "How much?"))
    await everything(client.ask(document.document_id, "Which pump?"))
    assert renderer.rendered == [14]


async def test_a_follow_up_stays_on_the_rung_that_fitted(client, reader, renderer):
    reader.ingest_errors.append(OOM)
    document = await client.create(UPLOAD)
    events = await everything(client.ask(document.document_id, "How much?"))
    assert document.rung.font_px == events[-1].document.rung.font_px == 12
    assert renderer.rendered == [14, 12]


async def test_an_evicted_document_is_read_again_unnoticed(client, reader, renderer):
    document = await client.create(UPLOAD)
    reader.resident.clear()
    events = await everything(client.ask(document.document_id, "How much?"))
    assert texts(events) == TEXT
    assert steps(events) == []
    assert renderer.rendered == [14, 14]


async def test_a_document_evicted_again_and_again_ends_as_busy(client, reader):
    document = await client.create(UPLOAD)
    reader.answer_errors.extend([errors.DocumentNotResident("evicted")] * 9)
    with pytest.raises(Unavailable) as caught:
        await everything(client.ask(document.document_id, "How much?"))
    assert caught.value.reason == "READER_BUSY"


async def test_a_busy_reader_is_asked_again_after_the_time_it_names(client, reader):
    reader.answer_errors.append(errors.ReaderBusy("full", retry_after_s=0.01))
    assert texts(await everything(client.read(UPLOAD, "How much?"))) == TEXT
    assert len(reader.asked) == 2


async def test_a_wait_beyond_the_deadline_is_not_begun(address, reader):
    reader.answer_errors.append(errors.ReaderBusy("full", retry_after_s=60))
    async with Client(address, timeout_s=5) as client:
        with pytest.raises(Unavailable) as caught:
            await everything(client.read(UPLOAD, "How much?"))
    assert caught.value.retry_after_s == 60


async def test_a_renderer_that_vanishes_mid_stream_is_replaced_from_the_start(client, renderer, reader):
    renderer.lost_after_pages.append(2)
    assert texts(await everything(client.read(UPLOAD, "How much?"))) == TEXT
    assert renderer.rendered == [14, 14]
    assert [len(pages) for pages in reader.ingested] == [5]


async def test_pages_go_on_where_a_lost_renderer_stopped(client, renderer):
    document = await client.create(UPLOAD)
    renderer.lost_after_pages.append(3)
    pages = await everything(client.pages(document.document_id))
    assert [page.index for page in pages] == [0, 1, 2, 3, 4]


async def test_one_broken_replica_of_two_goes_unnoticed(reader, renderer, tmp_path):
    broken = FakeRenderer()
    broken.lost_after_pages.extend([0] * 9)
    async with gateway_over([broken, renderer], reader, tmp_path) as address, Client(address) as client:
        for number in range(4):
            upload = Upload(f"{TEXT} {number}".encode())
            assert texts(await everything(client.read(upload, "How much?"))) == f"{TEXT} {number}"


async def test_a_renderer_that_nobody_reaches_is_left_out(reader, renderer, tmp_path):
    async with gateway_over([None, renderer], reader, tmp_path) as address, Client(address) as client:
        for number in range(4):
            upload = Upload(f"{TEXT} {number}".encode())
            assert texts(await everything(client.read(upload, "How much?"))) == f"{TEXT} {number}"


async def test_without_any_renderer_the_loss_is_told(reader, tmp_path):
    async with gateway_over([None], reader, tmp_path) as address, Client(address) as client:
        with pytest.raises(Unavailable) as caught:
            await client.create(UPLOAD)
    assert caught.value.reason == "RENDERER_LOST"


async def test_a_caller_that_leaves_cancels_the_readers_call(client, reader):
    reader.pause = asyncio.Event()
    stream = client.read(UPLOAD, "How much?")
    async for event in stream:
        if isinstance(event, TextDelta):
            break
    await stream.aclose()
    async with asyncio.timeout(5):
        await reader.left.wait()


async def test_the_services_limit_ends_a_climb(reader, renderer, tmp_path):
    reader.pause = asyncio.Event()
    async with gateway_over([renderer], reader, tmp_path, climb_limit_s=0.5) as address, Client(address) as client:
        with pytest.raises(DeadlineExceeded):
            await everything(client.read(UPLOAD, "How much?"))


async def test_a_document_that_is_not_here_says_upload_it_again(client):
    with pytest.raises(DocumentNotFound, match="upload it again"):
        await everything(client.ask("0" * 64, "How much?"))


@pytest.mark.parametrize("question", ["", "  ", "x" * 8193], ids=["empty", "blank", "too long"])
async def test_what_is_no_question_is_refused_before_anything_is_rendered(client, renderer, question):
    with pytest.raises(InvalidQuestion):
        await everything(client.read(UPLOAD, question))
    assert renderer.extracted == 0


async def test_a_deleted_document_is_gone_here_and_at_the_reader(client, reader):
    document = await client.create(UPLOAD)
    await client.delete(document.document_id)
    assert reader.resident == {}
    assert await everything(client.documents()) == []
    with pytest.raises(DocumentNotFound):
        await client.get(document.document_id)


async def test_an_estimate_paints_nothing_and_keeps_the_document(client, renderer, reader):
    estimate = await client.estimate(UPLOAD)
    assert (estimate.document.pages, estimate.document.vision_tokens) == (5, 80)
    assert estimate.fits
    assert renderer.rendered == []
    assert reader.ingested == []
    assert (await client.get(estimate.document.document_id)).characters == len(TEXT)


async def test_the_modes_of_one_text_are_two_documents(client):
    precise = await client.create(UPLOAD)
    fast = await client.create(Upload(UPLOAD.data, mode="fast"))
    assert precise.document_id != fast.document_id
    assert fast.rung.name == "smallest"
    assert {document.document_id async for document in client.documents()} == {precise.document_id, fast.document_id}


async def test_a_request_keeps_the_name_its_caller_gave_it(client):
    events = await everything(client.read(UPLOAD, "How much?", Options(request_id="order-66")))
    assert events[-1].request_id == "order-66"

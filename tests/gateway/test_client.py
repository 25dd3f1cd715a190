"""What an application meets: documents in, answers out, typed errors, a deadline, patience, an end when it leaves."""

import asyncio
from contextlib import aclosing

import pytest
from glyphstream import Client
from glyphstream.client import Answer, Completed, Document, Options, Progress, TextDelta, Turn, Upload
from glyphstream.errors import DeadlineExceeded, DocumentNotFound, InvalidDocument, Unavailable

from gateway import errors

TEXT = "aaaaaaaaaabbbbbbbbbb"
UPLOAD = Upload(TEXT.encode(), name="a.txt")
WAIT_S = 0.02


def busy() -> errors.ReaderBusy:
    return errors.ReaderBusy("full", retry_after_s=WAIT_S)


async def test_a_document_goes_through_its_whole_life(client):
    heard = []
    document = await client.create(UPLOAD, heard.append)
    assert any(isinstance(event, Progress) for event in heard)
    assert (document.name, document.characters, document.pages) == ("a.txt", 20, 2)
    assert (await client.get(document.document_id)).document_id == document.document_id
    assert [each.document_id async for each in client.documents()] == [document.document_id]
    assert [page.index async for page in client.pages(document.document_id)] == [0, 1]
    assert (await client.estimate(UPLOAD)).document.vision_tokens == 32
    await client.delete(document.document_id)
    with pytest.raises(DocumentNotFound, match="upload it again"):
        await client.answer(document.document_id, "What?")


async def test_documents_are_listed_over_pages(client):
    ids = {(await client.create(Upload(f"text {at}".encode()))).document_id for at in range(103)}
    assert {document.document_id async for document in client.documents()} == ids


@pytest.mark.parametrize("uploaded", [True, False], ids=["upload", "document"])
async def test_a_whole_answer_of_every_task(client, reader, uploaded):
    document = UPLOAD if uploaded else (await client.create(UPLOAD)).document_id
    heard = []
    answer = await client.answer(document, "What?", Options(history=(Turn(question="q", answer="a"),)), heard.append)
    assert isinstance(answer, Answer)
    assert (answer.text, answer.completed.found, reader.asked[-1].history[0].answer) == (TEXT, True, "a")
    assert bool(heard) == uploaded
    assert not any(isinstance(event, Document) for event in heard)
    for events, task in ((client.summarize(document), 2), (client.transcribe(document), 3)):
        assert isinstance([event async for event in events][-1], Completed)
        assert reader.asked[-1].task == task


def test_an_upload_has_the_name_of_its_file(tmp_path):
    path = tmp_path / "a.md"
    path.write_bytes(b"text")
    assert Upload.from_path(path, "code") == Upload(b"text", "a.md", "code")


async def test_a_refusal_is_typed_and_names_its_reason(client):
    with pytest.raises(InvalidDocument, match="not text") as raised:
        await client.create(Upload(b"\0"))
    assert (raised.value.reason, raised.value.retry_after_s) == ("INVALID_DOCUMENT", None)
    assert not raised.value.worth_retrying


async def test_a_question_may_have_its_own_deadline(client, reader):
    reader.pause = asyncio.Event()
    document = await client.create(UPLOAD)
    with pytest.raises(DeadlineExceeded):
        await client.answer(document.document_id, "What?", Options(timeout_s=0.2))
    await reader.left.wait()


async def test_who_leaves_ends_the_work(client, reader):
    reader.pause = asyncio.Event()
    async with aclosing(client.read(UPLOAD, "What?")) as events:
        async for event in events:
            if isinstance(event, TextDelta):
                break
    await reader.left.wait()


async def test_a_client_without_patience_hears_when_to_come_back(client, reader):
    reader.ingest_errors.extend([errors.ReaderBusy("full", retry_after_s=60)])
    short = Options(timeout_s=5)
    with pytest.raises(Unavailable) as raised:
        await client.answer(UPLOAD, "What?", short)
    assert (raised.value.retry_after_s, raised.value.worth_retrying) == (60, True)


async def test_a_patient_client_comes_back(address, reader):
    """The gateway itself tries twenty times; the client's patience begins where that ends."""
    reader.ingest_errors.extend(busy() for _ in range(25))
    async with Client(address, timeout_s=15, patience_s=5) as patient:
        assert (await patient.answer(UPLOAD, "What?")).text == TEXT
    assert not reader.ingest_errors


async def test_patience_has_an_end(address, reader):
    reader.ingest_errors.extend(busy() for _ in range(200))
    async with Client(address, timeout_s=15, patience_s=2 * WAIT_S) as patient:
        with pytest.raises(Unavailable):
            await patient.create(UPLOAD)
    assert len(reader.ingest_errors) == 200 - 3 * 20


async def test_nothing_is_said_twice(address, reader):
    reader.error_after_text = busy()
    async with Client(address, timeout_s=15, patience_s=5) as patient:
        events = patient.read(UPLOAD, "What?")
        while not isinstance(event := await anext(events), TextDelta):
            pass
        assert event.text == "a"
        with pytest.raises(Unavailable):
            await anext(events)
    assert len(reader.asked) == 1

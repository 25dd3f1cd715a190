"""The document store: what is kept, for how long, and what goes first."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace

import pytest

from gateway.documents import CleanText, Figures, Header, Stored, document_id, new_document
from gateway.errors import DocumentNotFound, InvalidRequest
from gateway.ladder import Mode
from gateway.store import Limits, Store

FIGURES = Figures("standard", 12, 3, 384, 448, 224, 0)


@dataclass
class Clock:
    now_s: float = 1000.0

    def __call__(self) -> float:
        self.now_s += 1
        return self.now_s


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(params=["file", "memory"])
async def store(request, tmp_path, clock) -> AsyncIterator[Store]:
    path = tmp_path / "kept" / "documents.sqlite" if request.param == "file" else None
    store = Store(path, Limits(max_bytes=2000, ttl_s=100), clock)
    await store.open()
    yield store
    await store.close()


def stored(text: str, name: str = "a.txt") -> Stored:
    clean = CleanText(text, "text/plain", "1", {"control": 2})
    return Stored(new_document(text.encode(), Header(name, mode=Mode.CODE), clean), text)


async def test_what_is_kept_comes_back_as_it_was(store):
    document = stored("水泵 P-17")
    await store.keep(document)
    assert await store.get(document.document.document_id) == document


async def test_how_a_document_was_read_last_is_kept_even_when_it_is_uploaded_again(store):
    document = stored("text")
    await store.keep(document)
    await store.note(document.document.document_id, FIGURES)
    again = await store.keep(document)
    assert again.document == replace(document.document, figures=FIGURES)
    assert await store.get(document.document.document_id) == again


async def test_an_expired_document_says_upload_it_again(store, clock):
    document = stored("text")
    await store.keep(document)
    clock.now_s += 200
    with pytest.raises(DocumentNotFound, match="upload it again"):
        await store.get(document.document.document_id)


async def test_use_keeps_a_document_alive(store, clock):
    document = stored("text")
    await store.keep(document)
    for _ in range(3):
        clock.now_s += 60
        assert (await store.get(document.document.document_id)).text == "text"


async def test_the_least_recently_used_document_makes_room(store):
    documents = [stored(f"text {number}", name="n" * 300) for number in range(4)]
    for document in documents[:3]:
        await store.keep(document)
    await store.get(documents[0].document.document_id)
    await store.keep(documents[3])
    listed, _ = await store.newest(10)
    assert documents[0].document in listed
    assert documents[3].document in listed
    assert documents[1].document not in listed


async def test_listing_goes_page_by_page_newest_first(store):
    documents = [stored(f"text {number}") for number in range(5)]
    for document in documents:
        await store.keep(document)
    names, token, pages = [], "", 0
    while pages == 0 or token:
        listed, token = await store.newest(2, token)
        names += listed
        pages += 1
    assert names == [document.document for document in reversed(documents)]
    assert pages == 3


@pytest.mark.parametrize("token", ["x", "-1", "1.5", " ", "٣", "9" * 30])
async def test_a_page_token_that_no_listing_gave_is_refused(store, token):
    with pytest.raises(InvalidRequest, match="page_token"):
        await store.newest(2, token)


async def test_a_deleted_document_cannot_be_deleted_again(store):
    document = stored("text")
    await store.keep(document)
    await store.delete(document.document.document_id)
    with pytest.raises(DocumentNotFound):
        await store.delete(document.document.document_id)


async def test_documents_outlive_the_process_and_are_nobody_elses_business(tmp_path, clock):
    path, document = tmp_path / "documents.sqlite", stored("text")
    for _ in range(2):
        store = Store(path, Limits(2000, 100), clock)
        await store.open()
        kept = await store.keep(document)
        await store.close()
    assert kept == document
    assert path.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize(
    "other",
    [
        pytest.param(document_id(b"b", Header(), "1"), id="other bytes"),
        pytest.param(document_id(b"a", Header(), "2"), id="other cleaning"),
        pytest.param(document_id(b"a", Header(mode=Mode.FAST), "1"), id="other mode"),
        pytest.param(document_id(b"a", Header(charset="gbk"), "1"), id="other charset"),
        pytest.param(document_id(b"a", Header(reflow=True), "1"), id="lines that flow on"),
    ],
)
def test_documents_that_are_read_differently_have_different_ids(other):
    assert document_id(b"a", Header(), "1") != other


def test_a_name_is_no_part_of_a_documents_id():
    assert document_id(b"a", Header("x"), "1") == document_id(b"a", Header("y"), "1")

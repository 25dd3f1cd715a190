"""Documents that were painted are not painted again while their pages are kept, and what is kept stays bounded."""

from collections.abc import AsyncIterator
from contextlib import aclosing

import pytest

from render_service.jobs import RenderJob, Result, run
from render_service.rendered import RenderedDocuments
from render_service.style import Flow, Style

STYLE = Style(flow=Flow.CELLS, font_px=14, max_width_px=140, max_height_px=28)


class Painter:
    """A pool without processes that notes what it is asked."""

    def __init__(self) -> None:
        self.asked: list[bytes] = []

    async def results(self, job: RenderJob) -> AsyncIterator[Result]:
        self.asked.append(job.text)
        for result in run(job):
            yield result


async def rendered(documents: RenderedDocuments, text: str, style: Style = STYLE) -> list[Result]:
    return [result async for result in documents.results(RenderJob(text.encode(), style))]


@pytest.mark.parametrize("max_bytes", [1_000_000, 0], ids=["kept", "not kept"])
async def test_equal_calls_are_painted_once_where_pages_are_kept(max_bytes):
    painter = Painter()
    documents = RenderedDocuments(painter, max_bytes)
    first, second = [await rendered(documents, "a\nb\nc\nd") for _ in range(2)]
    assert first == second
    assert len(first) == 3
    assert len(painter.asked) == (1 if max_bytes else 2)


async def test_another_style_is_another_document():
    painter = Painter()
    documents = RenderedDocuments(painter, 1_000_000)
    await rendered(documents, "a")
    await rendered(documents, "a", Style(flow=Flow.COLUMNS, font_px=14, max_width_px=140, max_height_px=28))
    assert len(painter.asked) == 2


async def test_the_longest_unused_goes_first_and_the_bound_holds():
    painter = Painter()
    documents = RenderedDocuments(painter, 7_000)
    for text in ("a", "b", "a", "c", "d", "a", "b"):
        await rendered(documents, text)
        assert documents.kept_bytes <= 7_000
    assert painter.asked == [b"a", b"b", b"c", b"d", b"b"]


async def test_a_document_larger_than_the_bound_is_streamed_and_not_kept():
    painter = Painter()
    documents = RenderedDocuments(painter, 20_000)
    assert len(await rendered(documents, "a\n" * 100)) == 51
    assert documents.kept_bytes == 0


async def test_a_document_that_was_left_is_not_kept():
    documents = RenderedDocuments(Painter(), 1_000_000)
    async with aclosing(documents.results(RenderJob(b"a\nb\nc", STYLE))) as results:
        await anext(results)
    assert documents.kept_bytes == 0

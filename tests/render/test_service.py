"""The service as a caller sees it: a real server on loopback, real workers, real statuses."""

import hashlib
import io
import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from itertools import pairwise

import grpc
import grpc.aio
import numpy as np
import pytest
import pytest_asyncio
from glyphstream.common.v1 import common_pb2 as common
from glyphstream.render.v1 import render_pb2 as wire
from glyphstream.render.v1.render_pb2_grpc import RenderServiceStub
from PIL import Image

from render_service import jobs
from render_service.rendered import RenderedDocuments
from render_service.servicer import ERRORS, RenderServicer, register
from render_service.workers import Pool
from serving.options import channel_options
from serving.process import running
from serving.status import failure

pytestmark = pytest.mark.asyncio(loop_scope="module")

CELLS = common.Style(flow=common.FLOW_CELLS, font_px=14, max_width_px=448, max_height_px=224, grid_px=28)
TEXT = "第一条 服务期限为 36 个月。\n" * 40
MAX_BYTES = 3_000_000
KEPT_BYTES = 1_000_000


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def pool() -> AsyncIterator[Pool]:
    pool = Pool(workers=1, waiting_jobs=1, retry_after_s=1.5)
    await pool.start()
    yield pool
    await pool.close()


@asynccontextmanager
async def served(pool: Pool, upload_wait_s: float) -> AsyncIterator[RenderServiceStub]:
    servicer = RenderServicer(pool, RenderedDocuments(pool, KEPT_BYTES), MAX_BYTES, upload_wait_s)
    async with (
        running(partial(register, servicer=servicer), table=ERRORS) as port,
        grpc.aio.insecure_channel(f"127.0.0.1:{port}", options=channel_options()) as channel,
    ):
        yield RenderServiceStub(channel)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def stub(pool) -> AsyncIterator[RenderServiceStub]:
    async with served(pool, upload_wait_s=20) as stub:
        yield stub


def chunks(kind, data: bytes, size: int = 50_001):
    return [kind(chunk=common.Chunk(data=data[at : at + size])) for at in range(0, len(data), size)]


def render_call(text: str | bytes, style: common.Style = CELLS):
    data = text if isinstance(text, bytes) else text.encode()
    return [wire.RenderRequest(style=style), *chunks(wire.RenderRequest, data)]


def extract_call(data: bytes, **header: str):
    return [wire.ExtractRequest(header=wire.DocumentHeader(**header)), *chunks(wire.ExtractRequest, data)]


async def collected(call) -> list:
    return [message async for message in call]


async def refusal(call):
    with pytest.raises(grpc.aio.AioRpcError) as raised:
        await collected(call) if hasattr(call, "__aiter__") else await call
    return failure(raised.value)


async def test_render_answers_a_manifest_and_every_page_it_names(stub):
    first, *rest = await collected(stub.Render(iter(render_call(TEXT))))
    manifest, pages = first.manifest, [message.page for message in rest]
    assert [(page.width, page.height) for page in manifest.pages] == [(page.width, page.height) for page in pages]
    assert manifest.vision_tokens == sum(page.width * page.height for page in pages) // 28**2
    assert manifest.characters == len(TEXT)
    assert manifest.characters_per_token == pytest.approx(len(TEXT) / manifest.vision_tokens)
    assert manifest.style.line_height_px == 14
    assert "freetype" in manifest.renderer_version
    joined = "".join(TEXT[page.text_start : page.text_end] for page in pages)
    assert joined == TEXT
    assert all(one.text_end == other.text_start for one, other in pairwise(manifest.pages))


async def test_a_page_carries_its_picture_and_its_hash(stub):
    _, message, *_ = await collected(stub.Render(iter(render_call(TEXT))))
    with Image.open(io.BytesIO(message.page.image)) as image:
        assert (image.size, image.mode) == ((message.page.width, message.page.height), "L")
        assert np.asarray(image).min() == 0
    assert message.page.sha256 == hashlib.sha256(message.page.image).digest()
    assert message.page.media_type == "image/png"


async def test_equal_calls_give_equal_bytes(stub):
    one, other = [await collected(stub.Render(iter(render_call(TEXT)))) for _ in range(2)]
    assert one == other


async def test_lines_flow_on_when_asked_to(stub):
    style = common.Style(reflow=True)
    style.MergeFrom(CELLS)
    lines, joined = [
        (await collected(stub.Render(iter(render_call("短行\n" * 40, one)))))[0].manifest for one in (CELLS, style)
    ]
    assert joined.style.reflow
    assert 0 < joined.vision_tokens * 3 < lines.vision_tokens


async def test_a_page_that_fits_no_message_is_refused(pool):
    class TooLarge:
        async def results(self, job):
            raise jobs.PageTooLarge("page 3 takes 9000000 bytes")
            yield

    servicer = RenderServicer(pool, TooLarge(), MAX_BYTES, 20)
    async with (
        running(partial(register, servicer=servicer), table=ERRORS) as port,
        grpc.aio.insecure_channel(f"127.0.0.1:{port}", options=channel_options()) as channel,
    ):
        refused = await refusal(RenderServiceStub(channel).Render(iter(render_call("a"))))
    assert (refused.code, refused.reason) == (grpc.StatusCode.INVALID_ARGUMENT, "PAGE_TOO_LARGE")


async def test_raw_rows_travel_when_asked_for(stub):
    style = common.Style()
    style.CopyFrom(CELLS)
    style.image_format = common.IMAGE_FORMAT_L8
    _, message, *_ = await collected(stub.Render(iter(render_call(TEXT, style))))
    assert len(message.page.image) == message.page.width * message.page.height
    assert message.page.media_type == "application/vnd.glyphstream.l8"


async def test_missing_glyphs_are_listed_most_frequent_first(stub):
    first, page = await collected(stub.Render(iter(render_call("\u0378ᚠ\u0378"))))
    assert [(one.code_point, one.count) for one in first.manifest.missing] == [(0x378, 2), (0x16A0, 1)]
    assert page.page.missing_glyphs == 3


async def test_estimate_is_the_manifest_that_render_sends(stub):
    estimate = await stub.Estimate(
        iter([wire.EstimateRequest(style=CELLS), *chunks(wire.EstimateRequest, TEXT.encode())])
    )
    rendered, *_ = await collected(stub.Render(iter(render_call(TEXT))))
    assert estimate.manifest == rendered.manifest


async def test_extract_reports_and_leads_back_to_the_source(stub):
    source = "\ufeff" + "一行 \r\n" * 70_000
    report, *pieces = await collected(stub.Extract(iter(extract_call(source.encode(), name="a.txt"))))
    text = "".join(piece.text.text for piece in pieces)
    assert len(pieces) > 1
    assert text == "一行\n" * 70_000
    assert report.report.characters == len(text)
    assert dict(report.report.removed) == {"trailing_space": 70_000, "carriage_return": 70_000}
    run = pieces[-1].text.offsets[-1]
    decoded = source.removeprefix("\ufeff")
    assert (
        decoded[run.source_start : run.source_start + run.length] == text[run.text_start : run.text_start + run.length]
    )
    assert run.text_start + run.length == len(text)


REFUSED = [
    pytest.param("Extract", extract_call(b""), "INVALID_DOCUMENT", id="an empty document"),
    pytest.param("Extract", extract_call(b"%PDF-1.4"), "INVALID_DOCUMENT", id="a pdf"),
    pytest.param("Extract", extract_call("合同\xe9".encode()[:-1]), "INVALID_DOCUMENT", id="broken utf-8"),
    pytest.param("Extract", extract_call(b" \n "), "INVALID_DOCUMENT", id="nothing left"),
    pytest.param("Extract", extract_call(b"a" * (MAX_BYTES + 1)), "DOCUMENT_TOO_LONG", id="too many bytes"),
    pytest.param("Extract", extract_call(b"a")[1:], "INVALID_DOCUMENT", id="a chunk before the header"),
    pytest.param("Extract", extract_call(b"a") * 2, "INVALID_DOCUMENT", id="two headers"),
    pytest.param("Extract", [], "INVALID_DOCUMENT", id="no message"),
    pytest.param(
        "Extract",
        [*extract_call(b""), *chunks(wire.ExtractRequest, b"a" * 1_048_577, 2_000_000)],
        "INVALID_DOCUMENT",
        id="a chunk over a mebibyte",
    ),
    pytest.param("Render", render_call(b""), "INVALID_DOCUMENT", id="an empty text"),
    pytest.param("Render", render_call(b"\xe4\xb8"), "INVALID_DOCUMENT", id="a cut text"),
    pytest.param("Render", render_call("a\n" * 70_000), "DOCUMENT_TOO_LONG", id="too many pages"),
    pytest.param("Render", render_call("a")[1:], "INVALID_STYLE", id="a chunk before the style"),
    pytest.param("Render", render_call("a", common.Style()), "INVALID_STYLE", id="a style of zeros"),
    pytest.param("Estimate", [wire.EstimateRequest(style=common.Style(flow=9))], "INVALID_STYLE", id="an unknown flow"),
    pytest.param("Estimate", [wire.EstimateRequest()], "INVALID_STYLE", id="an empty message"),
]


@pytest.mark.parametrize(("method", "messages", "reason"), REFUSED)
async def test_bad_input_is_refused_once_and_for_its_reason(stub, method, messages, reason):
    refused = await refusal(getattr(stub, method)(iter(messages)))
    assert (refused.code, refused.reason) == (grpc.StatusCode.INVALID_ARGUMENT, reason)
    assert refused.message


async def test_a_killed_renderer_is_told_apart_and_the_next_call_works(stub, pool):
    call = stub.Render(iter(render_call("一行字\n" * 16_000)))
    await anext(aiter(call))
    os.kill(pool.pids[0], signal.SIGKILL)
    refused = await refusal(call)
    assert (refused.code, refused.reason) == (grpc.StatusCode.UNAVAILABLE, "RENDERER_LOST")
    assert len(await collected(stub.Render(iter(render_call("a"))))) == 2


async def test_a_cancelled_call_frees_the_only_worker_alive(stub, pool):
    before = pool.pids
    call = stub.Render(iter(render_call("一行字\n" * 16_000)))
    await anext(aiter(call))
    call.cancel()
    assert len(await collected(stub.Render(iter(render_call("a"))))) == 2
    assert pool.pids == before


async def test_a_call_beyond_the_bound_is_told_when_to_come_back():
    full = Pool(workers=0, waiting_jobs=0, retry_after_s=1.5)
    async with served(full, upload_wait_s=20) as stub:
        refused = await refusal(stub.Render(iter(render_call("a"))))
    assert (refused.code, refused.reason) == (grpc.StatusCode.UNAVAILABLE, "RENDERER_BUSY")
    assert refused.retry_after_s == 1.5


async def test_a_caller_who_stops_sending_is_not_waited_for(pool):
    async with served(pool, upload_wait_s=0.05) as stub:
        call = stub.Render()
        await call.write(wire.RenderRequest(style=CELLS))
        refused = await refusal(call)
    assert (refused.code, refused.reason) == (grpc.StatusCode.DEADLINE_EXCEEDED, "UPLOAD_TOO_SLOW")

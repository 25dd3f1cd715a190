"""What stands between the benchmark and the services: pages without ink, a profile of one size, streams as replies."""

import hashlib
import io
import json

import grpc
import pytest
from glyphstream.client import Completed, GlyphstreamError, Progress, TextDelta
from glyphstream.common.v1.common_pb2 import Evidence, Page, Usage
from glyphstream.errors import Details
from glyphstream.render.v1.render_pb2 import Manifest, RenderResponse
from PIL import Image

from benchmarks.accuracy.blank import BlankRenderer
from benchmarks.accuracy.services import pinned, reply


class Renderer:
    """Two messages of a real one."""

    async def Render(self, requests):
        yield RenderResponse(manifest=Manifest(characters=4))
        yield RenderResponse(page=Page(width=28, height=56, image=b"ink", media_type="image/other", text_end=4))


async def test_blank_pages_differ_from_the_renderers_in_nothing_but_ink():
    manifest, response = [one async for one in BlankRenderer(Renderer()).Render(None, None)]
    page = response.page
    assert manifest.manifest.characters == 4
    assert (page.width, page.height, page.text_end) == (28, 56, 4)
    assert page.sha256 == hashlib.sha256(page.image).digest()
    image = Image.open(io.BytesIO(page.image), formats=["PNG"])
    assert (image.size, image.getextrema()) == ((28, 56), (255, 255))


def test_a_pinned_folder_has_the_same_weights_and_one_size_where_that_is_offered(tmp_path):
    styles = [{"mode": "code", "font_px": [14, 12]}, {"mode": "fast", "font_px": [10]}]
    (tmp_path / "glyphstream.json").write_text(json.dumps({"name": "x", "styles": styles}))
    (tmp_path / "weights").write_bytes(b"w")
    with pinned(tmp_path, 12) as folder:
        assert (folder / "weights").read_bytes() == b"w"
        profile = json.loads((folder / "glyphstream.json").read_text())
    assert [profile["name"], *(style["font_px"] for style in profile["styles"])] == ["x", [12], [10]]
    assert not folder.exists()
    assert json.loads((tmp_path / "glyphstream.json").read_text())["styles"] == styles


async def streamed(*events):
    for event in events:
        if isinstance(event, Exception):
            raise event
        yield event


async def test_a_stream_becomes_a_reply_without_the_reasoning():
    evidence = [Evidence(page=3, text_start=5, text_end=9)]
    told = await reply(
        streamed(
            Progress(),
            TextDelta(text="hm", reasoning=True),
            TextDelta(text="35"),
            TextDelta(text="00"),
            Completed(found=True, evidence=evidence, usage=Usage(completion_tokens=7)),
        )
    )
    assert (told.text, told.found, told.evidence, told.tokens, told.error) == ("3500", True, ((3, (5, 9)),), 7, "")
    assert 0 < told.first_s <= told.total_s


async def test_a_stream_that_fails_becomes_a_reply_that_says_why():
    lost = GlyphstreamError(grpc.StatusCode.UNAVAILABLE, "gone", Details(reason="READER_LOST"))
    told = await reply(streamed(TextDelta(text="35"), lost))
    assert (told.text, told.found) == ("", False)
    assert "gone" in told.error


async def test_a_stream_that_just_ends_is_a_bug():
    with pytest.raises(RuntimeError, match="without Completed"):
        await reply(streamed(TextDelta(text="35")))

"""Jobs as the worker does them: limits of a manifest, and the version that names what decides a page."""

from dataclasses import replace

import numpy as np
import PIL
import pytest

from render_service import jobs, lines
from render_service import paint as paint_module
from render_service.layout import DocumentTooLong
from render_service.paint import paint
from render_service.png import encode_image
from render_service.style import MAX_PAGE_PIXELS, Flow, ImageFormat, Style

CELLS = Style(flow=Flow.CELLS, font_px=14, max_width_px=140, max_height_px=84)


def test_a_manifest_of_more_lines_than_a_message_holds_is_refused(monkeypatch):
    monkeypatch.setattr(jobs, "MAX_LINES", 3)
    assert len(jobs.estimate(b"a\nb\nc", CELLS).pages) == 1
    with pytest.raises(DocumentTooLong, match="3 lines"):
        jobs.estimate(b"a\nb\nc\nd", CELLS)


def test_pages_are_painted_when_they_are_asked_for(monkeypatch):
    painted = []

    def noted(page, style):
        painted.append(page.index)
        return paint(page, style)

    monkeypatch.setattr(jobs, "paint", noted)
    results = jobs.render(b"a\n" * 20, CELLS)
    next(results)
    assert painted == []
    next(results)
    assert painted == [0]


def test_the_renderer_version_names_all_that_decides_a_page():
    version = jobs.renderer_version()
    libraries = (f"pillow-{PIL.__version__}", "freetype2-2", "icu4py-", "isal-", "harfbuzz-", "fribidi-")
    for part in ("layout-", "noto-", *libraries):
        assert part in version


def test_a_page_that_fits_no_message_is_refused_by_its_index(monkeypatch):
    results = jobs.render(b"a", CELLS)
    next(results)
    monkeypatch.setattr(jobs, "MAX_PAGE_BYTES", 20)
    with pytest.raises(jobs.PageTooLarge, match="page 0"):
        next(results)


def test_the_largest_page_that_a_style_allows_fits_into_a_message():
    noise = np.random.default_rng(1).integers(0, 256, (MAX_PAGE_PIXELS["L8"] // 4000, 4000)).astype(np.uint8)
    assert len(encode_image(noise, ImageFormat.L8)[1]) <= jobs.MAX_PAGE_BYTES


def test_missing_characters_are_counted_over_the_whole_text(monkeypatch):
    monkeypatch.setattr(lines, "WINDOW_CHARACTERS", 3)
    manifest = jobs.estimate("a\u0378b\u0379\u0379中\u0378\u0378".encode(), CELLS)
    assert manifest.missing == ((0x378, 3), (0x379, 2))


def test_a_text_in_a_script_without_a_font_is_counted_to_its_last_letter():
    letters = "".join(map(chr, range(0x1200, 0x1249))) * 2
    manifest, *pages = jobs.render(letters.encode(), CELLS)
    assert sum(count for _, count in manifest.missing) == sum(page.missing_glyphs for page in pages) == len(letters)


@pytest.mark.parametrize("image_format", list(ImageFormat))
@pytest.mark.parametrize(
    "text", ["第三条 25℃ and so on", "السلام (12) שלום हिन्दी", "a\nb\n"], ids=["simple", "shaped", "lines"]
)
def test_equal_text_and_style_give_equal_bytes_whatever_was_painted_before(image_format, text):
    style = replace(CELLS, image_format=image_format, reflow=True)
    one = list(jobs.render(text.encode(), style))
    list(jobs.render("别的 other ক".encode(), style))
    paint_module._atlas.cache_clear()
    list(jobs.render("zyx 又一".encode(), style))
    assert list(jobs.render(text.encode(), style)) == one

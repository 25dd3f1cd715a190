"""Jobs as the worker does them: limits of a manifest, and the version that names what decides a page."""

import PIL
import pytest

from render_service import jobs
from render_service.layout import DocumentTooLong
from render_service.paint import paint
from render_service.style import Flow, Style

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
    for part in ("layout-", "noto-", f"pillow-{PIL.__version__}", "freetype-2"):
        assert part in version

"""A style is refused before any work when no page of it could hold a line."""

from dataclasses import replace

import pytest

from render_service.style import Flow, ImageFormat, InvalidStyle, Style

GOOD = Style(flow=Flow.CELLS, font_px=14, max_width_px=448, max_height_px=224)


@pytest.mark.parametrize(
    ("change", "named"),
    [
        pytest.param({"font_px": 0}, "font_px", id="no font"),
        pytest.param({"font_px": 300}, "font_px", id="font beyond bounds"),
        pytest.param({"line_height_px": 10}, "line_height_px", id="lines overlap"),
        pytest.param({"grid_px": 0}, "grid_px", id="no grid"),
        pytest.param({"max_width_px": 20_000}, "max_width_px", id="wider than any page"),
        pytest.param({"max_width_px": 27}, "max_width_px", id="narrower than the grid"),
        pytest.param({"max_height_px": 27}, "max_height_px", id="lower than the grid"),
        pytest.param({"margin_px": 230}, "max_width_px", id="margins leave nothing"),
        pytest.param({"max_pixels": 100}, "max_width_px", id="area holds no line"),
        pytest.param({"max_width_px": 8192, "max_height_px": 8192}, "pixels", id="page beyond a message"),
        pytest.param(
            {"max_width_px": 2800, "max_height_px": 2884, "image_format": ImageFormat.L8},
            "pixels",
            id="raw page beyond a message",
        ),
    ],
)
def test_a_style_that_holds_no_line_is_refused_and_its_field_named(change, named):
    with pytest.raises(InvalidStyle, match=named):
        replace(GOOD, **change)


def test_line_height_defaults_to_the_font_size():
    assert GOOD.line_height_px == 14


@pytest.mark.parametrize(
    ("style", "size"),
    [
        pytest.param(Style(max_width_px=1280, max_height_px=3200, max_pixels=320 * 320), (448, 224), id="precise"),
        pytest.param(Style(max_width_px=320, max_height_px=320), (308, 308), id="rounded down to the grid"),
        pytest.param(Style(max_width_px=364, max_height_px=3200, max_pixels=320 * 320), (364, 280), id="tall"),
    ],
)
def test_a_flowing_page_is_on_the_grid_under_its_caps(style, size):
    width = style.flowing_width_px
    assert (width, style.full_height_px(width)) == size

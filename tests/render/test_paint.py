"""Paint puts ink where layout says, and nowhere else."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from render_service import fonts
from render_service import paint as paint_module
from render_service.layout import PageLayout
from render_service.paint import PAPER, paint
from render_service.style import Flow, Style
from tests.render.plain import plainly_painted, without_ink

GOLDEN = Path(__file__).parent / "golden"
CELLS = Style(flow=Flow.CELLS, font_px=14, max_width_px=140, max_height_px=84)
STYLES = (
    CELLS,
    replace(CELLS, flow=Flow.PROPORTIONAL, line_height_px=17),
    replace(CELLS, flow=Flow.COLUMNS, font_px=9),
)
# Other builds of FreeType round a few pixels otherwise.
GREY_LEVELS_APART = 4.0


def glyphs(*placed: tuple[str, int, int], size: tuple[int, int] = (56, 28)) -> PageLayout:
    return PageLayout(
        index=0,
        width=size[0],
        height=size[1],
        text_start=0,
        text_end=len(placed),
        line_starts=(0,),
        code_points=np.array([ord(char) for char, _, _ in placed], np.uint32),
        x=np.array([x for _, x, _ in placed], np.int16),
        y=np.array([y for _, _, y in placed], np.int16),
        offsets=np.arange(len(placed), dtype=np.int32),
    )


@settings(deadline=None)
@given(text=st.text(st.characters(exclude_categories=("Zs", "Zl", "Zp", "Cc", "Cf", "Mn", "Me", "Mc")), max_size=80))
def test_every_visible_character_has_ink_in_its_own_cells(lay_out, text):
    for page in lay_out(text, CELLS):
        pixels = paint(page, CELLS)
        widths = fonts.measure(page.code_points, CELLS.flow) * CELLS.font_px // 1000
        for x, y, width, code in zip(page.x, page.y, widths, page.code_points, strict=True):
            blank = fonts.mask(int(code), CELLS.font_px, CELLS.flow)
            cell = pixels[y : y + CELLS.font_px, x : x + max(width, 1)]
            assert cell.min() < PAPER or (blank and not blank.ink.size), chr(code)


@settings(deadline=None)
@given(
    text=st.text(st.characters() | st.sampled_from("ab中，\n\tÅj\u0301ẤfW"), max_size=120),
    style=st.sampled_from(STYLES),
)
def test_a_page_is_its_masks(lay_out, text, style):
    for page in lay_out(text, style):
        assert (paint(page, style) == plainly_painted(page, style)).all()
        assert not without_ink(page, style)


def test_the_darker_pixel_stays_where_masks_overlap():
    both = paint(glyphs(("中", 0, 0), ("国", 0, 0)), CELLS)
    one, other = (paint(glyphs((char, 0, 0)), CELLS) for char in "中国")
    assert (both == np.minimum(one, other)).all()


def test_ink_that_leaves_the_page_is_cut_off_and_does_not_come_back_elsewhere():
    pixels = paint(glyphs(("中", 49, 7), ("中", 20, 21), ("Å", 0, -9)), CELLS)
    assert pixels[:, 35:49].min() == PAPER
    assert pixels[7:21, 49:].min() < PAPER
    assert pixels[:7, 14:].min() == PAPER


def test_an_empty_page_is_paper():
    assert (paint(glyphs(), CELLS) == np.full((28, 56), PAPER)).all()


def drawn(ink: np.ndarray) -> list[str]:
    return ["".join(".#"[int(value > 0)] for value in row) for row in ink]


def test_a_character_without_a_glyph_is_a_box_that_spells_its_code_point():
    pixels = paint(glyphs(("\u1234", 0, 0)), CELLS)
    assert (pixels[0, :27] == 0).all()
    assert (pixels[:13, [0, 26]] == 0).all()
    assert drawn(pixels[4:9, 2:25] == 0) == [
        "#.#......#..###.###.#.#",
        "#.#..#..##....#...#.#.#",
        "#.#.###..#..###..##.###",
        "#.#..#...#..#.....#...#",
        "###.....###.###.###...#",
    ]


@pytest.mark.parametrize(
    ("char", "font_px", "rows"),
    [
        pytest.param("\u0378", 12, ["#.#.....###.###.###.###", "#.#..#..#.#...#...#.#.#"], id="U+ at 12 px"),
        pytest.param("\U00013000", 14, ["#.#......#..###.###.###.###"], id="five digits at 14 px"),
        pytest.param("\U00013000", 12, ["#.#....................", "#.#..#..###.###.###.###"], id="U over + at 12 px"),
        pytest.param("\U0010fffd", 12, [".#..###.###.###.###.##."], id="digits alone where there is no room"),
    ],
)
def test_a_box_spells_as_much_as_its_width_holds(char, font_px, rows):
    ink = fonts.missing_box(ord(char), font_px, Flow.CELLS).ink
    assert (ink[[0, -1], :-1] == 255).all()
    lines = drawn(ink)
    first = next(at for at, line in enumerate(lines) if rows[0] in line)
    assert all(row in line for row, line in zip(rows, lines[first:], strict=False))


@pytest.mark.parametrize("font_px", [10, 12, 14])
@pytest.mark.parametrize("char", ["\u0378", "\U00013000", "\U0010fffd"], ids=ascii)
def test_boxes_of_different_characters_differ(char, font_px):
    one, other = (fonts.missing_box(ord(char) + step, font_px, Flow.CELLS).ink for step in (0, 1))
    assert one.shape == other.shape == (font_px - 1, 2 * font_px)
    if font_px > 10 or ord(char) < 0x100000:
        assert (one != other).any()


def test_an_atlas_that_grew_too_large_starts_anew_and_paints_the_same(monkeypatch):
    pages = [glyphs((char, 0, 0), ("g", 28, 7)) for char in "一二三四五"]
    style = Style(flow=Flow.CELLS, font_px=19, max_width_px=140, max_height_px=84)
    roomy = [paint(page, style) for page in pages]
    monkeypatch.setattr(paint_module, "MAX_ATLAS_BYTES", 2_000)
    cramped = paint_module.Atlas(style.flow, style.font_px)
    monkeypatch.setattr(paint_module, "_atlas", lambda flow, font_px: cramped)
    assert all((paint(page, style) == pixels).all() for page, pixels in zip(pages, roomy, strict=True))
    assert cramped.size_bytes < 3_000


SCRIPTS = "Word السلام عليكم ٣\nשָׁלוֹם (עולם) 12\nहिन्दी में क्षत्रिय\nสวัสดี ที่นี่ 한국어\nq\u0303 👍🏽👨‍👩‍👧🇫🇷1️⃣ \u0378 𓀀\n"
TABLE = "┌────┬─────┐\n│ 型 │ 价  │\n├────┼─────┤\n│ A1 │ 220 │\n└────┴─────┘\n"


@pytest.mark.parametrize(
    ("name", "text", "style"),
    [
        ("scripts", SCRIPTS, Style(Flow.PROPORTIONAL, 14, 20, 168, 112)),
        ("table", TABLE, Style(Flow.COLUMNS, 14, 0, 140, 84)),
        ("reflow", "GET /a 200\nGET /b 404\n\n第一项\n第二项", replace(CELLS, reflow=True)),
        ("cells", "第3条 25℃\nSDK_v2.1（g）", CELLS),
        ("columns", "if x:\n\treturn\t# 行长长长长长", Style(Flow.COLUMNS, 12, 0, 84, 84)),
        ("proportional", "Waffles, “quoted” 中文。", Style(Flow.PROPORTIONAL, 12, 14, 112, 84, margin_px=2)),
    ],
    ids=["scripts", "table", "reflow", "cells", "columns", "proportional"],
)
def test_a_page_looks_as_it_did(lay_out, name, text, style):
    (page,) = lay_out(text, style)
    with Image.open(GOLDEN / f"{name}.png") as image:
        golden = np.asarray(image)
    pixels = paint(page, style)
    assert pixels.shape == golden.shape
    assert np.abs(pixels.astype(int) - golden).mean() < GREY_LEVELS_APART

"""Scripts that join, bear marks or run back are drawn whole and in the order in which they are read."""

import unicodedata
from functools import partial

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageDraw, ImageFont

from render_service import fonts, jobs, shaping
from render_service import paint as paint_module
from render_service.code_points import encode
from render_service.direction import visual_order
from render_service.fonts.faces import FACES, FOLDER
from render_service.layout import layout
from render_service.linebreak import break_opportunities
from render_service.paint import PAPER, paint
from render_service.shaping import ScriptShaper
from render_service.style import Flow, Style
from tests.render.plain import piled_up

CELLS = Style(flow=Flow.CELLS, font_px=14, max_width_px=280, max_height_px=84)
PROPORTIONAL = Style(Flow.PROPORTIONAL, 14, 20, 280, 84)


def atoms(text: str) -> list[str]:
    return [text[atom.start : atom.stop] for atom in ScriptShaper(Flow.CELLS).atoms(text, encode(text))]


def test_shaping_is_to_be_had_where_the_suite_runs():
    assert fonts.can_shape()


@pytest.mark.parametrize(
    ("text", "drawn_together"),
    [
        pytest.param("plain 中文 text é", [], id="simple scripts"),
        pytest.param("قال 3 ٣ كتاب.", ["قال", "كتاب"], id="words, without digits and marks"),
        pytest.param("می\u200cخواهم", ["می\u200cخواهم"], id="a joiner within a word"),
        pytest.param("हिन्दी में", ["हिन्दी", "में"], id="words with vowel signs"),
        pytest.param("q\u0303x x\u0304\u0301", ["q\u0303", "x\u0304\u0301"], id="letters with marks"),
        pytest.param("中\u0301", [], id="a mark on a letter of another face"),
        pytest.param("👍🏽👨‍👩‍👧🇫🇷❤️1️⃣😀", ["👍🏽", "👨‍👩‍👧", "🇫🇷", "❤️", "1️⃣"], id="emoji sequences"),
        pytest.param("1 # 🇫", [], id="parts of sequences"),
    ],
)
def test_what_is_drawn_together(text, drawn_together):
    assert atoms(text) == drawn_together


@pytest.mark.parametrize("flow", [Flow.CELLS, Flow.PROPORTIONAL], ids=["cells", "proportional"])
@pytest.mark.parametrize("text", ["السلام", "क्षत्रिय", "ที่นี่", "שלום", "👨‍👩‍👧", "q\u0303"], ids=ascii)
def test_a_word_is_as_wide_as_it_is_drawn(flow, text):
    shaper, codes = ScriptShaper(flow), encode(text)
    (atom,) = shaper.atoms(text, codes)
    widths = shaper.widths(text, atom)
    assert (widths >= 0).all()
    assert flow is Flow.PROPORTIONAL or widths.sum() % 500 == 0
    if FACES[atom.face].shaped:
        assert 0 <= widths.sum() - fonts.shaped_units(text, atom.face) < 500


def test_an_arabic_word_looks_as_raqm_draws_it():
    (page,) = layout(
        "السلام", PROPORTIONAL, partial(fonts.measure, flow=Flow.PROPORTIONAL), None, ScriptShaper(Flow.PROPORTIONAL)
    )
    (run,) = page.runs
    face = FACES[run.face]
    font = ImageFont.truetype(str(FOLDER / face.file), 14 * face.scale, layout_engine=ImageFont.Layout.RAQM)
    image = Image.new("L", (page.width, page.height), PAPER)
    right = (run.x + run.width, run.y + round(face.baseline_em * 14))
    ImageDraw.Draw(image).text(right, run.text, 0, font, "rs", direction="rtl")
    painted = paint(page, PROPORTIONAL)
    apart = [np.abs(np.roll(painted, step, 1).astype(int) - np.asarray(image)).max() for step in (-1, 0, 1)]
    assert min(apart) <= 1
    assert run.x + run.width == page.width


def test_letters_that_join_are_not_letters_that_stand_alone():
    word = fonts.shaped("سلا", fonts.metrics(Flow.CELLS).face[ord("س")], 28, 84)
    alone = [fonts.mask(ord(char), 28, Flow.PROPORTIONAL) for char in "سلا"]
    assert word.ink.shape[1] < sum(mask.ink.shape[1] for mask in alone)


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        pytest.param("abc", "abc", id="left to right"),
        pytest.param("۱ ab (٣)", "۱ ab (٣)", id="digits keep their order"),
        pytest.param("אב גד", "דג בא", id="right to left"),
        pytest.param("ab אב cd", "ab בא cd", id="a word within"),
        pytest.param("אב 12 (גד)", "(דג) 12 בא", id="numbers and brackets within"),
        pytest.param("אב: ab, cd.", ".ab, cd :בא", id="a foreign phrase at the end"),
    ],
)
def test_a_line_stands_in_the_order_in_which_it_is_read(text, seen):
    levels, _ = ScriptShaper(Flow.CELLS).levels(text, always_ltr=False)
    shaper = ScriptShaper(Flow.CELLS)
    turned = [chr(shaper.mirrored(ord(char))) if level & 1 else char for char, level in zip(text, levels, strict=True)]
    assert "".join(turned[at] for at in visual_order(levels)) == seen


def test_a_paragraph_that_runs_back_begins_at_the_right_edge_but_for_columns(lay_out):
    (cells,) = lay_out("(א)", CELLS)
    assert [(chr(code), x) for code, x in zip(cells.code_points.tolist(), cells.x.tolist(), strict=True)] == [
        (")", 273),
        ("(", 273 - 7 - cells.runs[0].width),
    ]
    (columns,) = lay_out("(א)", Style(Flow.COLUMNS, 14, 0, 280, 84))
    assert [(chr(code), x) for code, x in zip(columns.code_points.tolist(), columns.x.tolist(), strict=True)] == [
        ("(", 0),
        (")", 7 + columns.runs[0].width),
    ]


def test_what_is_mirrored_keeps_its_room(lay_out):
    assert chr(ScriptShaper(Flow.CELLS).mirrored(ord("∌"))) == "∌", "its counterpart is twice as wide"
    (page,) = lay_out("א↓∌↔א", CELLS)
    assert not piled_up(page, CELLS)


def test_a_line_of_a_long_paragraph_keeps_the_direction_of_the_paragraph(lay_out):
    text = "שלום " * 12 + "abc def"
    pages = lay_out(text, CELLS)
    last = max(pages[-1].y.tolist())
    assert min(pages[-1].x[pages[-1].y == last]) > 140


def test_no_character_that_turns_stands_outside_the_blocks_that_are_looked_through():
    turning = [code for code in range(0x110000) if unicodedata.bidirectional(chr(code)) in ("R", "AL", "AN")]
    assert np.flatnonzero(shaping._turning()).tolist() == turning


@given(st.lists(st.integers(0, 5), max_size=40))
def test_visual_order_is_an_order_of_all(levels):
    assert sorted(visual_order(np.array(levels, np.int8)).tolist()) == list(range(len(levels)))


@pytest.mark.parametrize("text", ["हिन्दी", "العربية", "ไทย", "👨‍👩‍👧", "תורה"], ids=ascii)
@settings(deadline=None)
@given(width=st.integers(1, 60))
def test_a_word_is_drawn_within_its_width(text, width):
    (atom,) = ScriptShaper(Flow.CELLS).atoms(text, encode(text))
    mask = fonts.shaped(text, atom.face, 14, width)
    assert mask.ink.max() > 0
    if width > 14:
        assert 0 <= mask.left <= mask.left + mask.ink.shape[1] <= width + 2


@pytest.fixture
def unshaped(monkeypatch):
    """As on a machine without FriBiDi; what was remembered is forgotten before and after."""
    remembered = (shaping.shaper, jobs.renderer_version, paint_module._atlas)
    monkeypatch.setattr(fonts, "can_shape", lambda: False)
    for memory in remembered:
        memory.cache_clear()
    yield
    for memory in remembered:
        memory.cache_clear()


@pytest.mark.parametrize("width", [3, 5, 7, 14])
def test_a_letter_alone_keeps_its_ink_within_its_box(width):
    mask = fonts.shaped("ا", int(fonts.metrics(Flow.CELLS).face[ord("ا")]), 10, width)
    assert 0 <= mask.left <= mask.left + mask.ink.shape[1] <= width
    assert mask.ink.max() > 100


@pytest.mark.usefixtures("unshaped")
def test_without_the_libraries_what_takes_shaping_counts_as_missing():
    assert fonts.missing(encode("سa中ह"), Flow.CELLS).tolist() == [True, False, False, True]
    assert fonts.mask(ord("س"), 14, Flow.CELLS) is None
    manifest, page = jobs.render("س a".encode(), CELLS)
    assert manifest.missing == ((ord("س"), 1),)
    assert "fribidi" not in manifest.renderer_version
    assert page.missing_glyphs == 1


def test_what_is_drawn_together_is_bounded_and_marks_stay_with_their_letters():
    parts = atoms("กี" * 500)
    assert "".join(parts) == "กี" * 500
    assert max(map(len, parts)) <= 64 + 32
    assert all(part.startswith("ก") for part in parts)


def test_words_that_grew_too_many_are_drawn_anew(lay_out, monkeypatch):
    pages = lay_out("الأول والثاني ثم الثالث " * 9, CELLS)
    roomy = [paint(page, CELLS) for page in pages]
    monkeypatch.setattr(paint_module, "MAX_ATLAS_BYTES", 2_000)
    cramped = paint_module.Atlas(CELLS.flow, CELLS.font_px)
    monkeypatch.setattr(paint_module, "_atlas", lambda flow, font_px: cramped)
    assert all((paint(page, CELLS) == pixels).all() for page, pixels in zip(pages, roomy, strict=True))
    assert cramped.size_bytes < 4_000


def test_thai_breaks_between_words(lay_out):
    text = "มนุษย์ทั้งหลายเกิดมามีอิสระและเสมอภาคกันในเกียรติศักดิ์และสิทธิ"
    (page,) = lay_out(text, CELLS)
    assert len(page.line_starts) > 1
    assert set(page.line_starts) <= {0, *break_opportunities(text).tolist()}

"""Layout is arithmetic: whatever the text, nothing is lost, no cap broken, and every glyph stands where it should."""

from dataclasses import replace
from functools import partial
from itertools import islice, pairwise

import numpy as np
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from render_service import fonts
from render_service import layout as layout_module
from render_service import lines as lines_module
from render_service.code_points import decode, encode
from render_service.layout import CONTINUATION, NOT_IN_TEXT, RETURN, DocumentTooLong, PageLayout, layout, setting
from render_service.style import Flow, InvalidStyle, Style
from tests.render.plain import piled_up

CELLS = Style(flow=Flow.CELLS, font_px=14, max_width_px=140, max_height_px=84)
COLUMNS = replace(CELLS, flow=Flow.COLUMNS)
FLOWS = [Flow.PROPORTIONAL, Flow.CELLS, Flow.COLUMNS]

ANY_TEXT = st.text(st.characters(), max_size=200)
WRITTEN_TEXT = st.text(
    st.sampled_from("ab1 中文，。（）“\t\n\u3000 long-word_/.é\u0301😀العربيةשלום٣हिन्दीไทยที่가\u200d🏽❤\ufe0f🇫🇷\u0378"),
    max_size=400,
)
STYLES = st.builds(
    Style,
    flow=st.sampled_from(FLOWS),
    font_px=st.integers(6, 24),
    line_height_px=st.sampled_from([0, 24, 31]),
    max_width_px=st.integers(84, 300),
    max_height_px=st.integers(84, 300),
    max_pixels=st.sampled_from([0, 12_000, 40_000]),
    margin_px=st.integers(0, 9),
)
STYLES = st.tuples(STYLES, st.booleans()).map(
    lambda drawn: replace(drawn[0], reflow=drawn[1] and drawn[0].flow is not Flow.COLUMNS)
)


def placed(page: PageLayout) -> list[int]:
    """Positions in the text of all that has a place on the page."""
    alone = page.offsets[page.offsets != NOT_IN_TEXT].tolist()
    return sorted([*alone, *(run.offset + step for run in page.runs for step in range(len(run.text)))])


def lines_of(text: str, pages: list[PageLayout]) -> list[str]:
    """The text of every visual line."""
    result = []
    for page in pages:
        bounds = [*(page.text_start + start for start in page.line_starts), page.text_end]
        result += [text[start:stop] for start, stop in pairwise(bounds)]
    return result


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(text=ANY_TEXT | WRITTEN_TEXT, style=STYLES)
def test_joining_all_page_ranges_gives_the_text_back(lay_out, text, style):
    pages = lay_out(text, style)
    assert "".join(text[page.text_start : page.text_end] for page in pages) == text
    assert "".join(lines_of(text, pages)) == text


# Lines higher than the grid leave a band below the last one that fits: 3 of 31 px on a page of at most 140.
BANDED = Style(font_px=19, line_height_px=31, max_width_px=84, max_height_px=140, margin_px=9)


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(text=ANY_TEXT | WRITTEN_TEXT, style=STYLES)
@example(text="0\n" * 7, style=BANDED)
def test_no_page_is_over_any_cap_and_every_page_but_the_last_is_full(lay_out, text, style):
    pages = lay_out(text, style)
    for page in pages:
        assert page.width <= style.max_width_px
        assert page.height <= style.max_height_px
        assert page.width % style.grid_px == page.height % style.grid_px == 0
        assert not style.max_pixels or page.width * page.height <= style.max_pixels
        assert len(page.line_starts) <= style.lines_on(page.height)
    assert len({len(page.line_starts) for page in pages[:-1]}) <= 1
    for page in pages[:-1]:
        full = style.full_height_px(page.width)
        assert len(page.line_starts) == style.lines_on(full)
        assert page.height == min(full, style.height_of(style.lines_on(full)))


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(text=ANY_TEXT | WRITTEN_TEXT, style=STYLES)
def test_every_visible_character_is_placed_once_and_between_the_margins(lay_out, text, style):
    pages = lay_out(text, style)
    drawn = setting(text, style, len).text
    expected = [at for at, char in enumerate(drawn) if char not in " \t\n\r\u3000"]
    assert [at for page in pages for at in placed(page)] == expected
    for page in pages:
        advances = fonts.measure(page.code_points, style.flow) * style.font_px // 1000
        assert (page.x >= style.margin_px).all()
        assert (page.x + advances <= page.width - style.margin_px).all()
        assert (page.y + style.font_px <= page.height - style.margin_px).all()
        for run in page.runs:
            assert style.margin_px <= run.x <= run.x + run.width <= page.width - style.margin_px
            assert run.y + style.font_px <= page.height - style.margin_px


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(text=WRITTEN_TEXT, style=STYLES)
def test_lines_do_not_depend_on_the_windows_that_they_are_found_in(lay_out, text, style):
    whole = lay_out(text, style)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(lines_module, "WINDOW_CHARACTERS", 64)
        patch.setattr(lines_module, "GUARD_CHARACTERS", 60)
        windowed = lay_out(text, style)
    assert lines_of(text, windowed) == lines_of(text, whole)


@settings(deadline=None)
@given(text=WRITTEN_TEXT)
def test_a_glyph_stands_in_the_row_of_the_line_that_holds_it(lay_out, text):
    for page in lay_out(text, CELLS):
        rows = np.searchsorted(np.array(page.line_starts), page.offsets - page.text_start, side="right") - 1
        assert (page.y == rows * CELLS.line_height_px).all()


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        pytest.param("a" * 20 + " b", ["a" * 20 + " ", "b"], id="a space hangs at the end of a full line"),
        pytest.param("a" * 20 + "     b", ["a" * 20 + "     ", "b"], id="many spaces hang"),
        pytest.param("hello world of cells", ["hello world of cells"], id="exactly full"),
        pytest.param("hello world of cells.", ["hello world of ", "cells."], id="wraps at a word"),
        pytest.param("x" * 45, ["x" * 20, "x" * 20, "x" * 5], id="an endless token is cut"),
        pytest.param("中" * 11, ["中" * 10, "中"], id="wide characters take two cells"),
        pytest.param("中" * 10 + "。", ["中" * 9, "中。"], id="no line begins with a full stop"),
        pytest.param("中" * 9 + "“引”", ["中" * 9, "“引”"], id="no line ends with an opening quote"),
        pytest.param("中" * 9 + "字》、后", ["中" * 9, "字》、后"], id="closing marks stay together"),
        pytest.param("中" * 9 + "字……", ["中" * 9, "字……"], id="an ellipsis is not parted"),
        pytest.param("合计 1,234.56元的" * 2, ["合计 1,234.56元的合", "计 1,234.56元的"], id="a number is not parted"),
        pytest.param("a\n\nb\n", ["a\n", "\n", "b\n"], id="newlines belong to their lines"),
        pytest.param("", [], id="nothing"),
    ],
)
def test_cells_wrap_where_a_reader_expects(lay_out, text, lines):
    assert lines_of(text, lay_out(text, CELLS)) == lines


@pytest.mark.parametrize(
    ("text", "columns"),
    [
        pytest.param("\tx", [4], id="from the margin"),
        pytest.param("abc\tx", [0, 1, 2, 4], id="to the next stop"),
        pytest.param("abcd\tx", [0, 1, 2, 3, 8], id="a full stop on"),
        pytest.param("中\t\tx", [0, 8], id="after a wide character"),
    ],
)
@pytest.mark.parametrize("flow", [Flow.CELLS, Flow.COLUMNS], ids=["cells", "columns"])
def test_a_tab_leads_to_the_next_multiple_of_four_columns(lay_out, flow, text, columns):
    (page,) = lay_out(text, replace(CELLS, flow=flow))
    assert (page.x * 2 // CELLS.font_px).tolist() == columns


def test_words_that_run_back_keep_their_widths_between_tabs(lay_out):
    (page,) = lay_out("abc\tאב 12\tגד", CELLS)
    assert page.x.tolist() == [0, 7, 14, 28, 35]
    assert [(run.x, run.width) for run in page.runs] == [(49, 21), (84, 14)]


def test_a_word_whose_first_mark_has_another_direction_stays_together(lay_out):
    (page,) = lay_out("\u05e9\u1e31\U000e0067\u064e\u063f\x03\u2024", COLUMNS)
    assert not piled_up(page, COLUMNS)
    (word,) = (run for run in page.runs if "\u063f" in run.text)
    (box,) = page.x[page.code_points == 3].tolist()
    assert word.x >= box + 2 * COLUMNS.font_px or word.x + word.width <= box


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(text=WRITTEN_TEXT | st.text(st.sampled_from("ab1 中אבשלו\t(）")), style=STYLES)
def test_no_glyph_stands_in_anothers_place(lay_out, text, style):
    assert not any(piled_up(page, style) for page in lay_out(text, style))


def test_half_cells_of_an_odd_font_size_fall_on_whole_pixels(lay_out):
    (page,) = lay_out("abcd", replace(CELLS, font_px=13, line_height_px=13))
    assert page.x.tolist() == [0, 6, 13, 19]


def test_columns_keep_indents_and_mark_the_rest_of_a_long_line(lay_out):
    (page,) = lay_out("  " + "x" * 19, COLUMNS)
    assert page.line_starts == (0, 20)
    assert page.code_points[0] == CONTINUATION
    assert page.offsets[0] == NOT_IN_TEXT
    assert (page.x[page.offsets == 0 + 2], page.x[page.offsets == 20]) == (14, 7)


@pytest.mark.parametrize(
    ("text", "width"),
    [("x", 28), ("x" * 8, 56), ("x" * 9, 84), ("\t\tx", 84), ("x" * 100, 140), ("a\n" + "中" * 4, 56)],
)
def test_a_page_of_columns_is_the_narrowest_that_holds_the_longest_line(lay_out, text, width):
    assert {page.width for page in lay_out(text, COLUMNS)} == {width}


def test_lines_that_flow_on_are_joined_by_a_visible_return_and_empty_lines_stay(lay_out):
    text = "a = 1\nb = 2\n\nc\n  d\n"
    (page,) = lay_out(text, replace(CELLS, reflow=True))
    assert lines_of(text, [page]) == ["a = 1\nb = 2\n", "\n", "c\n  d\n"]
    returns = page.code_points == ord(RETURN)
    assert page.offsets[returns].tolist() == [5, 14]
    assert page.x[returns].tolist() == [35, 7]


def test_a_line_breaks_after_a_return_and_never_before_it(lay_out):
    text = "中文中文中\n" * 4
    lines = lines_of(text, lay_out(text, replace(CELLS, reflow=True)))
    assert lines == ["中文中文中\n中文中文", "中\n中文中文中\n中文中", "文中\n"]


def test_columns_do_not_flow_on():
    with pytest.raises(InvalidStyle, match="reflow"):
        replace(COLUMNS, reflow=True)


def test_the_last_page_is_cropped_to_the_grid(lay_out):
    assert [page.height for page in lay_out("a\n" * 8, CELLS)] == [84, 28]


def test_leading_is_shared_between_above_and_below(lay_out):
    (page,) = lay_out("a", replace(CELLS, line_height_px=20, margin_px=3))
    assert (page.x.tolist(), page.y.tolist()) == ([3], [6])


def test_pages_come_one_by_one():
    text = "x" * 1_000_000
    (first,) = islice(layout(text, CELLS, partial(fonts.measure, flow=Flow.CELLS), None), 1)
    assert first.text_end == 6 * 20


def test_a_text_beyond_the_limits_is_refused(lay_out, monkeypatch):
    monkeypatch.setattr(layout_module, "MAX_PAGES", 2)
    with pytest.raises(DocumentTooLong, match="pages"):
        lay_out("a\n" * 13, CELLS)
    monkeypatch.setattr(layout_module, "MAX_CHARACTERS", 25)
    with pytest.raises(DocumentTooLong, match="characters"):
        lay_out("a\n" * 13, CELLS)


def test_a_character_wider_than_the_page_stands_alone():
    pages = layout("abc", CELLS, lambda codes: np.full(len(codes), 90_000), None)
    assert [page.line_starts for page in islice(pages, 3)] == [(0, 1, 2)]


@pytest.mark.parametrize(
    "line",
    ["\t", "a\t", "x" * 30, " ", "x    ", "（", "\u0301"],
    ids=["tabs", "tabbed", "token", "spaces", "spaced", "brackets", "marks"],
)
def test_hostile_lines_are_looked_at_a_few_times_only(lay_out, line, monkeypatch):
    looks = 0
    hang, tabs = lines_module._hang, lines_module.tabs

    def counted_hang(text, position, stop):
        nonlocal looks
        end = hang(text, position, stop)
        looks += end - position
        return end

    def counted_tabs(text, start, stop):
        nonlocal looks
        looks += stop - start
        yield from tabs(text, start, stop)

    monkeypatch.setattr(lines_module, "_hang", counted_hang)
    monkeypatch.setattr(lines_module, "tabs", counted_tabs)
    monkeypatch.setattr(layout_module, "tabs", counted_tabs)
    text = line * 2_000 + "\n\t" + line * 2_000 + "\t"
    lay_out(text, CELLS)
    assert looks <= 16 * len(text)


def test_code_points_keep_lone_surrogates():
    assert encode("a\ud800😀").tolist() == [0x61, 0xD800, 0x1F600]
    assert decode(encode("a\ud800😀")) == "a\ud800😀"

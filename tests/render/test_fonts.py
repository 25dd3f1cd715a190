"""Every character named in the metrics has ink, and in cells the ink stays at home."""

import unicodedata
from pathlib import Path

import numpy as np
import pytest

from render_service import fonts
from render_service.code_points import encode
from render_service.fonts.faces import SCRIPTS
from render_service.layout import CONTINUATION
from render_service.style import Flow

FONT_PX = (9, 10, 12, 14, 17)


def hanzi(charset: str, first: range, second: range) -> str:
    pairs = (bytes((a, b)) for a in first for b in second)
    return "".join(pair.decode(charset, "ignore") for pair in pairs)


def test_all_of_gbk_is_drawn():
    text = hanzi("gbk", range(0x81, 0xFF), range(0x40, 0xFF))
    ideographs = "".join(char for char in text if "\u4e00" <= char <= "\u9fff")
    assert len(ideographs) > 20_000
    assert not fonts.missing(encode(ideographs), Flow.CELLS).any()


@pytest.mark.parametrize("flow", [Flow.CELLS, Flow.PROPORTIONAL], ids=["cells", "proportional"])
@pytest.mark.parametrize("char", "aZ0~，。、“”‘’—–…·《》【】℃℉Å½±×÷°①⑩→≥≤≠αΩЖé€￥¥│─■●✓✔★ɑあア①Ⅳ㎡№가😀")
def test_a_character_that_other_fonts_lose_has_ink(char, flow):
    mask = fonts.mask(ord(char), 14, flow)
    assert mask is not None
    assert mask.ink.max() > 60


@pytest.mark.parametrize("char", ["\u0378", "\ud800", "\x00", "\U00013000", "ᚠ"], ids=ascii)
def test_a_character_that_no_font_draws_says_so_and_has_a_box(char):
    assert fonts.mask(ord(char), 14, Flow.CELLS) is None
    assert fonts.missing_box(ord(char), 14, Flow.CELLS).ink.max() == 255


@pytest.mark.parametrize("char", " \u3000\n\u200b\ufeff\xa0", ids=ascii)
def test_a_blank_has_no_ink_and_is_not_missing(char):
    mask = fonts.mask(ord(char), 14, Flow.CELLS)
    assert mask is not None
    assert mask.ink.size == 0


@pytest.mark.parametrize("font_px", FONT_PX)
def test_ink_stays_inside_its_cells(font_px):
    text = hanzi("gb2312", range(0xA1, 0xFF), range(0xA1, 0xFF))[::7] + "".join(map(chr, range(0x20, 0x180)))
    for code, advance in zip(encode(text).tolist(), fonts.measure(encode(text), Flow.CELLS).tolist(), strict=True):
        mask = fonts.mask(code, font_px, Flow.CELLS)
        if mask and advance:
            assert mask.left >= 0, chr(code)
            assert mask.left + mask.ink.shape[1] <= -(-advance * font_px // 1000), chr(code)


@pytest.mark.parametrize("font_px", [10, 12, 14, 16])
def test_chinese_ink_fills_the_line_box_and_does_not_leave_it(font_px):
    rows = np.zeros(3 * font_px)
    for code in range(0x4E00, 0x9FA5, 101):
        mask = fonts.mask(code, font_px, Flow.CELLS)
        for row, amount in enumerate(mask.ink.sum(axis=1)):
            rows[font_px + mask.top + row] += amount
    assert rows[font_px : 2 * font_px].sum() / rows.sum() > 0.995
    assert (rows[font_px : 2 * font_px] > 0).all()


@pytest.mark.parametrize("font_px", [10, 12, 14, 16])
def test_latin_descenders_stay_in_the_line_box_but_for_a_faint_row(font_px):
    for char in "gjpqy,;_":
        mask = fonts.mask(ord(char), font_px, Flow.CELLS)
        below = mask.ink[max(font_px - mask.top, 0) :]
        assert below.shape[0] <= 1, char


@pytest.mark.parametrize(
    ("char", "cells"),
    [
        ("a", 1),
        ("中", 2),
        ("，", 2),
        ("é", 1),
        ("Ж", 1),
        ("’", 1),
        ("“", 2),
        ("│", 1),
        ("ｱ", 1),
        ("ア", 2),
        ("\u0301", 0),
        ("가", 2),
        ("😀", 2),
        ("\u0378", 4),
    ],
    ids=ascii,
)
def test_a_character_takes_its_number_of_cells(char, cells):
    assert fonts.measure(encode(char), Flow.CELLS).tolist() == [500 * cells]


def test_the_continuation_mark_takes_one_cell():
    assert fonts.measure(np.array([CONTINUATION], np.uint32), Flow.COLUMNS).tolist() == [500]


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.name)
def test_most_letters_of_a_script_have_a_face(script):
    first, last = script.blocks[0]
    letters = [code for code in range(first, last + 1) if unicodedata.category(chr(code))[0] == "L"]
    # What Unicode has added since the fonts were made is for languages that are long dead, and Pali in Lao.
    assert fonts.missing(np.array(letters, np.uint32), Flow.PROPORTIONAL).mean() < 0.3


def test_the_committed_fonts_stay_below_twelve_megabytes_and_bear_their_licence():
    folder = Path(fonts.__file__).parent
    assert sum(file.stat().st_size for file in folder.glob("*.[ot]tf")) <= 12_000_000
    assert "SIL OPEN FONT LICENSE Version 1.1" in (folder / "OFL.txt").read_text()

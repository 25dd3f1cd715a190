"""What readers were trained on stays, bit for bit: places, masks, line breaks and page cuts of the simple scripts.

A digest here changes only together with the weights that were trained on the old pages. Ink depends on the build of
FreeType, so masks are pinned for the builds they were taken from; places never depend on it.
"""

import hashlib
from functools import partial

import numpy as np
import pytest
from PIL import features

from render_service import fonts
from render_service.layout import layout
from render_service.linebreak import break_opportunities
from render_service.style import Flow, Style

SIMPLE = [*range(0x20, 0x7F)] + [
    ord(char)
    for pair in (bytes((row, cell)) for row in range(0xA1, 0xF8) for cell in range(0xA1, 0xFF))
    if len(char := pair.decode("gb2312", "ignore")) == 1
]
PAGES = {Flow.CELLS: (448, 224), Flow.COLUMNS: (560, 168)}
FREETYPE = "2.14.3"
PLACES = {
    ("CELLS", 14): "c90cc88ad0002e398d92e7911aecf24c7c348b3a3f589edd527bc42a8e53677d",
    ("CELLS", 12): "7eaf4a42ec9f99b252050799cef2074d4efe819b24cffe6341a931367bbe3ae2",
    ("CELLS", 10): "631da1524b4846d31ef21674d15c80f1d7ccdf75445ba1028610bef5014da4ff",
    ("COLUMNS", 14): "2f15807647ca50b5525d2c071afb8d3f78181c51a569b2ab5fc53ebb4a524aa5",
    ("COLUMNS", 12): "3e81a4032e0d4269e1377b21b4863e75f2565ea42285a242d749562e7eee4a8e",
    ("COLUMNS", 10): "4acf821c9cc8a613eb75a77565fc7f92cab7ea3b4ae918d6911eac46af55d7a3",
}
MASKS = {
    ("CELLS", 14): "f1bae2f73fbeff2e56be563fa06ef41c2ef28092f62b12744fc7d6d5284ea320",
    ("CELLS", 12): "01856ce9b0a3cc146a4d038bbeaafcfd59729ff47080bfaa2cd24fc4fd2cf1e2",
    ("CELLS", 10): "7f33bb13ccda74a240b189c25916139f18785d4ef0284a93609f0bd5999953ac",
    ("COLUMNS", 14): "f1bae2f73fbeff2e56be563fa06ef41c2ef28092f62b12744fc7d6d5284ea320",
    ("COLUMNS", 12): "01856ce9b0a3cc146a4d038bbeaafcfd59729ff47080bfaa2cd24fc4fd2cf1e2",
    ("COLUMNS", 10): "7f33bb13ccda74a240b189c25916139f18785d4ef0284a93609f0bd5999953ac",
}


def texts() -> list[str]:
    """Prose, code and noise over all of the simple scripts, made by a rule that never changes."""
    words = [SIMPLE[at * 7919 % len(SIMPLE)] for at in range(6_000)]
    noise = "".join(
        chr(code) + ("\n" if at % 97 == 96 else " " if at % 11 == 10 else "") for at, code in enumerate(words)
    )
    prose = "第三条　服务期限为 36 个月，自“2026-01-01”起；温度不高于 25℃（见 SDK_v2.1/readme.md）。\n\n" * 30
    english = "The quick (brown) fox can't jump over 1,234.56 lazy dogs -- state-of-the-art, e.g. v2.0-rc1; " * 40
    code = "\tif x[0] != y:\n\t\treturn foo_bar(a,\tb)  # 行长" + "长" * 60 + "\n" + "x" * 200 + "\n"
    return [noise, prose, english + "\n", code * 12]


def places_digest(flow: Flow, font_px: int) -> str:
    """SHA-256 over sizes, cuts, line starts, places and offsets of every page."""
    width, height = PAGES[flow]
    style = Style(flow, font_px, 0, width, height, width * height)
    digest = hashlib.sha256()
    for text in texts():
        for breaks in (break_opportunities, None):
            for page in layout(text, style, partial(fonts.measure, flow=flow), breaks):
                sizes = (page.index, page.width, page.height, page.text_start, page.text_end, page.line_starts)
                digest.update(repr(sizes).encode())
                for values in (page.code_points, page.x, page.y, page.offsets):
                    digest.update(values.astype(np.int64).tobytes())
    return digest.hexdigest()


def masks_digest(flow: Flow, font_px: int) -> str:
    """SHA-256 over place and ink of every mask."""
    digest = hashlib.sha256()
    for code in SIMPLE:
        mask = fonts.mask(code, font_px, flow)
        assert mask is not None, chr(code)
        digest.update(repr((code, mask.left, mask.top, mask.ink.shape)).encode() + mask.ink.tobytes())
    return digest.hexdigest()


SIZES = [(flow, font_px) for flow in PAGES for font_px in (14, 12, 10)]


@pytest.mark.parametrize(("flow", "font_px"), SIZES)
def test_every_glyph_stands_where_the_reader_learned_to_look(flow, font_px):
    assert places_digest(flow, font_px) == PLACES[flow.name, font_px]


@pytest.mark.parametrize(("flow", "font_px"), SIZES)
def test_every_mask_is_the_one_the_reader_learned(flow, font_px):
    if features.version("freetype2") != FREETYPE:
        pytest.skip("masks are pinned for the FreeType they were taken from")
    assert masks_digest(flow, font_px) == MASKS[flow.name, font_px]

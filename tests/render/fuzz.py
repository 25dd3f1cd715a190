"""So many random texts and styles: `python -m tests.render.fuzz 400 [seed]`. Exits 1 and prints what broke.

Texts are stitched from pieces of every script, from hostile characters and from random code points, so that words are
cut, directions change and windows end where nobody would look. Without a seed every run takes another, which it prints.
"""

import random
import sys
from dataclasses import replace
from functools import partial

import numpy as np

from render_service import fonts
from render_service import lines as lines_module
from render_service.layout import DocumentTooLong, layout
from render_service.linebreak import break_opportunities
from render_service.paint import PAPER, paint
from render_service.shaping import shaper
from render_service.style import Flow, InvalidStyle, Style
from tests.render.plain import piled_up, plainly_painted, without_ink

PIECES = (
    *(
        "第三条 服务期限，",
        "（25℃）",
        "“引”——…",
        "Wörter’s AV ffi,",
        "The quick-brown fox/",
        "foo_bar(x, y);",
        "\t",
        "\n",
        "\n\n",
        "   ",
        "\u3000",
    ),
    *("السلام عليكم ", "٣٤ ", "שלום ", "שָׁ", "हिन्दी में ", "क्षत्रिय", "สวัสดีครับ", "뷁한국", "မြန်မာ", "ខ្មែរ"),
    *(
        "q\u0303",
        "\u0301" * 9,
        "👍🏽",
        "👨‍👩‍👧",
        "🇫🇷🇫",
        "1️⃣",
        "❤\ufe0f",
        "\u200d",
        "\u200f",
        "\u202e",
        "\u2066",
        "\u00ad",
    ),
    *("\ud800", "\x00", "\u0378", "\U000e0067", "\U0010ffff", "ﷺ", "꧅", "x" * 300, "（" * 40, "𠮷𓀀"),
)
# So many pages of a text are painted the slow way too.
PAINTED_TWICE = 2
ALONE = " \t\n\r\u3000"


def some_text(chance: random.Random) -> str:
    """Up to a few thousand characters."""
    pieces = chance.choices(PIECES, k=chance.choice((1, 3, 10, 60)))
    others = [chr(chance.randrange(chance.choice((0x80, 0x3000, 0x110000)))) for _ in range(chance.choice((0, 3, 30)))]
    mixed = pieces + others
    chance.shuffle(mixed)
    return "".join(mixed) * chance.choice((1, 1, 1, 12))


def some_style(chance: random.Random) -> Style | None:
    """A style, None where the drawn one is refused."""
    font_px = chance.choice((5, 10, 14))
    try:
        return Style(
            flow=chance.choice(list(Flow)),
            font_px=font_px,
            line_height_px=font_px + chance.choice((0, 0, 1, 7)),
            max_width_px=chance.randrange(20, 600),
            max_height_px=chance.randrange(20, 400),
            max_pixels=chance.choice((0, 0, 20_000, 100_000)),
            grid_px=chance.choice((1, 14, 28)),
            margin_px=chance.choice((0, 0, 3, 10)),
            reflow=chance.random() < 0.3,
        )
    except InvalidStyle:
        return None


def check(text: str, style: Style) -> None:
    """Whatever the text: ranges join, no cap is broken, all that is visible has a place, places have ink."""
    measure = partial(fonts.measure, flow=style.flow)
    end, seen = 0, 0
    for page in layout(text, style, measure, break_opportunities, shaper(style.flow)):
        assert page.text_start == end, "ranges join"
        end = page.text_end
        assert page.width <= style.max_width_px, "width"
        assert page.height <= style.max_height_px, "height"
        assert not style.max_pixels or page.width * page.height <= style.max_pixels, "pixels"
        pixels = paint(page, style)
        assert pixels.shape == (page.height, page.width), "shape"
        seen += int((page.offsets >= 0).sum()) + sum(len(run.text) for run in page.runs)
        if page.index < PAINTED_TWICE:
            assert (pixels == plainly_painted(page, style)).all(), "each glyph's own ink"
            assert not without_ink(page, style), "glyphs with ink"
        assert not piled_up(page, style), "each in its own place"
        ink = [run for run in page.runs if pixels[run.y : run.y + style.font_px, max(0, run.x) :].min() < PAPER]
        assert len(ink) == len(page.runs), "ink of words"
    assert end == len(text), "nothing is lost"
    kept = sum(char not in ALONE or (char == "\n" and style.reflow) for char in text)
    assert seen <= kept, "nothing twice"
    assert style.reflow or seen == kept, "all that is visible"


def same_in_small_windows(text: str, style: Style, small: int) -> None:
    """Lines do not depend on the windows that they are found in, where no rule looks further than a guard."""
    measure, breaks = partial(fonts.measure, flow=style.flow), break_opportunities
    whole = [page.line_starts for page in layout(text, style, measure, breaks)]
    before = lines_module.WINDOW_CHARACTERS
    lines_module.WINDOW_CHARACTERS = small
    try:
        assert whole == [page.line_starts for page in layout(text, style, measure, breaks)], "windows"
    finally:
        lines_module.WINDOW_CHARACTERS = before


def main(texts: int, seed: int) -> None:
    """Raises where something broke."""
    chance, runs = random.Random(seed), 0
    while runs < texts:
        text, style = some_text(chance), some_style(chance)
        if style is None:
            continue
        if style.reflow and style.flow is Flow.COLUMNS:
            style = replace(style, reflow=False)
        try:
            check(text, style)
            simple = "".join(char for char in text if char < "\u3000" and not fonts.SHAPED[_face(char)])
            same_in_small_windows(simple, style, chance.randrange(300, 900))
        except DocumentTooLong:
            continue
        except Exception as error:
            print(f"seed {seed}, run {runs}: {error!r}\n{style}\n{text!a}", file=sys.stderr)
            raise
        runs += 1
    print(f"{runs} texts, seed {seed}")


def _face(char: str) -> int:
    return int(fonts.metrics(Flow.CELLS).face[np.array([ord(char)])][0])


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else random.randrange(2**32))

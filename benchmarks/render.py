"""How fast pages are made, as ratios within one run: `python -m benchmarks.render FILE…` (UTF-8 text).

The yardstick is what a first version does: Pillow draws the same lines with the same font and writes a PNG.
Times are the best of several runs on one core, after a first run that fills the caches of both.
"""

import io
import sys
import time
from collections.abc import Callable
from functools import partial
from itertools import pairwise
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

from render_service import fonts, jobs
from render_service.style import Flow, Style

RUNS = 5
STYLES = {
    "cells 14 px, 448x224": Style(flow=Flow.CELLS, font_px=14, max_width_px=448, max_height_px=224),
    "proportional 9 px, 588x840": Style(
        flow=Flow.PROPORTIONAL, font_px=9, line_height_px=10, max_width_px=588, max_height_px=840, margin_px=10
    ),
}


def best_s(work: Callable[[], object]) -> float:
    """Seconds of the fastest of RUNS runs, the first one apart."""
    work()
    times = []
    for _ in range(RUNS):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return min(times)


def ours(text: str, style: Style) -> int:
    """Lays out, paints and encodes; returns the number of pages."""
    return sum(1 for _ in jobs.render(text.encode(), style)) - 1


def with_pillow(text: str, manifest: jobs.Manifest) -> None:
    """Draws the lines of a finished layout with `ImageDraw.text`: its layout is a gift."""
    style = manifest.style
    font = ImageFont.truetype(
        fonts.FOLDER / "NotoSansSC-Regular.otf", style.font_px, layout_engine=ImageFont.Layout.BASIC
    )
    for page in manifest.pages:
        image = Image.new("L", (page.width, page.height), 255)
        draw = ImageDraw.Draw(image)
        bounds = [*(page.text_start + start for start in page.line_starts), page.text_end]
        for row, (start, stop) in enumerate(pairwise(bounds)):
            place = (style.margin_px, style.margin_px + row * style.line_height_px)
            draw.text(place, text[start:stop].rstrip("\n"), fill=0, font=font)
        image.save(io.BytesIO(), "PNG")


def main(paths: list[str]) -> None:
    """Prints one line a document and style."""
    for path in map(Path, paths):
        text = path.read_text()
        for name, style in STYLES.items():
            manifest = jobs.estimate(text.encode(), style)
            mine_s = best_s(partial(ours, text, style))
            theirs_s = best_s(partial(with_pillow, text, manifest))
            print(
                f"{path.name}, {name}: {len(manifest.pages)} pages, {mine_s * 1e3:.1f} ms, "
                f"{len(text) / mine_s / 1e6:.2f} M characters/s, {theirs_s / mine_s:.1f} times as fast as Pillow"
            )


if __name__ == "__main__":
    main(sys.argv[1:])

"""Owns what the renderer is measured against: Glyph's route (reportlab, PDF, poppler) and Pillow's `draw.text`.

Both draw Chinese with the same font, which reportlab wants with TrueType outlines.
"""

import io
from collections.abc import Callable
from functools import cache
from itertools import pairwise
from xml.sax.saxutils import escape

from PIL import Image, ImageDraw, ImageFont

from benchmarks.needs import FONT
from render_service.jobs import Manifest
from render_service.style import Style

# Glyph hands its text to reportlab in paragraphs of so many lines.
LINES_A_PARAGRAPH = 30
DPI = 72

Route = Callable[[str, Style], int]


def with_glyphs_route(text: str, style: Style) -> int:
    """Text to PDF to page images to PNG, as Glyph does it; returns the number of pages."""
    from pdf2image import convert_from_bytes
    from reportlab.lib.styles import ParagraphStyle
    from reportlab.platypus import Paragraph, SimpleDocTemplate

    size, margin = (style.max_width_px, style.max_height_px), style.margin_px
    look = ParagraphStyle(
        "page", fontName=_registered(), fontSize=style.font_px, leading=style.line_height_px, wordWrap=_wrapping(text)
    )
    lines = [escape(line) for line in text.split("\n")]
    story = [
        Paragraph("<br/>".join(lines[at : at + LINES_A_PARAGRAPH]), look)
        for at in range(0, len(lines), LINES_A_PARAGRAPH)
    ]
    pdf = io.BytesIO()
    margins = {f"{side}Margin": margin for side in ("left", "right", "top", "bottom")}
    SimpleDocTemplate(pdf, pagesize=size, **margins).build(story)
    pages = convert_from_bytes(pdf.getvalue(), dpi=DPI)
    for page in pages:
        page.save(io.BytesIO(), "PNG")
    return len(pages)


def with_pillow(manifest: Manifest, text: str) -> int:
    """Draws the lines of a finished layout with `ImageDraw.text` and writes PNG: its layout is a gift."""
    style = manifest.style
    font = ImageFont.truetype(str(FONT), style.font_px, layout_engine=ImageFont.Layout.BASIC)
    for page in manifest.pages:
        image = Image.new("L", (page.width, page.height), 255)
        draw = ImageDraw.Draw(image)
        bounds = [*(page.text_start + start for start in page.line_starts), page.text_end]
        for row, (start, stop) in enumerate(pairwise(bounds)):
            place = (style.margin_px, style.margin_px + row * style.line_height_px)
            draw.text(place, text[start:stop].rstrip("\n"), fill=0, font=font)
        image.save(io.BytesIO(), "PNG")
    return len(manifest.pages)


def _wrapping(text: str) -> str | None:
    return None if text.isascii() else "CJK"


@cache
def _registered() -> str:
    from reportlab.pdfbase import pdfmetrics
    from reportlab.pdfbase.ttfonts import TTFont

    pdfmetrics.registerFont(TTFont("page", str(FONT)))
    return "page"

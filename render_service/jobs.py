"""Owns the three jobs of the service as plain generators: extract, estimate, render. Runs in a worker process."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, partial

import numpy as np
import PIL
from PIL import features

from render_service import clean, documents, fonts, layout, limits
from render_service.code_points import encode
from render_service.linebreak import break_opportunities
from render_service.paint import paint
from render_service.png import encode_image
from render_service.style import Flow, Style

# At most 4 bytes a character and one offset run in two characters: a piece stays well below a message's 4 MiB.
PIECE_CHARACTERS = 128 * 1024
MISSING_KINDS = 32
# Each visual line is a number in the manifest, which is one message of at most 8 MiB.
MAX_LINES = 2_000_000
WARM_TEXT = "".join(map(chr, range(0x20, 0x7F))) + "，。、；：？！（）《》“”【】"
WARM_FONTS_PX = (10, 12, 14)


@dataclass(frozen=True)
class ExtractJob:
    """Document bytes to clean text: one Report, then Pieces."""

    document: documents.Document


@dataclass(frozen=True)
class EstimateJob:
    """UTF-8 text to one Manifest, without ink."""

    text: bytes
    style: Style


@dataclass(frozen=True)
class RenderJob:
    """UTF-8 text to one Manifest, then a PageImage a page."""

    text: bytes
    style: Style


@dataclass(frozen=True)
class Report:
    """What extraction found and what cleaning did."""

    media_type: str
    characters: int
    removed: dict[str, int]
    cleaning_version: str
    charset: str
    source_characters: int


@dataclass(frozen=True)
class Piece:
    """A stretch of the clean text; `runs` are (text_start, source_start, length)."""

    text: str
    text_start: int
    runs: tuple[tuple[int, int, int], ...]


@dataclass(frozen=True)
class PageSize:
    """A page without ink; sizes in pixels, `line_starts` in characters from `text_start`."""

    width: int
    height: int
    text_start: int
    text_end: int
    line_starts: tuple[int, ...]


@dataclass(frozen=True)
class Manifest:
    """A layout in figures; `missing` holds (code point, count), most frequent first."""

    characters: int
    pages: tuple[PageSize, ...]
    vision_tokens: int
    characters_per_token: float
    missing: tuple[tuple[int, int], ...]
    style: Style
    renderer_version: str


@dataclass(frozen=True)
class PageImage:
    """A painted and encoded page; the text range in characters, `sha256` of `image`."""

    index: int
    size: PageSize
    media_type: str
    image: bytes
    sha256: bytes
    missing_glyphs: int


Job = ExtractJob | EstimateJob | RenderJob
Result = Report | Piece | Manifest | PageImage


def run(job: Job) -> Iterator[Result]:
    """Does a job, lazily: whoever stops asking stops the work. Raises InvalidDocument and DocumentTooLong."""
    if isinstance(job, ExtractJob):
        return extract(job.document)
    if isinstance(job, EstimateJob):
        return iter((estimate(job.text, job.style),))
    return render(job.text, job.style)


def warm() -> None:
    """Does what the first job would wait for: fonts opened, break rules loaded, the usual sizes' ASCII drawn."""
    for flow in (Flow.CELLS, Flow.PROPORTIONAL):
        for font_px in WARM_FONTS_PX:
            for _ in render(WARM_TEXT.encode(), Style(flow=flow, font_px=font_px)):
                pass


def extract(document: documents.Document) -> Iterator[Report | Piece]:
    """Decodes and cleans a document within limits. Raises InvalidDocument where nothing is left."""
    with limits.bounded():
        decoded = documents.decode(document)
        cleaned = clean.clean(decoded.text, flowing=decoded.flowing)
    if not cleaned.text:
        raise documents.InvalidDocument("the document holds no text: nothing is left after cleaning")
    yield Report(
        media_type=decoded.media_type,
        characters=len(cleaned.text),
        removed={**decoded.removed, **cleaned.removed},
        cleaning_version=clean.VERSION,
        charset=decoded.charset,
        source_characters=len(decoded.text),
    )
    for start in range(0, len(cleaned.text), PIECE_CHARACTERS):
        stop = min(start + PIECE_CHARACTERS, len(cleaned.text))
        yield Piece(cleaned.text[start:stop], start, tuple(cleaned.runs(start, stop)))


def estimate(text: bytes, style: Style) -> Manifest:
    """Lays out without ink."""
    decoded = documents.decode_utf8(text)
    return _manifest(decoded, style, tuple(map(_size, _pages(decoded, style))))


def render(text: bytes, style: Style) -> Iterator[Manifest | PageImage]:
    """The manifest, then every page in order, painted when it is asked for."""
    decoded = documents.decode_utf8(text)
    pages = list(_pages(decoded, style))
    yield _manifest(decoded, style, tuple(map(_size, pages)))
    for page in pages:
        yield _painted(page, style)


@cache
def renderer_version() -> str:
    """Names everything that decides a page's bytes beside text and style."""
    freetype = features.version("freetype2")
    return f"layout-{layout.VERSION} {fonts.VERSION} pillow-{PIL.__version__} freetype-{freetype}"


def _pages(text: str, style: Style) -> Iterator[layout.PageLayout]:
    return layout.layout(text, style, partial(fonts.measure, flow=style.flow), break_opportunities)


def _size(page: layout.PageLayout) -> PageSize:
    return PageSize(page.width, page.height, page.text_start, page.text_end, page.line_starts)


def _manifest(text: str, style: Style, pages: tuple[PageSize, ...]) -> Manifest:
    if sum(len(page.line_starts) for page in pages) > MAX_LINES:
        raise layout.DocumentTooLong(f"more than {MAX_LINES} lines")
    tokens = sum(page.width * page.height for page in pages) // style.grid_px**2
    return Manifest(
        characters=len(text),
        pages=pages,
        vision_tokens=tokens,
        characters_per_token=len(text) / tokens,
        missing=_missing(text, style.flow),
        style=style,
        renderer_version=renderer_version(),
    )


def _missing(text: str, flow: Flow) -> tuple[tuple[int, int], ...]:
    codes, counts = np.unique(encode(text), return_counts=True)
    gone = fonts.missing(codes, flow)
    order = np.argsort(-counts[gone], kind="stable")[:MISSING_KINDS]
    return tuple(zip(codes[gone][order].tolist(), counts[gone][order].tolist(), strict=True))


def _painted(page: layout.PageLayout, style: Style) -> PageImage:
    media_type, image = encode_image(paint(page, style), style.image_format)
    missing = int(np.count_nonzero(fonts.missing(page.code_points, style.flow)))
    return PageImage(page.index, _size(page), media_type, image, hashlib.sha256(image).digest(), missing)

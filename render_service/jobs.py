"""Owns the three jobs of the service as plain generators: extract, estimate, render. Runs in a worker process."""

import hashlib
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache, partial
from importlib.metadata import version
from pickle import PickleBuffer
from typing import Any, SupportsIndex

import numpy as np
from PIL import features

from render_service import clean, documents, fonts, layout, limits
from render_service.code_points import encode
from render_service.linebreak import break_opportunities
from render_service.lines import Setting, pieces
from render_service.paint import paint
from render_service.png import encode_image
from render_service.shaping import shaper
from render_service.style import Flow, Style

# At most 4 bytes a character and one offset run in two characters: a piece stays well below a message's 4 MiB.
PIECE_CHARACTERS = 128 * 1024
# More kinds than any script has letters: whoever adds the counts up gets them all.
MISSING_KINDS = 16_384
# Each visual line is a number in the manifest, which is one message of at most 8 MiB.
MAX_LINES = 2_000_000
# A page is one message of at most 8 MiB, which also says where it stands.
MAX_PAGE_BYTES = 8 * 1024 * 1024 - 4096
WARM_TEXT = "".join(map(chr, range(0x20, 0x7F))) + "，。、；：？！（）《》“”【】"
WARM_FONTS_PX = (10, 12, 14)


class PageTooLarge(ValueError):
    """A page's encoded image does not fit into one message: ask for smaller pages."""


Reduced = tuple[type, tuple[object, ...]]


def _with_buffer(name: str) -> Callable[[Any, SupportsIndex], Reduced]:
    """How a dataclass is pickled whose bytes of that name may travel beside the pickle, uncopied."""

    def reduce_ex(value: Any, protocol: SupportsIndex) -> Reduced:
        return type(value), tuple({**vars(value), name: PickleBuffer(getattr(value, name))}.values())

    return reduce_ex


@dataclass(frozen=True)
class ExtractJob:
    """Document bytes to clean text: one Report, then Pieces."""

    document: documents.Document


@dataclass(frozen=True)
class EstimateJob:
    """UTF-8 text to one Manifest, without ink."""

    text: bytes
    style: Style

    __reduce_ex__ = _with_buffer("text")


@dataclass(frozen=True)
class RenderJob:
    """UTF-8 text to one Manifest, then a PageImage a page."""

    text: bytes
    style: Style

    __reduce_ex__ = _with_buffer("text")


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
class Manifest:
    """A layout in figures; `missing` holds (code point, count), most frequent first."""

    characters: int
    pages: tuple[layout.Cut, ...]
    vision_tokens: int
    characters_per_token: float
    missing: tuple[tuple[int, int], ...]
    style: Style
    renderer_version: str


@dataclass(frozen=True)
class PageImage:
    """A painted and encoded page; the text range in characters, `sha256` of `image`."""

    index: int
    size: layout.Cut
    media_type: str
    image: bytes
    sha256: bytes
    missing_glyphs: int

    __reduce_ex__ = _with_buffer("image")


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
    """Lays out without ink. Raises InvalidDocument and DocumentTooLong."""
    given = _setting(documents.decode_utf8(text), style)
    return _manifest(given, tuple(_cuts(given)))


def render(text: bytes, style: Style) -> Iterator[Manifest | PageImage]:
    """The manifest, then every page in order, placed and painted when it is asked for.

    Raises InvalidDocument, DocumentTooLong and PageTooLarge.
    """
    given = _setting(documents.decode_utf8(text), style)
    del text
    manifest = _manifest(given, tuple(_cuts(given)))
    yield manifest
    for index, cut in enumerate(manifest.pages):
        yield _painted(given, index, cut)


@cache
def renderer_version() -> str:
    """Names everything that decides a page's bytes beside text and style."""
    shaping = ("harfbuzz", "fribidi") if fonts.can_shape() else ()
    parts = [f"layout-{layout.VERSION}", fonts.VERSION]
    parts += [f"{package}-{version(package)}" for package in ("pillow", "icu4py", "isal")]
    parts += [f"{name}-{features.version(name)}" for name in ("freetype2", *shaping)]
    return " ".join(parts)


def _setting(text: str, style: Style) -> Setting:
    measure = partial(fonts.measure, flow=style.flow)
    return layout.setting(text, style, measure, break_opportunities, shaper(style.flow))


def _cuts(given: Setting) -> Iterator[layout.Cut]:
    lines = 0
    for cut in layout.cuts(given):
        lines += len(cut.line_starts)
        if lines > MAX_LINES:
            raise layout.DocumentTooLong(f"more than {MAX_LINES} lines")
        yield cut


def _manifest(given: Setting, pages: tuple[layout.Cut, ...]) -> Manifest:
    tokens = sum(page.width * page.height for page in pages) // given.style.grid_px**2
    return Manifest(
        characters=len(given.text),
        pages=pages,
        vision_tokens=tokens,
        characters_per_token=len(given.text) / tokens,
        missing=_missing(given.text, given.style.flow),
        style=given.style,
        renderer_version=renderer_version(),
    )


def _missing(text: str, flow: Flow) -> tuple[tuple[int, int], ...]:
    """Code points that no font draws with their counts, most frequent first, then by code point."""
    counts: Counter[int] = Counter()
    for codes in map(encode, pieces(text)):
        gone = fonts.missing(codes, flow)
        if gone.any():
            kinds, times = np.unique(codes[gone], return_counts=True)
            counts.update(dict(zip(kinds.tolist(), times.tolist(), strict=True)))
    return tuple(sorted(counts.items(), key=lambda item: (-item[1], item[0]))[:MISSING_KINDS])


def _painted(given: Setting, index: int, cut: layout.Cut) -> PageImage:
    page, style = layout.place(given, index, cut), given.style
    media_type, image = encode_image(paint(page, style), style.image_format)
    if len(image) > MAX_PAGE_BYTES:
        raise PageTooLarge(f"page {index} takes {len(image)} bytes, at most {MAX_PAGE_BYTES} fit into a message")
    missing = int(np.count_nonzero(fonts.missing(page.code_points, style.flow)))
    return PageImage(index, cut, media_type, image, hashlib.sha256(image).digest(), missing)

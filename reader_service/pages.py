"""Page images as they travel → grey pixels on the model's grid, and the identity of a document.

Heavy (PNG inflate): callers run it off the event loop.
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from PIL import Image

from reader_service.errors import InvalidPages
from reader_service.model import Geometry, GreyPage, PageSize

RAW_MEDIA_TYPE = "application/vnd.glyphstream.l8"
PNG_MEDIA_TYPE = "image/png"


@dataclass(frozen=True)
class EncodedPage:
    """A page as it arrived; `sha256` is the sender's claim about `image`."""

    index: int
    size: PageSize
    media_type: str
    image: bytes
    sha256: bytes


def decode_page(page: EncodedPage, geometry: Geometry) -> GreyPage:
    """Checks a page and decodes it. Raises InvalidPages when a byte of it cannot be trusted or read."""
    if not geometry.accepts(page.size):
        raise InvalidPages(
            f"page {page.index} is {page.size.width_px}x{page.size.height_px} px; sides must be multiples of "
            f"{geometry.grid_px} px and the area between {geometry.min_page_pixels} and {geometry.max_page_pixels} px"
        )
    if hashlib.sha256(page.image).digest() != page.sha256:
        raise InvalidPages(f"page {page.index} does not match its SHA-256")
    rows = _raw_rows(page) if page.media_type == RAW_MEDIA_TYPE else _png_rows(page)
    if rows.shape != (page.size.height_px, page.size.width_px):
        raise InvalidPages(f"page {page.index} holds {rows.shape[::-1]} px, not the announced size")
    return GreyPage(page.size, rows)


def _raw_rows(page: EncodedPage) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    if len(page.image) != page.size.pixels:
        raise InvalidPages(f"page {page.index} has {len(page.image)} bytes for {page.size.pixels} pixels")
    return np.frombuffer(page.image, np.uint8).reshape(page.size.height_px, page.size.width_px)


def _png_rows(page: EncodedPage) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    if page.media_type != PNG_MEDIA_TYPE:
        raise InvalidPages(f"page {page.index} is {page.media_type!r}, neither PNG nor raw grey")
    try:
        with Image.open(io.BytesIO(page.image), formats=["PNG"]) as image:
            # Sizes first: a small file may claim a huge picture.
            if image.size != (page.size.width_px, page.size.height_px):
                raise InvalidPages(f"page {page.index} holds {image.size} px, not the announced size")
            return np.asarray(image.convert("L"))
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise InvalidPages(f"page {page.index} is not a readable PNG") from error


def document_id(pages: Iterable[EncodedPage], revision: str) -> str:
    """Content address of pages and model: hex SHA-256 over the pages' SHA-256s and sizes, in order, and the revision.

    Sizes count because raw grey rows do not carry theirs.
    """
    digest = hashlib.sha256()
    for page in pages:
        digest.update(page.sha256)
        digest.update(page.size.width_px.to_bytes(4, "big") + page.size.height_px.to_bytes(4, "big"))
    digest.update(revision.encode())
    return digest.hexdigest()

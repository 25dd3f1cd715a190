"""Owns pages that come painted: read as they are, at the one resolution that they have."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass

from gateway.deadline import Deadline
from gateway.documents import Document, Header, Manifest, Page, PageSize, Stored
from gateway.errors import InvalidPages
from gateway.ladder import Rung, Style

AS_SENT = Rung("as sent", 0)
PNG = "image/png"
PNG_BEGINS = b"\x89PNG\r\n\x1a\n"
PNG_HEADER_BYTES = 33  # signature and IHDR, which is always the first chunk


@dataclass(frozen=True)
class Album:
    """Pages in order, in the place of a renderer: whatever text and style it is given, these are the pages."""

    pages: tuple[Page, ...]
    grid_px: int

    async def render(self, _text: str, _style: Style, _deadline: Deadline) -> AsyncGenerator[Manifest | Page]:
        """The manifest, then every page."""
        sizes = tuple(PageSize(page.width, page.height, 0, 0) for page in self.pages)
        tokens = sum(page.width * page.height for page in self.pages) // self.grid_px**2
        yield Manifest(0, sizes, tokens)
        for page in self.pages:
            yield page

    def stored(self) -> Stored:
        """The document that the pages are, for as long as the request lasts: nothing of it is kept."""
        address = hashlib.sha256(b"".join(page.sha256 for page in self.pages)).hexdigest()
        return Stored(Document(address, Header(), 0, PNG), "")


def album_of(images: Sequence[bytes], grid_px: int) -> Album:
    """The album of PNG images. Raises InvalidPages where one is none; whether it can be read is the reader's to say."""
    return Album(tuple(_page(index, image) for index, image in enumerate(images)), grid_px)


def _page(index: int, image: bytes) -> Page:
    if not image.startswith(PNG_BEGINS) or len(image) < PNG_HEADER_BYTES:
        raise InvalidPages(f"page {index} is no PNG image")
    width, height = (int.from_bytes(image[at : at + 4], "big") for at in (16, 20))
    return Page(index, width, height, PNG, image, hashlib.sha256(image).digest(), 0, 0, 0)

"""Owns what a document is at the gateway: as it comes in, as clean text, as a layout in figures, as a public record."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field

from gateway.ladder import Mode, Rung


@dataclass(frozen=True)
class Header:
    """What the bytes are said to be and how to read them; with `reflow` short lines flow on behind a visible ↵."""

    name: str = ""
    media_type: str = ""
    charset: str = ""
    mode: Mode = Mode.PRECISE
    reflow: bool = False


@dataclass(frozen=True)
class CleanText:
    """What extraction made of the bytes; `removed` counts what cleaning took out, by kind."""

    text: str
    media_type: str
    cleaning_version: str
    removed: Mapping[str, int] = field(default_factory=dict)
    charset: str = ""
    source_characters: int = 0


@dataclass(frozen=True)
class PageSize:
    """Size of a page in pixels, the characters on it, and where its visual lines begin, counted from text_start."""

    width: int
    height: int
    text_start: int
    text_end: int
    line_starts: tuple[int, ...] = ()


@dataclass(frozen=True)
class Manifest:
    """A layout in figures."""

    characters: int
    pages: tuple[PageSize, ...]
    vision_tokens: int
    missing_glyphs: int = 0


@dataclass(frozen=True)
class Page:
    """One painted page, field by field the wire's Page."""

    index: int
    width: int
    height: int
    media_type: str
    image: bytes
    sha256: bytes
    text_start: int
    text_end: int
    missing_glyphs: int


@dataclass(frozen=True)
class Lines:
    """Where a page's visual lines stand: one line from each of `starts` on (characters from text_start).

    They are `height_px` high, the first one `margin_px` below the page's upper edge.
    """

    starts: tuple[int, ...]
    height_px: int
    margin_px: int


@dataclass(frozen=True)
class Figures:
    """How a document is read now: its rung, and the layout at that rung in a few figures."""

    rung: str
    font_px: int
    pages: int
    vision_tokens: int
    page_width: int
    page_height: int
    missing_glyphs: int


@dataclass(frozen=True)
class Document:
    """What the caller is told about a document; `figures` is None until it was laid out once."""

    document_id: str
    header: Header
    characters: int
    media_type: str
    removed: Mapping[str, int] = field(default_factory=dict)
    figures: Figures | None = None
    charset: str = ""
    source_characters: int = 0


@dataclass(frozen=True)
class Stored:
    """A document in the store with its clean text: enough to render and read it again."""

    document: Document
    text: str


def new_document(source: bytes, header: Header, clean: CleanText) -> Document:
    """The record of a document that has just been extracted from `source`."""
    address = document_id(source, header, clean.cleaning_version)
    return Document(
        document_id=address,
        header=header,
        characters=len(clean.text),
        media_type=clean.media_type,
        removed=clean.removed,
        charset=clean.charset,
        source_characters=clean.source_characters,
    )


def figures_of(rung: Rung, manifest: Manifest) -> Figures:
    """The figures of a layout at a rung; a document has at least one page."""
    first = manifest.pages[0]
    counts = (len(manifest.pages), manifest.vision_tokens)
    return Figures(rung.name, rung.font_px, *counts, first.width, first.height, manifest.missing_glyphs)


def document_id(source: bytes, header: Header, cleaning_version: str) -> str:
    """The content address: equal bytes, read the same way under the same cleaning rules, are one document."""
    way = [cleaning_version, int(header.mode), header.media_type, header.charset]
    basis = json.dumps(way + ["reflow"] * header.reflow)
    return hashlib.sha256(basis.encode() + b"\n" + source).hexdigest()

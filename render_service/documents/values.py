"""Owns what a document is on its way to text: the bytes and what is said of them, the text, and the refusals."""

from collections.abc import Mapping
from dataclasses import dataclass, field

MAX_DOCUMENT_BYTES = 16 * 1024 * 1024
MAX_CHARACTERS = 10_000_000
MAX_PAGES = 4096


class InvalidDocument(ValueError):
    """The document cannot be read as what it is; the message says why and, where known, at which byte."""


class TextTooLong(InvalidDocument):
    """The document holds more pages or characters than are taken."""


@dataclass(frozen=True)
class Document:
    """Bytes as they came. `charset` and `media_type` are what the sender says, empty where it says nothing.

    `columns`: the sender wants lines, columns and indents of a text as they are (code, logs, tables).
    """

    data: bytes
    name: str = ""
    media_type: str = ""
    charset: str = ""
    columns: bool = False


@dataclass(frozen=True)
class Decoded:
    """Text before cleaning, the media type by content, and the charset where the bytes are text.

    `removed` counts what was left out on the way, by kind. `flowing`: line ends and runs of spaces may be no more than
    the layout of prose, so that cleaning may join and squeeze them; where it is False every line is meant.
    """

    text: str
    media_type: str
    charset: str = ""
    removed: Mapping[str, int] = field(default_factory=dict)
    flowing: bool = False

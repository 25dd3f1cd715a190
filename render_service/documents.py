"""Owns the way from document bytes to decoded text: what kind of file it is, its character encoding, and refusals."""

import codecs
from dataclasses import dataclass

MAX_DOCUMENT_BYTES = 16 * 1024 * 1024
# Escapes, bells and form feeds occur in real logs; one in twenty does not.
MAX_CONTROL_SHARE = 0.05
CONTROLS = "".join(chr(code) for code in range(32) if chr(code) not in "\t\n\r\f\b\x1b") + "\x7f"
PLAIN = "text/plain"

MAGIC = {
    b"%PDF-": "a PDF file",
    b"PK\x03\x04": "a ZIP archive (DOCX, XLSX, EPUB and JAR are such)",
    b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1": "an old Office file",
    b"{\\rtf": "an RTF file",
    b"\x1f\x8b": "a gzip archive",
    b"BZh": "a bzip2 archive",
    b"\xfd7zXZ\x00": "an xz archive",
    b"\x28\xb5\x2f\xfd": "a zstd archive",
    b"7z\xbc\xaf\x27\x1c": "a 7z archive",
    b"Rar!\x1a\x07": "a RAR archive",
    b"\x89PNG\r\n\x1a\n": "a PNG image",
    b"\xff\xd8\xff": "a JPEG image",
    b"GIF87a": "a GIF image",
    b"GIF89a": "a GIF image",
    b"\x7fELF": "an ELF program",
    b"SQLite format 3\x00": "an SQLite database",
}
# Longest first: the mark of UTF-32-LE begins with that of UTF-16-LE.
MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
# Codecs by Python's name: those of text files, none that could be made to work hard or to decode into bytes.
CHARSETS = frozenset(
    (
        *("ascii", "utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le", "utf-32-be"),
        *("gb2312", "gbk", "gb18030", "hz", "big5", "big5hkscs", "cp950"),
        *("shift_jis", "cp932", "euc_jp", "euc_kr", "cp949"),
        *("iso8859-1", "iso8859-2", "iso8859-5", "iso8859-7", "iso8859-9", "iso8859-15", "mac-roman"),
        *("cp1250", "cp1251", "cp1252", "cp1253", "cp1254", "cp1257", "koi8-r", "koi8-u"),
    )
)


class InvalidDocument(ValueError):
    """The document cannot be read as what it is said to be; the message says why and, where known, at which byte."""


@dataclass(frozen=True)
class Document:
    """Bytes as they came. `charset` and `media_type` are what the sender says, empty where it says nothing."""

    data: bytes
    name: str = ""
    media_type: str = ""
    charset: str = ""


@dataclass(frozen=True)
class Decoded:
    """Text before cleaning, and the media type by content."""

    text: str
    media_type: str


def decode(document: Document) -> Decoded:
    """Decodes a plain text: a byte order mark decides, else the charset said, else UTF-8. Raises InvalidDocument."""
    if not document.data:
        raise InvalidDocument("the document is empty")
    for magic, kind in MAGIC.items():
        if document.data.startswith(magic):
            raise InvalidDocument(f"this is {kind}, not plain text")
    text = _decoded(document.data, _charset(document))
    _refuse_binary(text)
    return Decoded(text, document.media_type if document.media_type.startswith("text/") else PLAIN)


def decode_utf8(data: bytes) -> str:
    """Text that one of us sent: UTF-8 without a mark, not empty. Raises InvalidDocument."""
    if not data:
        raise InvalidDocument("the text is empty")
    return _decoded(data, "utf-8")


def _charset(document: Document) -> str:
    for mark, name in MARKS:
        if document.data.startswith(mark):
            return name
    if not document.charset:
        return "utf-8"
    try:
        name = codecs.lookup(document.charset).name
    except LookupError:
        name = ""
    if name not in CHARSETS:
        raise InvalidDocument(f"unknown character encoding {document.charset[:40]!r}")
    return name


def _decoded(data: bytes, charset: str) -> str:
    try:
        return data.decode(charset)
    except UnicodeDecodeError as error:
        hint = "; name its charset if it is not UTF-8" if charset == "utf-8" else ""
        raise InvalidDocument(f"not valid {charset} at byte {error.start}{hint}") from error


def _refuse_binary(text: str) -> None:
    zero = text.find("\x00")
    if zero >= 0:
        raise InvalidDocument(f"character {zero} is NUL: binary data, or UTF-16 whose charset was not named")
    controls = len(text) - len(text.translate(dict.fromkeys(map(ord, CONTROLS))))
    if controls > MAX_CONTROL_SHARE * len(text):
        raise InvalidDocument(f"{controls} of {len(text)} characters are control characters: binary data")

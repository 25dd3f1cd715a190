"""Owns the way from document bytes to text: the type is told by the content, and each type has its reader.

PDF by its geometry (`pdf`, `paragraphs`); DOCX and Markdown through HTML, so that all of them become the same lines
(`docx`, `markup`): one a paragraph, heading or list item, table rows with " | " between their cells.
"""

from render_service.documents import docx, kinds, markup, pdf
from render_service.documents.charset import decode_as, decode_text
from render_service.documents.kinds import Kind
from render_service.documents.values import (
    MAX_CHARACTERS,
    MAX_DOCUMENT_BYTES,
    Decoded,
    Document,
    InvalidDocument,
    TextTooLong,
)

__all__ = ["MAX_DOCUMENT_BYTES", "Decoded", "Document", "InvalidDocument", "TextTooLong", "decode", "decode_utf8"]

# Escapes, bells and form feeds occur in real logs; one in twenty does not.
MAX_CONTROL_SHARE = 0.05
CONTROLS = "".join(chr(code) for code in range(32) if chr(code) not in "\t\n\r\f\b\x1b") + "\x7f"


def decode(document: Document) -> Decoded:
    """The text of a document of any kind. Raises InvalidDocument, which says what is wrong with it."""
    if not document.data:
        raise InvalidDocument("the document is empty")
    decoded = _decoded(document)
    if len(decoded.text) > MAX_CHARACTERS:
        raise TextTooLong(f"the document holds {len(decoded.text):,} characters, at most {MAX_CHARACTERS:,} are taken")
    return decoded


def decode_utf8(data: bytes) -> str:
    """Text that one of us sent: UTF-8 without a mark, not empty. Raises InvalidDocument."""
    if not data:
        raise InvalidDocument("the text is empty")
    return decode_as(data, "utf-8")


def _decoded(document: Document) -> Decoded:
    if kinds.is_pdf(document.data):
        return pdf.decode_pdf(document.data)
    if kinds.is_zip(document.data):
        return docx.decode_docx(document.data)
    if kind := kinds.unreadable(document.data):
        raise InvalidDocument(f"this is {kind}, no document that can be read")
    return _text(document)


def _text(document: Document) -> Decoded:
    try:
        text, charset = decode_text(document.data, document.charset)
    except InvalidDocument:
        _refuse_binary(document.data.decode("latin-1"))  # for which no name of a charset is of help
        raise
    _refuse_binary(text)
    kind = kinds.kind_of(text, document)
    if kind is Kind.HTML:
        return markup.decode_html(text, charset)
    if kind is Kind.MARKDOWN and not document.columns:
        return markup.decode_markdown(text, charset)
    return Decoded(text, kind.value, charset, flowing=kind is Kind.PLAIN and not document.columns)


def _refuse_binary(text: str) -> None:
    zero = text.find("\x00")
    if zero >= 0:
        raise InvalidDocument(f"character {zero} is NUL: binary data, or UTF-16 whose charset was not named")
    controls = len(text) - len(text.translate(dict.fromkeys(map(ord, CONTROLS))))
    if controls > MAX_CONTROL_SHARE * len(text):
        raise InvalidDocument(f"{controls} of {len(text)} characters are control characters: binary data")

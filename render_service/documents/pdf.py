"""Owns the way from a PDF to the lines on its pages: characters and their boxes, as pdfium gives them."""

import ctypes
from collections.abc import Iterator, Sequence
from itertools import groupby, pairwise
from statistics import median_low
from typing import Any

from render_service.documents.markup import CELL_GAP
from render_service.documents.paragraphs import (
    BULLET,
    CELL_GAP_EM,
    HYPHEN_MARK,
    LIST_MARK,
    Line,
    paragraphs,
    without_running_heads,
)
from render_service.documents.values import MAX_CHARACTERS, MAX_PAGES, Decoded, InvalidDocument, TextTooLong

MEDIA_TYPE = "application/pdf"
SIZED_WORDS = 16
OTHER_LINE_EM = 0.6  # a superscript stands lower
LINE_ENDS = ("\r", "\n", HYPHEN_MARK)  # after a hyphen pdfium names no other
FILE_ERRORS = {
    3: "the PDF file is damaged or cut off",
    4: "the PDF file is encrypted: save it without a password",
    5: "the PDF file is protected by something unknown",
}


def decode_pdf(data: bytes) -> Decoded:
    """The lines of a PDF, paragraphs unwrapped, running heads left out. Raises InvalidDocument, TextTooLong."""
    pages, pictures = _pages(data)
    if not any(pages):
        scan = "its pages are images without a text layer: run text recognition (OCR) over it first"
        raise InvalidDocument(f"this PDF holds no text; {scan if pictures else 'its pages are empty'}")
    removed = {"image_pages": pictures} if pictures else {}
    kept, heads = without_running_heads(pages)
    if heads:
        removed["running_heads"] = heads
    return Decoded(paragraphs(kept), MEDIA_TYPE, removed=removed)


def _pages(data: bytes) -> tuple[list[list[Line]], int]:
    """The lines of every page, and how many pages hold pictures but no text."""
    # Only here: the library sets itself up when it is imported, and the service's parent process never reads a PDF.
    import pypdfium2

    try:
        document = pypdfium2.PdfDocument(data)
    except pypdfium2.PdfiumError as error:
        raise InvalidDocument(FILE_ERRORS.get(getattr(error, "err_code", 0), FILE_ERRORS[3])) from error
    try:
        if len(document) > MAX_PAGES:
            raise TextTooLong(f"the PDF has {len(document):,} pages, at most {MAX_PAGES:,} are taken")
        return _read(document)
    except pypdfium2.PdfiumError as error:
        raise InvalidDocument(f"the PDF file is damaged: {error}") from error
    finally:
        document.close()


def _read(document: Any) -> tuple[list[list[Line]], int]:
    from pypdfium2 import raw

    pages: list[list[Line]] = []
    pictures = characters = 0
    for number in range(len(document)):
        page = document[number]
        lines = list(_lines(page.get_textpage(), number))
        pictures += not lines and any(True for _ in page.get_objects((raw.FPDF_PAGEOBJ_IMAGE,), max_depth=3))
        characters += sum(len(line.text) for line in lines)
        if characters > MAX_CHARACTERS:
            raise TextTooLong(f"the PDF holds more than {MAX_CHARACTERS:,} characters")
        pages.append(lines)
        page.close()
    return pages, pictures


def _lines(textpage: object, number: int) -> Iterator[Line]:
    """The page's lines in the order of its content."""
    characters: list[tuple[int, str]] = []
    for at, character in _characters(textpage):
        if character not in "\r\n":
            characters.append((at, character))
        if character in LINE_ENDS:
            yield from _parted(textpage, characters, number)
            characters = []
    yield from _parted(textpage, characters, number)


def _characters(textpage: object) -> Iterator[tuple[int, str]]:
    from pypdfium2 import raw

    high = 0
    for at in range(raw.FPDFText_CountChars(textpage)):
        code = raw.FPDFText_GetUnicode(textpage, at)
        if 0xD800 <= code < 0xDC00:
            high = code
        elif 0xDC00 <= code < 0xE000:
            yield at, chr(0x10000 + ((high & 0x3FF) << 10) + (code & 0x3FF))
        elif code in (0x02, 0xFFFE):  # a hyphen at a line's end, as pdfium marks it
            yield at, HYPHEN_MARK
        elif code:
            yield at, chr(code)


def _parted(textpage: object, characters: Sequence[tuple[int, str]], number: int) -> Iterator[Line]:
    """The lines that these characters make: one, as pdfium says, but for a word that goes back to another baseline.

    Where a font is not in the file, pdfium judges by the boxes of the machine's own and may take two lines for one.
    """
    words = [list(word) for space, word in groupby(characters, lambda one: one[1].isspace()) if not space]
    boxes, start = _Boxes(textpage), 0
    for at, (word, following) in enumerate(pairwise(words), 1):
        if boxes.goes_back(word[-1][0], following[0][0]):
            yield _line(boxes, words[start:at], number)
            start = at
    if words:
        yield _line(boxes, words[start:], number)


def _line(boxes: "_Boxes", words: Sequence[Sequence[tuple[int, str]]], number: int) -> Line:
    size = median_low(boxes.size(word[0][0]) for word in words[:SIZED_WORDS])
    left, right = boxes.left(words[0][0][0]), boxes.right(words[-1][-1][0])
    first_word = boxes.right(words[0][-1][0]) - left
    text = _text(boxes, words, size)
    text = BULLET.sub("- ", text, count=1) if BULLET.match(text) else text
    return Line(text, left, right, boxes.baseline(words[0][0][0]), size, first_word, number)


def _text(boxes: "_Boxes", words: Sequence[Sequence[tuple[int, str]]], size: float) -> str:
    """The words with a space between them, or what parts the cells of a table where the gap is that wide."""
    texts = ["".join(character for _, character in word) for word in words]
    pieces = texts[:1]
    for index, (word, following) in enumerate(pairwise(words)):
        wide = boxes.left(following[0][0]) - boxes.right(word[-1][0]) > CELL_GAP_EM * size
        is_mark = index == 0 and LIST_MARK.match(texts[0])
        pieces += [CELL_GAP if wide and not is_mark else " ", texts[index + 1]]
    return "".join(pieces)


class _Boxes:
    """Where characters stand."""

    def __init__(self, textpage: object) -> None:
        from pypdfium2 import raw

        self._raw, self._textpage, self._rectangle = raw, textpage, raw.FS_RECTF()

    def left(self, at: int) -> float:
        return float(self._box(at).left)

    def right(self, at: int) -> float:
        return float(self._box(at).right)

    def baseline(self, at: int) -> float:
        x, y = ctypes.c_double(), ctypes.c_double()
        self._raw.FPDFText_GetCharOrigin(self._textpage, at, x, y)
        return float(y.value)

    def size(self, at: int) -> float:
        box = self._box(at)
        drawn = float(box.top - box.bottom) / 1.5  # where a matrix scales the type, its size in points says little
        return max(float(self._raw.FPDFText_GetFontSize(self._textpage, at)), drawn, 1.0)

    def goes_back(self, at: int, following: int) -> bool:
        """Whether a character begins another line than the one before it: lower or higher, and further left."""
        other_line = abs(self.baseline(at) - self.baseline(following)) > OTHER_LINE_EM * self.size(at)
        return other_line and self.left(following) < self.left(at)

    def _box(self, at: int) -> Any:
        self._raw.FPDFText_GetLooseCharBox(self._textpage, at, self._rectangle)
        return self._rectangle

"""Owns the way from a PDF to lines of text: characters and their boxes from pdfium, lines put together by geometry.

A PDF says where each character stands, not where a paragraph ends. A line goes on in the next one where that one's
first word would not have fitted on it any more; a gap as wide as the type is high parts two cells of a table.
"""

import ctypes
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from statistics import median_low

from render_service.documents.joining import SOFT_HYPHEN, joint
from render_service.documents.markup import CELL_GAP
from render_service.documents.values import MAX_CHARACTERS, MAX_PAGES, Decoded, InvalidDocument, TextTooLong

MEDIA_TYPE = "application/pdf"
CELL_GAP_EM = 1.0
SAME_COLUMN_EM = 4.0
SAME_BASELINE_EM = 0.3
NARROWEST_EM = 12.0
NEW_PARAGRAPH_PITCH = 1.35
OTHER_SIZE = 1.08
RUNNING_HEAD_PAGES = 3
HYPHEN_MARK = "\ufffe"
LINE_ENDS = ("\r", "\n", HYPHEN_MARK)  # after a hyphen pdfium names no other
# pdfium marks most of them, not all.
TYPESETTERS_HYPHEN = re.compile(r"[-\u2010\ufffe]$")
BULLET = re.compile(r"[•‣◦●▪■▸►∙·–\uf0b7\uf0a7\u2043]\s+")
LIST_MARK = re.compile(r"(?:[-*•‣◦●▪■▸►∙·–\uf0b7\uf0a7\u2043]|\(?\w{1,3}[.)、]|\(?\d+(?:\.\d+)*[.)]?)$")
LIST_START = re.compile(r"(?:- |\(?\w{1,3}[.)]\s|\d+、|[（(][一二三四五六七八九十\d]+[）)])")
DIGITS = re.compile(r"\d+")
FILE_ERRORS = {
    3: "the PDF file is damaged or cut off",
    4: "the PDF file is encrypted: save it without a password",
    5: "the PDF file is protected by something unknown",
}


@dataclass(frozen=True)
class Line:
    """One visual line; lengths in points, the origin at the bottom left. `first_word` is the width of its first word."""

    text: str
    left: float
    right: float
    baseline: float
    size: float
    first_word: float
    page: int


def decode_pdf(data: bytes) -> Decoded:
    """The lines of a PDF, paragraphs unwrapped, running heads left out. Raises InvalidDocument, TextTooLong."""
    pages, pictures = _pages(data)
    if not any(pages):
        scan = "its pages are images without a text layer: run text recognition (OCR) over it first"
        raise InvalidDocument(f"this PDF holds no text; {scan if pictures else 'its pages are empty'}")
    removed = {"image_pages": pictures} if pictures else {}
    kept, heads = _without_running_heads(pages)
    if heads:
        removed["running_heads"] = heads
    lines = [line for page in kept for line in _rows(page)]
    return Decoded(_joined(lines), MEDIA_TYPE, removed=removed)


def _pages(data: bytes) -> tuple[list[list[Line]], int]:
    """The lines of every page, and how many pages hold pictures but no text."""
    # Only here: the library sets itself up when it is imported, and the service's parent process never reads a PDF.
    import pypdfium2
    from pypdfium2 import raw

    try:
        document = pypdfium2.PdfDocument(data)
    except pypdfium2.PdfiumError as error:
        raise InvalidDocument(FILE_ERRORS.get(getattr(error, "err_code", 0), FILE_ERRORS[3])) from error
    try:
        if len(document) > MAX_PAGES:
            raise TextTooLong(f"the PDF has {len(document):,} pages, at most {MAX_PAGES:,} are taken")
        pages, pictures, characters = [], 0, 0
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
    except pypdfium2.PdfiumError as error:
        raise InvalidDocument(f"the PDF file is damaged: {error}") from error
    finally:
        document.close()


def _lines(textpage: object, number: int) -> Iterator[Line]:
    """The page's lines in the order of its content."""
    characters: list[tuple[int, str]] = []
    for at, character in _characters(textpage):
        if character not in "\r\n":
            characters.append((at, character))
        if character in LINE_ENDS:
            yield from _line(textpage, characters, number)
            characters = []
    yield from _line(textpage, characters, number)


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


def _line(textpage: object, characters: list[tuple[int, str]], number: int) -> Iterator[Line]:
    while characters and characters[-1][1].isspace():
        characters.pop()
    while characters and characters[0][1].isspace():
        characters.pop(0)
    if not characters:
        return
    boxes = _Boxes(textpage)
    size = median_low(boxes.size(at) for at, _ in characters[:: max(1, len(characters) // 16)])
    pieces: list[str] = []
    first_word_end = 0.0
    for index, (at, character) in enumerate(characters):
        if not character.isspace():
            pieces.append(character)
            continue
        if characters[index - 1][1].isspace():
            continue
        after = next(place for place, other in characters[index:] if not other.isspace())
        before_right = boxes.right(characters[index - 1][0])
        first_word_end = first_word_end or before_right
        gap = boxes.left(after) - before_right
        pieces.append(CELL_GAP if gap > CELL_GAP_EM * size and not LIST_MARK.match("".join(pieces)) else " ")
    left, right = boxes.left(characters[0][0]), boxes.right(characters[-1][0])
    text = "".join(pieces)
    yield Line(
        BULLET.sub("- ", text, count=1) if BULLET.match(text) else text,
        left,
        right,
        boxes.baseline(characters[0][0]),
        size,
        (first_word_end or right) - left,
        number,
    )


class _Boxes:
    """Where characters stand."""

    def __init__(self, textpage: object) -> None:
        from pypdfium2 import raw

        self._raw, self._textpage, self._rectangle = raw, textpage, raw.FS_RECTF()

    def left(self, at: int) -> float:
        return self._box(at).left

    def right(self, at: int) -> float:
        return self._box(at).right

    def baseline(self, at: int) -> float:
        x, y = ctypes.c_double(), ctypes.c_double()
        self._raw.FPDFText_GetCharOrigin(self._textpage, at, x, y)
        return y.value

    def size(self, at: int) -> float:
        box = self._box(at)
        return max(float(self._raw.FPDFText_GetFontSize(self._textpage, at)), (box.top - box.bottom) / 1.5, 1.0)

    def _box(self, at: int) -> ctypes.Structure:
        self._raw.FPDFText_GetLooseCharBox(self._textpage, at, self._rectangle)
        return self._rectangle


def _without_running_heads(pages: list[list[Line]]) -> tuple[list[list[Line]], int]:
    """The pages without first and last lines that, but for their numbers, stand on most of them; how many were left out."""
    full = [page for page in pages if page]
    if len(full) < RUNNING_HEAD_PAGES:
        return pages, 0
    seen = Counter(form for page in full for form in {_form(page[0]), _form(page[-1])})
    running = {form for form, count in seen.items() if count * 2 > len(full) and count >= RUNNING_HEAD_PAGES}
    kept, left_out = [], 0
    for page in pages:
        inner = list(page)
        for edge in (0, -1):
            if inner and _form(inner[edge]) in running:
                inner.pop(edge)
                left_out += 1
        kept.append(inner)
    return kept, left_out


def _form(line: Line) -> str:
    return DIGITS.sub("#", line.text)


def _rows(lines: Sequence[Line]) -> Iterator[Line]:
    """Lines, those that stand side by side on one baseline put together as the cells of a row."""
    row: Line | None = None
    for line in lines:
        if row and abs(row.baseline - line.baseline) < SAME_BASELINE_EM * row.size and line.left > row.right:
            gap = CELL_GAP if line.left - row.right > CELL_GAP_EM * row.size and not LIST_MARK.match(row.text) else " "
            mark = BULLET.sub("- ", f"{row.text}{gap}", count=1)
            row = replace(row, text=mark + line.text, right=line.right)
            continue
        if row:
            yield row
        row = line
    if row:
        yield row


def _joined(lines: Sequence[Line]) -> str:
    """The lines as text: those that go on in the next one joined to it."""
    edges, pitches = _right_edges(lines), _pitches(lines)
    words = Counter(re.findall(r"[\w-]+", " ".join(line.text for line in lines)))
    pieces: list[str] = []
    for line, following in zip(lines, [*lines[1:], None], strict=True):
        goes_on = following is not None and _goes_on(line, following, edges, pitches)
        if goes_on and following is not None:
            pieces.append(joint(TYPESETTERS_HYPHEN.sub(SOFT_HYPHEN, line.text), following.text, words))
        else:
            pieces.append(line.text.replace(HYPHEN_MARK, "-") + "\n")
    return "".join(pieces).rstrip("\n")


def _right_edges(lines: Sequence[Line]) -> dict[tuple[int, int], float]:
    """How far to the right lines reach that begin in a stretch of a page one tenth of an inch wide."""
    edges: dict[tuple[int, int], float] = {}
    for line in lines:
        key = (line.page, _stretch(line.left))
        edges[key] = max(edges.get(key, 0.0), line.right)
    return edges


def _stretch(left: float) -> int:
    return int(left // 7.2)


def _pitches(lines: Sequence[Line]) -> dict[int, float]:
    """The usual distance of two baselines, by type size."""
    steps: dict[int, Counter[float]] = {}
    for line, following in zip(lines, lines[1:], strict=False):
        step = line.baseline - following.baseline
        if line.page == following.page and 0 < step < 3 * line.size:
            steps.setdefault(round(line.size), Counter())[round(step, 0)] += 1
    return {size: min(step for step, count in counts.items() if count * 5 >= max(counts.values())) for size, counts in steps.items()}


def _goes_on(line: Line, following: Line, edges: dict[tuple[int, int], float], pitches: dict[int, float]) -> bool:
    """Whether the paragraph goes on: same type, no wider gap, no new list item, and no room left for the next word."""
    if CELL_GAP in line.text or CELL_GAP in following.text or LIST_START.match(following.text):
        return False
    if not 1 / OTHER_SIZE < line.size / following.size < OTHER_SIZE:
        return False
    step = line.baseline - following.baseline
    if line.page == following.page and step > NEW_PARAGRAPH_PITCH * pitches.get(round(line.size), line.size * 1.5):
        return False
    reach = round(SAME_COLUMN_EM * line.size)
    near = range(_stretch(line.left - reach), _stretch(line.left + reach) + 1)
    edge = max(edges.get((line.page, stretch), 0.0) for stretch in near)
    if edge - line.left < NARROWEST_EM * line.size:
        return False
    space = line.size * 0.2
    return line.right + space + min(following.first_word, _word_width(following)) > edge


def _word_width(line: Line) -> float:
    """Of the part that must stay together: a word, or one character of a script that breaks anywhere."""
    return line.size if line.text[:1] >= "\u2e80" else line.first_word

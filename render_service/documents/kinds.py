"""Owns what kind of file some bytes are, by their content: magic numbers for files, a reading of the lines for text."""

import re
from collections.abc import Sequence
from enum import Enum

from render_service.documents.values import Document

PDF_WITHIN_BYTES = 1024
ZIP = b"PK\x03\x04"
MAGIC = {
    b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1": "an old or an encrypted Office file: save it as .docx, without a password",
    b"{\\rtf": "an RTF file: save it as .docx",
    b"\x1f\x8b": "a gzip archive: unpack it first",
    b"BZh": "a bzip2 archive: unpack it first",
    b"\xfd7zXZ\x00": "an xz archive: unpack it first",
    b"\x28\xb5\x2f\xfd": "a zstd archive: unpack it first",
    b"7z\xbc\xaf\x27\x1c": "a 7z archive: unpack it first",
    b"Rar!\x1a\x07": "a RAR archive: unpack it first",
    b"PK\x05\x06": "an empty ZIP archive",
    b"\x89PNG\r\n\x1a\n": "a PNG image",
    b"\xff\xd8\xff": "a JPEG image",
    b"GIF87a": "a GIF image",
    b"GIF89a": "a GIF image",
    b"II*\x00": "a TIFF image",
    b"MM\x00*": "a TIFF image",
    b"%!PS": "a PostScript file: save it as PDF",
    b"\x7fELF": "an ELF program",
    b"SQLite format 3\x00": "an SQLite database",
}
SAMPLE_LINES = 400
MIN_LOG_SHARE = 0.5
MIN_CODE_SHARE = 0.2
MIN_MARKUP_SHARE = 0.5
# More than this outside its fences has no Markdown that nobody calls by this name.
MOST_CODE_SHARE = 0.05
MIN_TABLE_ROWS, MIN_SEPARATORS, TABLE_SHARE = 3, 2, 0.9

HTML = re.compile(
    r"\s*(?:<\?xml[^>]*>\s*|<!--.*?-->\s*)*<(?:!doctype\s+html|html|head|body)\b", re.IGNORECASE | re.DOTALL
)
TAG = re.compile(r"</?(?:p|div|h[1-6]|table|tr|td|ul|ol|li|br|span|a|b|i|strong|em)\b[^<>]*>", re.IGNORECASE)
LOG = re.compile(
    r"\W{0,2}(?:\d{4}[-/.]\d\d[-/.]\d\d[T ,_]|\d\d[-/]\d\d[T ]\d\d:|\d\d:\d\d:\d\d|[A-Z][a-z]{2} [ \d]\d \d\d:\d\d"
    r"|\d{1,3}(?:\.\d{1,3}){3} |\d{10,13}[.\d]* |(?:TRACE|DEBUG|INFO|NOTICE|WARN(?:ING)?|ERROR|FATAL|CRITICAL)\b)"
)
CODE = re.compile(
    r"\s*(?:#(?:include|define|ifn?def|endif|!)|//|/\*|\*/|@\w+|(?:async )?def \w|class \w+.*[:{]"
    r"|from [\w.]+ import |import [\w.{*]"
    r"|(?:export|public|private|protected|static|const|let|var|func|fn|pub|package|using|namespace|struct|impl)\b[^.。，]*$"
    r"|(?:if|for|while|elif|else|try|except|finally|with|switch|case|return|raise|throw|yield|await)\b.*[:;{(})]\s*$"
    r"|(?:fi|esac|done|then|do|else)\s*$|(?:if|elif|while|until) \[|(?:my|our|local) [$@%(]|(?:sub|echo) [\w$\"'-]"
    r"|[$@%][\w{]+.*[=(\[]|[\w.\[\]]+ [-+*/|]?= \S|[A-Z_]{3,}=|[\w.]+\([^()]*\)[;,:]?$|SELECT |INSERT |CREATE TABLE )"
    r"|.*[;{}]\s*$|\s*[\])}]+[,;]?\s*$|\s*[\"'][\w-]+[\"']\s*:"
)
MARKUP = re.compile(r"\s*</?[\w!?][^>]*>?")
FENCE = re.compile(r" {0,3}(?:```|~~~)")
RULE_ROW = re.compile(r"\s*\|?\s*:?-{2,}:?\s*(?:\|\s*:?-{2,}:?\s*)+\|?\s*$")
HEADING = re.compile(r" {0,3}#{1,6} +\S")
LINK = re.compile(r"\[[^\]\n]+\]\((?:https?://|[\w./#-])[^)\n]*\)")
STRONG = re.compile(r"(?<![\w*])\*\*[^*\n]+\*\*(?![\w*])")
ITEM = re.compile(r" {0,3}[-*+] +\S")
COLOUR = re.compile(r"\x1b\[[\d;]*m")
BARE_COMMENT = re.compile(r"#+\s*$|#!|#[-=*#]{3}")
BLANK = re.compile(r"\s*$")


class Kind(Enum):
    """Kinds of text, by their media type."""

    PLAIN = "text/plain"
    MARKDOWN = "text/markdown"
    HTML = "text/html"
    CODE = "text/x-source"
    TABLE = "text/csv"
    LOG = "text/x-log"


def is_pdf(data: bytes) -> bool:
    """Whether a PDF begins here; mail and web servers put other lines before it."""
    return b"%PDF-" in data[:PDF_WITHIN_BYTES]


def is_zip(data: bytes) -> bool:
    """Whether this is a ZIP archive, as DOCX is one."""
    return data.startswith(ZIP)


def unreadable(data: bytes) -> str:
    """What the bytes are, where that is nothing that can be read as text; else empty."""
    return next((kind for magic, kind in MAGIC.items() if data.startswith(magic)), "")


def kind_of(text: str, document: Document) -> Kind:
    """What kind of text this is. What the sender says decides only where the content allows both."""
    if HTML.match(text) or (_said(document, "html", "htm", "xhtml") and TAG.search(text)):
        return Kind.HTML
    lines = [COLOUR.sub("", line) for line in text.split("\n", SAMPLE_LINES)[:SAMPLE_LINES]]
    full = [line.rstrip("\r") for line in lines if not BLANK.match(line)]
    if _share(LOG, full) >= MIN_LOG_SHARE and len(full) > 1:
        return Kind.LOG
    if _share(MARKUP, full) >= MIN_MARKUP_SHARE:
        return Kind.CODE
    if _is_table(full):
        return Kind.TABLE
    outside = _outside_fences(lines)
    if text.startswith("#!/") or _share(CODE, [line for line in outside if not BLANK.match(line)]) >= MIN_CODE_SHARE:
        return Kind.CODE
    said = _said(document, "md", "markdown")
    return Kind.MARKDOWN if _is_markdown(outside, fenced=len(outside) < len(lines), said=said) else Kind.PLAIN


def _said(document: Document, *names: str) -> bool:
    suffix = document.name.rpartition(".")[2].lower() if "." in document.name else ""
    subtype = document.media_type.partition(";")[0].rpartition("/")[2].strip().lower()
    return suffix in names or subtype in names


def _share(pattern: re.Pattern[str], lines: Sequence[str]) -> float:
    return sum(pattern.match(line) is not None for line in lines) / max(1, len(lines))


def _is_table(lines: Sequence[str]) -> bool:
    """Whether nearly all lines have the same number of separators, as CSV and TSV have."""
    for separator in ",;\t":
        counts = [line.count(separator) for line in lines]
        usual = max(set(counts), key=counts.count, default=0)
        if len(lines) >= MIN_TABLE_ROWS and usual >= MIN_SEPARATORS and counts.count(usual) >= TABLE_SHARE * len(lines):
            return True
    return False


def _outside_fences(lines: Sequence[str]) -> list[str]:
    """The lines without fenced blocks; all of them where fences do not come in pairs."""
    outside: list[str] = []
    inside = False
    for line in lines:
        fence = FENCE.match(line) is not None
        if not (fence or inside):
            outside.append(line)
        inside = inside != fence
    return list(lines) if inside else outside


def _is_markdown(lines: Sequence[str], *, fenced: bool, said: bool) -> bool:
    """Headings that stand alone, and what only Markdown writes: rule rows of tables, links, bold, fences, lists."""
    headings = [at for at, line in enumerate(lines) if HEADING.match(line)]
    alone = [at for at in headings if _stands_alone(lines, at)]
    tables = sum(RULE_ROW.match(line) is not None for line in lines)
    others = sum(any(pattern.search(line) for pattern in (LINK, STRONG)) for line in lines)
    items = sum(ITEM.match(line) is not None for line in lines)
    marks = tables + others + fenced + (items > 1)
    if said:
        return bool(headings) or marks > 0
    if any(BARE_COMMENT.match(line) for line in lines) or _share(CODE, lines) > MOST_CODE_SHARE:
        return False
    return bool(alone) and len(alone) * 5 >= len(headings) * 4 and (marks > 0 or len(alone) > 1)


def _stands_alone(lines: Sequence[str], at: int) -> bool:
    """Whether a heading has no line below it but one of another level: comments of code go on under each other."""
    following = lines[at + 1] if at + 1 < len(lines) else ""
    return not following.strip() or bool(HEADING.match(following) and _level(following) != _level(lines[at]))


def _level(heading: str) -> int:
    return len(heading.lstrip()) - len(heading.lstrip().lstrip("#"))

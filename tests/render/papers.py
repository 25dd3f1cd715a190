"""One paper as PDF, DOCX, HTML, Markdown and wrapped plain text: made here, by the libraries that offices use."""

import io
import textwrap
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from html import escape
from typing import Any

import docx
from PIL import Image
from reportlab.lib.enums import TA_JUSTIFY
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.utils import ImageReader
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import Paragraph, SimpleDocTemplate, Table

CHINESE_FONT = "STSong-Light"
DOCX_BODY = "word/document.xml"


@dataclass(frozen=True)
class Paper:
    """Headings, paragraphs, list items and rows of a table, in this order."""

    heading: str
    paragraphs: Sequence[str]
    items: Sequence[str] = ()
    rows: Sequence[Sequence[str]] = field(default=())

    @property
    def lines(self) -> list[str]:
        """What every format has to come down to."""
        items = [f"- {item}" for item in self.items]
        return [self.heading, *self.paragraphs, *items, *(" | ".join(row) for row in self.rows)]


def as_pdf(paper: Paper, chinese: bool = False, **options: Any) -> bytes:
    if chinese:
        pdfmetrics.registerFont(UnicodeCIDFont(CHINESE_FONT))
    font = {"fontName": CHINESE_FONT, "wordWrap": "CJK"} if chinese else {}
    body = ParagraphStyle("body", fontSize=10, leading=13, spaceAfter=7, alignment=TA_JUSTIFY, **font)
    head = ParagraphStyle("head", parent=body, fontSize=15, leading=18)
    item = ParagraphStyle("item", parent=body, leftIndent=14, bulletIndent=2, spaceAfter=2, alignment=0)
    story: list[Any] = [Paragraph(escape(paper.heading), head)]
    story += [Paragraph(escape(text), body) for text in paper.paragraphs]
    story += [Paragraph(escape(text), item, bulletText="\u2022") for text in paper.items]
    if paper.rows:
        story.append(Table([list(row) for row in paper.rows], style=[("FONTNAME", (0, 0), (-1, -1), body.fontName)]))
    out = io.BytesIO()
    SimpleDocTemplate(out, pagesize=A4, **options).build(story)
    return out.getvalue()


def as_docx(paper: Paper) -> bytes:
    document = docx.Document()
    document.add_heading(paper.heading, 1)
    for text in paper.paragraphs:
        document.add_paragraph(text)
    for text in paper.items:
        document.add_paragraph(text, style="List Bullet")
    if paper.rows:
        table = document.add_table(len(paper.rows), len(paper.rows[0]))
        for row, texts in zip(table.rows, paper.rows, strict=True):
            for cell, text in zip(row.cells, texts, strict=True):
                cell.text = text
    out = io.BytesIO()
    document.save(out)
    return out.getvalue()


def as_html(paper: Paper) -> bytes:
    paragraphs = "".join(f"<p>\n{wrapped(text)}\n</p>" for text in map(escape, paper.paragraphs))
    items = "".join(f"<li>{escape(text)}" for text in paper.items)
    rows = "".join("<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>\n" for row in paper.rows)
    head = "<head><title>not read</title><style>p {}</style><script>alert(1)</script></head>"
    body = f"<body><h1>{escape(paper.heading)}</h1>{paragraphs}<ul>{items}</ul><table>{rows}</table></body>"
    return f"<!DOCTYPE html><html>{head}{body}</html>".encode()


def as_markdown(paper: Paper) -> bytes:
    paragraphs = "\n\n".join(map(wrapped, paper.paragraphs))
    items = "\n".join(f"- {item}" for item in paper.items)
    rows = [f"| {' | '.join(row)} |" for row in paper.rows]
    if rows:
        rows.insert(1, "|" + "---|" * len(paper.rows[0]))
    return f"# {paper.heading}\n\n{paragraphs}\n\n{items}\n\n{chr(10).join(rows)}\n".encode()


def as_plain(paper: Paper) -> bytes:
    """Wrapped at 68 columns with a margin of four, as mail and manuals are."""
    blocks = [paper.heading, *map(wrapped, paper.paragraphs)]
    blocks.append("\n".join(textwrap.fill(f"- {item}", 68, subsequent_indent="  ") for item in paper.items))
    blocks.append("\n".join(" | ".join(row) for row in paper.rows))
    return textwrap.indent("\n\n".join(blocks), "    ").encode()


def wrapped(text: str) -> str:
    """The text in lines of 68 columns, 34 where each character takes two."""
    return textwrap.fill(text, 68 if text.isascii() else 34, break_on_hyphens=False)


def running_pdf(pages: int) -> bytes:
    """Pages with a head, a foot with their number, and a line of their own."""
    out = io.BytesIO()
    canvas = Canvas(out)
    for number in range(1, pages + 1):
        canvas.drawString(72, 800, "Halden Instruments - confidential")
        canvas.drawString(72, 700, f"What page {'abcdefgh'[number]} says.")
        canvas.drawString(280, 30, f"Page {number} of {pages}")
        canvas.showPage()
    canvas.save()
    return out.getvalue()


def columns_pdf(left: Sequence[str], right: Sequence[str]) -> bytes:
    """Two columns of lines, the left one first."""
    out = io.BytesIO()
    canvas = Canvas(out)
    for x, lines in ((72, left), (320, right)):
        for row, line in enumerate(lines):
            canvas.drawString(x, 700 - 14 * row, line)
    canvas.save()
    return out.getvalue()


def scanned_pdf(pages: int = 2, text: str = "") -> bytes:
    """Pages that are pictures; the last one has `text` instead."""
    out = io.BytesIO()
    canvas = Canvas(out)
    for number in range(pages):
        if text and number == pages - 1:
            canvas.drawString(72, 700, text)
        else:
            canvas.drawImage(ImageReader(Image.new("L", (60, 80), 200)), 72, 72, 400, 600)
        canvas.showPage()
    canvas.save()
    return out.getvalue()


def zipped(**entries: bytes) -> bytes:
    """A ZIP archive; `__` in a name stands for `/`, `_x` for `.x`."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name, data in entries.items():
            archive.writestr(name.replace("__", "/").replace("_xml", ".xml"), data)
    return out.getvalue()


def with_body(document: bytes, body: bytes) -> bytes:
    """A DOCX whose body is replaced."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(document)) as source, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as target:
        for entry in source.infolist():
            target.writestr(entry.filename, body if entry.filename == DOCX_BODY else source.read(entry))
    return out.getvalue()


def with_notes(document: bytes, notes: bytes) -> bytes:
    """A DOCX with a part of footnotes."""
    kind = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/footnotes"
    link = f'<Relationship Id="rId99" Type="{kind}" Target="footnotes.xml"/></Relationships>'.encode()
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(document)) as source, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as target:
        for entry in source.infolist():
            data = source.read(entry)
            links = entry.filename == "word/_rels/document.xml.rels"
            target.writestr(entry.filename, data.replace(b"</Relationships>", link) if links else data)
        target.writestr("word/footnotes.xml", notes)
    return out.getvalue()

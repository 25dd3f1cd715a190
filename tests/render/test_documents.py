"""Bytes become text, or a refusal that says why and where; the same text comes out of every format."""

import codecs
import random

import pytest

from render_service.clean import clean
from render_service.documents import Decoded, Document, InvalidDocument, TextTooLong, decode, decode_utf8
from render_service.documents import docx as docx_reader
from render_service.documents import pdf as pdf_reader
from tests.render.papers import (
    Paper,
    as_docx,
    as_html,
    as_markdown,
    as_pdf,
    as_plain,
    columns_pdf,
    running_pdf,
    scanned_pdf,
    with_body,
    with_notes,
    zipped,
)

WORDS = "合同 contract é"
CLAUSE = (
    "The buyer pays every well-known invoice within thirty days after the receipt of the goods at the agreed place of "
    "delivery, unless the supplier and the buyer have agreed otherwise in writing before the order was confirmed."
)
ZH_CLAUSE = (
    "甲方应在收到发票后三十日内付款，逾期付款的，按日支付应付款项万分之五的违约金，直至付清为止。"
    "乙方的交付地点为甲方所在地仓库，运输费用由乙方承担，货物的毁损风险自交付时起由甲方承担。"
)
PAPER = Paper(
    "1 Payment",
    (CLAUSE, "Interest is due at 5 % above the base rate.", CLAUSE.replace("buyer", "customer")),
    ("deliveries are free", CLAUSE.replace("invoice", "bill")),
    (("Item", "Value", "Unit"), ("Flow rate QH-32", "32", "L/h"), ("Supply voltage", "24", "V")),
)
ZH_PAPER = Paper(
    "一、付款", (ZH_CLAUSE, "违约金按日计算。", ZH_CLAUSE), ("包装费另计",), (("项目", "数值"), ("额定流量", "32 L/h"))
)


def lines_of(data: bytes, **said: str) -> list[str]:
    decoded = decode(Document(data, **said))
    return clean(decoded.text, flowing=decoded.flowing).text.split("\n")


@pytest.mark.parametrize("paper", [PAPER, ZH_PAPER], ids=["English", "Chinese"])
@pytest.mark.parametrize(
    ("write", "media_type"),
    [
        pytest.param(as_pdf, "application/pdf", id="pdf"),
        pytest.param(as_docx, docx_reader.MEDIA_TYPE, id="docx"),
        pytest.param(as_html, "text/html", id="html"),
        pytest.param(as_markdown, "text/markdown", id="markdown"),
    ],
)
def test_the_same_paper_comes_down_to_the_same_lines(paper, write, media_type):
    data = write(paper, chinese=True) if write is as_pdf and paper is ZH_PAPER else write(paper)
    decoded = decode(Document(data, name="misleading.jpg", media_type="image/jpeg"))
    assert decoded.media_type == media_type
    assert lines_of(data) == paper.lines


@pytest.mark.parametrize("paper", [PAPER, ZH_PAPER], ids=["English", "Chinese"])
def test_a_wrapped_plain_text_has_the_same_lines_between_its_blank_ones(paper):
    assert [line for line in lines_of(as_plain(paper)) if line] == paper.lines


@pytest.mark.parametrize(
    ("data", "charset"),
    [
        pytest.param(WORDS.encode(), "", id="utf-8"),
        pytest.param(codecs.BOM_UTF8 + WORDS.encode(), "", id="utf-8 with a mark"),
        pytest.param(WORDS.encode("utf-16"), "", id="utf-16 with a mark"),
        pytest.param(codecs.BOM_UTF16_BE + WORDS.encode("utf-16-be"), "latin-1", id="a mark beats what is said"),
        pytest.param(WORDS.encode("utf-32"), "", id="utf-32 with a mark"),
        pytest.param(WORDS.encode("utf-16-le"), "UTF-16LE", id="utf-16 as said"),
        pytest.param(WORDS.encode("gb18030"), "GB18030", id="gb18030 as said"),
    ],
)
def test_text_in_a_known_encoding_is_decoded(data, charset):
    assert decode(Document(data, charset=charset)).text == WORDS


RUSSIAN = "Это русский текст. Оплата в течение тридцати дней после получения счёта.\n"
JAPANESE = "請求書を受け取った後、三十日以内に支払うものとする。\n"


@pytest.mark.parametrize(
    ("text", "charset"),
    [
        pytest.param("甲方应在收到发票后三十日内付款。\n", "gb18030", id="Chinese, one line"),
        pytest.param(ZH_CLAUSE, "gb18030", id="Chinese"),
        pytest.param("Rated flow: 32 L/h\n" * 200 + "额定流量为三十二升每小时。\n", "gb18030", id="mostly English"),
        pytest.param(
            "甲方應在收到發票後三十日內付款，逾期付款的，按日支付違約金。\n", "big5", id="traditional Chinese"
        ),
        pytest.param(JAPANESE, "cp932", id="Japanese, Windows"),
        pytest.param(JAPANESE, "euc_jp", id="Japanese, Unix"),
        pytest.param("송장을 받은 후 30일 이내에 지불해야 합니다.\n", "cp949", id="Korean"),
        pytest.param(RUSSIAN, "cp1251", id="Russian, Windows"),
        pytest.param(RUSSIAN, "koi8-r", id="Russian, Unix"),
        pytest.param("Der Käufer zahlt binnen dreißig Tagen – “ohne” Abzug. Größe, café.\n", "cp1252", id="German"),
        pytest.param("plain English text, saved by an old Windows program\n" * 3, "utf-16-le", id="utf-16, no mark"),
    ],
)
def test_an_encoding_that_nobody_named_is_guessed_and_told(text, charset):
    decoded = decode(Document(text.encode(charset)))
    assert (decoded.text, decoded.charset) == (text, charset)


def test_a_page_declares_its_encoding():
    page = '<html><head><meta charset="gbk"></head><body><p>额定</p></body></html>'
    assert decode(Document(page.encode("gbk"))).text == "额定"


GOOD_PDF = as_pdf(PAPER)
GOOD_DOCX = as_docx(PAPER)
BOMB = b"<w:document>" + b"a" * (20 << 20)


@pytest.mark.parametrize(
    ("document", "message"),
    [
        pytest.param(Document(b""), "is empty", id="empty"),
        pytest.param(Document(b"\x89PNG\r\n\x1a\n"), "a PNG image", id="png"),
        pytest.param(Document(b"\x7fELF\x02"), "an ELF program", id="program"),
        pytest.param(Document(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"), "without a password", id="old office"),
        pytest.param(Document(b"\x1f\x8b\x08"), "unpack it", id="gzip"),
        pytest.param(Document("中文".encode()[:4]), "byte 3", id="cut utf-8"),
        pytest.param(Document("中文，".encode() + b"\xff" + "合同".encode()), "byte 9", id="damaged utf-8"),
        pytest.param(Document(b"\x00" * 64), "NUL", id="nothing but NUL"),
        pytest.param(Document(random.Random(1).randbytes(3000)), r"binary|NUL", id="noise"),
        pytest.param(Document(bytes(range(1, 32)) * 9), "control characters", id="binary"),
        pytest.param(Document(b"abc", charset="klingon"), "klingon", id="unknown charset"),
        pytest.param(Document(b"abc", charset="rot13"), "rot13", id="a codec that is no charset"),
        pytest.param(Document(b"a\xff", charset="utf-8"), "not valid utf-8 at byte 1", id="not what is said"),
        pytest.param(Document(b"%PDF-1.7 ..."), "PDF file is damaged or cut off", id="no pdf"),
        pytest.param(Document(GOOD_PDF[:700]), "PDF", id="pdf, cut off"),
        pytest.param(Document(as_pdf(PAPER, encrypt="secret")), "PDF file is encrypted", id="pdf, encrypted"),
        pytest.param(Document(scanned_pdf()), "text recognition", id="pdf, scanned"),
        pytest.param(Document(b"<html>" + b"<div>" * 10_001), "inside one another", id="html, endlessly deep"),
        pytest.param(Document(b"PK\x03\x04..."), "DOCX file is damaged or cut off", id="no zip"),
        pytest.param(Document(GOOD_DOCX[: len(GOOD_DOCX) // 2]), "damaged or cut off", id="docx, cut off"),
        pytest.param(Document(with_body(GOOD_DOCX, b"<w:document>")), "DOCX file is damaged", id="docx, broken xml"),
        pytest.param(Document(with_body(GOOD_DOCX, b"<!DOCTYPE a>")), "document type", id="docx with entities"),
        pytest.param(Document(with_body(GOOD_DOCX, BOMB)), "a bomb", id="docx, bomb"),
        pytest.param(Document(zipped(xl__workbook_xml=b"")), "an XLSX workbook", id="xlsx"),
        pytest.param(Document(zipped(ppt__presentation_xml=b"")), "a PPTX presentation", id="pptx"),
        pytest.param(Document(zipped(content_xml=b"")), "an OpenDocument file", id="odt"),
        pytest.param(Document(zipped(a=b"")), "a ZIP archive", id="zip"),
    ],
)
def test_what_cannot_be_read_is_refused_by_name(document, message):
    with pytest.raises(InvalidDocument, match=message):
        decode(document)


@pytest.mark.parametrize(
    ("module", "limit", "data"),
    [
        pytest.param(docx_reader, ("MAX_XML_BYTES", 1000), GOOD_DOCX, id="docx, unpacked"),
        pytest.param(pdf_reader, ("MAX_PAGES", 3), running_pdf(4), id="pdf, pages"),
        pytest.param(pdf_reader, ("MAX_CHARACTERS", 50), GOOD_PDF, id="pdf, characters"),
    ],
)
def test_what_is_too_long_is_told_apart(monkeypatch, module, limit, data):
    monkeypatch.setattr(module, *limit)
    with pytest.raises(TextTooLong, match=r"at most|more than"):
        decode(Document(data))


@pytest.mark.parametrize("data", [b"", b"a\xff"], ids=["empty", "broken"])
def test_text_between_services_is_utf8(data):
    with pytest.raises(InvalidDocument):
        decode_utf8(data)


CODE = "def pay(invoice):\n    # due at once\n    if not invoice.paid:\n        raise Late(invoice)\n    return 0\n"
LOG = "2025-03-14 10:00:01 INFO started\n2025-03-14 10:00:02 WARN slow\n    at line 3\n2025-03-14 10:00:03 ERROR lost\n"


@pytest.mark.parametrize(
    ("text", "said", "media_type", "flowing"),
    [
        pytest.param(CODE, {}, "text/x-source", False, id="code"),
        pytest.param(CODE, {"name": "notes.md"}, "text/x-source", False, id="code that is called Markdown"),
        pytest.param('{\n  "a": 1,\n  "b": [\n    2\n  ]\n}\n', {}, "text/x-source", False, id="json"),
        pytest.param(LOG, {}, "text/x-log", False, id="log"),
        pytest.param(f"\x1b[31m{LOG}\x1b[0m", {}, "text/x-log", False, id="log in colours"),
        pytest.param("# comment\nkey: value\n# other\nkey: 2\n", {}, "text/plain", True, id="settings"),
        pytest.param(
            "#!/bin/sh\n# What it does\n\ncp a b\n\n# And then\n\nmv b c\n", {}, "text/x-source", False, id="script"
        ),
        pytest.param("<a>\n  <b>1</b>\n  <c/>\n</a>\n", {}, "text/x-source", False, id="xml"),
        pytest.param("a,b,c\n1,2,3\n4,5,6\n", {}, "text/csv", False, id="csv"),
        pytest.param("# One line\n# and another\n\na\n\n# Two\n# lines\n\nb\n", {}, "text/plain", True, id="comments"),
        pytest.param("# One\n#\n\na\n\n## Two\n\nb\n", {}, "text/plain", True, id="a bare comment"),
        pytest.param("# One\n\ntext\n\n## Two\n\ntext", {}, "text/markdown", False, id="headings alone"),
        pytest.param("# One\n\ntext", {}, "text/plain", True, id="one heading is no proof"),
        pytest.param("# One\n\ntext", {"name": "a.md"}, "text/markdown", False, id="but with a name it is"),
        pytest.param("plain words", {"name": "a.md"}, "text/plain", True, id="a name alone is not"),
        pytest.param("<p>a</p>", {"media_type": "text/html; charset=utf-8"}, "text/html", False, id="a fragment"),
        pytest.param("a < b > c", {"media_type": "text/html"}, "text/plain", True, id="no fragment"),
        pytest.param("The buyer pays.\n", {"media_type": "application/pdf"}, "text/plain", True, id="no pdf"),
    ],
)
def test_the_content_tells_the_kind_of_text(text, said, media_type, flowing):
    decoded = decode(Document(text.encode(), **said))
    assert (decoded.media_type, decoded.flowing) == (media_type, flowing)


def test_a_text_whose_columns_are_wanted_stays_as_it_is():
    text = "# One\n\n| a | b |\n|---|---|\n\n## Two\n"
    assert decode(Document(text.encode(), columns=True)) == Decoded(text, "text/markdown", "utf-8")


@pytest.mark.parametrize(
    ("html", "lines"),
    [
        pytest.param("<p>a <b>b</b>\n c</p>d", ["a b c", "d"], id="inline and block"),
        pytest.param("<p>甲方<i>应</i>在\n 收到<br>后", ["甲方应在收到", "后"], id="Chinese over a line end"),
        pytest.param("<ol start=3><li>a<ul><li>b</ul><li>c</ol>", ["3. a", "  - b", "4. c"], id="lists in lists"),
        pytest.param("<pre>\na\n  b\n\tc</pre>", ["a", "  b", "\tc"], id="verbatim"),
        pytest.param("<table><tr><td>a<br>b<td><p>c</p><p>d<tr><th>e<th></table>", ["a b | c d", "e | "], id="cells"),
        pytest.param("<table><tr><td>a</td></tr></table>", ["a"], id="one cell is a block"),
        pytest.param(
            "<table><tr><td>menu<td><p>a<p>b<table><tr><td>c<td>d</table></table>",
            ["menu", "a", "b", "c | d"],
            id="a table that lays a page out",
        ),
        pytest.param("<dl><dt>a<dd>b</dl><hr>c &amp; &lt;d&gt;", ["a", "b", "c & <d>"], id="definitions, entities"),
        pytest.param("a<img alt='chart'><script>x</script><svg><text>y</text></svg>", ["achart"], id="pictures"),
        pytest.param("<div>" * 5000 + "deep", ["deep"], id="deep"),
    ],
)
def test_html_becomes_lines(html, lines):
    assert decode(Document(f"<html><body>{html}".encode())).text.split("\n") == lines


def test_hidden_text_is_left_out_and_counted():
    page = b"<html><p>seen<p hidden>ignore all</p><p style='color:red; display: none'>that"
    decoded = decode(Document(page))
    assert (decoded.text, decoded.removed) == ("seen", {"hidden": len("ignore all") + len("that")})


def test_running_heads_of_a_pdf_are_left_out_and_counted():
    decoded = decode(Document(running_pdf(4)))
    assert decoded.text.split("\n") == [f"What page {letter} says." for letter in "bcde"]
    assert decoded.removed == {"running_heads": 8}
    assert len(decode(Document(running_pdf(2))).text.split("\n")) == 6


def test_columns_of_a_pdf_are_read_one_after_the_other():
    left, right = (
        ["The left column is read", "before the right one and", "ends here."],
        ["The right column", "comes last."],
    )
    text = decode(Document(columns_pdf(left, right))).text
    assert text.replace("\n", " ") == " ".join([*left, *right])


def test_pages_of_a_pdf_that_are_pictures_are_counted():
    decoded = decode(Document(scanned_pdf(3, text="A last page of text.")))
    assert (decoded.text, decoded.removed) == ("A last page of text.", {"image_pages": 2})


@pytest.mark.parametrize(
    ("lines", "text"),
    [
        pytest.param(
            ["The parties sign an inter-", "national contract"],
            "The parties sign an international contract",
            id="a word",
        ),
        pytest.param(
            ["The metering pump QH-", "32 delivers water"], "The metering pump QH-32 delivers water", id="a name"
        ),
        pytest.param(
            ["It is a well-known and well-", "known buyer"], "It is a well-known and well-known buyer", id="a compound"
        ),
    ],
)
def test_hyphens_at_line_ends_of_a_pdf(lines, text):
    assert decode(Document(columns_pdf(lines, []))).text == text


def test_notes_of_a_docx_stand_at_its_end():
    main = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
    body = (
        f'<w:document xmlns:w="{main}"><w:body><w:p><w:r><w:t>Text</w:t></w:r>'
        '<w:r><w:footnoteReference w:id="2"/></w:r></w:p></w:body></w:document>'
    )
    notes = (
        f'<w:footnotes xmlns:w="{main}"><w:footnote w:id="2"><w:p><w:r><w:t>A note.</w:t></w:r></w:p></w:footnote>'
        "</w:footnotes>"
    )
    document = with_notes(with_body(GOOD_DOCX, body.encode()), notes.encode())
    assert decode(Document(document)).text == "Text[1]\n1. A note."


def test_deleted_text_of_a_docx_is_not_read():
    body = (
        b'<w:document xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"><w:body><w:p>'
        b"<w:r><w:t>kept</w:t></w:r><w:del><w:r><w:delText> gone</w:delText></w:r></w:del>"
        b"<w:ins><w:r><w:t> new</w:t></w:r></w:ins></w:p></w:body></w:document>"
    )
    assert decode(Document(with_body(GOOD_DOCX, body))).text == "kept new"

"""Numbers that Word counts by itself are read as they are seen."""

import io
import zipfile

import pytest

from render_service.documents import Document, decode
from render_service.documents.numbering import Count, Level, numeral
from tests.render.papers import DOCX_BODY, Paper, as_docx

MAIN = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
LEGAL = "%1.%2"


@pytest.mark.parametrize(
    ("number", "number_format", "written"),
    [
        (7, "decimal", "7"),
        (7, "decimalZero", "07"),
        (3, "lowerLetter", "c"),
        (28, "upperLetter", "BB"),
        (1949, "upperRoman", "MCMXLIX"),
        (4, "lowerRoman", "iv"),
        (9, "chineseCounting", "九"),
        (10, "chineseCountingThousand", "十"),
        (21, "japaneseCounting", "二十一"),
        (3, "decimalEnclosedCircle", "③"),
        (123, "chineseCounting", "123"),
        (5, "klingon", "5"),
    ],
)
def test_a_number_is_written_as_its_list_does(number, number_format, written):
    assert numeral(number, number_format) == written


def test_a_level_begins_anew_below_the_next_of_the_level_above():
    count = Count({0: Level("decimal", "%1"), 1: Level("decimal", "%1.%2"), 2: Level("lowerLetter", "(%3)")})
    assert [count.step(level) for level in (0, 1, 1, 2, 0, 1)] == ["1", "1.1", "1.2", "(a)", "2", "2.1"]


def level(index: int, number_format: str, form: str, start: int = 1) -> str:
    return (
        f'<w:lvl w:ilvl="{index}"><w:start w:val="{start}"/><w:numFmt w:val="{number_format}"/>'
        f'<w:lvlText w:val="{form}"/>{"<w:isLgl/>" if form == LEGAL else ""}</w:lvl>'
    )


NUMBERING = (
    f'<w:numbering {MAIN}><w:abstractNum w:abstractNumId="0">'
    f"{level(0, 'chineseCounting', '第%1条')}{level(1, 'decimal', LEGAL)}</w:abstractNum>"
    f'<w:abstractNum w:abstractNumId="1">{level(0, "bullet", "-")}</w:abstractNum>'
    f'<w:abstractNum w:abstractNumId="2">{level(0, "lowerRoman", "(%1)", 3)}</w:abstractNum>'
    '<w:num w:numId="1"><w:abstractNumId w:val="0"/></w:num><w:num w:numId="2"><w:abstractNumId w:val="1"/></w:num>'
    '<w:num w:numId="3"><w:abstractNumId w:val="2"/></w:num>'
    '<w:num w:numId="4"><w:abstractNumId w:val="2"/><w:lvlOverride w:ilvl="0"/></w:num></w:numbering>'
)
STYLES = (
    f'<w:styles {MAIN}><w:style w:type="paragraph" w:styleId="Clause"><w:name w:val="heading 1"/>'
    '<w:pPr><w:numPr><w:numId w:val="1"/></w:numPr></w:pPr></w:style>'
    '<w:style w:type="paragraph" w:styleId="Child"><w:name w:val="child"/><w:basedOn w:val="Clause"/></w:style>'
    "</w:styles>"
)


def paragraph(text: str, list_id: int = 0, index: int = 0, style: str = "") -> str:
    place = f'<w:numPr><w:ilvl w:val="{index}"/><w:numId w:val="{list_id}"/></w:numPr>' if list_id else ""
    named = f'<w:pStyle w:val="{style}"/>' if style else ""
    return f"<w:p><w:pPr>{named}{place}</w:pPr><w:r><w:t>{text}</w:t></w:r></w:p>"


def contract(*paragraphs: str) -> bytes:
    body = f"<w:document {MAIN}><w:body>{''.join(paragraphs)}</w:body></w:document>"
    parts = {DOCX_BODY: body, "word/numbering.xml": NUMBERING, "word/styles.xml": STYLES}
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(as_docx(Paper("a", ("b",))))) as source, zipfile.ZipFile(out, "w") as target:
        for entry in source.infolist():
            target.writestr(entry.filename, parts.get(entry.filename) or source.read(entry))
    return out.getvalue()


def test_clauses_of_a_contract_keep_their_numbers():
    document = contract(
        paragraph("付款", style="Clause"),
        paragraph("甲方付款。", 1, 1),
        paragraph("乙方交货。", 1, 1),
        paragraph("plain"),
        paragraph("违约", style="Child"),
        paragraph("违约金。", 1, 1),
        paragraph("a bullet", 2),
        paragraph("third", 3),
        paragraph("fourth", 3),
        paragraph("anew", 4),
        paragraph("in no list that there is", 9),
    )
    assert decode(Document(document)).text.split("\n") == [
        "第一条 付款",
        "1.1 甲方付款。",
        "1.2 乙方交货。",
        "plain",
        "第二条 违约",
        "2.1 违约金。",
        "- a bullet",
        "(iii) third",
        "(iv) fourth",
        "(iii) anew",
        "in no list that there is",
    ]

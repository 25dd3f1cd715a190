"""From bytes to a report and clean text: what is told of a document is what was done to it."""

import textwrap

import pytest

from render_service.documents import Document, InvalidDocument
from render_service.jobs import Report, estimate, extract
from render_service.style import Flow, Style

STYLE = Style(flow=Flow.CELLS, font_px=14, max_width_px=448, max_height_px=224)
PROSE = "The buyer pays every invoice within thirty days after the receipt of the goods at the agreed place. " * 3


def justified(text: str, columns: int) -> str:
    """Wrapped at a width, every line but the last stretched to it with spaces."""
    *full, last = textwrap.wrap(text, columns)
    lines = []
    for line in full:
        words = line.split()
        spare, gaps = columns - sum(map(len, words)), len(words) - 1
        spaces = [" " * (spare // gaps + (gap < spare % gaps)) for gap in range(gaps)]
        lines.append("".join(word + space for word, space in zip(words, [*spaces, ""], strict=True)))
    return "\n".join([*lines, last])


def extracted(data: bytes, **said: object) -> tuple[Report, str]:
    report, *pieces = extract(Document(data, **said))
    return report, "".join(piece.text for piece in pieces)


def test_a_text_of_a_third_blanks_shrinks_by_what_is_told():
    page = "\n\n\n\n".join(textwrap.indent(justified(PROSE, 60), " " * 26) for _ in range(8)) + "\n" * 40
    blanks = sum(map(str.isspace, page)) - 8 * PROSE.strip().count(" ")
    assert blanks > 0.35 * len(page)
    report, text = extracted(page.encode())
    assert text == "\n\n".join([PROSE.strip()] * 8) + "\n"
    assert (report.source_characters, report.characters) == (len(page), len(text))
    replaced = 8 * justified(PROSE, 60).count("\n")  # line ends that became a space are counted, and still there
    assert sum(report.removed.values()) - replaced == len(page) - len(text)
    raw, clean = (estimate(each.encode(), STYLE).vision_tokens for each in (page, text))
    assert clean < 0.7 * raw


def test_the_encoding_that_was_taken_is_told():
    report, text = extracted("额定流量为三十二升每小时，额定电压为二十四伏。".encode("gbk"))
    assert (report.charset, text[:4]) == ("gb18030", "额定流量")


@pytest.mark.parametrize("columns", [True, False], ids=["columns are wanted", "they are not"])
def test_wrapped_lines_stay_where_columns_are_wanted(columns):
    page = textwrap.fill(PROSE, 60)
    assert ("\n" in extracted(page.encode(), columns=columns)[1]) == columns


@pytest.mark.parametrize("data", [b"<html><script>1</script></html>", "\u200b\u200b".encode()], ids=["page", "text"])
def test_a_document_without_text_is_refused(data):
    with pytest.raises(InvalidDocument, match="holds no text"):
        next(iter(extract(Document(data))))

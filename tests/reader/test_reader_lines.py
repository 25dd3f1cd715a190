"""Transcriptions are led from line to line, whatever marks the reader draws."""

import pytest

from reader_service.lines import SLACK_TOKENS, lines_of
from reader_service.model import Drawn
from reader_service.results import PageText
from tests.reader.fake import FakeVocabulary, tokens_of

MARKS = FakeVocabulary.marks
TWO_LINES = (PageText(0, 6, (0, 3)),)
END = next(token for token, mark in MARKS.items() if mark.kind.value == "end")


def led(drawn: str, page_texts: tuple[PageText, ...]) -> list[int]:
    """What is taken when these tokens are drawn, up to the end."""
    lines = lines_of(page_texts, MARKS)
    assert lines
    taken = [lines.lead(Drawn(token, 0.0)).token for token in [*tokens_of(drawn), END, END]]
    return taken[: taken.index(END)] if END in taken else taken


@pytest.mark.parametrize(
    ("drawn", "page_texts", "taken"),
    [
        pytest.param("<page0><row0>ab\n<row1>cd", TWO_LINES, "<page0><row0>ab\n<row1>cd", id="what is right stays"),
        pytest.param("<page0><row1>ab\n<row1>cd", TWO_LINES, "<page0><row0>ab\n<row1>cd", id="begins too late"),
        pytest.param("<page0><row0>ab\n<row0>cd", TWO_LINES, "<page0><row0>ab\n<row1>cd", id="a line twice"),
        pytest.param("<page0><row0>ab\n<row2>cd", TWO_LINES, "<page0><row0>ab\n<row1>cd", id="a line passed over"),
        pytest.param("<page0><row0>ab\n<row1>cd<row0>ab", TWO_LINES, "<page0><row0>ab\n<row1>cd", id="once more"),
        pytest.param("xyab\n<row1>cd", TWO_LINES, "<page0><row0>ab\n<row1>cd", id="text where anchors must stand"),
        pytest.param(
            "<page0><row0>ab\n\n<row2>cd",
            (PageText(0, 7, (0, 3, 4)),),
            "<page0><row0>ab\n\n<row2>cd",
            id="a blank line",
        ),
        pytest.param(
            "<page0><row0>ab<page0><row0>cd",
            (PageText(0, 2, (0,)), PageText(2, 4, (0,))),
            "<page0><row0>ab<page1><row0>cd",
            id="two pages",
        ),
    ],
)
def test_every_line_is_read_once_and_in_order(drawn, page_texts, taken):
    assert led(drawn, page_texts) == tokens_of(taken)


def test_a_reader_that_ends_early_is_led_on():
    lines = lines_of(TWO_LINES, MARKS)
    drawn = [*tokens_of("<page0><row0>ab"), END, *tokens_of("cd"), END]
    assert [lines.lead(Drawn(token, 0.0)).token for token in drawn] == [*tokens_of("<page0><row0>ab<row1>cd"), END]


def test_a_line_without_end_is_cut():
    taken = led("<page0><row0>" + "a" * 200, TWO_LINES)
    first = taken.index(tokens_of("<row1>")[0])
    assert first - 2 == 3 * 3 + SLACK_TOKENS
    assert len(taken) == 3 + 2 * (3 * 3 + SLACK_TOKENS)


@pytest.mark.parametrize(
    "page_texts",
    [
        pytest.param((), id="no text told"),
        pytest.param((PageText(0, 9),), id="no lines told"),
        pytest.param((PageText(0, 99, tuple(range(0, 99, 2))),), id="more lines than anchors"),
    ],
)
def test_what_is_not_known_does_not_lead(page_texts):
    assert lines_of(page_texts, MARKS) is None

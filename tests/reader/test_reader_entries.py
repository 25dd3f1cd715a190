"""Entries of a summary that stand in places which the reader itself finds unlikely are left out."""

import math
import re

import pytest

from reader_service.entries import entries_of
from reader_service.model import Drawn
from reader_service.results import PageText
from tests.reader.fake import FakeVocabulary, tokens_of

MARKS = FakeVocabulary.marks
LEAST = 0.4


PAGES = tuple(PageText(40 * page, 40 * page + 40, tuple(range(0, 40, 10))) for page in range(5))
"""Four lines a page."""


def said(*drawn: tuple[str, float], pages: tuple[PageText, ...] = ()) -> list[int]:
    """What is said when these tokens are drawn, those of a piece each as likely."""
    entries = entries_of(MARKS, LEAST, FakeVocabulary().decode, pages)
    assert entries
    taken = [
        (token, entries.lead(Drawn(token, math.log(likely)))) for piece, likely in drawn for token in tokens_of(piece)
    ]
    assert all(led.token == token and not led.takes_back for token, led in taken)
    return [token for _, led in taken for token in led.said]


@pytest.mark.parametrize(
    ("drawn", "expected"),
    [
        pytest.param(
            [("<page0><row0># a\n", 0.9), ("<row1># b\n", 0.3), ("<row2># c\n<end>", 0.9)],
            "<page0><row0># a\n<row2># c\n<end>",
            id="one between others",
        ),
        pytest.param(
            [("<page0><row0># a\n", 0.1), ("<row1># b\n<end>", 0.1)], "<page0><row0># a\n<end>", id="not the first"
        ),
        pytest.param(
            [("<page0><row0># a\n<page1><row1>", 0.6), ("# b\n<end>", 0.9)],
            "<page0><row0># a\n<end>",
            id="all anchors count",
        ),
        pytest.param(
            [("<page0><row0># a\n<row1>", 0.9), ("# b\n<end>", 0.1)],
            "<page0><row0># a\n<row1># b\n<end>",
            id="text does not count",
        ),
        pytest.param(
            [("<page0><row0># a\n<row1># b", 0.9), ("<row2>", 0.1), ("c\n<end>", 0.9)],
            "<page0><row0># a\n<row1># b<row2>c\n<end>",
            id="the second line of an entry",
        ),
        pytest.param(
            [("<page0><row0># a\n", 0.9), ("<row1># b<row2>c\n<end>", 0.3)],
            "<page0><row0># a\n<end>",
            id="all lines of an entry go",
        ),
        pytest.param([("<page0><row0># a\n<row1><end>", 0.9)], "<page0><row0># a\n<end>", id="anchors without text"),
        pytest.param([("<page0><row0># a\n<row1>- <end>", 0.9)], "<page0><row0># a\n<end>", id="a mark without text"),
        pytest.param([("plain\ntext<end>", 0.1)], "plain\ntext<end>", id="no places at all"),
    ],
)
def test_what_stands_in_an_unlikely_place_is_left_out(drawn, expected):
    assert said(*drawn) == tokens_of(expected)


@pytest.mark.parametrize(
    ("drawn", "expected"),
    [
        pytest.param(
            "<page0><row0># a\n<row1># b\n<row0># a\n<row2># c\n<end>",
            "<page0><row0># a\n<row1># b\n<row2># c\n<end>",
            id="a line that was told",
        ),
        pytest.param(
            "<page0><row0># a\n<page1><row0># a\n<end>",
            "<page0><row0># a\n<page1><row0># a\n<end>",
            id="the same on another page",
        ),
        pytest.param(
            "<page0><row0># a<row1>b<row0># a<row1>b\n<row2># c\n<end>",
            "<page0><row0># a<row1>b\n<row2># c\n<end>",
            id="within an entry",
        ),
        pytest.param(
            "<page0><row0># a\n<row1># b\n<row0># a\n<row1># b\n<row2># c\n<row1># b\n<end>",
            "<page0><row0># a\n<row1># b\n<row2># c\n<end>",
            id="twice, and on",
        ),
    ],
)
def test_no_line_is_told_twice(drawn, expected):
    assert said((drawn, 0.9)) == tokens_of(expected)


def test_a_summary_that_goes_round_in_circles_ends():
    entries = entries_of(MARKS, LEAST, FakeVocabulary().decode)
    circle = tokens_of("<page0><row0># a\n") + 9 * tokens_of("<row1># b\n<row0># a\n")
    led = [entries.lead(Drawn(token, math.log(0.9))) for token in circle]
    (end,) = tokens_of("<end>")
    told = [token for one in led for token in one.said]
    assert told[: told.index(end)] == tokens_of("<page0><row0># a\n<row1># b\n")
    assert [one.token for one in led].index(end) == len(
        tokens_of("<page0><row0># a\n<row1># b\n<row0># a\n<row1># b\n<row0># ")
    )


@pytest.mark.parametrize(
    ("drawn", "expected"),
    [
        pytest.param(
            "{0.0}# t\n{0.1}# a\n{0.3}# b\n{1.1}# c\n{1.3}# d\n{2.1}# e\n{2.2}# f\n<end>",
            "{0.0}# t\n{2.1}# e\n{2.2}# f\n<end>",
            id="four in a row, over pages; the heading behind them is none",
        ),
        pytest.param(
            "{0.0}# t\n{0.1}# a\n{0.3}# b\n{1.1}# c\n{1.3}# d\n<end>",
            "{0.0}# t\n{0.1}# a\n{0.3}# b\n{1.1}# c\n{1.3}# d\n<end>",
            id="three in a row",
        ),
        pytest.param(
            "{0.0}# t\n{0.1}# a\n{0.2}- x\n{0.3}# b\n{1.1}# c\n{1.3}# d\n{2.1}# e\n<end>",
            "{0.0}# t\n{0.2}- x\n{2.1}# e\n<end>",
            id="what is quoted from between them stays",
        ),
        pytest.param(
            "{0.0}# t\n{0.1}# a<row2>b\n{1.0}# c<row1>d\n{1.3}# e\n{2.1}# f\n{2.3}# g\n<end>",
            "{0.0}# t\n{2.3}# g\n<end>",
            id="headings of two lines",
        ),
        pytest.param(
            "{0.0}# t\n{0.1}# a\n{0.2}# b\n{0.3}# c\n{1.0}# d\n{1.1}# e\n<end>",
            "{0.0}# t\n{0.1}# a\n{0.2}# b\n{0.3}# c\n{1.0}# d\n{1.1}# e\n<end>",
            id="headings without a line between them",
        ),
    ],
)
def test_a_list_of_terms_is_not_told(drawn, expected):
    def anchored(text: str) -> str:
        return re.sub(r"\{(\d)\.(\d)\}", r"<page\1><row\2>", text)

    assert said((anchored(drawn), 0.9), pages=PAGES) == tokens_of(anchored(expected))


def test_headings_wait_for_the_next_one_alone_and_what_waits_at_the_end_is_said():
    entries = entries_of(MARKS, LEAST, FakeVocabulary().decode, PAGES)
    pieces = ("<page0><row0># t\n", "<page0><row1># a\n", "<page2><row0># b\n", "<page2><row2># c\n")
    told = [
        [said for token in tokens_of(piece) for said in entries.lead(Drawn(token, math.log(0.9))).said]
        for piece in pieces
    ]
    assert told == [tokens_of(one) for one in ("<page0><row0># t\n", "", "<page0><row1># a\n", "")]
    assert list(entries.held) == tokens_of("<page2><row0># b\n<page2><row2># c\n")


def test_readers_without_lines_or_doubts_are_not_led():
    decode = FakeVocabulary().decode
    assert entries_of(MARKS, 0.0, decode) is None
    assert entries_of({}, LEAST, decode) is None

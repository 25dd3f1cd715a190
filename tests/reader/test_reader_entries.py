"""Entries of a summary that stand in places which the reader itself finds unlikely are left out."""

import math

import pytest

from reader_service.entries import entries_of
from reader_service.model import Drawn
from tests.reader.fake import FakeVocabulary, tokens_of

MARKS = FakeVocabulary.marks
LEAST = 0.4


def said(*drawn: tuple[str, float]) -> list[int]:
    """What is said when these tokens are drawn, those of a piece each as likely."""
    entries = entries_of(MARKS, LEAST, FakeVocabulary().decode)
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


def test_readers_without_lines_or_doubts_are_not_led():
    decode = FakeVocabulary().decode
    assert entries_of(MARKS, 0.0, decode) is None
    assert entries_of({}, LEAST, decode) is None

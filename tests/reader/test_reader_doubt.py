"""An answer from a place that the reader itself finds unlikely becomes a denial; one that repeats the question is
looked for elsewhere. Both happen before any of its text is out."""

import math

import pytest

from reader_service.doubt import Doubt, Echo, doubt_of, weight_of
from reader_service.leading import Led
from reader_service.model import Drawn, Mark, MarkKind
from tests.reader.fake import FakeVocabulary, tokens_of

MARKS = FakeVocabulary.marks


def doubt(least: float, question: str = "") -> Doubt:
    one = doubt_of(MARKS, least, Echo(question, FakeVocabulary().decode))
    assert one
    return one


def led(one: Doubt, drawn: str, probability: float) -> list[Led]:
    """What is taken when these tokens are drawn, each as likely."""
    return [one.lead(Drawn(token, math.log(probability))) for token in tokens_of(drawn)]


def said(taken: list[Led]) -> list[int]:
    return [token for one in taken for token in one.said]


@pytest.mark.parametrize(
    ("drawn", "least", "expected"),
    [
        pytest.param("<page1><row0>yes", 0.4, "<absent>es", id="less likely than the least"),
        pytest.param("<page1><row0>yes", 0.3, "<page1><row0>yes", id="likely enough"),
        pytest.param("<page1><row0>yes<page0><row1>no", 0.3, "<page1><row0>yes<page0><row1>no", id="a later place"),
        pytest.param("<absent>no", 0.99, "<absent>no", id="denied already"),
        pytest.param("yes", 0.99, "yes", id="no place at all"),
        pytest.param("<page1><end>", 0.99, "<page1><end>", id="nothing said"),
    ],
)
def test_only_text_behind_an_unlikely_place_becomes_a_denial(drawn, least, expected):
    assert said(led(doubt(least), drawn, 0.6)) == tokens_of(expected)


def test_a_denial_takes_the_place_back():
    taken = led(doubt(0.4), "<page1><row0>y", 0.6)
    assert [one.takes_back for one in taken] == [0, 0, 2]


@pytest.mark.parametrize("echo", ["UDP", "udp ", "port has UDP"])
def test_words_of_the_question_are_passed_over_for_the_next_likeliest_place(echo):
    one = doubt(0.4, "Which port has UDP?")
    first = led(one, f"<page1><row0>{echo}<end>", 0.9)
    row, page = tokens_of("<row0><page1>")
    assert (said(first), one.decided) == ([], False)
    assert first[-1] == Led(page, takes_back=len(echo) + 2)
    assert one.leaning == {row: -math.inf}
    second = led(one, "<row1>", 0.6) + led(one, "7299", 0.9)
    assert (said(second), one.decided, one.leaning) == (tokens_of("<page1><row1>7299"), True, {})


@pytest.mark.parametrize(
    "second",
    [
        pytest.param([("<row1>", 0.1), ("7", 0.9)], id="an unlikely place"),
        pytest.param([("<end>", 0.9)], id="nothing"),
        pytest.param([("<absent>", 0.9)], id="a denial"),
    ],
)
def test_an_echo_is_denied_where_no_other_place_is_likely(second):
    one = doubt(0.4, "Which port has UDP?")
    taken = led(one, "<page1><row0>UDP<end>", 0.9)
    for drawn, probability in second:
        taken += led(one, drawn, probability)
    assert said(taken) == tokens_of("<absent>")
    assert taken[-1].takes_back == (2 if len(second) > 1 else 1)


@pytest.mark.parametrize("question", ["Is it TCP or UDP?", "用的是 TCP 还是 UDP？", "TCP 或 UDP，用哪个？"])
def test_what_is_offered_for_choice_is_no_echo(question):
    assert said(led(doubt(0.4, question), "<page1><row0>UDP<end>", 0.9)) == tokens_of("<page1><row0>UDP<end>")


def test_the_nearer_a_line_the_more_it_weighs():
    weights = [weight_of(near) for near in (0.0, 0.3, 1.0)]
    assert weights == sorted(weights)
    assert (weights[0] > 0, weights[1]) == (True, 1.0)


def test_it_leans_to_the_pages_and_then_to_the_lines_around_which_the_question_stands():
    one = doubt_of(MARKS, 0.4, Echo("", FakeVocabulary().decode), [[0.0, 0.5], [], [1.0]])
    assert one
    pages, rows = tokens_of("<page0><page1><page2>"), tokens_of("<row0><row1>")
    assert one.leaning == dict(zip(pages, (math.log(weight_of(near)) for near in (0.5, 0.0, 1.0)), strict=True))
    led(one, "<page0>", 0.9)
    assert one.leaning == dict(zip(rows, (math.log(weight_of(near)) for near in (0.0, 0.5)), strict=True))
    led(one, "<row1>", 0.9)
    assert one.leaning == {}


def test_a_page_of_which_nothing_is_known_is_leant_to_in_no_way():
    one = doubt_of(MARKS, 0.4, Echo("", FakeVocabulary().decode), [[0.5]])
    assert one
    led(one, "<page3>", 0.9)
    assert one.leaning == {}


def test_echoes_without_end_are_passed_over_a_few_times_only():
    one = doubt(0.01, "one two three four five?")
    taken = led(one, "<page1><row0>one<end>", 0.4)
    for number, word in enumerate(("two", "three", "four"), 1):
        taken += led(one, f"<row{number}>", 0.1) + led(one, f"{word}<end>", 0.9)
    assert said(taken) == tokens_of("<page1><row3>four<end>")


@pytest.mark.parametrize(
    ("answer", "question"),
    [
        pytest.param("5", "how many are there in chapter 5", id="a number"),
        pytest.param("on", "which station", id="a part of a word"),
        pytest.param("UDP 7299", "which port has UDP", id="more than the question"),
        pytest.param("TCP", "which port has UDP", id="another word"),
    ],
)
def test_what_is_more_than_an_echo_is_said(answer, question):
    assert said(led(doubt(0.4, question), f"<page1><row0>{answer}<end>", 0.9)) == tokens_of(
        f"<page1><row0>{answer}<end>"
    )


def test_what_is_held_back_can_be_asked_for():
    one = doubt(0.4, "UDP?")
    led(one, "<page1><row0>UD", 0.9)
    assert list(one.held) == tokens_of("<page1><row0>UD")
    led(one, "x", 0.9)
    assert list(one.held) == []


def test_it_decides_once_and_then_lets_steps_run_ahead():
    one, decided = doubt(0.4), []
    for token in tokens_of("<page1><row0>ye"):
        one.lead(Drawn(token, -0.1))
        decided.append(one.decided)
    assert decided == [False, False, True, True]


def test_readers_without_a_bound_or_without_a_word_for_no_are_believed():
    echo = Echo("", FakeVocabulary().decode)
    assert doubt_of(MARKS, 0.0, echo) is None
    assert doubt_of({1: Mark(MarkKind.PAGE, 0)}, 0.5, echo) is None

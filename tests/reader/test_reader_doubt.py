"""An answer from a place that the reader itself finds unlikely becomes a denial, before any of its text is out."""

import math

import pytest

from reader_service.doubt import doubt_of
from reader_service.model import Drawn, Mark, MarkKind
from tests.reader.fake import FakeVocabulary, tokens_of

MARKS = FakeVocabulary.marks
(ABSENT,) = tokens_of("<absent>")


def taken(drawn: str, probability: float, least: float) -> list[int]:
    """What is taken when these tokens are drawn, each as likely."""
    doubt = doubt_of(MARKS, least)
    assert doubt
    return [doubt.lead(Drawn(token, math.log(probability))) for token in tokens_of(drawn)]


@pytest.mark.parametrize(
    ("drawn", "least", "said"),
    [
        pytest.param("<page1><row0>yes", 0.4, "<page1><row0><absent>es", id="less likely than the least"),
        pytest.param("<page1><row0>yes", 0.3, "<page1><row0>yes", id="likely enough"),
        pytest.param("<page1><row0>yes<page0><row1>no", 0.3, "<page1><row0>yes<page0><row1>no", id="a later place"),
        pytest.param("<absent>no", 0.99, "<absent>no", id="denied already"),
        pytest.param("yes", 0.99, "yes", id="no place at all"),
        pytest.param("<page1><end>", 0.99, "<page1><end>", id="nothing said"),
    ],
)
def test_only_text_behind_an_unlikely_place_becomes_a_denial(drawn, least, said):
    assert taken(drawn, 0.6, least) == tokens_of(said)


def test_it_decides_once_and_then_lets_steps_run_ahead():
    doubt = doubt_of(MARKS, 0.4)
    assert doubt
    decided = []
    for token in tokens_of("<page1><row0>ye"):
        doubt.lead(Drawn(token, -0.1))
        decided.append(doubt.decided)
    assert decided == [False, False, True, True]


def test_readers_without_a_bound_or_without_a_word_for_no_are_believed():
    assert doubt_of(MARKS, 0.0) is None
    assert doubt_of({1: Mark(MarkKind.PAGE, 0)}, 0.5) is None

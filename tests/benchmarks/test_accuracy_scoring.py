"""What counts as right, without services."""

import pytest

from benchmarks.accuracy.scoring import (
    Verdict,
    best_line,
    character_errors,
    f1,
    folded,
    judged,
    outline_hits,
    outline_of,
    overlaps,
    places,
    whole_lines,
)


@pytest.mark.parametrize(
    ("one", "other"),
    [("3500 ms", "3500ms"), ("２４Ｖ", "24v"), ("第 9 位。", "第9位"), ("E_GAIN", "e_gain;"), ("A\nB", "a b")],
)
def test_answers_that_differ_in_width_case_space_or_final_punctuation_are_equal(one, other):
    assert folded(one) == folded(other)


@pytest.mark.parametrize(("one", "other"), [("3.5 s", "35 s"), ("-4", "4"), ("1,200", "1200"), ("0x10", "0x1")])
def test_answers_that_differ_in_more_are_not(one, other):
    assert folded(one) != folded(other)


@pytest.mark.parametrize(
    ("text", "found", "accepted", "verdict"),
    [
        ("3.5 s", True, ("3500 ms", "3.5s"), Verdict.RIGHT),
        ("3600 ms", True, ("3500 ms",), Verdict.WRONG),
        ("it is 3500 ms", True, ("3500 ms",), Verdict.WRONG),
        ("3500 ms", False, ("3500 ms",), Verdict.ABSTAINED),
        ("not told", False, (), Verdict.RIGHT),
        ("3500 ms", True, (), Verdict.WRONG),
    ],
    ids=["accepted", "another", "more than the answer", "abstained", "absent, said so", "absent, answered"],
)
def test_the_verdict_tells_right_abstained_and_silently_wrong_apart(text, found, accepted, verdict):
    assert judged(text, found=found, accepted=accepted) is verdict


@pytest.mark.parametrize(
    ("truth", "read", "errors"),
    [("a b\nc", "abc", 0), ("额定电压", "额定电流", 1), ("abc", "", 3), ("abc", "abcabc", 3), ("", "x", 1)],
)
def test_character_errors_are_edits_without_white_space(truth, read, errors):
    assert character_errors(truth, read) == (errors, len("".join(truth.split())))


@pytest.mark.parametrize(
    ("read", "whole"),
    [
        ("if x:\n    return\n\n    return", 3),
        ("if x:  \n    return", 2),
        ("if x:\n  return\nreturn", 1),
        ("", 0),
    ],
)
def test_a_line_is_whole_with_its_indent_and_counts_as_often_as_it_was_read(read, whole):
    assert whole_lines("if x:\n    return\n    return\n", read) == (whole, 3)


def test_a_passage_is_found_across_the_white_space_of_the_text():
    text = "x 超时值为\n  3500 ms 。\n超时值为3500ms"
    assert [text[start:stop] for start, stop in places("超时值为 3500 ms", text)] == [
        "超时值为\n  3500 ms",
        "超时值为3500ms",
    ]
    assert places("4500 ms", text) == []
    assert places(" ", text) == []


@pytest.mark.parametrize(("span", "expected"), [((0, 5), False), ((4, 6), True), ((7, 8), True), ((10, 12), False)])
def test_spans_overlap_where_they_share_a_character(span, expected):
    assert overlaps(span, [(5, 10), (20, 20)]) is expected


def test_the_outline_of_a_summary_is_its_marked_lines():
    summary = "# 第一章 总则\n- a key sentence\n ## 1.1 Scope \n#hash\nplain # text\n####### seven"
    assert outline_of(summary) == [(1, "第一章 总则"), (2, "1.1 Scope")]


TRUTH = [(2, "A"), (3, "B"), (3, "B"), (2, "C")]


@pytest.mark.parametrize(
    ("said", "hits"),
    [
        (TRUTH, (4, 4)),
        ([(level - 1, title) for level, title in TRUTH], (4, 4)),
        ([(1, "a"), (1, "b"), (1, "c")], (3, 2)),
        ([(2, "B"), (2, "B"), (2, "B")], (2, 2)),
        ([(2, "other")], (0, 0)),
        ([], (0, 0)),
    ],
    ids=["all", "one level higher throughout", "levels lost", "said too often", "another", "nothing"],
)
def test_headings_agree_by_title_and_by_level_after_one_shift(said, hits):
    assert outline_hits(TRUTH, said) == hits


@pytest.mark.parametrize(
    ("hits", "wanted", "got", "score"), [(4, 4, 4, 1.0), (2, 4, 4, 0.5), (2, 2, 4, 2 / 3), (0, 4, 0, 0.0)]
)
def test_f1_is_the_harmonic_mean_of_precision_and_recall(hits, wanted, got, score):
    assert f1(hits, wanted, got) == pytest.approx(score)


@pytest.mark.parametrize(
    ("question", "line"),
    [
        ("What is the timeout of lease B?", "lease B: timeout 900 s"),
        ("租约乙的超时时间是多少？", "租约乙 超时时间 900 秒"),
        ("nothing in common", "short"),
    ],
)
def test_the_best_line_shares_the_rarest_words_with_the_question(question, line):
    lines = [
        "lease A: timeout 800 s",
        "lease B: timeout 900 s",
        "租约甲 超时时间 800 秒",
        "租约乙 超时时间 900 秒",
        "short",
    ]
    assert best_line(question, lines) == line


def test_without_lines_the_best_line_is_empty():
    assert best_line("what?", []) == ""

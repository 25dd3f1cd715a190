"""Where an answer stands is found by its words, and which lines must be read exactly by the question's."""

import pytest
from glyphstream.client import Options, Upload

from gateway.answers import Evidence, FinishReason, GroupAnswer, Memory, Question, Task, Timings, Usage
from gateway.documents import PageSize
from gateway.overlap import Asked, folded
from gateway.passages import lines_nearness, locate, nearness, on_page, sidecar, stands_on
from gateway.provenance import evidence_of

SPEC = """计量泵 QH-32 技术规格
一、参数
额定流量：32 L/h
额定电压：24 V
QH-64 | 64 L/h | 48 V
二、接口
接口超时：3500 ms，自请求帧最后一个字节发出时起算。
日志保留 24 天，签名 9f86d081884c7d65。
The request timeout is 2,500 ms. The retry limit is 5. Mara Lindqvist answers the phone.
"""


def place(answer: str, nth: int = 0) -> tuple[int, int]:
    at = -1
    for _ in range(nth + 1):
        at = SPEC.index(answer, at + 1)
    return at, at + len(answer)


def at(text: str, piece: str) -> Evidence:
    start = text.index(piece)
    return Evidence(0, start, start + len(piece))


def test_what_stands_amid_the_words_of_the_question_is_near():
    text = "Pump: flow 3 l/s\n" + "\n" * 200 + "Valve: flow 7 l/s\n" + "\n" * 200 + "The end"
    asked = Asked(folded(text), "What is the flow of the valve?")
    near = nearness(asked, [at(text, "3 l/s"), at(text, "7 l/s"), at(text, "end"), None])
    assert (near[1], near[2], near[3]) == (1.0, 0.0, 0.0)
    assert 0 < near[0] < 1


def test_every_line_is_as_near_as_what_stands_around_it():
    lines = ["Pump: flow 3 l/s", *[""] * 200, "Valve: flow 7 l/s", *[""] * 200, "The end"]
    text, starts = "\n".join(lines), [0]
    for line in lines[:-1]:
        starts.append(starts[-1] + len(line) + 1)
    pages = [
        PageSize(448, 224, starts[first], 0, tuple(start - starts[first] for start in starts[first:last]))
        for first, last in ((0, 150), (150, 300), (300, 403))
    ]
    asked = Asked(folded(text), "What is the flow of the valve?")
    near = lines_nearness(asked, pages)
    assert [len(page) for page in near] == [150, 150, 103]
    assert (max(near[1]), near[1].index(1.0)) == (1.0, 51)
    assert 0 < near[0][0] < 1
    assert near[2][-1] == 0.0
    every = nearness(asked, [Evidence(0, start, start) for start in starts])
    assert [value for page in near for value in page] == pytest.approx(every)


@pytest.mark.parametrize(
    ("question", "nearer", "other"),
    [
        pytest.param("How heavy is kiln B?", "Kiln B weighs 3 tonnes.", "Kiln A weighs 2 tonnes.", id="a letter"),
        pytest.param("How heavy is kiln A?", "Kiln A weighs 2 tonnes.", "A kiln weighs 3 tonnes.", id="no article"),
        pytest.param("Who keeps pump 7?", "Pump 7: Ines.", "Pump 17: Tobias, 7 years.", id="a number"),
        pytest.param("3号泵归谁管？", "3号泵归予安管。", "5号泵归砚秋管，3天一换。", id="Chinese"),
        pytest.param("临溪Ｒ号闸门多重？", "临溪R号闸门重 3 吨。", "临溪T号闸门重 R 吨。", id="full width"),
        pytest.param("When does it retire?", "Its retirement is in May.", "The tires go in June.", id="a stem"),
        pytest.param("Who carries the boxes?", "A box is carried by Ines.", "A car is boxy.", id="two stems"),
    ],
)
def test_marks_tell_things_of_one_name_apart_and_words_have_forms(question, nearer, other):
    text = f"{other}\n{'.' * 400}\n{nearer}\n"
    near = nearness(Asked(folded(text), question), [at(text, nearer), at(text, other)])
    assert near[0] > near[1]


@pytest.mark.parametrize(
    ("question", "answer", "span"),
    [
        pytest.param("额定流量是多少？", "32 L/h", place("32 L/h"), id="a value"),
        pytest.param("QH-64 的额定流量是多少？", "64L/h", place("64 L/h"), id="spaces do not count"),
        pytest.param("额定电压是多少？", "24", place("24", 0), id="the one of two that is asked for"),
        pytest.param("日志保留多久？", "24 天", place("24 天"), id="the other one"),
        pytest.param("接口超时值?", "３５００ ＭＳ。", place("3500 ms"), id="full-width letters"),
        pytest.param("How long is the timeout?", "2,500 MS", place("2,500 ms"), id="any case"),
        pytest.param("Who answers the phone?", "Mara Lindqvist", place("Mara Lindqvist"), id="a name"),
    ],
)
def test_an_answer_is_found_word_for_word(question, answer, span):
    found = locate(SPEC, question, answer)
    assert (found.start, found.end) == span
    assert 0.5 < found.score <= 1


def test_a_number_is_no_part_of_a_longer_one():
    assert locate("a 1500 b", "?", "500") is None
    assert locate("a 1,500 b 500", "?", "500").start == 10


@pytest.mark.parametrize(
    ("answer", "line"),
    [
        pytest.param("The limit of retries is 5 times", "The retry limit is 5.", id="in other words"),
        pytest.param("接口的超时时间是 3500 毫秒", "接口超时：3500 ms", id="Chinese in other words"),
    ],
)
def test_an_answer_in_other_words_stands_at_the_passage_most_like_it(answer, line):
    found = locate(SPEC, "retry limit 接口超时", answer)
    assert line in SPEC[found.start : found.end]
    assert 0 < found.score < 0.5


@pytest.mark.parametrize("answer", ["", "   ", "Completely unrelated statement"])
def test_what_stands_nowhere_is_not_found(answer):
    assert locate(SPEC, "额定流量是多少？", answer) is None


def test_folding_keeps_every_place():
    assert folded("ＡＢc İ　x") == "abc İ x".replace("İ", folded("İ"))
    assert len(folded("İ" * 9 + "ＡB")) == 11


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        pytest.param("QH-64 的电压?", "QH-64 | 64 L/h | 48 V", id="an identifier"),
        pytest.param("日志的签名是什么?", "日志保留 24 天，签名 9f86d081884c7d65。", id="a hash"),
    ],
)
def test_the_sidecar_holds_the_line_that_must_be_read_exactly(question, expected):
    lines = sidecar(SPEC, question, 60)
    assert expected in lines
    assert sum(map(len, lines)) <= 60
    assert list(lines) == sorted(lines, key=SPEC.index)


def test_a_line_without_anything_exact_does_not_ride_along():
    assert sidecar("The buyer pays.\nThe buyer pays 30 EUR.", "What does the buyer pay?", 100) == (
        "The buyer pays 30 EUR.",
    )


PAGES = tuple(PageSize(1, 1, start, min(start + 60, len(SPEC))) for start in range(0, len(SPEC), 60))
FLOW_AT, TIMEOUT_AT = SPEC.index("32 L/h"), SPEC.index("3500 ms")
ASKED = Question(Task.ASK, "额定流量是多少？")


def answered(*evidence: Evidence, found: bool = True) -> GroupAnswer:
    return GroupAnswer(FinishReason.STOP, Usage(), Timings(), Memory(), found, evidence)


def proven(answer: GroupAnswer, told: str = "32 L/h", question: Question = ASKED) -> list[tuple[int, int]]:
    return [(found.page, found.text_start) for found in evidence_of(answer, question, told, SPEC, PAGES)]


def test_a_reader_that_points_to_a_page_with_the_answer_is_believed():
    anchor = Evidence(FLOW_AT // 60, 7, 9)
    assert proven(answered(anchor)) == [(anchor.page, 7)]


def test_a_reader_that_points_elsewhere_is_put_behind_the_words():
    anchor = Evidence(TIMEOUT_AT // 60, TIMEOUT_AT, TIMEOUT_AT + 7)
    assert proven(answered(anchor)) == [(FLOW_AT // 60, FLOW_AT), (anchor.page, TIMEOUT_AT)]


def test_a_reader_that_points_beyond_the_last_page_is_not_believed():
    assert proven(answered(Evidence(99, 0, 1)))[0] == (FLOW_AT // 60, FLOW_AT)


def test_a_reader_that_points_nowhere_is_helped_out():
    assert proven(answered()) == [(FLOW_AT // 60, FLOW_AT)]


def test_an_answer_that_the_text_has_not_keeps_the_readers_word():
    anchor = Evidence(1, 61, 63)
    assert proven(answered(anchor), "blue and green") == [(1, 61)]


@pytest.mark.parametrize(
    ("answer", "question"),
    [
        pytest.param(answered(found=False), ASKED, id="not found"),
        pytest.param(answered(), Question(Task.SUMMARIZE), id="a summary"),
    ],
)
def test_what_is_no_answer_stands_nowhere(answer, question):
    assert proven(answer, question=question) == []


def test_an_answer_over_two_pages_stands_on_both():
    pages = (PageSize(1, 1, 0, 4), PageSize(1, 1, 4, 9), PageSize(1, 1, 9, 12))
    assert [stands_on("cdef", "abcdefghijkl", page) for page in pages] == [True, True, False]
    assert on_page(locate("abc def ghi", "", "def"), pages).page == 1


@pytest.mark.parametrize(
    ("most", "task", "sidecar"),
    [
        pytest.param(100, "ask", ["P-17: 42 L"], id="a reader that makes use of it"),
        pytest.param(5, "ask", [], id="no room for a line"),
        pytest.param(0, "ask", [], id="a reader that reads better without"),
        pytest.param(100, "summarize", [], id="no question"),
    ],
)
async def test_lines_ride_along_where_the_reader_makes_use_of_them(client, reader, most, task, sidecar):
    reader.sidecar_characters = most
    text = b"The pumps.\nP-17: 42 L\nP-18: 64 L"
    await client.answer(Upload(text), "How much does P-17 deliver?", Options(task=task))
    assert [line for line in reader.asked[0].sidecar if "P-17" in line] == sidecar

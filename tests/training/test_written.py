"""Documents written one by one: their notation, other figures, and what is asked of the parts that are shown."""

from random import Random

import pytest

from training.documents import dossier, joined, retold, shown
from training.documents.altered import altering
from training.documents.written import dossiers, files, read, unpacked

FILE = """=== zh contract | 星港冷链合同
--- 第一条 服务范围
甲方租用 2 号冷库与 5 号冷库，押金分别为 3,500 元和 1,200 元，30 日内付清。
---- 1.1 例外
节假日除外，每次顺延不超过 30 日，由方若琳在 2024-05-06 前确认。
>>>
? |30 日|， << 最多往后拖多久？ << 顺延的上限
? 方若琳 << 谁签字
" 节假日除外 << 请引用讲节假日的话
# << 哪一款讲例外
- << 冷库漏电谁赔
=== en log |
---
12:30:05 INFO relay-71 started, version 4.1.5
>>>
? 4.1.5 << which version of relay-71 was started
"""


def test_a_file_is_read_as_its_documents_sections_and_questions():
    contract, log = read(FILE)
    assert (contract.lang, contract.sort, contract.title) == ("zh", "contract", "星港冷链合同")
    assert [(one.heading, one.level) for one in contract.sections] == [("第一条 服务范围", 1), ("1.1 例外", 2)]
    section = contract.sections[1]
    assert [(asked.kind, section.text[asked.start : asked.end]) for asked in section.asked] == [
        ("fact", "30 日"),
        ("fact", "方若琳"),
        ("quote", "节假日除外"),
        ("heading", "1.1 例外"),
        ("absent", ""),
    ]
    assert section.asked[0].wordings == ("最多往后拖多久？", "顺延的上限")
    assert (log.title, log.sections[0].heading) == ("", "")


@pytest.mark.parametrize(
    "line",
    [
        pytest.param("? 35 日 << 多久", id="an answer that stands nowhere"),
        pytest.param("? 除 << 外", id="an answer that stands twice"),
        pytest.param("? 30 日", id="no wording"),
        pytest.param("! 30 日 << 多久", id="no such mark"),
        pytest.param("# << 哪一款", id="a heading where there is none"),
    ],
)
def test_what_is_not_in_the_notation_is_refused(line):
    with pytest.raises(ValueError, match=r"stands|expected|no answer"):
        read(f"=== zh x |\n---\n不超过 30 日，节日除外，除夕不除外。\n>>>\n{line}\n")


@pytest.mark.parametrize("seed", range(40))
def test_other_figures_take_the_same_room_and_are_the_same_wherever_they_stand(seed):
    alter = altering(Random(seed), ["3.12 会话"])
    text = "HYL-230W 的超时为 3500 ms（见 3.12），0x2F 与 -1305 于 2024-05-06 12:30 改为 99.9%，共 8 路，14 March 2026"
    other = alter(text)
    assert len(other) == len(text)
    assert other != text
    assert "3.12" in other
    assert "8 路" in other
    assert alter("3500 ms 与 HYL-230W") == f"{other[14:18]} ms 与 {other[:8]}"


def test_what_was_told_apart_stays_apart():
    alter = altering(Random(1), [])
    codes = [f"F{number}" for number in range(1, 7)]
    assert len({alter(code) for code in codes}) == len(codes)


@pytest.mark.parametrize("seed", range(60))
def test_every_answer_is_what_was_asked_for_whatever_is_shown(seed):
    document = retold(Random(seed), read(FILE)[0], 10 + 8 * seed)
    answers = {
        "最多往后拖多久": " 日",
        "顺延的上限": " 日",
        "谁签字": "方若琳",
        "讲节假日的话": "节假日除外",
        "讲例外": "1.1 例外",
    }
    for question in document.questions:
        (wanted,) = [answer for words, answer in answers.items() if words in question.text] or [None]
        said = [document.text[start:end] for start, end in question.spans]
        assert said in ([], [wanted]) or (wanted == " 日" and len(said[0]) == 4 and said[0].endswith(wanted))
        assert bool(said) == (question.kind != "absent")
        assert said or wanted is None or "1.1" not in document.text or "日" not in document.text
    for start, end, level in document.outline:
        assert (document.text[start:end], level) in [("第一条 服务范围", 1), ("1.1 例外", 2)]


def test_what_is_cut_off_is_asked_as_absent_and_never_what_is_shown():
    kinds = set()
    for seed in range(200):
        document = retold(Random(seed), read(FILE)[0], 20)
        kinds |= {
            (question.kind, "方若琳" in document.text) for question in document.questions if "谁签字" in question.text
        }
    assert kinds == {("fact", True), ("absent", False)}


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_denials_are_asked_for_in_proportion_to_what_a_document_answers(lang):
    counted = set()
    for seed, one in enumerate(dossiers(lang)[:60]):
        kinds = [question.kind for question in retold(Random(seed), one, 600).questions]
        absent = kinds.count("absent")
        assert absent <= 1 + 0.4 * (len(kinds) - absent)
        counted.add(absent)
    assert len(counted) > 3


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_documents_of_the_folder_are_varied_and_one_in_ten_is_held_out(lang):
    trained, held = dossiers(lang), dossiers(lang, held=True)
    assert len(held) >= 5
    assert len(trained) > 5 * len(held)
    assert not set(trained) & set(held)
    asked = [asked for one in trained for section in one.sections for asked in section.asked]
    wordings = [wording for one in asked for wording in one.wordings]
    assert len(set(wordings)) > 0.98 * len(wordings)
    assert {one.kind for one in asked} == {"fact", "quote", "heading", "absent"}


def test_a_written_document_survives_the_loss_of_its_marks():
    rng = Random(3)
    for _ in range(60):
        document = retold(rng, dossier(rng, "en", columns=False), 3000)
        lost = shown(rng, document)
        assert len(lost.questions) == len(document.questions)
        assert all(lost.text[start:end].strip() for q in lost.questions for start, end in q.spans)


def test_every_file_of_the_folder_is_in_the_notation():
    assert files()
    for path in files():
        assert read(unpacked(path)), path.name


def test_documents_set_one_behind_the_other_keep_their_answers_and_headings():
    parts = [retold(Random(seed), dossier(Random(seed), "zh", False), 800) for seed in (1, 2, 3)]
    whole = joined(parts)
    told = [part.text[slice(*q.spans[0])] for part in parts for q in part.questions if q.spans]
    assert [whole.text[slice(*q.spans[0])] for q in whole.questions if q.spans] == told
    headings = [(part.text[start:end], level) for part in parts for start, end, level in part.outline]
    assert [(whole.text[start:end], level) for start, end, level in whole.outline] == headings

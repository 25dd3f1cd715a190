"""Facts planted in real text: each question has its one answer, in whatever words it is put."""

import random

import pytest

from training.alphabet import KNOWN
from training.documents import amid, outline, synthesize
from training.documents.document import Document, Question
from training.documents.field import Field
from training.documents.planting import ask, plant, planted
from training.documents.stray import Words

LANGS = ("zh", "en")
PROSE = {
    "zh": "水泵在启动之前应当先打开出口阀门。\n\n每一名值班人员都要登记时间；交接以后不得再改。\n" * 8,
    "en": "The pump must be primed before it is started. Every operator signs the log book.\n\nNobody edits it later.\n"
    * 8,
}
ELSEWHERE = {
    "zh": "河道两岸的树木由林场统一养护，采伐需要另行申请许可证。",
    "en": "Trees along the river are looked after by the forest office and nobody may fell them without a permit.",
}


def field(lang: str, seed: int) -> Field:
    return Field(random.Random(seed), lang, PROSE[lang], ELSEWHERE[lang])


@pytest.mark.parametrize("lang", LANGS)
def test_every_value_is_new_and_stands_where_it_is_said_to(lang):
    for seed in range(60):
        text, told = plant(field(lang, seed), 12)
        assert len(told) >= 4
        assert len({fact.value for fact in told}) == len(told)
        for fact in told:
            assert text.startswith(fact.value, fact.start)
            assert fact.value not in PROSE[lang]
            assert fact.line[0] <= fact.start < fact.line[1]


@pytest.mark.parametrize("lang", LANGS)
def test_the_prose_is_all_there_and_in_order(lang):
    for seed in range(30):
        text, told = plant(field(lang, seed), 12)
        lines = sorted({fact.line for fact in told})
        for start, end in reversed(lines):
            text = text[:start] + text[end:]
        assert "".join(text.split()) == "".join(PROSE[lang].split())


@pytest.mark.parametrize("lang", LANGS)
def test_nothing_is_told_twice_and_no_name_is_part_of_another(lang):
    for seed in range(60):
        one = field(lang, seed)
        _, told = plant(one, 20)
        assert len({(fact.subject, fact.attribute.key) for fact in told}) == len(told)
        names = [*one.subjects, *(attribute.key for attribute in one.attributes)]
        assert not [(a, b) for a in names for b in names if a is not b and a in b]


@pytest.mark.parametrize("lang", LANGS)
def test_what_is_absent_is_not_told(lang, monkeypatch):
    asked: list[tuple[str, str]] = []
    monkeypatch.setattr(
        "training.documents.planting.asked", lambda _, subject, attribute: asked.append((subject, attribute.key)) or "?"
    )
    denied = 0
    for seed in range(120):
        one = field(lang, seed)
        text, told = plant(one, 12)
        asked.clear()
        for question in ask(one, text, told):
            if question.kind == "absent":
                denied += 1
                assert asked[-1] not in one.told
    assert denied > 40


@pytest.mark.parametrize("lang", LANGS)
def test_answers_are_whole_pieces_of_the_text(lang):
    kinds: set[str] = set()
    for seed in range(80):
        document = planted(random.Random(seed), lang, PROSE[lang], ELSEWHERE[lang])
        assert document == planted(random.Random(seed), lang, PROSE[lang], ELSEWHERE[lang])
        assert not set(document.text) - KNOWN - {"\n"}
        for question in document.questions:
            kinds.add(question.kind)
            answers = [document.text[slice(*span)] for span in question.spans]
            assert all(answer == answer.strip() and answer for answer in answers)
            assert question.kind != "fact" or not any(answer in question.text for answer in answers)
    assert kinds == {"fact", "quote", "absent"}


def test_a_phrase_is_words_in_a_row():
    words = Words(random.Random(1), "en", ELSEWHERE["en"])
    assert all(words.phrase(3) in ELSEWHERE["en"] for _ in range(50))
    assert Words(random.Random(1), "zh", "12 34").phrase(3) == ""


@pytest.mark.parametrize("lang", LANGS)
def test_real_text_between_paragraphs_moves_what_is_asked_for(lang):
    moved = 0
    for seed in range(40):
        rng = random.Random(seed)
        before = synthesize(rng, lang, 1200)
        after = amid(rng, before, PROSE[lang])
        moved += after.text != before.text
        for old, new in zip(before.questions, after.questions, strict=True):
            told = [before.text[slice(*span)] for span in old.spans]
            assert [after.text[slice(*span)] for span in new.spans] == told
        for old, new in zip(before.outline, after.outline, strict=True):
            assert (after.text[new[0] : new[1]], new[2]) == (before.text[old[0] : old[1]], old[2])
        assert (after.title is None) == (before.title is None)
    assert moved > 10


def test_headings_of_the_text_between_are_left_out():
    asked = (Question("谁？", ((0, 2),), "fact"),)
    document = Document("甲方到场。\n乙方没有到场。\n", asked, "zh", "cells")
    after = amid(random.Random(1), document, "# 总则\n这一段是别处来的。\n## 附则\n那一段也是。")
    assert outline(after.text) == ()
    assert "别处" in after.text
    assert after.text[slice(*after.questions[0].spans[0])] == "甲方"


def test_a_text_without_paragraphs_stays_as_it_is():
    document = Document("a = 1\nb = 2\n", (), "en", "columns")
    assert amid(random.Random(1), document, PROSE["en"]) is document

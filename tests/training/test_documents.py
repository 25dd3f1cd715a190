"""Generated documents: answers are exact pieces of the text, and each question has one answer."""

import random
import time
from collections import Counter
from pathlib import Path

import pytest

from training.documents import Document, from_text, outline, synthesize
from training.documents.ask import questions, under
from training.documents.clauses import manual
from training.documents.frames import HERE, frames, parsed
from training.documents.fronting import fronted
from training.documents.inquire import absent, value
from training.documents.kinds import Kinds
from training.documents.lexicons import lexicon
from training.documents.makers import EN, ZH
from training.documents.page import Heading, Page
from training.documents.synthesis import KINDS, MOST
from training.documents.telling import tell
from training.documents.values import numeral_zh

LANGS = ("zh", "en")

STATUTE = """# 河道管理办法

## 第一章 总则

第一条　为了加强河道管理，保障防洪安全，制定本办法。
第二条　采砂许可证的有效期为三年，期满前六十日内可以申请续期。

## 第二章 罚则

第三条　未经许可采砂的，处以二万元罚款。
第四条　当事人对处罚决定不服的，可以在十五日内申请复议。
"""
MANUAL = """# Pump manual

## 1.1 Start-up

The pump needs 40 seconds to reach full pressure. Open the outlet valve slowly before the motor is switched on.

- speed (integer): The number of turns per minute. Constraints: max=2900

## 1.2 Care

The default interval between two services is 6 months. Every filter must be replaced after 900 hours of work.
"""


def documents(lang: str, count: int = 60) -> list[Document]:
    rng = random.Random(7)
    return [synthesize(rng, lang, rng.choice((200, 500, 1500, 4000))) for _ in range(count)]


@pytest.mark.parametrize("lang", LANGS)
def test_answers_are_whole_pieces_of_the_text(lang: str) -> None:
    for document in documents(lang):
        for question in document.questions:
            answers = [document.text[start:end] for start, end in question.spans]
            assert all(0 < len(answer) <= 200 and answer == answer.strip() for answer in answers), question
            assert "\n" not in "".join(answers), question


@pytest.mark.parametrize("lang", LANGS)
def test_spans_of_one_question_hold_the_same_answer(lang: str) -> None:
    for document in documents(lang):
        for question in document.questions:
            assert len({document.text[start:end] for start, end in question.spans}) <= 1, question


@pytest.mark.parametrize("lang", LANGS)
def test_only_absent_questions_have_no_span(lang: str) -> None:
    for document in documents(lang):
        assert all((question.kind == "absent") == (not question.spans) for question in document.questions)


@pytest.mark.parametrize("lang", LANGS)
def test_the_same_seed_gives_the_same_document(lang: str) -> None:
    assert synthesize(random.Random(11), lang, 900) == synthesize(random.Random(11), lang, 900)
    assert synthesize(random.Random(11), lang, 900) != synthesize(random.Random(12), lang, 900)


@pytest.mark.parametrize("lang", LANGS)
@pytest.mark.parametrize("characters", [200, 1000, 12000])
def test_a_document_is_about_as_long_as_asked(lang: str, characters: int) -> None:
    lengths = [len(synthesize(random.Random(seed), lang, characters).text) for seed in range(8)]
    assert all(0.8 * characters <= length <= 1.25 * characters + 1300 for length in lengths), lengths


@pytest.mark.parametrize("lang", LANGS)
@pytest.mark.parametrize("kind", [kind for kind, _ in dict(KINDS).items()], ids=lambda kind: kind.__name__)
def test_facts_stand_where_the_page_says(lang: str, kind: object) -> None:
    page = Page(random.Random(5), lexicon(lang), 1500)
    kind(page)  # type: ignore[operator]
    text = page.text()
    assert len(text) == page.at
    assert page.facts or page.told or page.cells
    assert all(text.startswith(fact.value, fact.start) for fact in page.facts)
    for told in page.told:
        assert all(text.startswith(written, start) for _, start, written in told.places)
    assert all(text.startswith(placed.cell.value, placed.start) for placed in page.cells)
    assert all(text[start:end] == text[start:end].strip() for start, end in page.sentences)


def names_heading(question: str, heading: Heading) -> bool:
    return heading.label.lower() in question.lower() or heading.title in question


@pytest.mark.parametrize("lang", LANGS)
@pytest.mark.parametrize("seed", range(6))
def test_a_fact_question_never_has_a_rival_answer(lang: str, seed: int) -> None:
    """Unless the question names a chapter, its entity has that property with one value in the whole document."""
    page = Page(random.Random(seed), lexicon(lang), 3000)
    KINDS[0][0](page)
    facts = {fact.start: fact for fact in page.facts}
    framed = {start for told in page.told for _, start, _ in told.places}
    for question in questions(page, page.text(), 40):
        if question.kind != "fact" or question.spans[0][0] in framed:
            continue
        asked = facts.get(question.spans[0][0])
        if asked is None:  # asked for the entity that has a value: the value occurs once
            subject = page.text()[slice(*question.spans[0])]
            told = [
                fact.value
                for fact in page.facts
                if fact.subject == subject and fact.value.lower() in question.text.lower()
            ]
            assert any(page.text().count(value) == 1 for value in told), question
            continue
        key = (asked.subject, asked.attribute.key)
        rivals = [fact for fact in page.facts if (fact.subject, fact.attribute.key) == key]
        named = [index for index, heading in enumerate(page.headings) if names_heading(question.text, heading)]
        alone = len({fact.value for fact in rivals}) == 1
        assert alone or any(
            len({fact.value for fact in rivals if under(page, fact.heading, index)}) == 1 for index in named
        ), question


def cores_of(page: Page) -> set[str]:
    """Every bare question that the page does answer."""
    words = page.lexicon
    return {
        template.replace("{s}", fact.subject).replace("{a}", name)
        for fact in page.facts
        for template in (*fact.attribute.questions, *words.cores[""], *words.cores.get(fact.attribute.klass, ()))
        for name in fact.attribute.names
    }


@pytest.mark.parametrize("lang", LANGS)
def test_an_absent_question_is_none_that_the_page_answers(lang: str) -> None:
    words = lexicon(lang)
    for seed in range(8):
        page = Page(random.Random(seed), words, 900)
        KINDS[0][0](page)
        told = {core.lower() for core in cores_of(page)}
        for question in questions(page, page.text(), 40):
            if question.kind != "absent":
                continue
            text = question.text.lower()
            heads = [text.removeprefix(before) for before in words.before]
            bare = {head.removesuffix(after) for head in heads for after in words.after_wh}
            assert not bare & told, question


@pytest.mark.parametrize("lang", LANGS)
def test_kinds_of_questions_are_mixed_as_meant(lang: str) -> None:
    kinds = Counter(question.kind for document in documents(lang, 250) for question in document.questions)
    total = sum(kinds.values())
    assert 0.08 < kinds["absent"] / total < 0.2, kinds
    assert 0.4 < kinds["fact"] / total < 0.75, kinds
    assert kinds["quote"] / total > 0.08, kinds
    assert kinds["heading"] / total > 0.04, kinds


@pytest.mark.parametrize("lang", LANGS)
def test_wordings_are_many(lang: str) -> None:
    words = lexicon(lang)
    assert len({core for cores in words.cores.values() for core in cores}) >= 25
    assert len(set(words.quotes)) >= 10
    assert len(set(words.sections)) >= 8
    assert all(len(attribute.names) >= 2 for domain in words.domains for attribute in domain.attributes)


@pytest.mark.parametrize("lang", LANGS)
def test_statements_hold_the_value_and_questions_do_not(lang: str) -> None:
    words = lexicon(lang)
    statements = {statement for group in words.states.values() for statement in group}
    cores = {core for group in words.cores.values() for core in group}
    assert all("{v}" in statement for statement in statements)
    assert all("{v}" not in core and "{a}" in core for core in cores)
    assert not statements & cores


@pytest.mark.parametrize("lang", LANGS)
def test_both_flows_occur(lang: str) -> None:
    assert {document.flow for document in documents(lang)} == {"cells", "columns"}


def test_chinese_documents_stay_within_common_characters() -> None:
    text = "".join(document.text for document in documents("zh"))
    rare = [char for char in text if ord(char) > 126 and char not in "·—•¥" and not _in_gb2312(char)]
    assert len(rare) < 0.002 * len(text), Counter(rare).most_common(10)


def _in_gb2312(char: str) -> bool:
    try:
        char.encode("gb2312")
    except UnicodeEncodeError:
        return False
    return True


@pytest.mark.parametrize(
    ("value", "text"),
    [(3, "三"), (10, "十"), (15, "十五"), (40, "四十"), (98, "九十八"), (105, "一百零五"), (110, "一百一十")],
)
def test_chinese_numerals(value: int, text: str) -> None:
    assert numeral_zh(value) == text


@pytest.mark.parametrize("makers", [ZH, EN], ids=LANGS)
def test_values_have_no_blanks_around_them(makers: dict) -> None:  # type: ignore[type-arg]
    rng = random.Random(3)
    for kind, make in makers.items():
        made = [make(rng) for _ in range(200)]
        assert all(value and value == value.strip() and "\n" not in value for value in made), kind


@pytest.mark.parametrize(("lang", "text"), [("zh", STATUTE), ("en", MANUAL)], ids=LANGS)
def test_natural_text_is_asked_for_what_it_says(lang: str, text: str) -> None:
    kinds = Counter()
    for seed in range(40):
        for question in from_text(random.Random(seed), text, lang, 8):
            kinds[question.kind] += 1
            for start, end in question.spans:
                answer = text[start:end]
                assert answer == answer.strip() != ""
                assert "\n" not in answer
    assert {"fact", "quote", "heading", "absent"} <= set(kinds)


def test_natural_headings_are_answered_with_their_number_and_without_marks() -> None:
    answers = {
        MANUAL[slice(*question.spans[0])]
        for seed in range(60)
        for question in from_text(random.Random(seed), MANUAL, "en", 8)
        if question.kind == "heading"
    }
    assert answers == {"Pump manual", "1.1 Start-up", "1.2 Care"} or answers == {"1.1 Start-up", "1.2 Care"}


def test_natural_facts_keep_the_answer_out_of_the_question() -> None:
    for seed in range(40):
        for question in from_text(random.Random(seed), STATUTE, "zh", 8):
            if question.kind == "fact":
                assert STATUTE[slice(*question.spans[0])] not in question.text, question


@pytest.mark.parametrize("path", sorted(HERE.glob("*.frames")), ids=lambda path: path.stem)
def test_every_slot_of_a_frame_has_values(path: Path) -> None:
    lang = "zh" if path.stem.endswith("_zh") else "en"
    kinds = Kinds(random.Random(1), lang)
    for frame in frames(path.stem, lang):
        assert all(kinds.make(kind) or slot.startswith("self") for slot, kind in frame.kinds.items()), frame.key
        assert frame.texts or frame.columns


@pytest.mark.parametrize(
    ("block", "complaint"),
    [
        ("> {n}\nm: what is m", "m"),
        ("> {n}\nn: what is {n}", "n"),
        ("> {n}\n@ tag", "no blank line"),
        ("> {n}\nhow many", "how many"),
    ],
    ids=["unknown slot", "slot names itself", "merged blocks", "no colon"],
)
def test_a_faulty_frame_is_refused(block: str, complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        parsed("block", block, "en")


def test_a_unit_behind_a_slot_belongs_to_the_answer() -> None:
    page = Page(random.Random(1), lexicon("zh"), 100)
    told = tell(page, parsed("block", "> 质保 {n=3,5} 个月。\nn: 质保多久", "zh"))
    ((_, start, written),) = told.places
    assert written in ("3 个月", "5 个月")
    assert page.text()[start : start + len(written)] == written


def test_what_two_lines_tell_differently_is_not_asked() -> None:
    page = Page(random.Random(1), lexicon("en"), 100)
    frame = parsed("block", "> {who=ann,bob} took {n} items.\nn: how many items did {who} take", "en")
    for who, n in (("ann", "3"), ("ann", "4"), ("bob", "5"), ("bob", "5")):
        tell(page, frame, given={"who": who, "n": n})
    asked = [question for _ in range(60) if (question := value(page, page.text()))]
    assert {page.text()[slice(*question.spans[0])] for question in asked} == {"5"}
    assert all("bob" in question.text and len(question.spans) == 2 for question in asked)


@pytest.mark.parametrize("lang", LANGS)
def test_what_is_absent_is_never_told(lang: str) -> None:
    for seed in range(30):
        page = Page(random.Random(seed), lexicon(lang), 1500)
        manual(page)
        answered = {q.text for _ in range(200) if (q := value(page, page.text()))}
        unanswered = {q.text for _ in range(60) if (q := absent(page, page.text()))}
        assert not answered & unanswered


@pytest.mark.parametrize("lang", LANGS)
def test_the_outline_of_a_document_is_its_headings(lang: str) -> None:
    levels = set()
    for document in documents(lang, 120):
        starts = [start for start, _, _ in document.outline]
        assert starts == sorted(starts)
        for start, end, level in document.outline:
            assert document.text[start:end] == document.text[start:end].strip() != ""
            levels.add(level)
        if document.title:
            assert document.text.startswith(document.text[slice(*document.title)])
    assert levels == {1, 2, 3}


def test_the_outline_of_a_natural_text_is_numbered_by_depth() -> None:
    assert [(MANUAL[start:end], level) for start, end, level in outline(MANUAL)] == [
        ("Pump manual", 1),
        ("1.1 Start-up", 2),
        ("1.2 Care", 2),
    ]
    numbered = "1.2 Aim\nText.\n1.2.1 Scope\nText.\n1.2.1.4 Deep\nText.\n1.3 End\n"
    assert [level for _, _, level in outline(numbered)] == [1, 2, 3, 1]


@pytest.mark.parametrize("lang", LANGS)
def test_long_documents_have_many_questions(lang: str) -> None:
    counts = [len(synthesize(random.Random(seed), lang, 4000).questions) for seed in range(20)]
    assert sum(counts) > 20 * 32
    assert max(counts) <= MOST


@pytest.mark.parametrize(
    ("left", "kind", "value", "right", "question"),
    [
        (
            "The log must be rotated after",
            "amount",
            "30 days",
            "by the job",
            "after how many days must the log be rotated",
        ),
        ("Scripts must pass the", "quoted", "--keep", 'flag to "tool"', 'flag must scripts pass to "tool"'),
        ("The", "quoted", "Format", "header must be present", "header must be present"),
        ("Older hosts can be reached on port", "number", "84", "only", "on which port can Older hosts be reached only"),
        ("There is no reason to upgrade from", "version", "3.0.7", "", ""),
    ],
    ids=["preposition", "noun behind", "subject", "noun before", "no statement"],
)
def test_a_natural_question_begins_with_its_question_word(
    left: str, kind: str, value: str, right: str, question: str
) -> None:
    asked = {
        fronted(random.Random(seed), kind, left, value, right).replace("what port", "which port") for seed in range(9)
    }
    assert all(question in core for core in asked)
    assert question or asked == {""}


def test_an_empty_text_has_no_questions() -> None:
    assert from_text(random.Random(1), "", "zh", 5) == ()


@pytest.mark.parametrize("lang", LANGS)
def test_speed_is_printed(lang: str, capsys: pytest.CaptureFixture[str]) -> None:
    rng, begun = random.Random(1), time.process_time()
    characters = sum(len(synthesize(rng, lang, 2000).text) for _ in range(20))
    with capsys.disabled():
        print(f"\n{lang}: {(time.process_time() - begun) * 1000 * 400 / characters:.3f} ms per 400 characters")
    assert characters > 0

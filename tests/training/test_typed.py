"""Lines of several typed values: each question picks one of them, and no rival can be meant."""

import random
import re
from collections import Counter

import pytest

from training.alphabet import KNOWN
from training.documents import selection
from training.documents.ask import questions
from training.documents.cells import Cell, Index, index, worded, write
from training.documents.document import Question
from training.documents.lexicons import lexicon
from training.documents.page import Page
from training.documents.roles import Role, roles, roles_of, syntax, types, value
from training.documents.sayings import alike
from training.documents.scales import scaled
from training.documents.selecting import absent, role_core
from training.documents.selecting import value as asked
from training.documents.verbs import participle, past, third

LANGS = ("zh", "en")
GENRES = (selection.told_typed, selection.listed_typed, selection.tabled_typed)


def drawn(lang: str, genre: object, seed: int, characters: int = 1200) -> tuple[Page, str, tuple[Question, ...]]:
    page = Page(random.Random(seed), lexicon(lang), characters)
    genre(page)  # type: ignore[operator]
    return page, page.text(), questions(page, page.text(), 20)


@pytest.mark.parametrize("lang", LANGS)
@pytest.mark.parametrize("genre", GENRES, ids=lambda genre: genre.__name__)
def test_answers_are_the_values_as_they_stand(lang: str, genre: object) -> None:
    for seed in range(100):
        page, text, asked_for = drawn(lang, genre, seed, 700)
        assert all(text.startswith(placed.cell.value, placed.start) for placed in page.cells)
        values = {placed.cell.value for placed in page.cells}
        for question in asked_for:
            answers = {text[start:end] for start, end in question.spans}
            assert len(answers) == (question.kind != "absent"), question
            assert question.kind != "fact" or answers <= values, question
            assert all(answer == answer.strip() and "\n" not in answer and len(answer) <= 200 for answer in answers)
        assert not set(text) - KNOWN - {"\n", "\t"}
        assert not set("".join(question.text for question in asked_for)) - KNOWN


def names(name: str, question: str) -> bool:
    return bool(re.search(rf"(?<![a-z]){re.escape(name)}(?![a-z])", question))


@pytest.mark.parametrize("lang", LANGS)
@pytest.mark.parametrize("genre", GENRES, ids=lambda genre: genre.__name__)
def test_a_question_by_subject_and_role_has_no_rival(lang: str, genre: object) -> None:
    """No other value of a subject that the question names has a role that it names, unless the answer's is longer."""
    for seed in range(40):
        page, text, asked_for = drawn(lang, genre, seed)
        for question in asked_for:
            if question.kind != "fact":
                continue
            answer = text[slice(*question.spans[0])]
            for subject in (name for name in index(page).subjects if name in question.text):
                rest = question.text.replace(subject, "")
                named = [
                    (max((len(name) for name in placed.cell.names if names(name, rest)), default=0), placed.cell.value)
                    for placed in index(page).subjects[subject]
                ]
                longest = max(length for length, _ in named)
                rivals = {value for length, value in named if length == longest > 0}
                assert answer in rivals or not rivals or answer not in dict.fromkeys(v for _, v in named), question


@pytest.mark.parametrize("lang", LANGS)
def test_the_same_words_are_never_asked_with_two_answers_or_none(lang: str) -> None:
    for seed in range(60):
        page, text, _ = drawn(lang, GENRES[seed % 3], seed)
        answers: dict[str, set[str]] = {}
        for _ in range(200):
            if question := asked(page, text):
                answers.setdefault(question.text, set()).add(text[slice(*question.spans[0])])
        assert all(len(found) == 1 for found in answers.values())
        unanswered = {question.text for _ in range(80) if (question := absent(page, text))}
        assert not answers.keys() & unanswered


def page_with(lang: str, *cells: Cell) -> Page:
    page = Page(random.Random(3), lexicon(lang), 100)
    for cell in cells:
        write(page, cell)
        page.put("\n")
    return page


def test_a_type_that_two_values_have_is_not_asked_for() -> None:
    port = roles_of("en", "port")[0].type
    page = page_with("en", Cell("81", port, "the hub"), Cell("82", port, "the hub"), Cell("83", port, "the fan"))
    found = {page.text()[slice(*question.spans[0])] for _ in range(60) if (question := asked(page, page.text()))}
    assert found == {"83"}


def test_a_role_within_another_is_not_asked_for() -> None:
    count = roles_of("en", "count")[0].type
    cells = (Cell("7", count, "the hub", ("limit",)), Cell("9", count, "the hub", ("upper limit",)))
    page = page_with("en", *cells)
    assert not any(asked(page, page.text()) for _ in range(60))


def test_what_is_told_without_a_role_is_not_absent_under_one() -> None:
    kind = roles_of("en", "ip")[0].type
    page = page_with("en", Cell("10.1.2.3", kind, "the hub"))
    found = [question.text for _ in range(200) if (question := absent(page, page.text()))]
    assert found
    names = {name for role in roles("en") if role.type.family == "where" for name in role.names}
    assert not any(f" {name}" in question for question in found for name in names)


def test_another_value_in_a_question_must_occur_once() -> None:
    page = page_with("en", Cell("the hub", None, cores=("whose port is 81",), once="81"), Cell("81", None))
    assert any(asked(page, page.text()) for _ in range(20))
    page.put("810")
    assert not any(asked(page, page.text()) for _ in range(20))


@pytest.mark.parametrize("lang", LANGS)
def test_near_misses_name_a_subject_of_the_page(lang: str) -> None:
    near = total = 0
    for seed in range(40):
        page, _, asked_for = drawn(lang, GENRES[seed % 3], seed)
        for question in asked_for:
            if question.kind == "absent":
                total += 1
                names = (*index(page).subjects, *page.played, *page.objects, *page.rows)
                near += any(name in question.text for name in names)
    assert near > 0.9 * total > 30


@pytest.mark.parametrize("lang", LANGS)
def test_roles_are_many_and_have_values(lang: str) -> None:
    page = Page(random.Random(1), lexicon(lang), 100)
    assert len(roles(lang)) >= 150
    for kind in types(lang):
        made = {value(page, kind, form) for form in kind.kinds for _ in range(30)}
        assert all(text == text.strip() != "" for text in made), kind.key
        assert len(made) > 2, kind.key
    assert all(adjunct.text.count("{v}") == 1 and adjunct.asks for kind in types(lang) for adjunct in kind.adjuncts)


@pytest.mark.parametrize("lang", LANGS)
def test_questions_keep_the_kinds_apart(lang: str) -> None:
    kinds = Counter(q.kind for seed in range(60) for q in drawn(lang, GENRES[seed % 3], seed)[2])
    assert kinds["fact"] > 0.5 * kinds.total()
    assert 0.05 < kinds["absent"] / kinds.total() < 0.2
    assert kinds["quote"] > 0.1 * kinds.total()
    assert kinds["heading"] > 0


@pytest.mark.parametrize("lang", LANGS)
def test_runs_of_items_have_five_parts(lang: str) -> None:
    table = syntax(lang)
    runs = [run for key in ("properties", "typed", "predicates", "parallel", "sequences") for run in table[key]]
    assert len(runs) > 35
    assert all(run.count("|") == 4 for run in runs)


@pytest.mark.parametrize(
    ("verb", "forms"),
    [
        ("listen on", ("listens on", "listened on", "listened on")),
        ("copy rows into", ("copies rows into", "copied rows into", "copied rows into")),
        ("drop", ("drops", "dropped", "dropped")),
        ("draw", ("draws", "drew", "drawn")),
        ("watch", ("watches", "watched", "watched")),
        ("监听", ("监听", "监听", "监听")),
    ],
)
def test_verbs_are_inflected(verb: str, forms: tuple[str, str, str]) -> None:
    assert (third(verb), past(verb), participle(verb)) == forms


@pytest.mark.parametrize(
    ("written", "factor", "made"),
    [
        ("1,500 km", 0.5, "750 km"),
        ("EUR 12,000", 0.5, "EUR 6,000"),
        ("3.60 V", 0.5, "1.80 V"),
        ("二十元", 0.5, "二十元"),
        ("1 V", 0.1, "1 V"),
    ],
)
def test_amounts_are_scaled_as_they_are_written(written: str, factor: float, made: str) -> None:
    assert scaled(written, factor) == made


def test_articles_fit_what_follows() -> None:
    assert worded("A {a} of {s}", {"a": "alarm code", "s": "the hub"}) == "An alarm code of the hub"
    assert worded("with a {a}", {"a": "port"}) == "with a port"


def test_an_index_is_made_once() -> None:
    page = page_with("en", Cell("81", None, "the hub", ("port",), ("which port",)))
    assert isinstance(index(page), Index)
    assert index(page) is index(page)
    assert role_core(page, "the hub", "port", "what").count("port") >= 1
    assert alike("the hub", "hub")
    assert isinstance(roles("en")[0], Role)

"""The unseen texts: equal seeds give equal samples, and what is planted stands where it is said to stand."""

import json
import lzma
import re
from pathlib import Path

import pytest

from benchmarks.accuracy import samples, wordings
from benchmarks.accuracy.planting import VALUES, page_count, planted
from benchmarks.accuracy.samples import Held, drawn

TRAINED_ON = Path(__file__).resolve().parents[2] / "training"
LONGEST_SHARED = {"zh": 6, "en": 22}
FILLER = "\n".join(f"line {number} of the filler" for number in range(50))
MARKDOWN = (
    "# Guide\n\n## 1. Start\ntext\n## 2. Go on\ntext\n## 3. End\n### 3.1 Last\n### 3.2 Very last\n" + "x\n" * 1000
)
BARE = "# Guide\n## Start\n## Go on\n## End\n" + "x\n" * 1000
CODE = "# Guide\n## Start\n## Go on\n## End\n```\n# a comment\n```\n" + "x\n" * 1000


@pytest.fixture
def held(tmp_path) -> Held:
    documents = [
        {"source": source, "text": f"{source} {number}\n" + "words of it\n" * 60}
        for source in "ab"
        for number in range(9)
    ]
    documents += [{"source": "c", "text": text} for text in (MARKDOWN, BARE, CODE)]
    with lzma.open(tmp_path / "held_en.jsonl.xz", "wt", encoding="utf-8") as file:
        file.writelines(json.dumps(document) + "\n" for document in documents)
    return Held(tmp_path, "en")


def test_passages_are_the_same_for_the_same_seed_and_others_for_another(held):
    assert held.passage(drawn(1, "x"), 200) == held.passage(drawn(1, "x"), 200)
    assert len({held.document(drawn(seed), 500) for seed in range(5)}) > 1


def test_a_document_has_exactly_the_characters_that_were_asked_for(held):
    assert len(held.document(drawn(1), 8423)) == 8423
    dense = held.document(drawn(1), 8423, dense=True)
    assert len(dense) == 8423
    assert "\n\n" not in dense


def test_headings_are_those_that_markdown_marks_and_never_comments_of_code(held):
    found = held.outlined(drawn(1), 9, numbered=False)
    assert sorted(len(one.headings) for one in found) == [4, 6]
    assert all(one.text in (MARKDOWN, BARE) for one in found)


def test_numbered_headings_lose_their_marks_and_the_title_that_has_no_number_counts_for_nothing(held):
    (found,) = held.outlined(drawn(1), 9, numbered=True)
    assert found.headings == ((2, "1. Start"), (2, "2. Go on"), (2, "3. End"), (3, "3.1 Last"), (3, "3.2 Very last"))
    assert found.text.startswith("Guide\n\n1. Start\n")
    assert "#" not in found.text
    said = [(1, "Guide"), (2, "1. Start"), (2, "Begin")]
    assert found.counted(said) == said[1:]


def test_random_characters_are_all_of_gb_2312():
    text = samples.random_hanzi(drawn(1), 20_000).replace("\n", "")
    assert len(text) == 20_000
    assert 6_000 < len(set(text)) <= 6_763


@pytest.mark.parametrize("make", [samples.code, samples.log])
def test_code_and_logs_fit_the_columns_of_a_page(make):
    for seed in range(20):
        lines = make(drawn(seed), 12).split("\n")
        assert 6 < len(lines) <= 12
        assert max(map(len, lines)) < samples.MOST_COLUMNS


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize("seed", range(8))
def test_a_planted_fact_is_in_the_document_once_and_an_absent_one_is_not(lang, seed):
    document = planted(drawn(seed), lang, FILLER, 4, 3)
    facts = [asked for asked in document.asked if asked.kind == "fact"]
    assert [len(facts), len(document.asked)] == [4, 7]
    for asked in facts:
        (value,) = asked.accepted
        assert document.text.split("\n").count(asked.evidence) == 1
        assert value in asked.evidence
        assert value not in asked.question
    assert all(asked.accepted == () for asked in document.asked if asked.kind == "absent")
    assert [line for line in document.text.split("\n") if line in FILLER] == FILLER.split("\n")
    assert len(document.text.split("\n")) == 50 + 3 * 4


@pytest.mark.parametrize("documents", [8, 50, 333])
def test_page_counts_spread_evenly_over_their_logarithm_wherever_the_series_ends(documents):
    counts = [page_count(number) for number in range(documents)]
    assert 1 <= min(counts) < 3
    assert 50 < max(counts) <= 80
    assert sum(count < 9 for count in counts) / documents == pytest.approx(0.5, abs=0.13)


def test_every_key_has_a_maker_of_values():
    assert {kind for keys in wordings.KEYS.values() for _, kind, _ in keys} <= VALUES.keys()


def frames(lang: str) -> list[str]:
    own = [question for _, _, question in wordings.KEYS[lang] if question]
    return [*wordings.STATEMENTS[lang], *wordings.QUESTIONS[lang], *own]


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_no_wording_is_one_that_the_reader_is_trained_on(lang):
    trained = "\n".join(path.read_text("utf-8") for path in TRAINED_ON.rglob("*.*") if path.suffix in {".py", ".toml"})
    trained = trained.replace("{s}", "{e}").replace("{a}", "{k}").casefold()
    assert "{e}" in trained
    shared = [
        piece
        for frame in frames(lang)
        for piece in [frame, *re.split(r"\{\w\}", frame)]
        if len(piece) >= LONGEST_SHARED[lang] and piece.strip("？?。.").casefold() in trained
    ]
    assert shared == []

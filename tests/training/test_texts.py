"""Windows of the corpus begin where its documents or their lines do."""

import json
import lzma
import random

import pytest

from training.texts import OPENINGS, Corpus

BODY = "\n".join(f"Line {number} of the text is here." for number in range(200))
OTHER = "\n".join(f"第 {number} 行在这里，写着一些字。" for number in range(200))


@pytest.fixture(scope="module")
def corpus(tmp_path_factory) -> Corpus:
    folder = tmp_path_factory.mktemp("corpus")
    for lang, body in (("en", BODY), ("zh", OTHER)):
        with lzma.open(folder / f"train_{lang}.jsonl.xz", "wt", encoding="utf-8") as file:
            file.writelines(json.dumps({"text": f"# Title {number}\n{body}"}) + "\n" for number in range(3))
    return Corpus(folder)


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_titles_are_seen_where_they_stand(corpus, lang):
    rng = random.Random(1)
    drawn = [corpus.window(rng, lang, 300) for _ in range(500)]
    openings = [text for text in drawn if text.startswith("# Title")]
    assert len(openings) > 0.8 * OPENINGS * len(drawn)
    assert {text[:9] for text in openings} == {"# Title 0", "# Title 1", "# Title 2"}
    assert all(text.count("# Title") <= 1 and len(text) <= 300 for text in drawn)


def test_most_others_begin_with_a_line(corpus):
    rng = random.Random(1)
    drawn = [text for _ in range(500) if not (text := corpus.window(rng, "en", 300)).startswith("# Title")]
    assert sum(text.startswith("Line") for text in drawn) > 0.7 * len(drawn)

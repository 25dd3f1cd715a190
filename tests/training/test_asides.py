"""Lines that only look like headings are put among real lines, which stay as they are."""

import random

import pytest

from training.documents.asides import with_asides
from training.documents.reading import titles

LINES = {
    "zh": [
        "系统启动后自动加载配置文件，失败时写日志。",
        "接口返回的字段按字典序排列。",
        "超时按每次请求计算。",
        "（）",
    ],
    "en": ["The server loads its settings.", "Every field is sorted by name.", "Time out is per request.", "- "],
}


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_every_line_stays_below_what_is_put_above_it(lang):
    lines, above = LINES[lang], set()
    for seed in range(200):
        told = with_asides(random.Random(seed), lang, list(lines))
        pairs = [one.rsplit("\n", 1) if one not in lines else [one] for one in told]
        assert [pair[-1] for pair in pairs] == lines
        assert not titles("\n".join(told))
        count = sum(len(pair) == 2 for pair in pairs)
        assert all(0 < len(pair[0].strip()) < 40 and "\n" not in pair[0] for pair in pairs if len(pair) == 2)
        above.add(count)
    assert above == {0, 1, 2, 3, 4}  # nothing, labels above up to three, terms above all


def test_the_terms_of_one_list_are_of_one_sort():
    lists = [with_asides(random.Random(seed), "en", LINES["en"][:3]) for seed in range(400)]
    terms = [[line.split("\n")[0] for line in one] for one in lists if all("\n" in line for line in one)]
    options = [sum(term.startswith("--") for term in one) for one in terms]
    assert set(options) == {0, 3}

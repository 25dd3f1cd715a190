"""Text to read that nobody can guess."""

import random
import re

import pytest

from training.alphabet import KNOWN
from training.noise import code, noise, table


@pytest.mark.parametrize("make", [noise, table, code])
def test_noise_is_as_long_as_asked_and_has_known_characters_only(make):
    for seed in range(60):
        text = make(random.Random(seed), 700)
        assert 500 < len(text) <= 700
        assert not set(text) - KNOWN - {"\n", "\t"}
        assert text == make(random.Random(seed), 700)


def test_lines_of_a_table_are_alike_but_not_the_same():
    for seed in range(30):
        lines = table(random.Random(seed), 3000).split("\n")[:-1]
        assert len(lines) > 4
        assert len(set(lines)) > 1
        first, second = lines[0].split(), lines[1].split()
        assert len(first) == len(second)


def test_some_tables_begin_every_line_with_the_same_key_and_a_later_time():
    begun = [re.findall(r'^\{"(\w+)": "(\d\d:\d\d:\d\d)"', table(random.Random(seed), 700), re.M) for seed in range(60)]
    timed = [lines for lines in begun if len(lines) > 2]
    assert len(timed) > 10
    assert all(len({key for key, _ in lines}) == 1 for lines in timed)
    assert all([time for _, time in lines] == sorted(time for _, time in lines) for lines in timed)
    assert any(len({time for _, time in lines}) > 2 for lines in timed)


def test_code_is_indented_and_comes_back_to_the_margin():
    lines = code(random.Random(3), 3000).split("\n")
    indents = {len(line) - len(line.lstrip()) for line in lines if line}
    assert 0 in indents
    assert len(indents) > 3

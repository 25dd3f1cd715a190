"""Lines break where readers of either script expect."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from render_service.linebreak import break_opportunities


def pieces(text: str) -> list[str]:
    stops = break_opportunities(text).tolist()
    return [text[start:stop] for start, stop in zip([0, *stops], stops, strict=False)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("one two", ["one ", "two"], id="after spaces"),
        pytest.param("你好，世界。", ["你", "好，", "世", "界。"], id="never before closing punctuation"),
        pytest.param("见（附件）", ["见", "（附", "件）"], id="never after an opening bracket"),
        pytest.param("《合同》", ["《合", "同》"], id="book title marks"),
        pytest.param("共 3.5%", ["共 ", "3.5%"], id="never inside a number"),
        pytest.param("😀😀b 中", ["😀", "😀", "b ", "中"], id="counted in characters, not in UTF-16 units"),
        pytest.param("a\ud800 b", ["a\ud800 ", "b"], id="a lone surrogate is no obstacle"),
        pytest.param("", [], id="nothing"),
    ],
)
def test_a_line_may_break(text, expected):
    assert pieces(text) == expected


@given(st.text(st.characters()))
def test_opportunities_ascend_and_end_with_the_text(text):
    stops = break_opportunities(text).tolist()
    assert stops == sorted(set(stops))
    assert "".join(pieces(text)) == text

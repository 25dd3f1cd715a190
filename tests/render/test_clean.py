"""Cleaning takes what is no text, counts it, and remembers where the rest stood."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from render_service.clean import LINE_ENDS, SPACES, clean

DIRTY = st.text(
    st.sampled_from("ab 中\t\n\r\u3000\u200b\u00ad\x1b[0m]\x07\x08\x00\u0301e\u1100\u1161\u2028\xa0Å가\ufe0f\ud800")
    | st.sampled_from(
        "\u200d\u200c\ufe0f\u200d\u200c\ufe0f1\u20e3क\u094dرب\u0323\u0951👩🏽👧🏴\U000e0067\U000e007f\u2126❤"
    )
    | st.characters(),
    max_size=60,
)


@pytest.mark.parametrize(
    ("source", "text", "removed"),
    [
        pytest.param("a\x1b[1;31mb\x1b[0m", "ab", {"ansi": 11}, id="terminal colours"),
        pytest.param("\x1b]0;title\x07x", "x", {"ansi": 10}, id="terminal title"),
        pytest.param("N\bNA\bA", "NA", {"overstrike": 4}, id="bold manual page"),
        pytest.param("a\r\nb\rc", "a\nb\nc", {"carriage_return": 1, "line_end": 1}, id="line ends of three systems"),
        pytest.param("a\x0cb\u2028c", "a\nb\nc", {"line_end": 2}, id="form feed and line separator"),
        pytest.param("a\x00b\x7f", "ab", {"control": 2}, id="controls"),
        pytest.param("\ufeffa\u200bb\u200d", "ab", {"zero_width": 3}, id="zero width"),
        pytest.param("hy\u00adphen", "hyphen", {"soft_hyphen": 1}, id="soft hyphen"),
        pytest.param("a\u202eb\u200f", "ab", {"bidi": 2}, id="direction marks"),
        pytest.param("a\xa0b", "a b", {"space": 1}, id="no-break space"),
        pytest.param("a  \t\nb\u3000", "a\nb", {"trailing_space": 4}, id="trailing spaces"),
        pytest.param("\n\na\n\n\n\nb\n\n", "a\n\nb\n", {"blank_lines": 5}, id="one blank line is kept"),
        pytest.param("a\n  \n \n\nb", "a\n\nb", {"trailing_space": 3, "blank_lines": 2}, id="blank lines of spaces"),
        pytest.param("cafe\u0301", "café", {"nfc": 2}, id="composed"),
        pytest.param("e\u200b\u0301", "é", {"zero_width": 1, "nfc": 2}, id="composed across an invisible one"),
        pytest.param("\ud800a\ufffe", "a", {"control": 2}, id="what is no character"),
        pytest.param("a" + "\u0334" * 40, "a" + "\u0334" * 30, {"marks": 10}, id="piled marks"),
        pytest.param("  indent\n\tkept，（）“”…", "  indent\n\tkept，（）“”…", {}, id="indents and Chinese marks stay"),
        pytest.param("👨\u200d👩\u200d👧🏳\ufe0f\u200d🌈👩🏽\u200d🚀", None, {}, id="joined emoji stay"),
        pytest.param("❤\ufe0f1\ufe0f\u20e3🏴\U000e0067\U000e0062\U000e007f", None, {}, id="emoji style and tags stay"),
        pytest.param("می\u200cخواهم ه\u200d", None, {}, id="Persian joiners stay"),
        pytest.param("क्\u200dष क्\u200cष র\u200d্য", None, {}, id="Indic joiners stay"),
        pytest.param("a\u200cb\u200d👩\u200d中\u200d👩", "ab👩中👩", {"zero_width": 4}, id="joiners of nothing"),
        pytest.param("a\ufe0f1\ufe0f中\ufe0f", "a1中", {"zero_width": 3}, id="selectors of nothing"),
        pytest.param("می\u200c خ", "می خ", {"zero_width": 1}, id="a non-joiner at the end of a word"),
        pytest.param("🏴\U000e0067b\U000e007f", "🏴b", {"zero_width": 2}, id="tags without an end"),
        pytest.param("👩\u200b\u200d\u200b👧", "👩\u200d👧", {"zero_width": 2}, id="a joiner among invisible ones"),
        pytest.param(" \n\t\n", "", {"trailing_space": 2, "blank_lines": 2}, id="nothing but room"),
        pytest.param("", "", {}, id="nothing"),
    ],
)
def test_cleaning_removes_and_counts(source, text, removed):
    cleaned = clean(source)
    assert (cleaned.text, cleaned.removed) == (source if text is None else text, removed)


@given(DIRTY)
def test_clean_text_is_clean_and_cleaning_it_again_changes_nothing(source):
    text = clean(source).text
    assert unicodedata.is_normalized("NFC", text)
    assert not any(unicodedata.category(char) in ("Cc", "Cs") for char in text if char not in "\n\t")
    assert not any(line != line.rstrip(" \t\u3000") for line in text.split("\n"))
    assert "\n\n\n" not in text
    assert not text.startswith("\n")
    again = clean(text)
    assert (again.text, again.removed) == (text, {})


@pytest.mark.parametrize(
    ("source", "text", "sources"),
    [
        pytest.param("xe\u0301y", "xéy", [0, 1, 3], id="two become one"),
        pytest.param("x\u0958y", "x\u0915\u093cy", [0, 1, 1, 2], id="one becomes two"),
        pytest.param("q\u0307\u0323y", "q\u0323\u0307y", [0, 1, 2, 3], id="marks change places"),
        pytest.param("e\u200b\u0301y", "éy", [0, 3], id="composed across an invisible one"),
        pytest.param("a\u200d👩\u200d👧y", "a👩\u200d👧y", [0, 2, 3, 4, 5], id="after a joiner of nothing"),
    ],
)
def test_composed_characters_stand_where_their_cluster_stood(source, text, sources):
    cleaned = clean(source)
    assert (cleaned.text, cleaned.sources.tolist()) == (text, sources)


@given(DIRTY)
def test_every_clean_character_names_its_place_in_the_source(source):
    cleaned = clean(source)
    settled = dict.fromkeys(LINE_ENDS, "\n") | dict.fromkeys(SPACES, " ")
    places = cleaned.sources.tolist()
    assert places == sorted(places)
    if "nfc" not in cleaned.removed:
        assert "".join(source[at] for at in places).translate(settled) == cleaned.text


@given(DIRTY, st.integers(0, 60), st.integers(0, 60))
def test_runs_say_the_same_as_the_places(source, start, length):
    cleaned = clean(source)
    stop = min(start + length, len(cleaned.text))
    runs = list(cleaned.runs(min(start, stop), stop))
    told = [origin + step for _, origin, size in runs for step in range(size)]
    assert told == cleaned.sources[min(start, stop) : stop].tolist()
    assert [first for first, _, _ in runs] == [stop - sum(size for _, _, size in runs[at:]) for at in range(len(runs))]

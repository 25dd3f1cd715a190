"""Prose loses its layout; code, tables, logs and lists keep theirs; nothing but layout is ever lost."""

import textwrap
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from render_service.clean import LINE_ENDS, SPACES, clean

PROSE = (
    "The buyer pays every invoice within thirty days after the receipt of the goods at the agreed place of delivery, "
    "unless the supplier and the buyer have agreed otherwise in writing before the order. The warranty is 36 months."
)
CHINESE = (
    "甲方应在收到发票后三十日内付款，逾期付款的，按日支付应付款项万分之五的违约金，直至付清为止。乙方应当按时交货，费用由乙方承担。"
    * 2
)
CODE = """for (int i = 0; i < number_of_the_pages; i++) {
    total_pixels += page[i].width * page[i].height;
}
return total;"""
TABLE = """name            value      unit of measurement
flow rate       32         litres an hour
voltage         24         volts"""
ADDRESS = "Halden Instruments International Headquarters Building\n42 Main Street\n5003 Bergvik\nNorway"
VERSE = """Two roads diverged in a yellow wood,
And sorry I could not travel both
And be one traveler, long I stood
And looked down."""
SPEC = "Measuring range: -40 to 125 C\nAccuracy: 0.3 C\nSampling interval: 15 seconds\nSupply voltage: 24 V"


def flowed(text: str) -> str:
    return clean(text, flowing=True).text


@pytest.mark.parametrize("columns", [50, 72, 100])
@pytest.mark.parametrize("indent", ["", "   "], ids=["flush", "with a margin"])
def test_wrapped_prose_becomes_one_line(columns, indent):
    source = textwrap.indent(textwrap.fill(PROSE, columns), indent)
    cleaned = clean(source, flowing=True)
    assert cleaned.text == PROSE
    assert cleaned.removed["wrapped_lines"] == source.count("\n")


def test_wrapped_chinese_is_joined_without_a_space():
    assert flowed(textwrap.fill(CHINESE, 30)) == CHINESE


def test_a_list_item_is_joined_with_its_own_lines_only():
    items = [f"- {PROSE}", f"- {PROSE}", "- short"]
    source = "\n".join(textwrap.fill(item, 60, subsequent_indent="  ") for item in items)
    assert flowed(source).split("\n") == items


@pytest.mark.parametrize(
    "block",
    [CODE, TABLE, ADDRESS, VERSE, SPEC, "===========\n-----------"],
    ids=["code", "table", "address", "verse", "specification", "rules"],
)
@pytest.mark.parametrize(
    "around", ["", f"\n\n{textwrap.fill(PROSE, 72)}\n\n{textwrap.fill(PROSE, 72)}"], ids=["alone", "among prose"]
)
def test_what_is_no_prose_keeps_its_lines(block, around):
    assert flowed(block + around).startswith(block)


def test_text_without_wrapped_lines_stays_as_it_is():
    text = "\n".join([PROSE, "A second paragraph of another length.", PROSE[:150], "And a short one."])
    assert flowed(text) == text


def test_spaces_that_justify_are_squeezed_and_counted():
    cleaned = clean("The  buyer   pays  within thirty\ndays  after the   receipt.", flowing=True)
    assert (cleaned.text, cleaned.removed["spaces"]) == ("The buyer pays within thirty\ndays after the receipt.", 7)


@pytest.mark.parametrize(
    ("lines", "joined"),
    [
        pytest.param(
            "an agreement between the buyer and the inter-\nnational supplier of goods, which is international",
            "inter",
            id="a word",
        ),
        pytest.param(
            "an agreement between the buyer and the well-\nknown supplier of goods, nothing else",
            "well-known",
            id="a compound",
        ),
    ],
)
def test_a_hyphen_at_a_line_end_stays_unless_the_text_knows_better(lines, joined):
    text = flowed(lines)
    assert "\n" not in text
    assert f"{joined}national" in text if joined == "inter" else joined in text


def test_without_flow_every_line_stays():
    source = textwrap.fill(PROSE, 60)
    assert clean(source).text == source


LINES = st.lists(
    st.text(st.sampled_from("ab cd  中文，。-.\t|\u3000:1"), max_size=80)
    | st.sampled_from([PROSE[:70], PROSE[70:140], CHINESE[:35], "word-"]),
    max_size=12,
).map("\n".join)


@given(LINES)
def test_only_layout_is_lost_and_every_character_names_its_place(source):
    cleaned = clean(source, flowing=True)
    places = cleaned.sources.tolist()
    assert places == sorted(places)
    settled = dict.fromkeys((*LINE_ENDS, *SPACES), " ") | {0x0A: " "}
    came_from = "".join(source[at] for at in places).translate(settled)
    assert came_from.split() == cleaned.text.translate(settled).split()
    assert "".join(cleaned.text.split()).replace("-", "") == "".join(source.split()).replace("-", "")
    assert unicodedata.is_normalized("NFC", cleaned.text)
    assert not any(line != line.rstrip() for line in cleaned.text.split("\n"))

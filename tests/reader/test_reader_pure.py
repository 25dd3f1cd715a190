"""The reader's arithmetic: budget, positions, text, profile, pages. No threads, no torch."""

import hashlib
import io
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from reader_service.budget import Budget, ChunkLimits, Fit, Need
from reader_service.errors import InvalidPages
from reader_service.model import GreyPage, PageSize
from reader_service.pages import PNG_MEDIA_TYPE, RAW_MEDIA_TYPE, EncodedPage, decode_page, document_id
from reader_service.positions import group_ends, page_groups, place_prompt
from reader_service.profile import Task, default_profile, guard, parse_profile, separate
from reader_service.results import Evidence, PageText, TextDelta
from reader_service.text import AnswerText, StopStrings
from reader_service.torch_model import costs
from tests.reader.fake import COSTS, GEOMETRY, IMAGE, FakeVocabulary, tokens_of

BUDGET = Budget(COSTS, GEOMETRY, ChunkLimits(vision_patches=64, prefill_tokens=32), 10_000, answer_reserve_tokens=10)
QWEN_7B = SimpleNamespace(
    text=SimpleNamespace(
        hidden_size=3584, num_attention_heads=28, num_key_value_heads=4, num_hidden_layers=28, intermediate_size=18944
    ),
    vision=SimpleNamespace(embed_dim=1280, mlp_ratio=4, num_heads=16, patch_size=14, temporal_patch_size=2),
)
NARROW = SimpleNamespace(embed_dim=128, mlp_ratio=4, num_heads=4, patch_size=14, temporal_patch_size=2)
GLM_9B = SimpleNamespace(
    text=SimpleNamespace(
        hidden_size=4096, num_attention_heads=32, num_key_value_heads=2, num_hidden_layers=40, intermediate_size=13696
    ),
    vision=SimpleNamespace(hidden_size=1536, out_hidden_size=4096, num_heads=12, patch_size=14, temporal_patch_size=2),
)


@pytest.mark.parametrize(
    ("formula", "config", "expected_bytes"),
    [
        pytest.param(costs.kv_bytes_per_token, QWEN_7B.text, 57_344, id="KV of Qwen2-VL-7B"),
        pytest.param(costs.kv_bytes_per_token, GLM_9B.text, 40_960, id="KV of GLM-4.1V-9B"),
        pytest.param(costs.vision_bytes_per_patch, QWEN_7B.vision, 16_000, id="patch of Qwen2-VL-7B"),
        pytest.param(costs.vision_bytes_per_patch, GLM_9B.vision, 23_552, id="patch of GLM-4.1V-9B"),
        pytest.param(costs.vision_bytes_per_patch, NARROW, 4_900, id="patch of a narrow tower: its pixels"),
        pytest.param(costs.prefill_bytes_per_token, QWEN_7B.text, 97_792, id="prefill of Qwen2-VL-7B"),
    ],
)
def test_bytes_of_the_real_shapes_in_bf16(formula, config, expected_bytes):
    assert formula(config, 2) == expected_bytes


@pytest.mark.parametrize(
    ("need", "held_bytes", "running", "away_bytes", "expected"),
    [
        pytest.param(Need(8_900), 0, [], 0, Fit.NOW, id="exactly full"),
        pytest.param(Need(8_901), 0, [], 0, Fit.NEVER, id="one byte too much for ever"),
        pytest.param(Need(8_000, 900), 0, [], 0, Fit.NOW, id="workspace counts"),
        pytest.param(Need(8_000, 901), 0, [], 0, Fit.NEVER, id="one workspace byte too much"),
        pytest.param(Need(5_000), 3_901, [], 0, Fit.LATER, id="resident KV is in the way"),
        pytest.param(Need(5_000), 0, [Need(3_901)], 0, Fit.LATER, id="a running request is in the way"),
        pytest.param(Need(4_000, 900), 0, [Need(4_000, 900)], 0, Fit.NOW, id="workspaces are not added up"),
        pytest.param(Need(5_000), 4_100, [], 200, Fit.NOW, id="weights on the host make room"),
    ],
)
def test_a_request_fits_now_later_or_never(need, held_bytes, running, away_bytes, expected):
    assert BUDGET.fit(need, [Need(held_bytes), *running], away_bytes) is expected


@given(st.integers(0, 200_000))
def test_the_largest_document_told_is_one_that_fits(kv_bytes):
    budget = replace(BUDGET, total_bytes=1_100 + 10_000_000)
    tokens = budget.largest_vision_tokens(kv_bytes)
    pages = -(-tokens // 16)  # pages of 64 patches
    prompt = budget.document_tokens(pages, tokens * 28 * 28)
    assert prompt == tokens + (pages + 4) * 8
    assert (tokens + pages * 8 + 32 + 10) * COSTS.kv_bytes_per_token <= kv_bytes + 8 * COSTS.kv_bytes_per_token or (
        tokens == 0
    )


def test_workspace_is_the_larger_of_vision_and_prefill():
    assert BUDGET.workspace(28 * 28 * 100, 5) == 400 * 3  # a page beyond the chunk limit counts whole
    assert BUDGET.workspace(28 * 28, 5) == 64 * 3
    assert BUDGET.workspace(0, 5) == 5 * 2 + 50
    assert BUDGET.workspace(0, 500) == 32 * 2 + 50


def test_a_page_shares_one_temporal_position_and_text_goes_on_after_its_longer_side():
    placed = place_prompt([1, IMAGE, IMAGE, IMAGE, IMAGE, IMAGE, IMAGE, 2, 3], IMAGE, GEOMETRY, [PageSize(84, 56)])
    assert placed.positions.tolist() == [
        [0, 1, 1, 1, 1, 1, 1, 4, 5],
        [0, 1, 1, 1, 2, 2, 2, 4, 5],
        [0, 1, 2, 3, 1, 2, 3, 4, 5],
    ]
    assert placed.next_position == 6


def test_pages_are_grouped_up_to_the_limit_and_a_larger_one_stands_alone():
    small, large = (GreyPage(PageSize(side, 28), np.zeros((28, side), np.uint8)) for side in (56, 280))
    groups = page_groups([small, small, large, small], GEOMETRY, most_patches=16)
    assert [[page.size.width_px for page in group] for group in groups] == [[56, 56], [280], [56]]


def test_a_group_ends_behind_its_last_vision_token_and_the_last_one_with_the_prompt():
    is_image = np.array([0, 1, 1, 0, 1, 1, 0, 0], bool)
    assert group_ends(is_image, [2, 2]) == [3, 8]


def answer_text(answer: str, stops=(), pages=()) -> tuple[AnswerText, list[TextDelta]]:
    text = AnswerText(FakeVocabulary().decode, FakeVocabulary.marks, pages, stops)
    deltas = [delta for token in tokens_of(answer) if not text.ended for delta in text.push(token)]
    return text, deltas + text.finish()


def test_a_delta_holds_whole_characters_only():
    high, low = 0xD83D, 0xDE00  # one emoji in two tokens
    text = AnswerText(FakeVocabulary().decode, {}, ())
    assert text.push(high) == []
    assert text.push(low) == [TextDelta("\U0001f600")]


@pytest.mark.parametrize(
    ("answer", "stops", "expected"),
    [
        pytest.param("one STOP two", ("STOP",), "one ", id="ends before the stop string"),
        pytest.param("one STO", ("STOP",), "one STO", id="a beginning that is none comes out at the end"),
        pytest.param("aab", ("ab",), "a", id="overlapping beginnings"),
        pytest.param("abc", ("c", "b"), "a", id="the first of several"),
        pytest.param("text<end>", (), "text", id="ends at the end mark"),
    ],
)
def test_stop_strings(answer, stops, expected):
    text, deltas = answer_text(answer, stops)
    assert "".join(delta.text for delta in deltas) == expected == text.answer


@given(st.text("abX", max_size=30), st.lists(st.text("abX", min_size=1, max_size=4), max_size=3))
def test_stop_strings_cut_a_stream_where_they_would_cut_the_whole(text, stops):
    stop = StopStrings(stops)
    out = "".join(stop.push(char) for char in text if not stop.reached) + stop.flush()
    ends = sorted((text.find(each) + len(each), text.find(each)) for each in stops if each in text)
    # Character by character, the stop string that is complete first wins.
    first_end = ends[0][0] if ends else 0
    starts = [begin for end, begin in ends if end == first_end]
    assert out == (text[: min(starts)] if starts else text)


def test_reasoning_goes_out_apart_and_stop_strings_leave_it_alone():
    text, deltas = answer_text("<think>so.</think>yes.no", stops=(".",))
    assert "".join(delta.text for delta in deltas if delta.reasoning) == "so."
    assert "".join(delta.text for delta in deltas if not delta.reasoning) == "yes"
    assert text.answer == "yes"


def test_anchors_leave_the_text_and_become_evidence():
    pages = [PageText(0, 10, (0, 4)), PageText(10, 30, (0, 5, 12))]
    text, deltas = answer_text("<page1><row1>three<row2>!<row2>", pages=pages)
    assert "".join(delta.text for delta in deltas) == "three!"
    assert text.evidence == [Evidence(1, 15, 22), Evidence(1, 22, 30)]
    assert not text.absent


def test_an_anchor_to_nowhere_is_no_evidence():
    assert answer_text("<page7><row1>x", pages=[PageText(0, 5)])[0].evidence == []


def test_the_absent_mark_says_not_found():
    text, deltas = answer_text("<absent>not told")
    assert text.absent
    assert "".join(delta.text for delta in deltas) == "not told"


def test_a_profile_is_read_over_the_defaults():
    data = {
        "styles": [{"mode": "precise", "flow": "cells", "font_px": [14, 12]}],
        "ask_pages": 8,
        "anchors": {"page": "<|page_{}|>", "row": "<|row_{}|>", "absent": "<|absent|>"},
        "tasks": {"ask": "<|ask|>{question}"},
    }
    profile = parse_profile(data, default_profile("qwen2_vl", "x"))
    assert profile.styles[0].font_px == (14, 12)
    assert profile.ask_pages == 8
    assert separate(profile.task_text(Task.ASK, "who?")) == [("<|ask|>", False), ("who?", True)]
    assert profile.absent_text == ""
    assert profile.sidecar_characters == 0, "a reader with anchors was taught pages alone"
    assert separate(profile.task_text(Task.ASK, "who?", ("a = 1", "b = 2")))[1:3] == [
        ("a = 1\nb = 2", True),
        ("\n\n<|ask|>", False),
    ]
    assert profile.tasks["transcribe"] == default_profile("qwen2_vl", "x").tasks["transcribe"]


def test_a_profile_with_an_unknown_field_is_refused():
    with pytest.raises(ValueError, match="colour"):
        parse_profile({"styles": [], "colour": 1}, default_profile("qwen2_vl", "x"))


@pytest.mark.parametrize("least", [-0.1, 1.5])
def test_a_profile_whose_least_probability_is_none_is_refused(least):
    with pytest.raises(ValueError, match="least_place_probability"):
        parse_profile({"styles": [], "least_place_probability": least}, default_profile("qwen2_vl", "x"))


def test_glyph_pins_the_page_it_was_trained_on():
    style = default_profile("glm4v", "zai-org/Glyph").styles[0]
    assert (style.page_width_px, style.page_height_px, style.margin_px, style.font_px[-1]) == (595, 842, 10, 9)


def test_guards_in_the_callers_words_do_not_open_the_prompt():
    assert separate("a" + guard("b" + guard("c")) + "d") == [("a", False), ("bc", True), ("d", False)]


def encoded(rows: np.ndarray, media_type: str = PNG_MEDIA_TYPE, **changes: object) -> EncodedPage:
    image = rows.tobytes()
    if media_type == PNG_MEDIA_TYPE:
        file = io.BytesIO()
        Image.fromarray(rows, "L").save(file, "PNG")
        image = file.getvalue()
    image = changes.pop("image", image)
    size = PageSize(rows.shape[1], rows.shape[0])
    page = EncodedPage(0, size, media_type, image, hashlib.sha256(image).digest())
    return replace(page, **changes)


ROWS = np.arange(56 * 84, dtype=np.uint32).astype(np.uint8).reshape(56, 84)


@pytest.mark.parametrize("media_type", [PNG_MEDIA_TYPE, RAW_MEDIA_TYPE])
def test_a_page_comes_through_to_the_pixel(media_type):
    np.testing.assert_array_equal(decode_page(encoded(ROWS, media_type), GEOMETRY).rows, ROWS)


@pytest.mark.parametrize(
    "page",
    [
        pytest.param(encoded(ROWS[:, :80]), id="off the grid"),
        pytest.param(encoded(np.zeros((28 * 20, 28 * 20), np.uint8)), id="too many pixels"),
        pytest.param(encoded(ROWS, sha256=b"\0" * 32), id="wrong hash"),
        pytest.param(encoded(ROWS, image=b"\x89PNG nonsense"), id="corrupt PNG"),
        pytest.param(encoded(ROWS, image=encoded(ROWS).image[:-30]), id="truncated PNG"),
        pytest.param(encoded(ROWS, image=encoded(ROWS[:28]).image), id="another size inside"),
        pytest.param(encoded(ROWS, RAW_MEDIA_TYPE, image=b"\0" * 7), id="too few raw bytes"),
        pytest.param(encoded(ROWS, media_type="image/webp"), id="unknown encoding"),
        pytest.param(encoded(ROWS, size=PageSize(0, 0)), id="no size"),
    ],
)
def test_a_page_that_cannot_be_trusted_is_refused(page):
    with pytest.raises(InvalidPages):
        decode_page(page, GEOMETRY)


def test_a_document_is_named_by_its_pages_their_order_and_the_model():
    one, two = encoded(ROWS), encoded(255 - ROWS)
    turned = encoded(ROWS.reshape(84, 56), RAW_MEDIA_TYPE)
    names = {
        document_id(pages, revision)
        for pages, revision in (
            ([one, two], "r1"), ([two, one], "r1"), ([one], "r1"), ([one, two], "r2"),
            ([encoded(ROWS, RAW_MEDIA_TYPE)], "r1"), ([turned], "r1"),
        )
    }  # fmt: skip
    assert len(names) == 6
    assert document_id([one, two], "r1") == document_id([encoded(ROWS), two], "r1")

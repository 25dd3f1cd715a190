"""Pages shown again behind a question: which ones, where they stand in the prompt, what is kept for them."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from transformers import AutoTokenizer

from reader_service.budget import Budget, ChunkLimits, Need, shown_again_tokens
from reader_service.model import Chunk, GreyPage, Mark, MarkKind, PageSize, Rows, Turn
from reader_service.positions import cut_rows
from reader_service.profile import Task, default_profile, guard, load_profile, parse_profile
from reader_service.reader import Reader
from reader_service.results import Completed, PageText
from reader_service.settings import EMBEDDED_MODEL, Settings
from reader_service.showing import nearest_lines, nearest_pages
from reader_service.torch_model.vocabulary import TokenizerVocabulary
from tests.reader import tiny
from tests.reader.fake import COSTS, GEOMETRY, ROWS, FakeModel, FakeVocabulary
from tests.reader.test_reader_engine import Bench

KEPT = 7  # bytes of a vision token that is kept


def blank(width_px: int, height_px: int) -> GreyPage:
    return GreyPage(PageSize(width_px, height_px), np.zeros((height_px, width_px), np.uint8))


MARKED = {mark: token for token, mark in FakeVocabulary().marks.items()}
SQUARE, WIDE, SMALL = blank(56, 56), blank(84, 56), blank(28, 28)  # 4, 6 and 1 vision tokens


def bench_of(
    shown: int, pages: Sequence[GreyPage], total_bytes: int = 100_000, vision_patches: int = 16, named: int = 0
) -> Bench:
    """An engine with a resident document, whose reader is shown so many pages again and told so many of their lines."""
    model = FakeModel(total_bytes=total_bytes)
    profile = replace(model.facts.profile, pages_shown_again=shown, lines_named=named)
    costs = replace(COSTS, kept_bytes_per_vision_token=KEPT if shown else 0)
    model.facts = replace(model.facts, profile=profile, costs=costs)
    bench = Bench(model, vision_patches=vision_patches)
    bench.resident(pages=pages, texts=[PageText(0, 0)] * len(pages))
    return bench


def prompt_of(bench: Bench, text: str, **fields: object) -> list[Chunk]:
    """The chunks of a prompt."""
    chunks: list[Chunk] = []
    bench.model.hook = lambda call, payload: chunks.append(payload) if call == "prefill" else None
    job = bench.ask(text, **fields)
    bench.run()
    assert isinstance(job.sink.last, Completed)
    assert job.sink.text == "hello"
    assert job.sink.last.prompt_tokens == sum(len(chunk.tokens) for chunk in chunks)
    return chunks


def tokens_of(chunks: Sequence[Chunk]) -> list[int]:
    return [token for chunk in chunks for token in chunk.tokens]


def letters(text: str) -> list[int]:
    return [ord(char) for char in text]


@pytest.mark.parametrize(
    ("nearness", "most", "expected"),
    [
        pytest.param([[0.1], [0.9], [0.5]], 2, [1, 2], id="the nearest"),
        pytest.param([[0.5], [0.1], [0.9]], 2, [0, 2], id="in page order"),
        pytest.param([[0.6, 0.6], [0.0, 0.7]], 1, [1], id="by the best line"),
        pytest.param([[0.2], [0.5], [0.5], [0.5]], 2, [1, 2], id="of equals the earlier"),
        pytest.param([[0.0], [], [0.1]], 2, [0, 2], id="a page without lines has nothing near"),
        pytest.param([[0.0], [0.4]], 3, [0, 1], id="all of a short document"),
        pytest.param([[0.4]], 0, [], id="none are wanted"),
        pytest.param([], 2, [], id="nothing is known"),
    ],
)
def test_the_pages_to_show_are_the_nearest(nearness, most, expected):
    assert nearest_pages(nearness, most) == expected


@pytest.mark.parametrize(
    ("nearness", "pages", "most", "expected"),
    [
        pytest.param([[0.1, 0.3], [0.9], [0.2]], [0, 2], 2, [(0, 1), (2, 0)], id="the nearest of these pages"),
        pytest.param([[0.5, 0.5], [0.5]], [0, 1], 2, [(0, 0), (0, 1)], id="of equals the earlier"),
        pytest.param([[0.0, 0.2], [0.0]], [0, 1], 3, [(0, 1)], id="none that has nothing of it"),
        pytest.param([[0.5], [0.5]], [0, 1], 0, [], id="none are wanted"),
    ],
)
def test_the_lines_to_name_are_the_nearest_on_the_pages_shown(nearness, pages, most, expected):
    assert nearest_lines(nearness, pages, most) == expected


@given(
    st.lists(st.tuples(st.integers(0, 5), st.integers(0, 4)), min_size=1, max_size=5),
    st.lists(st.integers(0, 20), max_size=4),
)
def test_rows_cut_anywhere_are_together_all_rows_in_order(spans, cuts):
    seen = [Rows(name, start, start + count) for name, (start, count) in enumerate(spans)]
    every = [(rows.vision, row) for rows in seen for row in range(rows.start, rows.stop)]
    bounds = sorted({0, len(every), *(min(cut, len(every)) for cut in cuts)})
    for first, stop in pairwise(bounds):
        cut = cut_rows(seen, first, stop)
        assert [(rows.vision, row) for rows in cut for row in range(rows.start, rows.stop)] == every[first:stop]


def test_a_page_is_shown_behind_the_question_and_the_question_asked_again():
    bench = bench_of(1, [SQUARE, WIDE])  # they take positions 0 to 6
    chunks = prompt_of(bench, "why", nearness=[[0.1], [0.8]])
    page = FakeVocabulary().page(1, 6)
    assert tokens_of(chunks) == [*letters("why"), *page, *letters("why")]
    assert np.concatenate([chunk.positions for chunk in chunks], axis=1).tolist() == [
        [7, 8, 9, 10, 11, 11, 11, 11, 11, 11, 14, 15, 16, 17],
        [7, 8, 9, 10, 11, 11, 11, 12, 12, 12, 14, 15, 16, 17],
        [7, 8, 9, 10, 11, 12, 13, 11, 12, 13, 14, 15, 16, 17],
    ]
    assert [chunk.says for chunk in chunks] == [False, False, True]  # 14 tokens in chunks of 6
    assert [[(rows.start, rows.stop) for rows in chunk.seen] for chunk in chunks] == [[(0, 2)], [(2, 6)], []]
    assert [step.position for each in bench.model.steps for step in each.steps] == [18, 19, 20, 21, 22]


@pytest.mark.parametrize(
    ("vision_patches", "rows"),
    [
        pytest.param(16, [(1, 2), (3, 4)], id="seen together"),
        pytest.param(4, [(0, 1), (0, 1)], id="seen one by one"),
    ],
)
def test_a_chunk_takes_the_rows_of_several_pages(vision_patches, rows):
    bench = bench_of(2, [SMALL] * 4, vision_patches=vision_patches)
    kept = bench.device.pool.find("doc").kept
    first, second = prompt_of(bench, "?", nearness=[[0], [0.5], [0], [0.5]])
    page = FakeVocabulary().page
    assert tokens_of([first, second]) == [*letters("?"), *page(1, 1), *page(3, 1), *letters("?")]
    wanted = [(kept[number].rows.vision, *span) for number, span in zip((1, 3), rows, strict=True)]
    assert [(rows.vision, rows.start, rows.stop) for rows in first.seen] == wanted
    assert list(second.seen) == []


def test_the_nearest_lines_of_the_pages_shown_are_named_behind_them():
    bench = bench_of(1, [SMALL, SMALL], named=2)
    chunks = prompt_of(bench, "?", nearness=[[0.5], [0.2, 0.9, 0.0]])
    named = [MARKED[mark] for line in (1, 0) for mark in (Mark(MarkKind.PAGE, 1), Mark(MarkKind.ROW, line))]
    assert tokens_of(chunks) == [*letters("?"), *FakeVocabulary().page(1, 1), *named, *letters("?")]


def test_a_line_without_an_anchor_is_not_named():
    bench = bench_of(1, [SMALL], named=2)
    beyond = len(ROWS)
    chunks = prompt_of(bench, "?", nearness=[[0.5, *[0.0] * (beyond - 1), 0.9]])
    named = [MARKED[Mark(MarkKind.PAGE, 0)], MARKED[Mark(MarkKind.ROW, 0)]]
    assert tokens_of(chunks) == [*letters("?"), *FakeVocabulary().page(0, 1), *named, *letters("?")]


def test_what_was_said_before_is_not_said_again():
    bench = bench_of(1, [SQUARE, SQUARE])
    chunks = prompt_of(bench, "c?", nearness=[[1], [0]], history=(Turn("a?", "b."),))
    assert tokens_of(chunks) == [*letters("a?b.c?"), *FakeVocabulary().page(0, 4), *letters("c?")]


@pytest.mark.parametrize(
    ("shown", "task", "nearness"),
    [
        pytest.param(0, Task.ASK, [[1.0], [0.0]], id="a reader that is shown none"),
        pytest.param(1, Task.ASK, [], id="a caller that knows of no place"),
        pytest.param(1, Task.SUMMARIZE, [[1.0], [0.0]], id="another task"),
    ],
)
def test_nothing_is_shown(shown, task, nearness):
    bench = bench_of(shown, [SQUARE, SQUARE])
    (chunk,) = prompt_of(bench, "why", task=task, nearness=nearness)
    assert tokens_of([chunk]) == letters("why" if task is Task.ASK else "sum")
    assert chunk.positions.tolist() == [[6, 7, 8]] * 3
    assert [step.position for each in bench.model.steps for step in each.steps] == [9, 10, 11, 12, 13]


@pytest.mark.parametrize(("length", "shown"), [(22, True), (23, False)])
def test_a_prompt_that_is_too_long_with_its_pages_goes_without(length, shown):
    bench = bench_of(1, [SQUARE, SQUARE])
    question = "x" * length  # with a page of 6 tokens and once more: 50, which is the limit, or 52
    chunks = prompt_of(bench, question, nearness=[[1], [0]])
    pages = [*FakeVocabulary().page(0, 4), *letters(question)] if shown else []
    assert tokens_of(chunks) == [*letters(question), *pages]


# Weights and context; 10 tokens of KV and what is kept of 8; KV of 3 + 6 + 3 tokens and of 20 drawn ones; a chunk.
EXACTLY_FULL = 1_100 + 10 * 10 + 8 * KEPT + 32 * 10 + 62


@pytest.mark.parametrize(("total_bytes", "shown"), [(EXACTLY_FULL, True), (EXACTLY_FULL - 1, False)])
def test_pages_that_leave_no_room_for_the_answer_are_not_shown(total_bytes, shown):
    bench = bench_of(1, [SQUARE, SQUARE], total_bytes)
    chunks = prompt_of(bench, "why", nearness=[[1], [0]])
    assert tokens_of(chunks) == letters("why") + ([*FakeVocabulary().page(0, 4), *letters("why")] if shown else [])


def test_what_is_kept_is_counted_and_given_back():
    bench = bench_of(2, [SQUARE] * 3)
    (info,) = bench.engine.load.documents
    assert info.kv_bytes == info.ledger.kv_bytes == 15 * 10 + 12 * KEPT
    assert info.ledger.measured_peak_bytes == 1_100 + info.kv_bytes == info.ledger.predicted_peak_bytes - 62
    assert bench.model.live_bytes == bench.engine.load.live_bytes == info.kv_bytes
    job = bench.ask(nearness=[[1], [0], [0]])
    bench.run()
    ledger = job.sink.last.ledger
    assert ledger.kv_bytes == info.kv_bytes + (4 + 12 + 4 + 20) * 10
    assert ledger.predicted_peak_bytes == 1_100 + ledger.kv_bytes + 62
    assert bench.model.live_bytes == bench.engine.load.live_bytes == info.kv_bytes
    assert bench.engine.delete("doc") == info.kv_bytes
    assert bench.model.live_bytes == bench.engine.load.live_bytes == len(bench.model.visions) == 0


def test_a_reader_that_is_shown_nothing_again_keeps_nothing():
    bench = bench_of(0, [SQUARE] * 3)
    assert bench.device.pool.find("doc").kept == ()
    assert len(bench.model.visions) == 0


def test_a_cancelled_ingestion_keeps_nothing():
    bench = bench_of(2, [SQUARE])
    job = bench.ingest("other", [WIDE] * 4)
    for _ in range(4):
        bench.engine.step()
    assert len(bench.model.visions) > 1
    bench.engine.cancel(job)
    bench.engine.step()
    assert len(bench.model.visions) == 1
    assert bench.model.live_bytes == bench.engine.load.live_bytes == 5 * 10 + 4 * KEPT


def budget_of(**costs: int) -> Budget:
    return Budget(replace(COSTS, **costs), GEOMETRY, ChunkLimits(64, 32), 1_100 + 10_000_000, answer_reserve_tokens=10)


def test_what_is_kept_lies_beside_the_slabs():
    budget = budget_of(kept_bytes_per_vision_token=KEPT, kv_slab_bytes=1_000)
    needs = [budget.document_need(15, 12, 0), Need(100)]
    assert needs[0].held_bytes == 15 * 10 + 12 * KEPT
    assert budget.peak(needs) == 1_100 + 1_000 + 12 * KEPT + 15 * 2 + 50
    assert budget.peak(needs, handed_kv_bytes=3_000) == 1_100 + 3_000 + 12 * KEPT + 15 * 2 + 50


@given(st.integers(1_000, 200_000))
def test_the_largest_document_told_fits_with_what_is_kept_of_it(free_bytes):
    budget = budget_of(kept_bytes_per_vision_token=KEPT)
    tokens = budget.largest_vision_tokens(free_bytes)
    pages = -(-tokens // 16)  # pages of 64 patches; the last one may be begun
    need = budget.document_need(budget.document_tokens(pages, tokens * 28 * 28), tokens, 0)
    reserve_bytes = budget.branch_bytes(budget.answer_reserve_tokens)
    over = need.held_bytes + reserve_bytes - free_bytes
    assert over <= 8 * 10
    assert over > -(24 * 10 + 17 * KEPT)  # no page more would


async def test_room_is_left_for_the_pages_of_an_answer():
    model = FakeModel()
    model.facts = replace(model.facts, profile=replace(model.facts.profile, pages_shown_again=2))
    reader = Reader(Settings(device="cpu", max_new_tokens=10), lambda: model)
    await reader.open()
    try:
        shown = shown_again_tokens(model.facts.profile, GEOMETRY)
        assert shown == 2 * (448 * 224 // 28**2 + 8)
        assert reader.budget.answer_reserve_tokens == 2 * 10 + shown
    finally:
        await reader.close()


def test_a_profile_says_how_many_pages_are_shown_again_and_lines_named():
    plain = default_profile("qwen2_vl", "x")
    profile = parse_profile({"styles": [], "pages_shown_again": 3, "lines_named": 2}, plain)
    assert (plain.pages_shown_again, profile.pages_shown_again) == (0, 3)
    assert (plain.lines_named, profile.lines_named) == (0, 2)
    assert (plain.weighs_nearness, profile.weighs_nearness) == (False, True)
    for name in ("pages_shown_again", "lines_named"):
        with pytest.raises(ValueError, match=name):
            parse_profile({"styles": [], name: -1}, plain)


def test_lines_that_are_named_take_two_tokens_each():
    plain = parse_profile({"styles": [], "pages_shown_again": 2}, default_profile("qwen2_vl", "x"))
    more = shown_again_tokens(replace(plain, lines_named=3), GEOMETRY) - shown_again_tokens(plain, GEOMETRY)
    assert more == 6


def vocabulary_of(folder: Path) -> TokenizerVocabulary:
    tokenizer = AutoTokenizer.from_pretrained(folder)
    image, page_end = tokenizer.convert_tokens_to_ids(["<|image_pad|>", "<|vision_end|>"])
    profile = load_profile(folder, "qwen2_vl", "x")
    return TokenizerVocabulary(tokenizer, {"image": image, "page_end": page_end}, [], profile)


@pytest.fixture(params=["embedded", "tiny"])
def vocabulary(request: pytest.FixtureRequest, tmp_path: Path) -> TokenizerVocabulary:
    return vocabulary_of(EMBEDDED_MODEL if request.param == "embedded" else tiny.qwen(tmp_path))


def test_pages_shown_one_by_one_are_the_pages_of_the_prompt(vocabulary):
    prefix = vocabulary.prefix([3, 1, 2])
    pages = [*vocabulary.page(0, 3), *vocabulary.page(1, 1), *vocabulary.page(2, 2)]
    assert prefix[-len(pages) :] == pages
    assert vocabulary.image_token not in prefix[: -len(pages)]


def test_the_embedded_reader_is_told_which_page_it_is_shown():
    vocabulary = vocabulary_of(EMBEDDED_MODEL)
    names = ["<|page_5|>", "<|vision_start|>", "<|image_pad|>", "<|image_pad|>", "<|vision_end|>"]
    assert vocabulary.page(5, 2) == vocabulary._tokenizer.convert_tokens_to_ids(names)
    first = ["<|page_0|>", "<|vision_start|>", "<|image_pad|>", "<|vision_end|>"]
    assert vocabulary.page(0, 1) == vocabulary._tokenizer.convert_tokens_to_ids(first)


def test_a_question_asked_again_is_the_last_turn_of_its_prompt(vocabulary):
    asked = guard("why?")
    turn = vocabulary.suffix(2, asked, [])
    assert vocabulary.suffix(2, asked, [(guard("who?"), "nobody")])[-len(turn) :] == turn

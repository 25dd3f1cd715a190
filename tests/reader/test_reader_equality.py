"""Our forward passes against transformers' own, on tiny random checkpoints, in float32."""

import asyncio
import json
from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torch.nn import functional
from torch.nn.attention import varlen
from transformers import (
    AutoTokenizer,
    Glm4vForConditionalGeneration,
    Qwen2VLForConditionalGeneration,
)
from transformers.models.glm4v.image_processing_pil_glm4v import Glm4vImageProcessorPil
from transformers.models.qwen2_vl.image_processing_pil_qwen2_vl import Qwen2VLImageProcessorPil

from reader_service.answering import Question
from reader_service.model import Chunk, GreyPage, Rows, Sampling, Step
from reader_service.positions import cut_rows, place_prompt, text_positions
from reader_service.profile import Task, guard
from reader_service.reader import Reader
from reader_service.results import Completed, PageText, TextDelta
from reader_service.settings import Settings
from reader_service.torch_model.attention import packed_flash
from reader_service.torch_model.load import load_model
from reader_service.torch_model.torch_reader import TorchReader
from tests.reader import tiny

FAMILIES = {
    "qwen2_vl": (tiny.qwen, Qwen2VLForConditionalGeneration, Qwen2VLImageProcessorPil),
    "glm4v": (tiny.glm, Glm4vForConditionalGeneration, Glm4vImageProcessorPil),
}
PAGE_SETS = {
    "one page": [tiny.page(1)],
    "three pages of two sizes": [tiny.page(1), tiny.page(2, 140, 56), tiny.page(3)],
}
NEW_TOKENS = 12
STYLE = {"mode": "precise", "flow": "cells", "font_px": [14], "page_width_px": 84, "page_height_px": 112}
PROFILE = {"styles": [STYLE], "tasks": {"ask": "{question}"}, "pages_shown_again": 2}


class Pair:
    """A checkpoint as transformers runs it and as we run it."""

    def __init__(self, family: str, folder: Path) -> None:
        make, model_class, processor_class = FAMILIES[family]
        make(folder)
        (folder / "glyphstream.json").write_text(json.dumps(PROFILE))
        self.theirs = model_class.from_pretrained(folder, dtype=torch.float32, attn_implementation="sdpa").eval()
        self.processor = processor_class.from_pretrained(folder)
        self.tokenizer = AutoTokenizer.from_pretrained(folder)
        self.ours: TorchReader = load_model(Settings(model=str(folder), device="cpu"))

    def inputs(self, pages: Sequence[GreyPage]) -> dict[str, torch.Tensor]:
        images = [Image.fromarray(page.rows, "L").convert("RGB") for page in pages]
        return dict(self.processor(images=images, return_tensors="pt"))

    def prompt(self, pages: Sequence[GreyPage], turns: Sequence[tuple[str, str]], question: str) -> list[int]:
        """The whole prompt as transformers' processors make it."""
        messages = []
        for number, text in enumerate([*(turn[0] for turn in turns), question]):
            images = [{"type": "image"}] * len(pages) if number == 0 else []
            messages.append({"role": "user", "content": [*images, {"type": "text", "text": text}]})
            messages += [{"role": "assistant", "content": turns[number][1]}] if number < len(turns) else []
        tokens = self.tokenizer.apply_chat_template(messages, add_generation_prompt=True, return_dict=False)
        return self.with_images(tokens, pages)

    def again(self, pages: Sequence[GreyPage], question: str) -> list[int]:
        """What follows a prompt whose pages are shown again."""
        images = "<|vision_start|><|image_pad|><|vision_end|>" * len(pages)
        tokens = self.tokenizer(f"{images}{question}<|im_end|>\n<|im_start|>assistant\n")["input_ids"]
        return self.with_images(tokens, pages)

    def with_images(self, tokens: Sequence[int], pages: Sequence[GreyPage]) -> list[int]:
        """The tokens of a prompt, each image token as often as its page takes it."""
        counts = iter(page.rows.size // 28**2 for page in pages)
        image = self.theirs.config.image_token_id
        return [token for one in tokens for token in ([one] * next(counts) if one == image else [one])]

    def their_answer(self, pages: Sequence[GreyPage], tokens: list[int]) -> list[int]:
        ids = torch.tensor([tokens])
        generated = self.theirs.generate(
            input_ids=ids, attention_mask=torch.ones_like(ids), do_sample=False, max_new_tokens=NEW_TOKENS,
            mm_token_type_ids=(ids == self.theirs.config.image_token_id).int(), **self.inputs(pages),
        )  # fmt: skip
        return generated[0, len(tokens) :].tolist()

    def their_logits(self, pages: Sequence[GreyPage], tokens: list[int]) -> torch.Tensor:
        ids = torch.tensor([tokens])
        kinds = (ids == self.theirs.config.image_token_id).int()
        with torch.no_grad():
            return self.theirs(input_ids=ids, mm_token_type_ids=kinds, **self.inputs(pages)).logits[0]

    def their_confidence(self, pages: Sequence[GreyPage], tokens: list[int], answer: list[int]) -> float:
        """The geometric mean of the answer's probabilities."""
        logits = self.their_logits(pages, [*tokens, *answer])[len(tokens) - 1 : -1]
        return float(logits.log_softmax(-1).gather(1, torch.tensor(answer)[:, None]).mean().exp())

    def our_document(self, pages: Sequence[GreyPage], chunk_tokens: int) -> tuple[object, int]:
        """The pages' KV, prefilled in chunks, and its next position."""
        model, geometry = self.ours, self.ours.facts.geometry
        tokens = model.vocabulary.prefix([geometry.vision_tokens(page.size.pixels) for page in pages])
        image = model.vocabulary.image_token
        placed = place_prompt(tokens, image, geometry, [page.size for page in pages])
        kv, vision = model.document(len(tokens)), model.see(pages)
        for at in range(0, len(tokens), chunk_tokens):
            span = slice(at, at + chunk_tokens)
            seen = [Rows(vision, tokens[:at].count(image), tokens[: at + chunk_tokens].count(image))]
            model.prefill(kv, Chunk(tokens[span], placed.positions[:, span], seen, says=False))
        return kv, placed.next_position

    def our_answer(self, document: tuple[object, int], tokens: Sequence[int]) -> list[int]:
        kv, start = document
        model = self.ours
        branch, sampler = model.branch(kv, len(tokens) + NEW_TOKENS), model.sampler(Sampling())
        said = model.prefill(branch, Chunk(tokens, text_positions(start, len(tokens))))
        drawn = [model.draw(said, sampler).token]
        while len(drawn) < NEW_TOKENS and drawn[-1] != self.tokenizer.eos_token_id:
            step = Step(branch, drawn[-1], start + len(tokens) + len(drawn) - 1, sampler)
            drawn.append(model.drawn(model.decode([step]))[0].token)
        model.free(branch)
        return drawn


@pytest.fixture(scope="module", params=FAMILIES)
def pair(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    return Pair(request.param, tmp_path_factory.mktemp(request.param))


@pytest.mark.parametrize("pages", PAGE_SETS.values(), ids=PAGE_SETS)
@pytest.mark.parametrize("chunk_tokens", [7, 512])
def test_greedy_tokens_equal_generate(pair: Pair, pages: list[GreyPage], chunk_tokens: int) -> None:
    expected = pair.their_answer(pages, pair.prompt(pages, [], "what is it?"))
    ours = pair.our_answer(
        pair.our_document(pages, chunk_tokens), pair.ours.vocabulary.suffix(len(pages), guard("what is it?"), [])
    )
    assert ours == expected


@pytest.mark.parametrize("chunk_tokens", [7, 512])
def test_logits_equal_transformers(pair: Pair, chunk_tokens: int) -> None:
    pages = PAGE_SETS["three pages of two sizes"]
    full = pair.their_logits(pages, pair.prompt(pages, [], "what is it?"))
    kv, start = pair.our_document(pages, chunk_tokens)
    tokens = pair.ours.vocabulary.suffix(3, guard("what is it?"), [])
    branch = pair.ours.branch(kv, len(tokens))
    ours = [pair.ours.prefill(branch, Chunk(tokens[:5], text_positions(start, 5))).logits]
    ours += [
        pair.ours.prefill(branch, Chunk([token], text_positions(start + 5 + at, 1))).logits
        for at, token in enumerate(tokens[5:])
    ]
    assert full.std() > 0.1
    torch.testing.assert_close(torch.cat(ours), full[-len(tokens) + 4 :], rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("chunk_tokens", [7, 512])
def test_logits_behind_pages_shown_again_equal_transformers(pair: Pair, chunk_tokens: int) -> None:
    pages = PAGE_SETS["three pages of two sizes"]
    shown, model = [pages[1], pages[2]], pair.ours
    image = model.vocabulary.image_token
    whole = [*pair.prompt(pages, [], "what is it?"), *pair.again(shown, "what is it?")]
    full = pair.their_logits([*pages, *shown], whole)
    kv, start = pair.our_document(pages, chunk_tokens)
    asked = model.vocabulary.suffix(3, guard("what is it?"), [])
    tokens = [*asked, *model.vocabulary.page(1, 10), *model.vocabulary.page(2, 12), *asked]
    placed = place_prompt(tokens, image, model.facts.geometry, [page.size for page in shown], start)
    branch, ours = model.branch(kv, len(tokens)), []
    seen = [Rows(model.see(pages), 12, 22), Rows(model.see([pages[2]]), 0, 12)]
    ends = [*range(chunk_tokens, len(tokens), chunk_tokens), len(tokens)]
    for at, end in pairwise([0, *ends]):
        rows = cut_rows(seen, tokens[:at].count(image), tokens[:end].count(image))
        ours.append(model.prefill(branch, Chunk(tokens[at:end], placed.positions[:, at:end], rows)).logits)
    places = [len(whole) - len(tokens) + end - 1 for end in ends]
    torch.testing.assert_close(torch.cat(ours), full[places], rtol=1e-4, atol=1e-4)


def test_a_follow_up_on_the_same_document_equals_generate_with_history(pair: Pair) -> None:
    pages, history = PAGE_SETS["three pages of two sizes"], [("who?", "nobody"), ("when?", "then")]
    expected = pair.their_answer(pages, pair.prompt(pages, history, "and why"))
    document = pair.our_document(pages, 512)
    first = pair.our_answer(document, pair.ours.vocabulary.suffix(3, guard("who?"), []))
    guarded = [(guard(question), answer) for question, answer in history]
    assert pair.our_answer(document, pair.ours.vocabulary.suffix(3, guard("and why"), guarded)) == expected
    assert pair.our_answer(document, pair.ours.vocabulary.suffix(3, guard("who?"), [])) == first


def test_positions_equal_get_rope_index(pair: Pair) -> None:
    pages = PAGE_SETS["three pages of two sizes"]
    tokens = pair.prompt(pages, [], "what?")
    ids = torch.tensor([tokens])
    image = pair.theirs.config.image_token_id
    grids = pair.inputs(pages)["image_grid_thw"]
    expected, deltas = pair.theirs.model.get_rope_index(ids, (ids == image).int(), image_grid_thw=grids)
    placed = place_prompt(tokens, image, pair.ours.facts.geometry, [page.size for page in pages])
    np.testing.assert_array_equal(placed.positions, expected[:, 0].numpy())
    assert placed.next_position == len(tokens) + int(deltas[0, 0])


def test_pixel_values_equal_the_image_processor_to_the_bit(pair: Pair) -> None:
    pages = PAGE_SETS["three pages of two sizes"]
    tower = pair.ours._parts.vision
    values = tower.pixel_values(tower.patches(pages, torch.device("cpu")))
    assert torch.equal(values, pair.inputs(pages)["pixel_values"])


def test_every_size_the_geometry_accepts_passes_the_processor_unchanged(pair: Pair) -> None:
    geometry = pair.ours.facts.geometry
    for width, height in ((28, 28), (56, 56), (112, 112), (448, 224), (84, 140), (1260, 28)):
        size = tiny.page(0, width, height).size
        grid = pair.inputs([tiny.page(0, width, height)])["image_grid_thw"][0].tolist()
        assert geometry.accepts(size) == (grid == [1, height // 14, width // 14]), (width, height)


def test_control_tokens_in_the_callers_words_stay_words(pair: Pair) -> None:
    tokens = pair.ours.vocabulary.suffix(1, guard("<|im_end|><|image_pad|>"), [])
    plain = pair.ours.vocabulary.suffix(1, guard("x"), [])
    special = pair.tokenizer.all_special_ids
    assert sum(token in special for token in tokens) == sum(token in special for token in plain)


async def test_answers_at_the_same_time_through_the_engine_equal_generate(pair: Pair) -> None:
    pages, questions = PAGE_SETS["three pages of two sizes"], ("what is it?", "why", "who?")
    reader = Reader(Settings(device="cpu", max_new_tokens=NEW_TOKENS), lambda: pair.ours)
    await reader.open()
    try:
        info = [event async for event in reader.ingest("doc", list(pages), ())][-1]
        texts = await asyncio.gather(*(spoken(reader, question) for question in questions))
    finally:
        await reader.close()
    for question, (text, completed) in zip(questions, texts, strict=True):
        expected = pair.their_answer(pages, pair.prompt(pages, [], question))
        marks = pair.ours.vocabulary.marks
        assert text == pair.tokenizer.decode([token for token in expected if token not in marks])
        assert completed.completion_tokens == len(expected)
    costs = pair.ours.facts.costs
    assert costs.kept_bytes_per_vision_token == pair.ours.see(pages[:1]).nbytes // 12
    kept_bytes = costs.kept_bytes_per_vision_token * info.vision_tokens
    assert info.kv_bytes - kept_bytes == costs.kv_bytes_per_token * (info.vision_tokens + expected_text_tokens(pair))


@pytest.mark.parametrize(
    "chunks", [{}, {"vision_chunk_patches": 90, "prefill_chunk_tokens": 7}], ids=["at once", "in chunks"]
)
async def test_an_answer_that_is_shown_pages_again_equals_generate(pair: Pair, chunks: dict[str, int]) -> None:
    pages, question = PAGE_SETS["three pages of two sizes"], "what is it?"
    reader = Reader(Settings(device="cpu", max_new_tokens=NEW_TOKENS, **chunks), lambda: pair.ours)
    await reader.open()
    try:
        _ = [event async for event in reader.ingest("doc", list(pages), (PageText(0, 0),) * 3)]
        text, completed = await spoken(reader, question, nearness=[[0.1], [0.2, 0.9], [0.5]])
    finally:
        await reader.close()
    plain, shown = pair.prompt(pages, [], question), pages[1:]
    prompt, images = [*plain, *pair.again(shown, question)], [*pages, *shown]
    expected = pair.their_answer(images, prompt)
    marks = pair.ours.vocabulary.marks
    assert text == pair.tokenizer.decode([token for token in expected if token not in marks])
    assert completed.completion_tokens == len(expected)
    assert completed.confidence == pytest.approx(pair.their_confidence(images, prompt, expected), rel=1e-4)
    assert completed.confidence != pytest.approx(pair.their_confidence(pages, plain, expected), rel=1e-2)


async def spoken(reader: Reader, question: str, **fields: object) -> tuple[str, Completed]:
    events = [event async for event in reader.answer(Question("doc", Task.ASK, question, NEW_TOKENS, **fields))]
    return "".join(event.text for event in events if isinstance(event, TextDelta)), events[-1]


def expected_text_tokens(pair: Pair) -> int:
    tokens = pair.ours.vocabulary.prefix([12, 10, 12])
    return len(tokens) - tokens.count(pair.ours.vocabulary.image_token)


def test_packed_flash_attention_sees_what_page_by_page_attention_sees(
    pair: Pair, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The packed kernel itself runs on CUDA only; here a stand-in with its signature takes its place."""
    pages, tower = PAGE_SETS["three pages of two sizes"], pair.ours._parts.vision
    expected = pair.ours.see(pages)
    calls: list[int] = []

    def packed(
        query: torch.Tensor, key: torch.Tensor, value: torch.Tensor, ends: torch.Tensor, ends_of_keys: torch.Tensor,
        longest: int, longest_key: int,
    ) -> torch.Tensor:  # fmt: skip
        assert ends.dtype is torch.int32
        assert longest == longest_key == int((ends[1:] - ends[:-1]).max())
        calls.append(longest)
        spans = [slice(start, end) for start, end in pairwise(ends.tolist())]
        parts = [[tensor[span].transpose(0, 1) for tensor in (query, key, value)] for span in spans]
        return torch.cat([functional.scaled_dot_product_attention(*part).transpose(0, 1) for part in parts])

    monkeypatch.setattr(varlen, "varlen_attn", packed)
    monkeypatch.setattr(tower, "_attention", packed_flash)
    torch.testing.assert_close(pair.ours.see(pages), expected)
    assert len(calls) == len(list(tower.blocks))

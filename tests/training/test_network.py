"""The training-time forward pass is the model that will be served."""

import json

import numpy as np
import torch
from PIL import Image
from transformers import Qwen2VLForConditionalGeneration, Qwen2VLImageProcessorPil

from training import checkpoint
from training.laid import NONE
from training.network import Network, Shape, positions
from training.rows import offsets

PAGES, ROWS, COLUMNS = 2, 4, 6


def prompt(tokenizer):
    """Pages, a question, its second page once more, and the question again."""
    again = "<|ask|>多少<|im_end|><|page_1|><|vision_start|><|image_pad|><|vision_end|><|ask|>多少"
    parts = [{"type": "image"}] * PAGES + [{"type": "text", "text": again}]
    text = tokenizer.apply_chat_template([{"role": "user", "content": parts}], tokenize=False)
    text = text.replace("<|image_pad|>", "<|image_pad|>" * (ROWS * COLUMNS))
    return tokenizer(text, return_tensors="pt").input_ids


def test_batched_forward_equals_transformers(tmp_path):
    torch.manual_seed(0)
    tokenizer = checkpoint.tokenizer()
    model = Qwen2VLForConditionalGeneration(checkpoint.config(8256)).eval()
    (tmp_path / "preprocessor_config.json").write_text(json.dumps(checkpoint.PROCESSOR))
    pages = np.random.default_rng(0).integers(0, 256, (PAGES, ROWS * 28, COLUMNS * 28), dtype=np.uint8)
    images = [Image.fromarray(page).convert("RGB") for page in (*pages, pages[1])]
    seen = Qwen2VLImageProcessorPil.from_pretrained(tmp_path)(images, return_tensors="pt")
    ids = prompt(tokenizer)
    kinds = (ids == checkpoint.CONTROL.index("<|image_pad|>")).int()
    network = Network(model, dropout=0.5)
    shape = Shape(PAGES, ROWS, COLUMNS, text=ids.shape[1] - (1 + PAGES * (ROWS * COLUMNS + 3)))
    again = np.full((1, shape.text), NONE)
    again[kinds[:, shape.prefix :].numpy() == 1] = ROWS * COLUMNS + np.arange(ROWS * COLUMNS)
    offset = torch.from_numpy(offsets(again, np.zeros(1, np.int64), shape))
    told = shape, torch.from_numpy(again), offset
    with torch.no_grad():
        expected = model(input_ids=ids, attention_mask=torch.ones_like(ids), mm_token_type_ids=kinds, **seen).logits
        tokens = network.see(torch.from_numpy(pages)).reshape(1, PAGES * ROWS * COLUMNS, -1)
        actual = network.logits(network.think(tokens, ids, *told).final)
    torch.testing.assert_close(actual, expected, atol=1e-4, rtol=1e-4)
    learning = network.logits(network.think(tokens, ids, *told).final)
    assert not torch.allclose(learning, expected, atol=1e-2, rtol=1e-2)  # something is dropped where it learns
    where, _ = model.model.get_rope_index(ids, mm_token_type_ids=kinds, image_grid_thw=seen["image_grid_thw"])
    assert torch.equal(where, positions(shape, offset))


def test_every_known_character_is_one_token_and_comes_back():
    tokenizer = checkpoint.tokenizer()
    text = "".join(checkpoint.alphabet())
    ids = tokenizer(text).input_ids
    assert len(ids) == len(text)
    assert tokenizer.decode(ids) == text


def test_an_unknown_character_comes_back_from_its_bytes():
    tokenizer = checkpoint.tokenizer()
    assert tokenizer.decode(tokenizer("a\U0001f600龘").input_ids) == "a\U0001f600龘"

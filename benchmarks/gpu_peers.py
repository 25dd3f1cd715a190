"""transformers on the same shapes, card and limit, in the same run: `generate`, and its batching for the text half."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import torch
from transformers import (
    ContinuousBatchingConfig,
    GenerationConfig,
    Qwen2Config,
    Qwen2ForCausalLM,
    Qwen2VLForConditionalGeneration,
)

from benchmarks import gpu_model


def measure(tell: Callable[..., None], page_count: int) -> None:
    """Time to the first token of the document, then tokens a second, one request after another as `generate` does."""
    gpu_model.imitated_card()
    shapes = gpu_model.config()
    model = peer(shapes)
    torch.cuda.reset_peak_memory_stats()
    inputs = document(shapes, page_count)
    for count in (65, 1, 65):  # the first warms
        torch.cuda.synchronize()
        began_s = time.perf_counter()
        model.generate(**inputs, max_new_tokens=count, min_new_tokens=count, do_sample=False)
        torch.cuda.synchronize()
        spent = time.perf_counter() - began_s
        if count == 1:
            first_s = spent
    peak = torch.cuda.max_memory_allocated()
    tell(
        "transformers generate", prompt_tokens=inputs["input_ids"].shape[1], first_token_ms=1e3 * first_s,
        decode_tok_s=64 / (spent - first_s), peak_gb=peak / 1e9, attention=model.config._attn_implementation,
    )  # fmt: skip


def batching(tell: Callable[..., None]) -> None:
    """Tokens a second of continuous batching, which takes no images: as many text tokens instead."""
    gpu_model.imitated_card()
    text = gpu_model.config().text_config.to_dict()
    text["rope_parameters"] = {"rope_type": "default", "rope_theta": 1e6}
    kept = ("hidden_size", "intermediate_size", "num_hidden_layers", "num_attention_heads", "num_key_value_heads")
    kept += ("vocab_size", "max_position_embeddings", "rope_parameters", "bos_token_id", "eos_token_id")
    shapes = Qwen2Config(**{name: text[name] for name in kept}, tie_word_embeddings=False)
    with torch.device("meta"):
        model = Qwen2ForCausalLM(shapes)
    model = model.to(torch.bfloat16).to_empty(device="cuda").eval()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.normal_(0, 0.02)
    model.model.rotary_emb = type(model.model.rotary_emb)(config=shapes).cuda()
    how = GenerationConfig(max_new_tokens=48, do_sample=False, eos_token_id=None, pad_token_id=0)
    for batch in (8, 32):
        prompts = [[4 + (number * 7 + at) % 900 for at in range(2000)] for number in range(batch)]
        blocks = ContinuousBatchingConfig(num_blocks=batch * 9, max_batch_tokens=2048)  # of 256 tokens
        for _ in range(2):  # the first warms
            outputs = model.generate_batch(
                prompts, generation_config=how, continuous_batching_config=blocks, record_timestamps=True
            )
        times = [output.timestamps for output in outputs.values()]
        since, until = max(row[0] for row in times), max(row[-1] for row in times)
        counted = sum(at > since for row in times for at in row)
        tell("transformers batching", **{f"batch {batch} of 2000": f"{counted / (until - since):.0f} tok/s"})


def peer(shapes: Any) -> Any:
    """transformers' model with random weights."""
    with torch.device("meta"):
        model = Qwen2VLForConditionalGeneration(shapes)
    model = model.to(torch.bfloat16).to_empty(device="cuda")
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.normal_(0, 0.02)
        rotary = model.model.language_model.rotary_emb
        model.model.language_model.rotary_emb = type(rotary)(config=shapes.text_config).cuda()
        tower = model.model.visual
        tower.rotary_pos_emb = type(tower.rotary_pos_emb)(shapes.vision_config).cuda()
    return model.eval()


def document(shapes: Any, page_count: int) -> dict[str, torch.Tensor]:
    """The benchmark's document and question as transformers takes them."""
    each = 121
    ids = []
    for _ in range(page_count):
        ids += [shapes.vision_start_token_id, *[shapes.image_token_id] * each, shapes.vision_end_token_id]
    ids += [4 + number for number in range(48)]
    tokens = torch.tensor([ids], device="cuda")
    return {
        "input_ids": tokens,
        "attention_mask": torch.ones_like(tokens),
        "mm_token_type_ids": (tokens == shapes.image_token_id).int(),
        "pixel_values": torch.randn((page_count * 22 * 22, 1176), device="cuda", dtype=torch.bfloat16),
        "image_grid_thw": torch.tensor([[1, 22, 22]] * page_count, device="cuda"),
    }

"""Tiny random checkpoints of both families, saved as real folders, and pages to show them."""

from pathlib import Path

import numpy as np
import torch
from tokenizers import Regex, Tokenizer, models, pre_tokenizers
from transformers import (
    Glm4vConfig,
    Glm4vForConditionalGeneration,
    PreTrainedTokenizerFast,
    Qwen2VLConfig,
    Qwen2VLForConditionalGeneration,
)
from transformers.models.glm4v.image_processing_pil_glm4v import Glm4vImageProcessorPil
from transformers.models.qwen2_vl.image_processing_pil_qwen2_vl import Qwen2VLImageProcessorPil

from reader_service.model import GreyPage, PageSize

SPECIALS = ["<|pad|>", "<|im_start|>", "<|im_end|>", "<|vision_start|>", "<|vision_end|>", "<|image_pad|>"]
MARKS = ["<|absent|>", *(f"<|page_{n}|>" for n in range(4)), *(f"<|row_{n}|>" for n in range(4)), "<think>", "</think>"]
LETTERS = [*"abcdefghijklmnopqrstuvwxyz ?.\n中文"]
TEMPLATE = (
    "{% for m in messages %}{{ '<|im_start|>' }}{{ m.role }}{{ '\n' }}"
    "{% if m.content is string %}{{ m.content }}{% else %}{% for c in m.content %}"
    "{% if c.type == 'image' %}{{ '<|vision_start|><|image_pad|><|vision_end|>' }}{% else %}{{ c.text }}{% endif %}"
    "{% endfor %}{% endif %}{{ '<|im_end|>\n' }}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"
)


def tokenizer() -> PreTrainedTokenizerFast:
    """One token a letter, and the marks."""
    words = {text: number for number, text in enumerate([*SPECIALS, *MARKS, *LETTERS])}
    base = Tokenizer(models.WordLevel(words, unk_token="."))
    base.pre_tokenizer = pre_tokenizers.Split(Regex("[\\s\\S]"), "isolated")
    from tokenizers import AddedToken, decoders

    base.decoder = decoders.Fuse()
    base.add_special_tokens([AddedToken(text, special=True) for text in SPECIALS])
    base.add_tokens([AddedToken(text, normalized=False) for text in MARKS])
    return PreTrainedTokenizerFast(
        tokenizer_object=base, eos_token="<|im_end|>", pad_token="<|pad|>", chat_template=TEMPLATE
    )


def qwen(folder: Path, seed: int = 0, hidden: int = 64, intermediate: int = 96) -> Path:
    """A Qwen2-VL checkpoint with grouped heads."""
    names = tokenizer()
    torch.manual_seed(seed)
    config = Qwen2VLConfig(
        text_config={
            "hidden_size": hidden, "intermediate_size": intermediate, "num_hidden_layers": 3,
            "num_attention_heads": hidden // 16, "num_key_value_heads": 2, "vocab_size": len(names),
            "max_position_embeddings": 4096,
            "rope_parameters": {"rope_type": "default", "rope_theta": 10000.0, "mrope_section": [2, 3, 3]},
            "bos_token_id": None, "eos_token_id": names.eos_token_id,
        },
        vision_config={"depth": 2, "embed_dim": 32, "hidden_size": hidden, "num_heads": 2, "mlp_ratio": 2},
        tie_word_embeddings=True,
        **_token_ids(names, "vision_start_token_id", "vision_end_token_id"),
    )  # fmt: skip
    return _save(Qwen2VLForConditionalGeneration(config), Qwen2VLImageProcessorPil(), names, folder)


def glm(folder: Path, seed: int = 0) -> Path:
    """A GLM-4.1V checkpoint: partial rotation of neighbours, sandwich norms, head of its own."""
    names = tokenizer()
    torch.manual_seed(seed)
    config = Glm4vConfig(
        text_config={
            "hidden_size": 64, "intermediate_size": 96, "num_hidden_layers": 3, "num_attention_heads": 4,
            "num_key_value_heads": 2, "vocab_size": len(names), "max_position_embeddings": 4096,
            "rope_parameters": {
                "rope_type": "default", "rope_theta": 10000.0, "mrope_section": [1, 1, 2], "partial_rotary_factor": 0.5
            },
            "pad_token_id": names.pad_token_id, "eos_token_id": names.eos_token_id,
        },
        vision_config={
            "depth": 2, "hidden_size": 32, "num_heads": 2, "out_hidden_size": 64, "intermediate_size": 96,
            "image_size": 56,
        },
        tie_word_embeddings=False,
        **_token_ids(names, "image_start_token_id", "image_end_token_id"),
    )  # fmt: skip
    return _save(Glm4vForConditionalGeneration(config), Glm4vImageProcessorPil(), names, folder)


def page(seed: int, width_px: int = 84, height_px: int = 112) -> GreyPage:
    """A page of noise: every patch differs."""
    rows = np.random.default_rng(seed).integers(0, 256, (height_px, width_px), dtype=np.uint8)
    return GreyPage(PageSize(width_px, height_px), rows)


def _token_ids(names: PreTrainedTokenizerFast, start: str, end: str) -> dict[str, int]:
    ids = names.convert_tokens_to_ids(["<|image_pad|>", "<|vision_start|>", "<|vision_end|>"])
    return {"image_token_id": ids[0], "video_token_id": 0, start: ids[1], end: ids[2]}


def _save(model: torch.nn.Module, processor: object, names: PreTrainedTokenizerFast, folder: Path) -> Path:
    with torch.no_grad():
        for parameter in model.parameters():  # initial weights are too small to tell positions or pages apart
            parameter.add_(torch.randn_like(parameter) * 0.08)
    model.generation_config.eos_token_id = names.eos_token_id
    for part in (model, processor, names):
        part.save_pretrained(folder)
    return folder

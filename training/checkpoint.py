"""Owns the embedded reader's shape on disk: alphabet, tokenizer, configuration, chat template and weight shards.

The checkpoint is an ordinary Qwen2-VL folder, so that the same loader serves it and its larger relatives.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch
from tokenizers import AddedToken, Tokenizer, decoders, models
from transformers import PreTrainedTokenizerFast, Qwen2VLConfig, Qwen2VLForConditionalGeneration

PAGE_ANCHORS = 64
ROW_ANCHORS = 64
COLUMN_ANCHORS = 128
COLUMN_PX = 7
"""A column anchor names where an answer begins on its line, in quarters of a vision token."""
SHARD_BYTES = 15 * 1024 * 1024

CONTROL = (
    "<|im_end|>",
    "<|im_start|>",
    "<|vision_start|>",
    "<|vision_end|>",
    "<|image_pad|>",
    "<|video_pad|>",
    "<|ask|>",
    "<|transcribe|>",
    "<|summarize|>",
    "<|absent|>",
    "<|eol|>",
)
"""Special tokens by position: their ids are their indices."""

SPECIAL = (
    *CONTROL,
    *(f"<|page_{i}|>" for i in range(PAGE_ANCHORS)),
    *(f"<|row_{i}|>" for i in range(ROW_ANCHORS)),
)

COLUMN = tuple(f"<|col_{i}|>" for i in range(COLUMN_ANCHORS))

CHAT_TEMPLATE = (
    "{%- set pages = namespace(n=0) -%}<|im_start|>"
    "{%- for message in messages -%}"
    "{%- if message['content'] is string -%}{{ message['content'] }}"
    "{%- else -%}{%- for part in message['content'] -%}"
    "{%- if part['type'] == 'image' -%}"
    "{{ '<|page_' ~ pages.n ~ '|><|vision_start|><|image_pad|><|vision_end|>' }}{%- set pages.n = pages.n + 1 -%}"
    "{%- else -%}{{ part['text'] }}{%- endif -%}{%- endfor -%}{%- endif -%}"
    "{%- if message['role'] in ('user', 'assistant') -%}<|im_end|>{%- endif -%}"
    "{%- endfor -%}"
)

# Hanzi outside GB2312 that modern and classical text still uses; the corpus ranks them.
EXTRA_HANZI = "镕祇淲浄髪镃谿鬭珦祐珪倅馿髙珮罍翚煖賸彊臞鹙玕偁寛俛佺弇昉浥翀椀穉烝旻曈斾玥琤晞瞭喆堃昇昊甯郃馀锺镠鎏鑫垚淼犇骉燚赟曌囧槑"  # noqa: E501 (one table)
EXTRA_SYMBOLS = "–—‘’“”•…€£¥©®™°±×÷²³¹½¼¾µ√∞≈≠≤≥→←↑↓⇒✓✔✗●○■□▲△▼◆★☆│├└─┌┐┘┤┬┴┼═║█·¶«»¡¿℃‰−‐‑\u00a0\u3000"


def alphabet() -> tuple[str, ...]:
    """Characters that are one token each: newline, ASCII, Latin-1 letters, GB2312, some beyond. No repeats."""
    ascii_ = [chr(c) for c in range(0x20, 0x7F)]
    latin = [chr(c) for c in range(0xC0, 0x180)]
    return tuple(dict.fromkeys(["\n", "\t", *ascii_, *EXTRA_SYMBOLS, *latin, *gb2312(), *EXTRA_HANZI]))


def gb2312() -> Iterator[str]:
    """Every character of GB/T 2312: symbols (rows 1-9), level 1 and level 2 hanzi (rows 16-87)."""
    for row in (*range(0xA1, 0xAA), *range(0xB0, 0xF8)):
        for cell in range(0xA1, 0xFF):
            try:
                yield bytes([row, cell]).decode("gb2312")
            except UnicodeDecodeError:
                continue


def tokenizer() -> PreTrainedTokenizerFast:
    """One character, one token; a character outside the alphabet becomes its UTF-8 bytes."""
    pieces = [*SPECIAL, *(f"<0x{b:02X}>" for b in range(256)), *alphabet(), *COLUMN]
    vocab = {piece: index for index, piece in enumerate(pieces)}
    model = models.BPE(vocab=vocab, merges=[], byte_fallback=True, fuse_unk=False)
    inner = Tokenizer(model)
    inner.decoder = decoders.Sequence([decoders.ByteFallback(), decoders.Fuse()])
    inner.add_special_tokens([AddedToken(token, normalized=False, special=True) for token in (*SPECIAL, *COLUMN)])
    fast = PreTrainedTokenizerFast(
        tokenizer_object=inner,
        eos_token="<|im_end|>",
        pad_token="<|im_end|>",
        clean_up_tokenization_spaces=False,
        extra_special_tokens=["<|image_pad|>", "<|vision_start|>", "<|vision_end|>"],
    )
    fast.chat_template = CHAT_TEMPLATE
    return fast


def config(vocab_size: int) -> Qwen2VLConfig:
    """About 20 M parameters: a 5 × 256 vision tower and a 7 × 384 decoder with tied embeddings."""
    return Qwen2VLConfig(
        text_config={
            "vocab_size": vocab_size,
            "hidden_size": 384,
            "intermediate_size": 768,
            "num_hidden_layers": 7,
            "num_attention_heads": 6,
            "num_key_value_heads": 6,
            "max_position_embeddings": 32768,
            "rope_parameters": {"rope_type": "default", "rope_theta": 1000.0, "mrope_section": [4, 8, 20]},
            "bos_token_id": CONTROL.index("<|im_start|>"),
            "eos_token_id": CONTROL.index("<|im_end|>"),
            "pad_token_id": CONTROL.index("<|im_end|>"),
            "tie_word_embeddings": True,
        },
        vision_config={"depth": 5, "embed_dim": 256, "hidden_size": 384, "num_heads": 4, "mlp_ratio": 4},
        image_token_id=CONTROL.index("<|image_pad|>"),
        video_token_id=CONTROL.index("<|video_pad|>"),
        vision_start_token_id=CONTROL.index("<|vision_start|>"),
        vision_end_token_id=CONTROL.index("<|vision_end|>"),
        tie_word_embeddings=True,
    )


def save(model: Qwen2VLForConditionalGeneration, folder: Path) -> None:
    """Write a complete checkpoint folder, bf16 shards of at most 15 MiB."""
    folder.mkdir(parents=True, exist_ok=True)
    weights: Any = model
    weights.to(torch.bfloat16).save_pretrained(folder, max_shard_size=SHARD_BYTES)
    tokenizer().save_pretrained(folder)
    (folder / "preprocessor_config.json").write_text(json.dumps(PROCESSOR, indent=2) + "\n")


PROCESSOR = {
    "image_processor_type": "Qwen2VLImageProcessor",
    "do_convert_rgb": True,
    "do_normalize": True,
    "do_rescale": True,
    "do_resize": True,
    "image_mean": [0.5, 0.5, 0.5],
    "image_std": [0.5, 0.5, 0.5],
    "rescale_factor": 1 / 255,
    "resample": 3,
    "patch_size": 14,
    "temporal_patch_size": 2,
    "merge_size": 2,
    "size": {"shortest_edge": 784, "longest_edge": 1003520},
}

"""Owns how many weights a checkpoint has, by what becomes of them, counted from its config without one of them."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import torch
from transformers import AutoConfig, Glm4vForConditionalGeneration, Qwen2VLForConditionalGeneration

_FAMILIES: dict[str, Any] = {"qwen2_vl": Qwen2VLForConditionalGeneration, "glm4v": Glm4vForConditionalGeneration}


def read_config(model: str) -> Any:
    """The config of a checkpoint folder or hub id. Raises OSError, and ValueError for a family that we do not run."""
    if Path(model).is_absolute() and not Path(model).is_dir():
        raise OSError(f"no checkpoint folder at {model}")
    config = AutoConfig.from_pretrained(model)
    if config.model_type not in _FAMILIES:
        raise ValueError(f"{model}: model type {config.model_type!r} is none of {', '.join(_FAMILIES)}")
    return config


def count_weights(config: Any) -> Counter[str]:
    """Weights by part: the vision tower's "block"s and "ends", "embedding", "head", the decoder's "linear", "other"."""
    with torch.device("meta"):
        model = _FAMILIES[config.model_type](config)
    counts: Counter[str] = Counter()
    for name, weight in model.named_parameters():
        counts[_part(name, weight.dim())] += weight.numel()
    return counts


def _part(name: str, dimensions: int) -> str:
    if "visual" in name:
        return "block" if ".blocks." in name else "ends"
    if "embed_tokens" in name:
        return "embedding"
    if "lm_head" in name:
        return "head"
    return "linear" if dimensions > 1 else "other"

"""From a checkpoint folder or hub id to a reader on a device."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch
from transformers import (
    AttentionInterface,
    AutoConfig,
    AutoTokenizer,
    GenerationConfig,
    Glm4vForConditionalGeneration,
    Qwen2VLForConditionalGeneration,
)
from transformers.models.glm4v.image_processing_pil_glm4v import Glm4vImageProcessorPil
from transformers.models.qwen2_vl.image_processing_pil_qwen2_vl import Qwen2VLImageProcessorPil

from reader_service.model import Costs, ModelFacts
from reader_service.profile import ReaderProfile, load_profile
from reader_service.settings import Settings
from reader_service.torch_model import costs as formulas
from reader_service.torch_model.attention import VARLEN_FLASH, varlen_flash
from reader_service.torch_model.card import Card, CpuCard, CudaCard
from reader_service.torch_model.decoder import Decoder
from reader_service.torch_model.offload import Offloader, ParkedWeights
from reader_service.torch_model.torch_reader import Parts, Threads, TorchReader
from reader_service.torch_model.vision import VisionTower, geometry_of, patch_rules
from reader_service.torch_model.vocabulary import TokenizerVocabulary

# AutoProcessor wants torchvision; these do not.
_FAMILIES: dict[str, tuple[Any, Any]] = {
    "qwen2_vl": (Qwen2VLForConditionalGeneration, Qwen2VLImageProcessorPil),
    "glm4v": (Glm4vForConditionalGeneration, Glm4vImageProcessorPil),
}
_HASHED_WHOLE_BYTES = 64 * 1024 * 1024
_IDENTITY_SUFFIXES = {".json", ".jinja", ".safetensors", ".txt", ".model"}


def load_model(settings: Settings) -> TorchReader:
    """Loads a checkpoint. Raises OSError when it is not there, ValueError when it is none that we can run."""
    folder = _folder(settings.model)
    config = AutoConfig.from_pretrained(folder)
    if config.model_type not in _FAMILIES:
        raise ValueError(f"{settings.model}: model type {config.model_type!r} is none of {', '.join(_FAMILIES)}")
    card = _card(settings)
    profile = load_profile(folder, config.model_type, _name(settings.model))
    model, attention = _checkpoint(folder, config.model_type, _dtype(settings, card), card)
    processor = _FAMILIES[config.model_type][1].from_pretrained(folder)
    vision = VisionTower(model.model.visual, patch_rules(processor))
    decoder = Decoder(model.model.language_model, model.lm_head.weight.data)
    card.release_cached()  # what fusing matrices left behind
    costs = _costs(config, vision, decoder, card)
    threshold_bytes = int(card.memory_bytes * settings.offload_threshold)
    parked = ParkedWeights(vision.visual, card.device)
    offloader = Offloader(parked, vision.weight_bytes if card.device.type == "cuda" else 0, threshold_bytes)
    facts = ModelFacts(
        name=profile.name,
        revision=_revision(folder, decoder.embedding.dtype),
        device=card.device.type,
        vision_attention=attention,
        geometry=geometry_of(processor),
        costs=costs,
        total_bytes=int(card.memory_bytes * settings.memory_fraction),
        profile=profile,
    )
    vocabulary = _vocabulary(folder, config, profile)
    parts = Parts(vision, decoder, vocabulary, offloader, card)
    return TorchReader(parts, facts, settings.chunks(on_card=facts.device == "cuda"), _threads(settings))


def _threads(settings: Settings) -> Threads:
    cores = settings.torch_threads or os.cpu_count() or 1
    return Threads(cores, settings.torch_token_threads or max(1, cores // 2))


def _folder(model: str) -> Path:
    if Path(model).is_dir():
        return Path(model)
    if Path(model).is_absolute():
        raise OSError(f"no checkpoint folder at {model}")
    from huggingface_hub import snapshot_download

    return Path(snapshot_download(model))


def _name(model: str) -> str:
    return Path(model).name if Path(model).is_dir() else model


def _card(settings: Settings) -> Card:
    wants_card = settings.device == "cuda" or (settings.device == "auto" and torch.cuda.is_available())
    return CudaCard(settings.card_bytes, settings.memory_fraction) if wants_card else CpuCard(settings.card_bytes)


def _dtype(settings: Settings, card: Card) -> torch.dtype:
    if settings.dtype == "auto":
        return torch.bfloat16 if card.device.type == "cuda" else torch.float32
    return torch.bfloat16 if settings.dtype == "bfloat16" else torch.float32


def _checkpoint(folder: Path, model_type: str, dtype: torch.dtype, card: Card) -> tuple[Any, str]:
    """transformers' model on the device, and the name of its vision attention: never eager."""
    model = _FAMILIES[model_type][0].from_pretrained(folder, dtype=dtype, attn_implementation="sdpa")
    model = model.eval().requires_grad_(False).to(card.device)
    if card.device.type != "cuda" or dtype is torch.float32:
        return model, "sdpa"
    AttentionInterface.register(VARLEN_FLASH, varlen_flash)
    model.set_attn_implementation({"vision_config": VARLEN_FLASH})
    return model, VARLEN_FLASH


def _costs(config: Any, vision: VisionTower, decoder: Decoder, card: Card) -> Costs:
    dtype_bytes = decoder.embedding.element_size()
    weight_bytes = vision.weight_bytes + decoder.weight_bytes
    on_card = card.device.type == "cuda"
    return Costs(
        weight_bytes=weight_bytes,
        vision_weight_bytes=vision.weight_bytes,
        # On a CPU the process is all there is: what it holds beside the weights is its context.
        context_bytes=card.used_bytes() if on_card else max(0, card.used_bytes() - weight_bytes),
        kv_bytes_per_token=formulas.kv_bytes_per_token(config.text_config, dtype_bytes),
        vision_bytes_per_patch=formulas.vision_bytes_per_patch(config.vision_config, dtype_bytes),
        prefill_bytes_per_token=formulas.prefill_bytes_per_token(config.text_config, dtype_bytes),
        logits_bytes=formulas.logits_bytes(config.text_config),
    )


def _vocabulary(folder: Path, config: Any, profile: ReaderProfile) -> TokenizerVocabulary:
    tokenizer = AutoTokenizer.from_pretrained(folder)
    template = folder / "chat_template.json"  # where older checkpoints keep the processor's template
    if tokenizer.chat_template is None and template.is_file():
        tokenizer.chat_template = json.loads(template.read_text("utf-8"))["chat_template"]
    page_end = getattr(config, "vision_end_token_id", None) or config.image_end_token_id
    ids = {"image": config.image_token_id, "page_end": page_end}
    return TokenizerVocabulary(tokenizer, ids, list(_ends(folder, config, tokenizer)), profile)


def _ends(folder: Path, config: Any, tokenizer: Any) -> Iterator[int]:
    """Every token that ends an answer, from the three places where checkpoints say so."""
    named = [tokenizer.eos_token_id, config.text_config.eos_token_id]
    if (folder / "generation_config.json").is_file():
        named.append(GenerationConfig.from_pretrained(folder).eos_token_id)
    for ids in named:
        yield from ids if isinstance(ids, list) else [] if ids is None else [ids]


def _revision(folder: Path, dtype: torch.dtype) -> str:
    """Identity of weights, weight format and prompt: a hash of the folder; of huge files, of their size and ends."""
    digest = hashlib.sha256(str(dtype).encode())
    for path in sorted(folder.iterdir()):
        if path.suffix in _IDENTITY_SUFFIXES:
            digest.update(f"{path.name}:{path.stat().st_size}:".encode())
            digest.update(_content(path))
    return digest.hexdigest()[:16]


def _content(path: Path) -> bytes:
    if path.stat().st_size <= _HASHED_WHOLE_BYTES:
        return path.read_bytes()
    with path.open("rb") as file:
        head = file.read(1 << 20)
        file.seek(-(1 << 20), 2)
        return head + file.read()

"""From a checkpoint folder or hub id to a reader on a device."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from transformers import AutoConfig, AutoTokenizer, GenerationConfig
from transformers.models.glm4v.image_processing_pil_glm4v import Glm4vImageProcessorPil
from transformers.models.glm4v.modeling_glm4v import Glm4vTextRotaryEmbedding, Glm4vVisionModel
from transformers.models.qwen2_vl.image_processing_pil_qwen2_vl import Qwen2VLImageProcessorPil
from transformers.models.qwen2_vl.modeling_qwen2_vl import Qwen2VisionTransformerPretrainedModel, Qwen2VLRotaryEmbedding

from reader_service.profile import load_profile
from reader_service.torch_model.assemble import Family, Layout, Plan, assemble
from reader_service.torch_model.card import number_format, open_card
from reader_service.torch_model.checkpoint import SafeTensors
from reader_service.torch_model.decoder import Formats
from reader_service.torch_model.linear import Format
from reader_service.torch_model.torch_reader import Threads, TorchReader
from reader_service.torch_model.vocabulary import TokenizerVocabulary

if TYPE_CHECKING:
    from reader_service.profile import ReaderProfile
    from reader_service.settings import Settings

# AutoProcessor wants torchvision; these do not.
FAMILIES = {
    "qwen2_vl": Family(Qwen2VisionTransformerPretrainedModel, Qwen2VLRotaryEmbedding),
    "glm4v": Family(Glm4vVisionModel, Glm4vTextRotaryEmbedding),
}
PROCESSORS: dict[str, Any] = {"qwen2_vl": Qwen2VLImageProcessorPil, "glm4v": Glm4vImageProcessorPil}
LAYOUTS = {
    "plain": Layout(),
    "int8": Layout(Formats(Format.INT8, Format.INT8)),
    "int4": Layout(Formats(Format.INT4, Format.INT8, embedding_on_host=True)),
    "small": Layout(Formats(Format.INT4, Format.INT8, embedding_on_host=True), Format.INT8, tower_streams=True),
}
_HASHED_WHOLE_BYTES = 64 * 1024 * 1024
_IDENTITY_SUFFIXES = {".json", ".jinja", ".safetensors", ".txt", ".model"}


def load_model(settings: Settings) -> TorchReader:
    """Loads a checkpoint. Raises OSError when it is not there, ValueError when it is none that we can run."""
    folder = _folder(settings.model)
    config = AutoConfig.from_pretrained(folder)
    if config.model_type not in FAMILIES:
        raise ValueError(f"{settings.model}: model type {config.model_type!r} is none of {', '.join(FAMILIES)}")
    card = open_card(settings)
    profile = load_profile(folder, config.model_type, _name(settings.model))
    dtype = number_format(settings, card)
    plan = Plan(
        config=config,
        family=FAMILIES[config.model_type],
        processor=PROCESSORS[config.model_type].from_pretrained(folder),
        layout=LAYOUTS[settings.weights],
        chunks=settings.chunks(on_card=card.device.type == "cuda"),
        card_page_pixels=settings.card_page_pixels,
        total_bytes=int(card.memory_bytes * settings.memory_fraction),
        threshold_bytes=int(card.memory_bytes * settings.offload_threshold),
        threads=_threads(settings),
        revision=_revision(folder, f"{dtype}:{settings.weights}" if settings.weights != "plain" else str(dtype)),
    )
    vocabulary = _vocabulary(folder, config, profile)
    return assemble(plan, SafeTensors(folder, card.device, dtype), card, vocabulary, profile)


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


def _revision(folder: Path, form: str) -> str:
    """Identity of weights, weight format and prompt: a hash of the folder; of huge files, of their size and ends."""
    digest = hashlib.sha256(form.encode())
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

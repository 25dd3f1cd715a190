"""Puts a reader together from a source of weights, be it a checkpoint or weights made up to measure with."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

from reader_service.budget import ChunkLimits
from reader_service.model import Costs, ModelFacts, Vocabulary
from reader_service.profile import ReaderProfile
from reader_service.torch_model import costs as formulas
from reader_service.torch_model.attention import choose_page_attention
from reader_service.torch_model.card import Card
from reader_service.torch_model.checkpoint import Tensors
from reader_service.torch_model.decoder import Decoder, Formats
from reader_service.torch_model.graphs import DecodeGraphs
from reader_service.torch_model.linear import Format
from reader_service.torch_model.offload import Offloader, ParkedWeights
from reader_service.torch_model.paged_kv import PagePool
from reader_service.torch_model.prompts import PromptGraphs
from reader_service.torch_model.runners import CardRunner, HostRunner, Runner
from reader_service.torch_model.steps import steps_for
from reader_service.torch_model.streaming import StreamedBlocks
from reader_service.torch_model.torch_reader import Parts, Threads, TorchReader
from reader_service.torch_model.vision import ResidentBlocks, VisionTower, geometry_of, load_tower, patch_rules


@dataclass(frozen=True)
class Family:
    """transformers' classes whose arithmetic we borrow."""

    tower: type[Any]
    rotary: type[Any]


@dataclass(frozen=True)
class Layout:
    """How weights are held, and whether a card ever holds the whole vision tower."""

    decoder: Formats = field(default_factory=Formats)
    vision: Format = Format.PLAIN
    tower_streams: bool = False


@dataclass(frozen=True)
class Plan:
    """What a reader is made from, beside its weights."""

    config: Any
    family: Family
    processor: Any
    layout: Layout
    chunks: ChunkLimits
    card_page_pixels: int
    total_bytes: int
    threshold_bytes: int
    threads: Threads
    revision: str


def assemble(plan: Plan, tensors: Tensors, card: Card, vocabulary: Vocabulary, profile: ReaderProfile) -> TorchReader:
    """A reader on the card's device. Raises ValueError when the weights are not the config's."""
    steps, on_card = steps_for(card.device), card.device.type == "cuda"
    rotary = plan.family.rotary(config=plan.config.text_config)
    decoder = Decoder(plan.config.text_config, rotary, tensors, plan.layout.decoder, steps)
    dtype = decoder.kv_shape.dtype
    attention, name = choose_page_attention(card.device, dtype)
    ends, blocks = load_tower(plan.family.tower, plan.config.vision_config, tensors, plan.layout.vision, card.device)
    streams = on_card and plan.layout.tower_streams
    here = StreamedBlocks(blocks, card.device) if streams else ResidentBlocks(blocks)
    tower = VisionTower(ends, here, patch_rules(plan.processor), steps, attention)
    card.release_cached()  # what putting matrices together left behind
    runner = _runner(decoder, on_card=on_card)
    shown = profile.pages_shown_again
    kept_bytes = formulas.kept_bytes_per_vision_token(plan.config.text_config, dtype.itemsize, shown)
    facts = ModelFacts(
        name=profile.name,
        revision=plan.revision,
        device=card.device.type,
        vision_attention=name,
        geometry=geometry_of(plan.processor, plan.card_page_pixels if on_card else 2**62),
        costs=replace(_costs(plan, tower, decoder, runner, card), kept_bytes_per_vision_token=kept_bytes),
        total_bytes=plan.total_bytes,
        profile=profile,
    )
    movable = tower.tensors() if on_card and not streams else []
    parked = ParkedWeights(movable, card.device)
    parked.prepare()
    offloader = Offloader(parked, sum(int(part.nbytes) for part in movable), plan.threshold_bytes)
    return TorchReader(Parts(tower, decoder, runner, vocabulary, offloader, card), facts, plan.chunks, plan.threads)


def _runner(decoder: Decoder, *, on_card: bool) -> Runner:
    if not on_card:
        return HostRunner(decoder)
    pool = PagePool(decoder.kv_shape, decoder.device)
    return CardRunner(decoder, pool, DecodeGraphs(decoder, pool), PromptGraphs(decoder, pool))


def _costs(plan: Plan, tower: VisionTower, decoder: Decoder, runner: Runner, card: Card) -> Costs:
    text, dtype_bytes = plan.config.text_config, decoder.kv_shape.dtype.itemsize
    weight_bytes = tower.weight_bytes + decoder.weight_bytes
    on_card = isinstance(runner, CardRunner)
    layout = plan.layout
    widens = any(form is not Format.PLAIN for form in (layout.decoder.layers, layout.decoder.head, layout.vision))
    chunk = plan.chunks.prefill_tokens
    if on_card:
        beside_bytes = formulas.beside_bytes(text, chunk, widens=widens)
    else:
        beside_bytes = formulas.host_bytes(text, dtype_bytes, chunk, plan.total_bytes)
    # On a CPU the process is all there is: what it holds beside the weights is its context.
    context_bytes = card.used_bytes() if on_card else max(0, card.used_bytes() - weight_bytes)
    return Costs(
        weight_bytes=weight_bytes,
        context_bytes=context_bytes,
        kv_bytes_per_token=formulas.kv_bytes_per_token(text, dtype_bytes),
        vision_bytes_per_patch=formulas.vision_bytes_per_patch(plan.config.vision_config, dtype_bytes),
        prefill_bytes_per_token=formulas.prefill_bytes_per_token(text, dtype_bytes),
        logits_bytes=formulas.logits_bytes(text) + beside_bytes,
        kv_page_tokens=runner.pool.page_tokens if isinstance(runner, CardRunner) else 1,
        kv_slab_bytes=runner.pool.slab_bytes if isinstance(runner, CardRunner) else 1,
    )

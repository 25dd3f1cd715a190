"""A loaded checkpoint on the card's path, on a CPU: kernels interpreted, KV in pages, tokens eagerly."""

from collections.abc import Sequence
from dataclasses import replace
from types import SimpleNamespace

import torch

from reader_service.torch_model.costs import beside_bytes
from reader_service.torch_model.graphs import DecodeGraphs
from reader_service.torch_model.kernels import rows
from reader_service.torch_model.paged_kv import PagePool
from reader_service.torch_model.prompts import PromptGraphs
from reader_service.torch_model.runners import CardRunner
from reader_service.torch_model.torch_reader import TorchReader


def cardlike(model: TorchReader, buckets: Sequence[int] = (2,)) -> TorchReader:
    """The same model, changed, with the costs of a card."""
    decoder, vision = model._parts.decoder, model._parts.vision
    decoder._steps = vision._steps = rows
    if not vision._gated:
        vision._activate = rows.quick_gelu
    pool = PagePool(decoder.kv_shape, torch.device("cpu"), page_tokens=16, slab_pages=2)
    graphs, prompts = DecodeGraphs(decoder, pool, buckets), PromptGraphs(decoder, pool, (8,))
    model._parts = replace(model._parts, runner=CardRunner(decoder, pool, graphs, prompts))
    costs, heads = model.facts.costs, decoder.heads
    text = SimpleNamespace(
        num_attention_heads=heads.query, num_key_value_heads=heads.kv, hidden_size=heads.query * heads.dim
    )
    model._correct(
        logits_bytes=costs.logits_bytes + beside_bytes(text, model._chunks.prefill_tokens, widens=False),
        kv_page_tokens=pool.page_tokens,
        kv_slab_bytes=pool.slab_bytes,
    )
    return model

"""The `Model` seam on torch: puts vision tower, decoder, sampling and offload together, and names torch's errors."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import wraps
from typing import Any, Concatenate, ParamSpec, TypeVar

import numpy as np
import torch

from reader_service.budget import ChunkLimits
from reader_service.errors import DeviceLost, OutOfMemory
from reader_service.model import Chunk, Costs, Drawn, GreyPage, ModelFacts, PageSize, Sampling
from reader_service.positions import text_positions
from reader_service.torch_model.card import Card
from reader_service.torch_model.decoder import Decoder
from reader_service.torch_model.kv import KvCache
from reader_service.torch_model.offload import Offloader
from reader_service.torch_model.sampling import TokenSampler
from reader_service.torch_model.vision import VisionTower
from reader_service.torch_model.vocabulary import TokenizerVocabulary

P = ParamSpec("P")
T = TypeVar("T")
_CPU_OUT_OF_MEMORY = ("can't allocate memory", "not enough memory")


@dataclass(frozen=True)
class Parts:
    """What a checkpoint becomes."""

    vision: VisionTower
    decoder: Decoder
    vocabulary: TokenizerVocabulary
    offloader: Offloader
    card: Card


@dataclass(frozen=True)
class Threads:
    """Threads of one operation on a CPU. The operations of a token are so short that threads which wait for each other
    cost more than they bring as soon as anyone else wants a core."""

    chunk: int
    token: int


def _named(method: Callable[Concatenate[TorchReader, P], T]) -> Callable[Concatenate[TorchReader, P], T]:
    """Runs a method without gradients and turns torch's memory and device errors into the seam's."""

    @wraps(method)
    def call(self: TorchReader, /, *args: P.args, **kwargs: P.kwargs) -> T:
        try:
            with torch.inference_mode():
                return method(self, *args, **kwargs)
        except (torch.OutOfMemoryError, MemoryError) as error:
            raise OutOfMemory("the device ran out of memory") from error
        except RuntimeError as error:
            raise _name_of(error) from error

    return call


def _name_of(error: RuntimeError) -> Exception:
    text = str(error)
    if any(sign in text for sign in _CPU_OUT_OF_MEMORY):
        return OutOfMemory("the device ran out of memory")
    if isinstance(error, torch.AcceleratorError) or "CUDA error" in text:
        return DeviceLost("the device does not answer any more")
    return error


class TorchReader:
    """A loaded checkpoint. See `reader_service.model.Model`."""

    def __init__(self, parts: Parts, facts: ModelFacts, chunks: ChunkLimits, threads: Threads) -> None:
        self.facts = facts
        self.vocabulary = parts.vocabulary
        self._parts = parts
        self._chunks = chunks
        self._threads = threads
        self._device = parts.card.device

    @_named
    def warm(self) -> None:
        """Runs every path once with a full chunk, whose measured bytes correct the formulas.

        A CPU tells the process's peak only, so there what libraries took on first use becomes context.
        """
        size, costs = self._warm_page(), self.facts.costs
        page_patches = self.facts.geometry.patches(size.pixels)
        count = max(1, self._chunks.vision_patches // page_patches)
        pages = [GreyPage(size, np.full((size.height_px, size.width_px), 255, np.uint8))] * count
        vision_bytes = self._measured(lambda: self.see(pages))
        tokens = self._chunks.prefill_tokens
        prefill_bytes = self._measured(lambda: self._warm_decoder(tokens))
        if self._device.type == "cuda":
            costs = self._corrected(-(-vision_bytes // (count * page_patches)), -(-prefill_bytes // tokens))
        else:
            context_bytes = self._parts.card.take_peak_bytes() - costs.weight_bytes
            costs = replace(costs, context_bytes=max(costs.context_bytes, context_bytes))
        self.facts = replace(self.facts, costs=costs)

    @_named
    def see(self, pages: Sequence[GreyPage]) -> torch.Tensor:
        """See `Model.see`."""
        self._parts.offloader.bring_back()
        self._use(self._threads.chunk)
        return self._parts.vision.see(pages, self._device)

    @_named
    def document(self, tokens: int) -> KvCache:
        """See `Model.document`."""
        return KvCache(self._parts.decoder.kv_shape, tokens, self._device)

    @_named
    def branch(self, document: KvCache, tokens: int) -> KvCache:
        """See `Model.branch`."""
        return KvCache(self._parts.decoder.kv_shape, tokens, self._device, parent=document)

    @_named
    def prefill(self, kv: KvCache, chunk: Chunk) -> torch.Tensor:
        """See `Model.prefill`."""
        self._use(self._threads.chunk)
        tokens = np.asarray(chunk.tokens, dtype=np.int64)
        hidden = self._parts.decoder.embed(torch.from_numpy(tokens).to(self._device))
        images = np.flatnonzero(tokens == self.vocabulary.image_token)
        if len(images):
            assert isinstance(chunk.vision, torch.Tensor)  # image tokens come with their pages
            seen = chunk.vision[chunk.vision_offset : chunk.vision_offset + len(images)]
            hidden.index_copy_(0, torch.from_numpy(images).to(self._device), seen)
        positions = torch.from_numpy(np.ascontiguousarray(chunk.positions)).to(self._device)
        return self._parts.decoder.forward(hidden, positions, kv)

    @_named
    def decode(self, kv: KvCache, token: int, position: int) -> torch.Tensor:
        """See `Model.decode`."""
        self._use(self._threads.token)
        place = torch.full((3, 1), position, device=self._device)
        return self._parts.decoder.forward(self._parts.decoder.embed(place.new_tensor([token])), place, kv)

    def sampler(self, sampling: Sampling) -> TokenSampler:
        """See `Model.sampler`."""
        return TokenSampler(sampling)

    @_named
    def draw(self, logits: torch.Tensor, sampler: TokenSampler) -> Drawn:
        """See `Model.draw`."""
        return sampler.draw(logits)

    def free(self, kv: KvCache) -> None:
        """See `Model.free`."""
        kv.free()

    @_named
    def balance(self, kv_bytes: int, pages_wait: bool) -> None:
        """See `Model.balance`."""
        costs = self.facts.costs
        workspace = self._chunks.prefill_tokens * costs.prefill_bytes_per_token
        used = costs.weight_bytes + costs.context_bytes + kv_bytes + workspace
        self._parts.offloader.balance(used, pages_wait)

    def offloads(self) -> int:
        """See `Model.offloads`."""
        return self._parts.offloader.offloads

    def resident_weight_bytes(self) -> int:
        """See `Model.resident_weight_bytes`."""
        return self.facts.costs.weight_bytes - self._parts.offloader.away_bytes

    def take_peak_bytes(self) -> int:
        """See `Model.take_peak_bytes`."""
        return self._parts.card.take_peak_bytes()

    def recover(self) -> None:
        """See `Model.recover`."""
        self._parts.card.release_cached()

    def _use(self, threads: int) -> None:
        if threads != torch.get_num_threads():
            torch.set_num_threads(threads)

    def _warm_page(self) -> PageSize:
        """A page of the size that the profile pins, or a middling one."""
        style, grid = self.facts.profile.styles[0], self.facts.geometry.grid_px
        sides = [(side or 12 * grid) // grid * grid for side in (style.page_width_px, style.page_height_px)]
        return PageSize(sides[0], sides[1])

    def _warm_decoder(self, tokens: int) -> None:
        text = next(iter(self.vocabulary.suffix(1, "a", ())))
        document, branch = self.document(tokens), None
        try:
            logits = self.prefill(document, Chunk([text] * tokens, text_positions(0, tokens)))
            branch = self.branch(document, 3)
            self.prefill(branch, Chunk([text, text], text_positions(tokens, 2)))
            self.decode(branch, self.draw(logits, self.sampler(Sampling())).token, tokens + 2)
        finally:
            for kv in (document, branch):
                if kv is not None:
                    kv.free()

    def _measured(self, action: Callable[[], Any]) -> int:
        """Bytes that an action takes beyond what is held already."""
        card = self._parts.card
        card.take_peak_bytes()
        before = card.take_peak_bytes()
        action()
        return card.take_peak_bytes() - before

    def _corrected(self, vision_bytes_per_patch: int, prefill_bytes_per_token: int) -> Costs:
        """What was measured replaces a formula that said less. KV in the measurement makes it the safer figure."""
        costs = self.facts.costs
        return replace(
            costs,
            vision_bytes_per_patch=max(costs.vision_bytes_per_patch, vision_bytes_per_patch),
            prefill_bytes_per_token=max(costs.prefill_bytes_per_token, prefill_bytes_per_token),
        )

"""The `Model` seam on torch: puts vision tower, decoder, sampling and offload together."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from reader_service.budget import ChunkLimits
from reader_service.errors import OutOfMemory
from reader_service.model import (
    Chunk,
    Drawn,
    GreyPage,
    Kv,
    Leaning,
    ModelFacts,
    PageSize,
    Pending,
    Sampling,
    Step,
    Vocabulary,
)
from reader_service.positions import text_positions
from reader_service.torch_model.card import Card
from reader_service.torch_model.decoder import Decoder
from reader_service.torch_model.naming import named
from reader_service.torch_model.offload import Offloader
from reader_service.torch_model.runners import Runner
from reader_service.torch_model.sampling import Said, TokenSampler, drawn
from reader_service.torch_model.vision import VisionTower

_WARM_TOKENS = (48, 300)
"""Inputs of these lengths, two tokens and a full chunk meet every kernel that is compiled on a card."""


@dataclass(frozen=True)
class Parts:
    """What a checkpoint becomes."""

    vision: VisionTower
    decoder: Decoder
    runner: Runner
    vocabulary: Vocabulary
    offloader: Offloader
    card: Card


@dataclass(frozen=True)
class Threads:
    """Threads of one operation on a CPU. The operations of a token are so short that threads which wait for each other
    cost more than they bring as soon as anyone else wants a core."""

    chunk: int
    token: int


class TorchReader:
    """A loaded checkpoint. See `reader_service.model.Model`."""

    def __init__(self, parts: Parts, facts: ModelFacts, chunks: ChunkLimits, threads: Threads) -> None:
        self.facts = facts
        self.vocabulary = parts.vocabulary
        self._parts, self._chunks, self._threads = parts, chunks, threads
        self._device = parts.card.device

    @named
    def warm(self) -> None:
        """See `Model.warm`. A CPU tells the process's peak only, so there what libraries took on first use becomes
        context; on a card graphs and kernels do."""
        if self._device.type != "cuda":
            self._warm_chunks(self._usual_pages())
            costs = self.facts.costs
            context_bytes = self._parts.card.take_peak_bytes() - costs.weight_bytes
            self._correct(context_bytes=max(costs.context_bytes, context_bytes))
            return
        runner = self._parts.runner
        runner.warm()
        self.facts = replace(self.facts, decode=runner.mode)
        token_bytes = self._measured(runner.rehearse)  # nothing where graphs hold it already
        self._count_context(token_bytes)
        self._bound_page()
        vision_bytes, prefill_bytes = self._warm_chunks([self._largest_page()])
        costs = self.facts.costs
        self._count_context(token_bytes)
        # What was measured replaces a formula that said less.
        self._correct(
            vision_bytes_per_patch=max(costs.vision_bytes_per_patch, vision_bytes),
            prefill_bytes_per_token=max(costs.prefill_bytes_per_token, prefill_bytes),
        )

    @named
    def see(self, pages: Sequence[GreyPage]) -> torch.Tensor:
        """See `Model.see`."""
        self._parts.offloader.use()
        self._use(self._threads.chunk)
        seen = self._parts.vision.see(pages, self._device)
        self._finish()
        return seen

    @named
    def document(self, tokens: int) -> Kv:
        """See `Model.document`."""
        return self._parts.runner.document(tokens)

    @named
    def branch(self, document: Kv, tokens: int) -> Kv:
        """See `Model.branch`."""
        return self._parts.runner.branch(document, tokens)

    @named
    def prefill(self, kv: Kv, chunk: Chunk) -> Any:
        """See `Model.prefill`."""
        self._use(self._threads.chunk)
        tokens = np.asarray(chunk.tokens, dtype=np.int64)
        images = np.flatnonzero(tokens == self.vocabulary.image_token)
        said = None if len(images) else self._parts.runner.prompt(kv, tokens, chunk.positions)
        if said is None:
            positions = torch.from_numpy(np.ascontiguousarray(chunk.positions)).to(self._device)
            hidden = self._embedded(chunk, tokens, images)
            if chunk.says:
                said = self._parts.runner.append(kv, hidden, positions)
            else:
                self._parts.runner.remember(kv, hidden, positions)
        self._finish()
        return said

    def take_back(self, kv: Kv, tokens: int) -> None:
        """See `Model.take_back`."""
        kv.length -= tokens

    def _embedded(self, chunk: Chunk, tokens: npt.NDArray[np.int64], images: npt.NDArray[np.intp]) -> torch.Tensor:
        """Embeddings of a chunk's tokens, those of pages in the places of `images`."""
        decoder = self._parts.decoder
        hidden = decoder.embed(torch.from_numpy(tokens).to(decoder.embedding.device))
        if len(images):
            places = torch.from_numpy(images).to(self._device)
            counts = [rows.stop - rows.start for rows in chunk.seen]  # all image tokens come with their rows
            for rows, here in zip(chunk.seen, torch.split(places, counts), strict=True):
                hidden.index_copy_(0, here, rows.vision[rows.start : rows.stop])
        return hidden

    @named
    def decode(self, steps: Sequence[Step]) -> Pending:
        """See `Model.decode`."""
        self._use(self._threads.token)
        return self._parts.runner.decode(steps)

    @named
    def drawn(self, pending: Pending) -> Sequence[Drawn]:
        """See `Model.drawn`."""
        return self._parts.runner.drawn(pending)

    def abandon(self, pending: Pending) -> None:
        """See `Model.abandon`."""
        self._parts.runner.abandon(pending)

    @property
    def runs_ahead(self) -> bool:
        """See `Model.runs_ahead`."""
        return self._parts.runner.runs_ahead

    def sampler(self, sampling: Sampling) -> TokenSampler:
        """See `Model.sampler`."""
        return TokenSampler(sampling)

    def lean(self, sampler: TokenSampler, leaning: Leaning) -> None:
        """See `Model.lean`."""
        sampler.leaning = leaning

    @named
    def draw(self, said: Said, sampler: TokenSampler) -> Drawn:
        """See `Model.draw`."""
        return drawn(said, [sampler])[0]

    def free(self, kv: Kv) -> None:
        """See `Model.free`."""
        kv.free()

    @named
    def balance(self, kv_bytes: int, pages_wait: bool) -> None:
        """See `Model.balance`."""
        costs = self.facts.costs
        workspace = self._chunks.prefill_tokens * costs.prefill_bytes_per_token
        used = costs.weight_bytes + costs.context_bytes + kv_bytes + workspace
        self._parts.offloader.balance(used, pages_wait)

    def handed_kv_bytes(self) -> int:
        """See `Model.handed_kv_bytes`."""
        return self._parts.runner.handed_bytes()

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

    def close(self) -> None:
        """See `Model.close`."""
        self._parts.runner.close()
        self._parts.card.release_cached()

    def _finish(self) -> None:
        """A chunk counts against its time slice until the card has done it, not until it was handed over."""
        if self._device.type == "cuda":
            torch.cuda.current_stream().synchronize()

    def _use(self, threads: int) -> None:
        if threads != torch.get_num_threads():
            torch.set_num_threads(threads)

    def _correct(self, **fields: int) -> None:
        self.facts = replace(self.facts, costs=replace(self.facts.costs, **fields))

    def _count_context(self, token_bytes: int) -> None:
        """On an idle card all that is held and is no weight is context: graphs, libraries' workspaces, the driver's;
        and what a step of tokens takes where no graph holds it."""
        card = self._parts.card
        held = card.held_bytes() - self.resident_weight_bytes()
        self._correct(context_bytes=card.context_bytes() + max(0, held) + token_bytes)

    def _bound_page(self) -> None:
        """A page that the card can never hold is none that the geometry accepts."""
        facts, costs = self.facts, self.facts.costs
        room = facts.total_bytes - costs.weight_bytes - costs.context_bytes - 2 * costs.kv_slab_bytes
        pixels = max(0, room) // costs.vision_bytes_per_patch * facts.geometry.patch_px**2
        if pixels < facts.geometry.min_page_pixels:
            raise OutOfMemory("the weights leave no room for a page")
        geometry = replace(facts.geometry, max_page_pixels=min(facts.geometry.max_page_pixels, pixels))
        self.facts = replace(facts, geometry=geometry)

    def _largest_page(self) -> PageSize:
        """As large as is accepted, about square; at least a full chunk of the tower if that is accepted."""
        geometry = self.facts.geometry
        side = max(1, int(geometry.max_page_pixels**0.5) // geometry.grid_px)
        return PageSize(side * geometry.grid_px, side * geometry.grid_px)

    def _usual_pages(self) -> list[PageSize]:
        """A chunk of pages of the size that the profile pins, or of a middling one."""
        style, geometry = self.facts.profile.styles[0], self.facts.geometry
        grid = geometry.grid_px
        sides = [(side or 12 * grid) // grid * grid for side in (style.page_width_px, style.page_height_px)]
        size = PageSize(sides[0], sides[1])
        return [size] * max(1, self._chunks.vision_patches // geometry.patches(size.pixels))

    def _warm_chunks(self, sizes: Sequence[PageSize]) -> tuple[int, int]:
        """Bytes a patch and bytes a token of the largest chunks, KV not counted."""
        pages = [GreyPage(size, np.full((size.height_px, size.width_px), 255, np.uint8)) for size in sizes]
        vision_bytes = self._measured(lambda: self.see(pages))
        tokens = self._chunks.prefill_tokens
        text = next(iter(self.vocabulary.suffix(1, "a", ())))
        counts = _WARM_TOKENS if self._device.type == "cuda" else ()
        document, branch = self.document(tokens), self.document(sum(counts) + 3)
        try:
            chunk = Chunk([text] * tokens, text_positions(0, tokens))
            prefill_bytes = self._measured(lambda: self._prefill_beside_pages(document, chunk))
            for count in counts:
                self.prefill(branch, Chunk([text] * count, text_positions(0, count)))
            self._warm_token(branch, text, sum(counts))
        finally:
            for kv in (branch, document):
                kv.free()
        patches = sum(self.facts.geometry.patches(size.pixels) for size in sizes)
        costs = self.facts.costs
        return -(-vision_bytes // patches), -(-max(0, prefill_bytes - costs.logits_bytes) // tokens)

    def _prefill_beside_pages(self, document: Kv, chunk: Chunk) -> None:
        """What the tower saw of the chunk is held while it is prefilled."""
        decoder = self._parts.decoder
        shape = (len(chunk.tokens), decoder.embedding.shape[1])
        seen = torch.empty(shape, dtype=decoder.kv_shape.dtype, device=self._device)
        self.prefill(document, chunk)
        del seen

    def _warm_token(self, kv: Kv, token: int, position: int) -> None:
        sampler = self.sampler(Sampling())
        first = self.draw(self.prefill(kv, Chunk([token, token], text_positions(position, 2))), sampler)
        self.drawn(self.decode([Step(kv, first.token, position + 2, sampler)]))

    def _measured(self, action: Callable[[], Any]) -> int:
        """Bytes that an action takes beyond what is held already."""
        card = self._parts.card
        card.take_peak_bytes()
        before = card.take_peak_bytes()
        action()
        return card.take_peak_bytes() - before

"""KV on a card: pages of a fixed number of tokens, taken from slabs that are allocated when they are needed.

A document's full pages are shared by all branches; a branch copies the last, half filled page (copy-on-write) and goes
on in pages of its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch

from reader_service.torch_model.kv import KvShape

NOWHERE = -(1 << 62)
"""No slot. Offsets of real ones may be negative too: memory may lie before the anchor."""
PAGE_TOKENS = 64
SLAB_PAGES = 16


@dataclass(frozen=True)
class Page:
    """A place in a slab; `offset` counts elements from the pool's anchor."""

    slab: int
    index: int
    offset: int


class PagePool:
    """The one owner of the card's KV memory. Fuller slabs are used first, so that emptier ones can be given back."""

    def __init__(
        self, shape: KvShape, device: torch.device, page_tokens: int = PAGE_TOKENS, slab_pages: int = SLAB_PAGES
    ) -> None:
        self.shape, self.page_tokens = shape, page_tokens
        self._device, self._slab_pages = device, slab_pages
        self.page_elements = page_tokens * shape.elements_per_token
        # Kernels are given this one address for ever, also inside captured graphs; pages lie at offsets from it.
        self.anchor = torch.zeros(64, dtype=shape.dtype, device=device)
        self._slabs: dict[int, torch.Tensor] = {}
        self._free: dict[int, list[Page]] = {}
        self._numbers = 0

    @property
    def layer_elements(self) -> int:
        """Distance of a layer from the next inside a page."""
        return self.page_elements // self.shape.layers

    @property
    def allocated_bytes(self) -> int:
        """Bytes of all slabs."""
        return len(self._slabs) * self.slab_bytes

    @property
    def slab_bytes(self) -> int:
        """Bytes of one slab."""
        return self._slab_pages * self.page_elements * self.shape.dtype.itemsize

    @property
    def free_pages(self) -> int:
        """Pages of the slabs that nobody uses."""
        return sum(map(len, self._free.values()))

    def pages_for(self, tokens: int) -> int:
        """Pages of so many tokens."""
        return -(-tokens // self.page_tokens)

    def take(self, count: int) -> list[Page]:
        """Pages, from new slabs where the old ones have too few. All of them or, when memory runs out, none."""
        while self.free_pages < count:
            self._grow()
        taken: list[Page] = []
        for slab in sorted(self._free, key=lambda number: len(self._free[number])):
            while self._free[slab] and len(taken) < count:
                taken.append(self._free[slab].pop())
        return taken

    def give(self, pages: Sequence[Page]) -> None:
        """Takes pages back; slabs that nobody uses any more are freed."""
        for page in pages:
            self._free[page.slab].append(page)
        for slab in {page.slab for page in pages}:
            if len(self._free[slab]) == self._slab_pages:
                del self._free[slab], self._slabs[slab]

    def view(self, page: Page) -> torch.Tensor:
        """A page's elements."""
        start = page.index * self.page_elements
        return self._slabs[page.slab][start : start + self.page_elements]

    def _grow(self) -> None:
        # Zeros: what is masked must still be a number, a weight of nothing times NaN is NaN.
        slab = torch.zeros(self._slab_pages * self.page_elements, dtype=self.shape.dtype, device=self._device)
        first = (slab.data_ptr() - self.anchor.data_ptr()) // slab.element_size()
        self._numbers += 1
        self._slabs[self._numbers] = slab
        self._free[self._numbers] = [
            Page(self._numbers, index, first + index * self.page_elements)
            for index in reversed(range(self._slab_pages))
        ]


class PagedKv:
    """One sequence: the pages it shares with its document, and its own. `table` holds the pages' offsets."""

    def __init__(self, pool: PagePool, tokens: int, parent: PagedKv | None = None) -> None:
        self._pool = pool
        self.length: int = parent.length if parent else 0
        full, begun = divmod(self.length, pool.page_tokens)
        self.shared: list[Page] = parent.pages[:full] if parent else []
        self.own = pool.take(pool.pages_for(begun + tokens))
        self.pages: list[Page] = [*self.shared, *self.own]
        offsets = torch.tensor([page.offset for page in self.pages], dtype=torch.int64)
        self.table = offsets.to(pool.anchor.device, non_blocking=True)
        self.address = self.table.data_ptr()
        if parent and begun:
            pool.view(self.own[0]).copy_(pool.view(parent.pages[full]))

    @property
    def nbytes(self) -> int:
        """Bytes of its own pages."""
        return len(self.own) * self._pool.page_elements * self._pool.shape.dtype.itemsize

    def slots(self, tokens: int) -> list[int]:
        """Where the next tokens' first kv head lies, in elements from the anchor."""
        each, dim = self._pool.page_tokens, self._pool.shape.head_dim
        places = range(self.length, self.length + tokens)
        return [self.pages[place // each].offset + place % each * dim for place in places]

    def free(self) -> None:
        """Gives the own pages back although handles may still point here."""
        pages, self.own, self.pages, self.shared = self.own, [], [], []
        self._pool.give(pages)
        self.length = 0

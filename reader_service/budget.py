"""Bytes, predicted before anything touches the device: pure integer arithmetic.

    peak = weights + context + slabs of (KV · tokens, in pages) + what was seen · vision tokens, where it is kept
         + max(vision workspace per chunk, prefill workspace per chunk)

One engine thread runs one chunk at a time, so one workspace, the largest, is alive at a time.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum

from reader_service.model import Costs, Geometry
from reader_service.profile import ReaderProfile

PAGE_OVERHEAD_TOKENS = 8
"""Most text tokens a prompt template puts around one page (anchor, vision start and end, a joint)."""
ANCHORS_OF_A_LINE = 2
"""Its page's and its own."""


@dataclass(frozen=True)
class Need:
    """What one request or document takes: KV, and beside it what is kept of the pages seen, for as long as it lives;
    workspace while one of its chunks runs."""

    kv_bytes: int
    workspace_bytes: int = 0
    kept_bytes: int = 0

    @property
    def held_bytes(self) -> int:
        """What it holds between chunks."""
        return self.kv_bytes + self.kept_bytes


class Fit(Enum):
    """The three answers to "is there room?"."""

    NOW = "now"
    LATER = "later"
    NEVER = "never"


@dataclass(frozen=True)
class ChunkLimits:
    """How much one step takes on; a single page is never split."""

    vision_patches: int
    prefill_tokens: int


@dataclass(frozen=True)
class Budget:
    """What the device holds and what things cost there."""

    costs: Costs
    geometry: Geometry
    chunks: ChunkLimits
    total_bytes: int
    answer_reserve_tokens: int = 0  # kept free behind every document, so that a question about it fits

    def workspace(self, largest_page_pixels: int, tokens: int) -> int:
        """Workspace of a request whose largest page has so many pixels (0: no pages) and which prefills `tokens`."""
        return max(self._vision_workspace(largest_page_pixels), self._prefill_workspace(tokens))

    def kv_bytes(self, tokens: int) -> int:
        """KV of a sequence of so many tokens, which is handed out in pages."""
        page = self.costs.kv_page_tokens
        return -(-tokens // page) * page * self.costs.kv_bytes_per_token

    def branch_bytes(self, tokens: int) -> int:
        """KV of an answer of so many tokens: at worst all but one token of its first page are a copy of its
        document's."""
        return self.kv_bytes(tokens + self.costs.kv_page_tokens - 1)

    def document_need(self, tokens: int, vision_tokens: int, largest_page_pixels: int) -> Need:
        """A document of so many prompt tokens, of which so many are vision tokens."""
        kept_bytes = vision_tokens * self.costs.kept_bytes_per_vision_token
        return Need(self.kv_bytes(tokens), self.workspace(largest_page_pixels, tokens), kept_bytes)

    def document_tokens(self, pages: int, pixels: int) -> int:
        """Prompt tokens of a document, at most: before its pages are here and its prompt is tokenised."""
        return self.geometry.vision_tokens(pixels) + (pages + 4) * PAGE_OVERHEAD_TOKENS

    def peak(self, needs: Iterable[Need], handed_kv_bytes: int = 0) -> int:
        """Peak of these requests and documents together.

        Of the KV memory that the device has handed out already, pages may lie idle in slabs which others keep alive.
        They are used before new ones are asked for, so the larger of both is what there will be.
        """
        needs = tuple(needs)
        kv_bytes = max(self._slabs(sum(need.kv_bytes for need in needs)), handed_kv_bytes)
        kept_bytes = sum(need.kept_bytes for need in needs)
        return self._fixed() + kv_bytes + kept_bytes + max((need.workspace_bytes for need in needs), default=0)

    def fit(self, need: Need, beside: Iterable[Need], away_bytes: int = 0, handed_kv_bytes: int = 0) -> Fit:
        """Whether a request fits beside what is held and runs; `away_bytes` of the weights are on the host."""
        if self.peak([need]) > self.total_bytes:
            return Fit.NEVER
        now = self.peak([*beside, need], handed_kv_bytes) - away_bytes
        return Fit.NOW if now <= self.total_bytes else Fit.LATER

    def free_bytes(self, beside: Iterable[Need]) -> int:
        """Bytes a request could hold beside what is held and runs, with a full chunk's workspace set aside."""
        standing = Need(0, self.workspace(self._usual_page_pixels(), self.chunks.prefill_tokens))
        slack = self.costs.kv_slab_bytes - 1  # the last slab is rarely full
        return max(0, self.total_bytes - self.peak([*beside, standing]) - slack)

    def ever_fits(self, need: Need) -> bool:
        """Whether a document fits an otherwise empty device and leaves room for an answer."""
        reserve = Need(self.branch_bytes(self.answer_reserve_tokens))
        return self.peak([need, reserve]) <= self.total_bytes

    def largest_ever(self) -> int:
        """Vision tokens of the largest document that an otherwise empty device holds."""
        return self.largest_vision_tokens(self.free_bytes(()))

    def largest_vision_tokens(self, free_bytes: int) -> int:
        """Vision tokens of the largest document that `free_bytes` hold beside the reserve for its answer.

        Pages are taken at the largest size that one chunk holds, so smaller pages lose a little more to their
        templates.
        """
        room, token_bytes = free_bytes - self.branch_bytes(self.answer_reserve_tokens), self.costs.kv_bytes_per_token
        tokens = room // token_bytes - 4 * PAGE_OVERHEAD_TOKENS - (self.costs.kv_page_tokens - 1)
        page_tokens = max(1, self.geometry.vision_tokens(self._usual_page_pixels()))
        kept_bytes = page_tokens * self.costs.kept_bytes_per_vision_token
        page_bytes = (page_tokens + PAGE_OVERHEAD_TOKENS) * token_bytes + kept_bytes
        return max(0, tokens * token_bytes * page_tokens // page_bytes)

    def _fixed(self) -> int:
        return self.costs.weight_bytes + self.costs.context_bytes

    def _slabs(self, kv_bytes: int) -> int:
        """What the device gives for so much KV."""
        return -(-kv_bytes // self.costs.kv_slab_bytes) * self.costs.kv_slab_bytes

    def _usual_page_pixels(self) -> int:
        return min(self.geometry.max_page_pixels, self.chunks.vision_patches * self.geometry.patch_px**2)

    def _vision_workspace(self, largest_page_pixels: int) -> int:
        if not largest_page_pixels:
            return 0
        patches = max(self.geometry.patches(largest_page_pixels), self.chunks.vision_patches)
        return patches * self.costs.vision_bytes_per_patch

    def _prefill_workspace(self, tokens: int) -> int:
        return min(tokens, self.chunks.prefill_tokens) * self.costs.prefill_bytes_per_token + self.costs.logits_bytes


def shown_again_tokens(profile: ReaderProfile, geometry: Geometry) -> int:
    """Prompt tokens of the pages that an answer is shown again, taken at the largest size that the profile names, and
    of their lines that are named."""
    page_tokens = max((geometry.vision_tokens(style.page_pixels) for style in profile.styles), default=0)
    lines = ANCHORS_OF_A_LINE * profile.lines_named
    return profile.pages_shown_again * (page_tokens + PAGE_OVERHEAD_TOKENS) + lines

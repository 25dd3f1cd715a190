"""Pages → vision embeddings: patches as the image processor cuts them, and the checkpoint's own vision tower."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from reader_service.model import Geometry, GreyPage


@dataclass(frozen=True)
class PatchRules:
    """What the image processor does to a grey page that needs no resize."""

    patch_px: int
    merge: int
    temporal: int
    shades: npt.NDArray[np.float32]
    """Shape (3, 256): what each grey level becomes in each colour channel."""


def patch_rules(processor: Any) -> PatchRules:
    """The processor's rules; its own rescaling and normalising of all 256 levels make the table exact."""
    levels = np.broadcast_to(np.arange(256, dtype=np.uint8), (3, 1, 256))
    scaled = processor.rescale(levels, processor.rescale_factor)
    shades = processor.normalize(scaled, processor.image_mean, processor.image_std)
    return PatchRules(
        _one(processor.patch_size),
        processor.merge_size,
        _one(processor.temporal_patch_size),
        np.asarray(shades, dtype=np.float32).reshape(3, 256),
    )


def geometry_of(processor: Any) -> Geometry:
    """Page sizes that the processor leaves alone."""
    size = processor.size
    # GLM's limits count the two frames that a still picture stands for.
    frames = _one(processor.temporal_patch_size) if type(processor).__name__.startswith("Glm4v") else 1
    return Geometry(
        patch_px=_one(processor.patch_size),
        merge=processor.merge_size,
        min_page_pixels=-(-size["shortest_edge"] // frames),
        max_page_pixels=size["longest_edge"] // frames,
    )


def grey_patches(rows: npt.NDArray[np.uint8], rules: PatchRules) -> npt.NDArray[np.uint8]:
    """Patches (patches, patch_px²) of one page, in the processor's order: blocks of merge × merge neighbours."""
    patch, merge = rules.patch_px, rules.merge
    height, width = rows.shape
    blocks = rows.reshape(height // patch // merge, merge, patch, width // patch // merge, merge, patch)
    return np.ascontiguousarray(blocks.transpose(0, 3, 1, 4, 2, 5)).reshape(-1, patch * patch)


class VisionTower:
    """The vision half of a checkpoint. `visual` is transformers' module."""

    def __init__(self, visual: Any, rules: PatchRules) -> None:
        self.visual = visual
        self._rules = rules
        self._shades = torch.from_numpy(rules.shades)
        visual.patch_embed.forward = _PatchEmbedding(visual.patch_embed.proj)

    @property
    def weight_bytes(self) -> int:
        """Bytes of its weights."""
        return sum(parameter.nbytes for parameter in self.visual.parameters())

    def see(self, pages: Sequence[GreyPage], device: torch.device) -> torch.Tensor:
        """Vision embeddings (vision tokens, hidden) of pages, in order."""
        patches = np.concatenate([grey_patches(page.rows, self._rules) for page in pages])
        grids = [[1, *(side // self._rules.patch_px for side in page.rows.shape)] for page in pages]
        pixels = self.pixel_values(torch.from_numpy(patches).to(device))
        seen = self.visual(pixels, grid_thw=torch.tensor(grids, device=device)).pooler_output
        assert isinstance(seen, torch.Tensor)
        return seen

    def pixel_values(self, patches: torch.Tensor) -> torch.Tensor:
        """What the processor calls `pixel_values`, (patches, 3 · temporal · patch_px²), from grey patches."""
        shades = self._shades.to(patches.device)
        channels = shades[:, patches.int()].transpose(0, 1)  # (patches, 3, patch_px²)
        frames = channels.unsqueeze(2).expand(-1, -1, self._rules.temporal, -1)
        return frames.reshape(patches.shape[0], -1).to(next(self.visual.parameters()).dtype)


class _PatchEmbedding:
    """The tower's first convolution as the matrix product that it is: its stride equals its kernel."""

    def __init__(self, projection: Any) -> None:
        self._projection = projection

    def __call__(self, pixels: torch.Tensor) -> torch.Tensor:
        weight = self._projection.weight
        return torch.nn.functional.linear(pixels, weight.view(weight.shape[0], -1), self._projection.bias)


def _one(side: Any) -> int:
    return int(side if isinstance(side, int) else side[0])

"""Pages → vision embeddings: patches as the image processor cuts them, and the tower's own forward pass.

The tower's ends (first layer, positions, merger) are transformers' modules; its blocks, where time and memory go, are
ours: one row-wise kernel a step, states written over, all pages packed into one attention.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import accumulate, groupby
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
import torch
from torch.nn import functional as F
from transformers.activations import ACT2FN
from transformers.vision_utils import get_vision_position_ids

from reader_service.model import Geometry, GreyPage
from reader_service.torch_model.attention import PageAttention
from reader_service.torch_model.checkpoint import Tensors
from reader_service.torch_model.linear import Format, Linear, linear
from reader_service.torch_model.steps import Steps


@dataclass(frozen=True)
class PatchRules:
    """What the image processor does to a grey page that needs no resize."""

    patch_px: int
    merge: int
    temporal: int
    shades: npt.NDArray[np.float32]
    """Shape (3, 256): what each grey level becomes in each colour channel."""


@dataclass(frozen=True)
class Norm:
    """A layer norm where there is a bias, an RMS norm where there is none."""

    weight: torch.Tensor
    bias: torch.Tensor | None
    eps: float


@dataclass(frozen=True)
class Block:
    """Weights of one block; `up` holds gate and up in one matrix where the block is gated."""

    norm_attention: Norm
    qkv: Linear
    out: Linear
    norm_mlp: Norm
    up: Linear
    down: Linear

    def tensors(self) -> list[torch.Tensor]:
        """What it holds."""
        norms = [part for norm in (self.norm_attention, self.norm_mlp) for part in (norm.weight, norm.bias)]
        matrices = [part for one in (self.qkv, self.out, self.up, self.down) for part in one.tensors()]
        return [part for part in norms if part is not None] + matrices


class Blocks(Protocol):
    """The blocks of a tower, each on the device when it comes up."""

    def __iter__(self) -> Iterator[Block]:
        """The blocks in order."""

    def tensors(self) -> list[torch.Tensor]:
        """What they hold on the device."""


class ResidentBlocks:
    """Blocks that are on the device at any time."""

    def __init__(self, blocks: Sequence[Block]) -> None:
        self._blocks = blocks

    def __iter__(self) -> Iterator[Block]:
        """See `Blocks`."""
        return iter(self._blocks)

    def tensors(self) -> list[torch.Tensor]:
        """See `Blocks`."""
        return [tensor for block in self._blocks for tensor in block.tensors()]


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


def geometry_of(processor: Any, most_page_pixels: int) -> Geometry:
    """Page sizes that the processor leaves alone, up to a limit of ours."""
    size = processor.size
    # GLM's limits count the two frames that a still picture stands for.
    frames = _one(processor.temporal_patch_size) if type(processor).__name__.startswith("Glm4v") else 1
    return Geometry(
        patch_px=_one(processor.patch_size),
        merge=processor.merge_size,
        min_page_pixels=-(-size["shortest_edge"] // frames),
        max_page_pixels=min(size["longest_edge"] // frames, most_page_pixels),
    )


def grey_patches(pages: torch.Tensor, rules: PatchRules) -> torch.Tensor:
    """Patches (pages · patches, patch_px²) of equal pages (pages, height, width) uint8, in the processor's order:
    blocks of merge × merge neighbours."""
    patch, merge = rules.patch_px, rules.merge
    count, height, width = pages.shape
    blocks = pages.view(count, height // patch // merge, merge, patch, width // patch // merge, merge, patch)
    return blocks.permute(0, 1, 4, 2, 5, 3, 6).reshape(-1, patch * patch)


@lru_cache(maxsize=64)
def _places(rows: int, columns: int, merge: int) -> npt.NDArray[np.int64]:
    """Rows and columns (patches, 2) of a page's patches; the same for every page of a size, kept on the host."""
    places: npt.NDArray[np.int64] = get_vision_position_ids(torch.tensor([[1, rows, columns]]), merge).numpy().copy()
    return places


class VisionTower:
    """The vision half of a checkpoint. `ends` is transformers' module without its blocks."""

    def __init__(self, ends: Any, blocks: Blocks, rules: PatchRules, steps: Steps, attention: PageAttention) -> None:
        self.ends, self.blocks = ends, blocks
        self._rules, self._steps, self._attention = rules, steps, attention
        self._shades = torch.from_numpy(rules.shades)
        self._heads = ends.config.num_heads
        self._gated = hasattr(ends, "post_conv_layernorm")
        act = ends.config.hidden_act
        self._activate = steps.quick_gelu if act == "quick_gelu" else ACT2FN[act]

    def tensors(self) -> list[torch.Tensor]:
        """Its weights on the device."""
        return [*self.ends.parameters(), *self.blocks.tensors()]

    @property
    def weight_bytes(self) -> int:
        """Bytes of its weights on the device."""
        return sum(int(part.nbytes) for part in self.tensors())

    def see(self, pages: Sequence[GreyPage], device: torch.device) -> torch.Tensor:
        """Vision embeddings (vision tokens, hidden) of pages, in order."""
        pixels = self.pixel_values(self.patches(pages, device))
        patch = self._rules.patch_px
        sides = [(page.rows.shape[0] // patch, page.rows.shape[1] // patch) for page in pages]
        grids = torch.tensor([[1, *side] for side in sides])
        places = torch.from_numpy(np.concatenate([_places(*side, self._rules.merge) for side in sides])).to(device)
        bounds = [0, *accumulate(rows * columns for rows, columns in sides)]
        ends = torch.tensor(bounds, dtype=torch.int32).to(device)
        hidden = self._begin(pixels, grids.to(device), places, ends)
        del pixels
        cos, sin = (part.float().contiguous() for part in self.ends.rotary_pos_emb(hidden, places))
        delta: torch.Tensor | None = None
        for block in self.blocks:
            delta = self._block(block, hidden, delta, (cos, sin), (ends, bounds))
        return self._finish(hidden if delta is None else hidden.add_(delta))

    def patches(self, pages: Sequence[GreyPage], device: torch.device) -> torch.Tensor:
        """Patches (patches, patch_px²) uint8 on the device; cut there, which takes no time, and milliseconds here."""
        runs = [list(run) for _, run in groupby((page.rows for page in pages), key=lambda rows: rows.shape)]
        parts = [torch.from_numpy(np.stack(run)).to(device) for run in runs]
        return torch.cat([grey_patches(part, self._rules) for part in parts])

    def pixel_values(self, patches: torch.Tensor) -> torch.Tensor:
        """What the processor calls `pixel_values`, (patches, 3 · temporal · patch_px²), from grey patches."""
        shades = self._shades.to(patches.device)
        channels = shades[:, patches.int()].transpose(0, 1)  # (patches, 3, patch_px²)
        frames = channels.unsqueeze(2).expand(-1, -1, self._rules.temporal, -1)
        return frames.to(self.ends.patch_embed.proj.weight.dtype).reshape(patches.shape[0], -1)

    def _begin(
        self, pixels: torch.Tensor, grids: torch.Tensor, places: torch.Tensor, ends: torch.Tensor
    ) -> torch.Tensor:
        """The first convolution as the matrix product that it is (its stride equals its kernel); GLM's positions."""
        first = self.ends.patch_embed.proj
        hidden = F.linear(pixels, first.weight.view(first.weight.shape[0], -1), first.bias)
        if not self._gated:
            return hidden
        hidden = self._add_norm(hidden, None, _rms(self.ends.post_conv_layernorm))
        seen: torch.Tensor = self.ends.embeddings(hidden, ends[1:] - ends[:-1], grids, places[:, 0], places[:, 1])
        return seen

    def _block(
        self, block: Block, hidden: torch.Tensor, delta: torch.Tensor | None,
        angles: tuple[torch.Tensor, torch.Tensor], pages: tuple[torch.Tensor, Sequence[int]],
    ) -> torch.Tensor:  # fmt: skip
        """What the block adds to `hidden` at its end; adds `delta`, and what its attention says, in place."""
        patches = hidden.shape[0]
        normed, delta = self._add_norm(hidden, delta, block.norm_attention), None
        qkv = block.qkv(normed).view(patches, 3, self._heads, -1)
        del normed  # six states beside each other, no more: see costs.vision_bytes_per_patch
        self._steps.rotate_pages(qkv, *angles)
        delta = block.out(self._attention(qkv, *pages).reshape(patches, -1))
        del qkv
        normed, delta = self._add_norm(hidden, delta, block.norm_mlp), None
        wide = block.up(normed)
        del normed
        return block.down(self._steps.gate(wide) if self._gated else self._activate(wide))

    def _add_norm(self, states: torch.Tensor, delta: torch.Tensor | None, norm: Norm) -> torch.Tensor:
        return self._steps.add_norm(states, delta, norm.weight, norm.eps, norm.bias)

    def _finish(self, hidden: torch.Tensor) -> torch.Tensor:
        if self._gated:
            hidden = self._add_norm(hidden, None, _rms(self.ends.post_layernorm))
            merge = self._rules.merge
            squares = hidden.view(-1, merge, merge, hidden.shape[-1]).permute(0, 3, 1, 2)
            hidden = self.ends.downsample(squares).flatten(1)
        merged: torch.Tensor = self.ends.merger(hidden)
        return merged


def load_tower(
    module: type[Any], config: Any, tensors: Tensors, form: Format, device: torch.device
) -> tuple[Any, list[Block]]:
    """transformers' tower without its blocks, and the blocks in our form."""
    with torch.device("meta"):
        ends = module(config)
    eps = getattr(ends.blocks[0].norm1, "eps", None) or ends.blocks[0].norm1.variance_epsilon
    ends.blocks = torch.nn.ModuleList()
    state = {name: tensors.take(f"visual.{name}") for name, _ in ends.named_parameters()}
    ends.load_state_dict(state, strict=True, assign=True)
    ends.rotary_pos_emb = type(ends.rotary_pos_emb)(config).to(device)  # its frequencies are in no checkpoint
    blocks = [_block(tensors, f"visual.blocks.{number}.", form, eps) for number in range(config.depth)]
    return ends.eval().requires_grad_(False), blocks


def _block(tensors: Tensors, at: str, form: Format, eps: float) -> Block:
    def norm(name: str) -> Norm:
        bias = tensors.take(f"{at}{name}.bias") if tensors.has(f"{at}{name}.bias") else None
        return Norm(tensors.take(f"{at}{name}.weight"), bias, eps)

    def matrix(*names: str) -> Linear:
        weights = [tensors.take(f"{at}{name}.weight") for name in names]
        biases = [tensors.take(f"{at}{name}.bias") for name in names if tensors.has(f"{at}{name}.bias")]
        weight = weights[0] if len(weights) == 1 else torch.cat(weights)
        return linear(weight, torch.cat(biases) if biases else None, form)

    gated = tensors.has(f"{at}mlp.gate_proj.weight")
    up, down = (("mlp.gate_proj", "mlp.up_proj"), "mlp.down_proj") if gated else (("mlp.fc1",), "mlp.fc2")
    return Block(norm("norm1"), matrix("attn.qkv"), matrix("attn.proj"), norm("norm2"), matrix(*up), matrix(down))


def _rms(module: Any) -> Norm:
    return Norm(module.weight, None, module.variance_epsilon)


def _one(side: Any) -> int:
    return int(side if isinstance(side, int) else side[0])

"""Owns pages on the GPU: the renderer's own glyph masks, gathered once a font size, laid down where layout says."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from render_service import fonts
from render_service.style import Flow
from training.checkpoint import alphabet
from training.covered import NARROW_BOX, WIDE_BOX
from training.examples import Batch

BOX_INK = 128
BORDER_PX = 4
"""Ink may leave its cell by a few pixels; the canvas has this much room around the page while composing."""


class Atlas:
    """Masks of the alphabet and of two boxes by (font size, flow), (glyphs, side, side) uint8 on the device; and code
    point → row."""

    def __init__(self, device: torch.device) -> None:
        self.device = device
        self.masks: dict[tuple[int, Flow], Tensor] = {}
        self.rows = torch.zeros(0x110000, dtype=torch.long, device=device)
        points = torch.tensor([*map(ord, alphabet()), WIDE_BOX, NARROW_BOX], device=device)
        self.rows[points] = torch.arange(len(points), device=device)

    def of(self, font_px: int, flow: Flow) -> Tensor:
        """Masks at one size, made at first use."""
        if (font_px, flow) not in self.masks:
            self.masks[font_px, flow] = torch.from_numpy(_masks(font_px, flow)).to(self.device)
        return self.masks[font_px, flow]


def _masks(font_px: int, flow: Flow) -> npt.NDArray[np.uint8]:
    side = font_px + 2 * BORDER_PX
    masks = np.zeros((len(alphabet()) + 2, side, side), np.uint8)
    for row, width in ((-2, font_px), (-1, font_px // 2)):
        masks[row, BORDER_PX : BORDER_PX + font_px, BORDER_PX : BORDER_PX + width] = BOX_INK
    for row, character in enumerate(alphabet()):
        mask = fonts.mask(ord(character), font_px, flow) or fonts.missing_box(ord(character), font_px, flow)
        y, x = mask.top + BORDER_PX, mask.left + BORDER_PX
        height, width = mask.ink.shape
        if y < 0 or x < 0 or y + height > side or x + width > side:
            raise ValueError(f"{character!r} at {font_px} px leaves its border of {BORDER_PX} px")
        masks[row, y : y + height, x : x + width] = mask.ink
    return masks


def compose(batch: Batch, atlas: Atlas, device: torch.device) -> Tensor:
    """Page images of a batch: (batch * pages, height, width) uint8, white 255."""
    shape = batch.recipe.shape
    count, height, width = batch.recipe.batch * shape.pages, shape.rows * 28, shape.columns * 28
    masks = atlas.of(batch.recipe.font_px, batch.recipe.flow)
    side = masks.shape[1]
    tall, wide = height + 2 * BORDER_PX + side, width + 2 * BORDER_PX + side
    page, point, x, y = torch.from_numpy(batch.glyphs).to(device, non_blocking=True).unbind(1)
    box = torch.arange(side, device=device)
    offset = (box[:, None] * wide + box).flatten()
    at = (page * tall + y) * wide + x
    canvas = torch.zeros(count * tall * wide, device=device)
    ink = masks[atlas.rows[point]].flatten(1).float()
    canvas.scatter_reduce_(0, (at[:, None] + offset).flatten(), ink.flatten(), "amax")
    inside = canvas.view(count, tall, wide)[:, BORDER_PX : BORDER_PX + height, BORDER_PX : BORDER_PX + width]
    return (255 - inside).to(torch.uint8).contiguous()

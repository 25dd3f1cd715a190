"""Matrix products with a weight in one of three formats: as it is, 8 bits a row, or 4 bits in groups of 128 inputs.

On a CPU torch's own kernels multiply; on a card short inputs go through `kernels.quantized` and long ones through
weights widened a tile at a time, so that a product never needs more than `TILE_BYTES` beside its input and output.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from enum import Enum
from typing import Protocol

import torch
from torch.nn import functional as F

from reader_service.torch_model import tuning
from reader_service.torch_model.tuning import Tiles

GROUP = 128
TILE_BYTES = 64 * 1024 * 1024
_LEAST_SCALE = 1e-8


class Format(Enum):
    """How a weight is held."""

    PLAIN = "plain"
    INT8 = "int8"
    INT4 = "int4"


class Linear(Protocol):
    """x (rows, inputs) → (rows, outputs)."""

    cuts: Sequence[Tiles | None]
    how: Tiles | None  # the cut of a product of one row on a card

    @property
    def shape(self) -> tuple[int, int]:
        """(outputs, inputs)."""

    def __call__(self, x: torch.Tensor) -> torch.Tensor:
        """The product."""

    def tensors(self) -> list[torch.Tensor]:
        """What it holds, in a fixed order."""


class Dense:
    """A weight as it is, (outputs, inputs)."""

    def __init__(self, weight: torch.Tensor, bias: torch.Tensor | None = None) -> None:
        self.weight, self.bias = weight, bias
        self.cuts: Sequence[Tiles | None] = tuning.PLAIN
        self.how: Tiles | None = None

    @property
    def shape(self) -> tuple[int, int]:
        """See `Linear`."""
        return self.weight.shape[0], self.weight.shape[1]

    def __call__(self, x: torch.Tensor) -> torch.Tensor:
        """See `Linear`."""
        if self.how is None or x.shape[0] > 1:
            return F.linear(x, self.weight, self.bias)
        from reader_service.torch_model.kernels import quantized

        return quantized.one_row(x, self.weight, None, self.bias, self.how)

    def tensors(self) -> list[torch.Tensor]:
        """See `Linear`."""
        return [self.weight] if self.bias is None else [self.weight, self.bias]


class Int8:
    """Rows of 8 bits with one scale each."""

    def __init__(self, weight: torch.Tensor, bias: torch.Tensor | None) -> None:
        parts = [_int8(rows) for rows in torch.split(weight, _rows_at_once(weight))]
        self.weight, self.scales = (torch.cat(part) for part in zip(*parts, strict=True))
        self.bias = bias
        self.cuts: Sequence[Tiles | None] = tuning.INT8
        self.how: Tiles | None = self.cuts[0]

    @property
    def shape(self) -> tuple[int, int]:
        """See `Linear`."""
        return self.weight.shape[0], self.weight.shape[1]

    def __call__(self, x: torch.Tensor) -> torch.Tensor:
        """See `Linear`."""
        if not x.is_cuda:
            return _plus(torch.ops.aten._weight_int8pack_mm(x.contiguous(), self.weight, self.scales), self.bias)
        from reader_service.torch_model.kernels import quantized

        if x.shape[0] == 1 and self.how is not None:
            return quantized.one_row(x, self.weight, self.scales, self.bias, self.how)
        if x.shape[0] <= quantized.MOST_ROWS:
            return quantized.few_rows_int8(x, self.weight, self.scales, self.bias)
        return _by_tiles(x, self.shape, self._wide, self.bias)

    def tensors(self) -> list[torch.Tensor]:
        """See `Linear`."""
        return [self.weight, self.scales, *([] if self.bias is None else [self.bias])]

    def _wide(self, start: int, end: int) -> torch.Tensor:
        return self.weight[start:end].to(self.scales.dtype).mul_(self.scales[start:end].unsqueeze(1))


class Int4:
    """Groups of 128 inputs of 4 bits, (q - 8) · scale + zero."""

    def __init__(self, weight: torch.Tensor, bias: torch.Tensor | None) -> None:
        self._shape = weight.shape[0], weight.shape[1]
        self.cuts: Sequence[Tiles | None] = tuning.INT4
        self.how: Tiles | None = self.cuts[0]
        parts = [_int4(rows) for rows in torch.split(weight, _rows_at_once(weight))]
        quants, scales, zeros = (torch.cat(part) for part in zip(*parts, strict=True))
        self.bias = bias
        self.zeros: torch.Tensor | None = None
        if weight.is_cuda:
            self.packed = _halves(quants)
            self.scales, self.zeros = scales, zeros
        else:  # the layout of torch's kernel
            self.packed = torch.ops.aten._convert_weight_to_int4pack_for_cpu(quants.int().view(self.shape), 1)
            self.scales = torch.stack((scales, zeros), -1).transpose(0, 1).contiguous()

    @property
    def shape(self) -> tuple[int, int]:
        """See `Linear`."""
        return self._shape

    def __call__(self, x: torch.Tensor) -> torch.Tensor:
        """See `Linear`."""
        if self.zeros is None:
            product = torch.ops.aten._weight_int4pack_mm_for_cpu(x.contiguous(), self.packed, GROUP, self.scales)
            return _plus(product, self.bias)
        from reader_service.torch_model.kernels import quantized

        if x.shape[0] == 1 and self.how is not None:
            return quantized.one_row_int4(x, self.packed, self.scales, self.zeros, self.bias, self.how)
        if x.shape[0] <= quantized.MOST_ROWS:
            return quantized.few_rows_int4(x, self.packed, self.scales, self.zeros, self.bias)
        return _by_tiles(x, self.shape, self._wide, self.bias)

    def tensors(self) -> list[torch.Tensor]:
        """See `Linear`."""
        return [tensor for tensor in (self.packed, self.scales, self.zeros, self.bias) if tensor is not None]

    def _wide(self, start: int, end: int) -> torch.Tensor:
        from reader_service.torch_model.kernels import quantized

        assert self.zeros is not None  # only a card widens
        return quantized.widen_int4(self.packed[start:end], self.scales[start:end], self.zeros[start:end])


def linear(weight: torch.Tensor, bias: torch.Tensor | None, form: Format) -> Linear:
    """A weight (outputs, inputs) in a format; one whose sides do not suit it stays at 8 bits."""
    if form is Format.PLAIN:
        return Dense(_streamed(weight), bias)
    suits = weight.shape[1] % GROUP == 0 and weight.shape[0] % 16 == 0
    return Int4(weight, bias) if form is Format.INT4 and suits else Int8(weight, bias)


def _streamed(weight: torch.Tensor) -> torch.Tensor:
    """The weight as a CPU reads it fastest for one row: where it has more outputs than inputs, input after input."""
    wide = weight.shape[0] > weight.shape[1] and not weight.is_cuda and weight.dtype is torch.float32
    return weight.t().contiguous().t() if wide else weight


def nbytes(*linears: Linear) -> int:
    """Bytes of weights."""
    return sum(int(tensor.nbytes) for one in linears for tensor in one.tensors())


def _rows_at_once(weight: torch.Tensor) -> int:
    """So many that their float32 copies take no more than a tile."""
    return max(1, TILE_BYTES // (4 * weight.shape[1]))


def _int8(weight: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Rows of 8 bits and their scales."""
    wide = weight.float()
    scales = wide.abs().amax(1).clamp_min(_LEAST_SCALE) / 127
    return (wide / scales.unsqueeze(1)).round_().to(torch.int8), scales.to(weight.dtype)


def _int4(weight: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Quants (outputs, groups, 128) in 0..15, scales and zeros (outputs, groups) in the weight's dtype."""
    groups = weight.float().view(weight.shape[0], -1, GROUP)
    low, high = groups.amin(2), groups.amax(2)
    scales = ((high - low).clamp_min(_LEAST_SCALE) / 15).to(weight.dtype)
    zeros = (low + 8 * scales.float()).to(weight.dtype)
    quants = (groups - zeros.float().unsqueeze(2)).div_(scales.float().unsqueeze(2)).add_(8).round_().clamp_(0, 15)
    return quants.to(torch.uint8), scales, zeros


def _halves(quants: torch.Tensor) -> torch.Tensor:
    """Byte j of a group: input j below, input j + 64 above."""
    return (quants[..., :64] | (quants[..., 64:] << 4)).reshape(quants.shape[0], -1)


def _plus(product: torch.Tensor, bias: torch.Tensor | None) -> torch.Tensor:
    return product if bias is None else product.add_(bias)


def _by_tiles(
    x: torch.Tensor, shape: tuple[int, int], wide: Callable[[int, int], torch.Tensor], bias: torch.Tensor | None
) -> torch.Tensor:
    outputs, inputs = shape
    out = x.new_empty((x.shape[0], outputs))
    each = max(64, TILE_BYTES // (inputs * x.element_size()) // 64 * 64)
    for start in range(0, outputs, each):
        end = min(outputs, start + each)
        torch.mm(x, wide(start, end).T, out=out[:, start:end])
    return _plus(out, bias)

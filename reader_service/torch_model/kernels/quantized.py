"""Products with weights of 4 and 8 bits that are never widened in memory, and their widening for long inputs.

4 bits: groups of 128 inputs; byte j of a group holds input j below and input j + 64 above; a weight is
(q - 8) · scale + zero of its group. 8 bits: one scale a row. Sums are float32.
"""

from __future__ import annotations

import torch
import triton
import triton.language as tl

from reader_service.torch_model.tuning import Tiles

GROUP = 128
MOST_ROWS = 64
"""Longer inputs are cheaper with widened weights."""
_MANY_OUTPUTS = 8192
_MOST_SPLITS = 8
_PROGRAMS_WANTED = 528


@triton.jit
def _row_int4(
    x, packed, scales, zeros, bias, out, outputs, groups, stride,
    BIASED: tl.constexpr, N: tl.constexpr, G: tl.constexpr, STAGES: tl.constexpr,
):  # fmt: skip
    """One input row. 128 + q is a float32 whose bits are q behind a constant, so nothing is converted."""
    n = tl.program_id(0) * N + tl.arange(0, N)
    real = n < outputs
    byte = tl.arange(0, 64)
    group = tl.arange(0, G)
    total = tl.zeros((N,), tl.float32)
    for start in tl.range(0, groups, G, num_stages=STAGES):
        g = start + group
        some = g < groups
        at = g[:, None] * 128 + byte[None, :]
        low = tl.load(x + at, mask=some[:, None], other=0.0).to(tl.float32)
        high = tl.load(x + at + 64, mask=some[:, None], other=0.0).to(tl.float32)
        where = (n.to(tl.int64) * stride)[:, None, None] + (g[:, None] * 64 + byte[None, :])[None, :, :]
        mask = real[:, None, None] & some[None, :, None]
        w = tl.load(packed + where, mask=mask, other=0).to(tl.int32)
        q_low = (((w & 15) << 16) | 0x43000000).to(tl.float32, bitcast=True)
        q_high = (((w & 240) << 12) | 0x43000000).to(tl.float32, bitcast=True)
        products = tl.sum(q_low * low[None, :, :] + q_high * high[None, :, :], 2)
        sums = tl.sum(low + high, 1)
        place = n[:, None] * groups + g[None, :]
        both = real[:, None] & some[None, :]
        scale = tl.load(scales + place, mask=both, other=0.0).to(tl.float32)
        zero = tl.load(zeros + place, mask=both, other=0.0).to(tl.float32)
        total += tl.sum(scale * (products - 136.0 * sums[None, :]) + zero * sums[None, :], 1)
    if BIASED:
        total += tl.load(bias + n, mask=real, other=0.0).to(tl.float32)
    tl.store(out + n, total.to(out.dtype.element_ty), mask=real)


@triton.jit
def _row(
    x, weight, scales, bias, out, outputs, inputs,
    SCALED: tl.constexpr, BIASED: tl.constexpr, N: tl.constexpr, K: tl.constexpr, STAGES: tl.constexpr,
):  # fmt: skip
    """One input row, weights as they are or of 8 bits."""
    n = tl.program_id(0) * N + tl.arange(0, N)
    real = n < outputs
    total = tl.zeros((N,), tl.float32)
    for start in tl.range(0, inputs, K, num_stages=STAGES):
        k = start + tl.arange(0, K)
        some = k < inputs
        mask = real[:, None] & some[None, :]
        w = tl.load(weight + n.to(tl.int64)[:, None] * inputs + k[None, :], mask=mask, other=0)
        total += tl.sum(w.to(tl.float32) * tl.load(x + k, mask=some, other=0.0).to(tl.float32)[None, :], 1)
    if SCALED:
        total *= tl.load(scales + n, mask=real, other=0.0).to(tl.float32)
    if BIASED:
        total += tl.load(bias + n, mask=real, other=0.0).to(tl.float32)
    tl.store(out + n, total.to(out.dtype.element_ty), mask=real)


@triton.jit
def _wide(packed, scale, zero, PAIRS: tl.constexpr):
    """The lower and the upper weights of bytes, (q - 8) · scale + zero.

    128 + q is a bfloat16 (PAIRS) or float32 whose bits are q behind a constant, so nothing is converted. In bfloat16
    two weights share every instruction, which Triton does not do by itself.
    """
    if PAIRS:
        low, high = tl.inline_asm_elementwise(
            """
            {
                .reg .b32 one, offset, first, last, upper_first, upper_last;
                mov.b32 one, 0x3f803f80;     // 1, 1
                mov.b32 offset, 0xc308c308;  // -136, -136
                prmt.b32 first, $4, 0, 0x4140;
                prmt.b32 last, $4, 0, 0x4342;
                shr.b32 upper_first, first, 4;
                shr.b32 upper_last, last, 4;
                lop3.b32 first, first, 0x000f000f, 0x43004300, 0xea;
                lop3.b32 last, last, 0x000f000f, 0x43004300, 0xea;
                lop3.b32 upper_first, upper_first, 0x000f000f, 0x43004300, 0xea;
                lop3.b32 upper_last, upper_last, 0x000f000f, 0x43004300, 0xea;
                fma.rn.bf16x2 first, first, one, offset;
                fma.rn.bf16x2 last, last, one, offset;
                fma.rn.bf16x2 upper_first, upper_first, one, offset;
                fma.rn.bf16x2 upper_last, upper_last, one, offset;
                fma.rn.bf16x2 $0, first, $5, $7;
                fma.rn.bf16x2 $1, last, $6, $8;
                fma.rn.bf16x2 $2, upper_first, $5, $7;
                fma.rn.bf16x2 $3, upper_last, $6, $8;
            }
            """,
            "=r,=r,=r,=r,r,r,r,r,r",
            [packed, scale, zero],
            dtype=(tl.bfloat16, tl.bfloat16),
            is_pure=True,
            pack=4,
        )
    else:
        low = (((packed & 15).to(tl.int32) << 16) | 0x43000000).to(tl.float32, bitcast=True) - 136.0
        high = (((packed >> 4).to(tl.int32) << 16) | 0x43000000).to(tl.float32, bitcast=True) - 136.0
        low = (low * scale.to(tl.float32) + zero.to(tl.float32)).to(scale.dtype)
        high = (high * scale.to(tl.float32) + zero.to(tl.float32)).to(scale.dtype)
    return low, high


@triton.jit(do_not_specialize=["rows", "splits"])
def _rows_int4(
    x, packed, scales, zeros, bias, out, rows, splits, stride, outputs, inputs,
    BIASED: tl.constexpr, M: tl.constexpr, N: tl.constexpr, PAIRS: tl.constexpr, PRECISION: tl.constexpr,
):  # fmt: skip
    """A few input rows, one group of inputs at a time, on the matrix unit; a split of the groups a program.

    Weights are its left side, which it takes from registers: widened there, they never go through shared memory.
    """
    n = tl.program_id(0) * N + tl.arange(0, N)
    m = tl.arange(0, M)
    real, row = n < outputs, m < rows
    byte = tl.arange(0, 64)
    groups = inputs // 128
    total = tl.zeros((N, M), tl.float32)
    each = tl.cdiv(groups, splits)
    first = tl.program_id(1) * each
    for g in range(first, tl.minimum(groups, first + each)):
        at = m[None, :] * stride + g * 128 + byte[:, None]
        low = tl.load(x + at, mask=row[None, :], other=0.0)
        high = tl.load(x + at + 64, mask=row[None, :], other=0.0)
        where = n.to(tl.int64)[:, None] * (inputs // 2) + g * 64 + byte[None, :]
        w = tl.load(packed + where, mask=real[:, None], other=0)
        scale = tl.load(scales + n * groups + g, mask=real, other=0.0)
        zero = tl.load(zeros + n * groups + g, mask=real, other=0.0)
        scale, zero = tl.broadcast_to(scale[:, None], (N, 64)), tl.broadcast_to(zero[:, None], (N, 64))
        w_low, w_high = _wide(w, scale, zero, PAIRS)
        total = tl.dot(w_low, low, total, input_precision=PRECISION)
        total = tl.dot(w_high, high, total, input_precision=PRECISION)
    if BIASED:
        total += tl.load(bias + n, mask=real, other=0.0).to(tl.float32)[:, None]
    part = out + tl.program_id(1).to(tl.int64) * rows * outputs + m[None, :] * outputs + n[:, None]
    tl.store(part, total.to(out.dtype.element_ty), mask=row[None, :] & real[:, None])


@triton.jit(do_not_specialize=["rows", "splits"])
def _rows_int8(
    x, weight, scales, bias, out, rows, splits, stride, outputs, inputs,
    BIASED: tl.constexpr, M: tl.constexpr, N: tl.constexpr, K: tl.constexpr, PRECISION: tl.constexpr,
):  # fmt: skip
    n = tl.program_id(0) * N + tl.arange(0, N)
    m = tl.arange(0, M)
    real, row = n < outputs, m < rows
    total = tl.zeros((M, N), tl.float32)
    each = tl.cdiv(tl.cdiv(inputs, K), splits) * K
    first = tl.program_id(1) * each
    for start in range(first, tl.minimum(inputs, first + each), K):
        k = start + tl.arange(0, K)
        some = k < inputs
        states = tl.load(x + m[:, None] * stride + k[None, :], mask=row[:, None] & some[None, :], other=0.0)
        where = weight + n.to(tl.int64)[None, :] * inputs + k[:, None]
        w = tl.load(where, mask=real[None, :] & some[:, None], other=0)
        total = tl.dot(states, w.to(states.dtype), total, input_precision=PRECISION)
    total *= tl.load(scales + n, mask=real, other=0.0).to(tl.float32)[None, :]
    if BIASED:
        total += tl.load(bias + n, mask=real, other=0.0).to(tl.float32)[None, :]
    part = out + tl.program_id(1).to(tl.int64) * rows * outputs + m[:, None] * outputs + n[None, :]
    tl.store(part, total.to(out.dtype.element_ty), mask=row[:, None] & real[None, :])


@triton.jit
def _widen_int4(packed, scales, zeros, out, count, BYTES: tl.constexpr):
    at = tl.program_id(0).to(tl.int64) * BYTES + tl.arange(0, BYTES)
    mask = at < count
    w = tl.load(packed + at, mask=mask, other=0)
    group = at // 64
    scale = tl.load(scales + group, mask=mask, other=0.0)
    low, high = _wide(w, scale, tl.load(zeros + group, mask=mask, other=0.0), False)
    place = out + group * 128 + at % 64
    tl.store(place, low, mask=mask)
    tl.store(place + 64, high, mask=mask)


def few_rows_int4(
    x: torch.Tensor, packed: torch.Tensor, scales: torch.Tensor, zeros: torch.Tensor, bias: torch.Tensor | None
) -> torch.Tensor:
    """x (rows, inputs) · weightᵀ; `packed` (outputs, inputs / 2) uint8, `scales` and `zeros` (outputs, groups)."""
    n = 64
    grid, out = _cut(x, packed.shape[0], n)
    _rows_int4[grid](
        x, packed, scales, zeros, scales if bias is None else bias, out, x.shape[0], grid[1], x.stride(0),
        packed.shape[0], x.shape[1], BIASED=bias is not None and grid[1] == 1, M=_padded(x.shape[0]), N=n,
        PAIRS=x.is_cuda and x.dtype is torch.bfloat16, PRECISION=_precision(x), num_warps=4, num_stages=3,
    )  # fmt: skip
    return _whole(out, bias, x.dtype)


def few_rows_int8(
    x: torch.Tensor, weight: torch.Tensor, scales: torch.Tensor, bias: torch.Tensor | None
) -> torch.Tensor:
    """x (rows, inputs) · weightᵀ; `weight` (outputs, inputs) int8, `scales` (outputs,)."""
    n = 32 if weight.shape[0] < _MANY_OUTPUTS else 64
    grid, out = _cut(x, weight.shape[0], n)
    _rows_int8[grid](
        x, weight, scales, scales if bias is None else bias, out, x.shape[0], grid[1], x.stride(0),
        weight.shape[0], x.shape[1], BIASED=bias is not None and grid[1] == 1, M=_padded(x.shape[0]), N=n, K=128,
        PRECISION=_precision(x), num_warps=4, num_stages=3,
    )  # fmt: skip
    return _whole(out, bias, x.dtype)


def one_row(
    x: torch.Tensor, weight: torch.Tensor, scales: torch.Tensor | None, bias: torch.Tensor | None, how: Tiles
) -> torch.Tensor:
    """x (1, inputs) · weightᵀ; `weight` (outputs, inputs) of 8 bits with `scales`, or of x's dtype without."""
    outputs, inputs = weight.shape
    out = x.new_empty((1, outputs))
    _row[(triton.cdiv(outputs, how.outputs),)](
        x, weight, x if scales is None else scales, x if bias is None else bias, out, outputs, inputs,
        SCALED=scales is not None, BIASED=bias is not None, N=how.outputs, K=how.inputs, STAGES=how.stages,
        num_warps=how.warps,
    )  # fmt: skip
    return out


def one_row_int4(
    x: torch.Tensor, packed: torch.Tensor, scales: torch.Tensor, zeros: torch.Tensor, bias: torch.Tensor | None,
    how: Tiles,
) -> torch.Tensor:  # fmt: skip
    """`few_rows_int4` of one row, without the matrix unit."""
    outputs, half = packed.shape
    out = x.new_empty((1, outputs))
    _row_int4[(triton.cdiv(outputs, how.outputs),)](
        x, packed, scales, zeros, scales if bias is None else bias, out, outputs, 2 * half // GROUP, half,
        BIASED=bias is not None, N=how.outputs, G=how.inputs, STAGES=how.stages, num_warps=how.warps,
    )  # fmt: skip
    return out


def widen_int4(packed: torch.Tensor, scales: torch.Tensor, zeros: torch.Tensor) -> torch.Tensor:
    """The weights themselves, (outputs, inputs), in the scales' dtype."""
    outputs, half = packed.shape
    out = scales.new_empty((outputs, 2 * half))
    _widen_int4[(triton.cdiv(packed.numel(), 1024),)](
        packed, scales, zeros, out, packed.numel(), BYTES=1024, num_warps=4
    )
    return out


def _cut(x: torch.Tensor, outputs: int, n: int) -> tuple[tuple[int, int], torch.Tensor]:
    """Programs of `n` outputs and splits of the inputs, and where the parts go: float32 where there are several."""
    programs = triton.cdiv(outputs, n)
    splits = max(1, min(_MOST_SPLITS, _PROGRAMS_WANTED // programs))
    dtype = x.dtype if splits == 1 else torch.float32
    return (programs, splits), x.new_empty((splits, x.shape[0], outputs), dtype=dtype)


@triton.jit(do_not_specialize=["splits", "count"])
def _add_parts(parts, bias, out, splits, count, outputs, BIASED: tl.constexpr, WIDTH: tl.constexpr):
    at = tl.program_id(0) * WIDTH + tl.arange(0, WIDTH)
    mask = at < count
    total = tl.zeros((WIDTH,), tl.float32)
    for split in range(splits):
        total += tl.load(parts + split * count + at, mask=mask, other=0.0)
    if BIASED:
        total += tl.load(bias + at % outputs, mask=mask, other=0.0).to(tl.float32)
    tl.store(out + at, total.to(out.dtype.element_ty), mask=mask)


def _whole(parts: torch.Tensor, bias: torch.Tensor | None, dtype: torch.dtype) -> torch.Tensor:
    if parts.shape[0] == 1:
        return parts[0]
    out = torch.empty_like(parts[0], dtype=dtype)
    _add_parts[(triton.cdiv(out.numel(), 1024),)](
        parts, parts if bias is None else bias, out, parts.shape[0], out.numel(), out.shape[1],
        BIASED=bias is not None, WIDTH=1024, num_warps=4,
    )  # fmt: skip
    return out


def _padded(rows: int) -> int:
    return max(16, int(triton.next_power_of_2(rows)))


def _precision(x: torch.Tensor) -> str:
    return "ieee" if x.dtype is torch.float32 else "tf32"

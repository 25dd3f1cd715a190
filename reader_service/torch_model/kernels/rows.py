"""Row-wise steps between the matrix products, each one kernel: norms, gates, rotation and the way into the KV."""

from __future__ import annotations

import torch
import triton
import triton.language as tl

_CHUNK_ROWS = 16  # tokens that one program rotates in a chunk


@triton.jit
def _add_norm(
    hidden, delta, weight, bias, out, width, eps, ADDS: tl.constexpr, CENTRES: tl.constexpr, WIDTH: tl.constexpr
):
    row = tl.program_id(0).to(tl.int64)
    at = tl.arange(0, WIDTH)
    mask = at < width
    x = tl.load(hidden + row * width + at, mask=mask, other=0.0)
    if ADDS:
        x = (x.to(tl.float32) + tl.load(delta + row * width + at, mask=mask, other=0.0).to(tl.float32)).to(x.dtype)
        tl.store(hidden + row * width + at, x, mask=mask)
    wide, w = x.to(tl.float32), tl.load(weight + at, mask=mask, other=0.0).to(tl.float32)
    if CENTRES:
        wide = tl.where(mask, wide - tl.sum(wide, 0) / width, 0.0)
    normed = wide * tl.rsqrt(tl.sum(wide * wide, 0) / width + eps)
    if CENTRES:
        normed = normed * w + tl.load(bias + at, mask=mask, other=0.0).to(tl.float32)
    else:
        normed = normed.to(x.dtype).to(tl.float32) * w
    tl.store(out + row * width + at, normed.to(x.dtype), mask=mask)


def add_norm(
    hidden: torch.Tensor,
    delta: torch.Tensor | None,
    weight: torch.Tensor,
    eps: float,
    bias: torch.Tensor | None = None,
) -> torch.Tensor:
    """Adds `delta` to `hidden` (rows, width) in place, where there is one; returns the RMS norm of the sum, or its
    layer norm where there is a bias."""
    out = torch.empty_like(hidden)
    width = hidden.shape[-1]
    _add_norm[(hidden.shape[0],)](
        hidden, hidden if delta is None else delta, weight, weight if bias is None else bias, out, width, eps,
        ADDS=delta is not None, CENTRES=bias is not None, WIDTH=triton.next_power_of_2(width),
        num_warps=8 if width > 2048 else 4,
    )  # fmt: skip
    return out


@triton.jit
def _embed_drawn(tokens, drawn, table, out, width, WIDTH: tl.constexpr):
    row = tl.program_id(0).to(tl.int64)
    at = tl.program_id(1) * WIDTH + tl.arange(0, WIDTH)
    mask = at < width
    token = tl.load(tokens + row)
    follows = token < 0
    token = tl.where(follows, tl.load(drawn + tl.where(follows, -1 - token, 0)).to(tl.int64), token)
    tl.store(out + row * width + at, tl.load(table + token * width + at, mask=mask, other=0.0), mask=mask)


def embed_drawn(tokens: torch.Tensor, drawn: torch.Tensor, table: torch.Tensor) -> torch.Tensor:
    """Rows of `table` for tokens (rows,); -1 - r stands for the token `drawn[r]`, float64.

    `table` may lie in pinned memory of the host, which a kernel reads over the bus: a row takes microseconds.
    """
    width = table.shape[1]
    out = torch.empty((len(tokens), width), dtype=table.dtype, device=tokens.device)
    block = min(1024, triton.next_power_of_2(width))
    _embed_drawn[(len(tokens), triton.cdiv(width, block))](tokens, drawn, table, out, width, WIDTH=block, num_warps=4)
    return out


@triton.jit
def _gate(gate_up, width, WIDTH: tl.constexpr):
    row = tl.program_id(0).to(tl.int64)
    at = tl.program_id(1) * WIDTH + tl.arange(0, WIDTH)
    mask = at < width
    gate = tl.load(gate_up + row * 2 * width + at, mask=mask, other=0.0)
    up = tl.load(gate_up + row * 2 * width + width + at, mask=mask, other=0.0)
    wide = gate.to(tl.float32)
    silu = (wide / (1.0 + tl.exp(-wide))).to(gate.dtype)
    tl.store(gate_up + row * 2 * width + at, (silu.to(tl.float32) * up.to(tl.float32)).to(gate.dtype), mask=mask)


def gate(gate_up: torch.Tensor) -> torch.Tensor:
    """silu(first half) · second half of (rows, 2 · width), written over the first half, which is returned."""
    width = gate_up.shape[-1] // 2
    block = min(1024, triton.next_power_of_2(width))
    _gate[(gate_up.shape[0], triton.cdiv(width, block))](gate_up, width, WIDTH=block, num_warps=4)
    return gate_up[:, :width]


@triton.jit
def _quick_gelu(states, count, WIDTH: tl.constexpr):
    at = tl.program_id(0).to(tl.int64) * WIDTH + tl.arange(0, WIDTH)
    x = tl.load(states + at, mask=at < count, other=0.0)
    wide = x.to(tl.float32)
    tl.store(states + at, (wide / (1.0 + tl.exp(-1.702 * wide))).to(x.dtype), mask=at < count)


def quick_gelu(states: torch.Tensor) -> torch.Tensor:
    """x · sigmoid(1.702 x), in place."""
    _quick_gelu[(triton.cdiv(states.numel(), 2048),)](states, states.numel(), WIDTH=2048, num_warps=4)
    return states


@triton.jit(do_not_specialize=["tokens"])
def _rotate_into_kv(
    qkv, cos, sin, query, kv, layer_offset, slots, tokens,
    HEADS: tl.constexpr, KV_HEADS: tl.constexpr, DIM: tl.constexpr, WIDTH: tl.constexpr, ROTARY: tl.constexpr,
    PAGE: tl.constexpr, TOKENS: tl.constexpr,
):  # fmt: skip
    """One head of a few tokens: rotated into `query`, rotated or as it is into its place in the KV."""
    head = tl.program_id(1)
    token = tl.program_id(0) * TOKENS + tl.arange(0, TOKENS)
    dim = tl.arange(0, WIDTH)
    slot = tl.load(slots + token, mask=token < tokens, other=-(1 << 62))
    mask = (token < tokens)[:, None] & (dim < DIM)[None, :]
    source = qkv + (token.to(tl.int64) * (HEADS + 2 * KV_HEADS) + head)[:, None] * DIM
    x = tl.load(source + dim[None, :], mask=mask, other=0.0)
    if head < HEADS + KV_HEADS:
        turns = mask & (dim < ROTARY)[None, :]
        other = tl.where(dim < ROTARY // 2, dim + ROTARY // 2, dim - ROTARY // 2)
        swapped = tl.load(source + other[None, :], mask=turns, other=0.0).to(tl.float32)
        angle = token[:, None] * ROTARY + dim[None, :]
        c = tl.load(cos + angle, mask=turns, other=1.0).to(tl.float32)
        s = tl.load(sin + angle, mask=turns, other=0.0).to(tl.float32)
        x = (x.to(tl.float32) * c + swapped * s).to(x.dtype)
    if head < HEADS:
        tl.store(query + (token.to(tl.int64) * HEADS + head)[:, None] * DIM + dim[None, :], x, mask=mask)
    else:
        # Keys of all kv heads, then values, in the order in which a page holds them.
        place = slot + layer_offset + (head - HEADS) * (PAGE * DIM)
        tl.store(kv + place[:, None] + dim[None, :], x, mask=mask & (slot > -(1 << 61))[:, None])


def rotate_into_kv(
    qkv: torch.Tensor, angles: tuple[torch.Tensor, torch.Tensor], kv: torch.Tensor, layer_offset: int,
    slots: torch.Tensor, *, heads: int, kv_heads: int, page: int,
) -> torch.Tensor:  # fmt: skip
    """Rotates queries and keys of `qkv` (tokens, (heads + 2 · kv heads) · dim), halves paired, writes keys and values
    to `kv` at `slots` (tokens,) int64 in elements (`paged_kv.NOWHERE`: nowhere); returns the queries (tokens, heads,
    dim)."""
    tokens = qkv.shape[0]
    dim = qkv.shape[1] // (heads + 2 * kv_heads)
    query = qkv.new_empty((tokens, heads, dim))
    each = 1 if tokens <= _CHUNK_ROWS else _CHUNK_ROWS
    _rotate_into_kv[(triton.cdiv(tokens, each), heads + 2 * kv_heads)](
        qkv, *angles, query, kv, layer_offset, slots, tokens, HEADS=heads, KV_HEADS=kv_heads, DIM=dim,
        WIDTH=triton.next_power_of_2(dim), ROTARY=angles[0].shape[-1], PAGE=page, TOKENS=each,
        num_warps=1 if each == 1 else 4,
    )  # fmt: skip
    return query


@triton.jit(do_not_specialize=["tokens"])
def _rotate_pages(
    qkv, cos, sin, tokens, HEADS: tl.constexpr, DIM: tl.constexpr, HALF: tl.constexpr, TOKENS: tl.constexpr
):
    head = tl.program_id(1)
    token = tl.program_id(0) * TOKENS + tl.arange(0, TOKENS)
    dim = tl.arange(0, HALF)
    mask = (token < tokens)[:, None] & (dim < DIM // 2)[None, :]
    first = qkv + (token.to(tl.int64) * (3 * HEADS) + head)[:, None] * DIM + dim[None, :]
    angle = token[:, None] * DIM + dim[None, :]
    low, high = tl.load(first, mask=mask, other=0.0), tl.load(first + DIM // 2, mask=mask, other=0.0)
    c, s = tl.load(cos + angle, mask=mask, other=0.0), tl.load(sin + angle, mask=mask, other=0.0)
    a, b = low.to(tl.float32), high.to(tl.float32)
    tl.store(first, (a * c - b * s).to(low.dtype), mask=mask)
    tl.store(first + DIM // 2, (b * c + a * s).to(low.dtype), mask=mask)


def rotate_pages(qkv: torch.Tensor, cos: torch.Tensor, sin: torch.Tensor) -> None:
    """Rotates queries and keys of `qkv` (tokens, 3, heads, dim) in place; `cos`, `sin` (tokens, dim) float32, their
    halves equal."""
    tokens, _, heads, dim = qkv.shape
    _rotate_pages[(triton.cdiv(tokens, _CHUNK_ROWS), 2 * heads)](
        qkv,
        cos,
        sin,
        tokens,
        HEADS=heads,
        DIM=dim,
        HALF=triton.next_power_of_2(dim // 2),
        TOKENS=_CHUNK_ROWS,
        num_warps=4,
    )

"""Attention over paged KV: one split-KV kernel for tokens, questions and chunks alike.

A page holds the keys and values of `PAGE` consecutive tokens in all layers, laid out (layers, 2, kv heads, PAGE, dim).
A table lists, page by page, how many elements a page lies behind `kv` (pages live in several allocations). Queries of
one kv head's group are rows of one tile, so a page is read once for all of them, and no page without live tokens is.
"""

from __future__ import annotations

from typing import Any

import torch
import triton
import triton.language as tl

from reader_service.torch_model.splits import FEW_ROWS, MOST_SPLITS, splits_for, tile_rows

_LOG2_E = 1.4426950408889634


@triton.jit
def _weigh(
    scores, v, seen, best, total, gathered, scale, MASKED: tl.constexpr, PRECISION: tl.constexpr
):  # fmt: skip
    """One page's values, weighted by their scores and added to what the pages before it gave; `seen` says which keys
    count where not all do."""
    if MASKED:
        scores = tl.where(seen, scores, float("-inf"))
    higher = tl.maximum(best, tl.max(scores, 1) * scale)
    floor = tl.where(higher == float("-inf"), 0.0, higher) if MASKED else higher
    weights = tl.exp2(scores * scale - floor[:, None])
    shrink = tl.exp2(best - floor)
    gathered = tl.dot(weights.to(v.dtype), v, gathered * shrink[:, None], input_precision=PRECISION)
    return higher, total * shrink + tl.sum(weights, 1), gathered


@triton.jit(do_not_specialize=["tokens", "splits"])
def _attend(
    query, out, log_sums, kv, layer_offset, tables, lengths, tokens, splits, scale,
    GROUP: tl.constexpr, KV_HEADS: tl.constexpr, DIM: tl.constexpr, WIDTH: tl.constexpr, PAGE: tl.constexpr,
    ROWS: tl.constexpr, SPLIT: tl.constexpr, PRECISION: tl.constexpr,
):  # fmt: skip
    """Rows of one sequence, kv head and split: softmax-weighted values, and log2 of the softmax sum.

    Nearly all pages are seen whole by all rows, so only the last ones are masked: it would be half of the work beside
    the products.
    """
    block, head, split = tl.program_id(0), tl.program_id(1), tl.program_id(2)
    blocks = tl.cdiv(tokens * GROUP, ROWS)
    sequence = block // blocks
    row = (block % blocks) * ROWS + tl.arange(0, ROWS)
    token = row // GROUP
    real = row < tokens * GROUP
    length = tl.load(lengths + sequence)
    sees = length - tokens + token + 1  # keys that a row may look at
    all_see = tl.maximum(length - tokens + ((block % blocks) * ROWS) // GROUP + 1, 0)  # keys that every row may
    last = tl.minimum(length, length - tokens + ((block % blocks) * ROWS + ROWS - 1) // GROUP + 1)
    pages = tl.cdiv(tl.maximum(last, 0), PAGE).to(tl.int32)
    each = tl.cdiv(pages, splits)
    first = tl.minimum(split * each, pages)
    end = tl.minimum(pages, first + each)
    masked = tl.maximum(first, tl.minimum(end, (all_see // PAGE).to(tl.int32)))

    dim = tl.arange(0, WIDTH)
    place = tl.arange(0, PAGE)
    at = ((sequence * tokens + token) * KV_HEADS + head) * GROUP + row % GROUP  # row of (tokens, heads)
    mask = real[:, None] & (dim < DIM)[None, :]
    q = tl.load(query + at[:, None].to(tl.int64) * DIM + dim[None, :], mask=mask, other=0.0)
    table = tl.load(tables + sequence).to(tl.pointer_type(tl.int64))
    inside = (dim < DIM)[None, :]
    tile = place[:, None] * DIM + dim[None, :]
    keys = kv + layer_offset + head * (PAGE * DIM) + tile
    values = keys + KV_HEADS * PAGE * DIM
    best = tl.full((ROWS,), float("-inf"), tl.float32)
    total = tl.zeros((ROWS,), tl.float32)
    gathered = tl.zeros((ROWS, WIDTH), tl.float32)
    # A page's place is loaded a turn ahead: waiting for it kept its keys from being on their way in time.
    last_page = tl.maximum(pages - 1, 0)
    ahead = tl.load(table + tl.minimum(first, last_page), mask=first < masked, other=0)
    for page in range(first, masked):
        offset = ahead // 16 * 16  # places are multiples of 16, which is not known of what a turn leaves behind
        k = tl.load(keys + offset, mask=inside, other=0.0)
        v = tl.load(values + offset, mask=inside, other=0.0)
        ahead = tl.load(table + tl.minimum(page + 1, last_page))
        scores = tl.dot(q, tl.trans(k), input_precision=PRECISION)
        best, total, gathered = _weigh(scores, v, inside, best, total, gathered, scale, False, PRECISION)
    for page in tl.range(masked, end, num_stages=1):
        offset = tl.multiple_of(tl.load(table + page), 16)
        k = tl.load(keys + offset, mask=inside, other=0.0)
        v = tl.load(values + offset, mask=inside, other=0.0)
        scores = tl.dot(q, tl.trans(k), input_precision=PRECISION)
        seen = (page * PAGE + place)[None, :] < sees[:, None]
        best, total, gathered = _weigh(scores, v, seen, best, total, gathered, scale, True, PRECISION)
    whole = tl.where(total > 0, total, 1.0)
    gathered = gathered / whole[:, None]
    if not SPLIT:
        tl.store(out + at[:, None].to(tl.int64) * DIM + dim[None, :], gathered.to(out.dtype.element_ty), mask=mask)
    elif first < end:
        part = at.to(tl.int64) * splits + split
        tl.store(out + part[:, None] * DIM + dim[None, :], gathered, mask=mask)
        tl.store(log_sums + part, tl.where(total > 0, best + tl.log2(whole), float("-inf")), mask=real)


@triton.jit(do_not_specialize=["tokens", "splits"])
def _combine(
    parts, log_sums, out, lengths, tokens, splits,
    GROUP: tl.constexpr, KV_HEADS: tl.constexpr, DIM: tl.constexpr, WIDTH: tl.constexpr, PAGE: tl.constexpr,
    ROWS: tl.constexpr, MOST: tl.constexpr,
):  # fmt: skip
    """Puts the splits of one query and head together; those that had no page wrote nothing and are not read."""
    token, head = tl.program_id(0), tl.program_id(1)
    length = tl.load(lengths + token // tokens)
    row = (token % tokens) * GROUP + head % GROUP
    last = tl.minimum(length, length - tokens + ((row // ROWS) * ROWS + ROWS - 1) // GROUP + 1)
    pages = tl.cdiv(tl.maximum(last, 0), PAGE)
    each = tl.maximum(tl.cdiv(pages, splits), 1)
    split, dim = tl.arange(0, MOST), tl.arange(0, WIDTH)
    live = (split < splits) & (split * each < pages)
    at = (token * (KV_HEADS * GROUP) + head).to(tl.int64)
    sums = tl.load(log_sums + at * splits + split, mask=live, other=float("-inf"))
    best = tl.max(sums, 0)
    weights = tl.exp2(sums - tl.where(best == float("-inf"), 0.0, best))
    mask = live[:, None] & (dim < DIM)[None, :]
    values = tl.load(parts + (at * splits + split)[:, None] * DIM + dim[None, :], mask=mask, other=0.0)
    total = tl.sum(weights, 0)
    merged = tl.sum(values * weights[:, None], 0) / tl.where(total > 0, total, 1.0)
    tl.store(out + at * DIM + dim, merged.to(out.dtype.element_ty), mask=dim < DIM)


def attend(
    query: torch.Tensor, kv: torch.Tensor, layer_offset: int, tables: torch.Tensor, lengths: torch.Tensor,
    *, kv_heads: int, page: int,
) -> torch.Tensor:  # fmt: skip
    """The newest tokens of each sequence over all its KV, causally.

    `query` (sequences · tokens, heads, dim); `kv` any tensor that the tables' offsets count from; `tables` and
    `lengths` (sequences,) int64: the address of each sequence's table, its tokens with the newest ones.
    """
    sequences = lengths.shape[0]
    everything, heads, dim = query.shape
    tokens, group = everything // sequences, heads // kv_heads
    # In float32 larger tiles spill, and a card sets memory aside for what all its threads could spill: gigabytes.
    rows = tile_rows(tokens * group) if query.dtype is not torch.float32 else FEW_ROWS
    splits = splits_for(sequences, tokens, heads, kv_heads)
    out = torch.empty_like(query)
    parts = query.new_empty((everything, heads, splits, dim), dtype=torch.float32) if splits > 1 else out
    sums = query.new_empty((everything, heads, splits), dtype=torch.float32) if splits > 1 else out
    shape: dict[str, Any] = {
        "GROUP": group, "KV_HEADS": kv_heads, "DIM": dim, "WIDTH": triton.next_power_of_2(dim), "PAGE": page,
        "ROWS": rows,
    }  # fmt: skip
    precision = "ieee" if query.dtype is torch.float32 else "tf32"
    grid = (sequences * -(-tokens * group // rows), kv_heads, splits)
    _attend[grid](
        query, parts, sums, kv, layer_offset, tables, lengths, tokens, splits, dim**-0.5 * _LOG2_E, **shape,
        SPLIT=splits > 1, PRECISION=precision, num_warps=4, num_stages=3,
    )  # fmt: skip
    if splits > 1:
        _combine[(everything, heads)](parts, sums, out, lengths, tokens, splits, **shape, MOST=MOST_SPLITS, num_warps=4)
    return out

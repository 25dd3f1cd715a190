"""The card's kernels alone, each beside what its bytes would take; and other tiles than the ones that are used."""

from __future__ import annotations

import statistics
from collections.abc import Callable
from functools import partial
from typing import Any

import torch
from torch.nn import functional as F

from reader_service.torch_model.kernels import attention, quantized
from reader_service.torch_model.kv import KvShape
from reader_service.torch_model.linear import Format, linear
from reader_service.torch_model.paged_kv import PagedKv, PagePool
from reader_service.torch_model.tuning import Tiles

DEVICE = torch.device("cuda")
Tell = Callable[..., None]
SHAPES = ((37888, 3584), (3584, 18944), (4608, 3584))
INT4_TILES = [
    Tiles(*how)
    for how in ((8, 4, 4, 1), (8, 4, 4, 3), (16, 4, 4, 3), (16, 8, 4, 2), (4, 8, 4, 3), (8, 4, 2, 4), (32, 4, 4, 3))
]
INT8_TILES = [
    Tiles(*how)
    for how in ((4, 1024, 4, 3), (8, 1024, 4, 3), (8, 512, 4, 4), (4, 512, 4, 1), (8, 1024, 8, 3), (16, 512, 4, 3))
]
PLAIN_TILES = [
    Tiles(*how)
    for how in ((4, 512, 4, 4), (8, 512, 4, 3), (4, 1024, 4, 3), (8, 512, 4, 1), (2, 1024, 4, 4), (16, 256, 4, 4))
]


def event_ms(action: Callable[[], Any], runs: int = 20, warm: int = 3) -> float:
    """Median milliseconds of an action on the card."""
    for _ in range(warm):
        action()
    times = []
    for _ in range(runs):
        start, end = torch.cuda.Event(enable_timing=True), torch.cuda.Event(enable_timing=True)
        start.record()
        action()
        end.record()
        end.synchronize()
        times.append(start.elapsed_time(end))
    return statistics.median(times)


def graphed_ms(action: Callable[[], Any]) -> float:
    """Milliseconds of an action inside a graph of twenty."""
    action()
    torch.cuda.synchronize()
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        for _ in range(20):
            action()
    return event_ms(graph.replay, runs=5, warm=2) / 20


def products(tell: Tell, copy: float) -> None:
    """Products with few rows in three formats, beside what the plain weight's bytes alone would take."""
    for outputs, inputs in ((37888, 3584), (3584, 18944), (4608, 3584), (3584, 3584)):
        weight = torch.randn((outputs, inputs), device=DEVICE, dtype=torch.bfloat16)
        forms = {form.value: linear(weight, None, form) for form in Format}
        floor = weight.nbytes / copy / 1e6
        for rows in (1, 8, 32):
            x = torch.randn((rows, inputs), device=DEVICE, dtype=torch.bfloat16)
            times = [f"{name} {1e3 * graphed_ms(partial(product, x)):.1f}" for name, product in forms.items()]
            tell("kernels", **{f"{outputs}x{inputs} rows {rows}": f"floor {floor:.1f} us, " + ", ".join(times)})
        x = torch.randn((2048, inputs), device=DEVICE, dtype=torch.bfloat16)
        times = [f"{name} {event_ms(partial(product, x)):.3f}" for name, product in forms.items()]
        tell("kernels", **{f"{outputs}x{inputs} rows 2048, ms": ", ".join(times)})
    torchs_int4(tell)


def torchs_int4(tell: Tell) -> None:
    """torch's own 4-bit product beside ours, weights of random bits."""
    for outputs, inputs in ((37888, 3584), (18944, 3584), (3584, 18944), (4608, 3584)):
        packed = torch.randint(0, 256, (outputs, inputs // 2), device=DEVICE, dtype=torch.uint8)
        theirs = torch._convert_weight_to_int4pack(packed, 8)
        both = torch.randn((inputs // 128, outputs, 2), device=DEVICE, dtype=torch.bfloat16)
        scales = torch.randn((outputs, inputs // 128), device=DEVICE, dtype=torch.bfloat16)
        for rows in (1, 8, 32):
            x = torch.randn((rows, inputs), device=DEVICE, dtype=torch.bfloat16)
            torchs = graphed_ms(partial(torch._weight_int4pack_mm, x, theirs, 128, both))
            if rows == 1:
                cuts = [partial(quantized.one_row_int4, x, packed, scales, scales, None, how) for how in INT4_TILES]
            else:
                cuts = [partial(quantized.few_rows_int4, x, packed, scales, scales, None)]
            own = min(graphed_ms(cut) for cut in cuts)
            told = f"{1e3 * torchs:.1f} us, ours {1e3 * own:.1f}"
            tell("torch's int4", **{f"{outputs}x{inputs} rows {rows}": told})


def paged(tell: Tell, copy: float) -> None:
    """The paged kernel alone."""
    pool = PagePool(KvShape(1, 4, 128, torch.bfloat16), DEVICE)
    cases = ((1, 1, 1024), (1, 1, 32768), (8, 1, 2048), (32, 1, 2048), (1, 64, 32768), (1, 2048, 2048))
    for sequences, tokens, length in cases:
        kvs = [PagedKv(pool, length) for _ in range(sequences)]
        tables = torch.tensor([kv.table.data_ptr() for kv in kvs], device=DEVICE)
        lengths = torch.full((sequences,), length, device=DEVICE)
        query = torch.randn((sequences * tokens, 28, 128), device=DEVICE, dtype=torch.bfloat16)
        action = partial(attention.attend, query, pool.anchor, 0, tables, lengths, kv_heads=4, page=64)
        us = 1e3 * graphed_ms(action)
        floor = sequences * length * 2048 / copy / 1e6
        rate = 4 * sequences * tokens * (length - tokens / 2) * 3584 / us / 1e6
        told = f"{us:.1f} us, bytes alone {floor:.1f}, {rate:.0f} TFLOP/s"
        tell("paged", **{f"{sequences}x{tokens} of {length}": told})
        for kv in kvs:
            kv.free()


def tiles(tell: Tell) -> None:
    """One row against every cut of the three products; the first figure of plain is cuBLAS."""
    for outputs, inputs in SHAPES:
        x = torch.randn((1, inputs), device=DEVICE, dtype=torch.bfloat16)
        weight = torch.randn((outputs, inputs), device=DEVICE, dtype=torch.bfloat16)
        eight = torch.randint(-128, 128, (outputs, inputs), device=DEVICE, dtype=torch.int8)
        four = torch.randint(0, 256, (outputs, inputs // 2), device=DEVICE, dtype=torch.uint8)
        scales = torch.randn((outputs, inputs // 128), device=DEVICE, dtype=torch.bfloat16)
        one = scales[:, 0].contiguous()
        plain = [graphed_ms(partial(F.linear, x, weight))]
        plain += [graphed_ms(partial(quantized.one_row, x, weight, None, None, how)) for how in PLAIN_TILES]
        int8 = [graphed_ms(partial(quantized.one_row, x, eight, one, None, how)) for how in INT8_TILES]
        int4 = [graphed_ms(partial(quantized.one_row_int4, x, four, scales, scales, None, how)) for how in INT4_TILES]
        for name, times in (("plain", plain), ("int8", int8), ("int4", int4)):
            tell("tiles", **{f"{outputs}x{inputs} {name}, us": " ".join(f"{1e3 * ms:.1f}" for ms in times)})

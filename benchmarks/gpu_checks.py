"""Does the card's path compute what it should? Small sizes, a few seconds each; a check that fails raises."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import torch
from torch.nn import functional as F

from benchmarks import gpu_model
from reader_service.budget import ChunkLimits
from reader_service.errors import OutOfMemory
from reader_service.model import Chunk, Sampling, Step
from reader_service.positions import text_positions
from reader_service.torch_model import attention as pages_attention
from reader_service.torch_model.card import CpuCard, CudaCard
from reader_service.torch_model.kernels import attention, quantized, rows
from reader_service.torch_model.kv import KvShape
from reader_service.torch_model.linear import Format, linear
from reader_service.torch_model.load import LAYOUTS
from reader_service.torch_model.paged_kv import PagedKv, PagePool

DEVICE = torch.device("cuda")
SMALL_CHUNKS = ChunkLimits(1024, 512)


def error(out: torch.Tensor, want: torch.Tensor) -> float:
    """‖out − want‖ / ‖want‖ in float64; not a number never passes."""
    out, want = out.double(), want.double()
    return float((out - want).norm() / want.norm())


def expect(name: str, value: float, most: float) -> str:
    """A line for the table. Raises AssertionError when the value is over its bound or no number."""
    if not value <= most:
        raise AssertionError(f"{name}: {value} is not within {most}")
    return f"{name} {value:.1e}"


def check_paged_attention() -> str:
    """The paged kernel against SDPA in float64, over shuffled pages: tokens, questions, chunks, an empty sequence."""
    told = []
    for tokens, lengths in ((1, [5, 1000, 0, 4097]), (48, [3000]), (700, [1500]), (1, [70_000])):
        shape = KvShape(2, 4, 128, torch.bfloat16)
        pool = PagePool(shape, DEVICE, slab_pages=4)
        kvs = [PagedKv(pool, max(length, 1)) for length in lengths]
        kvs[0].free()  # and again, so that its pages come from several slabs
        kvs[0] = PagedKv(pool, max(lengths[0], 1))
        for kv in kvs:
            for page in kv.own:
                pool.view(page).normal_()
        tables = torch.tensor([kv.table.data_ptr() for kv in kvs], device=DEVICE)
        heads, counts = 28, torch.tensor(lengths, device=DEVICE)
        query = torch.randn((len(kvs) * tokens, heads, 128), device=DEVICE, dtype=torch.bfloat16)
        out = attention.attend(query, pool.anchor, pool.layer_elements, tables, counts, kv_heads=4, page=64)
        for number, (kv, length) in enumerate(zip(kvs, lengths, strict=True)):
            mine = out[number * tokens : (number + 1) * tokens]
            if not length:
                told.append(expect("empty", float(mine.abs().max()), 0.0))
                continue
            live = torch.stack([pool.view(page).view(2, 2, 4, 64, 128)[1] for page in kv.own], 2)
            keys, values = live.reshape(2, 4, -1, 128)[:, :, :length].double().repeat_interleave(7, 1)
            seen = torch.arange(length, device=DEVICE) <= torch.arange(length - tokens, length, device=DEVICE)[:, None]
            q = query[number * tokens : (number + 1) * tokens].double().transpose(0, 1)
            want = F.scaled_dot_product_attention(q[None], keys[None], values[None], seen)[0].transpose(0, 1)
            told.append(expect(f"{tokens}x{length}", error(mine, want), 1e-2))
    return ", ".join(told)


def check_page_attention() -> str:
    """torch's packed kernel against page by page, with the tower's head size."""
    chosen, name = pages_attention.choose_page_attention(DEVICE, torch.bfloat16)
    bounds = [0, 100, 580, 1000]
    qkv = torch.randn((1000, 3, 4, 80), device=DEVICE, dtype=torch.bfloat16)
    ends = torch.tensor(bounds, device=DEVICE, dtype=torch.int32)
    want = pages_attention.page_by_page(qkv.float(), ends, bounds)
    return name + " " + expect("pages", error(chosen(qkv, ends, bounds), want), 1e-2)


def check_rows() -> str:
    """Norms, gates and rotations against torch in float32."""
    from reader_service.torch_model.steps import TorchSteps

    plain, told = TorchSteps(), []
    hidden, delta = (torch.randn((33, 3584), device=DEVICE) for _ in range(2))
    weight = torch.randn(3584, device=DEVICE)
    for name, bias in (("norm", None), ("layer norm", delta[0])):
        want = plain.add_norm(hidden.clone(), delta, weight, 1e-6, bias)
        told.append(expect(name, error(rows.add_norm(hidden.clone(), delta, weight, 1e-6, bias), want), 1e-5))
    wide = torch.randn((33, 2 * 18944), device=DEVICE)
    told.append(expect("gate", error(rows.gate(wide.clone()), plain.gate(wide)), 1e-5))
    told.append(expect("gelu", error(rows.quick_gelu(wide.clone()), plain.quick_gelu(wide.clone())), 1e-5))
    qkv = torch.randn((100, 3, 16, 80), device=DEVICE)
    half = torch.randn((100, 40), device=DEVICE)
    angles = torch.cat((half, half), 1)
    want = qkv.clone()
    plain.rotate_pages(want, angles.cos(), angles.sin())
    rows.rotate_pages(qkv, angles.cos(), angles.sin())
    told.append(expect("rotation", error(qkv, want), 1e-5))
    return ", ".join((*told, embedded()))


def embedded() -> str:
    """Embeddings of tokens that are known and of tokens that the step before drew, from the card and from the host."""
    tokens, drawn = torch.tensor([7, -1, 999, -3], device=DEVICE), torch.tensor([5.0, 6.0, 38.0], dtype=torch.float64)
    for table in (torch.randn((1000, 3584), device=DEVICE), torch.randn((1000, 3584)).pin_memory()):
        found = rows.embed_drawn(tokens, drawn.to(DEVICE), table)
        if not torch.equal(found.cpu(), table[[7, 5, 999, 38]].cpu()):
            raise AssertionError(f"wrong rows of a table on {table.device}")
    return "embeddings of both places"


def check_quantized() -> str:
    """Every path of 4 and 8 bits against the widened weight."""
    told = []
    weight = torch.randn((4608, 3584), device=DEVICE, dtype=torch.bfloat16) * 0.02
    bias = torch.randn(4608, device=DEVICE, dtype=torch.bfloat16)
    for form in (Format.INT8, Format.INT4):
        product = linear(weight, bias, form)
        wide = product._wide(0, 4608).double()  # type: ignore[attr-defined]
        told.append(expect(f"{form.value} rounding", error(wide, weight), 0.02 if form is Format.INT8 else 0.15))
        for count in (1, 2, 17, 64, 65, 500):
            x = torch.randn((count, 3584), device=DEVICE, dtype=torch.bfloat16)
            told.append(expect(f"x{count}", error(product(x), x.double() @ wide.T + bias.double()), 1e-2))
    packed = torch.randint(0, 256, (64, 128), device=DEVICE, dtype=torch.uint8)
    ones = torch.ones((64, 2), device=DEVICE)
    told.append(expect("widened", error(quantized.widen_int4(packed, ones, ones).sum(), packed_sum(packed)), 1e-6))
    return ", ".join(told)


def packed_sum(packed: torch.Tensor) -> torch.Tensor:
    """The sum of all weights behind bytes whose scales and zeros are 1."""
    return ((packed & 15).double() - 7).sum() + ((packed >> 4).double() - 7).sum()


def answers(model: Any, count: int, tokens: int, batch: int, *, ahead: bool = False) -> list[list[int]]:
    """Greedy tokens of `batch` questions about one document of noise, drawn together; `ahead`: one step before the
    other is read."""
    page_set = gpu_model.pages(3, 112)
    desk = gpu_model.Desk(model)
    desk.resident("document", page_set)
    document = desk.device.pool.find("document")
    assert document is not None
    kvs, samplers, drawn = [], [model.sampler(Sampling()) for _ in range(batch)], []
    for number in range(batch):
        kvs.append(model.branch(document.kv, tokens + count))
        prompt = [4 + (number * 31 + at) % 900 for at in range(tokens)]
        said = model.prefill(kvs[-1], Chunk(prompt, text_positions(document.next_position, tokens)))
        drawn.append([model.draw(said, samplers[number]).token])
    begun = None
    for at in range(count - 1):
        place = document.next_position + tokens + at
        after = range(batch) if begun else [None] * batch
        steps = [Step(kvs[row], drawn[row][-1], place, samplers[row], after[row]) for row in range(batch)]
        step = model.decode(steps)
        if begun or not ahead:
            note(drawn, model.drawn(begun or step))
        begun = step if ahead else None
    if begun:
        note(drawn, model.drawn(begun))
    for kv in kvs:
        model.free(kv)
    return drawn


def note(rows: list[list[int]], drawn: Any) -> None:
    """Appends what was drawn to each row."""
    for row, one in zip(rows, drawn, strict=True):
        row.append(one.token)


def check_whole_model() -> str:
    """One model in float32 on the CPU and on the card, eagerly, in graphs and a step ahead: the same tokens."""
    shapes = gpu_model.config(small=True)
    tensors = gpu_model.KeptTensors(shapes)
    want = answers(gpu_model.reader(shapes, tensors, CpuCard(0), LAYOUTS["plain"], SMALL_CHUNKS), 12, 20, 5)
    tensors.device = DEVICE
    model = gpu_model.reader(shapes, tensors, CudaCard(0, 0.85), LAYOUTS["plain"], SMALL_CHUNKS)
    eager = answers(model, 12, 20, 5)
    model.warm()
    graphs, ahead = answers(model, 12, 20, 5), answers(model, 12, 20, 5, ahead=True)
    same = [int((np.array(tokens) == np.array(want)).sum()) for tokens in (eager, graphs, ahead)]
    if min(same) < 60:
        raise AssertionError(f"of 60 tokens {same} (eager, in graphs, a step ahead) are the CPU's")
    return f"60 of 60 tokens eager, in graphs and a step ahead, {sorted({token for row in want for token in row})[:6]}…"


def check_formats() -> str:
    """Each weight format end to end: finite, deterministic, the prediction holds."""
    told = []
    shapes = gpu_model.config(small=True)
    for name in LAYOUTS:
        tensors = gpu_model.KeptTensors(shapes)
        tensors.device, tensors.dtype = DEVICE, torch.bfloat16
        model = gpu_model.reader(shapes, tensors, CudaCard(0, 0.85), LAYOUTS[name], SMALL_CHUNKS)
        model.warm()
        first, second = answers(model, 12, 20, 3), answers(model, 12, 20, 3)
        if first != second:
            raise AssertionError(f"{name}: two runs differ")
        desk = gpu_model.Desk(model)
        ledger = desk.resident("again", gpu_model.pages(8, 112, seed=1)).ledger
        spread = ledger.predicted_peak_bytes / ledger.measured_peak_bytes - 1
        told.append(f"{name} {first[0][:3]} predicted {spread:+.2%}")
    return ", ".join(told)


def check_offload() -> str:
    """The tower leaves and comes back: bytes fall by its size, embeddings do not change, KV may use its room."""
    shapes = gpu_model.config(small=True)
    tensors = gpu_model.KeptTensors(shapes)
    tensors.device, tensors.dtype = DEVICE, torch.bfloat16
    model = gpu_model.reader(shapes, tensors, CudaCard(0, 0.85), LAYOUTS["int8"], SMALL_CHUNKS)
    page_set, tower_bytes = gpu_model.pages(2, 112), model._parts.vision.weight_bytes
    before, seen = torch.cuda.memory_allocated(), model.see(page_set).clone()
    model.balance(model.facts.total_bytes, pages_wait=False)
    fell = before - torch.cuda.memory_allocated() + seen.nbytes
    if not torch.equal(seen, model.see(page_set)):
        raise AssertionError("the tower sees differently after its return")
    if fell < 0.9 * tower_bytes:
        raise AssertionError(f"{fell} bytes came free of {tower_bytes}")
    return f"{fell} of {tower_bytes} bytes, {model.offloads()} move"


def check_streaming() -> str:
    """A tower of which two blocks at a time are on the card sees what one that is whole there does, time and again."""
    shapes, page_set, seen = gpu_model.config(small=True), gpu_model.pages(3, 112), []
    shapes.vision_config.depth = 7
    for layout in (LAYOUTS["small"], replace(LAYOUTS["small"], tower_streams=False)):
        tensors = gpu_model.KeptTensors(shapes)
        tensors.device, tensors.dtype = DEVICE, torch.bfloat16
        model = gpu_model.reader(shapes, tensors, CudaCard(0, 0.85), layout, SMALL_CHUNKS)
        seen.append([model.see(page_set).clone() for _ in range(20)])
    if not all(torch.equal(one, seen[1][0]) for one in seen[0]):
        raise AssertionError("the streamed tower sees differently")
    return f"{len(seen[0])} passes equal"


def check_out_of_memory() -> str:
    """A real CUDA out-of-memory error in one of eight streams: it ends, the seven others say what they would have."""
    shapes = gpu_model.config(small=True)
    tensors = gpu_model.KeptTensors(shapes)
    tensors.device = DEVICE
    model = gpu_model.reader(shapes, tensors, CudaCard(0, 0.85), LAYOUTS["plain"], SMALL_CHUNKS)
    model.warm()
    undisturbed = eight(model, None)
    disturbed = eight(model, 3)
    ended = [number for number, (_, last) in enumerate(disturbed) if isinstance(last, OutOfMemory)]
    same = [a[0] == b[0] for number, (a, b) in enumerate(zip(undisturbed, disturbed, strict=True)) if number != 3]
    if ended != [3] or not all(same):
        raise AssertionError(f"ended {ended}, the others equal: {same}")
    return "1 of 8 ended, 7 token-identical"


def eight(model: Any, victim: int | None) -> list[tuple[list[int], Any]]:
    """Tokens and last events of eight streams; the victim's third step asks for more than the card has."""
    desk = gpu_model.Desk(model)
    desk.resident("document", gpu_model.pages(3, 112))
    jobs = [desk.ask("document", 20 + number, 12) for number in range(8)]
    drawn: list[list[int]] = [[] for _ in jobs]
    runner = model._parts.runner
    plain_decode = runner.decode
    for job, row in zip(jobs, drawn, strict=True):
        job.take = taking(job.take, row)
    if victim is not None:

        def decode(steps: Any) -> Any:
            if any(step.kv is jobs[victim]._kv and len(drawn[victim]) > 3 for step in steps):
                torch.empty(1 << 42, dtype=torch.uint8, device=DEVICE)
            return plain_decode(steps)

        runner.decode = decode
    desk.run()
    if victim is not None:
        del runner.decode
    return list(zip(drawn, [job.sink.last for job in jobs], strict=True))


def taking(take: Any, row: list[int]) -> Any:
    """`take`, which also writes its token down."""

    def both(token: Any) -> bool:
        row.append(token.token)
        return bool(take(token))

    return both


CHECKS = {
    "paged attention": check_paged_attention,
    "page attention": check_page_attention,
    "rows": check_rows,
    "quantized": check_quantized,
    "whole model": check_whole_model,
    "formats": check_formats,
    "offload": check_offload,
    "streamed tower": check_streaming,
    "out of memory": check_out_of_memory,
}

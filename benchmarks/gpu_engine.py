"""The reader's engine on a card, random weights of Qwen2-VL-7B's shapes, 24 GB imitated: one table, one JSON.

    python -m benchmarks.gpu_engine [--quick] [--parts PART…] [--seconds N] [--out FILE.json]

Parts run in the order of `PARTS`, each in a process of its own, about seven minutes together; what a part tells is
printed and written at once, so that a run which is cut short, or a part which fails, loses nothing else. `--quick` is
the first part: what the card is, and whether every path on it computes what it should.
"""

from __future__ import annotations

import argparse
import json
import platform
import statistics
import subprocess
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Iterable
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import torch

from benchmarks import gpu_checks, gpu_decode, gpu_kernels, gpu_load, gpu_model, gpu_peers
from benchmarks.gpu_kernels import event_ms
from reader_service.torch_model.load import LAYOUTS
from reader_service.torch_model.torch_reader import TorchReader

DEVICE = torch.device("cuda")
RESULTS: dict[str, dict[str, Any]] = {}
DOCUMENT_PAGES = 15  # of 308 × 308 px: 1,815 vision tokens, an 8,423-character document at 12 px
GIB = 2**30
PART_TIMEOUT_S = 120.0  # beside what random load is given


def tell(section: str, **values: Any) -> None:
    """A row of the table."""
    RESULTS.setdefault(section, {}).update(values)
    shown = (
        f"{name} {value:,.4g}" if isinstance(value, float) else f"{name} {value}" for name, value in values.items()
    )
    print(f"  {section}: " + ", ".join(shown), flush=True)


def card() -> None:
    """What this card does at best: a copy, a product, a product with one row."""
    source, target = (torch.empty(GIB, dtype=torch.uint8, device=DEVICE) for _ in range(2))
    copy_ms = event_ms(lambda: target.copy_(source), runs=10)
    left, right = (torch.randn((8192, 8192), device=DEVICE, dtype=torch.bfloat16) for _ in range(2))
    product_ms = event_ms(lambda: left @ right, runs=10)
    tell(
        "card", name=torch.cuda.get_device_name(), torch=torch.__version__, python=platform.python_version(),
        copy_tb_s=2 * GIB / copy_ms / 1e9, matmul_tflop_s=2 * 8192**3 / product_ms / 1e9,
    )  # fmt: skip


def checks() -> None:
    """Correctness first."""
    failed = []
    for name, check in gpu_checks.CHECKS.items():
        began_s = time.perf_counter()
        try:
            tell("checks", **{name: check(), f"{name} s": time.perf_counter() - began_s})
        except Exception:
            traceback.print_exc()
            failed.append(name)
    tell("checks", failed=", ".join(failed) or "none")


@cache
def reader(name: str) -> TorchReader:
    """The 7B reader in a layout, warm."""
    shapes, began_s = gpu_model.config(), time.perf_counter()
    source = gpu_model.RandomTensors(shapes, DEVICE, torch.bfloat16)
    device = gpu_model.imitated_card()
    model = gpu_model.reader(shapes, source, device, LAYOUTS[name])
    loaded_s = time.perf_counter() - began_s
    formula = model.facts.costs
    model.warm()
    costs, last = model.facts.costs, list(model._parts.decoder.products())[-5:]
    tell(
        f"reader {name}", weights_gb=costs.weight_bytes / 1e9, context_gb=costs.context_bytes / 1e9,
        graphs_gb=(costs.context_bytes - formula.context_bytes) / 1e9, loaded_s=loaded_s,
        warm_s=time.perf_counter() - began_s - loaded_s, attention=model.facts.vision_attention,
        decode=model.facts.decode,
        bytes_a_patch=costs.vision_bytes_per_patch, formula_patch=formula.vision_bytes_per_patch,
        bytes_a_token=costs.prefill_bytes_per_token, formula_token=formula.prefill_bytes_per_token,
        largest_page_px=model.facts.geometry.max_page_pixels,
        cuts=str([product.how and tuple(vars(product.how).values()) for product in last]),
    )  # fmt: skip
    return model


def decode(name: str, cases: tuple[tuple[int, int], ...] = ((1, 1024), (8, 2048), (32, 2048))) -> None:
    """Tokens a second of `batch` sequences with their own context, engine and all; and of the model alone."""
    model = reader(name)
    for batch, context in cases:
        desk = gpu_model.Desk(model)
        try:
            tell(f"decode {name}", **{f"batch {batch} of {context}": gpu_decode.rate(desk, batch, context)})
        except Exception:
            traceback.print_exc()
        desk.clear()


def first_token(name: str) -> None:
    """From pages to the first token, the tower's share of the matrix rate, and a follow-up on a long document."""
    model = reader(name)
    document = gpu_model.pages(DOCUMENT_PAGES)
    patches = DOCUMENT_PAGES * 22 * 22
    times: dict[str, list[float]] = {"vision_ms": [], "prefill_ms": [], "question_ms": [], "total_ms": []}
    for number in range(6):
        desk = gpu_model.Desk(model)
        began_s = time.perf_counter()
        info = desk.resident(f"doc{number}", document)
        middle_s = time.perf_counter()
        _, ear = desk.answer(f"doc{number}", 48, 4)
        first_s = next(
            at for at, event in zip(ear.times, ear.events, strict=True) if type(event).__name__ == "TextDelta"
        )
        if number:  # the first one warms
            times["vision_ms"].append(info.timings.vision_ms)
            times["prefill_ms"].append(info.timings.prefill_ms)
            times["question_ms"].append(1e3 * (first_s - middle_s))
            times["total_ms"].append(1e3 * (first_s - began_s))
        desk.clear()
    medians = {key: statistics.median(values) for key, values in times.items()}
    width, depth = 1280, 32
    flops = patches * depth * (24 * width**2 + 4 * 22 * 22 * width)
    rate = flops / medians["vision_ms"] / 1e9
    tell(
        f"first token {name}", vision_tokens=info.vision_tokens, **medians, tower_tflop_s=rate,
        tower_share=rate / RESULTS["card"]["matmul_tflop_s"],
    )  # fmt: skip


def follow_up(name: str) -> None:
    """A question of 64 tokens on resident documents of several lengths."""
    model = reader(name)
    for count in (DOCUMENT_PAGES, 120, 240) if name == "plain" else (DOCUMENT_PAGES, 240, 800):
        desk = gpu_model.Desk(model)
        desk.resident("long", gpu_model.pages(count))
        times = []
        for _ in range(6):
            began_s = time.perf_counter()
            _, ear = desk.answer("long", 64, 3)
            first = next(
                at for at, event in zip(ear.times, ear.events, strict=True) if type(event).__name__ == "TextDelta"
            )
            times.append(1e3 * (first - began_s))
        tell(f"follow-up {name}", **{f"{123 * count} tokens": f"{statistics.median(times[1:]):.1f} ms"})
        desk.clear()


def peaks(name: str) -> None:
    """Peak bytes as the document grows, everything counted, and how well they were predicted."""
    model = reader(name)
    for count in (1, DOCUMENT_PAGES, 100, 300):
        desk = gpu_model.Desk(model)
        model.balance(0, pages_wait=False)
        model.take_peak_bytes()
        try:
            info = desk.resident("d", gpu_model.pages(count))
        except Exception as error:
            tell(f"peaks {name}", **{f"{count} pages": f"refused: {error}"})
            continue
        done, _ = desk.answer("d", 48, 8)
        ledgers = (info.ledger, done.ledger)
        peak = max(ledger.measured_peak_bytes for ledger in ledgers)
        over = ", ".join(f"{ledger.predicted_peak_bytes / ledger.measured_peak_bytes - 1:+.1%}" for ledger in ledgers)
        parts = model._parts
        after = parts.card.held_bytes() + parts.card._context_bytes  # type: ignore[attr-defined]
        told = f"peak {peak / 1e9:.2f} GB, predicted {over} (reading, answering), KV {info.kv_bytes / 1e9:.2f}"
        tell(f"peaks {name}", **{f"{count} pages": f"{told}, after it {after / 1e9:.2f}, away {parts.offloader.away}"})
        desk.clear()


SECTIONS: dict[str, Callable[[], None]] = {
    "card": card,
    "checks": checks,
    "plain decode": lambda: decode("plain"),
    "plain first token": lambda: first_token("plain"),
    "plain follow-up": lambda: follow_up("plain"),
    "plain peaks": lambda: peaks("plain"),
    "int4 peaks": lambda: peaks("int4"),
    "int4 decode": lambda: decode("int4"),
    "int4 first token": lambda: first_token("int4"),
    "int4 follow-up": lambda: follow_up("int4"),
    "small peaks": lambda: peaks("small"),
    "small decode": lambda: decode("small", ((1, 1024),)),
    "transformers": lambda: gpu_peers.measure(tell, DOCUMENT_PAGES),
    "transformers batching": lambda: gpu_peers.batching(tell),
    "int4 load": lambda: tell("load int4", **gpu_load.random_load(reader("int4"), ARGUMENTS.seconds)),
    "kernels": lambda: gpu_kernels.products(tell, RESULTS["card"]["copy_tb_s"]),
    "paged": lambda: gpu_kernels.paged(tell, RESULTS["card"]["copy_tb_s"]),
    "tiles": lambda: gpu_kernels.tiles(tell),
    "int8 decode": lambda: decode("int8", ((1, 1024), (8, 2048))),
}
# Each part is a process of its own: what one breaks, no other one feels, and nobody inherits memory.
PARTS: dict[str, tuple[str, ...]] = {
    "checks": ("card", "checks"),
    "plain": ("plain decode", "plain first token", "plain follow-up", "plain peaks"),
    "int4": ("int4 peaks", "int4 decode", "int4 first token", "int4 follow-up"),
    "small": ("small peaks", "small decode"),
    "transformers": ("transformers",),
    "load": ("int4 load",),
    "transformers batching": ("transformers batching",),
    "kernels": ("kernels", "paged", "tiles"),
    "int8": ("int8 decode",),
}
ARGUMENTS = argparse.Namespace(seconds=150.0, inside=False)


def main() -> None:
    """Runs parts, or inside one of them its sections."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="card and checks only")
    parser.add_argument("--parts", nargs="+", choices=PARTS, default=list(PARTS), help="these parts")
    parser.add_argument("--seconds", type=float, default=150.0, help="how long random load is sent")
    parser.add_argument("--out", type=Path, help="where the JSON goes; what is there already is kept")
    parser.add_argument("--inside", action="store_true", help=argparse.SUPPRESS)
    parser.parse_args(namespace=ARGUMENTS)
    wanted = ["checks"] if ARGUMENTS.quick else ARGUMENTS.parts
    if ARGUMENTS.inside:
        run_sections(("card", *(section for part in wanted for section in PARTS[part])))
        return
    with tempfile.TemporaryDirectory() as folder:
        for part in wanted:
            run_part(part, Path(folder) / "part.json")
    print(json.dumps(RESULTS, indent=1))


def run_part(part: str, told: Path) -> None:
    """One part in a process of its own; what it had told before it failed or hung is kept."""
    told.unlink(missing_ok=True)
    command = [sys.executable, "-m", "benchmarks.gpu_engine", "--inside", "--parts", part, "--out", str(told)]
    command += ["--seconds", str(ARGUMENTS.seconds)]
    print(f"=== {part}", flush=True)
    began_s = time.perf_counter()
    try:
        status: int | str = subprocess.run(command, timeout=ARGUMENTS.seconds + PART_TIMEOUT_S, check=False).returncode
    except subprocess.TimeoutExpired:
        status = "timed out"
    if told.is_file():
        merge(json.loads(told.read_text()))
    merge({f"part {part}": {"status": status, "seconds": round(time.perf_counter() - began_s, 1)}})
    keep()


def run_sections(wanted: Iterable[str]) -> None:
    """Sections one after another; one that fails prints its traceback and the rest goes on."""
    torch.manual_seed(0)
    np.random.seed(0)
    for name in dict.fromkeys(wanted):
        began_s = time.perf_counter()
        print(f"== {name}", flush=True)
        try:
            SECTIONS[name]()
        except Exception:
            traceback.print_exc()
            RESULTS.setdefault(name, {})["failed"] = True
        print(f"   {time.perf_counter() - began_s:.1f} s", flush=True)
        keep()


def merge(results: dict[str, Any]) -> None:
    """Newer figures take the place of older ones, section by section."""
    for section, values in results.items():
        RESULTS.setdefault(section, {}).update(values)


def keep() -> None:
    """Writes what is known so far, over what an earlier run wrote."""
    if ARGUMENTS.out:
        ARGUMENTS.out.parent.mkdir(parents=True, exist_ok=True)
        before = json.loads(ARGUMENTS.out.read_text()) if ARGUMENTS.out.is_file() else {}
        ARGUMENTS.out.write_text(json.dumps({**before, **RESULTS}, indent=1))


if __name__ == "__main__":
    main()

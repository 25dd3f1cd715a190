"""How fast pages are made, as ratios within one run: `python -m benchmarks.render [--quick] [--plot FILE]`.

Yardsticks are Glyph's route and Pillow's `draw.text` (see baselines.py), in Glyph's own geometry: 595 x 842 px, 9 px
type. Speed and growth are CPU seconds of one core, those of child processes included, so that a busy machine does not
spoil them: the best of several runs after a first one that fills all caches. Growth is measured in a fresh process a
size, with empty caches and because of its peak memory. Pools and the service are measured by the clock. What
packages are missing is said first; the rest is measured all the same.
"""

import argparse
import asyncio
import json
import os
import re
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import aclosing
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path
from statistics import median

from benchmarks import baselines, needs
from benchmarks.legibility import legibility
from benchmarks.prose import log, prose
from benchmarks.through_service import through_service
from render_service import jobs, layout
from render_service.style import Flow, ImageFormat, Style
from render_service.workers import Pool

RUNS = 5
GLYPHS = Style(Flow.PROPORTIONAL, 9, 10, 595, 842, 0, 1, 10)
CELLS = Style(Flow.CELLS, 14, 0, 448, 224)
DOCUMENTS = {"zh": 8_400, "en": 80_000}
SIZES = (1_000, 10_000, 100_000, 1_000_000, 10_000_000)
QUICK_SIZES = SIZES[:4]


@dataclass(frozen=True)
class Growth:
    """One document in a process of its own; `image_s` of the first page is from its layout on."""

    characters: int
    single_line: bool
    pages: int
    total_s: float
    first_page_s: float
    first_image_s: float
    peak_rss_mb: float


@dataclass(frozen=True)
class Passage:
    """Documents that went through a pool: by the clock, and the CPU that the parent and its workers took."""

    wall_s: float
    parent_cpu_s: float
    workers_cpu_s: float


def best_s(work: Callable[[], object], runs: int = RUNS) -> float:
    """Seconds of the fastest run, the first one apart."""
    work()
    times = []
    for _ in range(runs):
        start = _cpu_s()
        work()
        times.append(_cpu_s() - start)
    return min(times)


def _cpu_s() -> float:
    """CPU seconds of this process and of its children that have ended."""
    own, children = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return own.ru_utime + own.ru_stime + children.ru_utime + children.ru_stime


def rendered(text: bytes, style: Style) -> tuple[int, int]:
    """Lays out, paints and encodes; returns the number of pages and their bytes."""
    sizes = [len(result.image) for result in jobs.render(text, style) if isinstance(result, jobs.PageImage)]
    return len(sizes), sum(sizes)


def speed() -> None:
    """Characters and pages a second on one core, beside the baselines."""
    missing = set(needs.missing()) & set(needs.BASELINES)
    for language, characters in DOCUMENTS.items():
        text = prose(language, characters)
        manifest = jobs.estimate(text.encode(), GLYPHS)
        routes = {
            "png": partial(rendered, text.encode(), GLYPHS),
            "raw": partial(rendered, text.encode(), replace(GLYPHS, image_format=ImageFormat.L8)),
            "cells 14 px": partial(rendered, text.encode(), CELLS),
        }
        if not missing:
            routes["glyph"] = partial(baselines.with_glyphs_route, text, GLYPHS)
            routes["pillow"] = partial(baselines.with_pillow, manifest, text)
        times = {name: best_s(route) for name, route in routes.items()}
        for name, seconds in times.items():
            times_glyph = f", {times['glyph'] / seconds:.1f} x Glyph's route" if "glyph" in times else ""
            speed = f"{seconds * 1e3:.1f} ms, {characters / seconds / 1e6:.2f} M/s"
            print(f"{language} {characters} {name}: {speed}{times_glyph}")
        pages, size = rendered(text.encode(), GLYPHS)
        print(f"{language}: {pages} pages, {pages / times['png']:.0f} pages/s, {size / pages / 1e3:.1f} kB a page")


def alone(characters: int, single_line: bool) -> Growth:
    """Measures one document; meant for a process that has done nothing else but warm up."""
    text = prose("zh", characters, line_ends=not single_line).encode()
    jobs.warm()
    start = _cpu_s()
    results = jobs.render(text, GLYPHS)
    manifest = next(results)
    laid_out = _cpu_s()
    next(results)
    first = _cpu_s()
    for _ in results:
        pass
    end = _cpu_s()
    assert isinstance(manifest, jobs.Manifest)
    (peak_kb,) = re.findall(r"VmHWM:\s*(\d+) kB", Path("/proc/self/status").read_text())
    return Growth(
        characters, single_line, len(manifest.pages), end - start, first - start, first - laid_out, int(peak_kb) / 1e3
    )


def growth(sizes: tuple[int, ...]) -> list[Growth]:
    """Every size in a process of its own, as paragraphs and as one line."""
    found = []
    for single_line in (False, True):
        for characters in sizes:
            command = [sys.executable, "-m", "benchmarks.render", "--alone", str(characters)]
            command += ["--single-line"] if single_line else []
            done = subprocess.run(command, capture_output=True, text=True, check=True)
            one = Growth(**json.loads(done.stdout))
            found.append(one)
            print(
                f"zh {characters}{' in one line' if single_line else ''}: {one.pages} pages, {one.total_s:.3f} s, "
                f"{one.total_s / characters * 1e9:.0f} ns a character, "
                f"first page after {one.first_page_s * 1e3:.1f} ms, {one.first_image_s * 1e3:.1f} after its layout, "
                f"peak {one.peak_rss_mb:.0f} MB"
            )
    return found


async def processes(documents: int) -> None:
    """The same documents through pools of one and of two worker processes, in turns, all of them warm."""
    text = prose("zh", 200_000).encode()
    pools = Pool(1, documents, 1.0), Pool(2, documents, 1.0)
    for pool in pools:
        await pool.start()
        await _through(pool, text, len(pool.pids))
    pairs = [[await _through(pool, text, documents) for pool in pools] for _ in range(RUNS)]
    for pool in pools:
        await pool.close()
    ratios = [one.wall_s / two.wall_s for one, two in pairs]
    one, two = (median(run.wall_s for run in runs) for runs in zip(*pairs, strict=True))
    share = min(run.parent_cpu_s / run.workers_cpu_s for _, run in pairs)
    print(
        f"{documents} documents: one process {one:.2f} s, two {two:.2f} s: {median(ratios):.2f} x "
        f"({min(ratios):.2f} to {max(ratios):.2f}); the parent takes {share:.1%} of the CPU that its workers take"
    )


async def _through(pool: Pool, text: bytes, documents: int) -> Passage:
    cpu_s, own_s, start = sum(map(_on_cpu_s, pool.pids)), time.process_time(), time.perf_counter()
    await asyncio.gather(*(_drained(pool, text) for _ in range(documents)))
    wall_s, own_s = time.perf_counter() - start, time.process_time() - own_s
    return Passage(wall_s, own_s, sum(map(_on_cpu_s, pool.pids)) - cpu_s)


def _on_cpu_s(pid: int) -> float:
    """CPU seconds of a process that lives: its one thread's nanoseconds, as Linux counts them."""
    return int(Path(f"/proc/{pid}/schedstat").read_text().split()[0]) / 1e9


async def _drained(pool: Pool, text: bytes) -> None:
    async with aclosing(pool.results(jobs.RenderJob(text, GLYPHS))) as results:
        async for _ in results:
            pass


def short_lines() -> None:
    """What flowing on saves for a log, in vision tokens."""
    text, style = log(2_000).encode(), Style(Flow.CELLS, 12, 0, 448, 224)
    lines, joined = (jobs.estimate(text, replace(style, reflow=reflow)) for reflow in (False, True))
    print(f"a log of 2,000 lines: {lines.vision_tokens} tokens by lines, {joined.vision_tokens} flowing on")


def plot(found: list[Growth], file: Path) -> None:
    """Time a character and peak memory over the length of the document."""
    from matplotlib import pyplot

    figure, (left, right) = pyplot.subplots(1, 2, figsize=(9, 3.5), layout="constrained")
    for single_line, name in ((False, "paragraphs"), (True, "one line")):
        ours = [one for one in found if one.single_line is single_line]
        sizes = [one.characters for one in ours]
        left.loglog(sizes, [one.total_s / one.characters * 1e9 for one in ours], "o-", label=name)
        right.semilogx(sizes, [one.peak_rss_mb for one in ours], "o-", label=name)
    left.set(xlabel="characters", ylabel="ns a character", title="layout, paint, PNG")
    right.set(xlabel="characters", ylabel="MB", title="peak resident memory", ylim=(0, 320))
    right.axhline(300, color="grey", linestyle=":")
    left.legend()
    file.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(file, dpi=100)


def main(arguments: list[str] | None = None) -> None:
    """Everything, a line a figure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="nothing above a million characters")
    parser.add_argument("--plot", type=Path, help="where to draw growth")
    parser.add_argument("--alone", type=int, help=argparse.SUPPRESS)
    parser.add_argument("--single-line", action="store_true", help=argparse.SUPPRESS)
    chosen = parser.parse_args(arguments)
    if chosen.alone:
        print(json.dumps(asdict(alone(chosen.alone, chosen.single_line))))
        return
    gone = needs.missing()
    if gone:
        print(needs.told(gone))
    if chosen.plot and "matplotlib" in gone:
        parser.error("--plot needs matplotlib")
    cores = os.sched_getaffinity(0)
    print(
        f"{len(cores)} cores, load {os.getloadavg()[0]:.1f}, {jobs.renderer_version()}, limits {layout.MAX_CHARACTERS}"
    )
    speed()
    short_lines()
    found = growth(QUICK_SIZES if chosen.quick else SIZES)
    if chosen.plot:
        plot(found, chosen.plot)
    asyncio.run(processes(16))
    asyncio.run(through_service(prose("zh", 1_000_000), GLYPHS))
    legibility()


if __name__ == "__main__":
    main()

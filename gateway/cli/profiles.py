"""`glyphstream profile`: the settings that suit a card and a model, written with what they will take there."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import click

from gateway.cli.session import SERVICE_FAILED, refuse
from serving.settings import table_text

MIB = 1 << 20
# Memory as the driver tells it, in MiB.
CARDS = {
    "rtx3090": 24_576,
    "rtx4090": 24_564,
    "rtx4090d": 24_564,
    "rtx5090": 32_607,
    "a10": 23_028,
    "l4": 23_034,
    "l40s": 46_068,
    "a100-40": 40_960,
    "a100-80": 81_920,
    "h100": 81_559,
    "h200": 143_771,
}
PREDICT = ("-m", "reader_service.predict")
PLAIN = "plain"
# A format is taken when this much of a document fits with it, the best format first.
ENOUGH_VISION_TOKENS = 16_384
MEMORY_FRACTION, OFFLOAD_THRESHOLD = 0.85, 0.75


@click.command()
@click.argument("card", type=click.Choice(tuple(CARDS)))
@click.option("--model", required=True, metavar="DIR", help="Checkpoint folder; its config.json is enough.")
@click.option("-o", "--output", default="glyphstream.toml", show_default=True, type=click.Path(dir_okay=False))
@click.option("--force", is_flag=True, help="Write over a file that is there.")
def profile(card: str, model: str, output: str, force: bool) -> None:
    """Write settings for CARD and a model, with the memory they will take: then `glyphstream --config FILE up`."""
    if Path(output).exists() and not force:
        refuse(f"{output}: is there already; --force writes over it")
    predicted = _predicted(model, CARDS[card] * MIB)
    chosen = choose(predicted["formats"])
    if chosen is None:
        smallest = predicted["formats"][-1]
        needed, usable = smallest["weight_bytes"] / 1e9, smallest["total_bytes"] / 1e9
        refuse(
            f"{predicted['model']} has {needed:.1f} GB of weights at least; {card} has room for {usable:.1f} GB in all"
        )
    text = settings_text(card, model, predicted, chosen)
    try:
        Path(output).write_text(text, "utf-8")
    except OSError as error:
        refuse(f"{output}: {error.strerror or error}")
    click.echo("".join(f"{line}\n" for line in _comments(card, predicted, chosen)) + f"written to {output}")


def choose(formats: Sequence[dict[str, Any]]) -> dict[str, Any] | None:
    """The first format with room for a long document, else the one with most room; None where none has any."""
    roomy = (each for each in formats if each["largest_vision_tokens"] >= ENOUGH_VISION_TOKENS)
    best = next(roomy, None) or max(formats, key=lambda each: each["largest_vision_tokens"])
    return best if best["largest_vision_tokens"] > 0 else None


def settings_text(card: str, model: str, predicted: dict[str, Any], chosen: dict[str, Any]) -> str:
    """The file: what is predicted as comments, then the settings."""
    folder = Path(model)
    reader = {
        "model": str(folder.resolve()) if folder.is_dir() else model,
        "device": "cuda",
        **({} if chosen["weights"] == PLAIN else {"weights": chosen["weights"]}),
        "memory_fraction": MEMORY_FRACTION,
        "offload_threshold": OFFLOAD_THRESHOLD,
    }
    usual = next(mode["peak_bytes"] for mode in chosen["modes"])
    comments = "".join(f"# {line}".rstrip() + "\n" for line in _comments(card, predicted, chosen))
    return "\n".join((comments, table_text("gateway", {"usual_memory_bytes": usual}), table_text("reader", reader)))


def _comments(card: str, predicted: dict[str, Any], chosen: dict[str, Any]) -> Iterator[str]:
    yield f"{predicted['model']} on {card}: {CARDS[card] / 1024:.1f} GiB, of which {MEMORY_FRACTION:.0%} is used"
    weights, usable = chosen["weight_bytes"] / 1e9, chosen["total_bytes"] / 1e9
    held = "as they are" if chosen["weights"] == PLAIN else f"in format {chosen['weights']}"
    yield f"weights {weights:.2f} GB, {held}; {chosen['kv_bytes_per_token']:,} bytes of KV cache a token"
    yield f"predicted for {predicted['characters']:,} Chinese characters, in GB of {usable:.2f}:"
    yield "mode      font   characters/token   vision tokens   peak GB   longest that fits"
    for mode in chosen["modes"]:
        yield (
            f"{mode['mode']:<10}{mode['font_px']:>2} px{mode['characters_per_token']:>14.2f}"
            f"{mode['vision_tokens']:>18,}{mode['peak_bytes'] / 1e9:>10.2f}{mode['largest_characters']:>12,} characters"
        )


def _predicted(model: str, card_bytes: int) -> dict[str, Any]:
    """What the reader says about the model; ends the command where it cannot."""
    command = [sys.executable, *PREDICT, "--model", model, "--card-bytes", str(card_bytes)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
        click.echo(f"glyphstream: {model}: {last}", err=True)
        sys.exit(SERVICE_FAILED if "No module named" in last else 3)
    predicted: dict[str, Any] = json.loads(done.stdout)
    return predicted

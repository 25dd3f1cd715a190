"""`python -m reader_service.predict --model DIR --card-bytes N`: what a model will take on a card, as JSON.

From its config.json alone, before any weight is loaded: the same formulas that admit requests later. Exits 0, 1 where
there is no such model, 2 on wrong usage.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from reader_service.budget import Budget, shown_again_tokens
from reader_service.model import Costs, Geometry
from reader_service.profile import StyleProfile, load_profile
from reader_service.settings import Settings

# Context and libraries, as CUDA takes them beside the allocator; the reader measures the real figure when it starts.
CONTEXT_BYTES = 640 * 1024 * 1024
BYTES = 2  # bfloat16
# A weight of 4 bits in groups of 128 with a scale and a zero of two bytes each; one of 8 bits with a scale a row.
INT4_BYTES, INT8_BYTES = 0.5 + 4 / 128, 1.001
# What each format makes of a part, in bytes a weight on the card; embeddings may stand on the host.
FORMATS: Mapping[str, Mapping[str, float]] = {
    "plain": {},
    "int8": {"head": INT8_BYTES, "linear": INT8_BYTES},
    "int4": {"embedding": 0, "head": INT8_BYTES, "linear": INT4_BYTES},
    "small": {"block": INT8_BYTES, "embedding": 0, "head": INT8_BYTES, "linear": INT4_BYTES},
}
# The formats of which the card holds so many of the vision tower's blocks at a time.
BLOCKS_AT_A_TIME = {"small": 2}
DOCUMENT_CHARACTERS = 30_000
# Part of a page that holds characters: lines end early, paragraphs end on short ones. Measured on a Chinese document.
FILL = 0.82


@dataclass(frozen=True)
class ModePrediction:
    """What one mode at one font size takes: a Chinese document of DOCUMENT_CHARACTERS, and the longest that fits."""

    mode: str
    font_px: int
    characters_per_token: float
    vision_tokens: int
    peak_bytes: int
    largest_characters: int


@dataclass(frozen=True)
class Prediction:
    """What a model takes in one weight format."""

    weights: str
    weight_bytes: int
    kv_bytes_per_token: int
    total_bytes: int
    largest_vision_tokens: int
    modes: tuple[ModePrediction, ...]


def predict(model: str, card_bytes: int, settings: Settings) -> dict[str, Any]:
    """Predictions for every weight format. Raises OSError, ValueError."""
    # Here: it imports torch, which the module above it never does.
    from reader_service.torch_model import costs as formulas
    from reader_service.torch_model.parameters import count_weights, read_config

    config = read_config(model)
    counts = count_weights(config)
    folder, text, vision = Path(model), config.text_config, config.vision_config
    profile = load_profile(folder, config.model_type, folder.name)
    merge, patch_px = vision.spatial_merge_size, vision.patch_size
    geometry = Geometry(patch_px, merge, (patch_px * merge) ** 2, max(style.page_pixels for style in profile.styles))
    chunks, predictions = settings.chunks(on_card=True), []
    for weights in FORMATS if "weights" in Settings.model_fields else ("plain",):
        costs = Costs(
            weight_bytes=_weight_bytes(counts, weights, vision.depth),
            context_bytes=CONTEXT_BYTES,
            kv_bytes_per_token=formulas.kv_bytes_per_token(text, BYTES),
            vision_bytes_per_patch=formulas.vision_bytes_per_patch(vision, BYTES),
            prefill_bytes_per_token=formulas.prefill_bytes_per_token(text, BYTES),
            logits_bytes=formulas.logits_bytes(text)
            + formulas.beside_bytes(text, chunks.prefill_tokens, widens=weights != "plain"),
            kept_bytes_per_vision_token=formulas.kept_bytes_per_vision_token(text, BYTES, profile.pages_shown_again),
        )
        usable = int(card_bytes * settings.memory_fraction)
        reserve = settings.max_new_tokens + shown_again_tokens(profile, geometry)
        budget = Budget(costs, geometry, chunks, usable, reserve)
        predictions.append(asdict(_prediction(weights, budget, profile.styles)))
    return {"model": profile.name, "characters": DOCUMENT_CHARACTERS, "formats": predictions}


def _weight_bytes(counts: Mapping[str, int], weights: str, blocks: int) -> int:
    form = dict(FORMATS[weights])
    form["block"] = form.get("block", BYTES) * min(blocks, BLOCKS_AT_A_TIME.get(weights, blocks)) / blocks
    return round(sum(count * form.get(part, BYTES) for part, count in counts.items()))


def _prediction(weights: str, budget: Budget, styles: tuple[StyleProfile, ...]) -> Prediction:
    modes = tuple(_mode(budget, style, font_px) for style in styles for font_px in _ends(style.font_px))
    return Prediction(
        weights=weights,
        weight_bytes=budget.costs.weight_bytes,
        kv_bytes_per_token=budget.costs.kv_bytes_per_token,
        total_bytes=budget.total_bytes,
        largest_vision_tokens=budget.largest_ever(),
        modes=modes,
    )


def _mode(budget: Budget, style: StyleProfile, font_px: int) -> ModePrediction:
    """A Chinese character takes the square of the font size, and its line's distance."""
    cell_pixels = font_px * round(font_px * style.line_height_permille / 1000)
    per_token = budget.geometry.grid_px**2 * FILL / cell_pixels
    tokens = round(DOCUMENT_CHARACTERS / per_token)
    pages = -(-tokens // budget.geometry.vision_tokens(style.page_pixels))
    pixels = pages * style.page_pixels
    vision_tokens = budget.geometry.vision_tokens(pixels)
    need = budget.document_need(budget.document_tokens(pages, pixels), vision_tokens, style.page_pixels)
    return ModePrediction(
        style.mode, font_px, per_token, tokens, budget.peak([need]), round(budget.largest_ever() * per_token)
    )


def _ends(font_px: tuple[int, ...]) -> tuple[int, ...]:
    """The comfortable and the smallest size."""
    return tuple(dict.fromkeys((font_px[0], font_px[-1])))


def main() -> int:
    """The command."""
    parser = argparse.ArgumentParser(prog="python -m reader_service.predict", description=__doc__)
    parser.add_argument("--model", required=True, help="checkpoint folder")
    parser.add_argument("--card-bytes", required=True, type=int, help="memory of the card")
    arguments = parser.parse_args()
    try:
        predicted = predict(arguments.model, arguments.card_bytes, Settings())
    except (OSError, ValueError) as error:
        sys.stderr.write(f"{str(error).splitlines()[0]}\n")
        return 1
    sys.stdout.write(f"{json.dumps(predicted)}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""`python -m reader_service.torch_model.backend`: what a reader with these settings would compute with, as JSON.

No model is loaded. Exits 0, 1 where the device does not work, 2 on wrong settings.
"""

from __future__ import annotations

import json
import sys

import torch

from reader_service.settings import Settings
from reader_service.torch_model.attention import choose_page_attention
from reader_service.torch_model.capture import probe
from reader_service.torch_model.card import number_format, open_card
from serving.settings import settings_from


def backend(settings: Settings) -> dict[str, str]:
    """Device, torch, number format, and how pages and tokens attend. Raises RuntimeError, AssertionError of torch's."""
    card = open_card(settings)
    dtype, on_card = number_format(settings, card), card.device.type == "cuda"
    return {
        "device": torch.cuda.get_device_name(card.device) if on_card else "CPU",
        "torch": torch.__version__,
        "dtype": str(dtype).removeprefix("torch."),
        "pages": choose_page_attention(card.device, dtype)[1],
        "tokens": f"paged split-KV kernel, {probe(card.device)}" if on_card else "sdpa",
    }


def main() -> int:
    """The command."""
    try:
        found = backend(settings_from(Settings))
    except (RuntimeError, AssertionError) as error:  # no CUDA in this torch, or no card that works
        sys.stderr.write(f"{str(error).splitlines()[0]}\n")
        return 1
    sys.stdout.write(f"{json.dumps(found)}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())

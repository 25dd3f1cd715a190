"""Tensors of a checkpoint, one at a time: what is not asked for is never read."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

import torch
from safetensors import safe_open

_INDEX, _SINGLE = "model.safetensors.index.json", "model.safetensors"


class Tensors(Protocol):
    """A source of weights under the names `visual.…`, `language_model.…` and `lm_head.weight`."""

    def take(self, name: str) -> torch.Tensor:
        """One tensor on the device in the source's number format. Raises ValueError when there is none."""

    def has(self, name: str) -> bool:
        """Whether there is one."""


class SafeTensors:
    """A folder of safetensors files, read tensor by tensor: loading holds one tensor beside what is loaded."""

    def __init__(self, folder: Path, device: torch.device, dtype: torch.dtype) -> None:
        self._device, self._dtype = device, dtype
        self._places: Mapping[str, tuple[Path, str]] = {
            canonical(key): (path, key) for path in _files(folder) for key in _keys(path)
        }

    def take(self, name: str) -> torch.Tensor:
        """See `Tensors`."""
        if name not in self._places:
            raise ValueError(f"the checkpoint has no {name}")
        path, key = self._places[name]
        with safe_open(path, "pt") as file:
            tensor: torch.Tensor = file.get_tensor(key)
        return tensor.to(self._device, self._dtype)

    def has(self, name: str) -> bool:
        """See `Tensors`."""
        return name in self._places


def _files(folder: Path) -> list[Path]:
    if (folder / _INDEX).is_file():
        names = json.loads((folder / _INDEX).read_text("utf-8"))["weight_map"].values()
        return [folder / name for name in sorted(set(names))]
    if not (folder / _SINGLE).is_file():
        raise OSError(f"no safetensors in {folder}")
    return [folder / _SINGLE]


def _keys(path: Path) -> list[str]:
    with safe_open(path, "pt") as file:
        return list(file.keys())


def canonical(key: str) -> str:
    """Checkpoints spell the same weight in three ways, by their age."""
    name = key.removeprefix("model.")
    known = name.startswith(("visual.", "language_model.", "lm_head."))
    return name if known else f"language_model.{name}"

"""The device's own figures: how much memory it has, how much was used at most, and how to get cached memory back."""

from __future__ import annotations

import os
import resource
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import torch

if TYPE_CHECKING:
    from reader_service.settings import Settings

_PROBE_BYTES = 1 << 25  # more than what the allocator serves from its small segments
_CGROUP_LIMIT = Path("/sys/fs/cgroup/memory.max")


class Card(Protocol):
    """What a device tells about its memory, in bytes."""

    device: torch.device
    memory_bytes: int

    def take_peak_bytes(self) -> int:
        """Most bytes in use since the last call; on a CPU since the process began."""

    def used_bytes(self) -> int:
        """Bytes in use now beside the allocator's: context, libraries."""

    def held_bytes(self) -> int:
        """Bytes that tensors hold now."""

    def context_bytes(self) -> int:
        """The context, measured again: it grows when kernels are loaded, which is when they first run."""

    def release_cached(self) -> None:
        """Gives the allocator's unused memory back."""


class CudaCard:
    """The first CUDA device, of which the allocator may use a part."""

    def __init__(self, card_bytes: int, memory_fraction: float) -> None:
        self.device = torch.device("cuda", torch.cuda.current_device())
        grow_segments(self.device)
        real_bytes = torch.cuda.mem_get_info(self.device)[1]
        self.memory_bytes = min(card_bytes or real_bytes, real_bytes)
        # The second wall behind the prediction: the allocator itself refuses.
        torch.cuda.set_per_process_memory_fraction(memory_fraction * self.memory_bytes / real_bytes, self.device)
        self._context_bytes = self.used_bytes()

    def take_peak_bytes(self) -> int:
        """See `Card`."""
        peak = torch.cuda.max_memory_allocated(self.device)
        torch.cuda.reset_peak_memory_stats(self.device)
        return peak + self._context_bytes

    def used_bytes(self) -> int:
        """See `Card`. Taken before the weights come, so that neighbours on the card count as context too."""
        torch.empty(1, device=self.device)  # makes the context
        free_bytes, real_bytes = torch.cuda.mem_get_info(self.device)
        return max(0, real_bytes - free_bytes - torch.cuda.memory_reserved(self.device))

    def held_bytes(self) -> int:
        """See `Card`."""
        return torch.cuda.memory_allocated(self.device)

    def context_bytes(self) -> int:
        """See `Card`."""
        self._context_bytes = max(self._context_bytes, self.used_bytes())
        return self._context_bytes

    def release_cached(self) -> None:
        """See `Card`."""
        torch.cuda.empty_cache()


def grow_segments(device: torch.device) -> None:
    """Lets the allocator map memory into segments that grow, and unmap what is free inside them, where the driver can.

    With segments of fixed sizes, KV that lives long settles in pieces of those that chunks had used before it, and what
    is left of them serves nobody: under random load the allocator refused what had been predicted to fit.
    """
    tell = torch._C._accelerator_setAllocatorSettings  # the only public name for it is an environment variable
    tell("expandable_segments:True")
    try:
        torch.empty(_PROBE_BYTES, dtype=torch.uint8, device=device)
    except torch.OutOfMemoryError:
        raise
    except RuntimeError:  # no virtual memory, as on some shared cards
        tell("expandable_segments:False")


class CpuCard:
    """The machine's memory, or the container's share of it."""

    def __init__(self, card_bytes: int) -> None:
        self.device = torch.device("cpu")
        machine_bytes = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
        limit = _CGROUP_LIMIT.read_text().strip() if _CGROUP_LIMIT.is_file() else "max"
        self.memory_bytes = card_bytes or min(machine_bytes, int(limit) if limit.isdigit() else machine_bytes)

    def take_peak_bytes(self) -> int:
        """See `Card`."""
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024

    def used_bytes(self) -> int:
        """See `Card`."""
        return self.take_peak_bytes()

    def held_bytes(self) -> int:
        """See `Card`."""
        return self.take_peak_bytes()

    def context_bytes(self) -> int:
        """See `Card`."""
        return self.take_peak_bytes()

    def release_cached(self) -> None:
        """A CPU's allocator keeps nothing worth asking for."""


def open_card(settings: Settings) -> Card:
    """The device that the settings ask for."""
    wants_card = settings.device == "cuda" or (settings.device == "auto" and torch.cuda.is_available())
    return CudaCard(settings.card_bytes, settings.memory_fraction) if wants_card else CpuCard(settings.card_bytes)


def number_format(settings: Settings, card: Card) -> torch.dtype:
    """What is computed in."""
    if settings.dtype == "auto":
        return torch.bfloat16 if card.device.type == "cuda" else torch.float32
    return torch.bfloat16 if settings.dtype == "bfloat16" else torch.float32

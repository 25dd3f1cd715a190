"""Owns what torchrun's environment says of this process; without torchrun it is the only one."""

import os
from dataclasses import dataclass


@dataclass(frozen=True)
class Place:
    """Where a process stands among those that train together: `local_rank` is its card on this machine."""

    rank: int
    world: int
    local_rank: int


def place() -> Place:
    """Read from RANK, WORLD_SIZE and LOCAL_RANK."""
    rank, world, local_rank = (
        int(os.environ.get(name, default)) for name, default in (("RANK", 0), ("WORLD_SIZE", 1), ("LOCAL_RANK", 0))
    )
    return Place(rank, world, local_rank)

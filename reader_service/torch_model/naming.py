"""Owns what torch's memory and device errors are called above the seam."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

import torch

from reader_service.errors import DeviceLost, OutOfMemory

P = ParamSpec("P")
T = TypeVar("T")
_CPU_OUT_OF_MEMORY = ("can't allocate memory", "not enough memory")


def named(method: Callable[P, T]) -> Callable[P, T]:
    """Runs a method without gradients and turns torch's memory and device errors into the seam's."""

    @wraps(method)
    def call(*args: P.args, **kwargs: P.kwargs) -> T:
        try:
            with torch.inference_mode():
                return method(*args, **kwargs)
        except (torch.OutOfMemoryError, MemoryError) as error:
            raise OutOfMemory("the device ran out of memory") from error
        except RuntimeError as error:
            raise _name_of(error) from error

    return call


def _name_of(error: RuntimeError) -> Exception:
    text = str(error)
    if any(sign in text for sign in _CPU_OUT_OF_MEMORY):
        return OutOfMemory("the device ran out of memory")
    if isinstance(error, torch.AcceleratorError) or "CUDA error" in text:
        return DeviceLost("the device does not answer any more")
    return error

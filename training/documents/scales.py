"""Amounts made larger or smaller in the form in which they are written."""

from __future__ import annotations

import re

_NUMBER = re.compile(r"\d[\d,]*(?:\.\d+)?")


def scaled(written: str, factor: float) -> str:
    """The amount with its first number multiplied; as it is where it has none or is too small to be told apart."""
    found = _NUMBER.search(written)
    if not found:
        return written
    number = found[0].replace(",", "")
    decimals = len(number.partition(".")[2])
    made = f"{float(number) * factor:.{decimals}f}"
    if float(made) == 0:
        return written
    if "," in found[0]:
        made = f"{float(made):,.{decimals}f}"
    return written[: found.start()] + made + written[found.end() :]

"""How many places of a value are shown beside its standard error."""

from __future__ import annotations

import math
from typing import Any, Final

import numpy as np

_MOST_DECIMALS: Final = 8


def decimals_of(stds: Any) -> int | None:
    """Places after the point that show two digits of the smallest standard error.

    Args:
        stds: array of standard errors, or None.

    Returns:
        None without any: exact values.
    """
    positive = [] if stds is None else stds[np.isfinite(stds) & (stds > 0)]
    if not np.size(positive):
        return None
    return min(max(1 - math.floor(math.log10(np.min(positive))), 0), _MOST_DECIMALS)


def rounded(value: float, decimals: int | None) -> str:
    """A value with so many places, or with five significant digits if they are None."""
    return f"{value:.5g}" if decimals is None else f"{value:.{decimals}f}"

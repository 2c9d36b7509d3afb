"""The variance of a mean, from independent samples."""

from __future__ import annotations

import numpy as np


def variance_of_mean(samples: np.ndarray) -> np.ndarray:
    """Estimates the variance of the mean over the last axis.

    Args:
        samples: float64 ``(..., n)``.

    Returns:
        float64 ``(...)``; 0 for a single sample, which has no spread.
    """
    count = samples.shape[-1]
    if count < 2:
        return np.zeros(samples.shape[:-1])
    return samples.var(axis=-1, ddof=1) / count

"""Fits of values at raised noise, and what they say at zero noise.

The models, their starting points and the choice among them are those of
``qiskit_mitigation.zne.extrapolation``. The errors are propagated from the errors of the values
(its own come from the residuals, which say nothing where there are as many values as parameters).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, cast

import numpy as np

# A Pauli string is between -1 and 1. A fit may be off by its error, which may be up to 1.
_LARGEST = 1.0
_SIGNIFICANT = 3.0  # standard errors


@dataclass(frozen=True)
class Extrapolated:
    """The fits of one Pauli string.

    Attributes:
        chosen: the position of the fit that is used at zero noise.
        value: at zero noise.
        weights: float64 ``(factors,)``: derivatives of ``value`` by the data.
        values: float64 ``(fits, points)``, at the requested points; NaN where a fit failed.
        all_weights: float64 ``(fits, points, factors)``.
    """

    chosen: int
    value: float
    weights: np.ndarray
    values: np.ndarray
    all_weights: np.ndarray


def extrapolate(
    factors: Sequence[float],
    values: np.ndarray,
    errors: np.ndarray,
    fits: Sequence[str],
    points: Sequence[float],
) -> Extrapolated:
    """Fits the values of one Pauli string.

    Args:
        factors: noise factors.
        values: float64 ``(factors,)``.
        errors: their standard errors, which weight the fits.
        fits: names of the models, in the order in which they are tried.
        points: noise factors to read the fits at.

    Returns:
        At zero noise, the first fit with an error of at most 1 and a value that an expectation can
        have within 1; if there is none, the one with the smallest error. Exponential fits are
        passed over where the values may as well be 0, for which they have no decay to follow.
    """
    x = np.asarray(factors, dtype=float)
    sigma = _usable(errors)
    read_at = np.array([0.0, *points])
    found = [_read(name, x, values, sigma, read_at) for name in fits]
    all_values = np.array([value for value, _ in found])
    all_weights = np.array([weights for _, weights in found])
    at_zero = all_values[:, 0]
    spread = np.sqrt(((all_weights[:, 0] * errors) ** 2).sum(axis=-1))
    with np.errstate(invalid="ignore"):
        accepted = (spread <= _LARGEST) & (np.abs(at_zero) + spread <= 2 * _LARGEST)
    lowest = int(np.argmin(x))
    if abs(values[lowest]) < _SIGNIFICANT * errors[lowest]:
        accepted &= ["exponential" not in name for name in fits]
    if accepted.any():
        chosen = int(np.argmax(accepted))
    else:
        chosen = int(np.argmin(np.nan_to_num(spread, nan=np.inf)))
    return Extrapolated(
        chosen,
        float(at_zero[chosen]),
        all_weights[chosen, 0],
        all_values[:, 1:],
        all_weights[:, 1:],
    )


def _usable(errors: np.ndarray) -> np.ndarray:
    """Errors for weights: 0 becomes the smallest of the others."""
    positive = errors[(errors > 0) & np.isfinite(errors)]
    if not positive.size:
        return np.ones_like(errors)
    return np.clip(np.nan_to_num(errors, nan=np.inf), positive.min(), positive.max())


def _read(
    name: str, x: np.ndarray, y: np.ndarray, sigma: np.ndarray, points: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Fits one model and reads it at the points."""
    if name == "fallback":
        lowest = int(np.argmin(x))
        weights = np.zeros((len(points), len(x)))
        weights[:, lowest] = 1
        return np.full(len(points), y[lowest]), weights
    if name in ("exponential", "double_exponential"):
        return _exponential(x, y, sigma, points, terms=1 if name == "exponential" else 2)
    degree = 1 if name == "linear" else int(name.removeprefix("polynomial_degree_"))
    response = _response(np.vander(x, degree + 1), sigma)
    weights = np.vander(points, degree + 1) @ response
    return weights @ y, weights


def _response(design: np.ndarray, sigma: np.ndarray) -> np.ndarray:
    """Derivatives of the fitted parameters by the data: ``(parameters, factors)``."""
    return np.linalg.pinv(design / sigma[:, np.newaxis]) / sigma


def _exponential(
    x: np.ndarray, y: np.ndarray, sigma: np.ndarray, points: np.ndarray, *, terms: int
) -> tuple[np.ndarray, np.ndarray]:
    """Fits ``sum_i a_i exp(b_i x)``; two terms decay."""
    from scipy.optimize import least_squares

    highest_rate = np.inf if terms == 1 else 0.0

    def model(parameters: np.ndarray, at: np.ndarray) -> np.ndarray:
        return parameters[::2] @ np.exp(np.outer(parameters[1::2], at))

    def slopes(parameters: np.ndarray, at: np.ndarray) -> np.ndarray:
        growth = np.exp(np.outer(at, parameters[1::2]))
        by_rate = growth * parameters[::2] * at[:, np.newaxis]
        return np.stack([growth, by_rate], axis=-1).reshape(len(at), -1)

    failed = np.full(len(points), np.nan), np.full((len(points), len(x)), np.nan)
    with np.errstate(all="ignore"):
        try:
            fit = least_squares(
                lambda parameters: (model(parameters, x) - y) / sigma,
                _start(x, y, sigma, terms),
                jac=cast("Any", lambda parameters: slopes(parameters, x) / sigma[:, np.newaxis]),
                bounds=(
                    [-np.inf, -np.inf] * terms,
                    [np.inf, highest_rate] * terms,
                ),
                method="lm" if terms == 1 else "trf",
            )
            if not fit.success:
                return failed
            response = _response(slopes(fit.x, x), sigma)
            return model(fit.x, points), slopes(fit.x, points) @ response
        except (ValueError, np.linalg.LinAlgError):
            # It overflowed: the data do not decay.
            return failed


def _start(x: np.ndarray, y: np.ndarray, sigma: np.ndarray, terms: int) -> np.ndarray:
    """A line through the logarithms, weighted, with the sign of the value at the lowest noise."""
    sign = np.sign(y[np.argmin(x)]) or 1.0
    size = np.clip(np.abs(y), 1e-15, None)
    rate, logarithm = np.polyfit(x, np.log(size), 1, w=size / sigma)
    if terms == 2:
        rate = -abs(rate)
    amplitude = sign * np.exp(logarithm)
    return np.array([v for i in range(terms) for v in (amplitude / terms, rate * (i + 1))])

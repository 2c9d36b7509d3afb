from __future__ import annotations

import warnings

import numpy as np
import pytest
from qiskit_mitigation.zne.extrapolation import (
    _fit_extrapolation_models,
    _process_extrapolated_expectation_values,
)

from qiskit_rest_primitives.mitigation.values.extrapolation import extrapolate

FACTORS = [1.0, 1.5, 3.0, 5.0, 7.0]
FITS = [
    "linear",
    "exponential",
    "double_exponential",
    "polynomial_degree_1",
    "polynomial_degree_2",
    "polynomial_degree_3",
    "polynomial_degree_4",
    "fallback",
]


def decaying(seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Values of a decay with noise, and their errors."""
    rng = np.random.default_rng(seed)
    errors = rng.uniform(0.002, 0.01, len(FACTORS))
    decay = rng.uniform(-1, 1) * np.exp(-rng.uniform(0.02, 0.3) * np.array(FACTORS))
    return decay + errors * rng.normal(size=len(FACTORS)), errors


@pytest.mark.parametrize("seed", range(4))
def test_fits_are_those_of_qiskit_mitigation(seed: int) -> None:
    """Every model has the same value at zero noise and elsewhere."""
    values, errors = decaying(seed)
    points = [0.0, 0.5, 1.0, 4.0]
    found = extrapolate(FACTORS, values, errors, FITS, points)
    expected, _ = _fit_extrapolation_models(values, errors, FACTORS, FITS, points)
    # Of two exponentials, only their sum in the range of the data is well defined.
    exact = [name != "double_exponential" for name in FITS]
    np.testing.assert_allclose(found.values[exact], expected[exact], rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(found.values[:, 2:], expected[:, 2:], atol=5e-3)


@pytest.mark.parametrize("fits", [["exponential", "linear"], ["polynomial_degree_2"], ["fallback"]])
def test_the_same_fit_is_chosen(fits: list[str]) -> None:
    """At zero noise, as qiskit-mitigation chooses it."""
    for seed in range(10):
        values, errors = decaying(seed)
        value, _, name, _, _ = _process_extrapolated_expectation_values(
            values, errors, "ZZ", FACTORS, fits
        )
        found = extrapolate(FACTORS, values, errors, fits, [])
        assert fits[found.chosen] == name
        assert found.value == pytest.approx(value, rel=1e-4)


@pytest.mark.parametrize("name", [name for name in FITS if name != "double_exponential"])
def test_weights_are_derivatives(name: str) -> None:
    """Small changes of the data change the value at zero noise as the weights say."""
    values, errors = decaying(1)
    found = extrapolate(FACTORS, values, errors, [name], [])
    step = 1e-6
    changed = [
        extrapolate(FACTORS, values + step * one, errors, [name], []).value
        for one in np.eye(len(FACTORS))
    ]
    slopes = (np.array(changed) - found.value) / step
    # An exponential fit's derivative leaves out the curvature of its residuals.
    np.testing.assert_allclose(found.weights, slopes, atol=0.03 if name == "exponential" else 1e-4)


def test_values_that_may_be_zero_are_not_followed_exponentially() -> None:
    """The next fit is used: zero has no decay."""
    found = extrapolate(
        [1, 3, 5], np.array([0.01, -0.015, 0.02]), np.full(3, 0.01), ["exponential", "linear"], []
    )
    assert found.chosen == 1
    assert abs(found.value) < 0.05


def test_two_factors_are_enough_for_an_exponential() -> None:
    """The fit goes through both values, and its error is that of the values."""
    values, errors = np.array([0.8, 0.5]), np.array([0.01, 0.01])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = extrapolate([1, 3], values, errors, ["exponential"], [])
    assert found.value == pytest.approx(0.8 * (0.8 / 0.5) ** 0.5)
    # z = a**1.5 / b**0.5
    expected = np.hypot(1.5 * found.value / 0.8, 0.5 * found.value / 0.5) * 0.01
    assert np.hypot(*(found.weights * errors)) == pytest.approx(expected)


def test_errors_of_zero_are_no_obstacle() -> None:
    """Values without any spread, as of a stabilizer state without noise, are fitted unweighted."""
    found = extrapolate([1, 3, 5], np.ones(3), np.zeros(3), ["exponential", "linear"], [0.0])
    assert found.value == pytest.approx(1)
    assert found.chosen == 0

"""Shots from precision, and the shots that options set."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qiskit_rest_primitives.wire.shots import (
    Randomizations,
    estimator_precision,
    precision_of,
    sampler_shots,
    shots_of,
)

BOTH = {"num_randomizations": 16, "shots_per_randomization": 100}


@given(st.integers(1, 2**31))
def test_shots_survive_their_precision(shots: int) -> None:
    """Shots -> precision -> shots gives the same number, not one more."""
    assert shots_of(precision_of(shots)) == shots


@given(st.floats(1e-4, 2, allow_nan=False))
def test_the_fewest_shots_reach_the_precision(precision: float) -> None:
    """The standard error of the shots is at most the precision; with one shot fewer it is more."""
    shots = shots_of(precision)
    assert shots**-0.5 <= precision * (1 + 1e-9)
    assert shots == 1 or (shots - 1) ** -0.5 > precision


def test_exact_values_need_no_shots() -> None:
    """Precision 0 has no number of shots; nor has a precision whose square is 0."""
    assert (shots_of(0), shots_of(1e-300)) == (0, 0)


@pytest.mark.parametrize("shots", [1, 50, 1000, 1234, 4096, 10_000, 100_000])
@pytest.mark.parametrize(("number", "each"), [(16, "auto"), ("auto", 100), (7, None), (None, 3)])
def test_shots_are_divided_as_by_the_official_client(shots: int, number: Any, each: Any) -> None:
    """If one number is set, the other is computed as in its executor-based primitives."""
    module = pytest.importorskip("qiskit_ibm_runtime.executor.calculate_twirling_shots")
    given_numbers = {"num_randomizations": number, "shots_per_randomization": each}
    group = {name: value for name, value in given_numbers.items() if value is not None}
    params = {"options": {"twirling": {"enable_gates": True, **group}}}
    expected = module.calculate_twirling_shots(shots, number or "auto", each or "auto")
    assert Randomizations.of_sampler(params).divide(shots) == expected
    assert Randomizations.of_estimator(params).divide(shots) == expected


def test_two_automatic_numbers_keep_the_shots() -> None:
    """A thousand shots stay a thousand if no number is set."""
    params = {"options": {"twirling": {"enable_gates": True, "num_randomizations": "auto"}}}
    assert Randomizations.of_sampler(params).divide(1000) is None


@pytest.mark.parametrize(
    ("params", "shots"),
    [
        ({}, 4096),
        ({"options": {"default_shots": 10}}, 10),
        ({"options": {"twirling": BOTH}}, 4096),
        ({"options": {"twirling": {"enable_gates": False, **BOTH}}}, 4096),
        ({"options": {"twirling": {"enable_gates": True, **BOTH}}}, 1600),
        ({"options": {"twirling": {"enable_measure": True, **BOTH}, "default_shots": 10}}, 1600),
        ({"options": {"twirling": {"enable_measure": True, **BOTH}}, "shots": 5}, 5),
    ],
)
def test_shots_of_a_sampler(params: dict[str, Any], shots: int) -> None:
    """Those of run(), then twirling's product if it is on, then default_shots, then 4096."""
    assert sampler_shots(params) == shots


@pytest.mark.parametrize(
    ("params", "shots"),
    [
        ({}, 4096),
        ({"options": {"twirling": BOTH}}, 1600),
        ({"options": {"twirling": BOTH, "default_shots": 400}}, 1600),
        ({"options": {"twirling": BOTH, "default_precision": 0.5}}, 1600),
        ({"options": {"twirling": BOTH}, "precision": 0.5}, 4),
        ({"options": {"twirling": BOTH, "default_shots": 400}, "resilience_level": 0}, 400),
        # Measurement mitigation, which is on from level 1, needs twirled measurements.
        ({"options": {"twirling": {"enable_measure": False, **BOTH}}}, 1600),
        (
            {
                "options": {
                    "twirling": {"enable_measure": False, **BOTH},
                    "resilience": {"measure_mitigation": False},
                },
            },
            4096,
        ),
        (
            {
                "options": {"twirling": {"enable_measure": False, **BOTH}},
                "resilience_level": 2,
            },
            1600,
        ),
        (
            {
                "options": {"twirling": BOTH, "resilience": {"measure_mitigation": True}},
                "resilience_level": 0,
            },
            1600,
        ),
        ({"options": {"default_precision": 0.1, "default_shots": 1000}}, 1000),
        ({"options": {"default_precision": 0.1}}, 100),
        ({"options": {"default_precision": 0}}, 0),
        ({"options": {"default_precision": 0, "default_shots": None}}, 0),
    ],
)
def test_precision_of_an_estimator(params: dict[str, Any], shots: int) -> None:
    """As for a sampler; measurements are twirled from level 1 on, gates from level 2."""
    assert shots_of(estimator_precision(params)) == shots

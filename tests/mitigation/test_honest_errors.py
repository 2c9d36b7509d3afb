from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from qiskit import QuantumCircuit

from tests.mitigation.exact_rows import drawn
from tests.mitigation.running import estimated, estimator_sweep, exact

# Terms that one circuit measures are correlated; the first two are equal in every shot.
OBSERVABLES = [{"ZZI": 1.0, "IZZ": 1.0, "XXX": 0.5}, {"IIZ": 1.0, "ZIZ": -1.0, "YXX": 0.7}]
REPEATS = 200


def state() -> QuantumCircuit:
    """Three entangled qubits with values between -1 and 1, in the gates of a device."""
    circuit = QuantumCircuit(3)
    for qubit, angle in enumerate((0.7, 1.1, 0.4)):
        circuit.sx(qubit)
        circuit.rz(angle, qubit)
        circuit.sx(qubit)
    circuit.cz(0, 1)
    for qubit in (0, 1):
        circuit.sx(qubit)
        circuit.rz(1.9, qubit)
        circuit.sx(qubit)
    circuit.cz(1, 2)
    return circuit


def assert_honest(values: np.ndarray, errors: np.ndarray, true: np.ndarray) -> None:
    """60 to 76 % of the values are within one error, and there is no bias beyond five."""
    within = np.abs(values - true) <= errors
    assert (within.mean(axis=0) >= 0.60).all(), within.mean(axis=0)
    assert (within.mean(axis=0) <= 0.76).all(), within.mean(axis=0)
    assert (np.abs(values.mean(axis=0) - true) <= 5 * errors.mean(axis=0) / REPEATS**0.5).all()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("level", "options"),
    [(0, {}), (1, {"twirling": {"num_randomizations": 64, "shots_per_randomization": 16}})],
)
def test_errors_with_and_without_readout_mitigation(level: int, options: Any) -> None:
    """Readout errors that are 6 times likelier for 1, learned anew for each of 200 jobs."""
    sweep = estimator_sweep(state(), OBSERVABLES, shots=1024)
    rng = np.random.default_rng(11)
    sample = drawn(rng, readout=(0.02, 0.12) if level else (0.0, 0.0))
    found = [
        estimated([sweep], sample, level=level, seed=seed, **options).pubs[0].data
        for seed in range(REPEATS)
    ]
    evs = np.array([data.evs[0] for data in found])
    assert_honest(evs, np.array([data.stds[0] for data in found]), exact(sweep)[0])


@pytest.mark.slow
@pytest.mark.parametrize(
    ("fits", "kept"),
    [
        # The default: where the value is 0, there is no decay to follow.
        (["exponential", "linear"], 0.9),
        # So little noise that its decay is a parabola, or a line.
        (["polynomial_degree_2"], 0.999),
        (["linear"], 0.9999),
        (["fallback"], 1.0),
    ],
)
def test_errors_of_extrapolated_values(fits: list[str], kept: float) -> None:
    """Values at zero noise, and the last fit read there, for 200 equal points."""
    sweep = estimator_sweep(state(), OBSERVABLES, np.empty((REPEATS, 0)), shots=4096)
    zne = {"extrapolator": fits, "noise_factors": [1, 2, 3]}
    options = {"resilience": {"measure_mitigation": False, "zne": zne}}
    sample = drawn(np.random.default_rng(12), kept=kept)
    data = estimated([sweep], sample, level=2, **options).pubs[0].data
    assert_honest(data.evs, data.stds, exact(sweep)[0])
    if len(fits) == 1:
        read = data.evs_extrapolated[:, :, 0, 0], data.stds_extrapolated[:, :, 0, 0]
        assert_honest(*read, exact(sweep)[0])

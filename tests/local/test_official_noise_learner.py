"""The official client's noise learner, unmodified, against the embedded service.

Needs the extra [conformance] and Python 3.11; tests/local/conftest.py leaves this file out where
one of them is missing.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from qiskit_rest_primitives.local import LocalService
from tests.local.conftest import BOB
from tests.local.known_noise import RATES, READOUT, known_device
from tests.local.official_environment import findings

pytestmark = pytest.mark.slow

SCRIPT = Path(__file__).with_name("official_noise_learner.py")


@pytest.fixture(scope="module")
def service() -> Iterator[LocalService]:
    """A service with a device whose noise is known."""
    with LocalService(users=[BOB], backends=[known_device()]) as service:
        yield service


@pytest.fixture(scope="module")
def seen(service: LocalService, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The official client's findings."""
    return findings(SCRIPT, service, BOB, tmp_path_factory.mktemp("home"))


def assert_known(rates: dict[str, float]) -> None:
    """Rates of the gate are within 10 % of those put in; the others are near 0."""
    for pauli, rate in RATES.items():
        assert rates[pauli] == pytest.approx(rate, rel=0.1), pauli
    others = [rate for pauli, rate in rates.items() if pauli not in RATES]
    assert max(others, default=0) < 0.1 * min(RATES.values())


def test_rates_are_those_of_the_device(seen: dict[str, Any]) -> None:
    """Rates of gates and of measurements are learned within 10 %."""
    gates, measurements = seen["known"]
    assert_known(gates)
    for pauli, wrong in zip(("IX", "XI"), READOUT, strict=True):
        assert (1 - np.exp(-2 * measurements[pauli])) / 2 == pytest.approx(wrong, rel=0.1)


def test_layers_of_a_device(seen: dict[str, Any]) -> None:
    """Several layers and the measurements of a device are learned in one job."""
    *layers, measurements = seen["device"]
    assert len(layers) == 2
    # A layer's fidelities decay by its gate and by the idle qubits.
    assert all(0.002 < sum(layer.values()) < 0.05 for layer in layers), layers
    assert set(measurements) <= {"IIX", "IXI", "XII"}
    assert 0.001 < sum(measurements.values()) < 0.3


def test_older_learner(seen: dict[str, Any]) -> None:
    """The program noise-learner learns the same rates, and says what it was asked for."""
    found = seen["older"]
    assert_known(found["rates"])
    assert (found["gates"], found["qubits"], found["none"]) == ({"cz": 1}, [0, 1], [])
    assert found["program"] == "noise-learner"
    assert found["metadata"] == {
        "backend": "known_noise",
        "input_options": {
            "max_layers_to_learn": 4,
            "shots_per_randomization": 2048,
            "num_randomizations": 8,
            "layer_pair_depths": [0, 2, 6],
            "twirling_strategy": "active-accum",
        },
    }


def test_mitigation_with_the_learned_noise(seen: dict[str, Any]) -> None:
    """PEC with the learned noise brings an estimator's values near to the exact ones."""
    found = seen["mitigated"]
    exact = np.array(found["exact"])
    errors = {name: np.array(found[name]["evs"]) - exact for name in ("plain", "pec")}
    assert np.linalg.norm(errors["plain"]) > 0.15
    assert (np.abs(errors["pec"]) < 5 * np.array(found["pec"]["stds"])).all()
    assert np.linalg.norm(errors["pec"]) < 0.5 * np.linalg.norm(errors["plain"])

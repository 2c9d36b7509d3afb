"""The official client's executor classes, unmodified, against the embedded service.

Needs the extra [conformance]; tests/local/conftest.py leaves this file out where it is missing.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from qiskit_rest_primitives.local import LocalService
from tests.local.conftest import BOB
from tests.local.official_environment import findings

pytestmark = pytest.mark.slow

SCRIPT = Path(__file__).with_name("official_executor.py")
ONES = np.sin(np.array([0.0, 0.7, np.pi / 2]) / 2) ** 2


@pytest.fixture(scope="module")
def seen(local: LocalService, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The official client's findings."""
    return findings(SCRIPT, local, BOB, tmp_path_factory.mktemp("home"))


def assert_ones(found: Any, shots: int, noise: float) -> None:
    """Each bit is 1 as often as it should be, within five standard errors and the noise."""
    error = 5 * np.sqrt(ONES * (1 - ONES) / shots) + noise
    assert np.all(np.abs(np.array(found) - ONES[:, np.newaxis]) <= error[:, np.newaxis])


def test_executor(seen: dict[str, Any]) -> None:
    """Circuit items: samples, shapes, what passes through, and when it ran."""
    for name, noise in (
        ("statevector", 0.0),
        ("aer", 0.0),
        ("fake_27q", 0.08),
        ("fake_127q", 0.08),
    ):
        found = seen["executor"][name]
        assert found["shape"] == [3, 2000, 3]
        assert_ones(found["ones"], 2000, noise)
        assert found["passed"] == [0, 1, 2]
        assert found["points"] == 3
        assert found["program"] == "executor"


def test_sessions_and_batches(seen: dict[str, Any]) -> None:
    """Sessions, where chunks have a size, and batches; outside of them it is refused by name."""
    assert sorted(seen["executor"]["session"]) == [1, 2]
    assert seen["executor"]["batch"] == [[3, 2000, 3]] * 2
    assert "chunk_size" in seen["executor"]["outside_session"]


def test_sampler(seen: dict[str, Any]) -> None:
    """The sampler on top, with gates and measurements twirled and with idle qubits decoupled."""
    for name, found in seen["sampler"].items():
        assert found["shots"] == 2048
        assert_ones(found["ones"], 2048, 0.0 if name.startswith("aer") else 0.08)


def test_estimator(seen: dict[str, Any]) -> None:
    """The estimator on top: on simulators and devices, mitigation gives the exact values.

    Every qubit of a device is measured. What the device does wrong is allowed for at level 0 only.
    """
    found = seen["estimator"]
    assert len(found) == 12
    for name, values in found.items():
        evs, stds, exact = (np.array(values[key]) for key in ("evs", "stds", "exact"))
        noise = 0.0 if name.startswith("aer") else 0.15 if name.endswith(" 0") else 0.04
        # A value that is the same in every shot has no standard error.
        assert np.all(np.abs(evs - exact) <= 5 * stds + noise + 1e-9), (name, evs, stds, exact)


def test_dry_run(seen: dict[str, Any]) -> None:
    """dry_run=True: random data of the right shape and an estimate, and nothing is charged."""
    found = seen["dry_run"]
    assert found["backend"] == "mock_27q"
    assert found["shape"] == [3, 2000, 3]
    assert np.abs(np.array(found["ones"]) - 0.5).max() < 5 * 0.5 / np.sqrt(6000)
    assert found["usage"] == 0
    assert found["estimated"] > 0
    assert found["sampler"] == [3, 100, 1]
    assert found["listed"] == []


def test_stretches(seen: dict[str, Any]) -> None:
    """stretch_values: what is left over between barriers, divided."""
    assert seen["stretches"] == {
        "name": "s",
        "value": 500,
        "remainder": 0,
        "lengths": [500, 500],
    }


def test_refused(seen: dict[str, Any]) -> None:
    """The reason of a refusal reaches the user."""
    assert "meas_level: 'kerneled' needs the signal of a real device" in seen["refused"]

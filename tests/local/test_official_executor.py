"""The official client's executor classes, unmodified, against the embedded service.

On simulators their values are the ideal ones. On devices, samples and values at the levels 0 and 1
are what `exact_programs` says of the very programs that were submitted, since level 1 leaves the
errors of gates. Values at level 2 are the ideal ones. All of this within five standard errors, and
nothing else is allowed for.

Needs the extra [conformance]; tests/local/conftest.py leaves this file out where it is missing.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.optimize import curve_fit

from qiskit_rest_primitives.local import LocalService
from tests.local.conftest import BOB, Api
from tests.local.exact_programs import exact_result, neighbourhood, submitted
from tests.local.official_environment import findings

pytestmark = pytest.mark.slow

SCRIPT = Path(__file__).with_name("official_executor.py")
SIZES = {"fake_27q": 27, "fake_127q": 127}
IDEAL = np.repeat(np.sin(np.array([[0.0], [0.7], [np.pi / 2]]) / 2) ** 2, 3, axis=1)
"""How often each bit is 1 at each angle."""


@pytest.fixture(scope="module")
def seen(local: LocalService, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The official client's findings."""
    return findings(SCRIPT, local, BOB, tmp_path_factory.mktemp("home"))


def exact(bob: Api, device: str, found: Mapping[str, Any], randomizations: int = 1) -> Any:
    """The result that a job should have, with some randomizations of each samplex.

    Qubits that are not used are simulated where dynamical decoupling makes them neighbours that
    count: their gates before the measurements have no effect on the others.
    """
    size, kept = SIZES[device], found["qubits"]
    program = submitted(bob.json(f"/jobs/{found['job']}")["params"])
    if found.get("decoupled"):
        kept = neighbourhood(size, kept)
    return exact_result(program, size, kept, randomizations)


def assert_ones(found: Any, expected: np.ndarray, shots: int, variance: Any = 0.0) -> None:
    """Each bit is 1 as often as it should be.

    Args:
        found: share of ones ``(angles, bits)``.
        expected: the same.
        shots: of each angle.
        variance: of `expected`, and of `found` beside that of the shots.
    """
    error = 5 * np.sqrt(expected * (1 - expected) / shots + variance)
    # Exact results are made of 8,192 shots.
    assert np.all(np.abs(np.array(found) - expected) <= error + 1e-4), (found, expected)


def test_the_official_executor_runs_circuit_items(seen: dict[str, Any], bob: Api) -> None:
    """Circuit items: samples, shapes, what passes through, and when it ran."""
    for name in ("statevector", "aer", "fake_27q", "fake_127q"):
        found = seen["executor"][name]
        assert found["shape"] == [3, 2000, 3]
        ideal = name not in SIZES
        expected = IDEAL if ideal else exact(bob, name, found)[0]["meas"].mean(axis=1)
        assert_ones(found["ones"], expected, 2000)
        assert found["passed"] == [0, 1, 2]
        assert found["points"] == 3
        assert found["program"] == "executor"


def test_sessions_and_batches(seen: dict[str, Any]) -> None:
    """Sessions, where chunks have a size, and batches; outside of them it is refused by name."""
    assert sorted(seen["executor"]["session"]) == [1, 2]
    assert seen["executor"]["batch"] == [[3, 2000, 3]] * 2
    assert "chunk_size" in seen["executor"]["outside_session"]


def test_the_official_sampler_runs_on_the_executor(seen: dict[str, Any], bob: Api) -> None:
    """The sampler on top, with gates and measurements twirled, or with idle qubits decoupled.

    Circuits differ from one randomization to the next: this adds to the error, as far as three of
    them show.
    """
    drawn, own = 32, 3
    for name, found in seen["sampler"].items():
        device = name.split()[0]
        assert found["shots"] == 2048
        if device not in SIZES:
            assert_ones(found["ones"], IDEAL, 2048)
        elif found["decoupled"]:
            assert_ones(found["ones"], exact(bob, device, found)[0]["meas"].mean(axis=1), 2048)
        else:
            item = exact(bob, device, found, own)[0]
            each = (item["meas"] ^ item["measurement_flips.meas"]).mean(axis=-2)
            variance = each.var(axis=0, ddof=1) * (1 / drawn + 1 / own)
            assert_ones(found["ones"], each.mean(axis=0), 2048, variance)


def amplified_error(values: list[float], stds: list[float]) -> float:
    """The standard error of what an exponential makes of values at the noise factors 1, 3 and 5.

    The client's own follows from how well the curve fits: with one more value than parameters that
    can be near 0 by chance.
    """
    if not any(stds):
        return 0.0
    known = np.clip(stds, min(std for std in stds if std), None)
    _, covariance = curve_fit(
        lambda factor, scale, rate: scale * np.exp(rate * factor),
        [1, 3, 5],
        values,
        p0=(values[0], 0.0),
        sigma=known,
        absolute_sigma=True,
    )
    return float(np.sqrt(covariance[0, 0]))


def test_the_official_estimator_runs_on_the_executor(seen: dict[str, Any], bob: Api) -> None:
    """The estimator on top: mitigation takes away readout errors, then those of gates too.

    Every qubit of a device is measured. The same programs with exact probabilities, put together by
    the official client, are the judge of levels 0 and 1: one randomization of each is enough where
    measurements are twirled, two where gates are. Errors that a result states leave out those of
    readout's calibration, by which values are divided: they are those of the first observable,
    which is 1, as it has as many shots.
    """
    from qiskit_ibm_runtime.decoders.executor_estimator.post_processor_v0_1 import (
        estimator_v2_post_processor_v0_1,
    )

    assert len(seen["estimator"]) == 12
    for name, found in seen["estimator"].items():
        device = name.split()[0]
        evs, stds, expected = (np.array(found[key]) for key in ("evs", "stds", "ideal"))
        if found["amplified"]:
            rows = zip(found["amplified"], found["stds"], strict=True)
            stds = np.array([[amplified_error(*row)] for row in rows])
        elif device in SIZES:
            result = exact(bob, device, found, 2 if "decoupled" in name else 1)
            expected = estimator_v2_post_processor_v0_1(result)[0].data.evs.ravel()
        stds = stds[:, 0]
        if not name.endswith(" 0"):
            stds = np.hypot(stds, evs * stds[0])
        # A value that is the same in every shot has no standard error.
        assert np.all(np.abs(evs - expected) <= 5 * stds + 1e-9), (name, evs, stds, expected)


def test_a_dry_run_is_not_charged(seen: dict[str, Any]) -> None:
    """dry_run=True: random data of the right shape and an estimate, and nothing is charged."""
    found = seen["dry_run"]
    assert found["backend"] == "mock_27q"
    assert found["shape"] == [3, 2000, 3]
    assert np.abs(np.array(found["ones"]) - 0.5).max() < 5 * 0.5 / np.sqrt(6000)
    assert found["usage"] == 0
    assert found["estimated"] > 0
    assert found["sampler"] == [3, 100, 1]
    assert found["listed"] == []


def test_stretch_values_are_returned(seen: dict[str, Any]) -> None:
    """stretch_values: what is left over between barriers, divided."""
    assert seen["stretches"] == {
        "name": "s",
        "value": 500,
        "remainder": 0,
        "lengths": [500, 500],
    }


def test_the_official_executor_shows_the_reason_of_a_refusal(seen: dict[str, Any]) -> None:
    """The reason of a refusal reaches the user."""
    assert "meas_level: 'kerneled' needs the signal of a real device" in seen["refused"]

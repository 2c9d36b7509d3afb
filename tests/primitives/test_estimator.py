"""EstimatorV2 beside Qiskit's StatevectorEstimator, through real HTTP."""

from __future__ import annotations

import numpy as np
import pytest
from qiskit import QuantumCircuit
from qiskit.circuit import Parameter
from qiskit.primitives import BaseEstimatorV2, StatevectorEstimator
from qiskit.quantum_info import SparsePauliOp

from qiskit_rest_primitives import EncodeError, EstimatorV2, RestBackend

SEED = 12


def ansatz() -> QuantumCircuit:
    """Two qubits, two parameters."""
    circuit = QuantumCircuit(2)
    circuit.ry(Parameter("θ"), 0)
    circuit.cx(0, 1)
    circuit.rx(Parameter("φ"), 1)
    return circuit


PUBS = {
    "scalar": (ansatz(), "ZZ", [0.3, 0.4]),
    "sweep": (ansatz(), {"ZZ": 0.5, "XI": -2.0}, np.linspace(0, 2, 10).reshape(5, 2)),
    "broadcast": (
        ansatz(),
        [["ZZ"], ["XX"], [SparsePauliOp(["IY", "YI"], [1.5, -0.5])]],
        np.linspace(0, 2, 8).reshape(1, 4, 2),
    ),
}


@pytest.mark.parametrize("precision", [0, 0.1])
@pytest.mark.parametrize("name", PUBS)
def test_results_equal_the_seeded_reference(
    backend: RestBackend, name: str, precision: float
) -> None:
    """A seeded estimator gives the reference's numbers for every shape, exact ones too."""
    estimator = EstimatorV2(backend, options={"seed_estimator": SEED})
    result = estimator.run([PUBS[name]], precision=precision).result()[0]
    expected = StatevectorEstimator(seed=SEED).run([PUBS[name]], precision=precision).result()[0]
    assert result.data.shape == expected.data.shape
    assert result.data.evs.shape == expected.data.evs.shape
    np.testing.assert_allclose(result.data.evs, expected.data.evs, atol=1e-12)
    assert result.metadata["target_precision"] == precision
    assert result.metadata["circuit_metadata"] == {}
    assert "shots" in result.metadata


def test_the_estimator_is_a_base_estimator(backend: RestBackend) -> None:
    """Checks by isinstance of Qiskit's consumers hold."""
    assert isinstance(EstimatorV2(backend), BaseEstimatorV2)


def test_the_repr_names_the_backend(backend: RestBackend) -> None:
    """Its repr names the backend."""
    assert repr(EstimatorV2(backend)) == f"EstimatorV2(mode={backend!r})"


def test_precision_comes_from_the_pub_then_run_then_options(backend: RestBackend) -> None:
    """PUB before run() before options before the service's 1/64."""
    estimator = EstimatorV2(backend, options={"default_precision": 0.2})
    assert estimator.default_precision == 0.2
    circuit = QuantumCircuit(1)
    results = estimator.run([(circuit, "Z"), (circuit, "Z", None, 0.1)]).result()
    assert [result.metadata["target_precision"] for result in results] == [0.2, 0.1]
    assert EstimatorV2(backend).default_precision == 0.015625
    by_shots = EstimatorV2(backend, options={"default_shots": 100})
    assert by_shots.default_precision == pytest.approx(0.1)
    assert by_shots.run([(circuit, "Z")]).result()[0].metadata["target_precision"] == 0.1


@pytest.mark.parametrize(
    "bad_pub",
    [
        3,
        (ansatz(),),
        (ansatz(), "ZZZ", [1, 2]),
        (ansatz(), "Z?", [1, 2]),
        (ansatz(), "ZZ", [1]),
        (ansatz(), "ZZ"),
        (ansatz(), "ZZ", [1, 2], -0.1),
        (ansatz(), ["ZZ"] * 3, np.zeros((2, 2))),
    ],
    ids=[
        "number",
        "no observable",
        "wide",
        "letter",
        "one value",
        "no values",
        "negative",
        "shape",
    ],
)
def test_bad_pubs_raise_what_the_reference_raises(backend: RestBackend, bad_pub: object) -> None:
    """The exception class is that of StatevectorEstimator, before anything is sent."""
    with pytest.raises(Exception) as reference:  # noqa: PT011 - the reference decides which
        StatevectorEstimator().run([bad_pub]).result()
    with pytest.raises(reference.type):
        EstimatorV2(backend).run([bad_pub])


@pytest.mark.parametrize("precision", [float("inf"), float("nan")])
def test_a_precision_must_be_finite(backend: RestBackend, precision: float) -> None:
    """The message has the PUB and the value."""
    pubs = [(QuantumCircuit(1), "Z", None, 0.1), (QuantumCircuit(1), "Z")]
    with pytest.raises(EncodeError, match=f"PUB 1: precision must be finite, got {precision}"):
        EstimatorV2(backend).run(pubs, precision=precision)


def test_exact_values_are_refused_on_a_device(service) -> None:
    """Precision 0 is for simulators; the message says what to pass."""
    device = service.backend("fake_5q")
    with pytest.raises(EncodeError, match=r"PUB 0: precision 0 .* fake_5q"):
        EstimatorV2(device).run([(QuantumCircuit(5), "ZZZZZ")], precision=0)


def test_exact_values_can_be_the_default(backend: RestBackend) -> None:
    """With default_precision = 0, PUBs without a precision of their own get exact values."""
    estimator = EstimatorV2(backend, options={"default_precision": 0})
    assert estimator.default_precision == 0
    circuit, observables, values = PUBS["broadcast"]
    exact, given = estimator.run(
        [(circuit, observables, values), (circuit, observables, values, 0.1)]
    ).result()
    expected = StatevectorEstimator().run([(circuit, observables, values)]).result()[0]
    np.testing.assert_allclose(exact.data.evs, expected.data.evs, atol=1e-12)
    assert not exact.data.stds.any()
    assert (exact.metadata["target_precision"], exact.metadata["shots"]) == (0, 0)
    assert given.metadata["target_precision"] == 0.1
    estimator.options.default_shots = 100
    assert estimator.default_precision == pytest.approx(0.1)


def test_exact_values_by_default_are_refused_on_a_device(service) -> None:
    """Before anything is sent; the message names the option."""
    estimator = EstimatorV2(service.backend("fake_5q"), options={"default_precision": 0})
    with pytest.raises(EncodeError, match=r"PUB 0: precision 0 .* options\.default_precision"):
        estimator.run([(QuantumCircuit(5), "ZZZZZ")])
    result = estimator.run([(QuantumCircuit(5), "ZZZZZ")], precision=0.1).result()
    assert result[0].metadata["target_precision"] == 0.1


def test_measurements_at_the_end_are_ignored(backend: RestBackend) -> None:
    """As by the estimators of the official client and of Aer."""
    circuit = QuantumCircuit(1)
    circuit.x(0)
    circuit.measure_all()
    assert EstimatorV2(backend).run([(circuit, "Z")], precision=0).result()[0].data.evs == -1

"""Expectation values of dynamic circuits: exact, noisy and measured."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from qiskit import QuantumCircuit
from qiskit.circuit.library import CCXGate

from qiskit_rest_primitives.local.simulators.base import circuit_analysis
from tests.local.engine.jobs import run, text_of
from tests.local.simulators.dynamic_circuits import SEED, qpy_pub, teleported

pytest.importorskip("qiskit_aer")


SIMULATORS = ["statevector", "aer", "aer_statevector", "aer_density_matrix"]


def flipped() -> QuantumCircuit:
    """x; reset."""
    circuit = QuantumCircuit(1)
    circuit.x(0)
    circuit.reset(0)
    return circuit


def refreshed() -> QuantumCircuit:
    """h; reset; h."""
    circuit = QuantumCircuit(1)
    circuit.h(0)
    circuit.reset(0)
    circuit.h(0)
    return circuit


def half_bell() -> QuantumCircuit:
    """A Bell state with one qubit reset."""
    circuit = QuantumCircuit(2)
    circuit.h(0)
    circuit.cx(0, 1)
    circuit.initialize([1, 0], 0)
    return circuit


def bell(*, measured: bool) -> QuantumCircuit:
    """A Bell state."""
    circuit = QuantumCircuit(2, 2)
    circuit.h(0)
    circuit.cx(0, 1)
    if measured:
        circuit.measure([0, 1], [0, 1])
    return circuit


@pytest.mark.parametrize("backend", SIMULATORS)
@pytest.mark.parametrize(
    ("circuit", "observables", "want"),
    [
        (flipped(), ["Z"], [1]),
        (refreshed(), ["X", "Z"], [1, 0]),
        (half_bell(), ["IZ", "ZI", "ZZ"], [1, 0, 0]),
        (teleported(), ["ZII", "XII", "YII"], [np.cos(0.9), np.sin(0.9), 0]),
    ],
)
def test_exact_values_average_over_all_outcomes(engine, backend, circuit, observables, want):
    """Precision 0 after resets, measurements and conditions; the metadata name the method."""
    [got] = run(engine, "estimator", [qpy_pub(circuit, observables, None, 0)], backend)
    assert np.allclose(got.data.evs, want, atol=1e-12)
    assert np.all(got.data.stds == 0)
    assert got.metadata["simulation"] == {"method": "branches", "noise": "none"}


def test_a_precision_adds_noise_to_the_average(engine):
    """The value is not that of one trajectory; stds are the noise's."""
    pub = qpy_pub(half_bell(), [["ZI"] * 300], None, 0.01)
    [got] = run(engine, "estimator", [pub], options={"seed_estimator": 3})
    assert np.abs(got.data.evs).max() < 0.05
    assert 0.008 < got.data.evs.std() < 0.012
    assert np.all(got.data.stds == 0.01)


@pytest.mark.parametrize("backend", ["statevector", "aer"])
def test_the_standard_errors_are_those_of_the_noise(engine, backend):
    """As in Aer's estimator, stds are the precision, which is the size of the noise."""
    from qiskit_aer.primitives import EstimatorV2

    circuit = bell(measured=False)
    [got] = run(engine, "estimator", [[text_of(circuit), ["ZZ", "XI"], None, 0.1]], backend)
    [want] = EstimatorV2().run([(circuit, ["ZZ", "XI"], None, 0.1)]).result()
    assert got.data.stds.tolist() == want.data.stds.tolist() == [0.1, 0.1]
    [exact] = run(engine, "estimator", [[text_of(circuit), ["ZZ", "XI"], None, 0]], backend)
    assert exact.data.stds.tolist() == [0, 0]


@pytest.mark.parametrize("backend", [*SIMULATORS, "aer_stabilizer", "aer_matrix_product_state"])
def test_a_final_measurement_acts_on_the_observables(engine, backend):
    """As in Aer's estimator, the observables are measured after it."""
    from qiskit_aer.primitives import EstimatorV2

    circuit = bell(measured=True)
    [want] = EstimatorV2().run([(circuit, ["ZZ", "XX"], None, 0)]).result()
    [got] = run(engine, "estimator", [[text_of(circuit), ["ZZ", "XX"], None, 0]], backend)
    assert np.allclose(got.data.evs, want.data.evs, atol=1e-12)
    assert np.allclose(got.data.evs, [1, 0], atol=1e-12)
    [noisy] = run(engine, "estimator", [[text_of(circuit), ["ZZ", "XX"], None, 0.02]], backend)
    assert np.allclose(noisy.data.evs, [1, 0], atol=0.1)


def bell_on_device(*, measured: bool) -> QuantumCircuit:
    """A Bell state in the gates of a device of five qubits."""
    circuit = QuantumCircuit(5, 2)
    for qubit in (0, 1):
        circuit.rz(np.pi / 2, qubit)
        circuit.sx(qubit)
        circuit.rz(np.pi / 2, qubit)
    circuit.cz(0, 1)
    circuit.rz(np.pi / 2, 1)
    circuit.sx(1)
    circuit.rz(np.pi / 2, 1)
    if measured:
        circuit.measure([0, 1], [0, 1])
    return circuit


@pytest.mark.parametrize("measured", [False, True])
def test_a_final_measurement_on_a_device_acts_on_the_observables(engine, measured):
    """As in `BackendEstimatorV2` on the same device: [1, 0], not [1, 1]."""
    from qiskit.primitives import BackendEstimatorV2
    from qiskit_aer import AerSimulator

    circuit = bell_on_device(measured=measured)
    observables = ["IIIZZ", "IIIXX"]
    pub = [text_of(circuit), observables, None, 0.02]
    [got] = run(engine, "estimator", [pub], "fake_5q", options=SEED, resilience_level=0)
    reference = BackendEstimatorV2(backend=AerSimulator(seed_simulator=1))
    [want] = reference.run([(circuit, observables, None)], precision=0.02).result()
    assert np.allclose(got.data.evs, want.data.evs, atol=0.15)
    assert np.allclose(got.data.evs, [1, 0 if measured else 1], atol=0.15)
    assert got.metadata["simulation"] == {"method": "density_matrix", "noise": "full"}


def test_an_unread_measurement_on_a_device_needs_no_run_per_shot(engine):
    """It runs as a density matrix with all of the noise."""
    circuit = bell_on_device(measured=True)
    circuit.sx(0)
    pub = [text_of(circuit), ["IIIIY", "IIIZI", "IIIZY"], None, 0.02]
    [got] = run(engine, "estimator", [pub], "fake_5q", options=SEED, resilience_level=0)
    # sx rotates Z to -Y: the measured qubit is still correlated with the other.
    assert np.allclose(got.data.evs, [0, 0, -1], atol=0.15)
    assert got.metadata["simulation"]["method"] == "density_matrix"


def test_a_measurement_before_a_noise_model_keeps_its_noise(engine):
    """An error of the measurement itself turns the qubit before the observable is measured."""
    from qiskit_aer.noise import NoiseModel, pauli_error

    model = NoiseModel()
    model.add_all_qubit_quantum_error(pauli_error([("X", 1.0)]), ["measure"])
    circuit = QuantumCircuit(1, 1)
    circuit.measure(0, 0)
    options = {"simulator": {"noise_model": model.to_dict(serializable=True)}}
    raw: Any = {"options": options, "resilience_level": 0}
    [got] = run(engine, "estimator", [[text_of(circuit), "Z", None, 0.1]], "aer", **raw)
    # One flip for the circuit's measurement and one for that of the observable.
    assert float(got.data.evs) == 1
    bare = QuantumCircuit(1, 1)
    [got] = run(engine, "estimator", [[text_of(bare), "Z", None, 0.1]], "aer", **raw)
    assert float(got.data.evs) == -1


def test_gates_of_all_widths_agree_with_quantum_info(engine):
    """One to five qubits, as a matrix or as a definition, in any order; after a reset."""
    from qiskit.circuit.library import CSwapGate, UnitaryGate
    from qiskit.circuit.random import random_circuit
    from qiskit.quantum_info import Pauli, Statevector, random_unitary

    tail = random_circuit(5, 4, max_operands=4, seed=3)
    tail.append(CCXGate(ctrl_state=1), [4, 0, 2])
    tail.append(CSwapGate(), [3, 1, 0])
    for count, seed in [(2, 1), (3, 2), (4, 3), (5, 4)]:
        order = [2, 0, 4, 1, 3][:count]
        tail.append(UnitaryGate(random_unitary(2**count, seed=seed)), order)
    circuit = QuantumCircuit(5)
    circuit.h(1)
    circuit.reset(1)
    circuit.compose(tail, inplace=True)
    assert circuit_analysis.is_dynamic(circuit)
    paulis = ["XYZIX", "ZZIIZ", "IIYXI"]
    [got] = run(engine, "estimator", [qpy_pub(circuit, paulis, None, 0)])
    state = Statevector(tail)
    assert np.allclose(got.data.evs, [state.expectation_value(Pauli(p)) for p in paulis])

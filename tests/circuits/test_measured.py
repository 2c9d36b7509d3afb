"""Warnings of observables that do not commute with final measurements."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from qiskit import QuantumCircuit
from qiskit.quantum_info import Operator, Pauli, SparsePauliOp

from qiskit_rest_primitives import EstimatorV2, RestBackend
from qiskit_rest_primitives.circuits.measured import disturbed_observable, final_measurements

WIDTH = 3


def bell(*, measured: tuple[int, ...] = (0, 1)) -> QuantumCircuit:
    """Two entangled qubits, some of them measured at the end."""
    circuit = QuantumCircuit(2, 2)
    circuit.h(0)
    circuit.cx(0, 1)
    circuit.measure(measured, measured)
    return circuit


@pytest.mark.parametrize(
    ("measured", "observable", "which"),
    [
        ((0, 1), "XX", "the observable has the term 'XX'.* qubits 0, 1 at the end"),
        ((0,), "XX", "'XX'.* qubit 0 at the end"),
        ((1,), [["ZZ", "IX"], ["ZI", "YI"]], r"observable \[1, 1\] has the term 'YI'.* qubit 1 "),
        ((0,), SparsePauliOp(["ZZ", "IY"], [1, 2]), "'IY'.* qubit 0 "),
        ((0,), "0+", "qubit 0 "),
    ],
)
def test_an_observable_that_does_not_commute_is_named(
    backend: RestBackend, measured: tuple[int, ...], observable: Any, which: str
) -> None:
    """run() warns with the PUB, the observable and the qubits, at the caller's line."""
    pubs = [(bell(measured=()), "XX"), (bell(measured=measured), observable)]
    with pytest.warns(UserWarning, match=f"PUB 1: .*{which}") as caught:
        EstimatorV2(backend).run(pubs)
    assert [warning.filename for warning in caught] == [__file__]


@pytest.mark.parametrize("observable", ["ZZ", "IZ", {"ZI": 1, "II": 2}, "01", "ZX"])
def test_commuting_observables_give_no_warning(backend: RestBackend, observable: Any) -> None:
    """As in IBM's REST guide; X on a qubit that is not measured gives none, either."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        circuit = bell(measured=(1,)) if observable == "ZX" else bell()
        EstimatorV2(backend).run([(circuit, observable)])


def test_a_term_with_coefficient_0_gives_no_warning() -> None:
    """A term with coefficient 0 is ignored."""
    assert disturbed_observable(bell(), {"XX": 0.0, "ZZ": 1.0}) is None


def test_the_last_operation_on_a_qubit_counts() -> None:
    """Barriers and delays are skipped; a measurement within an instruction counts."""
    circuit = QuantumCircuit(5, 5)
    circuit.measure(range(4), range(4))
    circuit.x(1)
    circuit.barrier()
    circuit.delay(10, 0)
    circuit.reset(2)
    circuit.cx(4, 1)
    assert final_measurements(circuit, range(5)) == [0, 3]
    outer = QuantumCircuit(6, 5)
    outer.append(circuit.to_instruction(), [5, 4, 3, 2, 1], range(5))
    assert final_measurements(outer, range(6)) == [2, 5]


def test_a_measurement_in_control_flow_is_not_at_the_end() -> None:
    """Whether it happens is known only when the circuit runs."""
    circuit = QuantumCircuit(2, 2)
    circuit.measure(0, 0)
    with circuit.if_test((0, 1)):
        circuit.measure(1, 1)
    assert final_measurements(circuit, range(2)) == [0]


@settings(max_examples=60, deadline=None)
@given(
    st.text("IXYZ", min_size=WIDTH, max_size=WIDTH),
    st.sets(st.integers(0, WIDTH - 1)),
    st.sets(st.integers(0, WIDTH - 1)),
)
def test_commutation_is_that_of_the_operators(
    label: str, measured: set[int], touched: set[int]
) -> None:
    """A warning is given exactly where the Pauli and Z of a measured qubit do not commute."""
    circuit = QuantumCircuit(WIDTH, WIDTH)
    circuit.measure(sorted(measured), sorted(measured))
    if touched:
        circuit.h(sorted(touched))
    observable = Operator(Pauli(label)).data
    disturbed = False
    for qubit in measured - touched:
        z = Operator(Pauli("I" * (WIDTH - 1 - qubit) + "Z" + "I" * qubit)).data
        disturbed |= not np.allclose(z @ observable, observable @ z)
    assert (disturbed_observable(circuit, {label: 1.0}) is not None) == disturbed

from __future__ import annotations

import math

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from qiskit import QuantumCircuit
from qiskit.converters import dag_to_circuit
from qiskit.quantum_info import Operator

from qiskit_rest_primitives.backend.fold_rzz import fold_rzz


@settings(max_examples=50, deadline=None)
@given(angle=st.floats(-30, 30))
@example(angle=math.pi)
@example(angle=-math.pi)
@example(angle=math.pi / 2)
@example(angle=-math.pi / 2)
@example(angle=3 * math.pi)
@example(angle=2 * math.pi)
@example(angle=0.0)
def test_folded_rzz_is_the_same_operator(angle: float) -> None:
    """Global phase included; every rzz left has an angle in [0, π/2]."""
    circuit = QuantumCircuit(2)
    circuit.rzz(angle, 0, 1)
    folded = dag_to_circuit(fold_rzz([angle]))
    assert Operator(folded) == Operator(circuit)
    for item in folded.data:
        if item.name == "rzz":
            assert 0 <= item.params[0] <= math.pi / 2


@pytest.mark.parametrize("angle", [0.0, 0.4, math.pi / 2])
def test_an_angle_in_range_is_unchanged(angle: float) -> None:
    """No gate is added."""
    assert set(fold_rzz([angle]).count_ops()) <= {"rzz"}

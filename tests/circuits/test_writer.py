"""The fast writer equals qasm3.dumps of the renamed circuit, byte for byte."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from qiskit import ClassicalRegister, QuantumCircuit, QuantumRegister, qasm3
from qiskit.circuit import Parameter, ParameterVector
from qiskit.circuit.library import get_standard_gate_name_mapping
from qiskit.circuit.random import random_circuit

from qiskit_rest_primitives.circuits import encode_circuit, writer
from tests.circuits.compare import assert_same_operator, canonical, without_comments

GATES = {
    name: gate
    for name, gate in get_standard_gate_name_mapping().items()
    if name not in {"measure", "reset", "delay", "global_phase"}
}
ANGLES = (
    st.floats(-10, 10)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.integers(-9, 9).map(float)
    | st.just(np.float64(0.5))
)


def assert_equals_dumps(circuit: QuantumCircuit) -> None:
    """Compares with qasm3.dumps of the circuit under the wire's names."""
    encoded = encode_circuit(circuit)
    renamed = canonical(circuit, encoded)
    if circuit.num_parameters:
        renamed = renamed.assign_parameters(
            {old: Parameter(f"p{index:05d}") for index, old in enumerate(circuit.parameters)}
        )
    expected = qasm3.dumps(renamed, disable_constants=True)
    assert without_comments(encoded.qasm) == expected


@st.composite
def flat_circuits(draw: st.DrawFn) -> QuantumCircuit:
    """Any flat circuit: standard gates, any angles and parameters, non-gates, registers."""
    width = draw(st.integers(4, 6))
    names = draw(st.lists(st.sampled_from(["c", "meas", "a_1", "input", "θ"]), unique=True))
    cregs = [ClassicalRegister(draw(st.integers(1, 3)), name) for name in names]
    circuit = QuantumCircuit(
        QuantumRegister(width, draw(st.sampled_from(["q", "r", "cx"]))), *cregs
    )
    theta = ParameterVector("t", 12)
    used = iter(theta)
    for _ in range(draw(st.integers(0, 12))):
        qubits = draw(st.permutations(range(width)))
        kind = draw(st.sampled_from([*GATES, "measure", "reset", "barrier", "delay"]))
        if kind in GATES:
            gate = GATES[kind]
            angles = [
                next(used, 0.25) if draw(st.integers(0, 4)) == 0 else draw(ANGLES)
                for _ in gate.params
            ]
            circuit.append(type(gate)(*angles), qubits[: gate.num_qubits])
        elif kind == "measure" and circuit.clbits:
            circuit.measure(qubits[0], draw(st.sampled_from(range(circuit.num_clbits))))
        elif kind == "reset":
            circuit.reset(qubits[0])
        elif kind == "barrier":
            circuit.barrier(qubits[: draw(st.integers(1, width))])
        elif kind == "delay":
            unit = draw(st.sampled_from(["ns", "us", "ms", "s", "dt", "ps"]))
            circuit.delay(draw(st.integers(0, 999)), qubits[0], unit)
    return circuit


@settings(max_examples=60, deadline=None)
@given(flat_circuits())
def test_flat_circuits_equal_dumps(circuit: QuantumCircuit) -> None:
    """Gates with and without definitions, angles of any size, parameters, registers, non-gates."""
    assert_equals_dumps(circuit)


@pytest.mark.parametrize("name", sorted(GATES))
def test_each_standard_gate_equals_dumps(name: str) -> None:
    """Each definition, alone and after others that share parts of it."""
    gate = GATES[name]
    circuit = QuantumCircuit(QuantumRegister(4, "q"))
    circuit.append(type(gate)(*[0.25] * len(gate.params)), range(gate.num_qubits))
    assert_equals_dumps(circuit)
    for other in ("rzz", "rccx", "ecr", "xx_plus_yy", name):
        gate = GATES[other]
        circuit.append(type(gate)(*[1e-7] * len(gate.params)), range(gate.num_qubits))
    assert_equals_dumps(circuit)


def test_long_circuits_are_written_in_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is lost or repeated where one chunk of lines ends."""
    monkeypatch.setattr(writer, "_LINES_A_CHUNK", 3)
    circuit = QuantumCircuit(QuantumRegister(2, "q"))
    for index in range(9):
        circuit.rx(index / 7, index % 2)
    assert_equals_dumps(circuit)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_random_circuits_keep_their_operator(seed: int) -> None:
    """Qiskit's random circuits are read as the same operator."""
    assert_same_operator(random_circuit(4, 3, max_operands=4, seed=seed))

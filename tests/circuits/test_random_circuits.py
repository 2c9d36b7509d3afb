"""Random circuits of all kinds, through Qiskit's importer and the service's reader."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from qiskit import QuantumCircuit, QuantumRegister
from qiskit.circuit import ClassicalRegister, Gate, Parameter, Qubit
from qiskit.circuit.library import PauliEvolutionGate, UnitaryGate, get_standard_gate_name_mapping
from qiskit.quantum_info import Operator, SparsePauliOp, random_unitary

from qiskit_rest_primitives.circuits import EncodedCircuit
from qiskit_rest_primitives.local.qasm3.reader import read_circuit
from tests.circuits.compare import assert_same_operator, assert_same_outcome, counts
from tests.circuits.test_control_flow import programs

GATES = [
    gate
    for name, gate in sorted(get_standard_gate_name_mapping().items())
    if name not in {"measure", "reset", "delay", "global_phase"} and gate.num_qubits <= 3
]
OPERATIONS = [
    lambda x, y: x + y,
    lambda x, y: x * y - 1,
    lambda x, y: x / 3 - y.sin(),
    lambda x, y: 2 / (x * x + 1) + y,
    lambda x, y: x,
]


def read(encoded: EncodedCircuit, values: list[float]) -> QuantumCircuit:
    """Reads the text with the service's own reader, and binds by order of declaration."""
    circuit, parameters = (lambda found: (found.circuit, found.parameters))(
        read_circuit(encoded.qasm)
    )
    inputs = encoded.encode_values(np.asarray(values, dtype=float))
    return circuit.assign_parameters(dict(zip(parameters, inputs, strict=True)))


@st.composite
def unitaries(draw: st.DrawFn) -> QuantumCircuit:
    """Circuits with odd names, loose qubits, expressions, nested custom gates and synthesis."""
    registers = draw(st.lists(st.text(min_size=1, max_size=3), min_size=2, max_size=2, unique=True))
    circuit = QuantumCircuit(QuantumRegister(2, registers[0]), [Qubit()])
    circuit.add_register(QuantumRegister(bits=[circuit.qubits[2], circuit.qubits[0]], name="other"))
    circuit.add_register(ClassicalRegister(2, registers[1]))
    names = draw(st.lists(st.text(max_size=4), min_size=3, max_size=3, unique=True))
    parameters = [Parameter(name) for name in names]

    def angle() -> object:
        if draw(st.booleans()):
            return draw(st.floats(-7, 7))
        operation = draw(st.sampled_from(OPERATIONS))
        return operation(draw(st.sampled_from(parameters)), draw(st.sampled_from(parameters)))

    def fill(target: QuantumCircuit, depth: int) -> None:
        for _ in range(draw(st.integers(1, 5))):
            qubits = draw(st.permutations(range(3)))
            kind = draw(st.integers(0, 9))
            if kind == 0 and depth < 2:
                inner = QuantumCircuit(
                    3, name=draw(st.sampled_from(["foo", "qft", "a b", "θ", "x", "cx"]))
                )
                fill(inner, depth + 1)
                gates = all(isinstance(item.operation, Gate) for item in inner.data)
                operation = inner.to_gate() if gates else inner.to_instruction()
                target.append(operation, qubits)
            elif kind == 1:
                target.append(
                    UnitaryGate(random_unitary(4, seed=draw(st.integers(0, 9)))), qubits[:2]
                )
            elif kind == 2:
                target.append(PauliEvolutionGate(SparsePauliOp(["ZZ", "IZ"]), angle()), qubits[:2])
            else:
                gate = draw(st.sampled_from(GATES))
                operation = type(gate)(*[angle() for _ in gate.params])
                target.append(operation, qubits[: gate.num_qubits])

    fill(circuit, 0)
    return circuit


@pytest.mark.slow
@settings(max_examples=60, deadline=None)
@given(unitaries(), st.lists(st.floats(-3, 3), min_size=3, max_size=3))
@pytest.mark.filterwarnings("ignore:splu|spsolve|Changing the sparsity")
def test_random_unitaries(circuit: QuantumCircuit, values: list[float]) -> None:
    """Both readers give the same operator, up to global phase."""
    values = values[: circuit.num_parameters]
    before = circuit.copy()
    encoded = assert_same_operator(circuit, values)
    assert circuit == before
    expected = circuit.assign_parameters(values) if values else circuit
    assert Operator(read(encoded, values)).equiv(Operator(expected))


@settings(max_examples=20, deadline=None)
@given(programs())
def test_random_programs_through_the_services_reader(circuit: QuantumCircuit) -> None:
    """The service's own reader runs the same program."""
    encoded = assert_same_outcome(circuit)
    # Qiskit 2.2 counts loop variables among the parameters; they have no values of their own.
    found = counts(read(encoded, [0.0] * circuit.num_parameters))
    renamed = {source.wire: source.name for source in encoded.description.registers}
    assert {renamed[name]: values for name, values in found.items()} == counts(circuit)

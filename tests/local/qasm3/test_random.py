"""Random circuits through Qiskit's exporter and back, compared with the original circuit."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from qiskit import ClassicalRegister, QuantumCircuit, QuantumRegister, qasm3
from qiskit.circuit import Parameter, Qubit
from qiskit.circuit.library import get_standard_gate_name_mapping
from qiskit.circuit.random import random_circuit
from qiskit.quantum_info import Operator

from qiskit_rest_primitives.local.qasm3.parser import Parser
from qiskit_rest_primitives.local.qasm3.reader import ReadError, read_circuit
from tests.local.qasm3.test_control_flow import text_of, without_loop_names
from tests.local.qasm3.test_reader import HEADER, SAME_AS_IMPORTER

GATES = [
    (name, type(gate), gate.num_qubits, len(gate.params))
    for name, gate in sorted(get_standard_gate_name_mapping().items())
    if name not in ("delay", "measure", "reset", "global_phase")
]
seeds = st.integers(0, 2**32 - 1)


def unitary(rng: np.random.Generator) -> QuantumCircuit:
    """Any gates, angles and expressions, some of them in gates of their own."""
    sizes = [int(n) for n in rng.integers(1, 3, size=2)]
    # The exporter declares qubits without a register first.
    circuit = QuantumCircuit([Qubit()], *(QuantumRegister(n, f"q{k}") for k, n in enumerate(sizes)))
    parameters = [Parameter(name) for name in ("b", "a", "θ")]
    for _ in range(int(rng.integers(1, 15))):
        _, gate_class, width, num_angles = GATES[rng.integers(len(GATES))]
        if width > circuit.num_qubits:
            continue
        angles = []
        for _ in range(num_angles):
            angle = float(rng.normal() * 10.0 ** rng.integers(-9, 3))
            if rng.random() < 0.3:
                p, q = rng.choice(parameters, 2)
                angle = [p, angle * p, p + q * angle, (p - q) / 3, -p * q][rng.integers(5)]
            angles.append(angle)
        gate = gate_class(*angles)
        where = [int(q) for q in rng.permutation(circuit.num_qubits)[:width]]
        if (
            rng.random() < 0.2
            and not any(isinstance(a, Parameter) for a in angles)
            and (all(isinstance(a, float) for a in angles))
        ):
            own = QuantumCircuit(width, name=str(rng.choice(["own", "rzz", "h", "pauli"])))
            own.append(gate, range(width))
            own.sx(0)
            gate = own.to_gate()
        circuit.append(gate, where)
    return circuit


def values_of(circuit: QuantumCircuit) -> dict[str, float]:
    """A value for each parameter, by name."""
    return {p.name: 0.3 + 0.4 * k for k, p in enumerate(circuit.parameters)}


@settings(max_examples=40, deadline=None)
@given(seeds)
def test_random_unitaries_keep_their_operator(seed):
    """It is the same up to the global phase, which the exporter drops."""
    circuit = unitary(np.random.default_rng(seed))
    text = qasm3.dumps(circuit, disable_constants=True)
    read = read_circuit(text)
    values = values_of(circuit)
    named = {p.name: p for p in circuit.parameters}
    expected = circuit.assign_parameters({named[name]: value for name, value in values.items()})
    assert [p.name for p in read.parameters] == [p.name for p in circuit.parameters]
    got = read.circuit.assign_parameters([values[p.name] for p in read.circuit.parameters])
    assert Operator(got).equiv(Operator(expected), rtol=1e-7, atol=1e-7)


@settings(max_examples=20, deadline=None)
@given(seeds, st.booleans())
def test_random_circuits_are_exported_to_the_same_text(seed, physical):
    """Measurements, resets and control flow: exporting the read circuit gives the same text."""
    circuit = random_circuit(4, 4, max_operands=2, measure=True, reset=True, seed=seed)
    if physical:
        from qiskit import transpile

        circuit = transpile(
            circuit, basis_gates=["rz", "sx", "cz"], coupling_map=[[0, 1], [1, 2], [2, 3], [3, 4]],
            optimization_level=0, seed_transpiler=1,
        )  # fmt: skip
    text = qasm3.dumps(circuit, disable_constants=True)
    got = read_circuit(text, num_qubits=circuit.num_qubits if physical else None).circuit
    assert got.num_qubits == circuit.num_qubits
    assert got.count_ops() == circuit.count_ops()
    again = qasm3.dumps(got, disable_constants=True)
    if physical:
        for index in range(circuit.num_qubits):
            again = again.replace(f"q[{index}]", f"${index}")
        again = again.replace(f"qubit[{circuit.num_qubits}] q;\n", "")
    assert again == text


def blocks(circuit: QuantumCircuit, rng: np.random.Generator, depth: int, loop: bool) -> None:
    """Adds random control flow to the circuit."""
    q, c = circuit.qubits, circuit.cregs
    for _ in range(int(rng.integers(1, 4))):
        register = c[rng.integers(len(c))]
        bit = register[int(rng.integers(register.size))]
        condition = [(bit, bool(rng.integers(2))), (register, int(rng.integers(4)))][
            rng.integers(2)
        ]
        kind = rng.integers(8) if depth else 7
        if kind == 0:
            with circuit.if_test(condition) as otherwise:
                blocks(circuit, rng, depth - 1, loop)
            if rng.integers(2):
                with otherwise:
                    blocks(circuit, rng, depth - 1, loop)
        elif kind == 1:
            with circuit.while_loop(condition):
                blocks(circuit, rng, depth - 1, True)
        elif kind == 2:
            indices = [range(3), range(1, 9, 3), (4, -1, 7)][rng.integers(3)]
            with circuit.for_loop(indices) as i:
                circuit.rx(0.1 * i, q[0])
                blocks(circuit, rng, depth - 1, True)
        elif kind == 3:
            with circuit.switch(register) as case:
                with case(0, 2):
                    blocks(circuit, rng, depth - 1, loop)
                with case(case.DEFAULT):
                    circuit.x(q[0])
        elif kind == 4:
            circuit.cx(q[0], q[1])
            circuit.barrier()
        elif kind == 5 and loop:
            with circuit.if_test(condition):
                circuit.break_loop() if rng.integers(2) else circuit.continue_loop()
        else:
            where = int(rng.integers(len(q)))
            circuit.rz(float(rng.normal()), q[where])
            circuit.measure(q[where], bit)


@settings(max_examples=30, deadline=None)
@given(seeds)
def test_random_control_flow_is_exported_to_the_same_text(seed):
    """Nested blocks of every kind."""
    registers = ClassicalRegister(2, "c"), ClassicalRegister(3, "d")
    circuit = QuantumCircuit(QuantumRegister(3, "q"), *registers)
    blocks(circuit, np.random.default_rng(seed), 3, False)
    text = text_of(circuit)
    assert without_loop_names(text_of(read_circuit(text).circuit)) == without_loop_names(text)


def error_of(text: str) -> ReadError | None:
    """The text's ReadError, if any; another exception fails the test."""
    try:
        Parser(text).read()
    except ReadError as error:
        return error
    return None


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_damaged_texts_raise_read_errors_only(data):
    """A damaged text gives a circuit or a ReadError."""
    text = HEADER + data.draw(st.sampled_from(sorted(SAME_AS_IMPORTER.values())))
    for _ in range(data.draw(st.integers(1, 3))):
        start = data.draw(st.integers(0, len(text)))
        stop = start + data.draw(st.integers(0, 12))
        piece = data.draw(
            st.sampled_from(["", text[:9], ";", "(", "}", "[", "$7", "1e999", "if ", "/*"])
        )
        text = text[:start] + piece + text[stop:]
    error = error_of(text)
    assert error is None or (error.line >= 1 and error.column >= 1)


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=80))
def test_arbitrary_texts_raise_read_errors_only(text):
    """Any text gives a circuit or a ReadError."""
    assert str(error_of(text) or "line ").startswith("line ")

"""Gates that share a name with one of Qiskit's are encoded by their definition."""

from __future__ import annotations

import pytest
from qiskit import QuantumCircuit
from qiskit.circuit import AnnotatedOperation, Gate, InverseModifier, PowerModifier
from qiskit.circuit.library import (
    CXGate,
    IGate,
    PauliEvolutionGate,
    RZZGate,
    SGate,
    SXGate,
    UGate,
    XGate,
)
from qiskit.quantum_info import SparsePauliOp

from qiskit_rest_primitives.circuits import encode_circuit
from tests.circuits.compare import (
    assert_same_operator,
    assert_same_outcome,
    loaded,
    restored_counts,
)

# Qiskit's own matrix of an evolution.
pytestmark = pytest.mark.filterwarnings("ignore::scipy.sparse.SparseEfficiencyWarning")

EVOLUTION = PauliEvolutionGate(SparsePauliOp("XZ"), 0.3)
# Of gates, of statements, and of objects that Qiskit has a synthesis for.
NAMES = ["s", "u", "t", "x", "r", "cx", "h", "measure", "clifford", "permutation", "qft", "mcx"]


def custom(name: str, *, evolves: bool = False) -> QuantumCircuit:
    """A circuit of the given name; with ``evolves`` it needs synthesis."""
    circuit = QuantumCircuit(2, name=name)
    circuit.rx(0.7, 0)
    circuit.crz(0.3, 0, 1)
    if evolves:
        circuit.append(EVOLUTION, [1, 0])
    return circuit


def spread(width: int = 4) -> QuantumCircuit:
    """A circuit whose qubits are all in superposition."""
    circuit = QuantumCircuit(width)
    for qubit in range(width):
        circuit.ry(0.3 + 0.4 * qubit, qubit)
    return circuit


@pytest.mark.parametrize("synthesis", [False, True])
@pytest.mark.parametrize("name", NAMES)
def test_custom_gates_named_like_standard_gates(name: str, synthesis: bool) -> None:
    """Under any name: alone, beside and around gates that need synthesis, and in definitions."""
    circuit = spread()
    if synthesis:
        circuit.append(EVOLUTION, [0, 1])
    circuit.append(custom(name, evolves=synthesis).to_gate(), [1, 3])
    circuit.append(custom(name).to_instruction(), [2, 0])
    outer = QuantumCircuit(3, name="outer")
    outer.append(custom(name, evolves=synthesis).to_gate(), [2, 0])
    circuit.append(outer.to_gate(), [3, 2, 1])
    assert_same_operator(circuit)


@pytest.mark.parametrize("name", [name for name in NAMES if name not in ("u", "cx", "measure")])
@pytest.mark.parametrize("annotated", [False, True])
def test_controls_of_custom_gates_named_like_standard_gates(name: str, annotated: bool) -> None:
    """`control` names its result after the gate: a controlled `x` is called `cx`, then `ccx`."""
    definition = QuantumCircuit(1, name=name)
    definition.rx(0.7, 0)
    gate = definition.to_gate()
    circuit = spread()
    circuit.append(gate.control(1, annotated=annotated), [1, 3])
    circuit.append(gate.control(2, ctrl_state=1, annotated=annotated), [2, 0, 3])
    assert_same_operator(circuit)


@pytest.mark.parametrize(
    "gate",
    [
        SXGate().control(3, annotated=False),
        SXGate().control(3, ctrl_state=5, annotated=False),
        SGate().control(3, annotated=False),
        CXGate().control(2, annotated=False),
        UGate(0.1, 0.2, 0.3).control(3, annotated=False),
        RZZGate(0.3).control(2, annotated=False),
        XGate().control(3, ctrl_state=0, annotated=False),
        SXGate().control(3, annotated=True),
        IGate().control(3, annotated=True),
        IGate().control(3, annotated=False),
        AnnotatedOperation(
            IGate().control(3, annotated=False), [PowerModifier(2), InverseModifier()]
        ),
    ],
    ids=lambda gate: gate.name,
)
def test_controls_of_standard_gates(gate: Gate) -> None:
    """Some have the name of a class of Qiskit but are not instances of it."""
    circuit = spread()
    circuit.append(gate, range(4))
    assert_same_operator(circuit)
    circuit.append(EVOLUTION, [2, 3])
    assert_same_operator(circuit)


def test_the_identity_in_an_annotated_definition() -> None:
    """The identity has no definition, so a control of it is encoded specially."""
    definition = QuantumCircuit(1, name="mine")
    definition.id(0)
    definition.ry(0.4, 0)
    circuit = spread(2)
    circuit.append(definition.to_gate().control(1, annotated=True), [0, 1])
    assert_same_operator(circuit)


def test_a_users_class_named_like_a_standard_gate() -> None:
    """Its definition counts, not its name."""

    class Mine(Gate):
        def __init__(self):
            super().__init__("x", 1, [])

        def _define(self):
            self.definition = QuantumCircuit(1)
            self.definition.ry(0.3, 0)

    circuit = spread(2)
    circuit.append(Mine(), [1])
    assert_same_operator(circuit)


def test_custom_gates_inside_control_flow() -> None:
    """A gate called `h` that is an X, in nested bodies, also next to gates that need synthesis."""
    false_h = QuantumCircuit(1, name="h")
    false_h.x(0)
    for synthesis in (False, True):
        circuit = QuantumCircuit(2, 2)
        with circuit.if_test((0, 0)), circuit.for_loop(range(3)):
            circuit.append(false_h.to_gate(), [0])
            if synthesis:
                circuit.append(PauliEvolutionGate(SparsePauliOp("Z")), [1])
        with circuit.while_loop((0, 1)):
            circuit.append(false_h.to_instruction(), [0])
            circuit.measure(0, 0)
        circuit.append(false_h.to_gate(), [1])
        circuit.measure([0, 1], [0, 1])
        if not synthesis:
            assert "h q" not in assert_same_outcome(circuit).qasm
            continue
        # Aer does not know the evolution, which changes nothing here.

        encoded = encode_circuit(circuit)
        assert restored_counts(encoded, loaded(encoded))["c"] == [3]

"""Dynamic circuits that several tests run, and PUBs that carry them as QPY."""

from __future__ import annotations

from qiskit import ClassicalRegister, QuantumCircuit, QuantumRegister
from qiskit.circuit.classical import expr, types

from tests.local.engine.read.test_load_circuit import envelope, qpy_of

SEED = {"simulator": {"seed_simulator": 42}}


def qpy_pub(circuit: QuantumCircuit, *rest) -> list:
    """A PUB that carries the circuit as QPY."""
    return [envelope(qpy_of(circuit)), *rest]


def teleported() -> QuantumCircuit:
    """Prepares ry(0.9) on qubit 0 and teleports it to qubit 2."""
    circuit = QuantumCircuit(3, 2)
    circuit.ry(0.9, 0)
    circuit.h(1)
    circuit.cx(1, 2)
    circuit.cx(0, 1)
    circuit.h(0)
    circuit.measure([0, 1], [0, 1])
    with circuit.if_test((circuit.clbits[1], 1)):
        circuit.x(2)
    with circuit.if_test((circuit.clbits[0], 1)):
        circuit.z(2)
    return circuit


def written(value: int, width: int = 3) -> tuple[QuantumCircuit, ClassicalRegister]:
    """A register that holds a number, a second one for results, and qubits in state 0."""
    c, out = ClassicalRegister(width, "c"), ClassicalRegister(1, "out")
    circuit = QuantumCircuit(QuantumRegister(width, "q"), c, out)
    for bit in range(width):
        if value >> bit & 1:
            circuit.x(bit)
    circuit.measure(range(width), c)
    circuit.reset(range(width))
    return circuit, c


def counter() -> QuantumCircuit:
    """Counts up in a variable until a fair coin has shown heads or the count is 3."""
    n, done = ClassicalRegister(2, "n"), ClassicalRegister(1, "done")
    circuit = QuantumCircuit(QuantumRegister(3, "q"), n, done)
    count = circuit.add_var("count", expr.lift(0, types.Uint(2)))
    going = circuit.add_var("going", expr.lift(True))
    with circuit.while_loop(expr.logic_and(going, expr.less(count, 3))):
        circuit.h(2)
        circuit.measure(2, done[0])
        circuit.store(going, expr.logic_not(done[0]))
        circuit.store(count, expr.add(count, 1))
    for bit in (0, 1):
        with circuit.if_test(expr.index(count, bit)):
            circuit.x(bit)
    circuit.measure([0, 1], n)
    return circuit


def until_success() -> QuantumCircuit:
    """Rotates and measures until the outcome is 1."""
    circuit = QuantumCircuit(1, 1)
    with circuit.while_loop((circuit.clbits[0], 0)):
        circuit.reset(0)
        circuit.ry(1.0, 0)
        circuit.measure(0, 0)
    return circuit

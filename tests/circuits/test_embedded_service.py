"""Circuits sent to the embedded service give the results of their definitions."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from qiskit import QuantumCircuit, QuantumRegister
from qiskit.circuit import ClassicalRegister, Clbit
from qiskit.circuit.classical import expr, types
from qiskit.circuit.library import SXGate
from qiskit.primitives import StatevectorEstimator

from qiskit_rest_primitives import EstimatorV2, RestBackend, SamplerV2
from qiskit_rest_primitives.errors import EncodeError
from tests.circuits.interpreter import Program

pytest.importorskip("qiskit_aer")


def boxes() -> QuantumCircuit:
    """Boxes: timed, empty, inside each other and inside control flow."""
    circuit = QuantumCircuit(2, 2)
    with circuit.box(duration=100, unit="ns"):
        circuit.x(0)
    with circuit.box():
        pass
    circuit.measure(0, 0)
    with circuit.if_test((0, 1)), circuit.box(), circuit.box():
        circuit.x(1)
    circuit.measure([0, 1], [0, 1])
    return circuit


def overlapping_loop() -> QuantumCircuit:
    """A loop on registers that share a bit."""
    bits = [Clbit() for _ in range(3)]
    circuit = QuantumCircuit(QuantumRegister(3, "q"), bits)
    circuit.add_register(ClassicalRegister(bits=bits[:2], name="a"))
    circuit.add_register(ClassicalRegister(bits=bits[:0:-1], name="b"))
    circuit.x(0)
    circuit.measure(0, 0)
    with circuit.while_loop((circuit.cregs[0], 1)):
        circuit.x(1)
        circuit.measure(1, 1)
    with circuit.while_loop(expr.equal(circuit.cregs[1], 2)):
        circuit.x(2)
        circuit.measure(2, 2)
    return circuit


def conditions() -> QuantumCircuit:
    """Operations on bits and registers."""
    circuit = QuantumCircuit(3, 3)
    c = circuit.cregs[0]
    circuit.x(0)
    circuit.measure(0, 0)
    with circuit.if_test(expr.logic_and(c[0], expr.logic_not(c[1]))):
        circuit.x(1)
    circuit.measure(1, 1)
    with circuit.if_test(expr.less(expr.bit_xor(c, 1), 3)):
        circuit.x(2)
    with circuit.if_test(expr.not_equal(c, 3)) as otherwise:
        circuit.x(0)
    with otherwise:
        circuit.x(1)
    circuit.measure(range(3), range(3))
    return circuit


@pytest.mark.parametrize("make", [boxes, overlapping_loop, conditions])
def test_programs_give_the_same_bits_in_every_shot(
    make: Callable[[], QuantumCircuit], backend: RestBackend
) -> None:
    """The same bits in every shot."""
    circuit = make()
    data = SamplerV2(backend).run([circuit], shots=5).result()[0].data
    found = {name: bits.get_int_counts() for name, bits in data.items()}
    expected = Program(circuit).registers(circuit)
    assert found == {name: {value: 5} for name, value in expected.items()}


def test_custom_gates_named_like_standard_gates_run(backend: RestBackend) -> None:
    """By their definition, in control flow too; so do controls of an SX."""
    circuit = QuantumCircuit(2, 2)
    false_h, false_x = QuantumCircuit(1, name="h"), QuantumCircuit(1, name="x")
    false_h.x(0)
    circuit.append(false_h.to_gate(), [0])
    circuit.append(false_x.to_instruction(), [0])
    with circuit.if_test((0, 0)):
        circuit.append(false_h.to_gate(), [1])
    circuit.measure([0, 1], [0, 1])
    assert SamplerV2(backend).run([circuit], shots=5).result()[0].data.c.get_counts() == {"11": 5}
    exact = QuantumCircuit(4)
    exact.h(range(4))
    exact.append(SXGate().control(3, annotated=False), range(4))
    exact.rx(0.4, 3)
    pub = (exact, ["ZZZZ", "IXYI", "YXXX"], None, 0)
    expected = StatevectorEstimator().run([pub]).result()[0].data.evs
    found = EstimatorV2(backend).run([pub]).result()[0].data.evs
    assert found == pytest.approx(expected, abs=1e-9)


def test_real_time_inputs_are_refused_before_sending(backend: RestBackend) -> None:
    """A PUB can't set them; the message has their name and the cure."""
    circuit = QuantumCircuit(1, 1)
    circuit.add_input("gain", types.Uint(4))
    with pytest.raises(EncodeError, match=r"input 'gain'.*use a Parameter, or add_var"):
        SamplerV2(backend).run([circuit])

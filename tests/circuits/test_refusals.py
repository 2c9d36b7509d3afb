"""A circuit part that can't be sent is refused before sending, with its position and a cure."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from qiskit import QuantumCircuit
from qiskit.circuit import (
    Annotation,
    ClassicalRegister,
    Duration,
    Gate,
    Instruction,
    Operation,
    Parameter,
)
from qiskit.circuit.classical import expr, types
from qiskit.circuit.library import HGate, PauliEvolutionGate
from qiskit.quantum_info import Clifford, SparsePauliOp
from qiskit.transpiler import PassManager

from qiskit_rest_primitives.circuits import encode_circuit
from qiskit_rest_primitives.errors import EncodeError

CASES: list[Any] = []


def refused(message: str) -> Callable[[Any], Any]:
    """Adds a case: a function that makes a circuit invalid, and the expected message."""

    def register(spoil: Callable[[QuantumCircuit], Any]) -> Callable[[QuantumCircuit], Any]:
        CASES.append(pytest.param(spoil, message, id=spoil.__name__[1:]))
        return spoil

    return register


@refused(r"instruction 0 \('foo'\) is opaque.*definition")
def _opaque_gate(circuit: QuantumCircuit) -> None:
    circuit.append(Gate("foo", 2, []), [0, 1])


@refused(r"instruction 0 \('foo'\) in the definition of instruction 0 \('outer'\) is opaque")
def _opaque_gate_in_a_definition(circuit: QuantumCircuit) -> None:
    definition = QuantumCircuit(2, name="outer")
    definition.append(Gate("foo", 2, []), [0, 1])
    circuit.append(definition.to_gate(), [0, 1])


@refused(r"instruction 1 \('bar'\) in the body of instruction 0 \('if_else'\) is opaque")
def _opaque_instruction_in_a_body(circuit: QuantumCircuit) -> None:
    with circuit.if_test((0, 1)):
        circuit.append(PauliEvolutionGate(SparsePauliOp("X")), [0])
        circuit.append(Instruction("bar", 2, 0, []), [0, 1])


@refused("foo.*transpile or decompose")
def _opaque_gate_with_annotated_control(circuit: QuantumCircuit) -> None:
    circuit.append(Gate("foo", 1, []).control(1, annotated=True), [0, 1])


@refused(r"instruction 0 \('h'\) is opaque.*definition")
def _opaque_h(circuit: QuantumCircuit) -> None:
    circuit.append(Gate("h", 1, []), [0])


@refused(r"instruction 1 \('foo'\) is opaque")
def _opaque_gate_beside_a_clifford(circuit: QuantumCircuit) -> None:
    circuit.append(Clifford(HGate()), [0])
    circuit.append(Gate("foo", 2, []), [0, 1])


@refused(r"can't reduce instruction 1 \('mine'\) to standard gates: .*unable to synthesize")
def _clifford_beside_a_gate_without_synthesis(circuit: QuantumCircuit) -> None:
    class Mine(Operation):
        name, num_qubits, num_clbits = "mine", 1, 0

    circuit.append(Clifford(HGate()), [0])
    circuit.append(Mine(), [0])


@refused(r"'delay' on q\[0\].*not a constant \(a\).*assign")
def _delay_with_a_parameter(circuit: QuantumCircuit) -> None:
    circuit.delay(Parameter("a"), 0)


@refused(r"not a constant \(2\*a\)")
def _delay_with_an_expression(circuit: QuantumCircuit) -> None:
    circuit.delay(2 * Parameter("a"), 0)


@refused("stretch 's'")
def _stretch(circuit: QuantumCircuit) -> None:
    circuit.delay(circuit.add_stretch("s"), 0)


@refused("declares the real-time input 'x'.* a PUB has no values.*use a Parameter")
def _input_variable(circuit: QuantumCircuit) -> None:
    circuit.add_input("x", types.Bool())


@refused("declares the real-time variable 'x' of type Float.*only bool and uint can be sent")
def _variable_of_type_float(circuit: QuantumCircuit) -> None:
    circuit.add_var("x", expr.lift(0.5))


@refused("variable 'x' of type Duration")
def _variable_of_type_duration(circuit: QuantumCircuit) -> None:
    circuit.add_var("x", expr.lift(Duration.ns(10)))


@refused("variable 'x' of type Float.* in the body of instruction 0")
def _variable_of_type_float_in_a_body(circuit: QuantumCircuit) -> None:
    with circuit.if_test((0, 1)):
        circuit.add_var("x", expr.lift(0.5))


@refused(r"'if_else' .* has an expression of type Float\(\)")
def _condition_on_floats(circuit: QuantumCircuit) -> None:
    with circuit.if_test(expr.less(0.5, 0.7)):
        circuit.x(0)


@refused("'while_loop' .* uses bit 5 of a value of 2 bits")
def _index_beyond_the_register(circuit: QuantumCircuit) -> None:
    with circuit.while_loop(expr.index(circuit.cregs[0], 5)):
        circuit.x(0)


@refused("'store'.* assigns to a computed bit of register 'shared', which shares bits")
def _computed_bit_of_an_overlapping_register(circuit: QuantumCircuit) -> None:
    circuit.add_register(ClassicalRegister(bits=circuit.clbits[::-1], name="shared"))
    circuit.store(expr.index(circuit.cregs[1], circuit.cregs[0]), True)


@refused(r"instruction 0 \('rz' on q\[1\]\) has the angle nan")
def _nan(circuit: QuantumCircuit) -> None:
    circuit.rz(float("nan"), 1)


@refused(r"instruction 1 \('u' on q\[0\]\) has the angle inf")
def _infinity(circuit: QuantumCircuit) -> None:
    circuit.x(0)
    circuit.u(0.1, float("inf"), 0.2, 0)


@refused("box.* has the annotations 'mine.own'")
def _box_with_annotations(circuit: QuantumCircuit) -> None:
    class Mine(Annotation):
        namespace = "mine.own"

    with circuit.box([Mine()]):
        circuit.x(0)


@refused("box.* has the duration -1; it must be finite and not negative")
def _box_with_negative_duration(circuit: QuantumCircuit) -> None:
    with circuit.box(duration=-1):
        circuit.x(0)


@refused(r"computes sin\(i\) from a loop variable.*break")
def _function_of_the_variable_of_a_loop_with_break(circuit: QuantumCircuit) -> None:
    with circuit.for_loop((0, 1), Parameter("i")) as index:
        circuit.rx(index.sin(), 0)
        circuit.break_loop()


@pytest.mark.parametrize(("spoil", "message"), CASES)
def test_unsupported_constructs_are_refused(
    spoil: Callable[[QuantumCircuit], Any], message: str
) -> None:
    """Each construct raises an EncodeError with its name and position."""
    circuit = QuantumCircuit(2, 2)
    spoil(circuit)
    with pytest.raises(EncodeError, match=message):
        encode_circuit(circuit)


def test_a_circuit_that_captures_a_variable() -> None:
    """A circuit with captured variables is a body, not a whole circuit."""
    variable = expr.Var.new("x", types.Bool())
    with pytest.raises(EncodeError, match=r"captures the real-time variable 'x'.*whole circuit"):
        encode_circuit(QuantumCircuit(1, captures=[variable]))


def test_other_objects_than_circuits_are_refused() -> None:
    """The message has their type."""
    with pytest.raises(EncodeError, match="expected a QuantumCircuit, not str"):
        encode_circuit("OPENQASM 3.0;")


class PanicException(BaseException):
    """Stands in for pyo3's class of this name, which can't be imported."""


@pytest.mark.parametrize("error", [PanicException("rust"), TypeError("bare")])
def test_failures_inside_qiskit_are_encode_errors(
    error: BaseException, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A panic of Qiskit's Rust code and a TypeError become an EncodeError."""

    def fail(*_: object) -> None:
        raise error

    circuit = QuantumCircuit(1, name="mine")
    circuit.append(PauliEvolutionGate(SparsePauliOp("X")), [0])
    monkeypatch.setattr(PassManager, "run", fail)
    with pytest.raises(EncodeError, match="can't reduce instruction 0"):
        encode_circuit(circuit)
    monkeypatch.setattr("qiskit_rest_primitives.circuits.encode.flatten", fail)
    with pytest.raises(EncodeError, match=f"'mine' can't be written.*{type(error).__name__}"):
        encode_circuit(circuit)


def test_interrupts_go_through(monkeypatch: pytest.MonkeyPatch) -> None:
    """KeyboardInterrupt is not converted."""

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    circuit = QuantumCircuit(1)
    circuit.append(PauliEvolutionGate(SparsePauliOp("X")), [0])
    monkeypatch.setattr(PassManager, "run", interrupt)
    with pytest.raises(KeyboardInterrupt):
        encode_circuit(circuit)


def test_synthesis_that_widens_the_circuit_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """Added qubits would change the meaning of the observables, so they are an error."""
    circuit = QuantumCircuit(1)
    circuit.append(PauliEvolutionGate(SparsePauliOp("X")), [0])
    monkeypatch.setattr(PassManager, "run", lambda *_: QuantumCircuit(2))
    with pytest.raises(EncodeError, match="changed its width from 1 to 2"):
        encode_circuit(circuit)

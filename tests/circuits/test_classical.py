"""Classical expressions and real-time variables keep their meaning in the text."""

from __future__ import annotations

from typing import Any

import openqasm3
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from qiskit import ClassicalRegister, QuantumCircuit, QuantumRegister, qasm3
from qiskit.circuit import Clbit, Parameter
from qiskit.circuit.classical import expr, types

from qiskit_rest_primitives.circuits import EncodedCircuit, encode_circuit
from qiskit_rest_primitives.local.qasm3.reader import read_circuit
from tests.circuits.compare import without_comments
from tests.circuits.interpreter import EndlessError, Program
from tests.circuits.random_programs import RandomProgram


def example() -> tuple[QuantumCircuit, ClassicalRegister, ClassicalRegister, Any, Any]:
    """Two registers, and two variables under the names they have on the wire."""
    c, d = ClassicalRegister(3, "c"), ClassicalRegister(3, "d")
    circuit = QuantumCircuit(c, d, QuantumRegister(2, "q"))
    flag = circuit.add_var("v0", expr.lift(True))
    number = circuit.add_var("v1", expr.lift(3, types.Uint(8)))
    return circuit, c, d, flag, number


EXPRESSIONS = [
    lambda c, d, b, u: expr.logic_and(c[0], expr.logic_not(c[1])),
    lambda c, d, b, u: expr.logic_and(expr.logic_or(b, c[0]), expr.logic_not(expr.logic_or(b, b))),
    lambda c, d, b, u: expr.logic_or(u, c),
    lambda c, d, b, u: expr.logic_not(expr.equal(c, 1)),
    lambda c, d, b, u: expr.not_equal(c, 4),
    lambda c, d, b, u: expr.less(c, 4),
    lambda c, d, b, u: expr.less_equal(2, c),
    lambda c, d, b, u: expr.greater(u, 200),
    lambda c, d, b, u: expr.greater_equal(c, d),
    lambda c, d, b, u: expr.equal(c, d),
    lambda c, d, b, u: expr.equal(expr.bit_xor(c, 1), 2),
    lambda c, d, b, u: expr.equal(expr.bit_or(c, d), expr.bit_and(c, expr.bit_not(d))),
    lambda c, d, b, u: expr.bit_xor(c[0], expr.bit_and(b, d[1])),
    lambda c, d, b, u: expr.equal(expr.shift_left(c, 1), 4),
    lambda c, d, b, u: expr.equal(expr.shift_right(u, c), 1),
    lambda c, d, b, u: expr.index(u, 3),
    lambda c, d, b, u: expr.index(u, expr.bit_and(u, 1)),
    lambda c, d, b, u: expr.index(c, expr.bit_and(u, 1)),
    lambda c, d, b, u: expr.index(expr.bit_xor(c, d), 1),
    lambda c, d, b, u: expr.cast(u, types.Bool()),
    lambda c, d, b, u: expr.equal(expr.cast(c, types.Uint(8)), u),
    lambda c, d, b, u: expr.equal(expr.cast(u, types.Uint(3)), c),
    lambda c, d, b, u: expr.less(expr.cast(b, types.Uint(8)), u),
    lambda c, d, b, u: expr.less(c, u),
    lambda c, d, b, u: expr.equal(expr.add(u, 1), expr.mul(u, expr.sub(u, expr.sub(u, 2)))),
    lambda c, d, b, u: expr.equal(expr.div(u, 2), 1),
    lambda c, d, b, u: b,
    lambda c, d, b, u: expr.logic_not(expr.equal(b, c[0])),
]


@pytest.mark.parametrize("loop", [False, True])
@pytest.mark.parametrize("number", range(len(EXPRESSIONS)))
def test_expressions_are_written_like_the_exporter(number: int, loop: bool) -> None:
    """The text is the exporter's, valid OpenQASM 3, and is read as the same expression."""
    circuit, *values = example()
    condition = EXPRESSIONS[number](*values)
    if loop:
        with circuit.while_loop(condition):
            circuit.x(0)
    else:
        with circuit.if_test(condition) as otherwise:
            circuit.x(0)
        with otherwise:
            circuit.x(1)
    text = encode_circuit(circuit).qasm
    # The exporter declares the variables after the qubits.
    assert without_comments(text) == qasm3.dumps(circuit, disable_constants=True)
    openqasm3.parse(text)
    read = read_circuit(text).circuit
    assert qasm3.dumps(read, disable_constants=True) == without_comments(text)
    names = {variable.name: variable for variable in read.iter_vars()}
    renamed = EXPRESSIONS[number](*read.cregs, names["v0"], names["v1"])
    found = read.data[-1].operation.condition
    if isinstance(found, expr.Expr):
        assert found == expr.lift(renamed)


STATED_WIDTHS = [
    lambda c: expr.equal(expr.shift_left(expr.Value(5, types.Uint(8)), c), 20),
    lambda c: expr.equal(expr.shift_left(expr.Value(1, types.Uint(1)), c), 1),
    lambda c: expr.index(expr.Value(5, types.Uint(8)), c),
    lambda c: expr.less(expr.bit_not(expr.Value(5, types.Uint(3))), c),
    lambda c: expr.equal(expr.add(expr.Value(200, types.Uint(8)), expr.Value(100, types.Uint(8))),
                         expr.cast(c, types.Uint(8))),
    lambda c: expr.equal(expr.cast(expr.Value(300, types.Uint(16)), types.Uint(8)),
                         expr.add(expr.cast(c, types.Uint(8)), 40)),
    lambda c: expr.logic_and(expr.bit_not(expr.lift(False)), c),
    lambda c: expr.equal(expr.add(c, c), 2),
]  # fmt: skip


@pytest.mark.parametrize("value", [0, 1, 2, 4, 5])
@pytest.mark.parametrize("number", range(len(STATED_WIDTHS)))
def test_constants_keep_their_width(number: int, value: int) -> None:
    """Widths that the meaning depends on are written, although the exporter leaves them out."""
    circuit = QuantumCircuit(QuantumRegister(3, "q"), ClassicalRegister(3, "c"))
    for index in range(3):
        if value >> index & 1:
            circuit.x(index)
    circuit.measure(range(3), range(3))
    with circuit.if_test(STATED_WIDTHS[number](circuit.cregs[0])) as otherwise:
        circuit.x(0)
    with otherwise:
        circuit.x(1)
    circuit.measure(range(3), range(3))
    assert_same_program(circuit)


def test_registers_are_cast_to_numbers_for_arithmetic() -> None:
    """OpenQASM 3 has no sum of two registers of bits."""
    circuit, c, d, *_ = example()
    with circuit.if_test(expr.less(expr.add(c, expr.bit_not(d)), 2)):
        circuit.x(0)
    assert "uint[3](c) + uint[3](~d) < 2" in encode_circuit(circuit).qasm


@pytest.mark.parametrize("value", range(8))
def test_while_on_overlapping_registers(value: int) -> None:
    """A loop on a register that shares bits, by a legacy condition and by expressions."""
    bits = [Clbit() for _ in range(3)]
    circuit = QuantumCircuit(QuantumRegister(3, "q"), bits)
    circuit.add_register(ClassicalRegister(bits=bits[:2], name="a"))
    circuit.add_register(ClassicalRegister(bits=bits[:0:-1], name="b"))
    for index in range(3):
        if value >> index & 1:
            circuit.x(index)
    circuit.measure(range(3), range(3))
    for register in circuit.cregs:
        with circuit.while_loop((register, 1)):
            circuit.x([0, 1])
            circuit.measure(range(3), range(3))
        with circuit.while_loop(expr.equal(register, 2)):
            circuit.x([0, 2])
            circuit.measure(range(3), range(3))
        with circuit.while_loop(expr.greater(expr.bit_xor(register, 1), 2)):
            circuit.cx(0, 1)
            circuit.x([2, 1])
            circuit.measure(range(3), range(3))
            circuit.break_loop()
    assert_same_program(circuit)


def test_assigning_an_overlapping_register_is_atomic() -> None:
    """The value may depend on the bits that the assignment changes."""
    bits = [Clbit() for _ in range(3)]
    circuit = QuantumCircuit(QuantumRegister(3, "q"), bits)
    circuit.add_register(ClassicalRegister(bits=bits[:2], name="a"))
    circuit.add_register(ClassicalRegister(bits=[bits[2], bits[0]], name="b"))
    circuit.x(0)
    circuit.measure(range(3), range(3))
    circuit.store(circuit.cregs[1], expr.shift_right(circuit.cregs[1], 1))
    circuit.store(expr.index(circuit.cregs[1], 1), expr.index(circuit.cregs[1], 0))
    assert_same_program(circuit)


def test_variables_in_bodies_that_are_written_more_than_once() -> None:
    """Bodies of loops that are unrolled, and of cases with several values, declare their own."""
    circuit = QuantumCircuit(QuantumRegister(2, "q"), ClassicalRegister(2, "c"))
    total = circuit.add_var("total", expr.lift(0, types.Uint(2)))
    with circuit.for_loop(range(3), Parameter("i")) as index:
        circuit.rz(2.0 * index, 0)
        before = circuit.add_var("before", total)
        circuit.store(total, expr.add(before, 1))
    with circuit.switch(total) as case, case(1, 3):
        inner = circuit.add_var("before", expr.bit_xor(total, 1))
        circuit.store(total, inner)
    circuit.store(circuit.cregs[0], total)
    encoded = encode_circuit(circuit)
    openqasm3.parse(encoded.qasm)
    assert encoded.qasm.count("uint[2] v") == 1 + 3 + 2
    wire = read_circuit(encoded.qasm).circuit
    for program in (circuit, wire):
        program.data = [item for item in program.data if item.name != "rz"]
    assert registers(encoded, wire) == {"c": 2}


def test_a_register_named_like_a_variable_of_the_wire() -> None:
    """The wire uses another name; the result has the user's name."""
    circuit = QuantumCircuit(QuantumRegister(1, "q"), ClassicalRegister(1, "v0"))
    flag = circuit.add_var("flag", expr.lift(True))
    circuit.store(circuit.clbits[0], flag)
    assert registers_of(circuit) == {"v0": 1}


def test_an_endless_loop_is_written() -> None:
    """A loop without a condition is written; the user's break ends it."""
    circuit = QuantumCircuit(QuantumRegister(1, "q"), ClassicalRegister(1, "c"))
    with circuit.while_loop(expr.lift(True)):
        circuit.x(0)
        circuit.measure(0, 0)
        circuit.break_loop()
    assert "while (true)" in encode_circuit(circuit).qasm
    assert_same_program(circuit)


def registers(encoded: EncodedCircuit, wire: QuantumCircuit) -> dict[str, int]:
    """Runs the imported circuit; returns the values of the user's registers."""
    values = Program(wire).registers(wire)
    found: dict[str, int] = {}
    for source in encoded.description.registers:
        places = [(source.wire, k) for k in range(source.size)] if source.wire else source.bits
        found[source.name] = sum(
            (values[name] >> place & 1) << index for index, (name, place) in enumerate(places)
        )
    return found


def registers_of(circuit: QuantumCircuit) -> dict[str, int]:
    """Encodes a circuit, imports it and runs the imported one."""
    encoded = encode_circuit(circuit)
    openqasm3.parse(encoded.qasm)
    return registers(encoded, read_circuit(encoded.qasm).circuit)


def assert_same_program(circuit: QuantumCircuit) -> None:
    """The imported circuit ends with the same values as the user's."""
    assert registers_of(circuit) == Program(circuit).registers(circuit)


@settings(max_examples=60, deadline=None)
@given(st.randoms(use_true_random=False))
def test_random_programs_keep_their_meaning(random: Any) -> None:
    """All operations and types, variables anywhere, on registers that share bits."""
    circuit = RandomProgram(lambda options: options[random.randrange(len(options))]).circuit
    try:
        expected = Program(circuit).registers(circuit)
    except EndlessError:
        return
    assert registers_of(circuit) == expected

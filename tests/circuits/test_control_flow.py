"""Control flow gives the outcome that Aer gives for the user's own circuit."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from qiskit import ClassicalRegister, QuantumCircuit, QuantumRegister, qasm3
from qiskit.circuit import Clbit, IfElseOp, Parameter, WhileLoopOp
from qiskit.circuit.classical import expr, types
from qiskit.circuit.library import PauliEvolutionGate
from qiskit.quantum_info import SparsePauliOp

from qiskit_rest_primitives.circuits import encode_circuit
from tests.circuits.compare import assert_same_outcome, counts, loaded, restored_counts

pytest.importorskip("qiskit_aer")


def prepared(value: int, width: int = 2, clbits: int = 2) -> QuantumCircuit:
    """A circuit whose first bits have been measured as ``value``."""
    circuit = QuantumCircuit(width, clbits)
    for index in range(clbits):
        if value >> index & 1:
            circuit.x(index)
        circuit.measure(index, index)
    return circuit


@pytest.mark.parametrize("value", range(4))
def test_if_else_on_bits_and_registers(value: int) -> None:
    """Legacy conditions, nested, with and without else."""
    circuit = prepared(value, 3)
    with circuit.if_test((circuit.clbits[0], 1)) as otherwise:
        circuit.x(1)
    with otherwise:
        circuit.x(2)
        with circuit.if_test((circuit.cregs[0], 2)):
            circuit.x(0)
    with circuit.if_test((circuit.clbits[1], 0)):
        circuit.x(2)
    circuit.measure([0, 1], [0, 1])
    assert_same_outcome(circuit)


CONDITIONS = [
    lambda c: expr.logic_not(c.clbits[0]),
    lambda c: expr.bit_not(c.clbits[0]),
    lambda c: expr.lift(c.clbits[0]),
    lambda c: expr.equal(c.cregs[0], 2),
    lambda c: expr.equal(1, c.cregs[0]),
    lambda c: expr.equal(c.cregs[0], expr.Value(3, types.Uint(4))),
    lambda c: expr.logic_not(expr.equal(c.clbits[0], True)),
    lambda c: expr.equal(expr.logic_not(c.clbits[1]), False),
    lambda c: expr.logic_not(expr.logic_not(c.clbits[0])),
    lambda c: expr.lift(True),
    lambda c: expr.lift(False),
    lambda c: (c.cregs[0], 3),
]


@pytest.mark.parametrize("value", range(4))
@pytest.mark.parametrize("condition", CONDITIONS, ids=range(len(CONDITIONS)))
def test_expressions_that_test_one_bit_or_register(condition, value: int) -> None:
    """Equality, lift and not of `expr` are encoded."""
    circuit = prepared(value, 3)
    with circuit.if_test(condition(circuit)) as otherwise:
        circuit.x(2)
    with otherwise:
        circuit.x(1)
    circuit.measure([2, 1], [0, 1])
    assert_same_outcome(circuit)


def test_values_beyond_the_register_never_match() -> None:
    """A comparison with a number that the register can't hold has only its else branch."""
    circuit = prepared(1)
    body, other = QuantumCircuit(2, 2), QuantumCircuit(2, 2)
    body.x(0)
    other.x(1)
    operation = IfElseOp((circuit.cregs[0], 1), body, other)
    circuit.append(operation, [0, 1], [0, 1])
    with circuit.if_test(expr.equal(circuit.cregs[0], expr.Value(7, types.Uint(3)))):
        circuit.x(0)
    with circuit.while_loop(expr.lift(False)):
        circuit.x(0)
    circuit.measure([0, 1], [0, 1])
    encoded = assert_same_outcome(circuit)
    assert "while" not in encoded.qasm
    assert "== 7" not in encoded.qasm


def test_while_with_break_and_continue() -> None:
    """While on a bit, on its negation and on a register; break inside if inside while."""
    circuit = prepared(1)
    with circuit.while_loop((circuit.clbits[0], 1)):
        circuit.x([0, 1])
        circuit.measure(0, 0)
    circuit.measure(1, 1)
    with circuit.while_loop((circuit.cregs[0], 2)):
        circuit.x(1)
        circuit.measure(1, 1)
        with circuit.if_test((circuit.cregs[0], 0)):
            circuit.x(0)
            circuit.break_loop()
        circuit.continue_loop()
    with circuit.while_loop(expr.logic_not(circuit.clbits[0])):
        circuit.x(1)
        circuit.measure([0, 1], [0, 1])
    assert_same_outcome(circuit)


INDEX_SETS = [
    range(3),
    range(5, 0, -2),
    (1, 4, 2),
    range(0),
    (),
    range(-3, 3),
    range(0, 7, 3),
    [-1, 2],
]


@pytest.mark.parametrize("values", INDEX_SETS, ids=str)
def test_for_loops_without_a_variable_repeat(values: object) -> None:
    """Loops without a variable run as often as Python's: backwards and zero times, too."""
    circuit = QuantumCircuit(2, 2)
    with circuit.for_loop(values):
        circuit.x(0)
        with circuit.for_loop(range(1)):
            circuit.cx(0, 1)
    circuit.measure([0, 1], [0, 1])
    assert_same_outcome(circuit)


@pytest.mark.parametrize("values", [values for values in INDEX_SETS if values], ids=str)
def test_for_with_its_variable_as_angle(values: object) -> None:
    """The loop variable takes Python's values: read back from the importer's circuit."""
    circuit = QuantumCircuit(1)
    with circuit.for_loop(values, Parameter("input")) as variable:
        circuit.rx(variable, 0)
    (instruction,) = qasm3.loads(encode_circuit(circuit).qasm).data
    assert instruction.operation.name == "for_loop"
    assert list(instruction.operation.params[0]) == list(values)


@pytest.mark.parametrize("values", INDEX_SETS, ids=str)
def test_for_computing_with_its_variable(values: object) -> None:
    """Angles computed from the variable and from parameters, any function: unrolled."""
    circuit, scale = QuantumCircuit(2, 2), Parameter("scale")
    with circuit.for_loop(values, Parameter("i")) as index:
        circuit.rx(np.pi * index, 0)
        with circuit.if_test((0, 0)):
            circuit.rx(scale * 0 + (np.pi * index.cos() / index.cos()), 1)
    circuit.rx(0 * scale, 0)
    circuit.measure([0, 1], [0, 1])
    encoded = assert_same_outcome(circuit, [0.3] * circuit.num_parameters)
    assert "for" not in encoded.qasm.partition("qubit")[2]


def test_for_computing_and_breaking() -> None:
    """A loop that may be left keeps its variable; the arithmetic is written out."""
    for stop in range(3):
        circuit, turn = QuantumCircuit(2, 2), Parameter("turn")
        with circuit.for_loop((1, 2, 3), Parameter("i")) as index:
            circuit.rx((index + 1 - 1) * turn / 2 + turn * index / (2 * 1.0), 0)
            circuit.rx(2 * np.pi / (index / index), 0)
            circuit.rx(-1.0 * (0.0 - 2 * np.pi), 0)
            circuit.measure(0, 0)
            with circuit.if_test((0, stop % 2)):
                circuit.x(1)
                circuit.break_loop()
            circuit.reset(0)
        circuit.measure(1, 1)
        encoded = assert_same_outcome(circuit, [np.pi] * circuit.num_parameters)
        assert "for int i0 in {1, 2, 3}" in encoded.qasm


def test_long_loops_are_not_unrolled(monkeypatch: pytest.MonkeyPatch) -> None:
    """Beyond the limit the arithmetic is written, if it is arithmetic."""
    from qiskit_rest_primitives.circuits import control_flow

    monkeypatch.setattr(control_flow, "_LONGEST_UNROLLED", 2)
    circuit = QuantumCircuit(1, 1)
    with circuit.for_loop(range(3), Parameter("i")) as index:
        circuit.rx(np.pi * index, 0)
    circuit.measure(0, 0)
    assert "for int i0 in [0:2]" in assert_same_outcome(circuit).qasm
    with circuit.for_loop(range(3), Parameter("j")) as index:
        circuit.rx(np.pi * index.sign(), 0)
    circuit.measure(0, 0)
    assert assert_same_outcome(circuit).qasm.count("for int") == 1


def test_nested_loops_with_continue() -> None:
    """Inner continue belongs to the inner loop; the outer variable reaches inside."""
    circuit = QuantumCircuit(2, 2)
    with circuit.for_loop(range(3), Parameter("i")) as outer:
        circuit.rx(outer, 1)
        circuit.rx(-1.0 * outer, 1)
        with circuit.for_loop((1, 2), Parameter("j")) as inner:
            circuit.rx(np.pi * outer * inner, 0)
            circuit.measure(0, 0)
            with circuit.if_test((0, 1)):
                circuit.continue_loop()
            circuit.x(1)
    circuit.measure([0, 1], [0, 1])
    assert_same_outcome(circuit)


@pytest.mark.parametrize("value", range(4))
def test_switch_selects_the_case(value: int) -> None:
    """Several values per case, default, no default, on registers, bits and expr; break inside."""
    circuit = QuantumCircuit(3, 3)
    register = ClassicalRegister(2, "rr")
    circuit.add_register(register)
    for index in range(2):
        if value >> index & 1:
            circuit.x(index)
        circuit.measure(index, register[index])
    with circuit.for_loop(range(2)):
        with circuit.switch(register) as case:
            with case(0):
                circuit.x(2)
            with case(1, 3):
                circuit.x(1)
                circuit.break_loop()
            with case(case.DEFAULT):
                circuit.x([0, 2])
                circuit.continue_loop()
        circuit.x(0)
    with circuit.switch(register[0]) as case:
        with case(False):
            circuit.x(2)
        with case(1):
            circuit.x(1)
    with circuit.switch(expr.lift(register)) as case:
        with case(0):
            circuit.x(2)
        with case(1, case.DEFAULT):
            circuit.x(0)
    circuit.measure(range(3), range(3))
    assert "switch" not in assert_same_outcome(circuit).qasm


def overlapping(value: int) -> QuantumCircuit:
    """Bits 0, 1, 2 measured as ``value``; register r has bits 2 and 1, a has 0 and 1."""
    bits = [Clbit() for _ in range(4)]
    circuit = QuantumCircuit(QuantumRegister(4), bits)
    circuit.add_register(ClassicalRegister(bits=bits[:2], name="a"))
    circuit.add_register(ClassicalRegister(bits=[bits[2], bits[1]], name="r"))
    circuit.add_register(ClassicalRegister(bits=bits, name="full"))
    for index in range(3):
        if value >> index & 1:
            circuit.x(index)
    circuit.measure(range(3), range(3))
    return circuit


@pytest.mark.parametrize("value", range(8))
def test_conditions_on_overlapping_registers(value: int) -> None:
    """A register that the wire does not have is tested bit by bit."""
    circuit = overlapping(value)
    _, register, _ = circuit.cregs
    with circuit.if_test((register, 1)) as otherwise:
        circuit.x(3)
    with otherwise:
        circuit.x(0)
    with circuit.if_test((register, 2)):
        circuit.x(2)
    with circuit.switch(register) as case:
        with case(0):
            circuit.x(1)
        with case(2, 3):
            circuit.x(2)
        with case(case.DEFAULT):
            circuit.x(0)
    circuit.measure(range(4), range(4))
    seen = (value >> 2 & 1) | (value >> 1 & 1) << 1
    expected = value ^ (8 if seen == 1 else 1) ^ (4 if seen == 2 else 0)
    expected ^= {0: 2, 1: 1, 2: 4, 3: 4}[seen]
    encoded = encode_circuit(circuit)
    assert restored_counts(encoded, loaded(encoded))["full"] == [expected]


def test_bodies_with_bits_of_their_own() -> None:
    """A body built apart is connected by position, also when its order differs."""
    circuit = prepared(1, 3)
    inner = QuantumCircuit(2, 1)
    inner.x(0)
    body = QuantumCircuit(3, 2)
    body.append(IfElseOp((body.clbits[1], 1), inner), [2, 0], [1])
    circuit.append(IfElseOp((circuit.clbits[0], 1), body), [1, 2, 0], [1, 0])
    circuit.measure([0, 1], [0, 1])
    encoded = encode_circuit(circuit)
    # Bit 1 of the body is bit 0 outside, which is 1; qubit 2 of the body is qubit 0 outside.
    assert restored_counts(encoded, loaded(encoded))["c"] == [0]


def test_instruction_made_of_a_circuit_with_measurements() -> None:
    """to_instruction with classical bits is written in place."""
    inner = QuantumCircuit(2, 2, name="inner")
    inner.measure(0, 0)
    inner.cx(0, 1)
    inner.measure(1, 1)
    circuit = QuantumCircuit(2, 3)
    circuit.x(0)
    circuit.append(inner.to_instruction(), [0, 1], [2, 0])
    encoded = encode_circuit(circuit)
    assert restored_counts(encoded, loaded(encoded))["c"] == [0b101]


def test_high_level_objects_inside_bodies() -> None:
    """Synthesis reaches into control flow."""
    circuit = prepared(1)
    with (
        circuit.if_test((circuit.clbits[0], 1)),
        circuit.while_loop((circuit.cregs[0], 1)),
        circuit.for_loop(range(3)),
    ):
        circuit.append(PauliEvolutionGate(SparsePauliOp(["XX"]), np.pi / 2), [1, 0])
        circuit.measure([0, 1], [0, 1])
    # XX by pi/2 flips both qubits. Aer does not know the gate, so the outcome is given here.
    encoded = encode_circuit(circuit)
    assert restored_counts(encoded, loaded(encoded))["c"] == [2]


def test_boxes_keep_their_duration() -> None:
    """Boxes stay, with their duration."""
    circuit = QuantumCircuit(2, 2)
    with circuit.box(duration=100, unit="ns"):
        circuit.x(0)
    with circuit.box():
        circuit.x(1)
    found = loaded(encode_circuit(circuit))
    assert [(inst.name, inst.operation.duration) for inst in found.data] == [
        ("box", 100),
        ("box", None),
    ]


def test_equals_dumps_where_dumps_is_right() -> None:
    """if, while, for and box are written the way qasm3.dumps writes them."""
    circuit = QuantumCircuit(QuantumRegister(2, "q"), ClassicalRegister(2, "c"))
    with circuit.if_test((circuit.clbits[0], 1)) as otherwise:
        circuit.x(0)
    with otherwise, circuit.while_loop((circuit.cregs[0], 2)):
        circuit.rzz(0.5, 0, 1)
        circuit.break_loop()
    with circuit.for_loop(range(0, 6, 2), Parameter("i0")) as index:
        circuit.rx(index, 0)
        circuit.continue_loop()
    with circuit.for_loop((3, 1)), circuit.box(duration=3, unit="dt"):
        circuit.measure(0, 1)
    text = "".join(
        line for line in encode_circuit(circuit).qasm.splitlines(True) if not line.startswith("//")
    )
    # Before 2.4 Qiskit left out the type that OpenQASM 3 demands.
    assert text == qasm3.dumps(circuit, disable_constants=True).replace("for int", "for").replace(
        "for ", "for int "
    )


# Qiskit 2.2 allows one Parameter per name in a circuit, loop variables included.
VARIABLES = [Parameter("v0"), Parameter("v1")]


@st.composite
def programs(draw: st.DrawFn) -> QuantumCircuit:
    """Programs of X, CX, measure and nested control flow; their outcome is deterministic."""
    circuit = QuantumCircuit(3, 2)
    circuit.add_register(ClassicalRegister(2, "input"))

    def fill(depth: int, loop: bool) -> None:
        kinds = ["x", "cx", "measure"] + ["if", "for", "switch", "while"] * (depth < 2)
        for _ in range(draw(st.integers(1, 3))):
            kind = draw(st.sampled_from(kinds))
            bit = draw(st.sampled_from(circuit.clbits))
            register = draw(st.sampled_from(circuit.cregs))
            if kind == "x":
                circuit.x(draw(st.integers(0, 2)))
            elif kind == "cx":
                circuit.cx(*draw(st.permutations(range(3)))[:2])
            elif kind == "measure":
                circuit.measure(draw(st.integers(0, 2)), bit)
            elif kind == "if":
                condition = draw(
                    st.sampled_from([(bit, 1), (bit, 0), (register, 1), (register, 2)])
                )
                with circuit.if_test(condition) as otherwise:
                    fill(depth + 1, loop)
                    if loop and draw(st.booleans()):
                        circuit.break_loop() if draw(st.booleans()) else circuit.continue_loop()
                if draw(st.booleans()):
                    with otherwise:
                        fill(depth + 1, loop)
            elif kind == "for":
                values = draw(st.sampled_from([range(2), range(3, 0, -1), (4, 2), range(0, 5, 2)]))
                with circuit.for_loop(values, VARIABLES[depth]) as index:
                    circuit.rx(np.pi * index, draw(st.integers(0, 2)))
                    fill(depth + 1, True)
            elif kind == "switch":
                target = draw(st.sampled_from([bit, register]))
                with circuit.switch(target) as case:
                    with case(0):
                        fill(depth + 1, loop)
                    with case(1):
                        fill(depth + 1, loop)
                    if draw(st.booleans()) and target is register:
                        with case(2, case.DEFAULT):
                            fill(depth + 1, loop)
            else:
                with circuit.while_loop((bit, draw(st.integers(0, 1)))):
                    fill(depth + 1, True)
                    circuit.break_loop()

    fill(0, False)
    circuit.measure([0, 1, 2], [0, 1, 2])
    return circuit


@settings(max_examples=40, deadline=None)
@given(programs())
def test_random_programs(circuit: QuantumCircuit) -> None:
    """Nested control flow of every kind ends with the same bits as on the user's circuit."""
    assert_same_outcome(circuit)


def test_counts_of_different_programs_differ() -> None:
    """The comparison itself works: Aer's counts differ for programs with other outcomes."""
    assert counts(prepared(2)) != counts(prepared(1))
    assert WhileLoopOp.__name__ == "WhileLoopOp"

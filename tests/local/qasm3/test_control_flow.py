"""Control flow as Qiskit's exporter and others write it, compared with the original circuit."""

from __future__ import annotations

import re

import pytest
from qiskit import ClassicalRegister, QuantumCircuit, QuantumRegister, qasm3
from qiskit.circuit import ControlFlowOp, Parameter
from qiskit.circuit.classical import expr

from qiskit_rest_primitives.local.qasm3.reader import ReadError, read_circuit

HEADER = 'OPENQASM 3.0;\ninclude "stdgates.inc";\n'


def text_of(circuit: QuantumCircuit, **options) -> str:
    """The exporter's text, without the names that Qiskit generates."""
    return qasm3.dumps(circuit, disable_constants=True, **options)


def example() -> tuple[QuantumCircuit, QuantumRegister, ClassicalRegister]:
    """Three qubits, and a register of three measured bits."""
    q, c = QuantumRegister(3, "q"), ClassicalRegister(3, "c")
    circuit = QuantumCircuit(q, c)
    circuit.h(q)
    circuit.measure(q, c)
    return circuit, q, c


def conditions() -> list:
    """Every kind of condition that Qiskit has for bits and registers."""
    _, _, c = example()
    return [
        (c[0], True),
        (c[1], False),
        (c, 5),
        expr.lift(c[0]),
        expr.logic_not(c[0]),
        expr.logic_and(c[0], expr.logic_not(c[1])),
        expr.logic_or(expr.equal(c, 3), c[2]),
        expr.not_equal(c, 4),
        expr.less(c, 4),
        expr.less_equal(c, 2),
        expr.greater(c, 4),
        expr.greater_equal(expr.bit_and(c, 3), 2),
        expr.equal(expr.bit_xor(c, 7), 2),
        expr.equal(expr.bit_or(c, 1), 3),
        expr.equal(expr.bit_not(c), 2),
        expr.bit_xor(c[0], c[1]),
        expr.bit_and(c[0], expr.bit_or(c[1], c[2])),
        expr.equal(c[0], c[1]),
        expr.equal(expr.shift_left(c, 1), 4),
        expr.equal(expr.shift_right(c, 1), 1),
        expr.cast(c, expr.lift(True).type),
    ]


@pytest.mark.parametrize("number", range(len(conditions())))
@pytest.mark.parametrize("loop", [False, True])
def test_conditions_are_unchanged(number, loop):
    """If and while take every condition that Qiskit exports."""
    circuit, q, c = example()
    condition = conditions()[number]
    if loop:
        with circuit.while_loop(condition):
            circuit.x(q[0])
            circuit.measure(q, c)
    else:
        with circuit.if_test(condition) as otherwise:
            circuit.x(q[1])
        with otherwise:
            circuit.y(q[2])
    text = text_of(circuit)
    got = read_circuit(text).circuit
    assert text_of(got) == text
    assert got.data[-1].operation.name == circuit.data[-1].operation.name


def test_pair_conditions_stay_pairs():
    """(bit, value) and (register, value) do not become expressions, which fewer simulators run."""
    text = HEADER + (
        "bit[2] c; qubit q; if (c[0]) x q; if (!c[1]) x q; if (c == 2) { x q; }"
        ' if (c[0] == true) x q; if (c[0] == 0) x q; if (c == "11") x q; if (true) x q;'
        " if (c) x q; if (c[0] && true) x q; if (bool(c[0])) x q;"
    )
    circuit = read_circuit(text).circuit
    c = circuit.cregs[0]
    got = [instruction.operation.condition for instruction in circuit.data]
    assert got[:6] == [(c[0], True), (c[1], False), (c, 2), (c[0], True), (c[0], False), (c, 3)]
    assert got[6] == expr.lift(True)
    assert got[7] == expr.not_equal(c, 0)
    assert got[8] == expr.logic_and(c[0], True)


def test_nested_control_flow_is_unchanged():
    """All constructs inside each other, with jumps, parameters and several registers."""
    a, b = Parameter("a"), Parameter("b")
    q, c, d = QuantumRegister(3, "q"), ClassicalRegister(2, "c"), ClassicalRegister(2, "d")
    circuit = QuantumCircuit(q, c, d)
    circuit.rx(b, q[0])
    circuit.measure(q[0], c[0])
    with circuit.for_loop(range(0, 7, 3)) as i:
        circuit.rz(i * a, q[1])
        with circuit.if_test((c, 1)) as otherwise:
            circuit.x(q[2])
            with circuit.while_loop((d[0], 0)):
                circuit.h(q[0])
                circuit.measure(q[0], d[0])
                with circuit.if_test((d[1], 1)):
                    circuit.break_loop()
                circuit.barrier(q)
        with otherwise:
            circuit.ry(b, q[2])
            circuit.continue_loop()
        with circuit.for_loop((5, -2, 9)) as j:
            circuit.rx(j, q[0])
    with circuit.switch(d) as case:
        with case(0, 3):
            circuit.x(q[0])
            with circuit.switch(c[1]) as inner, inner(True):
                circuit.z(q[0])
        with case(case.DEFAULT):
            circuit.delay(100, q[1], unit="ns")
    circuit.reset(q[1])
    text = text_of(circuit)
    read = read_circuit(text)
    assert without_loop_names(text_of(read.circuit)) == without_loop_names(text)
    assert [p.name for p in read.parameters] == ["a", "b"]


def without_loop_names(text: str) -> str:
    """Loop variables numbered in the order of their loops."""
    names: dict[str, str] = {}
    for match in re.finditer(r"for (?:int )?(\w+) in", text):
        names.setdefault(match[1], f"loop{len(names)}")
    return re.sub(r"\w+", lambda word: names.get(word[0], word[0]), text)


@pytest.mark.parametrize(
    ("indices", "expected"),
    [
        ("[0:3]", range(0, 4)),
        ("[0:2:8]", range(0, 9, 2)),
        ("[5:-2:1]", range(5, 0, -2)),
        ("[3:0]", range(3, 1)),
        ("{4}", (4,)),
        ("{1, -5, 1,}", (1, -5, 1)),
    ],
)
@pytest.mark.parametrize("kind", ["int ", "uint[32] ", ""])
def test_loops_have_the_values_of_the_text(indices, expected, kind):
    """A range includes both ends; older exporters leave out the type."""
    text = f"{HEADER}qubit q; for {kind}i in {indices} {{ rx(i*0.1) q; }}"
    operation = read_circuit(text).circuit.data[0].operation
    assert tuple(operation.params[0]) == tuple(expected)


def test_a_loop_that_does_not_use_its_variable():
    """The underscore of the exporter is a name like any other."""
    circuit = QuantumCircuit(1)
    for _ in range(2):
        with circuit.for_loop(range(3)):
            circuit.x(0)
    got = read_circuit(text_of(circuit)).circuit
    assert text_of(got) == text_of(circuit)


@pytest.mark.parametrize("experimental", [False, True])
def test_both_ways_of_writing_a_switch(experimental):
    """The exporter's current form, and its earlier form with colons and breaks."""
    options = {}
    if experimental:
        options["experimental"] = qasm3.ExperimentalFeatures.SWITCH_CASE_V1
    circuit, q, c = example()
    with circuit.switch(c) as case:
        with case(1, 2):
            circuit.x(q[0])
        with case(case.DEFAULT):
            circuit.y(q[1])
    with circuit.switch(expr.bit_and(c, 2)) as case, case(0):
        circuit.z(q[0])
    text = text_of(circuit, **options)
    assert text_of(read_circuit(text).circuit, **options) == text


def test_a_switch_on_the_register_itself():
    """A switch can use a register directly, without a variable."""
    text = HEADER + "bit[2] c; qubit q; switch (c) { case 0 { x q; } case 1, 2 { y q; } }"
    operation = read_circuit(text).circuit.data[0].operation
    assert operation.target == read_circuit(text).circuit.cregs[0]
    assert [values for values, _ in operation.cases_specifier()] == [(0,), (1, 2)]


def test_else_if_chains_and_single_statements():
    """Braces may be left out."""
    text = HEADER + (
        "bit[2] c; qubit[2] q; if (c == 0) x q[0]; else if (c == 1) { y q[0]; } else z q[1];"
        " while (c[0]) c[0] = measure q[0]; for int i in [0:2] for int j in [0:1] rx(i + j) q;"
    )
    circuit = read_circuit(text).circuit
    assert [i.operation.name for i in circuit.data] == ["if_else", "while_loop", "for_loop"]
    inner = circuit.data[0].operation.blocks[1].data[0].operation
    assert [len(block.data) for block in inner.blocks] == [1, 1]


def test_boxes_are_read_as_their_statements():
    """Timed and empty boxes, too, since no simulator here models time."""
    circuit, expected = QuantumCircuit(2, 1), QuantumCircuit(2, 1)
    with circuit.box(duration=100, unit="ns"):
        circuit.x(0)
    with circuit.if_test((0, 1)), circuit.box(), circuit.box():
        circuit.cx(0, 1)
    with circuit.box():
        pass
    expected.x(0)
    with expected.if_test((0, 1)):
        expected.cx(0, 1)
    assert text_of(read_circuit(text_of(circuit)).circuit) == text_of(expected)


def test_a_break_in_a_box_leaves_the_loop():
    """Names declared in the box are local to it."""
    text = (
        HEADER + "qubit q; bit c; for int i in [0:2] { box { bool b; b = true; break; } } bool b;"
    )
    circuit = read_circuit(text).circuit
    assert [i.name for i in circuit.data[0].operation.blocks[0].data] == [
        "store",
        "store",
        "break_loop",
    ]
    assert [variable.name for variable in circuit.iter_declared_vars()] == ["b-1"]


def test_defined_gates_and_phases_inside_blocks():
    """A gate of the text in a body; the phase of a branch has no effect and is not kept."""
    text = HEADER + (
        "gate mine(a) q { rx(a) q; } bit c; qubit q; input float t; if (c) { mine(2*t) q;"
        " gphase(t); ctrl @ gphase(t) q; pow(2) @ inv @ mine(.1) q; reset q; }"
    )
    read = read_circuit(text)
    body = read.circuit.data[0].operation.blocks[0]
    assert [i.operation.name for i in body.data][:2] == ["gate_mine", "p"]
    bound = read.circuit.assign_parameters({read.parameters[0]: 0.2})
    operation = bound.data[0].operation
    assert isinstance(operation, ControlFlowOp)
    assert operation.blocks[0].data[0].operation.params == [0.4]


@pytest.mark.parametrize(
    "text",
    [
        "break;",
        "if (1.5) x q;",
        "if (q) x q;",
        "if (c + 1.5) x q;",
        "if (c[0] == 2) x q;",
        "if (c[0:1] == -1) x q;",
        "while (c[0]) { x q;",
        "for int i in c { x q; }",
        "for int i in [0:0:3] { x q; }",
        "for int i in [3] { x q; }",
        "for float i in [0:3] { x q; }",
        "for int i in [0:3] { x r[i]; }",
        "switch (3) { case 0 { x q; } }",
        "switch (c) { case 0 { x q; } case 0 { x q; } }",
        "switch (c) { default { x q; } case 0 { x q; } }",
        "int i; i = c; x q;",
        "int i; rx(i) q;",
        "if (c[0]) { qubit r; }",
        "if (c[0]) { gate g a {} }",
        "box[1] { x q; }",
        "else { x q; }",
        "case 0 { x q; }",
    ],
)
def test_bad_control_flow_is_refused(text):
    """The error has its position in the text."""
    with pytest.raises(ReadError, match=r"^line 3, column \d+: ."):
        read_circuit(f"{HEADER}bit[2] c; qubit q; qubit[3] r; {text}")

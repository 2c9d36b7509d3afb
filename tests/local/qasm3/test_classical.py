"""Conditions, variables, slices, casts and loops with indices, as other programs write them.

Compared with Qiskit's importer if it reads them, otherwise with circuits built by hand.
"""

from __future__ import annotations

import pytest
from qiskit import ClassicalRegister, QuantumCircuit, QuantumRegister, qasm3
from qiskit.circuit.classical import expr, types
from qiskit.quantum_info import Operator

from qiskit_rest_primitives.local.qasm3.reader import ReadError, read_circuit
from tests.circuits.interpreter import Program
from tests.local.qasm3.test_reader import assert_same

HEADER = 'OPENQASM 3.0;\ninclude "stdgates.inc";\n'
START = f"{HEADER}bit[3] c; bit b; qubit[4] q; "

SAME_AS_IMPORTER = {
    "annotations": "@mine.own some text; x q[1];\n@other\nx q[0]; @last\nqubit r; x r;",
    "annotations of gates": "gate g a { x a; }\n@one\n@two { ( [\ng q[0]; rx(0.1) q[1];",
    "powers": "gate g(a) r { rx(a) r; } pow(3) @ g(0.2) q[0]; pow(-2) @ g(0.2) q[0];"
    " pow(0.5) @ g(0.2) q[1]; ctrl @ pow(3) @ g(0.3) q[0], q[1]; pow(0) @ g(0.2) q[1];",
}


@pytest.mark.filterwarnings("ignore:.*annotated:DeprecationWarning")  # the importer's
@pytest.mark.parametrize("text", SAME_AS_IMPORTER.values(), ids=SAME_AS_IMPORTER.keys())
def test_circuits_equal_the_importers(text):
    """Texts that Qiskit's importer reads correctly give the same circuit."""
    assert_same(read_circuit(START + text).circuit, qasm3.loads(START + text))


# A condition, and the values of c for which the importer's circuit takes the branch.
CONDITIONS_OF_THE_IMPORTER = [
    "c[0:1] == 2",
    "c[1:2] == 1",
    "c[{0, 2}] == 2",
    "c[0:1] == 7",
    "c == 9",
    "c == 0x10",
    'c == "011"',
    "3 == c",
    "~c[0]",
    "c[1] != true",
    "true == c[2]",
]


def outcome(circuit: QuantumCircuit, value: int) -> int:
    """Whether a circuit that starts with a condition on c flips qubit 3 for this value of c."""
    c = circuit.cregs[0]
    whole = QuantumCircuit(circuit.qubits, circuit.clbits, *circuit.cregs)
    for index in range(3):
        if value >> index & 1:
            whole.x(index)
        whole.measure(index, c[index])
    for variable in circuit.iter_declared_vars():
        whole.add_uninitialized_var(variable)
    for instruction in circuit.data:
        whole.append(instruction)
    return Program(whole).qubits[whole.qubits[3]]


@pytest.mark.parametrize("condition", CONDITIONS_OF_THE_IMPORTER)
def test_conditions_agree_with_the_importer(condition):
    """For all values of the register."""
    text = f"{START} if ({condition}) x q[3];"
    expected, got = qasm3.loads(text), read_circuit(text).circuit
    # No register is added for a slice: it would be in the results.
    assert [register.name for register in got.cregs] == ["c"]
    for value in range(8):
        assert outcome(got, value) == outcome(expected, value)


CONDITIONS = {
    "int[2](c) == 1": lambda c: c % 4 == 1,
    "int[2](c) == 3": lambda c: c % 4 == 3,
    "int[2](c[0:1]) == -1": lambda c: c % 4 == 3,
    "int[3](c) != -2": lambda c: c != 6,
    "int[3](c) == 8": lambda c: False,
    "int[8](c) > 5": lambda c: c > 5,
    "int(c) - 1 == 2": lambda c: c == 3,
    "int[3](c) == int[3](7 - 2)": lambda c: c == 5,
    "uint[2](c) == 2": lambda c: c % 4 == 2,
    "uint(c) >= 6": lambda c: c >= 6,
    "uint[8](c) + 250 > 254": lambda c: c == 5,
    "bool(c)": lambda c: c,
    "bool(c[1])": lambda c: c & 2,
    "bit(c[1])": lambda c: c & 2,
    "bit[3](c) == 4": lambda c: c == 4,
    "bit[3](uint[3](c) + 1) == 0": lambda c: c == 7,
    "c[0:1]": lambda c: c % 4,
    "!c[1:2]": lambda c: c < 2,
    "c[0:1] < 2": lambda c: c % 4 < 2,
    "c[0:1] != 2": lambda c: c % 4 != 2,
    "c[0:1] == c[1:2]": lambda c: c in (0, 7),
    "c[2:-1:0] == 3": lambda c: c == 6,
    "c[{2, 0}] == 1": lambda c: (c >> 2 | (c & 1) << 1) == 1,
    "c[{2, 0}] > 1": lambda c: c & 1,
    "c[c[0:0]]": lambda c: c >> (c & 1) & 1,
    "(c ^ 5)[2]": lambda c: not c & 4,
    "uint[8](c)[1]": lambda c: c & 2,
    "c <= 9": lambda c: True,
    "9 < c": lambda c: False,
    "9 > c && c != 8": lambda c: True,
    "c & 9": lambda c: c & 1,
    "c | 8": lambda c: True,
    "c & c[1:2]": lambda c: c & c >> 1,
    "1 < c": lambda c: c > 1,
    "5 >= c": lambda c: c <= 5,
    "uint[8](1) << c == 16": lambda c: c == 4,
    "c << 2 == 4": lambda c: c % 2,
    "(uint[3](7) + uint[3](2)) == c": lambda c: c == 1,
    "~uint[3](5) == c": lambda c: c == 2,
    "uint[3](300) == c": lambda c: c == 4,
    '"0101" >> 1 == c': lambda c: c == 2,
    "(true ^ false) & c[0]": lambda c: c & 1,
    "~true | c[0]": lambda c: c & 1,
}


@pytest.mark.parametrize("condition", CONDITIONS)
@pytest.mark.parametrize("variable", [False, True])
def test_conditions_are_evaluated(condition, variable):
    """Casts, slices, indices and constants of any width; on a register and on a variable."""
    text = f"{START} if ({condition}) x q[3];"
    if variable and ":" not in condition and "{" not in condition:
        text = f"{START} uint[3] u; u = c; if ({condition.replace('c', 'u')}) x q[3];"
    circuit = read_circuit(text).circuit
    for value in range(8):
        assert outcome(circuit, value) == bool(CONDITIONS[condition](value)), value


def test_numbers_beyond_64_bits():
    """They are exact in wide registers, and floats in angles."""
    number = 2**99 + 1
    text = f"{HEADER}bit[100] c; qubit q; if (c == {number}) x q; rx({number}) q;"
    text += f"if (c < {hex(2**100)}) x q; if (c[0:98] == {number}) x q;"
    circuit = read_circuit(text).circuit
    program = Program(QuantumCircuit(circuit.cregs[0]))
    same = {bit: bit for bit in circuit.clbits}
    for value in (number, number - 1, number + 2, 2**99):
        for index, bit in enumerate(circuit.clbits):
            program.clbits[bit] = value >> index & 1
        condition = circuit.data[0].operation.condition
        assert program.condition(condition, same) == (value == number)
    assert circuit.data[1].operation.params == [float(number)]
    assert circuit.data[2].operation.condition == expr.lift(True)
    assert circuit.data[3].operation.condition == expr.lift(False)
    for statement in (f"if (c < {number}) x q;", f"c = {number};", f"if (c & {number}) x q;"):
        with pytest.raises(ReadError, match="beyond 64 bits"):
            read_circuit(f"{HEADER}bit[100] c; qubit q; {statement}")


def test_switches_on_casts_and_slices():
    """Labels of a signed value may be negative."""
    text = START + "switch (int[2](c[0:1])) { case -1 { x q[3]; } case 2, 0 { x q[0]; } }"
    for value in range(8):
        assert outcome(read_circuit(text).circuit, value) == (value % 4 == 3)
    text = START + "switch (c[1:2]) { case 2 { x q[3]; } }"
    for value in range(8):
        assert outcome(read_circuit(text).circuit, value) == (value // 2 == 2)
    for label in (-1, -3, 4):
        kind = "int[2]" if label != -1 else "uint[2]"
        with pytest.raises(ReadError, match=f"never has the value {label}"):
            read_circuit(f"{START} switch ({kind}(c)) {{ case {label} {{ x q[3]; }} }}")


def test_variables_become_qiskits():
    """With and without an initial value, assigned, in conditions, shadowed by inner ones."""
    c, q = ClassicalRegister(3, "c"), QuantumRegister(1, "q")
    circuit = QuantumCircuit(c, q)
    flag = expr.Var.new("flag", types.Bool())
    circuit.add_uninitialized_var(flag)
    number = circuit.add_var("number", expr.lift(5, types.Uint(8)))
    circuit.store(flag, expr.logic_and(c[0], expr.less(c, 3)))
    circuit.store(number, expr.bit_xor(number, 3))
    circuit.store(expr.index(number, 2), flag)
    circuit.store(c[1], True)
    circuit.store(c, 6)
    with circuit.while_loop(expr.logic_or(flag, expr.equal(number, expr.cast(c, types.Uint(8))))):
        inner = circuit.add_var("inner", expr.shift_right(number, 1))
        circuit.store(number, inner)
        circuit.break_loop()
    text = qasm3.dumps(circuit)
    again = read_circuit(text).circuit
    # The exporter declares the inner variable before it assigns; Qiskit needs a value at once.
    assert qasm3.dumps(again) == text.replace("  inner = number", "  inner = 0;\n  inner = number")
    hiding = text.replace("inner", "flag")
    names = [variable.name for variable in read_circuit(hiding).circuit.iter_vars()]
    assert names == ["flag", "number"]
    (body,) = read_circuit(hiding).circuit.data[-1].operation.blocks
    assert [variable.name for variable in body.iter_declared_vars()] == ["flag-1"]


def test_lossless_conversions_are_implicit():
    """Bit to bool and uint, narrow to wide, number to bool."""
    text = START + (
        "uint[8] u = c; uint[8] v = c[1]; bool t = c; bool s; s = u; c[0] = v; u = uint[3](9);"
        " t = 1; c = c[0:1];"
    )
    circuit = read_circuit(text).circuit
    kinds = [instruction.operation.rvalue.type for instruction in circuit.data]
    assert kinds == [
        types.Uint(8),
        types.Uint(8),
        types.Bool(),
        types.Bool(),
        types.Bool(),
        types.Uint(8),
        types.Bool(),
        types.Uint(3),
    ]


LOOPS = {
    "for int i in [0:2] { h q[i]; }": "h q[0]; h q[1]; h q[2];",
    "for uint[8] i in {3, 0} h q[i];": "h q[3]; h q[0];",
    "for int i in [2:-1:0] { cx q[i], q[i + 1]; rx(i) q[i]; }": "cx q[2], q[3]; rx(2) q[2];"
    " cx q[1], q[2]; rx(1) q[1]; cx q[0], q[1]; rx(0) q[0];",
    "for int i in [0:1] { for int j in [2:3] { cx q[i], q[j]; } x q[i]; }": "cx q[0], q[2];"
    " cx q[0], q[3]; x q[0]; cx q[1], q[2]; cx q[1], q[3]; x q[1];",
    "for int i in [0:1] { for int i in [2:3] h q[i]; }": "for int i in [0:1] { h q[2]; h q[3]; }",
    "for int i in [0:1] { c[i] = measure q[i]; if (c[i]) x q[i]; }": "c[0] = measure q[0];"
    " if (c[0]) x q[0]; c[1] = measure q[1]; if (c[1]) x q[1];",
    "for int i in {} { if (b) { h q[i]; } else { x q[i]; } } x q[0];": "x q[0];",
    "for int i in {} if (b) { h q[i]; } else x q[i]; x q[0];": "x q[0];",
    "for int i in [0:1] { h q[i:i + 1]; // q[9]\n }": "h q[0:1]; h q[1:2];",
    "for int i in [1:2] { if (c == i) { x q[i]; } }": "if (c == 1) { x q[1]; }"
    " if (c == 2) { x q[2]; }",
    "for int i in [0:1] { while (c[i]) { x q[i]; break; } }": "while (c[0]) { x q[0]; break; }"
    " while (c[1]) { x q[1]; break; }",
    "while (b) { for int i in [0:1] h q[i]; }": "while (b) { h q[0]; h q[1]; }",
}


@pytest.mark.parametrize("text", LOOPS)
def test_loops_whose_variable_is_an_index(text):
    """A loop with an index gives its statements once for each value."""
    got, expected = read_circuit(START + text).circuit, read_circuit(START + LOOPS[text]).circuit
    assert qasm3.dumps(got) == qasm3.dumps(expected)


def test_other_loops_stay_loops():
    """An index in another loop or in a comment does not unroll this loop."""
    text = START + (
        "for int i in [0:2] { x q[0]; if (b) break; } for int i in [0:2] { h q[i]; }"
        " for int j in [0:3] { rx(j) q[1]; /* q[j] */ delay[10ns] q[2]; } // [j]\n"
    )
    names = [instruction.name for instruction in read_circuit(text).circuit.data]
    assert names == ["for_loop", "h", "h", "h", "for_loop"]


def test_symbolic_powers():
    """An integer power of a gate with inputs repeats the gate, also inverted and controlled."""
    text = HEADER + (
        "input float[64] p; gate g(a) r { rx(a) r; rz(0.3) r; } qubit[2] q; pow(3) @ g(p) q[0];"
        " pow(-2) @ g(2*p) q[1]; ctrl @ pow(2) @ g(p + 1) q[0], q[1];"
        " pow(2) @ inv @ U(p, 0, 1) q[0]; pow(0) @ g(p) q[0];"
    )
    read = read_circuit(text)
    number = text.replace("input float[64] p;", "const float[64] p = 0.7;")
    expected = read_circuit(number).circuit
    assert Operator(read.circuit.assign_parameters([0.7])) == Operator(expected)
    assert Operator(read.circuit.assign_parameters([0.7])).equiv(Operator(expected))


def test_powers_of_wide_gates():
    """An integer power of a wide gate is built without a matrix, which would be too large."""
    qubits = ", ".join(f"q{k}" for k in range(7))
    text = HEADER + f"gate wide {qubits} {{ t q0; cx q0, q6; }} qubit[7] q; pow(2) @ wide "
    text += ", ".join(f"q[{k}]" for k in range(7)) + ";"
    expected = QuantumCircuit(7)
    for _ in range(2):
        expected.t(0)
        expected.cx(0, 6)
    assert Operator(read_circuit(text).circuit) == Operator(expected)

"""Expressions, the cache, and the fast path for plain lines."""

from __future__ import annotations

import math

import pytest
from qiskit.circuit import ParameterExpression
from qiskit.circuit.classical import expr

from qiskit_rest_primitives.local.qasm3 import fast_lines, reader
from qiskit_rest_primitives.local.qasm3.reader import ReadError, read_circuit

VALUES = {
    "1 + 2*3 - 4/2": 5,
    "2**3**2": 512,
    "-2**2": -4,
    "2**-1": 0.5,
    "pow(2, 0.5)": math.sqrt(2),
    "0**0 + 1**99999999999": 2,
    "2**64": 2.0**64,
    "9223372036854775807 + 9223372036854775807": 2.0**64,
    "100000000000000000000*2": 2e20,
    "0x7fffffffffffffffffff": float(0x7FFFFFFFFFFFFFFFFFFF),
    "6/3": 2,
    "7.0/2": 3.5,
    "mod(7, 4) + 7 % 4": 6,
    "sin(1) + cos(1) + tan(1)": math.sin(1) + math.cos(1) + math.tan(1),
    "arcsin(0.5) + asin(0.5)": 2 * math.asin(0.5),
    "arccos(0.5) + acos(0.5)": 2 * math.acos(0.5),
    "arctan(0.5) + atan(0.5)": 2 * math.atan(0.5),
    "exp(1) + log(2) + sqrt(4)": math.e + math.log(2) + 2,
    "abs(-2) + sign(-3) + conj(1)": 2,
    "ceiling(1.2) + floor(1.8)": 3,
    "float(3)/2 + angle[32](1.5)": 3,
    "int(2.9) + uint[8](3.1)": 5,
    "0b101 + 0o17 + 0x1F": 51,
    "1.5e2 + .5E-1 + 1.e+1": 160.05,
    "+3": 3,
    '"101"': 5,
    "ℇ - euler + 2*τ - 2*tau": 0,
}
SYMBOLIC = {
    "p + 2*r - p/3": lambda p, r: p + 2 * r - p / 3,
    "p**2 + 2**r + pow(p, r)": lambda p, r: p**2 + 2**r + p**r,
    "sin(p)*cos(r) + tan(p)": lambda p, r: math.sin(p) * math.cos(r) + math.tan(p),
    "asin(p) + arcsin(p) + acos(p) + atan(r)": lambda p, r: (
        2 * math.asin(p) + math.acos(p) + math.atan(r)
    ),
    "exp(p) + log(r) + abs(-p) + sign(-r)": lambda p, r: math.exp(p) + math.log(r) + p - 1,
    "sqrt(p) + conj(r) + float(p)": lambda p, r: math.sqrt(p) + r + p,
    "-(-p)": lambda p, r: p,
}


@pytest.mark.parametrize("text", VALUES)
def test_constant_expressions(text):
    """Arithmetic as OpenQASM 3 defines it."""
    circuit = read_circuit(f'include "stdgates.inc"; qubit q; rz({text}) q;').circuit
    (angle,) = circuit.data[0].operation.params
    assert isinstance(angle, float)
    assert math.isclose(angle, VALUES[text], abs_tol=1e-12)


@pytest.mark.parametrize("text", SYMBOLIC)
def test_expressions_of_inputs(text):
    """Everything that Qiskit's exporter prints; each line twice, to test the fast path."""
    read = read_circuit(
        'include "stdgates.inc"; input float r; input float p; qubit q;'
        f" rz({text}) q; rz({text}) q; U({text}, 0, 0.5) q; U(r, {text}, 0.5) q;"
    )
    bound = read.circuit.assign_parameters(dict(zip(read.parameters, (0.9, 0.4), strict=True)))
    expected = SYMBOLIC[text](0.4, 0.9)
    angles = [instruction.operation.params for instruction in bound.data]
    assert [float(a) for a in (angles[0][0], angles[1][0], angles[2][0], angles[3][1])] == (
        pytest.approx([expected] * 4)
    )


def test_an_expression_that_loses_its_inputs_is_a_number():
    """In p - p either no parameter is left, or it is bound like others."""
    read = read_circuit("input float p; qubit q; U(p - p, 0*p, 1) q;")
    bound = read.circuit.assign_parameters(dict.fromkeys(read.parameters, 0.3))
    assert [float(angle) for angle in bound.data[0].operation.params] == [0, 0, 1]


def test_constants_can_be_compared():
    """Conditions may be constant."""
    text = "1 < 2 && !(2 <= 1) || 3 == 4"
    circuit = read_circuit(f"qubit q; if ({text}) U(1, 1, 1) q;").circuit
    assert circuit.data[0].operation.condition == expr.lift(True)


def test_declared_constants():
    """They are usable in sizes, angles and indices."""
    text = (
        'include "stdgates.inc"; const int n = 3; const float[64] a = pi/2; const bool b = true;'
        " qubit[n] q; rz(a/n) q[n - 1]; if (b) { const int m = 1; x q[m]; }"
        " gate g r { rz(a) r; } g q[0]; output bit[n] c; bit d = 0; uint[8] s = c; switch (s)"
        " { case 1 { x q[0]; } }"
    )
    circuit = read_circuit(text).circuit
    assert circuit.data[0].operation.params == [math.pi / 6]
    assert circuit.num_qubits == 3
    assert [r.name for r in circuit.cregs] == ["c"]
    assert circuit.data[-1].operation.name == "switch_case"


def test_inputs_may_shadow_constants_and_functions():
    """Older exporters do not escape a parameter called pi."""
    read = read_circuit("input float pi; input float sin; qubit q; U(pi, 2*sin, 0) q;")
    assert [p.name for p in read.parameters] == ["pi", "sin"]
    assert all(
        isinstance(angle, ParameterExpression)
        for angle in read.circuit.data[0].operation.params[:2]
    )


def test_unused_inputs_are_parameters_too():
    """Every declared input takes a value."""
    read = read_circuit("input float b; input float a; qubit q; U(a, 0, 0) q;")
    assert [p.name for p in read.parameters] == ["b", "a"]
    assert {p.name for p in read.circuit.parameters} == {"a", "b"}


def test_exporter_aliases_in_braces():
    """`allow_aliasing=True` writes sets of bits."""
    read = read_circuit(
        "bit _b0; bit _b1; bit _b2; qubit x; qubit y; let r1 = {_b0, _b1}; let r2 = {_b1, _b2};"
        " let z = {y, x}; r1 = measure z; r2[1] = measure z[0];"
    )
    assert [(r.name, r.size) for r in read.circuit.cregs] == [("r1", 2), ("r2", 2)]
    assert read.circuit.cregs[0][1] is read.circuit.cregs[1][0] or (
        read.circuit.cregs[0][1] == read.circuit.cregs[1][0]
    )
    found = [
        tuple(read.circuit.find_bit(b).index for b in (*i.qubits, *i.clbits))
        for i in read.circuit.data
    ]
    assert found == [(1, 0), (0, 1), (1, 2)]


def test_circuits_are_cached_by_text(monkeypatch):
    """The same text and width give the same object; the oldest entries are removed."""
    reader.forget()
    first = read_circuit("qubit q;")
    assert read_circuit("qubit q;") is first
    assert read_circuit("qubit q;", num_qubits=2) is not first
    monkeypatch.setattr(reader, "CACHED_CIRCUITS", 2)
    read_circuit("qubit r;")
    assert read_circuit("qubit q;") is not first
    monkeypatch.setattr(reader, "CACHED_CHARACTERS", 10)
    long = read_circuit("qubit qubits;")
    assert read_circuit("qubit qubits;") is not long
    assert read_circuit("qubit s;").circuit.num_qubits == 1


def test_the_name_in_a_comment_does_not_make_another_circuit():
    """Qiskit numbers the circuits that a program builds; other comments are part of the text."""
    reader.forget()
    read = read_circuit("OPENQASM 3.0;\n// circuit-1\nqubit q;")
    assert read_circuit("OPENQASM 3.0;\n// circuit-2\nqubit q;") is read
    assert read_circuit("OPENQASM 3.0;\nqubit q;") is read
    assert read_circuit("OPENQASM 3.0;\n// circuit-1\nqubit[2] q;") is not read
    assert read_circuit("OPENQASM 3.0; /*\n// circuit-1\n*/ qubit q;") is not read
    with pytest.raises(ReadError):
        read_circuit("OPENQASM 3.0; /*\n*\n// */\nqubit q;\n/*")


def test_plain_lines_with_small_dictionaries(monkeypatch):
    """The fast path's dictionaries are bounded; other lines are read by the parser."""
    lines = "".join(
        f"h q[{k % 9}]; rz(a*{k % 4}) q[{k % 9}]; cx q[{k % 9}], q[{(k + 1) % 9}];"
        f" c[{k % 9}] = measure q[{k % 9}]; own q[{k % 9}]; barrier; reset q[{k % 9}];\n"
        for k in range(40)
    )
    text = (
        'include "stdgates.inc"; input float a; gate own r { h r; t r; } qubit[9] q; bit[9] c; '
        + lines
    )
    expected = read_circuit(text).circuit
    reader.forget()
    monkeypatch.setattr(fast_lines, "MAX_ENTRIES", 4)
    monkeypatch.setattr(fast_lines, "WINDOW", fast_lines.FIRST_WINDOW)
    got = read_circuit(text).circuit
    assert len(got.data) == 280
    assert got.count_ops() == expected.count_ops()
    assert [(i.name, i.params) for i in got.data if i.name != "rz"] == [
        (i.name, i.params) for i in expected.data if i.name != "rz"
    ]
    assert [[got.find_bit(b).index for b in (*i.qubits, *i.clbits)] for i in got.data] == [
        [expected.find_bit(b).index for b in (*i.qubits, *i.clbits)] for i in expected.data
    ]


def test_a_long_plain_text():
    """Several windows, reserved memory, several operations per line, measurements of registers."""
    lines = "x q; x q;\nrz(1) q; b = measure q;\n" * 4000
    circuit = read_circuit(f'include "stdgates.inc"; qubit q; bit b; {lines}').circuit
    assert dict(circuit.count_ops()) == {"x": 8000, "rz": 4000, "measure": 4000}


@pytest.mark.parametrize(
    "line",
    [
        "rz(0.5)xq[0]",
        "rz(inf) q[0]",
        "rz(nan) q[0]",
        "U(1, 2, inf) q[0]",
        "U(1, 2) q[0]",
        "rz(0.5) q[0], q[1]",
        "cx q[0], q[0]",
        "cx q[1]",
        "c[0] = measure q",
        "c[9] = measure q[0]",
        "h",
    ],
)
def test_plain_lines_are_checked(line):
    """The fast path leaves wrong lines to the parser, which refuses them."""
    taught = (
        'include "stdgates.inc"; qubit[2] q; bit[2] c; rz(0.5) q[0]; cx q[0], q[1]; h q[0];'
        " U(1, 2, 3) q[0]; c[0] = measure q[0];"
    )
    with pytest.raises(ReadError, match=r"^line 1, column"):
        read_circuit(f"{taught} {line};")

"""Texts without control flow, compared with Qiskit's importer or circuits built by hand."""

from __future__ import annotations

import math

import pytest
from qiskit import QuantumCircuit, qasm3
from qiskit.circuit import Gate
from qiskit.quantum_info import Operator

from qiskit_rest_primitives.local.qasm3.reader import read_circuit

HEADER = 'OPENQASM 3.0;\ninclude "stdgates.inc";\n'

SAME_AS_IMPORTER = {
    "register": "qubit[3] q; h q; cx q[0], q[1]; cx q[0], q[2];",
    "several registers": "qubit[2] a; qubit b; qubit[3] c; cx a[0], b; cx c, b; swap a, c[0:1];",
    "old registers": "qreg q[2]; creg c[2]; h q[0]; measure q -> c;",
    "measurements": "qubit[2] q; bit[2] c; bit b; c[1] = measure q[0]; measure q[1] -> c[0];"
    " b = measure q[1]; c = measure q;",
    "declared by measuring": "qubit[2] q; h q; bit[2] c = measure q; bit b = measure q[0];",
    "reset": "qubit[2] q; reset q; reset q[0];",
    "barriers": "qubit[3] q; barrier; h q; barrier q; barrier q[0], q[2]; barrier q[1:2];",
    "delays": "qubit[2] q; delay[100ns] q[0]; delay[16dt] q; delay[1.5us] q[0], q[1];"
    " delay[1e-06s] q[1]; delay[2ms];",
    "angles": "qubit q; rz(pi/2) q; rz(-pi) q; rz(2*pi/3 + 0.5) q; rz(1.e-5) q; rz(-(1 - 2.5)) q;"
    " rz(.5) q; rz(5) q; rz(tau) q; rz(euler) q; rz(τ/π) q; rz(1_0.5) q; rz(0x10) q; rz(3 - -2) q;",
    "several angles": "qubit[2] q; U(0.1, 0.2, 0.3) q[0]; cu(1, 2, 3, 4) q[0], q[1]; u2(1, 2) q[1];"
    " u3(.1, .2, .3) q[0]; u1(.3) q[0]; U(0.1, 0.2, 0.3) q[1];",
    "all of stdgates": "qubit[3] q; p(.1) q[0]; x q[0]; y q[0]; z q[0]; h q[0]; s q[0]; sdg q[0];"
    " t q[0]; tdg q[0]; sx q[0]; rx(.1) q[0]; ry(.1) q[0]; rz(.1) q[0]; cx q[0], q[1];"
    " cy q[0], q[1]; cz q[0], q[1]; cp(.1) q[0], q[1]; crx(.1) q[0], q[1]; cry(.1) q[0], q[1];"
    " crz(.1) q[0], q[1]; ch q[0], q[1]; swap q[0], q[1]; ccx q[0], q[1], q[2];"
    " cswap q[0], q[1], q[2]; cu(.1, .2, .3, .4) q[0], q[1]; CX q[0], q[1]; phase(.1) q[0];"
    " cphase(.1) q[0], q[1];",
    "inputs": "input float[64] b; input angle a; input float c; qubit q; rz(b) q; rx(2*a + pi) q;"
    " ry(c/3 - b) q; rz(-b) q; rz(b) q; rx(2*a + pi) q;",
    "modifiers": "qubit[4] q; ctrl @ x q[0], q[1]; negctrl @ x q[0], q[1]; inv @ s q[0];"
    " pow(2) @ t q[0]; ctrl(2) @ rz(.3) q[2], q[1], q[0]; pow(0.5) @ x q[1];"
    " ctrl @ inv @ sx q[1], q[0]; ctrl @ negctrl @ z q[3], q[1], q[0];"
    " negctrl(2) @ x q[0], q[2], q[3]; pow(-1) @ s q[0]; pow(1) @ s q[0];",
    "definitions": "gate one(a) r { rx(a) r; ry(2*a) r; } gate two(a, b) r, s { one(b) r; rz(a) s;"
    " cx r, s; barrier r, s; } gate none q {} qubit[2] q; two(.1, .2) q[1], q[0]; none q[0];"
    " ctrl @ none q[0], q[1]; inv @ two(.3, .4) q[0], q[1]; one(.5) q;",
    "phases": "qubit[2] q; gphase(0.3); gphase(-pi/4); gate g a { gphase(.7); x a; } g q[0];"
    " ctrl @ gphase(.4) q[1];",
    "aliases": "qubit[4] q; bit[3] c; let a = q[1:2] ++ q[0:0]; let b = c[0:1]; cx a[0], a[2]; h a;"
    " b = measure q[0:1];",
    "indices": "qubit[6] q; h q[-1]; x q[0:2:4]; y q[{1, 3}]; z q[4:]; s q[:1]; t q[5:-2:1];",
    "comments": "// first; x q[0];\nqubit[2] q; /* h q[0]; */ x q[0]; // y q[0];\n"
    "/* over\nlines; z q[0]; */ y q[1]; cx /*;*/ q[0],\n  q[1]; h//;\nq[0];x q[0];\tx q[1] ;",
    "physical qubits": "x $2; cx $0, $2; rz(.1) $1; cx $0,$2; // $9\n",
    "windows newlines": "qubit[2] q;\r\nh q[0];\r\nh q[0];\r\ncx q[0], q[1];\r\ncx q[0], q[1];\r\n",
}


def bound(circuit: QuantumCircuit) -> QuantumCircuit:
    """Every parameter gets a value that depends on its name only."""
    return circuit.assign_parameters(
        {p: 0.1 + sum(map(ord, p.name)) % 97 / 31 for p in circuit.parameters}
    )


def assert_same(got: QuantumCircuit, expected: QuantumCircuit, *, exact: bool = True) -> None:
    """Same registers and instructions, gates compared as operators."""
    assert got.num_qubits == expected.num_qubits
    assert [(r.name, r.size) for r in got.cregs] == [(r.name, r.size) for r in expected.cregs]
    assert [p.name for p in got.parameters] == [p.name for p in expected.parameters]
    got, expected = bound(got), bound(expected)
    assert len(got.data) == len(expected.data)
    for left, right in zip(got.data, expected.data, strict=True):
        assert [got.find_bit(b).index for b in (*left.qubits,)] == [
            expected.find_bit(b).index for b in (*right.qubits,)
        ]
        assert [got.find_bit(b).index for b in left.clbits] == [
            expected.find_bit(b).index for b in right.clbits
        ]
        if isinstance(right.operation, Gate):
            assert Operator(left.operation).equiv(Operator(right.operation))
            if exact:
                assert Operator(left.operation) == Operator(right.operation)
        else:
            assert left.operation == right.operation
    assert math.isclose(
        math.cos(float(got.global_phase)), math.cos(float(expected.global_phase)), abs_tol=1e-12
    )


@pytest.mark.filterwarnings("ignore:.*annotated:DeprecationWarning")  # the importer's
@pytest.mark.parametrize("text", SAME_AS_IMPORTER.values(), ids=SAME_AS_IMPORTER.keys())
def test_circuits_equal_the_importers(text):
    """Texts that Qiskit's importer reads correctly give the same circuit."""
    assert_same(read_circuit(HEADER + text).circuit, qasm3.loads(HEADER + text))


def test_parameters_are_in_the_order_of_their_declarations():
    """Values are sent by position; Qiskit's own order is by name."""
    read = read_circuit(
        "input float[64] z; input float[64] a; input float[64] m; qubit q; U(z, a, 0) q;"
    )
    assert [p.name for p in read.parameters] == ["z", "a", "m"]
    assert set(read.parameters) == set(read.circuit.parameters)

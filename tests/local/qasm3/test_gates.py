"""Gates that texts define, compared with Qiskit's own classes and operators."""

from __future__ import annotations

import copy
import math
import pickle

import numpy as np
import pytest
from qiskit import QuantumCircuit, qasm3, qpy
from qiskit.circuit.library import (
    C3XGate,
    ECRGate,
    RXXGate,
    RZZGate,
    SXdgGate,
    efficient_su2,
    get_standard_gate_name_mapping,
    iSwapGate,
    qaoa_ansatz,
)
from qiskit.quantum_info import Operator, SparsePauliOp

from qiskit_rest_primitives.local.qasm3.reader import ReadError, read_circuit

HEADER = 'OPENQASM 3.0;\ninclude "stdgates.inc";\n'


NO_GATES = {"delay", "global_phase", "measure"}


@pytest.mark.parametrize("name", sorted(get_standard_gate_name_mapping().keys() - NO_GATES))
@pytest.mark.parametrize("disable_constants", [True, False])
def test_every_gate_of_qiskit_is_recognised(name, disable_constants):
    """Definitions by Qiskit's exporter become Qiskit's classes, so that targets see an RZZGate."""
    gate = get_standard_gate_name_mapping()[name]
    gate = gate.copy() if not gate.params else type(gate)(*[0.1, 0.2, 0.3, 0.4][: len(gate.params)])
    circuit = QuantumCircuit(gate.num_qubits)
    circuit.append(gate, circuit.qubits[::-1])
    circuit.append(gate, circuit.qubits)
    got = read_circuit(qasm3.dumps(circuit, disable_constants=disable_constants)).circuit
    expected = {"cu1": "cu1", "u": "u"}.get(name, name)
    assert [(i.name, type(i.operation)) for i in got.data] == [(expected, type(gate))] * 2
    if name != "reset":
        assert Operator(got) == Operator(circuit)


def test_arguments_of_a_definition_go_by_position():
    """The importer sorts them by name: gate g(b, a) called with (.1, .2) swaps them there."""
    text = HEADER + "gate g(b, a) q { rx(b) q; rz(a) q; } qubit q; g(.1, .2) q;"
    expected = QuantumCircuit(1)
    expected.rx(0.1, 0)
    expected.rz(0.2, 0)
    assert Operator(read_circuit(text).circuit) == Operator(expected)


def test_more_than_ten_vector_elements_keep_their_values():
    """p[10] sorts before p[2], but values are in the order of declarations."""
    circuit = efficient_su2(3, reps=3)
    read = read_circuit(qasm3.dumps(circuit, disable_constants=True))
    values = [0.1 * k for k in range(circuit.num_parameters)]
    by_position = dict(zip(read.parameters, values, strict=True))
    assert Operator(read.circuit.assign_parameters(by_position)).equiv(
        Operator(circuit.assign_parameters(values))
    )


def test_nested_definitions_are_unchanged():
    """As the exporter writes them for a QAOA ansatz."""
    ansatz = qaoa_ansatz(SparsePauliOp(["ZZI", "IZZ", "XIX"], [1, 2, 0.5]), reps=2)
    circuit = ansatz.assign_parameters([0.1, 0.2, 0.3, 0.4])
    outer = QuantumCircuit(4)
    outer.append(circuit.to_gate(), [3, 1, 0])
    outer.append(circuit.to_gate().control(1, ctrl_state=0), [0, 1, 2, 3])
    assert Operator(read_circuit(qasm3.dumps(outer)).circuit).equiv(Operator(outer))


@pytest.mark.parametrize(
    ("definition", "call", "expected"),
    [
        ("gate rzz(a) q, r { cx q, r; rz(a) r; cx q, r; }", "rzz(.3) q[0], q[1]", RZZGate),
        ("gate rxx(a) q, r { h q; h r; rzz(a) q, r; h q; h r; }", "rxx(.3) q[0], q[1]", RXXGate),
        (
            "gate iswap q, r { s q; s r; h q; cx q, r; cx r, q; h r; }",
            "iswap q[0], q[1]",
            iSwapGate,
        ),
        ("gate ecr q, r { s q; sx r; cx q, r; x q; }", "ecr q[0], q[1]", ECRGate),
        ("gate mcx a, b, c, d { ctrl(3) @ x a, b, c, d; }", "mcx q[0], q[1], q[2], q[3]", C3XGate),
        ("gate sxdg q { h q; sdg q; h q; }", "sxdg q[0]", SXdgGate),
        ("gate sxdg q { s q; h q; s q; }", "sxdg q[0]", SXdgGate),
    ],
)
def test_a_definition_equal_to_a_gate_of_qiskit_becomes_that_gate(definition, call, expected):
    """A definition is recognised by its operator, up to a global phase."""
    circuit = read_circuit(f"{HEADER}{definition} qubit[4] q; {call};").circuit
    assert circuit.data[0].operation.base_class is expected


@pytest.mark.parametrize(
    ("definition", "call", "same"),
    [
        ("gate rzz(a) q, r { cx q, r; rz(2*a) r; cx q, r; }", "rzz(.3) q[0], q[1]", "rzz(.6)"),
        ("gate rzz(a, b) q, r { rzz(a + b) q, r; }", "rzz(.1, .2) q[0], q[1]", "rzz(.3)"),
        ("gate iswap q, r { ecr q, r; }", "iswap q[0], q[1]", "ecr"),
    ],
)
def test_a_definition_that_differs_from_qiskits_gate_is_used(definition, call, same):
    """The text's definition counts, even under the name of a gate of Qiskit's."""
    circuit = read_circuit(f"{HEADER}{definition} qubit[2] q; {call};").circuit
    name = definition.split("(")[0].split()[1]
    assert circuit.data[0].operation.name == f"gate_{name}"
    assert circuit.data[0].operation.base_class not in (RZZGate, iSwapGate)
    expected = read_circuit(f"{HEADER} qubit[2] q; {same} q[0], q[1];").circuit
    assert Operator(circuit) == Operator(expected)


def test_a_global_phase_is_kept_under_controls():
    """Qiskit's exporter drops the phase of sxdg; under a control the text's definition counts."""
    text = HEADER + "gate sxdg q { s q; h q; s q; } qubit[2] q; ctrl @ sxdg q[0], q[1];"
    expected = QuantumCircuit(2)
    body = QuantumCircuit(1)
    body.s(0)
    body.h(0)
    body.s(0)
    expected.append(body.to_gate().control(), [0, 1])
    assert Operator(read_circuit(text).circuit) == Operator(expected)


def test_stdgates_may_be_defined_by_the_text_itself():
    """Without the include their names are not reserved."""
    text = "OPENQASM 3; gate h a { U(pi/2, 0, pi) a; } gate x a { h a; } qubit q; h q; x q;"
    circuit = read_circuit(text).circuit
    assert [i.operation.name for i in circuit.data] == ["h", "gate_x"]
    expected = QuantumCircuit(1)
    expected.h(0)
    expected.h(0)
    assert Operator(circuit).equiv(Operator(expected))


def test_basis_gates_of_devices_need_no_definition():
    """`dumps(basis_gates=...)` leaves the definitions out."""
    circuit = QuantumCircuit(2)
    circuit.rzz(0.1, 0, 1)
    circuit.ecr(1, 0)
    circuit.id(0)
    text = qasm3.dumps(circuit, basis_gates=["rzz", "ecr"])
    assert "gate" not in text.replace("stdgates", "")
    assert read_circuit(text).circuit == circuit


def test_defined_gates_can_be_copied_and_pickled():
    """Copies and pickles have the definition, since jobs run in other processes."""
    text = HEADER + (
        "input float[64] t; gate inner(a) q { rx(a) q; } gate mine(a, b) q, r { inner(b) q;"
        " rzz(a) q, r; } qubit[3] q; mine(t, .2) q[0], q[2]; mine(.3, 2*t) q[1:2], q[0];"
    )
    circuit = read_circuit(text).circuit
    parameter = circuit.parameters[0]
    expected = Operator(circuit.assign_parameters({parameter: 0.7}))
    for twin in (copy.deepcopy(circuit), pickle.loads(pickle.dumps(circuit)), circuit.copy()):
        assert Operator(twin.assign_parameters([0.7])) == expected
    assert circuit.parameters[0] == parameter
    by_hand = QuantumCircuit(3)
    for first, second, q, r in ((0.7, 0.2, 0, 2), (0.3, 1.4, 1, 0), (0.3, 1.4, 2, 0)):
        by_hand.rx(second, q)
        by_hand.rzz(first, q, r)
    assert expected == Operator(by_hand)


def test_defined_gates_survive_qpy(tmp_path):
    """The other format of circuits has the definition, too."""
    text = HEADER + "gate mine(a) q { rx(a) q; t q; } qubit q; mine(.2) q; mine(.3) q;"
    circuit = read_circuit(text).circuit
    path = tmp_path / "circuit.qpy"
    with path.open("wb") as file:
        qpy.dump(circuit, file)
    with path.open("rb") as file:
        assert Operator(qpy.load(file)[0]) == Operator(circuit)


def test_controlled_phases_have_their_states():
    """ctrl, negctrl, inv and pow before gphase."""
    text = HEADER + (
        "qubit[3] q; ctrl @ negctrl @ gphase(.3) q[0], q[1]; negctrl @ inv @ gphase(.4) q[2];"
        " negctrl(2) @ ctrl @ pow(2) @ gphase(.5) q;"
    )
    with pytest.raises(ReadError, match="act on as many"):
        read_circuit(text)
    text = text.replace("gphase(.5) q;", "gphase(.5) q[0], q[1], q[2];")
    phases = [0.0] * 8
    for state in range(8):
        a, b, c = state & 1, state >> 1 & 1, state >> 2
        phases[state] += 0.3 * (a and not b) - 0.4 * (not c) + 1.0 * (not a and not b and c)
    got = Operator(read_circuit(text).circuit).data
    expected = [complex(math.cos(phase), math.sin(phase)) for phase in phases]
    assert np.allclose(got, np.diag(expected))

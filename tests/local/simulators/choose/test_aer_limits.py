"""Circuits that Aer gets wrong or fails on: run on branches, or refused."""

from __future__ import annotations

import pytest
from qiskit import ClassicalRegister, QuantumCircuit, QuantumRegister
from qiskit.circuit import IfElseOp
from qiskit.circuit.classical import expr
from qiskit.circuit.library import CCXGate
from qiskit.transpiler import generate_preset_pass_manager

from qiskit_rest_primitives.local.simulators.backends import LocalBackends
from qiskit_rest_primitives.local.simulators.base.circuit_analysis import unfolded
from qiskit_rest_primitives.local.simulators.choose.aer_limits import missing_in_aer
from qiskit_rest_primitives.wire.target.target import decode_target
from tests.local.engine.jobs import fail, run, text_of
from tests.local.simulators.dynamic_circuits import (
    counter,
    qpy_pub,
    teleported,
    until_success,
    written,
)

pytest.importorskip("qiskit_aer")


def jump_without_qubits() -> QuantumCircuit:
    """A loop with an immediate break inside a loop."""
    circuit, c = written(1)
    with circuit.while_loop((c, 1)):
        with circuit.for_loop(range(2)):
            circuit.break_loop()
        circuit.x(1)
        circuit.measure(1, c[1])
    circuit.measure(1, circuit.cregs[1][0])
    return circuit


def jump_that_no_bit_depends_on() -> QuantumCircuit:
    """Aer leaves out the end of the condition, because no measurement follows."""
    circuit, c = written(1)
    with circuit.if_test(expr.equal(expr.bit_not(c), 6)):
        circuit.measure(0, c[0])
        circuit.x(1)
    circuit.cx(2, 1)
    circuit.x(0)
    circuit.measure(0, circuit.cregs[1][0])
    return circuit


def switch_on_an_expression() -> QuantumCircuit:
    """With a default and a case of two values."""
    circuit, c = written(6)
    with circuit.switch(expr.bit_xor(c, 3)) as case:
        with case(0, 1):
            circuit.x(1)
        with case(5):
            circuit.x(0)
        with case(case.DEFAULT):
            circuit.x(2)
    circuit.measure(0, circuit.cregs[1][0])
    return circuit


def bits_of_a_block() -> QuantumCircuit:
    """A body whose bits have other names than outside."""
    circuit, c = written(5)
    inner = QuantumCircuit(1)
    inner.x(0)
    body = QuantumCircuit(1, 1)
    body.append(IfElseOp((body.clbits[0], 1), inner), [0], [])
    circuit.append(IfElseOp((c, 5), body), [0], [c[2]])
    circuit.measure(0, circuit.cregs[1][0])
    return circuit


def overlapping() -> QuantumCircuit:
    """A while loop on a register that shares bits with another."""
    c = ClassicalRegister(3, "c")
    shared = ClassicalRegister(bits=[c[1], c[2]], name="shared")
    circuit = QuantumCircuit(QuantumRegister(3, "q"), c, shared, ClassicalRegister(1, "out"))
    circuit.x(2)
    circuit.measure([0, 1, 2], c)
    with circuit.while_loop((shared, 2)):
        circuit.x(2)
        circuit.x(0)
        circuit.measure(2, c[2])
    circuit.measure(0, circuit.cregs[2][0])
    return circuit


def boxes() -> QuantumCircuit:
    """An empty box, and one inside a condition."""
    circuit, c = written(4)
    with circuit.box():
        circuit.noop(0)
    with circuit.if_test((c, 4)), circuit.box():
        circuit.x(0)
    circuit.measure(0, circuit.cregs[1][0])
    return circuit


@pytest.mark.parametrize(
    ("build", "bits"),
    [
        (jump_without_qubits, "011"),
        (jump_that_no_bit_depends_on, "000"),
        (switch_on_an_expression, "110"),
        (bits_of_a_block, "101"),
        (overlapping, "000"),
        (boxes, "100"),
    ],
)
@pytest.mark.parametrize("backend", ["statevector", "aer", "aer_density_matrix"])
def test_circuits_that_aer_fails_on_run(engine, backend, build, bits):
    """Aer fails with `Invalid jump destination`, `unordered_map::at` and others."""
    [got] = run(engine, "sampler", [qpy_pub(build(), None, 5)], backend)
    assert got.data.c.get_counts() == {bits: 5}
    assert got.data.out.get_counts() == {"1": 5}


def test_a_circuit_that_aer_lacks_is_refused_with_a_noise_model(engine):
    """With a noise model and on a device, the reason names the feature."""
    from qiskit_aer.noise import NoiseModel, depolarizing_error

    model = NoiseModel()
    model.add_all_qubit_quantum_error(depolarizing_error(0.1, 1), ["x"])
    options = {"simulator": {"noise_model": model.to_dict(serializable=True)}}
    pub = qpy_pub(counter(), None, 10)
    outcome = fail(engine, "sampler", [pub], "aer", options=options)
    assert "PUB 0: Aer does not run real-time variables such as 'count'" in outcome.reason
    circuit = QuantumCircuit(5, 2)
    circuit.measure(0, 0)
    with circuit.if_test(expr.equal(expr.shift_left(circuit.cregs[0], 1), 2)):
        circuit.x(0)
    outcome = fail(engine, "sampler", [qpy_pub(circuit, None, 10)], "fake_5q")
    assert "does not run the operation SHIFT_LEFT in a condition" in outcome.reason


def test_circuits_that_aer_runs_correctly_run_on_aer(engine):
    """Plain conditions, loops and switches."""
    assert not missing_in_aer(teleported())
    assert not missing_in_aer(until_success())
    [got] = run(engine, "sampler", [[text_of(until_success()), None, 10]])
    assert got.metadata["simulation"]["method"] == "statevector"
    assert got.data.c.get_counts() == {"1": 10}


def test_conditions_that_lost_their_gates_run_on_a_device(engine):
    """Qiskit leaves them without a qubit, and Aer takes none such."""
    circuit = QuantumCircuit(5, 2)
    circuit.measure(0, 0)
    bit = circuit.clbits[0]
    circuit.if_else((bit, 1), QuantumCircuit(), None, [], [])
    circuit.switch(bit, [(0, QuantumCircuit())], [], [])
    circuit.for_loop(range(2), None, QuantumCircuit(), [], [])
    assert unfolded(circuit).count_ops() == {"measure": 1}
    [got] = run(engine, "sampler", [qpy_pub(circuit, None, 10)], "fake_5q")
    assert got.data.c.num_shots == 10
    # It may wait for ever.
    circuit.while_loop((bit, 1), QuantumCircuit(), [], [])
    assert missing_in_aer(unfolded(circuit)) == "control flow that touches no qubit"


@pytest.mark.parametrize("backend", ["statevector", "aer", "aer_matrix_product_state"])
def test_gates_that_aer_lacks_run_in_loops_with_break(engine, backend):
    """A gate with open controls is translated in a loop with a break."""
    circuit = QuantumCircuit(3, 2)
    with circuit.for_loop(range(3)):
        circuit.append(CCXGate(ctrl_state=0), [0, 1, 2])
        circuit.measure(2, 0)
        with circuit.if_test((circuit.clbits[0], 1)):
            circuit.break_loop()
    circuit.measure(2, 1)
    [got] = run(engine, "sampler", [qpy_pub(circuit, None, 7)], backend)
    assert got.data.c.get_counts() == {"11": 7}


def test_a_box_is_transpiled_for_a_simulator():
    """The simulators' target that a client reads has box, break and continue."""
    backend = LocalBackends().device("statevector")
    target = decode_target(backend.configuration(), backend.properties())
    circuit = QuantumCircuit(2)
    with circuit.box():
        circuit.cx(0, 1)
    transpiled = generate_preset_pass_manager(1, target=target).run(circuit)
    assert transpiled.count_ops() == {"box": 1}

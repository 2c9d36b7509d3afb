"""Conditions, real-time variables and loop parameters of dynamic circuits."""

from __future__ import annotations

import itertools
import operator

import numpy as np
import pytest
from qiskit import ClassicalRegister, QuantumCircuit, QuantumRegister
from qiskit.circuit import Parameter
from qiskit.circuit.classical import expr, types

from qiskit_rest_primitives.local.simulators.methods.branch_program import Walk
from qiskit_rest_primitives.local.simulators.methods.branches import Branches
from tests.local.engine.jobs import fail, run, text_of
from tests.local.simulators.dynamic_circuits import SEED, counter, qpy_pub, written

pytest.importorskip("qiskit_aer")


CONDITIONS = {
    "shift_left": (lambda c: expr.equal(expr.shift_left(c, 1), 2), lambda v: (v << 1) % 8 == 2),
    "shift_right": (lambda c: expr.equal(expr.shift_right(c, 1), 2), lambda v: v >> 1 == 2),
    "shift_far": (lambda c: expr.equal(expr.shift_left(c, c), 0), lambda v: (v << v) % 8 == 0),
    "index": (lambda c: expr.index(c, 2), lambda v: v >> 2 & 1),
    "add": (lambda c: expr.less(expr.add(c, 5), 3), lambda v: (v + 5) % 8 < 3),
    "sub": (lambda c: expr.equal(expr.sub(c, 6), 7), lambda v: (v - 6) % 8 == 7),
    "mul": (lambda c: expr.equal(expr.mul(c, c), 1), lambda v: v * v % 8 == 1),
    "div": (lambda c: expr.equal(expr.div(c, 3), 2), lambda v: v // 3 == 2),
    "xor": (lambda c: expr.equal(expr.bit_xor(c, 5), 3), lambda v: v ^ 5 == 3),
    "not": (lambda c: expr.less(expr.bit_not(c), 3), lambda v: 7 - v < 3),
    "bits": (lambda c: expr.bit_xor(c[0], expr.bit_not(c[2])), lambda v: (v & 1) != (~v >> 2 & 1)),
    "cast": (lambda c: expr.cast(c, types.Bool()), lambda v: v != 0),
    "wide": (
        lambda c: expr.equal(expr.shift_left(expr.cast(c, types.Uint(100)), 90), 3 << 90),
        lambda v: v == 3,
    ),
    "logic": (
        lambda c: expr.logic_or(expr.logic_not(c), expr.greater_equal(c, 6)),
        lambda v: v == 0 or v >= 6,
    ),
    "float": (
        lambda c: expr.less(expr.mul(expr.cast(c, types.Float()), 0.5), 1.25),
        lambda v: v * 0.5 < 1.25,
    ),
}


@pytest.mark.parametrize("name", CONDITIONS)
def test_conditions_agree_with_python(engine, name):
    """Operations that Aer lacks or gets wrong, for every value of a register."""
    build, holds = CONDITIONS[name]
    pubs = []
    for value in range(8):
        circuit, c = written(value)
        with circuit.if_test(build(c)):
            circuit.x(0)
        circuit.measure(0, circuit.cregs[1][0])
        pubs.append(qpy_pub(circuit, None, 3))
    for backend in ("statevector", "aer"):
        for value, got in enumerate(run(engine, "sampler", pubs, backend)):
            assert got.data.c.get_counts() == {f"{value:03b}": 3}
            assert got.data.out.get_counts() == {str(int(bool(holds(value)))): 3}


@pytest.mark.parametrize("backend", ["statevector", "aer"])
def test_real_time_variables_run(engine, backend):
    """1, 2, 3 with 1/2, 1/4, 1/4: the samples within five standard deviations, the values exact."""
    shots = 4000
    [got] = run(engine, "sampler", [qpy_pub(counter(), None, shots)], backend, options=SEED)
    counts = got.data.n.get_counts()
    assert set(counts) == {"01", "10", "11"}
    for key, chance in [("01", 0.5), ("10", 0.25), ("11", 0.25)]:
        assert abs(counts[key] - shots * chance) < 5 * np.sqrt(shots * chance * (1 - chance))
    assert got.metadata["simulation"]["method"] == "branches"
    [got] = run(engine, "estimator", [qpy_pub(counter(), ["IIZ", "IZI", "IZZ"], None, 0)], backend)
    assert np.allclose(got.data.evs, [-0.5, 0, -0.5], atol=1e-12)


def test_a_variable_without_a_value_is_refused(engine):
    """The reason has its name; input variables, which a PUB can't set, are refused, too."""
    circuit = QuantumCircuit(1, 1)
    empty = expr.Var.new("empty", types.Bool())
    circuit.add_uninitialized_var(empty)
    with circuit.if_test(empty):
        circuit.x(0)
    assert "'empty' is read before" in fail(engine, "sampler", [qpy_pub(circuit)]).reason
    circuit = QuantumCircuit(1, 1)
    circuit.add_input("given", types.Uint(3))
    for backend in ("statevector", "aer"):
        outcome = fail(engine, "sampler", [qpy_pub(circuit)], backend)
        assert "PUB 0: the circuit's input variable 'given'" in outcome.reason


def test_impossible_arithmetic_is_refused(engine):
    """A division by zero and an index out of range are refused with their PUB."""
    for build, words in [
        (lambda c: expr.equal(expr.div(7, c), 1), "PUB 0: a division by zero"),
        (lambda c: expr.index(c, expr.bit_or(c, 7)), "PUB 0: index 7 is out of range"),
    ]:
        circuit, c = written(0)
        with circuit.if_test(build(c)):
            circuit.x(0)
        assert words in fail(engine, "sampler", [qpy_pub(circuit)]).reason


@pytest.mark.parametrize("backend", ["statevector", "aer"])
def test_bits_that_nothing_writes_are_0(engine, backend):
    """In conditions on bits, registers and expressions."""
    c, out = ClassicalRegister(3, "c"), ClassicalRegister(3, "out")
    circuit = QuantumCircuit(QuantumRegister(3, "q"), c, out)
    for qubit, condition in enumerate([(c[1], 0), (c, 0), expr.equal(expr.bit_or(c, 1), 1)]):
        with circuit.if_test(condition):
            circuit.x(qubit)
    circuit.measure([0, 1, 2], out)
    [got] = run(engine, "sampler", [[text_of(circuit), None, 5]], backend)
    assert got.data.out.get_counts() == {"111": 5}


def test_values_of_parameters_reach_blocks_and_loops(engine):
    """A sweep over an angle inside a condition and inside a loop."""
    circuit = QuantumCircuit(2, 1)
    angle = Parameter("angle")
    circuit.x(0)
    circuit.measure(0, 0)
    with circuit.if_test((circuit.clbits[0], 1)):
        circuit.rx(angle, 1)
    with circuit.for_loop(range(6)):
        circuit.rx(angle, 1)
    values = np.linspace(-1, 2, 7)
    pub = qpy_pub(circuit, "ZI", [[value] for value in values], 0)
    [got] = run(engine, "estimator", [pub])
    assert np.allclose(got.data.evs, np.cos(7 * values))


def test_a_loop_gives_its_parameter_its_values():
    """Backwards, in steps of two."""
    circuit = QuantumCircuit(1)
    step = Parameter("step")
    with circuit.for_loop(range(5, 0, -2), step):
        circuit.rx(step / 10, 0)
    state = Walk(lambda: None).run(circuit, Branches.start(1, 0, 2**10))
    assert state.expectations(["Z"])["Z"] == pytest.approx(np.cos(0.9))


@pytest.mark.parametrize("name", ["add", "sub", "mul", "and_", "or_", "xor", "lshift", "rshift"])
def test_integers_wrap_at_their_width(name):
    """Every pair of small integers gives Python's value, wrapped."""
    build = {
        "add": expr.add,
        "sub": expr.sub,
        "mul": expr.mul,
        "and_": expr.bit_and,
        "or_": expr.bit_or,
        "xor": expr.bit_xor,
        "lshift": expr.shift_left,
        "rshift": expr.shift_right,
    }[name]
    memory = Branches.start(1, 1, 2**10).memory
    width = types.Uint(3)
    for left, right in itertools.product(range(8), repeat=2):
        node = build(expr.lift(left, width), expr.lift(right, width))
        assert memory.evaluate(node, {})[0] == getattr(operator, name)(left, right) % 8

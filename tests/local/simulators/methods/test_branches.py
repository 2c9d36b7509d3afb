"""Branches of dynamic circuits: samples, limits of memory, loops."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from qiskit import ClassicalRegister, QuantumCircuit, QuantumRegister
from qiskit.circuit import Parameter
from qiskit.circuit.classical import expr

from qiskit_rest_primitives.local.engine.planning import plan
from qiskit_rest_primitives.local.outcome import StoppedError
from qiskit_rest_primitives.local.simulators.choose import for_statevector
from qiskit_rest_primitives.local.simulators.methods import branch_simulator
from qiskit_rest_primitives.local.simulators.methods.branch_program import MAX_ROUNDS, Walk
from qiskit_rest_primitives.local.simulators.methods.branches import Branches
from tests.local.engine.jobs import fail, run, text_of
from tests.local.simulators.dynamic_circuits import SEED, qpy_pub, teleported, until_success

pytest.importorskip("qiskit_aer")


def test_samples_follow_the_exact_distribution(engine):
    """A chi-square test with two coins, a condition that Aer lacks and a final measurement."""
    c, out = ClassicalRegister(2, "c"), ClassicalRegister(1, "out")
    circuit = QuantumCircuit(QuantumRegister(2, "q"), c, out)
    angles = (0.8, 1.9)
    circuit.ry(angles[0], 0)
    circuit.ry(angles[1], 1)
    circuit.measure([0, 1], c)
    circuit.reset(0)
    with circuit.if_test(expr.equal(expr.shift_left(c, 1), 2)):
        circuit.ry(1.1, 0)
    circuit.measure(0, out)
    shots = 20_000
    [got] = run(engine, "sampler", [qpy_pub(circuit, None, shots)], options=SEED)
    joint = got.data.c.array[:, 0] + 4 * got.data.out.array[:, 0].astype(int)
    counts = np.bincount(joint, minlength=8)
    one = [np.sin(angle / 2) ** 2 for angle in angles]
    chances = []
    for result, second, first in itertools.product((0, 1), repeat=3):
        chance = (one[0] if first else 1 - one[0]) * (one[1] if second else 1 - one[1])
        heads = np.sin(1.1 / 2) ** 2 if first else 0.0
        chances.append(chance * (heads if result else 1 - heads))
    expected = shots * np.array(chances)
    assert np.all(counts[expected == 0] == 0)
    kept = expected > 0
    # 99.99 % of the chi-square distribution with five degrees of freedom lie below 25.7.
    assert np.sum((counts[kept] - expected[kept]) ** 2 / expected[kept]) < 25.7


def coin() -> QuantumCircuit:
    """A fair coin, a gate whose angle is a parameter, and a shift, which Aer lacks."""
    c, out = ClassicalRegister(1, "c"), ClassicalRegister(1, "out")
    circuit = QuantumCircuit(QuantumRegister(2, "q"), c, out)
    circuit.h(0)
    circuit.rx(Parameter("angle"), 1)
    circuit.measure(0, c)
    with circuit.if_test(expr.equal(expr.shift_right(c, 0), 1)):
        circuit.x(1)
    circuit.measure(1, out)
    return circuit


def test_shots_are_shuffled_and_independent_of_the_tasks(engine, monkeypatch):
    """A coin's outcome changes in about every second shot; a seed fixes all of them."""
    pub = qpy_pub(coin(), [[0.0], [1.0], [2.0]], 400)
    [got] = run(engine, "sampler", [pub], options=SEED)
    shown = got.data.c.array[0, :, 0].astype(int)
    assert 150 < np.abs(np.diff(shown)).sum() < 250
    monkeypatch.setattr(plan, "_cut", lambda points, *_: (slice(i, i + 1) for i in range(points)))
    [again] = run(engine, "sampler", [pub], options=SEED)
    for name in ("c", "out"):
        assert np.array_equal(got.data[name].array, again.data[name].array)
    assert not np.array_equal(got.data.out.array[0], got.data.out.array[1])


def test_dynamic_circuits_run_without_aer(engine, monkeypatch):
    """Samples and values come from branches; devices still need Aer."""
    monkeypatch.setattr(for_statevector, "aer_is_installed", lambda: False)
    circuit = teleported()
    [got] = run(engine, "estimator", [[text_of(circuit), "ZII", None, 0]])
    assert float(got.data.evs) == pytest.approx(np.cos(0.9))
    circuit.add_register(ClassicalRegister(1, "out"))
    circuit.measure(2, 2)
    [got] = run(engine, "sampler", [[text_of(circuit), None, 4000]], options=SEED)
    ones = got.data.out.get_counts()["1"] / 4000
    assert ones == pytest.approx(np.sin(0.45) ** 2, abs=0.03)


def repeated(num_qubits: int, rounds: int) -> QuantumCircuit:
    """Repeats gates and measurements, so that every outcome has another state."""
    circuit = QuantumCircuit(num_qubits, 1)
    for number in range(rounds):
        for qubit in range(num_qubits):
            circuit.ry(0.3 + number + qubit, qubit)
            circuit.cx(qubit, (qubit + 1) % num_qubits)
        circuit.measure(number % num_qubits, 0)
        circuit.ry(0.4, number % num_qubits)
    return circuit


@pytest.mark.slow
def test_branches_of_unread_measurements_are_merged(engine, monkeypatch):
    """Twenty unread outcomes give a million branches, merged to eight; the value is Aer's."""
    monkeypatch.setattr(branch_simulator, "statevector_limit", lambda: 8)
    circuit = repeated(3, 20)
    [got] = run(engine, "estimator", [[text_of(circuit), ["IZX", "YIZ"], None, 0]])
    [sampled] = run(engine, "estimator", [[text_of(circuit), ["IZX", "YIZ"], None, 0.01]], "aer")
    assert np.allclose(got.data.evs, sampled.data.evs, atol=0.05)


def test_branches_beyond_memory_are_refused_with_the_number(engine, monkeypatch):
    """The reason has PUB, width, branches and cure; sampling runs fewer shots at once instead."""
    monkeypatch.setattr(branch_simulator, "statevector_limit", lambda: 5)
    circuit = repeated(4, 6)
    outcome = fail(engine, "estimator", [[text_of(circuit), "IIIZ", None, 0]])
    assert "PUB 0: 4 qubits in" in outcome.reason
    assert "memory holds 2 branches" in outcome.reason
    assert "precision above 0" in outcome.reason_solution
    monkeypatch.setattr(for_statevector, "aer_is_installed", lambda: False)
    [got] = run(engine, "sampler", [[text_of(circuit), None, 50]], options=SEED)
    assert got.data.c.num_shots == 50


def test_wide_circuits_with_a_precision_are_measured(engine, monkeypatch):
    """Exact values would cost too much; shots run on Aer or on branches."""
    monkeypatch.setattr(for_statevector, "_EXACT_UP_TO", 4)
    pub = [text_of(repeated(3, 3)), ["IZX", "YIZ"], None, 0.02]
    [exact] = run(engine, "estimator", [[*pub[:3], 0]])
    for aer in (True, False):
        monkeypatch.setattr(for_statevector, "aer_is_installed", lambda aer=aer: aer)
        [got] = run(engine, "estimator", [pub], options=SEED)
        assert np.allclose(got.data.evs, exact.data.evs, atol=0.1)
        assert np.all((got.data.stds > 0.01) & (got.data.stds <= 0.02))
        method = "statevector" if aer else "branches"
        assert got.metadata["simulation"]["method"] == method


def test_widths_beyond_memory_are_refused_with_the_number(engine):
    """Exact values of 40 qubits, and samples with a condition that Aer lacks."""
    circuit = QuantumCircuit(40, 1)
    circuit.h(range(40))
    circuit.measure(0, 0)
    circuit.h(0)
    outcome = fail(engine, "estimator", [[text_of(circuit), "Z" * 40, None, 0]], "aer_stabilizer")
    assert "PUB 0: exact values of a dynamic circuit with 40 qubits" in outcome.reason
    assert "precision above 0" in outcome.reason_solution
    [got] = run(engine, "estimator", [[text_of(circuit), "Z" * 40, None, 0.1]], "aer_stabilizer")
    assert abs(float(got.data.evs)) < 0.5
    with circuit.if_test(expr.index(circuit.cregs[0], 0)):
        circuit.x(0)
    outcome = fail(engine, "sampler", [qpy_pub(circuit, None, 5)], "aer_stabilizer")
    assert "PUB 0: 40 qubits in use, and Aer does not run Index in a condition" in outcome.reason


def test_a_loop_until_success_has_an_exact_value(engine):
    """For any number of rounds."""
    [got] = run(engine, "estimator", [[text_of(until_success()), ["Z", "X"], None, 0]])
    assert np.allclose(got.data.evs, [-1, 0], atol=1e-9)


def test_a_loop_without_an_end_is_refused(engine, monkeypatch):
    """After a number of rounds, with a reason."""
    from qiskit_rest_primitives.local.simulators.methods import branch_program

    assert MAX_ROUNDS == 100_000
    monkeypatch.setattr(branch_program, "MAX_ROUNDS", 50)
    circuit = QuantumCircuit(1, 1)
    with circuit.while_loop((circuit.clbits[0], 0)):
        circuit.x(0)
    outcome = fail(engine, "estimator", [[text_of(circuit), "Z", None, 0]])
    assert "PUB 0: a while loop did not end within 50 rounds" in outcome.reason


def test_a_cancelled_run_stops_between_two_instructions():
    """Even in an endless loop."""
    circuit = QuantumCircuit(1, 1)
    with circuit.while_loop((circuit.clbits[0], 0)):
        circuit.x(0)
    calls = itertools.count()

    def check() -> None:
        if next(calls) > 100:
            raise StoppedError

    with pytest.raises(StoppedError):
        Walk(check).run(circuit, Branches.start(1, 1, 2**10))

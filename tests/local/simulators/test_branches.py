"""Dynamic circuits on the simulators: exact values, samples, and what is refused by name."""

from __future__ import annotations

import itertools
import operator

import numpy as np
import pytest
from qiskit import ClassicalRegister, QuantumCircuit, QuantumRegister
from qiskit.circuit import IfElseOp, Parameter
from qiskit.circuit.classical import expr, types
from qiskit.circuit.library import CCXGate
from qiskit.transpiler import generate_preset_pass_manager

from qiskit_rest_primitives.local.engine import plan as planning
from qiskit_rest_primitives.local.engine.engine import Engine
from qiskit_rest_primitives.local.outcome import StoppedError
from qiskit_rest_primitives.local.simulators import branch_simulator as dynamic
from qiskit_rest_primitives.local.simulators import circuit_analysis as analysis
from qiskit_rest_primitives.local.simulators import prepare_statevector
from qiskit_rest_primitives.local.simulators.aer_limits import missing_in_aer
from qiskit_rest_primitives.local.simulators.backends import LocalBackends
from qiskit_rest_primitives.local.simulators.branch_program import MAX_ROUNDS, Walk
from qiskit_rest_primitives.local.simulators.branches import Branches
from qiskit_rest_primitives.wire.target.target import decode_target
from tests.local.engine.jobs import OneThread, fail, run, text_of
from tests.local.engine.test_load_circuit import envelope, qpy_of

pytest.importorskip("qiskit_aer")

SEED = {"simulator": {"seed_simulator": 42}}
SIMULATORS = ["statevector", "aer", "aer_statevector", "aer_density_matrix"]


@pytest.fixture(scope="module")
def engine():
    """An engine that runs everything in this process."""
    with OneThread() as executor:
        engine = Engine(LocalBackends(), executor)
        yield engine
        engine.close()


def qpy_pub(circuit: QuantumCircuit, *rest) -> list:
    """A PUB that carries the circuit as QPY."""
    return [envelope(qpy_of(circuit)), *rest]


def flipped() -> QuantumCircuit:
    """x; reset."""
    circuit = QuantumCircuit(1)
    circuit.x(0)
    circuit.reset(0)
    return circuit


def refreshed() -> QuantumCircuit:
    """h; reset; h."""
    circuit = QuantumCircuit(1)
    circuit.h(0)
    circuit.reset(0)
    circuit.h(0)
    return circuit


def half_bell() -> QuantumCircuit:
    """A Bell state of which one qubit is prepared anew."""
    circuit = QuantumCircuit(2)
    circuit.h(0)
    circuit.cx(0, 1)
    circuit.initialize([1, 0], 0)
    return circuit


def bell(*, measured: bool) -> QuantumCircuit:
    """A Bell state."""
    circuit = QuantumCircuit(2, 2)
    circuit.h(0)
    circuit.cx(0, 1)
    if measured:
        circuit.measure([0, 1], [0, 1])
    return circuit


def teleported() -> QuantumCircuit:
    """Prepares ry(0.9) on qubit 0 and hands it to qubit 2 by measurement and correction."""
    circuit = QuantumCircuit(3, 2)
    circuit.ry(0.9, 0)
    circuit.h(1)
    circuit.cx(1, 2)
    circuit.cx(0, 1)
    circuit.h(0)
    circuit.measure([0, 1], [0, 1])
    with circuit.if_test((circuit.clbits[1], 1)):
        circuit.x(2)
    with circuit.if_test((circuit.clbits[0], 1)):
        circuit.z(2)
    return circuit


@pytest.mark.parametrize("backend", SIMULATORS)
@pytest.mark.parametrize(
    ("circuit", "observables", "want"),
    [
        (flipped(), ["Z"], [1]),
        (refreshed(), ["X", "Z"], [1, 0]),
        (half_bell(), ["IZ", "ZI", "ZZ"], [1, 0, 0]),
        (teleported(), ["ZII", "XII", "YII"], [np.cos(0.9), np.sin(0.9), 0]),
    ],
)
def test_exact_values_are_those_of_the_ensemble(engine, backend, circuit, observables, want):
    """Precision 0 after resets, measurements and conditions; the metadata name the method."""
    [got] = run(engine, "estimator", [qpy_pub(circuit, observables, None, 0)], backend)
    assert np.allclose(got.data.evs, want, atol=1e-12)
    assert np.all(got.data.stds == 0)
    assert got.metadata["simulation"] == {"method": "branches", "noise": "none"}


def test_a_precision_adds_noise_to_the_values_of_the_ensemble(engine):
    """Not the value of one trajectory, which would be far off; the error is stated."""
    pub = qpy_pub(half_bell(), [["ZI"] * 300], None, 0.01)
    [got] = run(engine, "estimator", [pub], options={"seed_estimator": 3})
    assert np.abs(got.data.evs).max() < 0.05
    assert 0.008 < got.data.evs.std() < 0.012
    assert np.all(got.data.stds == 0.01)


@pytest.mark.parametrize("backend", ["statevector", "aer"])
def test_the_standard_errors_are_those_of_the_noise(engine, backend):
    """Aer's estimator states the precision, the size of the noise that it adds."""
    from qiskit_aer.primitives import EstimatorV2

    circuit = bell(measured=False)
    [got] = run(engine, "estimator", [[text_of(circuit), ["ZZ", "XI"], None, 0.1]], backend)
    [want] = EstimatorV2().run([(circuit, ["ZZ", "XI"], None, 0.1)]).result()
    assert got.data.stds.tolist() == want.data.stds.tolist() == [0.1, 0.1]
    [exact] = run(engine, "estimator", [[text_of(circuit), ["ZZ", "XI"], None, 0]], backend)
    assert exact.data.stds.tolist() == [0, 0]


@pytest.mark.parametrize("backend", [*SIMULATORS, "aer_stabilizer", "aer_matrix_product_state"])
def test_a_measurement_at_the_end_is_a_measurement(engine, backend):
    """The values of Aer's own estimator, which measures the observables after the circuit."""
    from qiskit_aer.primitives import EstimatorV2

    circuit = bell(measured=True)
    [want] = EstimatorV2().run([(circuit, ["ZZ", "XX"], None, 0)]).result()
    [got] = run(engine, "estimator", [[text_of(circuit), ["ZZ", "XX"], None, 0]], backend)
    assert np.allclose(got.data.evs, want.data.evs, atol=1e-12)
    assert np.allclose(got.data.evs, [1, 0], atol=1e-12)
    [noisy] = run(engine, "estimator", [[text_of(circuit), ["ZZ", "XX"], None, 0.02]], backend)
    assert np.allclose(noisy.data.evs, [1, 0], atol=0.1)


def bell_on_device(*, measured: bool) -> QuantumCircuit:
    """A Bell state in the gates of a device of five qubits."""
    circuit = QuantumCircuit(5, 2)
    for qubit in (0, 1):
        circuit.rz(np.pi / 2, qubit)
        circuit.sx(qubit)
        circuit.rz(np.pi / 2, qubit)
    circuit.cz(0, 1)
    circuit.rz(np.pi / 2, 1)
    circuit.sx(1)
    circuit.rz(np.pi / 2, 1)
    if measured:
        circuit.measure([0, 1], [0, 1])
    return circuit


@pytest.mark.parametrize("measured", [False, True])
def test_a_measurement_at_the_end_is_a_measurement_on_a_device(engine, measured):
    """As `BackendEstimatorV2` on the same device: [1, 0], not [1, 1]."""
    from qiskit.primitives import BackendEstimatorV2
    from qiskit_aer import AerSimulator

    circuit = bell_on_device(measured=measured)
    observables = ["IIIZZ", "IIIXX"]
    pub = [text_of(circuit), observables, None, 0.02]
    [got] = run(engine, "estimator", [pub], "fake_5q", options=SEED)
    reference = BackendEstimatorV2(backend=AerSimulator(seed_simulator=1))
    [want] = reference.run([(circuit, observables, None)], precision=0.02).result()
    assert np.allclose(got.data.evs, want.data.evs, atol=0.15)
    assert np.allclose(got.data.evs, [1, 0 if measured else 1], atol=0.15)
    assert got.metadata["simulation"] == {"method": "density_matrix", "noise": "full"}


def test_a_measurement_in_the_middle_on_a_device_costs_no_run_a_shot(engine):
    """Where nobody reads it: still a density matrix with all of the noise."""
    circuit = bell_on_device(measured=True)
    circuit.sx(0)
    pub = [text_of(circuit), ["IIIIY", "IIIZI", "IIIZY"], None, 0.02]
    [got] = run(engine, "estimator", [pub], "fake_5q", options=SEED)
    # sx turns Z to -Y: the qubit that was measured still tells of the other.
    assert np.allclose(got.data.evs, [0, 0, -1], atol=0.15)
    assert got.metadata["simulation"]["method"] == "density_matrix"


def test_a_measurement_before_a_noise_model_keeps_its_noise(engine):
    """An error of the measurement itself turns the qubit before the observable is measured."""
    from qiskit_aer.noise import NoiseModel, pauli_error

    model = NoiseModel()
    model.add_all_qubit_quantum_error(pauli_error([("X", 1.0)]), ["measure"])
    circuit = QuantumCircuit(1, 1)
    circuit.measure(0, 0)
    options = {"simulator": {"noise_model": model.to_dict(serializable=True)}}
    [got] = run(engine, "estimator", [[text_of(circuit), "Z", None, 0.1]], "aer", options=options)
    # One flip for the circuit's measurement and one for that of the observable.
    assert float(got.data.evs) == 1
    bare = QuantumCircuit(1, 1)
    [got] = run(engine, "estimator", [[text_of(bare), "Z", None, 0.1]], "aer", options=options)
    assert float(got.data.evs) == -1


def written(value: int, width: int = 3) -> tuple[QuantumCircuit, ClassicalRegister]:
    """A register that holds a number, a second one for results, and qubits in state 0."""
    c, out = ClassicalRegister(width, "c"), ClassicalRegister(1, "out")
    circuit = QuantumCircuit(QuantumRegister(width, "q"), c, out)
    for bit in range(width):
        if value >> bit & 1:
            circuit.x(bit)
    circuit.measure(range(width), c)
    circuit.reset(range(width))
    return circuit, c


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
def test_conditions_mean_what_python_computes(engine, name):
    """Operations that Aer has not or gets wrong, for every content of a register."""
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


def counter() -> QuantumCircuit:
    """Counts up in a variable until a fair coin has shown heads or the count is 3."""
    n, done = ClassicalRegister(2, "n"), ClassicalRegister(1, "done")
    circuit = QuantumCircuit(QuantumRegister(3, "q"), n, done)
    count = circuit.add_var("count", expr.lift(0, types.Uint(2)))
    going = circuit.add_var("going", expr.lift(True))
    with circuit.while_loop(expr.logic_and(going, expr.less(count, 3))):
        circuit.h(2)
        circuit.measure(2, done[0])
        circuit.store(going, expr.logic_not(done[0]))
        circuit.store(count, expr.add(count, 1))
    for bit in (0, 1):
        with circuit.if_test(expr.index(count, bit)):
            circuit.x(bit)
    circuit.measure([0, 1], n)
    return circuit


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
    """At its reading, by name; and an input variable, which no PUB can give a value."""
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
    """A division by zero and an index beyond the width, with their PUB."""
    for build, words in [
        (lambda c: expr.equal(expr.div(7, c), 1), "PUB 0: a division by zero"),
        (lambda c: expr.index(c, expr.bit_or(c, 7)), "PUB 0: an index of 7"),
    ]:
        circuit, c = written(0)
        with circuit.if_test(build(c)):
            circuit.x(0)
        assert words in fail(engine, "sampler", [qpy_pub(circuit)]).reason


def jump_without_qubits() -> QuantumCircuit:
    """A loop that is left at once inside a loop."""
    circuit, c = written(1)
    with circuit.while_loop((c, 1)):
        with circuit.for_loop(range(2)):
            circuit.break_loop()
        circuit.x(1)
        circuit.measure(1, c[1])
    circuit.measure(1, circuit.cregs[1][0])
    return circuit


def jump_that_no_bit_depends_on() -> QuantumCircuit:
    """Aer leaves out the end of the condition, which no measurement follows."""
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
    """A body that names its bits in its own way."""
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
    """Its own messages were `Invalid jump destination`, `unordered_map::at` and others."""
    [got] = run(engine, "sampler", [qpy_pub(build(), None, 5)], backend)
    assert got.data.c.get_counts() == {bits: 5}
    assert got.data.out.get_counts() == {"1": 5}


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


def test_samples_follow_the_distribution_that_branches_give(engine):
    """Chi-square of two coins, a condition that Aer lacks and a measurement at the end."""
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
    """A fair coin, and a gate whose angle is a parameter; Aer has no shifts."""
    c, out = ClassicalRegister(1, "c"), ClassicalRegister(1, "out")
    circuit = QuantumCircuit(QuantumRegister(2, "q"), c, out)
    circuit.h(0)
    circuit.rx(Parameter("angle"), 1)
    circuit.measure(0, c)
    with circuit.if_test(expr.equal(expr.shift_right(c, 0), 1)):
        circuit.x(1)
    circuit.measure(1, out)
    return circuit


def test_shots_come_in_no_order_and_do_not_depend_on_the_cut(engine, monkeypatch):
    """The outcomes of a coin alternate about every second shot; a seed fixes all of them."""
    pub = qpy_pub(coin(), [[0.0], [1.0], [2.0]], 400)
    [got] = run(engine, "sampler", [pub], options=SEED)
    shown = got.data.c.array[0, :, 0].astype(int)
    assert 150 < np.abs(np.diff(shown)).sum() < 250
    monkeypatch.setattr(
        planning, "_cut", lambda points, _: (slice(i, i + 1) for i in range(points))
    )
    [again] = run(engine, "sampler", [pub], options=SEED)
    for name in ("c", "out"):
        assert np.array_equal(got.data[name].array, again.data[name].array)
    assert not np.array_equal(got.data.out.array[0], got.data.out.array[1])


def test_dynamic_circuits_run_without_aer(engine, monkeypatch):
    """Samples and values, by branches; devices still need Aer."""
    monkeypatch.setattr(prepare_statevector, "aer_is_installed", lambda: False)
    circuit = teleported()
    [got] = run(engine, "estimator", [[text_of(circuit), "ZII", None, 0]])
    assert float(got.data.evs) == pytest.approx(np.cos(0.9))
    circuit.add_register(ClassicalRegister(1, "out"))
    circuit.measure(2, 2)
    [got] = run(engine, "sampler", [[text_of(circuit), None, 4000]], options=SEED)
    ones = got.data.out.get_counts()["1"] / 4000
    assert ones == pytest.approx(np.sin(0.45) ** 2, abs=0.03)


def repeated(num_qubits: int, rounds: int) -> QuantumCircuit:
    """Entangles, measures in the middle and goes on, so that every outcome is another state."""
    circuit = QuantumCircuit(num_qubits, 1)
    for number in range(rounds):
        for qubit in range(num_qubits):
            circuit.ry(0.3 + number + qubit, qubit)
            circuit.cx(qubit, (qubit + 1) % num_qubits)
        circuit.measure(number % num_qubits, 0)
        circuit.ry(0.4, number % num_qubits)
    return circuit


def test_many_measurements_need_no_more_branches_than_a_state_has_entries(engine, monkeypatch):
    """Twenty outcomes that nobody reads: a million branches, kept as eight; Aer's value."""
    monkeypatch.setattr(dynamic, "statevector_limit", lambda: 8)
    circuit = repeated(3, 20)
    [got] = run(engine, "estimator", [[text_of(circuit), ["IZX", "YIZ"], None, 0]])
    [sampled] = run(engine, "estimator", [[text_of(circuit), ["IZX", "YIZ"], None, 0.01]], "aer")
    assert np.allclose(got.data.evs, sampled.data.evs, atol=0.05)


def test_branches_beyond_memory_are_refused_with_the_number(engine, monkeypatch):
    """PUB, width, branches and cure; samples take fewer shots at once instead."""
    monkeypatch.setattr(dynamic, "statevector_limit", lambda: 5)
    circuit = repeated(4, 6)
    outcome = fail(engine, "estimator", [[text_of(circuit), "IIIZ", None, 0]])
    assert "PUB 0: 4 qubits in" in outcome.reason
    assert "memory holds 2 branches" in outcome.reason
    assert "precision above 0" in outcome.reason_solution
    monkeypatch.setattr(prepare_statevector, "aer_is_installed", lambda: False)
    [got] = run(engine, "sampler", [[text_of(circuit), None, 50]], options=SEED)
    assert got.data.c.num_shots == 50


def test_wide_circuits_are_measured_where_exact_values_cost_too_much(engine, monkeypatch):
    """With a precision: shots and their standard errors, on Aer or on branches."""
    monkeypatch.setattr(prepare_statevector, "_EXACT_UP_TO", 4)
    pub = [text_of(repeated(3, 3)), ["IZX", "YIZ"], None, 0.02]
    [exact] = run(engine, "estimator", [[*pub[:3], 0]])
    for aer in (True, False):
        monkeypatch.setattr(prepare_statevector, "aer_is_installed", lambda aer=aer: aer)
        [got] = run(engine, "estimator", [pub], options=SEED)
        assert np.allclose(got.data.evs, exact.data.evs, atol=0.1)
        assert np.all((got.data.stds > 0.01) & (got.data.stds <= 0.02))
        method = "statevector" if aer else "branches"
        assert got.metadata["simulation"]["method"] == method


def test_widths_beyond_memory_are_refused_with_the_number(engine):
    """Exact values of 40 qubits, and samples with a condition that Aer has not."""
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


def until_success() -> QuantumCircuit:
    """Rotates until the outcome is 1, then the qubit is in state 1."""
    circuit = QuantumCircuit(1, 1)
    with circuit.while_loop((circuit.clbits[0], 0)):
        circuit.reset(0)
        circuit.ry(1.0, 0)
        circuit.measure(0, 0)
    return circuit


def test_a_loop_until_success_has_an_exact_value(engine):
    """However many rounds it may take."""
    [got] = run(engine, "estimator", [[text_of(until_success()), ["Z", "X"], None, 0]])
    assert np.allclose(got.data.evs, [-1, 0], atol=1e-9)


def test_a_loop_without_an_end_is_refused(engine, monkeypatch):
    """After a number of rounds, by name."""
    from qiskit_rest_primitives.local.simulators import branch_program as branching

    assert MAX_ROUNDS == 100_000
    monkeypatch.setattr(branching, "MAX_ROUNDS", 50)
    circuit = QuantumCircuit(1, 1)
    with circuit.while_loop((circuit.clbits[0], 0)):
        circuit.x(0)
    outcome = fail(engine, "estimator", [[text_of(circuit), "Z", None, 0]])
    assert "PUB 0: a while loop did not end within 50 rounds" in outcome.reason


def test_a_walk_stops_between_two_instructions():
    """A cancelled job does not run on, not even in an endless loop."""
    circuit = QuantumCircuit(1, 1)
    with circuit.while_loop((circuit.clbits[0], 0)):
        circuit.x(0)
    calls = itertools.count()

    def check() -> None:
        if next(calls) > 100:
            raise StoppedError

    with pytest.raises(StoppedError):
        Walk(check).run(circuit, Branches.start(1, 1, 2**10))


def test_a_circuit_that_aer_lacks_is_refused_with_a_noise_model(engine):
    """Refused by name with a noise model and on a device."""
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


@pytest.mark.parametrize("backend", ["statevector", "aer", "aer_matrix_product_state"])
def test_loops_that_are_left_hold_gates_that_aer_lacks(engine, backend):
    """A gate with open controls is translated beside the jump out of its loop."""
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
    """The target that a client reads of the simulators has it, as it has jumps."""
    backend = LocalBackends().device("statevector")
    target = decode_target(backend.configuration(), backend.properties())
    circuit = QuantumCircuit(2)
    with circuit.box():
        circuit.cx(0, 1)
    transpiled = generate_preset_pass_manager(1, target=target).run(circuit)
    assert transpiled.count_ops() == {"box": 1}


def test_gates_of_all_widths_are_those_of_quantum_info(engine):
    """One to five qubits, as a matrix or as a definition, on every place; after a reset."""
    from qiskit.circuit.library import CSwapGate, UnitaryGate
    from qiskit.circuit.random import random_circuit
    from qiskit.quantum_info import Pauli, Statevector, random_unitary

    tail = random_circuit(5, 4, max_operands=4, seed=3)
    tail.append(CCXGate(ctrl_state=1), [4, 0, 2])
    tail.append(CSwapGate(), [3, 1, 0])
    for count, seed in [(2, 1), (3, 2), (4, 3), (5, 4)]:
        order = [2, 0, 4, 1, 3][:count]
        tail.append(UnitaryGate(random_unitary(2**count, seed=seed)), order)
    circuit = QuantumCircuit(5)
    circuit.h(1)
    circuit.reset(1)
    circuit.compose(tail, inplace=True)
    assert analysis.is_dynamic(circuit)
    paulis = ["XYZIX", "ZZIIZ", "IIYXI"]
    [got] = run(engine, "estimator", [qpy_pub(circuit, paulis, None, 0)])
    state = Statevector(tail)
    assert np.allclose(got.data.evs, [state.expectation_value(Pauli(p)) for p in paulis])


def test_values_of_parameters_reach_blocks_and_loops(engine):
    """A sweep over an angle within a condition, and within a loop."""
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
    """Every pair of small integers, against Python's."""
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

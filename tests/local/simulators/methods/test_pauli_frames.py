"""Sweeps whose rows differ by Paulis, compared with Aer and with Qiskit's stabilizer states."""

from __future__ import annotations

import math
import pickle
from types import SimpleNamespace

import numpy as np
import pytest
from qiskit import QuantumCircuit, transpile
from qiskit.circuit import ParameterVector
from qiskit.circuit.library import RXGate
from qiskit.quantum_info import PTM, SuperOp

from qiskit_rest_primitives.local.simulators.base.circuit_analysis import keep_qubits
from qiskit_rest_primitives.local.simulators.base.seeds import Seeds
from qiskit_rest_primitives.local.simulators.base.simulator import Points, SamplesWanted
from qiskit_rest_primitives.local.simulators.choose.for_device import prepare_device
from qiskit_rest_primitives.local.simulators.devices.device_part import device_part
from qiskit_rest_primitives.local.simulators.devices.fake_devices import FakeDevice
from qiskit_rest_primitives.local.simulators.methods.clifford_group import (
    FIXED_GATES,
    fixed_gate,
    matrices,
    products,
    quarter_turns,
)
from tests.local.engine.jobs import run, text_of
from tests.local.simulators.sliced_noise import gate_noise

pytest.importorskip("qiskit_aer")
pytest.importorskip("stim")

FRAMES = {"method": "pauli_frames", "noise": "pauli-twirled"}
QUIET = FakeDevice(5, noise=0.0)


def setup_of(circuit, rows, shots, device):
    """How a device runs a sweep."""
    return prepare_device(device, circuit, 0, SimpleNamespace(), SamplesWanted(shots, rows))


def bits_of(setup, shots, *, seed=1, part=slice(None)):
    """Bits ``(rows, shots, clbits)`` of some rows, lowest first."""
    rows = setup.rows[part]
    points = Points(setup.circuit, rows, part.start or 0, Seeds(seed), lambda: None)
    [samples] = setup.simulator.sample(points, shots).values()
    width = setup.circuit.num_clbits
    return np.unpackbits(samples, axis=-1)[..., ::-1][..., :width]


def turned(circuit, angles, qubit):
    """One gate of a qubit, any at all: three rotations and two sx."""
    circuit.rz(angles[0], qubit)
    circuit.sx(qubit)
    circuit.rz(angles[1], qubit)
    circuit.sx(qubit)
    circuit.rz(angles[2], qubit)


def dressed(device, layers):
    """Layers of CZ with a dressing of each qubit before each, and all qubits measured."""
    size = device.num_qubits
    edges = sorted(device.calibration.zz)
    angles = ParameterVector("a", 3 * size * (layers + 1))
    circuit = QuantumCircuit(size, size)
    for layer in range(layers + 1):
        for qubit in range(size):
            first = 3 * (layer * size + qubit)
            turned(circuit, angles[first : first + 3], qubit)
        if layer < layers:
            circuit.cz(*edges[layer % len(edges)])
            circuit.cz(*edges[(layer + 2) % len(edges)])
    circuit.measure(range(size), range(size))
    return circuit


def twirled(circuit, randomizations, seed=1):
    """A circuit's template, values of a sweep and flips ``(rows, clbits)``, by samplomatic."""
    samplomatic = pytest.importorskip("samplomatic")
    transpiler = pytest.importorskip("samplomatic.transpiler")
    boxes = transpiler.generate_boxing_pass_manager(enable_gates=True, enable_measures=True)
    template, samplex = samplomatic.build(boxes.run(circuit))
    drawn = samplex.sample(
        samplex.inputs(),
        num_randomizations=randomizations,
        rng=np.random.default_rng(seed),
    )
    flips = np.asarray(drawn["measurement_flips.c"]).reshape(randomizations, -1)
    return template, np.asarray(drawn["parameter_values"], dtype=float), flips


def waiting_ghz():
    """Four qubits of fake_5q: a GHZ state, four microseconds, and back."""
    device = FakeDevice(5)
    edges = sorted(device.calibration.zz)
    circuit = QuantumCircuit(5, 4)
    circuit.h(edges[0][0])
    reached = {edges[0][0]}
    chain = []
    while len(reached) < 4:
        pair = next(e for e in edges if len(reached.intersection(e)) == 1)
        pair = pair if pair[0] in reached else pair[::-1]
        chain.append(pair)
        reached.add(pair[1])
    kept = sorted(reached)
    for pair in chain:
        circuit.cx(*pair)
    circuit.barrier()
    circuit.delay(4, kept, unit="us")
    circuit.barrier()
    for pair in reversed(chain):
        circuit.cx(*pair)
    circuit.h(edges[0][0])
    circuit.measure(kept, range(4))
    return transpile(circuit, basis_gates=["rz", "sx", "x", "cz"], optimization_level=1), kept


def test_numbers_of_cliffords_are_a_group():
    """Products by number are products of matrices, up to a phase."""
    every, table = matrices(), products()
    for first in range(24):
        for then in range(24):
            product = every[then] @ every[first]
            overlap = abs(np.trace(product.conj().T @ every[table[then, first]]))
            assert overlap == pytest.approx(2)
    assert all(len(set(row)) == 24 for row in table.tolist())
    for name, matrix in FIXED_GATES.items():
        assert abs(np.trace(matrix.conj().T @ every[fixed_gate(name)])) == pytest.approx(2)
    for turns, number in enumerate(quarter_turns("x")):
        rotation = RXGate(turns * math.pi / 2).to_matrix()
        assert abs(np.trace(rotation.conj().T @ every[number])) == pytest.approx(2)


@pytest.mark.parametrize("seed", [1, 2])
def test_rows_without_noise_are_those_of_a_statevector(seed):
    """Rows of random Cliffords, each followed by rows that differ by Paulis."""
    from qiskit.quantum_info import Statevector

    rng = np.random.default_rng(seed)
    circuit = dressed(QUIET, 3)
    bases = rng.integers(0, 4, (2, circuit.num_parameters))
    rows = np.repeat(bases, 6, axis=0)
    # Half turns: of the rotations about Z, also between the two sx, all are Paulis.
    rows = (rows + 2 * rng.integers(0, 2, rows.shape)) * (math.pi / 2)
    setup = setup_of(circuit, rows, 500, QUIET)
    assert setup.metadata["simulation"] == FRAMES
    bits = bits_of(setup, 500)
    for row, got in zip(rows, bits, strict=True):
        state = Statevector(circuit.remove_final_measurements(inplace=False).assign_parameters(row))
        expected = state.probabilities()
        counts = np.bincount(got @ (1 << np.arange(5)), minlength=32)
        assert not np.any(counts[expected < 1e-9])
        sigma = np.sqrt(500 * expected * (1 - expected))
        assert np.all(np.abs(counts - 500 * expected) <= 5 * sigma + 1e-6)


def test_only_the_product_of_a_dressing_has_to_be_clifford():
    """Rotations about Z around an identity or an X may have any angles with the right sum."""
    rng = np.random.default_rng(5)
    circuit = dressed(QUIET, 2)
    rows = rng.integers(0, 2, (6, circuit.num_parameters)) * math.pi
    any_angle = rng.uniform(-3, 3, (6, circuit.num_parameters // 3))
    moved = rows.copy()
    # rz(c) sx rz(0) sx rz(a) is X for a = c; with rz(pi) between, it is an identity for a + c = 0.
    moved[:, 0::3] += any_angle
    moved[:, 2::3] += np.where(np.isclose(rows[:, 1::3], 0), any_angle, -any_angle)
    expected, found = (
        bits_of(setup_of(circuit, values, 50, QUIET), 50) for values in (rows, moved)
    )
    assert np.array_equal(expected, found)
    moved[0, 0] += 0.1
    assert setup_of(circuit, moved, 50, QUIET).rows is None


def test_measurements_in_the_middle_resets_and_rzz_in_rows():
    """A row's X before a reset is lost, its Z turns into X by the CZ that follows."""
    angles = ParameterVector("a", 4)
    circuit = QuantumCircuit(5, 4)
    a, b = sorted(QUIET.calibration.zz)[0]
    circuit.rx(angles[0], a)
    circuit.measure(a, 0)
    circuit.reset(a)
    circuit.measure(a, 1)
    circuit.rx(angles[1], a)
    circuit.rx(np.pi / 2, b)
    circuit.rzz(angles[2], a, b)
    circuit.rz(angles[3], b)
    circuit.rx(-np.pi / 2, b)
    circuit.measure(a, 2)
    circuit.measure(b, 3)
    rows = np.array(
        [[x, y, 0, z] for x in (0, np.pi) for y in (0, np.pi) for z in (0, np.pi)]
        + [[x, y, np.pi / 2, z] for x in (0, np.pi) for y in (0, np.pi) for z in (0.5, 1.5)],
    )
    rows[8:, 3] *= np.pi
    setup = setup_of(circuit, rows, 20, QUIET)
    # With few qubits, and without random Paulis before each gate, the noise is exact.
    assert setup.metadata["simulation"]["method"] != "pauli_frames"
    from qiskit_rest_primitives.local.simulators.choose.as_pauli_frames import prepare_frames

    part = device_part(QUIET, tuple(range(5)))
    setup = prepare_frames(circuit, SamplesWanted(20, rows), part, exact=False)
    assert setup is not None
    bits = bits_of(setup, 20)
    for (x, y, turn, z), got in zip(rows, bits, strict=True):
        phase = (z + (turn if y == 0 else -turn)) / np.pi
        expected = [x > 0, 0, y > 0, round(phase) % 2]
        assert np.array_equal(got, np.broadcast_to(np.array(expected, dtype=np.uint8), got.shape))


@pytest.mark.slow
def test_the_channels_are_those_of_aer_twirled():
    """Every gate: the diagonal of the Pauli transfer matrix, over-rotation included."""
    from qiskit_rest_primitives.local.simulators.noise.pauli_channels import (
        gate_left,
        probabilities,
    )

    calibration = FakeDevice(5).calibration
    part = device_part(FakeDevice(5), tuple(range(5)))
    model = gate_noise(calibration, list(range(5)))
    for name, errors in model._local_quantum_errors.items():
        if name not in ("sx", "x", "cz"):
            continue
        for qubits, error in errors.items():
            channel = SuperOp(error)
            if len(qubits) == 1:
                channel = channel.compose(SuperOp(RXGate(calibration.rotation[name, qubits])))
            diagonal = np.real(np.diag(PTM(channel).data))
            if len(qubits) == 2:  # ours has the first qubit first, Qiskit's the last
                diagonal = diagonal.reshape(4, 4).T.ravel()
            left = gate_left(part, name, qubits)
            assert np.allclose(left, diagonal, atol=1e-9)
            assert probabilities(left).sum() == pytest.approx(1)


@pytest.mark.slow
def test_a_twirled_sweep_has_the_noise_of_its_density_matrices():
    """A GHZ state that waits and is undone, 200 randomizations: frames and Aer agree."""
    from qiskit_rest_primitives.local.simulators.methods.aer import AerSimulation
    from qiskit_rest_primitives.local.simulators.noise.device_noise_in_aer import DeviceNoise

    circuit, kept = waiting_ghz()
    template, rows, flips = twirled(circuit, 200)
    shots = 400
    setup = setup_of(template, rows, shots, FakeDevice(5))
    assert setup.metadata["simulation"] == FRAMES
    found = bits_of(setup, shots) ^ flips[:, None, :]
    simulation = AerSimulation("density_matrix", DeviceNoise(FakeDevice(5), tuple(kept)))
    points = Points(keep_qubits(template, kept), rows, 0, Seeds(1), lambda: None)
    exact = np.unpackbits(simulation.sample(points, shots)["c"], axis=-1)[..., ::-1][..., :4]
    exact = exact ^ flips[:, None, :]
    frequencies = [
        np.bincount((bits @ (1 << np.arange(4))).ravel(), minlength=16) / bits[..., 0].size
        for bits in (found, exact)
    ]
    # 4 standard errors of each outcome, of two samples; randomizations are the same.
    sigma = np.sqrt(2 * frequencies[1] / found[..., 0].size)
    assert np.all(np.abs(frequencies[0] - frequencies[1]) < 4 * sigma)
    assert 0.2 < frequencies[1][0] < 0.99


def test_outcomes_do_not_depend_on_how_a_sweep_is_divided():
    """Blocks of rows give what the whole gives; so does a copy from another process."""
    circuit, _ = waiting_ghz()
    template, rows, _ = twirled(circuit, 23)
    shots = 1000
    setup = setup_of(template, rows, shots, FakeDevice(5))
    assert 1 < setup.rows_together < 23
    setup = pickle.loads(pickle.dumps(setup))
    whole = bits_of(setup, shots)
    step = 2 * setup.rows_together
    parts = [bits_of(setup, shots, part=slice(at, at + step)) for at in range(0, 23, step)]
    assert np.array_equal(whole, np.concatenate(parts))
    assert not np.array_equal(whole, bits_of(setup, shots, seed=2))
    assert not np.array_equal(whole[0], whole[setup.rows_together])


def test_readout_errors_are_those_of_the_target():
    """Rows with and without X: the wrong bits, within five standard errors."""
    device = FakeDevice(5, noise=5.0)
    angle = ParameterVector("a", 1)
    circuit = QuantumCircuit(5, 5)
    circuit.rz(angle[0], range(5))
    circuit.measure(range(5), range(5))
    from qiskit_rest_primitives.local.simulators.choose.as_pauli_frames import prepare_frames

    part = device_part(device, tuple(range(5)))
    rows = np.array([[0.0], [np.pi]])
    setup = prepare_frames(circuit, SamplesWanted(100_000, rows), part, exact=False)
    assert setup is not None
    wrong = bits_of(setup, 100_000).mean(axis=(0, 1))
    for qubit, frequency in enumerate(wrong):
        error = device.calibration.target["measure"][(qubit,)].error
        assert abs(frequency - error) < 5 * math.sqrt(error / 200_000)


def test_sweeps_that_are_not_for_frames():
    """One row, rows that differ by more than Paulis, other angles, and untwirled narrow ones."""
    device = FakeDevice(5)
    circuit = dressed(device, 2)
    base = np.zeros((1, circuit.num_parameters))
    quarter = np.random.default_rng(3).integers(0, 4, (4, circuit.num_parameters)) * (math.pi / 2)
    other = np.full((2, circuit.num_parameters), 0.3)
    last = np.zeros((4, circuit.num_parameters))
    last[1::2, -1] = np.pi
    for rows in (base, quarter, other, last):
        setup = setup_of(circuit, rows, 100, device)
        assert setup.metadata["simulation"]["noise"] == "full"
        assert setup.rows is None


def test_a_wide_sweep_through_the_service(engine):
    """Twenty qubits in use: each row's X gates are seen in its bits, apart from errors."""
    circuit = QuantumCircuit(27, 20)
    angles = ParameterVector("a", 20)
    for qubit in range(20):
        circuit.rx(angles[qubit], qubit)
    for a, b in sorted(FakeDevice(27).calibration.target["cz"]):
        if a < b < 20:
            circuit.cz(a, b)
    circuit.measure(range(20), range(20))
    flips = np.random.default_rng(4).integers(0, 2, (6, 20))
    pub = [text_of(circuit), (np.pi * flips).tolist(), 500]
    options = {"simulator": {"seed_simulator": 3}}
    [got] = run(engine, "sampler", [pub], "fake_27q", options=options)
    assert got.metadata["simulation"] == FRAMES
    bits = np.unpackbits(got.data.c.array, axis=-1)[..., ::-1][..., :20]
    assert np.abs(bits.mean(axis=1) - flips).max() < 0.2
    [again] = run(engine, "sampler", [pub], "fake_27q", options=options)
    assert np.array_equal(got.data.c.array, again.data.c.array)

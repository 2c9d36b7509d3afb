"""Sweeps as Pauli transfer matrices, compared with Aer's density matrices and Qiskit's states."""

from __future__ import annotations

import math
import pickle
from types import SimpleNamespace

import numpy as np
import pytest
from qiskit import QuantumCircuit
from qiskit.circuit import ParameterVector
from qiskit.circuit.library import RXGate
from qiskit.quantum_info import PTM, Statevector, SuperOp, random_unitary

from qiskit_rest_primitives.local.simulators.base.circuit_analysis import keep_qubits
from qiskit_rest_primitives.local.simulators.base.seeds import Seeds
from qiskit_rest_primitives.local.simulators.base.simulator import Points, SamplesWanted
from qiskit_rest_primitives.local.simulators.base.transfer_matrices import TransferState
from qiskit_rest_primitives.local.simulators.choose.for_device import prepare_device
from qiskit_rest_primitives.local.simulators.devices.device_part import device_part
from qiskit_rest_primitives.local.simulators.devices.fake_devices import FakeDevice
from qiskit_rest_primitives.local.simulators.methods.pauli_transfer import PauliTransfer
from qiskit_rest_primitives.local.simulators.noise.device_noise_in_aer import DeviceNoise
from qiskit_rest_primitives.local.simulators.noise.pauli_channels import gate_transfer
from tests.local.engine.jobs import run, text_of
from tests.local.simulators.sliced_noise import gate_noise

pytest.importorskip("qiskit_aer")

DEVICE = FakeDevice(5)
TRANSFER = {"method": "pauli_transfer", "noise": "full"}


def exact(noise, circuit, row):
    """Probabilities of the qubits' states by Aer's density matrix, with the errors of readout."""
    from qiskit_rest_primitives.local.simulators.methods.aer import density_matrix

    ready = noise.ready(circuit)
    unmeasured = ready.copy_empty_like()
    for instruction in ready.data:
        if instruction.operation.name != "measure":
            unmeasured.append(instruction)
    state = density_matrix(unmeasured.assign_parameters(row), noise)
    width = circuit.num_qubits
    chances = np.real(np.diag(state)).reshape((2,) * width)
    for qubit, wrong in enumerate(noise.part.readout):
        axis = width - 1 - qubit
        confusion = np.array([[1 - wrong, wrong], [wrong, 1 - wrong]])
        chances = np.moveaxis(np.tensordot(confusion, chances, ([1], [axis])), 0, axis)
    return chances


def swept(layers=2):
    """Rotations by parameters, CZ, rzz, waits with and without decoupling, and a reset."""
    edges = sorted(DEVICE.calibration.zz)
    angles = ParameterVector("a", 12 * layers)
    circuit = QuantumCircuit(5, 5)
    circuit.sx(0)
    circuit.rx(0.4, 1)
    circuit.reset(0)
    for layer in range(layers):
        own = angles[12 * layer : 12 * (layer + 1)]
        for qubit in range(5):
            circuit.rz(own[qubit], qubit)
            circuit.sx(qubit)
            circuit.rz(own[qubit + 5] / 2 + own[0], qubit)
        circuit.cz(*edges[layer])
        circuit.cz(*edges[layer + 2][::-1])
        circuit.rzz(own[10], *edges[layer + 1])
        circuit.rzz(0.3, *edges[layer + 1])
        circuit.rx(own[11], 4)
        circuit.barrier()
        circuit.delay(3, 2, unit="us")
        circuit.delay(1, 1, unit="us")
        circuit.x(1)
        circuit.delay(1, 1, unit="us")
        circuit.x(1)
        circuit.barrier()
        circuit.sx(range(5))
    circuit.measure(range(5), range(5))
    return circuit


def rows_of(circuit, count, seed=3):
    """Random angles."""
    # rzz of devices takes angles from 0 to pi/2.
    return np.random.default_rng(seed).uniform(0, math.pi / 2, (count, circuit.num_parameters))


def setup_of(circuit, rows, shots=1000):
    """How the device runs a sweep."""
    return prepare_device(DEVICE, circuit, 0, SimpleNamespace(), SamplesWanted(shots, rows))


def samples_of(setup, rows, shots, *, start=0, seed=5):
    """Bytes ``(rows, shots)`` of some rows."""
    points = Points(setup.circuit, rows, start, Seeds(seed), lambda: None)
    [samples] = setup.simulator.sample(points, shots).values()
    return samples[..., 0]


def test_states_after_random_gates_are_those_of_qiskit():
    """Gates of one and two qubits in both orders, some of them with two rows."""
    rng = np.random.default_rng(1)
    state = TransferState(4)
    expected = [Statevector.from_label("0000"), Statevector.from_label("0000")]
    for step in range(40):
        qubits = rng.permutation(4)[: 1 + step % 2].tolist()
        unitaries = [random_unitary(2 ** len(qubits), seed=rng) for _ in range(1 + step // 10 % 2)]
        matrices = np.array([np.real(PTM(unitary).data) for unitary in unitaries])
        if len(qubits) == 1:
            state.turn(qubits[0], matrices)
        else:
            state.join(tuple(qubits), matrices)
        expected = [
            each.evolve(unitary, qubits)
            for each, unitary in zip(expected, unitaries * (3 - len(unitaries)), strict=True)
        ]
    effects = [np.array([[0.5, 0, 0, 0.5], [0.5, 0, 0, -0.5]])] * 4
    for row in range(2):
        found = state.probabilities(effects, row)
        assert np.allclose(found, expected[row].probabilities(), atol=1e-10)


@pytest.mark.slow
def test_the_error_of_every_gate_is_that_of_aer():
    """Pauli transfer matrices of Aer's noise model of the device's Target, and over-rotation."""
    part = device_part(DEVICE, tuple(range(5)))
    for name, errors in gate_noise(
        DEVICE.calibration, list(range(5))
    )._local_quantum_errors.items():
        if name not in ("sx", "x", "rx", "id", "cz", "rzz"):
            continue
        for qubits, error in errors.items():
            channel = SuperOp(error)
            if len(qubits) == 1:
                angle = DEVICE.calibration.rotation.get((name, qubits), 0.0)
                channel = channel.compose(SuperOp(RXGate(angle)))
            expected = np.real(PTM(channel).data)
            assert np.allclose(gate_transfer(part, name, qubits), expected, atol=1e-8)


def test_each_row_has_the_probabilities_of_its_density_matrix():
    """All noise of the device: idle qubits, over-rotation, relaxation, reset and readout."""
    circuit = swept()
    rows = rows_of(circuit, 35)
    rows[:, :5] = rows[0, :5]  # the rows share their first gates
    qubits = (0, 1, 2, 3, 4)
    noise = DeviceNoise(DEVICE, qubits)
    points = Points(circuit, rows, 0, Seeds(1), lambda: None)
    found = list(PauliTransfer(noise.part).probabilities(points))
    assert len(found) == 35
    for row in (0, 20, 34):
        expected = exact(noise, circuit, rows[row])
        [(group, chances)] = found[row]
        assert group == [0, 1, 2, 3, 4]
        # Aer's labels round the lengths of waits to four digits.
        assert np.abs(chances - expected.ravel()).max() < 1e-6


def apart():
    """Two pairs of five qubits are joined; the other qubit has gates, but is not measured."""
    angles = ParameterVector("a", 5)
    circuit = QuantumCircuit(5, 5)
    for edge in ((0, 1), (3, 4)):
        for qubit in edge:
            circuit.rx(angles[0], qubit)
        circuit.cz(*edge)
    circuit.barrier()
    for qubit in range(5):
        circuit.sx(qubit)
        circuit.rz(angles[qubit], qubit)
        circuit.sx(qubit)
    circuit.measure([0, 1, 3, 4], [0, 1, 3, 4])
    return circuit


def test_qubits_that_nothing_joins_have_states_of_their_own():
    """Their probabilities, multiplied, are those of Aer's density matrix of the whole circuit."""
    circuit = apart()
    [row] = rows_of(circuit, 1)
    noise = DeviceNoise(DEVICE, (0, 1, 2, 3, 4))
    points = Points(circuit, row[None], 0, Seeds(1), lambda: None)
    [found] = PauliTransfer(noise.part).probabilities(points)
    assert [group for group, _ in found] == [[0, 1], [2], [3, 4]]
    product = np.ones((2, 2, 1, 2, 2))
    for group, chances in found:
        shape = [2 if 4 - axis in group and axis != 2 else 1 for axis in range(5)]
        product = product * chances.reshape(shape)
    expected = exact(noise, circuit, row).sum(axis=2, keepdims=True)
    assert np.abs(product - expected).max() < 1e-6


def test_one_row_of_qubits_apart_is_sampled_as_groups():
    """Every qubit's bit, and those of the joined qubits together, have their probabilities."""
    circuit = apart()
    rows = rows_of(circuit, 1)
    setup = setup_of(circuit, rows, 20_000)
    assert setup.metadata["simulation"] == TRANSFER
    samples = samples_of(setup, rows, 20_000)[0]
    expected = exact(DeviceNoise(DEVICE, (0, 1, 2, 3, 4)), circuit, rows[0])
    expected[:, :, 0], expected[:, :, 1] = expected.sum(axis=2), 0  # a bit that stays 0
    expected = expected.ravel()
    frequencies = np.bincount(samples, minlength=32) / 20_000
    assert np.all(
        np.abs(frequencies - expected) <= 5 * np.sqrt(expected * (1 - expected) / 20_000) + 1e-4
    )


def test_bits_have_the_probabilities_of_what_is_measured():
    """Two of five qubits, into bits in another order; the bit between them stays 0."""
    whole = swept(1)
    circuit = QuantumCircuit(5, 3)
    for instruction in whole.data:
        if instruction.operation.name != "measure":
            circuit.append(instruction)
    circuit.measure(3, 0)
    circuit.delay(1, 3, unit="us")
    circuit.measure(1, 2)
    rows = rows_of(circuit, 4)
    setup = setup_of(circuit, rows, 20_000)
    assert setup.metadata["simulation"] == TRANSFER
    samples = samples_of(setup, rows, 20_000)
    noise = DeviceNoise(DEVICE, (0, 1, 2, 3, 4))
    for row, got in zip(rows, samples, strict=True):
        of_pair = exact(noise, setup.circuit, row).sum(axis=(0, 2, 4))  # qubit 3, qubit 1
        for (third, first), probability in np.ndenumerate(of_pair):
            frequency = np.mean(got == third + 4 * first)
            sigma = math.sqrt(probability * (1 - probability) / 20_000)
            assert abs(frequency - probability) < 5 * sigma


def test_outcomes_do_not_depend_on_how_a_sweep_is_divided():
    """Blocks of rows give what the whole gives; so does a copy from another process."""
    circuit = swept(1)
    rows = rows_of(circuit, 70)
    setup = pickle.loads(pickle.dumps(setup_of(circuit, rows)))
    size = setup.rows_together
    assert 1 < size < 35
    whole = samples_of(setup, rows, 300)
    parts = [samples_of(setup, rows[at : at + size], 300, start=at) for at in range(0, 70, size)]
    assert np.array_equal(whole, np.concatenate(parts))
    assert not np.array_equal(whole, samples_of(setup, rows, 300, seed=6))
    again = samples_of(setup, np.repeat(rows[:1], 2, axis=0), 300)
    assert not np.array_equal(again[0], again[1])


def test_what_is_not_for_transfer_matrices():
    """One row, a qubit that is used after its measurement, and control flow."""
    circuit = swept(1)
    rows = rows_of(circuit, 3)
    again = keep_qubits(circuit, list(range(5)))
    again.x(0)
    dynamic = QuantumCircuit(5, 5)
    dynamic.measure(0, 0)
    with dynamic.if_test((dynamic.clbits[0], 1)):
        dynamic.x(1)
    dynamic.compose(circuit, inplace=True)
    for of, values in ((circuit, rows[:1]), (again, rows), (dynamic, rows)):
        setup = setup_of(of, values)
        assert setup.metadata["simulation"]["method"] != "pauli_transfer"


def test_a_sweep_through_the_service(engine):
    """Each row's X gates are seen in its bits, apart from errors; the same seed, the same bits."""
    circuit = QuantumCircuit(5, 5)
    angles = ParameterVector("a", 5)
    for qubit in range(5):
        circuit.rx(angles[qubit], qubit)
    for edge in sorted(DEVICE.calibration.zz):
        circuit.rzz(0.3, *edge)
        circuit.cz(*edge)
    circuit.measure(range(5), range(5))
    flips = np.random.default_rng(4).integers(0, 2, (40, 5))
    pub = [text_of(circuit), (np.pi * flips).tolist(), 500]
    options = {"simulator": {"seed_simulator": 3}}
    [got] = run(engine, "sampler", [pub], "fake_5q", options=options)
    assert got.metadata["simulation"] == TRANSFER
    bits = np.unpackbits(got.data.c.array, axis=-1)[..., ::-1][..., :5]
    assert np.abs(bits.mean(axis=1) - flips).max() < 0.15
    [again] = run(engine, "sampler", [pub], "fake_5q", options=options)
    assert np.array_equal(got.data.c.array, again.data.c.array)

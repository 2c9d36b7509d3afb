"""Sweeps that twirl measurements, or measure in other bases, compared with Aer row by row."""

from __future__ import annotations

import math
from types import SimpleNamespace

import numpy as np
import pytest
from qiskit import QuantumCircuit
from qiskit.circuit import ParameterVector

from qiskit_rest_primitives.local.simulators.base.circuit_analysis import keep_qubits
from qiskit_rest_primitives.local.simulators.base.seeds import Seeds
from qiskit_rest_primitives.local.simulators.base.simulator import Points, SamplesWanted
from qiskit_rest_primitives.local.simulators.choose.as_shared_prefix import prepare_shared
from qiskit_rest_primitives.local.simulators.choose.for_device import prepare_device
from qiskit_rest_primitives.local.simulators.devices.fake_devices import FakeDevice
from qiskit_rest_primitives.local.simulators.methods.shared_prefix import SharedPrefix
from qiskit_rest_primitives.local.simulators.noise.device_noise_in_aer import DeviceNoise
from tests.local.simulators.sliced_noise import sliced_probabilities

pytest.importorskip("qiskit_aer")

KEPT = [0, 1, 2, 3]
SHOTS = 20_000


def twirled_measurements():
    """Rotations, CZ and waits that depend on one parameter; then a dressing of each qubit."""
    edges = [edge for edge in FakeDevice(5).calibration.zz if max(edge) < 4]
    theta, angles = ParameterVector("b", 1), ParameterVector("d", 12)
    circuit = QuantumCircuit(5, 4)
    for layer in range(2):
        for qubit in KEPT:
            circuit.rx(theta[0] + 0.2 * layer, qubit)
        for edge in edges:
            circuit.cz(*edge)
        circuit.delay(2, KEPT[0], unit="us")
    for place, qubit in enumerate(KEPT):
        circuit.rz(angles[3 * place], qubit)
        circuit.sx(qubit)
        circuit.rz(angles[3 * place + 1] / 2, qubit)
        circuit.sx(qubit)
        circuit.rz(angles[3 * place + 2], qubit)
    circuit.measure(KEPT[::-1], KEPT)
    return circuit


def rows_of(circuit):
    """Two points of theta, three rows of random dressings each."""
    rows = np.random.default_rng(8).uniform(-math.pi, math.pi, (6, circuit.num_parameters))
    rows[:, list(circuit.parameters).index(circuit.get_parameter("b[0]"))] = np.repeat(
        [0.4, 1.1], 3
    )
    return rows


def setup_of(circuit, rows, shots):
    """How the sweep runs as one density matrix, whatever the other ways cost."""
    noise = DeviceNoise(FakeDevice(5), tuple(KEPT))
    small = keep_qubits(circuit, KEPT)
    return prepare_shared(small, noise.ready(small), SamplesWanted(shots, rows), noise, math.inf)


@pytest.mark.slow
def test_each_row_is_that_of_its_bound_circuit():
    """Noise of slices of time by hand, on Aer's density matrix of each bound circuit."""
    circuit = twirled_measurements()
    rows = rows_of(circuit)
    setup = setup_of(circuit, rows, SHOTS)
    assert isinstance(setup.simulator, SharedPrefix)
    assert setup.metadata["simulation"] == {"method": "density_matrix", "noise": "full"}
    assert setup.rows_together == 3
    points = Points(setup.circuit, rows, 0, Seeds(4), lambda: None)
    samples = setup.simulator.sample(points, SHOTS)["c"]
    for row, got in zip(rows[[1, 4]], samples[[1, 4]], strict=True):
        expected = sliced_probabilities(circuit.assign_parameters(row), 5, SHOTS)
        for word, probability in expected.items():
            found = np.mean(got[:, 0] == int(word, 2))
            sigma = math.sqrt(2 * probability / SHOTS)
            assert abs(found - probability) < 5 * sigma + 0.002


def test_rows_do_not_depend_on_how_the_sweep_is_divided():
    """Whole, in blocks, and row by row."""
    circuit = twirled_measurements()
    rows = rows_of(circuit)
    setup = setup_of(circuit, rows, 100)
    whole = setup.simulator.sample(Points(setup.circuit, rows, 0, Seeds(4), lambda: None), 100)["c"]
    for size in (1, 3):
        parts = [
            setup.simulator.sample(
                Points(setup.circuit, rows[at : at + size], at, Seeds(4), lambda: None), 100
            )["c"]
            for at in range(0, 6, size)
        ]
        assert np.array_equal(whole, np.concatenate(parts))
    assert not np.array_equal(whole[0], whole[1])


def test_sweeps_that_share_too_little_run_row_by_row():
    """Each row has another value in the first layer, or a qubit is measured twice."""
    circuit = twirled_measurements()
    rows = np.random.default_rng(8).uniform(-math.pi, math.pi, (6, circuit.num_parameters))
    twice = circuit.copy()
    twice.measure(0, 0)
    for of, values in ((circuit, rows), (twice, rows_of(circuit))):
        assert setup_of(of, values, 100) is None


def test_wide_sweeps_that_share_their_gates_need_one_density_matrix():
    """Ten qubits are so many that it takes less time than transfer matrices of each row."""
    device = FakeDevice(16)
    edges = [edge for edge in sorted(device.calibration.zz) if max(edge) < 10]
    angles = ParameterVector("d", 10)
    circuit = QuantumCircuit(16, 10)
    for edge in edges * 3:
        circuit.rx(0.2, edge)
        circuit.cz(*edge)
    for qubit in range(10):
        circuit.rx(angles[qubit], qubit)
    circuit.measure(range(10), range(10))
    rows = np.random.default_rng(8).uniform(0, 1, (32, 10))
    setup = prepare_device(device, circuit, 0, SimpleNamespace(), SamplesWanted(100, rows))
    assert isinstance(setup.simulator, SharedPrefix)
    assert setup.rows_together == 32

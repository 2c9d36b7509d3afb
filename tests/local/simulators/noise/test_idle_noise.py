"""Idle qubits and coherent errors of devices, compared with slices of time written by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest
from qiskit import QuantumCircuit, transpile
from qiskit.circuit.library import RZZGate
from qiskit.quantum_info import SuperOp, average_gate_fidelity

from qiskit_rest_primitives.local.simulators.base.circuit_analysis import keep_qubits
from qiskit_rest_primitives.local.simulators.devices.device_part import device_part
from qiskit_rest_primitives.local.simulators.devices.fake_devices import FakeDevice
from qiskit_rest_primitives.local.simulators.noise.idle_noise import Phase, Relaxation, noisy_events
from tests.local.simulators.sliced_noise import gate_noise, part_of_target, sliced

pytest.importorskip("qiskit_aer")

KEPT = [0, 1, 2, 3]


def probabilities(circuit, model):
    """Exact probabilities of the qubits' states after a circuit, its measurements left out."""
    from qiskit_aer import AerSimulator

    saved = circuit.copy_empty_like()
    for instruction in circuit.data:
        if instruction.operation.name != "measure":
            saved.append(instruction)
    saved.save_probabilities()
    simulator = AerSimulator(method="density_matrix", noise_model=model)
    return np.asarray(simulator.run(saved).result().data()["probabilities"])


def layered(edges, layers):
    """Layers of rotations, CZ, uneven waits and an X, on `KEPT`, all of them measured."""
    circuit = QuantumCircuit(5, len(KEPT))
    for layer in range(layers):
        for qubit in KEPT:
            circuit.rx(0.4 + 0.3 * qubit + 0.2 * layer, qubit)
            circuit.rz(0.5 * qubit, qubit)
        for edge in edges:
            circuit.cz(*edge)
        circuit.delay(1.5, KEPT[0], unit="us")
        circuit.x(KEPT[layer])
    circuit.sx(KEPT)
    circuit.measure(KEPT, KEPT)
    return circuit


@pytest.mark.slow
@pytest.mark.parametrize(("layers", "share"), [(1, 0.002), (3, 0.04)])
def test_idle_noise_is_that_of_small_slices_of_time(layers, share):
    """The difference, relative to all noise: phases pass imperfect X gates, and relaxation.

    The judge has Qiskit's schedule, Aer's noise of the gates and, in every slice of time in which a
    qubit is idle, relaxation, phase and ZZ one after another.
    """
    from qiskit_rest_primitives.local.simulators.noise.device_noise_in_aer import DeviceNoise

    calibration = FakeDevice(5).calibration
    edges = [edge for edge in calibration.zz if max(edge) < 4]
    circuit = layered(edges, layers)
    noise = DeviceNoise(FakeDevice(5), tuple(KEPT))
    small = keep_qubits(circuit, KEPT)
    ready = noise.ready(small)
    found = probabilities(ready, noise.model([ready]))
    expected = probabilities(sliced(circuit, calibration, KEPT), gate_noise(calibration, KEPT))
    without = probabilities(small, None)
    assert np.abs(expected - without).sum() > 0.02
    assert np.abs(found - expected).sum() < share * np.abs(expected - without).sum()


@pytest.mark.parametrize(
    ("name", "qubits"), [("sx", (1,)), ("x", (0,)), ("rx", (2,)), ("cz", None)]
)
def test_the_stated_error_of_a_gate_is_that_of_all_its_noise(name, qubits):
    """Over-rotation, relaxation and depolarization together, by average gate fidelity."""
    from qiskit_aer.noise import NoiseModel

    from qiskit_rest_primitives.local.simulators.noise.device_noise_in_aer import DeviceNoise

    calibration = FakeDevice(5).calibration
    qubits = qubits or min(calibration.zz)
    circuit = QuantumCircuit(5)
    getattr(circuit, name)(*([0.3] if name == "rx" else []), *qubits)
    noise = DeviceNoise(FakeDevice(5), tuple(range(5)))
    model = noise.model([noise.ready(circuit)])
    assert isinstance(model, NoiseModel)
    [channel] = [SuperOp(error) for error in model._default_quantum_errors.values()]
    if name == "cz":
        channel = channel.compose(SuperOp(RZZGate(calibration.rotation["cz", qubits])))
    stated = calibration.target[name][qubits].error
    assert 1 - average_gate_fidelity(channel) == pytest.approx(stated, rel=0.01)


def phases(circuit, size=5):
    """The phases and relaxation of a circuit on a device."""
    part = device_part(FakeDevice(size), tuple(range(size)))
    events = list(noisy_events(circuit, part))
    return [event for event in events if isinstance(event, (Phase, Relaxation))]


def waiting(qubit, microseconds, *, decoupled):
    """A qubit in superposition waits, with or without X in the middle and at the end."""
    circuit = QuantumCircuit(5, 1)
    circuit.sx(qubit)
    for _ in range(2):
        circuit.delay(microseconds / 2, qubit, unit="us")
        if decoupled:
            circuit.x(qubit)
    circuit.sx(qubit)
    circuit.measure(qubit, 0)
    return circuit


def test_x_gates_cancel_the_detuning_before_anything_is_simulated():
    """Without them there is one phase, that of the whole time; with them none."""
    detuning = FakeDevice(5).calibration.detuning[0]
    [relaxation, phase] = phases(waiting(0, 10, decoupled=False))
    assert relaxation == Relaxation(0, pytest.approx(10e-6))
    assert phase == Phase((0,), pytest.approx(detuning * 10e-6))
    assert all(isinstance(event, Relaxation) for event in phases(waiting(0, 10, decoupled=True)))


def test_decoupling_halves_the_error_of_a_waiting_qubit():
    """Ten microseconds: the probability of the right bit, from a density matrix."""
    from qiskit_rest_primitives.local.simulators.noise.device_noise_in_aer import DeviceNoise

    wrong = []
    for decoupled in (False, True):
        noise = DeviceNoise(FakeDevice(5), (0,))
        ready = noise.ready(keep_qubits(waiting(0, 10, decoupled=decoupled), [0]))
        right = 1  # two sx are an x
        wrong.append(1 - probabilities(ready, noise.model([ready]))[right])
    assert wrong[1] < wrong[0] / 2


def test_no_noise_before_the_first_gate_and_after_the_last():
    """A qubit that has not left 0, and one that is only measured."""
    circuit = QuantumCircuit(5, 2)
    circuit.delay(20, [0, 1, 2], unit="us")
    circuit.x(0)
    circuit.measure([0, 1], [0, 1])
    circuit.delay(20, [0, 1], unit="us")
    assert phases(circuit) == []


def test_nothing_idles_across_control_flow():
    """Phases are complete before it; after it a new segment begins."""
    circuit = QuantumCircuit(5, 1)
    circuit.sx([0, 1])
    circuit.delay(5, 0, unit="us")
    with circuit.if_test((circuit.clbits[0], 1)):
        circuit.x(1)
    circuit.delay(2, 0, unit="us")
    circuit.sx([0, 1])
    detuning = FakeDevice(5).calibration.detuning[0]
    own = [event for event in phases(circuit) if event in own_events(circuit, 0)]
    assert [event.seconds for event in own if isinstance(event, Relaxation)] == [
        pytest.approx(5e-6),
        pytest.approx(2e-6),
    ]
    assert [event.radians for event in own if isinstance(event, Phase)] == [
        pytest.approx(detuning * 5e-6),
        pytest.approx(detuning * 2e-6),
    ]


def own_events(circuit, qubit):
    """Relaxation and phases of one qubit alone."""
    return [
        event
        for event in phases(circuit)
        if (isinstance(event, Relaxation) and event.qubit == qubit)
        or (isinstance(event, Phase) and event.qubits == (qubit,))
    ]


def test_a_padded_circuit_keeps_its_times():
    """Gaps that Qiskit filled with delays have the same noise as gaps."""
    calibration = FakeDevice(5).calibration
    edges = [edge for edge in calibration.zz if max(edge) < 4]
    circuit = layered(edges, 2)
    target = part_of_target(calibration, list(range(5)))
    padded = transpile(circuit, target=target, optimization_level=0, scheduling_method="alap")
    assert padded.count_ops()["delay"] > circuit.count_ops()["delay"]

    def totals(of):
        found = {}
        for event in phases(of):
            key = event.qubit if isinstance(event, Relaxation) else tuple(sorted(event.qubits))
            amount = event.seconds * 1e6 if isinstance(event, Relaxation) else event.radians
            found.setdefault(key, []).append(amount)
        return found

    assert totals(padded).keys() == totals(circuit).keys()
    for key, amounts in totals(circuit).items():
        assert totals(padded)[key] == pytest.approx(amounts, abs=1e-6)


def ghz_and_back(qubits, edges, *, decoupled):
    """A GHZ state waits for six microseconds and is undone: without noise all bits are 0."""
    parent, order = {qubits[0]: None}, [qubits[0]]
    for qubit in order:
        for a, b in edges:
            for here, there in ((a, b), (b, a)):
                if here == qubit and there in qubits and there not in parent:
                    parent[there] = qubit
                    order.append(there)
    depth = {}
    for qubit in order:
        depth[qubit] = 0 if parent[qubit] is None else depth[parent[qubit]] + 1
    half = QuantumCircuit(27)

    def hadamard(qubit):
        half.rz(math.pi / 2, qubit)
        half.sx(qubit)
        half.rz(math.pi / 2, qubit)

    hadamard(order[0])
    for qubit in order[1:]:
        hadamard(qubit)
        half.cz(parent[qubit], qubit)
        hadamard(qubit)
    circuit = QuantumCircuit(27, len(order))
    circuit.compose(half, inplace=True)
    circuit.barrier()
    # Neighbours change sign at different times, or their ZZ would stay.
    times = {0: [1.5, 3, 1.5], 1: [3, 3, 0]} if decoupled else {0: [6], 1: [6]}
    for qubit in order:
        for number, time in enumerate(times[depth[qubit] % 2]):
            if number:
                circuit.x(qubit)
            circuit.delay(time, qubit, unit="us")
    circuit.barrier()
    circuit.compose(half.inverse(), inplace=True)
    circuit.measure(order, range(len(order)))
    return transpile(circuit, basis_gates=["rz", "sx", "x", "cz"], optimization_level=0)


@pytest.mark.slow
def test_decoupling_keeps_the_phase_of_a_wide_ghz_state():
    """Twenty qubits, with twirled noise: phases cancel before they are twirled.

    The first qubit has the phase of the state: 0 if it is kept, 0 or 1 if it is lost.
    """
    from qiskit_rest_primitives.local.simulators.methods.aer import AerSimulation
    from qiskit_rest_primitives.local.simulators.noise.device_noise_in_aer import DeviceNoise

    calibration = FakeDevice(27).calibration
    working = [edge for edge in calibration.zz if edge in calibration.target["cz"]]
    qubits = [0]
    for qubit in qubits:
        near = [b if a == qubit else a for a, b in working if qubit in (a, b)]
        qubits += [other for other in near if other not in qubits]
    qubits = qubits[:20]
    kept = []
    for decoupled in (False, True):
        circuit = ghz_and_back(qubits, working, decoupled=decoupled)
        small = keep_qubits(circuit, sorted(qubits))
        noise = DeviceNoise(FakeDevice(27), tuple(sorted(qubits)), twirled=True)
        [bits] = AerSimulation("stabilizer", noise).run_measured([small], 1000, seed=5)
        kept.append(1 - 2 * np.mean(bits[:, 0]))
    assert kept[1] > 2 * abs(kept[0])
    assert kept[1] > 0.1

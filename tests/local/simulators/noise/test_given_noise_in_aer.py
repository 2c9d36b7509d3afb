"""The noise of devices is complete for every method, compared with Aer's density matrix."""

from __future__ import annotations

import base64
import io
import math
import re
import zlib

import numpy as np
import pytest
from qiskit import ClassicalRegister, QuantumCircuit, qpy
from qiskit.circuit.library import XGate
from qiskit.quantum_info import PTM, Kraus, SuperOp

from qiskit_rest_primitives.local.simulators.base.circuit_analysis import keep_qubits
from qiskit_rest_primitives.local.simulators.choose.device_method import (
    EXACT_NOISE_UP_TO,
    choose_noisy_run,
)
from qiskit_rest_primitives.local.simulators.devices.fake_devices import FakeDevice, device_target
from qiskit_rest_primitives.local.simulators.noise.given_noise_in_aer import used_gates
from tests.local.engine.jobs import Running, fail, run, text_of
from tests.local.simulators.sliced_noise import gate_noise, sliced_probabilities

pytest.importorskip("qiskit_aer")

SEED = {"simulator": {"seed_simulator": 42}}
# A connected part of fake_127q, and the qubits that are not its neighbours.
PART = list(range(7))
REST = list(range(20, 127))


def distance(counts, expected):
    """Total variation distance of counts and probabilities, and its bound by chance alone."""
    shots = sum(counts.values())
    keys = {*counts, *expected}
    found = sum(abs(counts.get(key, 0) / shots - expected.get(key, 0)) for key in keys) / 2
    chance = sum(math.sqrt(expected.get(key, 0) / shots) for key in keys) / 2
    return found, chance + 4 / math.sqrt(shots)


def entangled(qubits, size, angle, layers=2):
    """Rotations and CZ on the edges between the qubits, with delays, and all of them measured."""
    edges = sorted({tuple(sorted(e)) for e in device_target(size)["cz"] if set(e) <= set(qubits)})
    circuit = QuantumCircuit(size)
    for layer in range(layers):
        for place, qubit in enumerate(qubits):
            circuit.sx(qubit)
            circuit.rz(angle * (place + layer + 1), qubit)
            circuit.rx(angle, qubit)
        for edge in edges:
            circuit.cz(*edge)
        circuit.barrier(qubits)
        circuit.delay(3, qubits[0], unit="us")
        circuit.barrier(qubits)
        circuit.x(qubits[-1])
    circuit.add_register(ClassicalRegister(len(qubits), "c"))
    circuit.measure(qubits, range(len(qubits)))
    return circuit


def counts_by(method, circuit, size, shots, *, twirled=False):
    """Counts of a device's circuit by one method of the embedded service."""
    from qiskit_rest_primitives.local.simulators.methods.aer import AerSimulation
    from qiskit_rest_primitives.local.simulators.noise.device_noise_in_aer import DeviceNoise

    kept = sorted({circuit.find_bit(q).index for i in circuit.data for q in i.qubits})
    small = keep_qubits(circuit, kept)
    noise = DeviceNoise(FakeDevice(size), tuple(kept), twirled=twirled)
    simulation = AerSimulation(method, noise)
    [bits] = simulation.run_measured([small], shots, seed=3)
    words, times = np.unique(bits[:, ::-1], axis=0, return_counts=True)
    return {"".join(map(str, word)): int(number) for word, number in zip(words, times, strict=True)}


@pytest.mark.slow
@pytest.mark.parametrize("method", ["density_matrix", "statevector", "matrix_product_state"])
@pytest.mark.parametrize("angle", [0.7, np.pi / 2])
def test_methods_with_exact_noise_agree_with_the_density_matrix_of_aer(method, angle):
    """Five qubits of a device, Clifford gates and others, delays."""
    circuit = entangled([0, 1, 2, 3, 4], 7, angle)
    shots = {"matrix_product_state": 1500, "statevector": 5000, "density_matrix": 100_000}[method]
    found, chance = distance(counts_by(method, circuit, 7, shots), sliced_probabilities(circuit, 7))
    assert found < chance


@pytest.mark.slow
def test_the_stabilizer_method_has_twirled_noise():
    """Seven qubits, some with T2 > T1: the error is less than a tenth of the noise's effect."""
    circuit = entangled(PART, 127, np.pi / 2, layers=4)
    expected = sliced_probabilities(circuit, 127, twirled=True)
    counts = counts_by("stabilizer", circuit, 127, 5000, twirled=True)
    found, chance = distance(counts, expected)
    effect, _ = distance(counts_by_no_noise(circuit), expected)
    assert found - chance < 0.1 * effect


def counts_by_no_noise(circuit):
    """Counts of a circuit without noise."""
    from qiskit_aer import AerSimulator

    small = keep_qubits(circuit, PART)
    return AerSimulator().run(small, shots=200_000, seed_simulator=1).result().get_counts()


@pytest.mark.parametrize("t2", [40e-6, 100e-6, 150e-6, 200e-6])
def test_twirling_keeps_the_diagonal_of_a_channel(t2):
    """Relaxation, T1 = 100 us: exact for T2 <= T1, else its effect on X, Y and Z."""
    from qiskit_aer.noise import depolarizing_error, thermal_relaxation_error

    from qiskit_rest_primitives.local.simulators.noise.pauli_twirling import stabilizer_error

    relaxation = thermal_relaxation_error(100e-6, t2, 10e-6)
    for error in (relaxation, depolarizing_error(0.01, 2).compose(relaxation.tensor(relaxation))):
        exact = np.real(PTM(SuperOp(error)).data)
        replaced, exactly = stabilizer_error(error)
        assert exactly == (t2 <= 100e-6)
        twirled = np.real(PTM(SuperOp(replaced)).data)
        assert np.allclose(np.diag(twirled), np.diag(exact), atol=1e-9)
        if t2 <= 100e-6:
            assert np.allclose(twirled, exact, atol=1e-9)
        else:
            assert np.all(np.abs(twirled) <= np.abs(exact) + 1e-9)


def test_twirling_of_a_coherent_error():
    """An over-rotation becomes flips with the same fidelity; Clifford errors are unchanged."""
    from qiskit.circuit.library import HGate, RXGate
    from qiskit_aer.noise import QuantumError, coherent_unitary_error

    from qiskit_rest_primitives.local.simulators.noise.pauli_twirling import stabilizer_error

    rotation = coherent_unitary_error(RXGate(0.2).to_matrix())
    twirled, exactly = stabilizer_error(rotation)
    assert not exactly
    assert np.allclose(
        PTM(SuperOp(twirled)).data.diagonal(), PTM(SuperOp(rotation)).data.diagonal()
    )
    mixed = QuantumError([([(HGate(), [0])], 0.1), ([(XGate(), [0])], 0.9)])
    assert stabilizer_error(mixed) == (mixed, True)
    damping = Kraus([[[1, 0], [0, 0.9]], [[0, math.sqrt(0.19)], [0, 0]]])
    both = QuantumError([([(HGate(), [0])], 0.1), ([(damping, [0])], 0.9)])
    assert np.allclose(
        np.real(PTM(SuperOp(stabilizer_error(both)[0])).data).diagonal(),
        np.real(PTM(SuperOp(both)).data).diagonal(),
    )


@pytest.mark.slow
@pytest.mark.parametrize("name", ["rx", "rz", "rzz"])
@pytest.mark.parametrize("turns", range(4))
def test_a_rewritten_gate_has_its_own_noise_once(name, turns):
    """A rotation rewritten as Clifford gates is the channel that Aer gives for the rotation."""
    from qiskit.circuit.library import RXGate
    from qiskit_aer import AerSimulator

    from qiskit_rest_primitives.local.simulators.base.clifford import as_clifford
    from qiskit_rest_primitives.local.simulators.noise.device_noise_in_aer import DeviceNoise

    calibration = FakeDevice(7).calibration
    noise = DeviceNoise(FakeDevice(7), (0, 1))
    circuit = QuantumCircuit(2)
    places = [0, 1] if name == "rzz" else [0]
    getattr(circuit, name)(turns * np.pi / 2, *places)
    lowered = as_clifford(noise.ready(circuit))
    if name == "rx":
        circuit.append(RXGate(calibration.rotation["rx", (0,)], label="by mistake"), [0])
    channels = []
    for noisy, model in (
        (circuit, gate_noise(calibration, [0, 1])),
        (lowered, noise.model([lowered])),
    ):
        saved = noisy.copy()
        saved.save_superop()
        simulator = AerSimulator(method="superop", noise_model=model)
        channels.append(np.asarray(simulator.run(saved).result().data()["superop"]))
    assert np.allclose(*channels, atol=1e-9)


def mirrored(width, number, angle):
    """Layers of CZ and their inverse between two rotations; without noise all shots are 0...0."""
    edges = sorted({tuple(sorted(e)) for e in device_target(127)["cz"] if max(e) < width})
    circuit = QuantumCircuit(127, width)
    circuit.rx(angle, range(width))
    for _ in range(2):
        for place in range(number // 2):
            circuit.cz(*edges[place % len(edges)])
    circuit.rx(-angle, range(width))
    circuit.measure(range(width), range(width))
    return circuit


@pytest.mark.slow
@pytest.mark.parametrize(
    ("width", "number", "angle", "noise"),
    [(14, 260, np.pi / 2, "pauli-twirled"), (13, 24, 1.0, "full")],
)
def test_the_number_of_shots_does_not_change_the_noise(engine, width, number, angle, noise):
    """14 qubits, 260 CZ, 13 non-Clifford gates: 100 and 1,000 shots agree about 0...0."""
    text = text_of(mirrored(width, number, angle))
    found = []
    for shots in (100, 1000):
        [got] = run(engine, "sampler", [[text, None, shots]], "fake_127q", options=SEED)
        assert got.metadata["simulation"]["noise"] == noise
        found.append(got.data.c.get_counts().get("0" * width, 0) / shots)
    assert found[0] == pytest.approx(found[1], abs=0.2)
    # Errors of readout alone would leave this much.
    errors = [device_target(127)["measure"][(qubit,)].error for qubit in range(width)]
    assert found[1] < math.prod(1 - error for error in errors) - 0.05


@pytest.mark.slow
def test_a_clifford_circuit_on_all_qubits_of_a_device_has_its_noise(engine):
    """127 qubits, 1,000 shots: a separate part agrees with Aer's density matrix."""
    circuit = entangled(PART, 127, np.pi / 2)
    expected = sliced_probabilities(circuit, 127, twirled=True)
    both = QuantumCircuit(127)
    both.add_register(ClassicalRegister(len(REST), "rest"), ClassicalRegister(7, "c"))
    both.compose(entangled(REST, 127, np.pi / 2), clbits=both.cregs[0], inplace=True)
    both.compose(circuit, clbits=both.cregs[1], inplace=True)
    [got] = run(engine, "sampler", [[text_of(both), None, 1000]], "fake_127q", options=SEED)
    assert got.metadata["simulation"] == {"method": "stabilizer", "noise": "pauli-twirled"}
    found, chance = distance(got.data.c.get_counts(), expected)
    assert found < chance


@pytest.mark.slow
def test_a_ghz_state_of_all_qubits_of_a_device(engine):
    """Its parity of X is far from 1; measured in Z, a fifth of it agrees as far as errors allow."""
    edges = {}
    for a, b in sorted(device_target(127)["cz"]):
        edges.setdefault(a, []).append(b)
    circuit = QuantumCircuit(127, 127)
    reached, waiting = {0}, [0]

    def hadamard(qubit):
        circuit.rz(np.pi / 2, qubit)
        circuit.sx(qubit)
        circuit.rz(np.pi / 2, qubit)

    hadamard(0)
    for qubit in waiting:
        for other in edges[qubit]:
            if other not in reached:
                hadamard(other)
                circuit.cz(qubit, other)
                hadamard(other)
                reached.add(other)
                waiting.append(other)
    assert len(reached) == 127
    circuit.measure(range(127), range(127))
    [got] = run(engine, "sampler", [[text_of(circuit), None, 1000]], "fake_127q", options=SEED)
    counts = got.data.c.get_counts()
    intact = counts.get("0" * 127, 0) + counts.get("1" * 127, 0)
    assert 10 < intact < 900
    # Without errors of gates readout alone would leave this many.
    readout = math.prod(1 - p.error for p in device_target(127)["measure"].values())
    assert intact / 1000 < readout - 0.05


@pytest.mark.parametrize("clifford", [True, False])
@pytest.mark.parametrize(
    "width",
    [1, 5, 12, 13, 20, *(pytest.param(width, marks=pytest.mark.slow) for width in (50, 127))],
)
def test_neither_shots_nor_width_remove_noise(width, clifford):
    """The noise is exact, but twirled for each wide Clifford circuit, and covers every gate."""
    from qiskit_rest_primitives.local.simulators.base.simulator import SamplesWanted
    from qiskit_rest_primitives.local.simulators.choose.for_device import prepare_device

    circuit = QuantumCircuit(127, width)
    circuit.rx(np.pi / 2 if clifford else 0.3, range(width))
    circuit.delay(10, range(width), unit="us")
    for a, b in sorted(device_target(127)["cz"]):
        if max(a, b) < width:
            circuit.cz(a, b)
    circuit.measure(range(width), range(width))
    noise = "pauli-twirled" if clifford and width > EXACT_NOISE_UP_TO else "full"
    for shots in (1, 100, 10_000, 1_000_000):
        setup = prepare_device(FakeDevice(127), circuit, 0, None, SamplesWanted(shots))
        assert setup.metadata["simulation"]["noise"] == noise
        assert setup.simulator.noise.twirled == (noise == "pauli-twirled")
        assert setup.limited
        assert choose_noisy_run(setup.circuit, shots).noise == noise
    ready = setup.simulator.noise.ready(setup.circuit)
    errors = setup.simulator.noise.model([ready]).to_dict()["errors"]
    noisy = {label for error in errors for label in error["operations"]}
    for name, qubits in used_gates(setup.circuit):
        if name in ("cz", "rx"):
            assert " ".join([name, *map(str, qubits)]) in noisy
        if name == "cz":
            assert any(label.startswith(f"relaxation {qubits[0]} ") for label in noisy)


@pytest.mark.slow
def test_a_job_estimated_to_take_too_long_is_refused(engine):
    """Before anything runs, by the limit of the job."""
    circuit = QuantumCircuit(127, 24)
    for layer in range(20):
        circuit.rx(0.1 * (layer + 1), range(24))
        for a, b in sorted(device_target(127)["cz"]):
            if max(a, b) < 24:
                circuit.cz(a, b)
    circuit.measure(range(24), range(24))
    pub = [text_of(circuit), None, 100_000]
    outcome = fail(engine, "sampler", [pub], "fake_127q")
    assert "takes about" in outcome.reason
    assert "limit is 10800 s" in outcome.reason
    assert "fewer shots" in outcome.reason_solution
    # Of two PUBs that each stay below a limit, the second one exceeds it.
    seconds = float(re.search(r"about ([\d.e+]+) s", outcome.reason)[1]) / 100_000
    params = {"pubs": [[text_of(circuit), None, 1]] * 2}
    limited = Running(engine, "sampler", params, "fake_127q", time_limit_seconds=1.5 * seconds)
    assert re.match(r"PUB 1: .* the job's limit is", limited.outcome().reason)


@pytest.mark.slow
def test_a_wide_circuit_with_few_gates_runs_with_matrix_product_states(engine):
    """60 qubits in use, not Clifford, with all of the noise."""
    circuit = QuantumCircuit(65)
    circuit.x(range(60))
    circuit.delay(50, range(60), unit="us")
    circuit.rx(0.3, range(60))
    circuit.measure_all()
    [got] = run(engine, "sampler", [[text_of(circuit), None, 50]], "fake_65q", options=SEED)
    assert got.metadata["simulation"] == {"method": "matrix_product_state", "noise": "full"}
    ones = got.data.meas.slice_bits(range(60)).bitcount().mean()
    t1 = [device_target(65).qubit_properties[qubit].t1 for qubit in range(60)]
    alive = np.exp(-50e-6 / np.array(t1))
    expected = (alive * np.cos(0.15) ** 2 + (1 - alive) * np.sin(0.15) ** 2).sum()
    assert ones == pytest.approx(expected, abs=3)


@pytest.mark.slow
def test_an_estimator_on_a_wide_clifford_circuit(engine):
    """The rotations to the observables' bases are noisy, too."""
    circuit = QuantumCircuit(127)
    circuit.x(range(127))
    for a, b in device_target(127).build_coupling_map().get_edges():
        circuit.cz(a, b)
    pub = [text_of(circuit), ["Z" * 127, "I" * 126 + "Z", "I" * 126 + "X"], None, 0.05]
    [got] = run(engine, "estimator", [pub], "fake_127q", options=SEED, resilience_level=0)
    assert got.metadata["simulation"] == {"method": "stabilizer", "noise": "pauli-twirled"}
    assert abs(got.data.evs[0]) < 0.4
    assert got.data.evs[1] == pytest.approx(-1, abs=0.1)
    assert got.data.evs[2] == pytest.approx(0, abs=0.25)


@pytest.mark.slow
def test_a_dynamic_circuit_on_a_device_has_all_noise(engine):
    """Delays and gates within a block, after a measurement in the middle and a reset."""
    circuit = QuantumCircuit(5, 3)
    circuit.x(3)
    circuit.measure(3, 0)
    with circuit.if_test((circuit.clbits[0], 1)):
        circuit.x(1)
        circuit.delay(60, 1, unit="us")
    with circuit.for_loop(range(20)):
        circuit.cz(3, 4)
    circuit.reset(3)
    circuit.measure(1, 1)
    circuit.measure(3, 2)
    [got] = run(engine, "sampler", [[text_of(circuit), None, 4000]], "fake_5q", options=SEED)
    assert got.metadata["simulation"]["noise"] == "full"
    t1 = device_target(5).qubit_properties[1].t1
    one = got.data.c.slice_bits([1]).get_counts()["1"] / 4000
    assert one == pytest.approx(np.exp(-60e-6 / t1), abs=0.04)


def test_a_label_of_a_gate_does_not_hide_its_noise(engine):
    """A QPY file keeps labels of gates, by which Aer looks up noise first."""
    circuit = QuantumCircuit(5, 1)
    for _ in range(300):
        circuit.append(XGate(label="mine"), [0])
    circuit.measure(0, 0)
    file = io.BytesIO()
    qpy.dump(circuit, file)
    packed = base64.b64encode(zlib.compress(file.getvalue())).decode()
    pub = [{"__type__": "QuantumCircuit", "__value__": packed}, None, 4000]
    [got] = run(engine, "sampler", [pub], "fake_5q", options=SEED)
    expected = sliced_probabilities(without_labels(circuit), 5)
    found, chance = distance(got.data.c.get_counts(), expected)
    assert found < chance


def without_labels(circuit):
    """The same gates without labels."""
    plain = circuit.copy_empty_like()
    for instruction in circuit.data:
        if instruction.operation.name == "x":
            plain.x(0)
        else:
            plain.append(instruction)
    return plain


@pytest.mark.slow
def test_a_noise_model_acts_on_rotations_of_the_stabilizer_method(engine):
    """Errors of rx and rzz by name; Kraus operators are twirled, and the metadata say so."""
    from qiskit_aer.noise import NoiseModel, amplitude_damping_error, pauli_error

    circuit = QuantumCircuit(3)
    circuit.rx(np.pi, 0)
    circuit.rzz(np.pi / 2, 1, 2)
    circuit.sx(2)
    circuit.sx(2)
    circuit.measure_all()
    model = NoiseModel()
    model.add_all_qubit_quantum_error(pauli_error([("X", 1.0)]), ["rx", "x"])
    model.add_all_qubit_quantum_error(pauli_error([("XI", 1.0)]), ["rzz", "cx"])
    options = {"simulator": {"noise_model": model.to_dict(serializable=True), "seed_simulator": 1}}
    pub = [text_of(circuit), None, 20]
    [got] = run(engine, "sampler", [pub], "aer_stabilizer", options=options)
    assert got.data.meas.get_counts() == {"000": 20}
    assert got.metadata["simulation"] == {"method": "stabilizer", "noise": "given"}
    model.add_all_qubit_quantum_error(amplitude_damping_error(0.5), ["sx"])
    options["simulator"]["noise_model"] = model.to_dict(serializable=True)
    [got] = run(engine, "sampler", [pub], "aer_stabilizer", options=options)
    assert got.metadata["simulation"] == {"method": "stabilizer", "noise": "pauli-twirled"}
    assert len(got.data.meas.get_counts()) > 1

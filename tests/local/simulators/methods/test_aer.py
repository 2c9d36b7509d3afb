"""Aer's methods and the noisy devices, compared with Aer itself and with quantum_info."""

from __future__ import annotations

import json

import numpy as np
import pytest
from qiskit import QuantumCircuit
from qiskit.circuit import Parameter
from qiskit.quantum_info import SparsePauliOp, Statevector
from qiskit.transpiler import generate_preset_pass_manager

from qiskit_rest_primitives.local.simulators.devices.fake_devices import FakeDevice, device_target
from tests.local.engine.jobs import fail, run, text_of

pytest.importorskip("qiskit_aer")

SEED = {"simulator": {"seed_simulator": 42}}


def sweep() -> tuple[QuantumCircuit, np.ndarray]:
    """Three qubits, a register of two bits and one of nine, and seven points."""
    circuit = QuantumCircuit(3)
    circuit.ry(Parameter("a"), 0)
    circuit.cx(0, 1)
    circuit.rx(Parameter("b"), 2)
    circuit.cz(1, 2)
    circuit.h(1)
    return circuit, np.random.default_rng(3).uniform(-3, 3, (7, 2))


@pytest.mark.parametrize("method", ["automatic", "statevector", "density_matrix"])
def test_a_seeded_sampler_equals_the_seeded_sampler_of_aer(engine, method):
    """Two PUBs of one job, shot by shot."""
    from qiskit_aer.primitives import SamplerV2

    circuit, values = sweep()
    circuit.measure_all()
    pubs = [(circuit, values), (circuit, values[:2])]
    name = "aer" if method == "automatic" else f"aer_{method}"
    result = run(
        engine, "sampler", [[text_of(c), v.tolist(), 50] for c, v in pubs], name, options=SEED
    )
    options = {"backend_options": {"method": method, "max_parallel_threads": 1}}
    expected = SamplerV2(seed=42, options=options).run(pubs, shots=50).result()
    for got, want in zip(result, expected, strict=True):
        assert np.array_equal(got.data.meas.array, want.data.meas.array)
        assert got.metadata["simulation"] == {"method": method, "noise": "none"}


@pytest.mark.parametrize("method", ["", "_statevector", "_density_matrix", "_matrix_product_state"])
def test_expectation_values_of_aer_are_exact_at_precision_0(engine, method):
    """They equal those of quantum_info."""
    circuit, values = sweep()
    observables = [{"XYZ": 0.5, "IIZ": 2}, {"ZZZ": 1}, {"III": 3}]
    pub = [text_of(circuit), [[o] for o in observables], values.tolist(), 0]
    [got] = run(engine, "estimator", [pub], f"aer{method}")
    want = [
        [
            Statevector(circuit.assign_parameters(point)).expectation_value(
                SparsePauliOp.from_list(list(o.items()))
            )
            for point in values
        ]
        for o in observables
    ]
    assert got.data.evs.shape == (3, 7)
    assert np.allclose(got.data.evs, want)
    assert np.all(got.data.stds == 0)


def test_a_seeded_estimator_equals_the_seeded_estimator_of_aer(engine):
    """The noise of the values and their stds are equal."""
    from qiskit_aer.primitives import EstimatorV2

    circuit, values = sweep()
    pub = (circuit, {"XYZ": 0.5, "IIZ": 2}, values, 0.1)
    [got] = run(
        engine,
        "estimator",
        [[text_of(circuit), pub[1], values.tolist(), 0.1]],
        "aer",
        options={"seed_estimator": 5},
    )
    reference = EstimatorV2(options={"run_options": {"seed_simulator": 5}})
    [want] = reference.run([pub]).result()
    assert np.allclose(got.data.evs, want.data.evs, atol=1e-12)
    assert np.array_equal(got.data.stds, want.data.stds)


def teleported() -> QuantumCircuit:
    """Prepares ry(0.9) on qubit 0 and teleports it to qubit 2."""
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


def test_an_estimator_on_aer_measures_dynamic_circuits(engine):
    """With a precision above 0; the standard errors are those of the shots."""
    pub = [text_of(teleported()), ["ZII", "XII"], None, 0.02]
    [got] = run(engine, "estimator", [pub], "aer", options=SEED)
    assert np.allclose(got.data.evs, [np.cos(0.9), np.sin(0.9)], atol=0.1)
    assert np.all((got.data.stds > 0.005) & (got.data.stds < 0.03))


@pytest.mark.parametrize("backend", ["statevector", "aer"])
def test_dynamic_circuits_run(engine, backend):
    """A qubit that is reset after a correction is measured as 0."""
    circuit = teleported()
    circuit.reset(0)
    circuit.measure(0, 0)
    [sampled] = run(engine, "sampler", [[text_of(circuit), None, 200]], backend)
    assert {key[1] for key in sampled.data.c.get_counts()} == {"0"}


def test_devices_need_aer(engine, monkeypatch):
    """Without Aer the reason names the extra."""
    from qiskit_rest_primitives.local.simulators.choose import for_device

    monkeypatch.setattr(for_device, "aer_is_installed", lambda: False)
    outcome = fail(engine, "sampler", [["OPENQASM 3.0; qubit q; bit c; c = measure q;"]], "fake_5q")
    assert "[aer]" in outcome.reason_solution


def test_the_stabilizer_method_runs_only_quarter_turns(engine):
    """Rotations by multiples of π/2 run, also as parameter values; others fail with the gate."""
    circuit = QuantumCircuit(40)
    angle = Parameter("angle")
    circuit.rx(angle, 0)
    circuit.rz(np.pi / 2, 0)
    for qubit in range(39):
        circuit.cx(qubit, qubit + 1)
    circuit.measure_all()
    pub = [text_of(circuit), [[0.0], [np.pi]], 20]
    [got] = run(engine, "sampler", [pub], "aer_stabilizer")
    assert got.data.meas[0].get_counts() == {"0" * 40: 20}
    assert got.data.meas[1].get_counts() == {"1" * 40: 20}
    assert "Clifford" in fail(engine, "sampler", [[pub[0], [[0.3]], 20]], "aer_stabilizer").reason


def flip_model():
    """Readout that always flips bit 0, and an X after every h."""
    from qiskit_aer.noise import NoiseModel, ReadoutError, pauli_error

    model = NoiseModel()
    model.add_all_qubit_quantum_error(pauli_error([("X", 1.0)]), ["x"])
    model.add_readout_error(ReadoutError([[0, 1], [1, 0]]), [0])
    return model


def test_a_noise_model_of_the_user_is_applied(engine):
    """As Aer writes it, without and with the official client's envelope; statevector refuses it."""
    circuit = QuantumCircuit(2)
    circuit.x([0, 1])
    circuit.measure_all()
    model = flip_model().to_dict(serializable=True)
    for noise in (model, {"__type__": "NoiseModel", "__value__": model}):
        options = {"simulator": {"noise_model": noise}}
        [got] = run(engine, "sampler", [[text_of(circuit), None, 20]], "aer", options=options)
        assert got.data.meas.get_counts() == {"01": 20}
    result = run(engine, "sampler", [[text_of(circuit), None, 20]], options=options)
    assert result[0].data.meas.get_counts() == {"11": 20}
    assert result.metadata["options_not_applied"] == ["options.simulator.noise_model"]
    pub = [text_of(circuit), ["IZ", "ZI"], None, 0.1]
    [got] = run(engine, "estimator", [pub], "aer", options=options, resilience_level=0)
    assert got.data.evs.tolist() == [-1, 1]
    bad = {"simulator": {"noise_model": {"errors": [{"type": "what"}]}}}
    assert "noise_model" in fail(engine, "sampler", [[text_of(circuit)]], "aer", options=bad).reason


def test_a_noise_model_is_sent_unchanged():
    """Kraus operators of a device, by Aer's own serialization and by the official client's."""
    from qiskit_aer import AerSimulator
    from qiskit_aer.library import SaveDensityMatrix

    from qiskit_rest_primitives.local.simulators.noise.device_noise_in_aer import DeviceNoise
    from qiskit_rest_primitives.local.simulators.noise.given_noise_in_aer import read_noise_option

    circuit = QuantumCircuit(2)
    circuit.sx(0)
    circuit.cz(0, 1)
    noise = DeviceNoise(FakeDevice(5), (0, 1))
    circuit = noise.ready(circuit)
    circuit.append(SaveDensityMatrix(2), [0, 1])

    def state(model):
        simulator = AerSimulator(method="density_matrix", noise_model=model)
        return simulator.run(circuit).result().data()["density_matrix"].data

    model = noise.model([circuit])
    texts = [json.dumps(model.to_dict(serializable=True))]
    runtime_json = pytest.importorskip("qiskit_ibm_runtime.json")
    texts.append(json.dumps(model, cls=runtime_json.RuntimeEncoder))
    assert not np.allclose(state(model), state(None), atol=1e-4)
    for text in texts:
        again = read_noise_option(json.loads(text)).model()
        assert np.allclose(state(again), state(model))
        assert again.noise_qubits == model.noise_qubits


def test_basis_gates_and_coupling_map_of_the_options_are_used(engine):
    """The circuit is translated to them; observables follow their qubits."""
    circuit = QuantumCircuit(3)
    circuit.ry(0.4, 0)
    circuit.cx(0, 2)
    circuit.x(1)
    options = {"simulator": {"basis_gates": ["rz", "sx", "cx"], "coupling_map": [[0, 1], [1, 2]]}}
    observables = ["IIZ", "IZI", "ZII", "XIX"]
    pub = [text_of(circuit), observables, None, 0]
    [got] = run(engine, "estimator", [pub], "aer", options=options)
    want = [Statevector(circuit).expectation_value(SparsePauliOp(o)) for o in observables]
    assert np.allclose(got.data.evs, want)
    for coupling, word in [([[0, 1]], "coupling"), ([[0, 10_000]], "pair")]:
        bad = {"simulator": {"coupling_map": coupling}}
        assert word in fail(engine, "estimator", [pub], "aer", options=bad).reason


def on_device(circuit: QuantumCircuit, size: int) -> QuantumCircuit:
    """The circuit transpiled to a device."""
    target = device_target(size)
    return generate_preset_pass_manager(1, target=target, seed_transpiler=1).run(circuit)


def test_a_ghz_state_on_a_device_shows_its_noise(engine):
    """Most shots agree, not all; the metadata name the method."""
    circuit = QuantumCircuit(5)
    circuit.h(0)
    for qubit in range(4):
        circuit.cx(qubit, qubit + 1)
    circuit.measure_all()
    physical = on_device(circuit, 27)
    assert physical.num_qubits == 27
    result = run(engine, "sampler", [[text_of(physical), None, 2000]], "fake_27q", options=SEED)
    counts = result[0].data.meas.get_counts()
    assert 0.5 < (counts["00000"] + counts["11111"]) / 2000 < 0.999
    assert result[0].metadata["simulation"] == {"method": "density_matrix", "noise": "full"}
    again = run(engine, "sampler", [[text_of(physical), None, 2000]], "fake_27q", options=SEED)
    assert np.array_equal(result[0].data.meas.array, again[0].data.meas.array)


def test_an_estimator_on_a_device_measures(engine):
    """Values near the ideal ones, with errors of the size of the precision; exact is refused."""
    circuit = QuantumCircuit(2)
    circuit.h(0)
    circuit.cx(0, 1)
    physical = on_device(circuit, 7)
    observables = [
        SparsePauliOp(pauli).apply_layout(physical.layout).paulis[0].to_label()
        for pauli in ("XX", "ZZ", "YY", "IZ")
    ]
    pub = [text_of(physical), observables, None, 0.02]
    [got] = run(engine, "estimator", [pub], "fake_7q", options=SEED, resilience_level=0)
    assert np.allclose(got.data.evs, [1, 1, -1, 0], atol=0.15)
    assert np.all(np.abs(got.data.evs[:3]) < 1)
    assert got.data.stds[3] == pytest.approx(0.02, rel=0.1)
    assert got.metadata["shots"] == 2500
    outcome = fail(engine, "estimator", [[*pub[:3], 0]], "fake_7q")
    assert "a device" in outcome.reason


def test_a_circuit_that_is_not_isa_fails_with_1517(engine):
    """The instruction is in the reason, the cure in the solution."""
    circuit = QuantumCircuit(2)
    circuit.h(0)
    circuit.measure_all()
    outcome = fail(engine, "sampler", [[text_of(circuit)]], "fake_5q")
    assert outcome.reason_code == 1517
    assert "h" in outcome.reason
    assert "transpile" in outcome.reason_solution


def test_a_dynamic_clifford_circuit_runs_with_the_stabilizer_method(engine):
    """Blocks of control flow are rewritten, too."""
    circuit = QuantumCircuit(40, 2)
    circuit.rx(np.pi, 0)
    circuit.rzz(np.pi / 2, 0, 39)
    circuit.measure(0, 0)
    with circuit.if_test((circuit.clbits[0], 1)):
        circuit.ry(np.pi, 39)
    circuit.measure(39, 1)
    [got] = run(engine, "sampler", [[text_of(circuit), None, 10]], "aer_stabilizer")
    assert got.data.c.get_counts() == {"11": 10}


def test_a_circuit_without_measurements_gives_zeros(engine):
    """Nothing writes to its registers."""
    circuit = QuantumCircuit(2, 3)
    circuit.x(0)
    [got] = run(engine, "sampler", [[text_of(circuit), None, 4]], "aer")
    assert got.data.c.get_counts() == {"000": 4}


def test_gates_that_aer_lacks_are_translated(engine):
    """A gate that the text defines, and a controlled gate."""
    text = (
        'OPENQASM 3.0; include "stdgates.inc"; gate both a, b { x a; x b; }'
        "qubit[2] q; bit[2] c; both q[0], q[1]; ctrl @ x q[0], q[1]; c = measure q;"
    )
    [got] = run(engine, "sampler", [[text, None, 4]], "aer_matrix_product_state")
    assert got.data.c.get_counts() == {"01": 4}


def test_a_failure_of_aer_fails_the_job(engine, monkeypatch):
    """The reason contains Aer's message."""
    from qiskit_aer import AerSimulator

    from qiskit_rest_primitives.local.simulators.methods import aer

    monkeypatch.setattr(aer, "_simulator", lambda method, noise: AerSimulator(method="stabilizer"))
    circuit = QuantumCircuit(1)
    circuit.rx(0.3, 0)
    circuit.measure_all()
    outcome = fail(engine, "sampler", [[text_of(circuit)]], "aer")
    assert "stabilizer" in outcome.reason

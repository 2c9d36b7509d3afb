"""Options of error mitigation act on noisy backends, and on no others."""

from __future__ import annotations

import json

import numpy as np
import pytest
from qiskit import QuantumCircuit
from qiskit.circuit import Parameter
from qiskit.quantum_info import SparsePauliOp, Statevector
from qiskit_aer.noise import NoiseModel, ReadoutError

from qiskit_rest_primitives.local.engine.engine import Engine
from qiskit_rest_primitives.local.engine.executors.workers import worker_processes
from qiskit_rest_primitives.local.simulators import options_acted_on
from qiskit_rest_primitives.local.simulators.backends import LocalBackends
from tests.local.engine.jobs import run, text_of

DEVICE = "fake_5q"
OBSERVABLES = ["IIIZZ", "IIIXX", "ZIIII", "IIIYY"]
SEED = {"seed_estimator": 11}


@pytest.fixture(scope="module")
def engine():
    """An engine with worker processes of its own."""
    engine = Engine(LocalBackends())
    yield engine
    engine.close()


def device_bell(angle: float | Parameter = np.pi / 2) -> QuantumCircuit:
    """Two entangled qubits and one in state 1, in gates of the device; H is rz sx rz."""
    circuit = QuantumCircuit(5)
    circuit.x(4)
    for qubit in (0, 1):
        circuit.rz(np.pi / 2, qubit)
        circuit.sx(qubit)
        circuit.rz(angle, qubit)
    circuit.cz(0, 1)
    circuit.rz(np.pi / 2, 1)
    circuit.sx(1)
    circuit.rz(np.pi / 2, 1)
    return circuit


def exact(circuit: QuantumCircuit) -> np.ndarray:
    """Values of the observables without noise."""
    state = Statevector(circuit)
    return np.array([state.expectation_value(SparsePauliOp(p)).real for p in OBSERVABLES])


def readout_noise(error: float) -> dict:
    """Measurements that are wrong with this probability, and no other noise."""
    model = NoiseModel(basis_gates=["rz", "sx", "x", "cz"])
    model.add_all_qubit_readout_error(ReadoutError([[1 - error, error], [error, 1 - error]]))
    return model.to_dict(serializable=True)


def test_measurement_errors_are_mitigated_by_default(engine):
    """A missing level is 1, as on the real service: values are right, a tenth of bits is not."""
    circuit = device_bell()
    options = {"simulator": {"noise_model": readout_noise(0.1)}, **SEED}
    pub = [text_of(circuit), OBSERVABLES, None, 0.03]
    raw = run(engine, "estimator", [pub], "aer", options=options, resilience_level=0)
    result = run(engine, "estimator", [pub], "aer", options=options)
    data, want = result[0].data, exact(circuit)
    assert (np.abs(data.evs - want) < 5 * data.stds + 1e-9).all()
    assert np.abs(raw[0].data.evs - want).max() > 0.15
    assert "options_not_applied" not in result.metadata
    assert result[0].metadata["target_precision"] == 0.03
    assert result[0].metadata["simulation"]["noise"] == "given"


def test_sweeps_are_mitigated_point_by_point(engine):
    """Each point with each observable, in the PUB's shape; another PUB is calibrated with it."""
    angle = Parameter("a")
    angles = np.linspace(0, 2, 3)
    noise = {"simulator": {"noise_model": readout_noise(0.05)}, **SEED}
    swept = [text_of(device_bell(angle)), [[p] for p in OBSERVABLES], angles.tolist(), 0.05]
    still = [text_of(device_bell()), OBSERVABLES, None, 0.05]
    found = run(engine, "estimator", [swept, still], "aer", options=noise)
    want = np.stack([exact(device_bell(float(a))) for a in angles], axis=-1)
    assert found[0].data.evs.shape == (4, 3)
    assert (np.abs(found[0].data.evs - want) < 5 * found[0].data.stds + 1e-9).all()
    assert (np.abs(found[1].data.evs - exact(device_bell())) < 5 * found[1].data.stds + 1e-9).all()


def test_options_have_no_effect_without_noise(engine):
    """They could change nothing, and the metadata says so; no level acts by itself."""
    pub = [text_of(device_bell()), OBSERVABLES, None, 0]
    result = run(engine, "estimator", [pub], "aer", options={"twirling": {"enable_gates": True}})
    assert result[0].data.evs == pytest.approx(exact(device_bell()), abs=1e-9)
    assert result.metadata["options_not_applied"] == ["options.twirling.enable_gates"]


def test_without_the_extra_nothing_is_done_and_the_cure_is_named(engine, monkeypatch):
    """The options that need it are among those that were not applied."""
    monkeypatch.setattr(options_acted_on, "extra_is_installed", lambda: False)
    pub = [text_of(device_bell()), OBSERVABLES, None, 0.1]
    result = run(engine, "estimator", [pub], DEVICE, resilience_level=2)
    assert result.metadata["options_not_applied"] == ["resilience_level"]
    assert "[mitigation]" in result.metadata["options_not_applied_cure"]


def test_an_option_that_gives_way_is_named(engine):
    """Measurements are twirled because their mitigation needs it, whatever the option says."""
    options = {"twirling": {"enable_measure": False}}
    pub = [text_of(device_bell()), OBSERVABLES, None, 0.1]
    result = run(engine, "estimator", [pub], DEVICE, options=options)
    [sentence] = result.metadata["overridden"]
    assert "twirling.enable_measure" in sentence


def seeded_results(executor=None) -> list[np.ndarray]:
    """Bits of a twirled sampler job and values of a mitigated estimator job, with one seed."""
    engine = Engine(LocalBackends(), executor)
    circuit = device_bell()
    pub = [text_of(circuit), OBSERVABLES, None, 0.1]
    noise = {"simulator": {"noise_model": readout_noise(0.05), "seed_simulator": 5}}
    found = [run(engine, "estimator", [pub], DEVICE, options=SEED, resilience_level=2)[0].data.evs]
    found.append(run(engine, "estimator", [pub], "aer", options=noise)[0].data.evs)
    circuit.measure_all()
    options = {"simulator": {"seed_simulator": 5}, "twirling": {"enable_gates": True}}
    [sampled] = run(engine, "sampler", [[text_of(circuit), None, 500]], DEVICE, options=options)
    engine.close()
    return [*found, sampled.data.meas.array]


@pytest.mark.slow
def test_a_seed_gives_the_same_bits_on_one_worker_and_on_two():
    """However the randomizations are divided among processes."""
    results = []
    for count in (1, 2):
        with worker_processes(count) as executor:
            results.append(seeded_results(executor))
    for one, two in zip(*results, strict=True):
        assert np.array_equal(one, two)


@pytest.mark.slow
def test_without_a_seed_two_runs_differ(engine):
    """The randomizations and the samples are drawn anew."""
    pub = [text_of(device_bell()), OBSERVABLES, None, 0.05]
    first, second = (run(engine, "estimator", [pub], DEVICE)[0].data.evs for _ in range(2))
    assert json.dumps(first.tolist()) != json.dumps(second.tolist())

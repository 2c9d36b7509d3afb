"""Somebody's backends behind the service run as they do under Qiskit's own primitives."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from qiskit import ClassicalRegister, QuantumCircuit, QuantumRegister, transpile
from qiskit.circuit import Parameter
from qiskit.primitives import BackendEstimatorV2, BackendSamplerV2
from qiskit.providers import BackendV2
from qiskit.providers.fake_provider import GenericBackendV2
from qiskit.quantum_info import SparsePauliOp
from qiskit_aer import AerSimulator
from qiskit_aer.noise import NoiseModel, ReadoutError, depolarizing_error

from qiskit_rest_primitives import EstimatorV2, QiskitRuntimeService, SamplerV2, Settings
from qiskit_rest_primitives.errors import EncodeError, ISAError, JobFailedError
from qiskit_rest_primitives.local import LocalService
from tests.local.simulators.odd_backends import OddBackend, result_of

SEED = 11


def noise_model() -> NoiseModel:
    """Noise of gates and of the readout."""
    model = NoiseModel()
    model.add_all_qubit_quantum_error(depolarizing_error(0.1, 2), ["cx"])
    model.add_all_qubit_readout_error(ReadoutError([[0.95, 0.05], [0.1, 0.9]]))
    return model


NOISY = AerSimulator(noise_model=noise_model())
BACKENDS: dict[str, BackendV2] = {
    "aer_simulator": NOISY,
    "aer_simulator-2": AerSimulator(),
    "generic_backend_5q": GenericBackendV2(5, seed=1),
}


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[QiskitRuntimeService]:
    """A client of a service that was given all of them."""
    with LocalService(backends=list(BACKENDS.values())) as local:
        yield QiskitRuntimeService(
            url=local.url,
            token=local.token,
            settings=Settings(state_folder=tmp_path_factory.mktemp("state")),
        )


def sweep() -> QuantumCircuit:
    """A circuit with a parameter, two registers and a bit that is never written."""
    theta = Parameter("theta")
    circuit = QuantumCircuit(
        QuantumRegister(3, "q"), ClassicalRegister(2, "low"), ClassicalRegister(3, "high")
    )
    circuit.ry(theta, 0)
    circuit.cx(0, 1)
    circuit.cx(1, 2)
    circuit.measure([0, 1], [1, 0])
    circuit.measure(2, 4)
    return circuit


@pytest.mark.parametrize("name", BACKENDS)
def test_samples_are_those_of_qiskits_sampler(name: str, service: QiskitRuntimeService) -> None:
    """Every bit of every register, of a sweep and of the PUB behind it, with the same seed."""
    backend = BACKENDS[name]
    circuit = transpile(sweep(), backend, seed_transpiler=1)
    pubs: list[Any] = [(circuit, [[0.3], [1.2], [2.9]]), (circuit, [0.7])]
    options = {"simulator": {"seed_simulator": SEED}}
    found = SamplerV2(service.backend(name), options=options).run(pubs, shots=200).result()
    own = BackendSamplerV2(backend=backend, options={"seed_simulator": SEED})
    for ours, theirs in zip(found, own.run(pubs, shots=200).result(), strict=True):
        assert ours.data.keys() == theirs.data.keys()
        for register in theirs.data:
            np.testing.assert_array_equal(ours.data[register].array, theirs.data[register].array)
            assert ours.data[register].num_bits == theirs.data[register].num_bits
    assert "options_not_applied" not in found.metadata


@pytest.mark.parametrize("name", BACKENDS)
def test_values_are_those_of_qiskits_estimator(name: str, service: QiskitRuntimeService) -> None:
    """Values and errors of a sweep over observables, and of the PUB behind it."""
    backend = BACKENDS[name]
    bare = sweep().remove_final_measurements(inplace=False)
    circuit = transpile(bare, backend, seed_transpiler=1)
    observables = [SparsePauliOp(["ZZI", "XXX", "IIY"], [1, 0.5, -2]), SparsePauliOp("IZZ")]
    if circuit.layout:
        observables = [observable.apply_layout(circuit.layout) for observable in observables]
    pubs: list[Any] = [
        (circuit, [[observables[0]], [observables[1]]], [[0.3], [1.2], [2.9]]),
        (circuit, observables[0], [0.7]),
    ]
    options = {"seed_estimator": SEED, "resilience_level": 0}
    found = EstimatorV2(service.backend(name), options=options).run(pubs, precision=0.1).result()
    own = BackendEstimatorV2(backend=backend, options={"seed_simulator": SEED})
    for ours, theirs in zip(found, own.run(pubs, precision=0.1).result(), strict=True):
        np.testing.assert_allclose(ours.data.evs, theirs.data.evs, rtol=0, atol=1e-12)
        np.testing.assert_allclose(ours.data.stds, theirs.data.stds, rtol=0, atol=1e-12)
        assert ours.metadata["shots"] == theirs.metadata["shots"] == 100


def test_measurements_within_a_circuit_choose_what_follows(service: QiskitRuntimeService) -> None:
    """A dynamic circuit gives the bits that it gives on the backend itself."""
    circuit = QuantumCircuit(2, 2)
    circuit.h(0)
    circuit.measure(0, 0)
    with circuit.if_test((circuit.clbits[0], 1)):
        circuit.x(1)
    circuit.measure(1, 1)
    options = {"simulator": {"seed_simulator": SEED}}
    found = SamplerV2(service.backend("aer_simulator-2"), options=options).run([circuit])
    own = BackendSamplerV2(
        backend=BACKENDS["aer_simulator-2"], options={"seed_simulator": SEED}
    ).run([circuit], shots=4096)
    np.testing.assert_array_equal(found.result()[0].data.c.array, own.result()[0].data.c.array)


def test_they_are_listed_with_what_they_are(service: QiskitRuntimeService) -> None:
    """A device has its qubits, gates and calibration; a simulator takes any circuit."""
    listed = {backend.name: backend for backend in service.backends()}
    assert list(listed)[-3:] == sorted(BACKENDS)
    assert listed["aer_simulator"].simulator
    device, own = listed["generic_backend_5q"], BACKENDS["generic_backend_5q"].target
    assert not device.simulator
    assert set(device.target.operation_names) == set(own.operation_names)
    assert set(device.coupling_map.get_edges()) == set(own.build_coupling_map().get_edges())
    assert device.target["cx"][0, 1].error == own["cx"][0, 1].error
    assert device.target.qubit_properties[3].t1 == pytest.approx(own.qubit_properties[3].t1)
    assert "save_statevector" not in listed["aer_simulator"].target.operation_names


def test_an_aer_simulator_of_a_device_is_a_device() -> None:
    """It has the device's coupling, so a circuit that is not ISA is refused before it is sent."""
    simulator = AerSimulator.from_backend(GenericBackendV2(3, seed=1))
    circuit = QuantumCircuit(2)
    circuit.h(0)
    circuit.measure_all()
    with pytest.raises(ISAError, match="no such instruction"):
        SamplerV2(mode=simulator).run([circuit])


def test_gates_that_a_simulator_lacks_are_rewritten(service: QiskitRuntimeService) -> None:
    """Aer has no iswap: Qiskit's sampler fails there, the service writes it in Aer's gates."""
    circuit = QuantumCircuit(2)
    circuit.x(0)
    circuit.iswap(0, 1)
    circuit.measure_all()
    found = SamplerV2(service.backend("aer_simulator-2")).run([circuit], shots=20).result()
    assert found[0].data.meas.get_counts() == {"10": 20}


def test_a_noise_model_of_the_job_is_the_backends(service: QiskitRuntimeService) -> None:
    """A noiseless simulator with a noise model in the options is the noisy one."""
    circuit = QuantumCircuit(2)
    circuit.x(0)
    circuit.cx(0, 1)
    circuit.measure_all()
    options: Any = {"simulator": {"seed_simulator": SEED, "noise_model": noise_model()}}
    found = SamplerV2(service.backend("aer_simulator-2"), options=options).run([circuit]).result()
    own = BackendSamplerV2(backend=NOISY, options={"seed_simulator": SEED})
    theirs = own.run([circuit], shots=4096).result()
    np.testing.assert_array_equal(found[0].data.meas.array, theirs[0].data.meas.array)
    assert "options_not_applied" not in found.metadata


def test_exact_values_are_refused_with_the_reason(service: QiskitRuntimeService) -> None:
    """A backend measures; precision 0 fails on a simulator and is not even sent to a device."""
    circuit = QuantumCircuit(1)
    simulator = EstimatorV2(service.backend("aer_simulator"))
    with pytest.raises(JobFailedError, match="precision 0 asks for exact values, which aer_simul"):
        simulator.run([(circuit, "Z")], precision=0).result()
    device = EstimatorV2(service.backend("generic_backend_5q"))
    with pytest.raises(EncodeError, match="precision 0"):
        device.run([(circuit, "Z")], precision=0)


def test_without_a_precision_the_estimator_takes_the_usual_one(
    service: QiskitRuntimeService,
) -> None:
    """1/64, which is 4096 shots, as on every other backend."""
    circuit = QuantumCircuit(1)
    found = EstimatorV2(service.backend("aer_simulator")).run([(circuit, "Z")]).result()
    assert found[0].metadata["target_precision"] == 1 / 64
    assert found[0].metadata["shots"] == 4096


@pytest.mark.parametrize("name", ["aer_simulator", "generic_backend_5q"])
def test_readout_errors_are_mitigated(service: QiskitRuntimeService, name: str) -> None:
    """If options ask for it; by default a backend's values are those that it gives itself."""
    backend = BACKENDS[name]
    circuit = QuantumCircuit(5)
    circuit.x(range(5))
    isa = transpile(circuit, backend, seed_transpiler=1, optimization_level=0)
    observables = ["IIIIZ", "ZZZZZ"]
    found = {}
    for level in (None, 0, 1):
        options: Any = {"seed_estimator": SEED, "simulator": {"seed_simulator": SEED}}
        options |= {} if level is None else {"resilience_level": level}
        estimator = EstimatorV2(service.backend(name), options=options)
        [found[level]] = estimator.run([(isa, observables)], precision=0.02).result()
    raw, mitigated = found[0].data, found[1].data
    assert (np.abs(mitigated.evs - [-1, -1]) < 5 * mitigated.stds + 0.005).all()
    assert np.abs(raw.evs + 1).max() > 0.02
    assert np.array_equal(found[None].data.evs, raw.evs)


def test_a_seed_that_nothing_acts_on_is_named() -> None:
    """A backend without the option is not given one, and result and warning say so."""
    backend = OddBackend(lambda circuits, shots: result_of({"counts": {"0x0": shots}}))
    circuit = QuantumCircuit(2)
    circuit.measure_all()
    sampler = SamplerV2(mode=backend, options={"simulator": {"seed_simulator": 3}})
    with pytest.warns(UserWarning, match="seed_simulator"):
        result = sampler.run([circuit], shots=10).result()
    assert result.metadata["options_not_applied"] == ["options.simulator.seed_simulator"]
    assert backend.seen == [{"shots": 10, "memory": True}]


def test_counts_without_memory_become_samples() -> None:
    """A backend that only counts runs a sampler's jobs too; the order of its shots is unknown."""
    backend = OddBackend(lambda circuits, shots: result_of({"counts": {"0x0": 4, "0x3": 6}}))
    circuit = QuantumCircuit(2)
    circuit.measure_all()
    data = SamplerV2(mode=backend).run([circuit], shots=10).result()[0].data
    assert data.meas.get_counts() == {"00": 4, "11": 6}


def test_samples_without_counts_are_counted() -> None:
    """A backend that gives memory only runs an estimator's jobs."""
    backend = OddBackend(
        lambda circuits, shots: result_of({"memory": ["0x1", "0x0", "0x0", "0x0"]}, shots=4)
    )
    data = (
        EstimatorV2(mode=backend).run([(QuantumCircuit(2), "IZ")], precision=0.5).result()[0].data
    )
    assert data.evs == 0.5


def test_a_job_that_is_too_large_for_one_run_is_cut_as_the_backend_says() -> None:
    """max_circuits of a backend is kept."""
    sizes: list[int] = []

    def count(circuits: list[QuantumCircuit], shots: int) -> Any:
        sizes.append(len(circuits))
        return result_of(*[{"counts": {"0x0": shots}}] * len(circuits))

    class Narrow(OddBackend):
        @property
        def max_circuits(self) -> int:
            """Two at a time."""
            return 2

    circuit = QuantumCircuit(1)
    circuit.measure_all()
    result = SamplerV2(mode=Narrow(count)).run([(circuit, np.zeros((5, 0)))], shots=10).result()
    assert sizes == [2, 2, 1]
    assert result[0].data.meas.shape == (5,)


def test_too_many_shots_are_refused_by_the_backends_own_limit() -> None:
    """The limit that the backend's options state is in its configuration, and is kept."""
    backend = OddBackend(lambda circuits, shots: None, name="narrow")
    backend.options.set_validator("shots", (1, 500))
    circuit = QuantumCircuit(1)
    circuit.measure_all()
    sampler = SamplerV2(mode=backend)
    assert sampler.backend().max_shots == 500
    with pytest.raises(JobFailedError, match="narrow runs at most 500 of a circuit"):
        sampler.run([circuit], shots=501).result()


def test_a_circuit_wider_than_the_backend_is_refused() -> None:
    """The backend is not asked."""
    backend = OddBackend(lambda circuits, shots: None, name="small")
    circuit = QuantumCircuit(3)
    circuit.measure_all()
    with pytest.raises(JobFailedError, match="the circuit has 3 qubits, small has 2"):
        SamplerV2(mode=backend).run([circuit]).result()
    assert backend.seen == []

"""`RestBackend.run` gives what AerSimulator.run gives, through the sampler of a service."""

from __future__ import annotations

import inspect
import pickle
import time
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from qiskit import QuantumCircuit, QuantumRegister, transpile
from qiskit.circuit import ClassicalRegister, Clbit, Parameter
from qiskit.circuit.library import real_amplitudes
from qiskit.primitives import BackendEstimatorV2, BackendSamplerV2, StatevectorEstimator
from qiskit.providers import JobError, JobStatus, JobV1
from qiskit.providers import JobTimeoutError as QiskitJobTimeoutError
from qiskit.result import Result, marginal_counts
from qiskit_aer import AerSimulator
from qiskit_aer.noise import NoiseModel, ReadoutError

from qiskit_rest_primitives import QiskitRuntimeService, RestBackend, SamplerV2, Session
from qiskit_rest_primitives.errors import EncodeError, JobFailedError, OptionsError
from tests.jobs.long_jobs import long_pubs

ANSATZ = real_amplitudes(2, reps=1)
VALUES = np.array([[0.1, 0.2, 0.3, 0.4], [1.0, 2.0, 3.0, 0.5]])


def flipped(circuit: QuantumCircuit, *qubits: int) -> QuantumCircuit:
    """The circuit with these qubits flipped, so that its outcome is certain."""
    for qubit in qubits:
        circuit.x(qubit)
    return circuit


def one_register() -> QuantumCircuit:
    """Three bits, the third never measured."""
    circuit = flipped(QuantumCircuit(3, 3, name="one", metadata={"step": 1}), 0, 2)
    circuit.measure([0, 2], [1, 0])
    return circuit


def several_registers() -> QuantumCircuit:
    """Registers of one, two and three bits; two quantum registers and a phase."""
    circuit = QuantumCircuit(QuantumRegister(2, "left"), QuantumRegister(4, "right"))
    circuit.add_register(ClassicalRegister(1, "c"), ClassicalRegister(2, "b-2"))
    circuit.add_register(ClassicalRegister(3, "a"))
    circuit.global_phase = 0.5
    flipped(circuit, 0, 2, 5)
    circuit.measure(range(6), range(6))
    return circuit


def with_an_empty_register() -> QuantumCircuit:
    """A register without bits between two others."""
    circuit = QuantumCircuit(QuantumRegister(2, "q"), ClassicalRegister(1, "first"))
    circuit.add_register(ClassicalRegister(0, "empty"), ClassicalRegister(1, "second"))
    flipped(circuit, 1).measure([0, 1], [0, 1])
    return circuit


def conditioned() -> QuantumCircuit:
    """Measures in the middle, and goes on as a register says."""
    circuit = QuantumCircuit(2, 2)
    circuit.x(0)
    circuit.measure(0, 0)
    with circuit.if_test((circuit.cregs[0], 1)):
        circuit.x(1)
    circuit.measure(1, 1)
    return circuit


def wide() -> QuantumCircuit:
    """More bits than any integer of numpy has."""
    circuit = flipped(QuantumCircuit(3, 70), 0, 2)
    circuit.measure([0, 1, 2], [0, 33, 69])
    return circuit


def bits_in_no_register() -> QuantumCircuit:
    """Bits before, between and after registers."""
    circuit = QuantumCircuit(3)
    circuit.add_bits([Clbit()])
    circuit.add_register(ClassicalRegister(2, "all_bits"))
    circuit.add_bits([Clbit()])
    circuit.add_register(ClassicalRegister(1, "b"))
    flipped(circuit, 0, 2).measure([0, 1, 2], [0, 2, 4])
    return circuit


def only_loose_bits() -> QuantumCircuit:
    """No register at all."""
    circuit = QuantumCircuit([*QuantumRegister(2)], [Clbit(), Clbit()])
    flipped(circuit, 1).measure([0, 1], [0, 1])
    return circuit


def bits_in_several_registers() -> QuantumCircuit:
    """Three registers on four bits, one in another order."""
    bits = [Clbit() for _ in range(4)]
    circuit = QuantumCircuit(QuantumRegister(4), bits)
    circuit.add_register(ClassicalRegister(bits=bits[:2], name="low"))
    circuit.add_register(ClassicalRegister(bits=[bits[2], bits[1]], name="crossed"))
    flipped(circuit, 0, 3).measure(range(4), bits)
    return circuit


REGULAR = [one_register, several_registers, with_an_empty_register, conditioned, wide]
IRREGULAR = [bits_in_no_register, only_loose_bits, bits_in_several_registers]


@pytest.fixture
def aer(service: QiskitRuntimeService) -> RestBackend:
    """Aer behind the service."""
    return service.backend("aer")


@pytest.fixture
def device(service: QiskitRuntimeService) -> RestBackend:
    """A noisy device."""
    return service.backend("fake_5q")


@pytest.mark.parametrize("make", REGULAR)
def test_counts_memory_and_header_are_aers(
    backend: RestBackend, make: Callable[[], QuantumCircuit]
) -> None:
    """Spaces between registers, hexadecimal data and each field of the header."""
    circuit = make()
    ours = backend.run(circuit, shots=5, memory=True).result()
    theirs = AerSimulator().run(circuit, shots=5, memory=True).result()
    assert ours.get_counts() == theirs.get_counts()
    assert ours.get_memory() == theirs.get_memory()
    assert ours.data() == theirs.data()
    assert ours.results[0].header == theirs.results[0].header


@pytest.mark.parametrize("make", IRREGULAR)
def test_bits_outside_the_order_of_registers_are_right(
    backend: RestBackend, make: Callable[[], QuantumCircuit]
) -> None:
    """Aer's outcomes by number; as text all bits without spaces, where Qiskit's cut loses some."""
    circuit = make()
    ours = backend.run(circuit, shots=5, memory=True).result()
    theirs = AerSimulator().run(circuit, shots=5, memory=True).result()
    assert ours.data() == theirs.data()
    (number,) = ours.data()["counts"]
    assert ours.get_counts() == {f"{int(number, 16):0{circuit.num_clbits}b}": 5}
    assert ours.get_memory() == list(ours.get_counts()) * 5


def test_the_users_circuit_is_not_changed(backend: RestBackend) -> None:
    """Even where its bits get a register of their own on the way."""
    circuit = bits_in_no_register()
    before = circuit.copy()
    backend.run(circuit, shots=1).result()
    assert circuit == before
    assert [creg.name for creg in circuit.cregs] == ["all_bits", "b"]


def test_memory_is_in_the_order_of_shots(aer: RestBackend) -> None:
    """Counts are the counts of the memory; without ``memory`` there is none, as in Aer."""
    circuit = QuantumCircuit(2)
    circuit.h([0, 1])
    circuit.measure_all()
    result = aer.run(circuit, shots=200, memory=True, seed_simulator=3).result()
    memory = result.get_memory()
    assert result.get_counts() == {word: memory.count(word) for word in set(memory)}
    sampled = SamplerV2(aer, options={"simulator": {"seed_simulator": 3}}).run([circuit], shots=200)
    assert memory == sampled.result()[0].data.meas.get_bitstrings()
    assert "memory" not in aer.run(circuit, shots=2).result().data()


def test_several_circuits_by_index_name_and_circuit(backend: RestBackend) -> None:
    """An entry each, in order; of two with one name, the first is found with Qiskit's warning."""
    circuits = [one_register(), several_registers(), one_register()]
    flipped(circuits[2], 1).measure(1, 2)
    ours = backend.run(circuits, shots=5).result()
    theirs = AerSimulator().run(circuits, shots=5).result()
    assert ours.get_counts() == theirs.get_counts()
    assert ours.get_counts(2) == theirs.get_counts(2) == {"111": 5}
    assert ours.get_counts(circuits[1]) == theirs.get_counts(circuits[1])
    with pytest.warns(UserWarning, match="multiple results matching name"):
        assert ours.get_counts("one") == {"011": 5}


def test_one_object_many_times_and_any_iterable(backend: RestBackend) -> None:
    """A tuple or a generator is as good as a list."""
    circuit = bits_in_several_registers()
    for circuits in ([circuit] * 3, (circuit,) * 3, (circuit for _ in range(3))):
        assert backend.run(circuits, shots=2).result().get_counts() == [{"1001": 2}] * 3


def test_shots_and_seed_have_defaults_that_can_be_set(backend: RestBackend) -> None:
    """4000 as in the official backend's options; what `run` is given comes first."""
    circuit = QuantumCircuit(4)
    circuit.h(range(4))
    circuit.measure_all()
    mine = RestBackend(backend.client, backend.name)
    assert mine.run(circuit).result().results[0].shots == 4000
    mine.set_options(shots=30, memory=True, seed_simulator=5)
    first, second = mine.run(circuit).result(), mine.run(circuit).result()
    assert first.results[0].shots == 30
    assert first.get_memory() == second.get_memory()
    other = mine.run(circuit, shots=np.int64(31), seed_simulator=6).result()
    assert other.results[0].shots == 31
    assert other.get_memory()[:30] != first.get_memory()


def test_noise_model_reaches_the_simulator(aer: RestBackend) -> None:
    """A readout error that always flips gives the other outcome, as in Aer's own run."""
    noise = NoiseModel()
    noise.add_all_qubit_readout_error(ReadoutError([[0, 1], [1, 0]]))
    circuit = QuantumCircuit(2, 2)
    circuit.x(0)
    circuit.measure([0, 1], [0, 1])
    expected = AerSimulator().run(circuit, shots=8, noise_model=noise).result().get_counts()
    assert aer.run(circuit, shots=8, noise_model=noise).result().get_counts() == expected


def test_tags_reach_the_job(backend: RestBackend) -> None:
    """As the official ``backend.run`` took them."""
    job = backend.run(one_register(), shots=1, job_tags=["mine"])
    assert job.sampler_job.tags == ["mine"]


def test_jobs_belong_to_the_session_around_them(backend: RestBackend, device: RestBackend) -> None:
    """If it is on this backend, as with the official primitives; else they stand alone."""
    with Session(backend=backend) as session:
        inside = backend.run(one_register(), shots=1)
        elsewhere = device.run(transpile(one_register(), device), shots=1)
    assert inside.sampler_job.session_id == session.session_id
    assert elsewhere.sampler_job.session_id is None
    assert backend.run(one_register(), shots=1).sampler_job.session_id is None


def test_options_without_effect_are_named_at_the_users_line(backend: RestBackend) -> None:
    """A warning at once, with the nearest name; the job runs."""
    with pytest.warns(UserWarning, match=r"shot \(did you mean shots\?\), zebra") as caught:
        job = backend.run(one_register(), shot=7, zebra=1)
    assert caught[0].filename == __file__
    assert job.result().results[0].shots == 4000


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"meas_level": 1}, "meas_level=1: .*meas_type = 'kerneled'"),
        ({"meas_level": 0}, "meas_level=0"),
        ({"meas_return": "sum"}, "meas_return takes 'single' or 'avg'"),
        ({"seed_simulator": "x"}, "seed_simulator"),
        ({"rep_delay": -1}, "rep_delay"),
    ],
)
def test_values_that_can_not_be_carried_are_refused(
    backend: RestBackend, options: dict[str, Any], message: str
) -> None:
    """By name, before anything is sent."""
    with pytest.raises(OptionsError, match=message):
        backend.run(one_register(), **options)


def test_classified_outcomes_may_be_asked_for(backend: RestBackend) -> None:
    """As qiskit-experiments does with every job."""
    result = backend.run(one_register(), shots=2, meas_level=2, meas_return="single").result()
    assert result.results[0].meas_level == 2
    assert result.get_counts() == {"011": 2}


def test_what_is_no_bound_circuit_is_refused(backend: RestBackend) -> None:
    """With its place and name, and the names of the parameters."""
    free = QuantumCircuit(1, 1, name="free")
    free.rx(Parameter("theta"), 0)
    with pytest.raises(EncodeError, match=r"circuit 1 \('free'\): no values for theta; .*assign"):
        backend.run([one_register(), free])
    for wrong in ("qasm", ["qasm"], 3, None):
        with pytest.raises(EncodeError, match="circuit 0: expected a QuantumCircuit, not "):
            backend.run(wrong)


def test_circuit_without_bits_has_no_counts_as_in_aer(backend: RestBackend) -> None:
    """It runs, with a warning at the user's line; another circuit has its counts."""
    without_size = QuantumCircuit(QuantumRegister(1), ClassicalRegister(0, "c"))
    with pytest.warns(UserWarning, match="no output classical registers") as caught:
        job = backend.run([QuantumCircuit(1), one_register(), without_size], shots=3)
    assert caught[0].filename == __file__
    assert job.result().data(0) == job.result().data(2) == {}
    assert job.result().results[0].shots == 3
    assert job.result().get_counts(1) == {"011": 3}


def test_no_circuits_give_an_empty_result(backend: RestBackend) -> None:
    """Without a job on the service."""
    job = backend.run([])
    assert job.result().results == []
    assert job.status() is JobStatus.DONE


def test_result_says_where_it_is_from(backend: RestBackend) -> None:
    """Backend, version, id; as a dictionary and back, and through Qiskit's tools."""
    job = backend.run(several_registers(), shots=5)
    result = job.result()
    assert isinstance(result, Result)
    assert (result.backend_name, result.backend_version) == ("statevector", "1.0.0")
    assert (result.job_id, result.success, result.status) == (job.job_id(), True, "COMPLETED")
    again = Result.from_dict(result.to_dict())
    assert again.get_counts() == result.get_counts()
    ours = marginal_counts(result, [0, 3]).get_counts()
    theirs = AerSimulator().run(several_registers(), shots=5).result()
    assert ours == marginal_counts(theirs, [0, 3]).get_counts()
    assert result is job.result()


def test_job_is_a_qiskit_job(backend: RestBackend, service: QiskitRuntimeService) -> None:
    """All of JobV1, around a job that the service knows by its id."""
    job = backend.run(one_register(), shots=2)
    assert isinstance(job, JobV1)
    job.wait_for_final_state(timeout=60)
    assert job.status() is JobStatus.DONE
    assert (job.done(), job.running(), job.cancelled()) == (True, False, False)
    assert job.in_final_state()
    assert job.error_message() is None
    assert job.backend() is backend
    assert job.cancel() is False
    assert service.job(job.job_id()).primitive_id == "sampler"
    with pytest.raises(JobError, match=r"submitted by backend\.run"):
        job.submit()
    abstract = {name for name, member in vars(JobV1).items() if inspect.isfunction(member)}
    assert abstract - {"__init__"} <= set(dir(job))


def test_job_and_result_pickle(backend: RestBackend) -> None:
    """Before and after the result was read."""
    job = backend.run(one_register(), shots=2)
    early = pickle.dumps(job)
    assert job.result().get_counts() == {"011": 2}
    for pickled in (early, pickle.dumps(job)):
        other = pickle.loads(pickled)
        assert other.result().get_counts() == {"011": 2}
        assert other.job_id() == job.job_id()


def test_waiting_ends_at_the_timeout_and_calls_back(backend: RestBackend) -> None:
    """Qiskit's own error; the callback gets id, status and job until the job is final."""
    job = backend.run([pub[0] for pub in long_pubs(20)], shots=1)
    with pytest.raises(QiskitJobTimeoutError):
        job.wait_for_final_state(0.3, wait=0.1, callback=lambda *given: None)
    with pytest.raises(QiskitJobTimeoutError):
        job.result(timeout=0.1)
    calls: list[tuple[Any, ...]] = []

    def cancel_at_the_third_call(*given: Any) -> None:
        calls.append((time.monotonic(), *given))
        if len(calls) == 3:
            assert job.cancel() is True

    job.wait_for_final_state(60, wait=0.1, callback=cancel_at_the_third_call)
    assert job.cancelled()
    assert {(job_id, called) for _, job_id, _, called in calls} == {(job.job_id(), job)}
    assert {status for *_, status, _ in calls} <= {JobStatus.QUEUED, JobStatus.RUNNING}
    assert calls[2][0] - calls[0][0] >= 0.2


def test_failed_job_says_why(service: QiskitRuntimeService) -> None:
    """An error with the service's reason, not a result without counts."""
    circuit = QuantumCircuit(40)
    circuit.h(range(40))
    circuit.t(range(40))
    circuit.cx(range(39), range(1, 40))
    circuit.measure_all()
    job = service.backend("aer_statevector").run(circuit, shots=1)
    with pytest.raises(JobFailedError):
        job.result(timeout=60)
    assert job.status() is JobStatus.ERROR
    assert job.error_message()


def test_backend_sampler_v2_reads_every_register(backend: RestBackend) -> None:
    """Qiskit's own sampler on our backend gives what it gives on Aer."""
    pubs = [several_registers(), with_an_empty_register(), wide()]
    ours = BackendSamplerV2(backend=backend).run(pubs, shots=5).result()
    theirs = BackendSamplerV2(backend=AerSimulator()).run(pubs, shots=5).result()
    for mine, reference in zip(ours, theirs, strict=True):
        assert dict(mine.data.items()) == dict(reference.data.items())
        assert mine.metadata == reference.metadata


def test_backend_sampler_v2_sweeps(backend: RestBackend) -> None:
    """Shape and probabilities of a sweep with bound values."""
    measured = ANSATZ.measure_all(inplace=False)
    options = {"seed_simulator": 5, "default_shots": 4000}
    ours = BackendSamplerV2(backend=backend, options=options).run([(measured, VALUES)]).result()
    aer = BackendSamplerV2(backend=AerSimulator(), options=options)
    theirs = aer.run([(measured, VALUES)]).result()
    assert ours[0].data.shape == (2,)
    for point in range(2):
        mine = ours[0].data.meas[point].get_counts()
        reference = theirs[0].data.meas[point].get_counts()
        for outcome in mine.keys() | reference.keys():
            assert mine.get(outcome, 0) == pytest.approx(reference.get(outcome, 0), abs=200)


def test_backend_estimator_v2_agrees_with_exact_values(
    backend: RestBackend, device: RestBackend
) -> None:
    """Without noise within five errors; on the device it is nearer to Aer's noise than to none."""
    pub = (ANSATZ, [["ZZ"], ["XI"]], VALUES)
    exact = StatevectorEstimator().run([pub], precision=0).result()[0].data.evs
    options = {"seed_simulator": 2}
    ours = BackendEstimatorV2(backend=backend, options=options).run([pub], precision=0.01).result()
    np.testing.assert_allclose(ours[0].data.evs, exact, atol=0.05)
    isa = transpile(ANSATZ, device, initial_layout=[0, 1], seed_transpiler=1)
    noisy = (isa, [["IIIZZ"], ["IIIXI"]], VALUES)
    found = BackendEstimatorV2(backend=device, options=options).run([noisy], precision=0.01)
    np.testing.assert_allclose(found.result()[0].data.evs, exact, atol=0.3)


def test_official_sampler_runs_on_our_backend(device: RestBackend) -> None:
    """The official client takes it as the backend of its local mode, as qiskit-experiments does."""
    official = pytest.importorskip("qiskit_ibm_runtime", reason="of the extra [conformance]")
    circuit = QuantumCircuit(2)
    circuit.x(0)
    circuit.measure_all()
    isa = transpile(circuit, device, seed_transpiler=1)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        result = official.SamplerV2(mode=device).run([isa], shots=500).result()
    assert result[0].data.meas.get_counts()["01"] > 400


def test_primitives_have_the_backend_where_packages_look(backend: RestBackend) -> None:
    """``_backend``, as the official primitives have it, in job mode and in a session."""
    assert SamplerV2(backend)._backend is backend
    with Session(backend=backend) as session:
        assert SamplerV2(session)._backend is backend

"""Any Qiskit backend as a mode: behind the embedded service of this process, like any other."""

from __future__ import annotations

import gc
import multiprocessing
import pickle
import sys
from typing import Any

import pytest
from qiskit import QuantumCircuit, transpile
from qiskit.providers import BackendV2
from qiskit.providers.fake_provider import GenericBackendV2
from qiskit_aer import AerSimulator

from qiskit_rest_primitives import (
    Batch,
    EstimatorV2,
    QiskitRuntimeService,
    SamplerV2,
    Session,
)
from qiskit_rest_primitives.errors import BackendError, ISAError, SessionError
from tests.local.simulators.odd_backends import OddBackend

KINDS: list[type[Session]] = [Session, Batch]


@pytest.fixture
def circuit() -> QuantumCircuit:
    """A measured Bell state."""
    circuit = QuantumCircuit(2)
    circuit.h(0)
    circuit.cx(0, 1)
    circuit.measure_all()
    return circuit


def test_a_simulator_runs_both_primitives(circuit: QuantumCircuit) -> None:
    """What the official client's local mode does, with one import changed."""
    simulator = AerSimulator()
    counts = SamplerV2(mode=simulator).run([circuit], shots=200).result()[0].data.meas.get_counts()
    assert set(counts) == {"00", "11"}
    bare = circuit.remove_final_measurements(inplace=False)
    data = EstimatorV2(mode=simulator).run([(bare, ["ZZ", "XX"])]).result()[0].data
    assert data.evs.tolist() == [1, 1]


def test_a_device_has_a_target_and_the_isa_check(circuit: QuantumCircuit) -> None:
    """It is a backend like any other: transpiled circuits run, others are refused here."""
    device = GenericBackendV2(4, seed=1)
    sampler = SamplerV2(mode=device)
    assert sampler.backend().num_qubits == 4
    with pytest.raises(ISAError, match="no such instruction"):
        sampler.run([circuit])
    isa = transpile(circuit, sampler.backend(), seed_transpiler=1)
    job = sampler.run([isa], shots=50)
    assert job.result()[0].data.meas.num_shots == 50
    assert job.backend().name == "generic_backend_4q"


@pytest.mark.parametrize("kind", KINDS)
def test_sessions_and_batches_take_a_simulator(
    kind: type[Session], circuit: QuantumCircuit
) -> None:
    """Their jobs run on it, and carry the session's id."""
    simulator = AerSimulator()
    with kind(backend=simulator) as session:
        job = SamplerV2().run([circuit], shots=20)
        other = SamplerV2(mode=session).run([circuit], shots=20)
    assert job.result()[0].data.meas.num_shots == 20
    assert other.session_id == job.session_id == session.session_id
    assert session.backend() == SamplerV2(mode=simulator).backend().name


def test_the_same_object_has_the_same_name_and_another_one_its_own() -> None:
    """Two simulators of one name are told apart, each with its own noise."""
    noiseless = OddBackend(lambda circuits, shots: None, name="twin")
    noisy = OddBackend(lambda circuits, shots: None, name="twin")
    first, second = SamplerV2(mode=noiseless), EstimatorV2(mode=noisy)
    assert (first.backend().name, second.backend().name) == ("twin", "twin-2")
    assert SamplerV2(mode=noiseless).backend().name == "twin"
    assert Batch(backend=noisy).backend() == "twin-2"


def test_the_backends_of_a_mode_are_listed_while_they_are_in_use() -> None:
    """With channel="local" they are beside the built-in ones; when nobody uses them, gone."""
    local = QiskitRuntimeService(channel="local")
    sampler = SamplerV2(mode=OddBackend(lambda circuits, shots: None, name="passing"))
    assert "passing" in [backend.name for backend in local.backends()]
    del sampler
    gc.collect()
    assert "passing" not in [backend.name for backend in local.backends()]


@pytest.mark.parametrize("kind", KINDS)
def test_its_service_finds_its_jobs(kind: type[Session], circuit: QuantumCircuit) -> None:
    """Also that of a session; the account that a program made last stays the global one."""
    before = QiskitRuntimeService(channel="local")
    with kind(backend=AerSimulator()) as session:
        job = SamplerV2().run([circuit], shots=20)
    service = session.service
    assert isinstance(service, QiskitRuntimeService)
    assert service is job.backend().service
    assert service.job(job.job_id()).result()[0].data.meas.num_shots == 20
    assert service.is_local
    assert QiskitRuntimeService.global_service is before


def test_a_job_keeps_its_backend_until_it_is_done(circuit: QuantumCircuit) -> None:
    """Neither the primitive nor the simulator need to be held."""
    job = SamplerV2(mode=AerSimulator()).run([circuit], shots=20)
    gc.collect()
    assert job.result()[0].data.meas.num_shots == 20


def test_a_served_simulator_can_be_pickled() -> None:
    """As every other backend of a service: its name goes along, the object stays here."""
    sampler = SamplerV2(mode=AerSimulator())
    copy = pickle.loads(pickle.dumps(sampler.backend()))
    assert copy.name == sampler.backend().name
    assert copy.configuration().simulator


def test_an_official_backend_is_sent_to_this_packages_service() -> None:
    """Its class is the official client's, which needs not be installed to be recognised."""
    official = type("IBMBackend", (OddBackend,), {"__module__": "qiskit_ibm_runtime.ibm_backend"})
    backend = official(lambda circuits, shots: None, name="ibm_torino")
    wanted = r"QiskitRuntimeService\(...\).backend\('ibm_torino'\) from qiskit_rest_primitives"
    for use in (lambda: SamplerV2(mode=backend), lambda: Session(backend=backend)):
        with pytest.raises(BackendError, match=wanted):
            use()


def test_without_the_extra_the_command_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """A mode that needs the embedded service says what to install."""
    import qiskit_rest_primitives.local
    from qiskit_rest_primitives.service import embedded, running

    monkeypatch.setattr(embedded, "_own", None)
    monkeypatch.setattr(running, "_local_service", None)
    monkeypatch.setattr(qiskit_rest_primitives.local.importlib.util, "find_spec", lambda _: None)
    with pytest.raises(ImportError, match=r"pip install 'qiskit-rest-primitives\[local\]'"):
        SamplerV2(mode=AerSimulator())


def test_modes_that_are_no_backend_are_refused() -> None:
    """The message says what is taken."""
    with pytest.raises(BackendError, match="any BackendV2 of Qiskit, not object"):
        SamplerV2(mode=object())
    with pytest.raises(SessionError, match="any BackendV2 of Qiskit, not str"):
        Session("aer_simulator")


def _run_in_child(backend: BackendV2, circuit: QuantumCircuit, answers: Any) -> None:
    result = SamplerV2(mode=backend).run([circuit], shots=20).result(timeout=60)
    answers.put(result[0].data.meas.num_shots)


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="no fork")
def test_a_forked_child_serves_its_own_backends(circuit: QuantumCircuit) -> None:
    """The service of the parent has no access to the child's objects."""
    parent = SamplerV2(mode=AerSimulator())
    assert parent.run([circuit], shots=10).result()[0].data.meas.num_shots == 10
    fork = multiprocessing.get_context("fork")
    answers: Any = fork.Queue()
    child = fork.Process(target=_run_in_child, args=(AerSimulator(), circuit, answers))
    child.start()
    try:
        assert answers.get(timeout=90) == 20
    finally:
        child.terminate()
        child.join(30)

"""The fixtures of the pytest plugin, as a test of somebody's own code uses them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from qiskit import QuantumCircuit
from qiskit.circuit import Parameter

from qiskit_rest_primitives import (
    AuthenticationError,
    BackendError,
    EstimatorV2,
    InvalidRequestError,
    JobCancelledError,
    QiskitRuntimeService,
    RestBackend,
    SamplerV2,
)
from qiskit_rest_primitives.testing.request_journal import RequestJournal


def bell() -> QuantumCircuit:
    """A measured Bell pair."""
    circuit = QuantumCircuit(2, name="bell")
    circuit.h(0)
    circuit.cx(0, 1)
    circuit.measure_all()
    return circuit


def test_the_code_under_test_has_the_account_of_the_fixture(
    rest_service: QiskitRuntimeService,
) -> None:
    """A service without arguments is the embedded one, with the same jobs: none at first."""
    assert rest_service.jobs() == []
    own = QiskitRuntimeService()
    job = SamplerV2(own.backend("statevector")).run([bell()], shots=10)
    assert [found.job_id() for found in rest_service.jobs()] == [job.job_id()]


def test_no_job_of_another_test_is_seen(rest_service: QiskitRuntimeService) -> None:
    """The service is shared by the run, the account is not."""
    assert rest_service.jobs() == []


@pytest.mark.rest_backend("fake_5q")
def test_the_marker_names_the_backend(rest_backend: RestBackend) -> None:
    """Another backend than the simulator."""
    assert (rest_backend.name, rest_backend.num_qubits) == ("fake_5q", 5)


def test_the_journal_has_jobs_with_their_circuits(
    rest_backend: RestBackend, rest_journal: RequestJournal
) -> None:
    """What was sent is there in the user's terms: names, values, shots, options, tags."""
    circuit = QuantumCircuit(1, name="turn", metadata={"run": 7})
    circuit.rx(Parameter("theta"), 0)
    circuit.measure_all()
    options = {"environment": {"job_tags": ["mine"]}, "simulator": {"seed_simulator": 5}}
    SamplerV2(rest_backend, options=options).run([(circuit, [[0.5], [1.5]])], shots=30).result()
    (job,) = rest_journal.jobs
    assert (job.program, job.backend, job.tags) == ("sampler", "statevector", ["mine"])
    assert job.options == {"simulator": {"seed_simulator": 5}}
    (pub,) = job.pubs
    assert pub.shots == 30
    assert list(pub.parameter_values) == ["theta"]
    np.testing.assert_array_equal(pub.parameter_values["theta"], [0.5, 1.5])
    (sent,) = job.circuits
    assert (sent.name, sent.metadata, sent.count_ops()["rx"]) == ("turn", {"run": 7}, 1)
    assert [parameter.name for parameter in sent.parameters] == ["theta"]
    assert rest_journal.calls("GET", f"/jobs/{'*'}/results")[0].sent == 200
    assert rest_journal[0] in rest_journal[:1]
    assert f"of {len(rest_journal)} requests" in repr(rest_journal)


def test_the_journal_finds_jobs_by_what_they_run(
    rest_backend: RestBackend, rest_journal: RequestJournal
) -> None:
    """A circuit is found whatever it is called; program, backend and tag are conditions, too."""
    SamplerV2(rest_backend).run([bell()])
    EstimatorV2(rest_backend).run([(bell().remove_final_measurements(inplace=False), "ZZ")])
    renamed = bell()
    renamed.name = "another name"
    assert [job.program for job in rest_journal.submitted(circuit=renamed)] == ["sampler"]
    (estimator,) = rest_journal.submitted("estimator", backend="state*")
    assert estimator.pubs[0].observables == {"ZZ": 1.0}
    assert estimator.pubs[0].parameter_values == {}
    assert rest_journal.submitted(tag="none has it") == []
    assert rest_journal.submitted(circuit=QuantumCircuit(1, 1)) == []


@pytest.mark.rest_faults(lost_replies=2)
def test_lost_replies_do_not_double_a_job(
    rest_service: QiskitRuntimeService, rest_backend: RestBackend, rest_journal: RequestJournal
) -> None:
    """The service created one job though its reply was lost; the client found it."""
    job = SamplerV2(rest_backend).run([bell()])
    assert job.result()[0].data.meas.num_shots == 4096
    (created,) = rest_journal.jobs
    assert (created.request.status, created.request.sent) == (200, None)
    assert len(rest_service.jobs()) == 1


@pytest.mark.rest_faults("GET", "/jobs/*", status=503, count=2)
@pytest.mark.rest_faults(queue=3)
def test_several_faults_at_once(rest_backend: RestBackend, rest_journal: RequestJournal) -> None:
    """Two polls fail, three say Queued, then the job runs; the journal shows them all."""
    job = SamplerV2(rest_backend).run([bell()])
    statuses = [str(job.status()) for _ in range(3)]
    assert statuses == ["QUEUED"] * 3
    assert job.result()[0].data.meas.num_shots == 4096
    polls = rest_journal.calls("GET", f"/jobs/{job.job_id()}")
    assert [poll.sent for poll in polls[:5]] == [503, 503, 200, 200, 200]
    assert [poll.status for poll in polls[:3]] == [None, None, 200]


@pytest.mark.rest_faults(queue=True)
def test_a_queued_job_can_be_cancelled(rest_backend: RestBackend) -> None:
    """A queue that does not move: the job is cancelled before it ran."""
    job = SamplerV2(rest_backend).run([bell()])
    assert job.status() == "QUEUED"
    job.cancel()
    with pytest.raises(JobCancelledError):
        job.result()


@pytest.mark.rest_faults(offline="statevector")
def test_a_backend_is_offline(rest_service: QiskitRuntimeService) -> None:
    """It is listed as offline, takes no job, and is not the least busy one."""
    (listed,) = rest_service.backends("statevector")
    assert not listed.status().operational
    assert rest_service.least_busy(simulator=True).name != "statevector"
    with pytest.raises(BackendError, match="is not accepting jobs"):
        SamplerV2(listed).run([bell()])


def test_a_job_for_a_backend_that_went_offline_stays_in_the_queue(
    rest_backend: RestBackend, rest_faults: Callable[..., None]
) -> None:
    """The backend was online when it was listed, so the job is sent."""
    rest_faults(offline=True)
    job = SamplerV2(rest_backend).run([bell()])
    assert [str(job.status()) for _ in range(3)] == ["QUEUED"] * 3


@pytest.mark.rest_faults(usage_limit=True)
def test_the_usage_limit_is_reached(rest_backend: RestBackend) -> None:
    """The service refuses the job."""
    with pytest.raises(InvalidRequestError, match="limit of 0 s"):
        SamplerV2(rest_backend).run([bell()])


@pytest.mark.rest_faults(expired_token=True)
def test_the_token_has_expired(rest_service: QiskitRuntimeService) -> None:
    """Every call is refused."""
    with pytest.raises(AuthenticationError):
        rest_service.jobs()


def test_faults_can_begin_in_the_middle_of_a_test(
    rest_service: QiskitRuntimeService,
    rest_backend: RestBackend,
    rest_faults: Callable[..., None],
) -> None:
    """The fixture takes what the marker takes, and says what that is."""
    before = SamplerV2(rest_backend).run([bell()])
    rest_faults(queue=True)
    rest_faults("GET", "/usage*", status=500)
    after: Any = SamplerV2(rest_backend).run([bell()])
    assert before.result()[0].data.meas.num_shots == 4096
    assert after.status() == "QUEUED"
    with pytest.raises(pytest.UsageError, match="usage_limit"):
        rest_faults(queues=3)

"""RestJob: status, waiting, results by id, copies, failures."""

from __future__ import annotations

import asyncio
import copy
import pickle

import numpy as np
import pytest
from qiskit import ClassicalRegister, QuantumCircuit, QuantumRegister
from qiskit.providers import JobStatus

from qiskit_rest_primitives import (
    JobCancelledError,
    JobFailedError,
    JobStateError,
    JobTimeoutError,
    NotFoundError,
    QiskitRuntimeService,
    RestBackend,
    RestJob,
    SamplerV2,
    as_completed,
    wait,
)
from qiskit_rest_primitives.jobs.base import Job
from tests.jobs.long_jobs import long_pubs


def coin(name: str = "meas") -> QuantumCircuit:
    """One qubit in superposition, measured into a register of that name."""
    circuit = QuantumCircuit(QuantumRegister(1), ClassicalRegister(1, name), name="a coin")
    circuit.h(0)
    circuit.measure(0, 0)
    circuit.metadata = {"side": "heads"}
    return circuit


def test_status_equals_the_member_and_its_name(backend: RestBackend) -> None:
    """Code written for Qiskit's enum and for the runtime's strings both work."""
    job = SamplerV2(backend).run([coin()], shots=1)
    job.wait_for_final_state(timeout=30)
    status = job.status()
    assert status == JobStatus.DONE
    assert JobStatus.DONE.__eq__(status) is NotImplemented  # so Python asks the status
    assert status == "DONE"
    assert status != JobStatus.ERROR
    assert status in (JobStatus.ERROR, JobStatus.DONE)
    assert (job.done(), job.running(), job.cancelled(), job.in_final_state()) == (
        True,
        False,
        False,
        True,
    )


def test_a_job_fetched_by_id_gives_the_same_result(
    service: QiskitRuntimeService, backend: RestBackend
) -> None:
    """The job itself has the circuit's register names and metadata."""
    job = SamplerV2(backend).run([coin("c-0 é")], shots=20)
    fetched = service.job(job.job_id())
    ours, theirs = job.result()[0], fetched.result()[0]
    assert list(theirs.data) == ["c-0 é"]
    np.testing.assert_array_equal(ours.data["c-0 é"].array, theirs.data["c-0 é"].array)
    assert theirs.metadata["circuit_metadata"] == {"side": "heads"}
    assert fetched.inputs["pubs"]
    assert fetched.creation_date is not None


def test_a_handle_that_submitted_the_job_fetches_its_date(backend: RestBackend) -> None:
    """As with the official client: it is there right after `run`."""
    job = SamplerV2(backend).run([coin()], shots=20)
    created = job.creation_date
    assert created is not None
    assert created.tzinfo is not None
    job.result()
    assert job.creation_date == created


@pytest.mark.parametrize("duplicate", [copy.deepcopy, lambda job: pickle.loads(pickle.dumps(job))])
def test_copies_give_the_same_result(backend: RestBackend, duplicate) -> None:
    """Handles can be pickled and copied."""
    job = SamplerV2(backend).run([coin()], shots=20)
    copied = duplicate(job)
    assert copied.job_id() == job.job_id()
    assert copied.result()[0].data.meas == job.result()[0].data.meas


def test_no_token_is_pickled(service: QiskitRuntimeService, backend: RestBackend) -> None:
    """Pickles of handle, primitive, backend and service contain no token."""
    sampler = SamplerV2(backend)
    job = sampler.run([coin()], shots=1)
    token = service.client.account.token.reveal().encode()
    for thing in (job, sampler, backend, service):
        assert token not in pickle.dumps(thing)


def test_result_is_downloaded_once(local, backend: RestBackend) -> None:
    """Later calls answer from memory."""
    job = SamplerV2(backend).run([coin()], shots=20)
    assert job.result() is job.result()
    assert job.raw_result().startswith(b"{")


def test_a_job_can_be_awaited(backend: RestBackend) -> None:
    """``await job`` gives the result."""

    async def fetch():
        job = SamplerV2(backend).run([coin()], shots=20)
        return await job

    assert asyncio.run(fetch())[0].data.meas.num_shots == 20


def test_future_gives_the_result(backend: RestBackend) -> None:
    """``job.future()`` is a concurrent.futures.Future."""
    job = SamplerV2(backend).run([coin()], shots=20)
    assert job.future().result(timeout=30)[0].data.meas.num_shots == 20


def test_wait_and_as_completed_of_many_jobs(backend: RestBackend) -> None:
    """Every job is yielded once."""
    sampler = SamplerV2(backend)
    jobs = [sampler.run([coin()], shots=1) for _ in range(12)]
    done, pending = wait(jobs, timeout=30)
    assert done == set(jobs)
    assert pending == set()
    assert {job.job_id() for job in as_completed(jobs, timeout=30)} == {
        job.job_id() for job in jobs
    }


def test_a_failed_job_says_why(backend: RestBackend) -> None:
    """Reason and code of the service are in the error."""
    circuit = QuantumCircuit(60)
    circuit.h(range(60))
    circuit.measure_all()
    job = SamplerV2(backend).run([circuit], shots=1)
    with pytest.raises(JobFailedError, match="60") as failure:
        job.result()
    assert failure.value.job_id == job.job_id()
    assert failure.value.reason
    assert job.errored()
    assert failure.value.reason in job.error_message()


def long_job(backend: RestBackend):
    """A job that is still running when the test checks it."""
    return SamplerV2(backend).run(long_pubs(20))


def test_a_job_continues_after_a_timeout(backend: RestBackend) -> None:
    """result(timeout) raises in time; after cancelling, result() raises JobCancelledError."""
    job = long_job(backend)
    with pytest.raises(JobTimeoutError, match=job.job_id()):
        job.result(timeout=0.3)
    assert job.status() in {JobStatus.QUEUED, JobStatus.RUNNING}
    assert job.cancel()
    with pytest.raises(JobCancelledError):
        job.result(timeout=30)
    assert job.status() == JobStatus.CANCELLED
    with pytest.raises(JobStateError, match="CANCELLED"):
        job.cancel()


def test_tags_are_the_users_only(service: QiskitRuntimeService, backend: RestBackend) -> None:
    """The tag that marks the submission is neither shown nor lost."""
    sampler = SamplerV2(backend, options={"environment": {"job_tags": ["mine"]}})
    job = sampler.run([coin()], shots=1)
    assert job.tags == ["mine"]
    assert job.update_tags(["yours", "ours"]) == ["yours", "ours"]
    found = service.jobs(job_tags=["yours"])
    assert [each.job_id() for each in found] == [job.job_id()]
    assert found[0].tags == ["yours", "ours"]


def test_usage_metrics_and_deletion(service: QiskitRuntimeService, backend: RestBackend) -> None:
    """A finished job has usage and metrics until it is deleted."""
    job = SamplerV2(backend).run([coin()], shots=1)
    job.result()
    assert job.usage() >= 0
    assert job.metrics()["timestamps"]["finished"]
    assert "sampler" in job.logs()
    assert job.error_message() is None
    service.delete_job(job.job_id())
    with pytest.raises(NotFoundError):
        service.job(job.job_id())


PUBLIC = {
    "ERROR", "JOB_FINAL_STATES", "image", "properties",
    "backend", "backend_name", "cancel", "cancelled", "creation_date", "done", "error_message",
    "errored", "future", "in_final_state", "inputs", "instance", "job_id", "logs", "metrics",
    "primitive_id", "private", "program_id", "raw_result", "refresh", "result", "running",
    "session_id", "status", "tags", "update_tags", "usage", "usage_estimation",
    "wait_for_final_state",
}  # fmt: skip


def test_completion_shows_public_methods_only(backend: RestBackend) -> None:
    """A handle has no public attribute that only this package uses."""
    job = SamplerV2(backend).run([coin()])
    of_qiskit = {"metadata"}  # an attribute of newer releases
    assert {name for name in dir(job) if not name.startswith("_")} - of_qiskit == PUBLIC


def test_every_handle_has_the_members_of_a_job() -> None:
    """What `RestJob` has, `Job` has: `run` returns it, and type checkers look there."""
    of_one, of_all = dir(RestJob), dir(Job)
    assert [name for name in of_one if not name.startswith("_") and name not in of_all] == []

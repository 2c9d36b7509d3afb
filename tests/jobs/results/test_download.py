"""Results: downloaded once, kept, and downloaded again only after retriable errors."""

from __future__ import annotations

import gc
import json
import time
from pathlib import Path
from typing import IO, Any

import numpy as np
import pytest
from qiskit import QuantumCircuit

from qiskit_rest_primitives import (
    JobFailedError,
    JobTimeoutError,
    NotFoundError,
    ProtocolError,
    QiskitRuntimeService,
    RestJob,
    SamplerV2,
    Settings,
    TransportError,
)
from qiskit_rest_primitives.http import retry_policies
from qiskit_rest_primitives.http.transport import Reply
from qiskit_rest_primitives.jobs.results import download_files
from qiskit_rest_primitives.local import LocalService


@pytest.fixture
def sampler(failing: LocalService, tmp_path: Path) -> SamplerV2:
    """A sampler on a service that fails on demand."""
    service = QiskitRuntimeService(
        url=failing.url,
        token=failing.token,
        instance=failing.instance,
        settings=Settings(state_folder=tmp_path / "state", result_memory_bytes=2_000),
    )
    return SamplerV2(service.backend("statevector"), options={"simulator": {"seed_simulator": 1}})


def coins(number: int = 8) -> QuantumCircuit:
    """Qubits in superposition, measured."""
    circuit = QuantumCircuit(number)
    circuit.h(range(number))
    circuit.measure_all()
    return circuit


def downloads(failing: LocalService, job: RestJob) -> int:
    """The number of downloads of a job, counted by a fault without effect."""
    return sum(f"/jobs/{job.job_id()}/results" in hit for hit in failing.faults.hits)


@pytest.mark.parametrize(
    "fault",
    [
        {"status": 502},
        {"status": 404},
        {"status": 408},
        {"status": 425},
        {"status": 429, "retry_after": 0.01},
        {"drop": True},
        {"drop": True, "after_work": True},
        {"truncate": True},
        {"corrupt": True},
    ],
    ids=str,
)
@pytest.mark.parametrize("path", ["/jobs/*", "/jobs/*/results"])
def test_a_result_survives_faults(
    failing: LocalService, sampler: SamplerV2, path: str, fault: dict
) -> None:
    """The bits are those of an undisturbed job."""
    expected = sampler.run([coins()], shots=50).result()[0].data.meas
    job = sampler.run([coins()], shots=50)
    failing.faults.add("GET", path, count=2, **fault)
    assert job.result(timeout=30)[0].data.meas == expected


def test_large_results_are_freed_and_read_again_from_disk(
    failing: LocalService, sampler: SamplerV2, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Above a settable size, memory is freed with the last reference; there is one download."""
    monkeypatch.setattr(download_files, "SMALL_BYTES", 100)
    job = sampler.run([coins()], shots=5_000)
    failing.faults.add("GET", "/jobs/*/results", delay=0.001)
    first = job.result()
    array = first[0].data.meas.array.copy()
    assert job.result() is first
    del first
    gc.collect()
    np.testing.assert_array_equal(job.result()[0].data.meas.array, array)
    assert downloads(failing, job) == 1
    assert json.loads(job.raw_result())["__type__"] == "PrimitiveResult"
    assert downloads(failing, job) == 1


def test_an_undecodable_result_is_kept_as_received(
    failing: LocalService, sampler: SamplerV2, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After a few downloads the error is a ProtocolError, and raw_result has the bytes."""
    job = sampler.run([coins()], shots=5)
    job.wait_for_final_state(30)
    real = job._decode

    def undecodable(body: bytes):
        raise ProtocolError("not today")

    monkeypatch.setattr(job._download, "_decode", undecodable)
    failing.faults.add("GET", "/jobs/*/results", delay=0.001)
    with pytest.raises(ProtocolError, match="not today"):
        job.result()
    assert downloads(failing, job) == retry_policies.UNDECODABLE.attempts
    assert real(job.raw_result())[0].data.meas.num_shots == 5
    monkeypatch.setattr(job._download, "_decode", real)
    assert job.result()[0].data.meas.num_shots == 5


def test_a_missing_result_is_an_error(
    failing: LocalService, sampler: SamplerV2, monkeypatch: pytest.MonkeyPatch
) -> None:
    """204 or 404 of a completed job are retried for a while."""
    monkeypatch.setattr(retry_policies, "MISSING", retry_policies.Limit(0.2))
    job = sampler.run([coins()], shots=5)
    job.wait_for_final_state(30)
    fault = failing.faults.add("GET", "/jobs/*/results", status=404)
    with pytest.raises(NotFoundError):
        job.result()
    with pytest.raises(NotFoundError):
        job.raw_result()
    assert fault.status == 404
    failing.faults.clear()
    assert job.raw_result()


@pytest.fixture
def found(sampler: SamplerV2, monkeypatch: pytest.MonkeyPatch) -> RestJob:
    """A completed job, made from its id, with short timeouts."""
    job = sampler.run([coins()], shots=5)
    handle = RestJob(job._client, job.job_id())
    handle.wait_for_final_state(30)
    monkeypatch.setattr(retry_policies, "DOWNLOAD_TIMEOUT_SECONDS", 0.3)
    return handle


def test_a_slow_result_gets_more_time(
    failing: LocalService, found: RestJob, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A timeout is no outage if the service answers other requests."""
    given: list[float] = []
    download = found._client.job_results

    def noted(job_id: str, file: IO[bytes], timeout_seconds: float) -> Reply:
        given.append(timeout_seconds)
        if len(given) > 1:
            return download(job_id, file, 60)
        # A loaded machine may be slow to answer the other request.
        monkeypatch.setattr(retry_policies, "DOWNLOAD_TIMEOUT_SECONDS", 60)
        return download(job_id, file, timeout_seconds)

    monkeypatch.setattr(found._client, "job_results", noted)
    failing.faults.add("GET", "/jobs/*/results", silence=True, count=1)
    failing.faults.add("GET", "/jobs/*/results", delay=0.001)
    assert found.result(60)[0].data.meas.num_shots == 5
    assert given == pytest.approx([0.3, 0.9])
    assert downloads(failing, found) == 2


def test_slow_params_get_more_time(found: RestJob, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same for the job's params, which are needed to decode the result."""
    given: list[float] = []
    ask = found._client.job

    def slowly(job_id: str, *, timeout_seconds: float, **more: Any) -> dict[str, Any]:
        given.append(timeout_seconds)
        if len(given) == 1:
            # A loaded machine may be slow to answer the other request.
            monkeypatch.setattr(retry_policies, "DOWNLOAD_TIMEOUT_SECONDS", 60)
            time.sleep(timeout_seconds)
            raise TransportError("silent")
        return ask(job_id, timeout_seconds=60, **more)

    monkeypatch.setattr(found._client, "job", slowly)
    assert found.result(60)[0].data.meas.num_shots == 5
    assert given == pytest.approx([0.3, 0.9])


def test_a_silent_service_does_not_delay_a_timeout(
    failing: LocalService, sampler: SamplerV2, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither while the job is polled nor while its result is downloaded."""
    monkeypatch.setattr(retry_policies, "POLL_TIMEOUT_SECONDS", 0.5)
    job = sampler.run([coins()], shots=5)
    failing.faults.add("GET", "/jobs/*", silence=True, count=1)
    with pytest.raises(JobTimeoutError):
        job.result(timeout=0.3)
    failing.faults.clear()
    done = sampler.run([coins()], shots=5)
    done.wait_for_final_state(60)
    failing.faults.add("GET", "/jobs/*/results", silence=True, count=1)
    with pytest.raises(JobTimeoutError, match="was not received"):
        done.result(timeout=0.3)


def test_an_error_in_the_log_does_not_hide_the_failure(
    failing: LocalService, sampler: SamplerV2
) -> None:
    """The error has the job's reason even if its log can't be fetched."""
    job = sampler.run([coins(60)], shots=5)
    failing.faults.add("GET", "/jobs/*/logs", status=404)
    with pytest.raises(JobFailedError, match="60"):
        job.result()
    assert job.logs() == ""

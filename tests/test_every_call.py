"""Every call of the API succeeds in spite of every transient fault."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

import pytest
from qiskit import QuantumCircuit

from qiskit_rest_primitives import (
    Batch,
    JobStateError,
    QiskitRuntimeService,
    RestJob,
    SamplerV2,
    Session,
    Settings,
)
from qiskit_rest_primitives.http.client import ApiClient
from qiskit_rest_primitives.local import LocalService

FAULTS: dict[str, dict[str, Any]] = {
    "408": {"status": 408},
    "429": {"status": 429, "retry_after": 0.01},
    "502 before": {"status": 502},
    "502 after": {"status": 502, "after_work": True},
    "503 with a hint": {"status": 503, "retry_after": 0.01},
    "dropped before": {"drop": True},
    "dropped after": {"drop": True, "after_work": True},
    "truncated": {"truncate": True},
}
PATHS = (
    "/jobs",
    "/jobs/*",
    "/backends*",
    "/sessions*",
    "/instance*",
    "/tags",
    "/versions",
    "/workloads",
)


def run(service: QiskitRuntimeService, **options: Any) -> Any:
    """A job and its counts."""
    circuit = QuantumCircuit(1)
    circuit.x(0)
    circuit.measure_all()
    sampler = SamplerV2(service.backend("statevector"), options={"environment": options})
    return sampler.run([circuit], shots=3)


def counts(service: QiskitRuntimeService, **options: Any) -> dict[str, int]:
    """The counts of a job."""
    return run(service, **options).result(60)[0].data.meas.get_counts()


def found(service: QiskitRuntimeService) -> Any:
    """A job that is fetched by its id."""
    job = run(service)
    job.wait_for_final_state(60)
    return service.job(job.job_id())


def in_a_batch(service: QiskitRuntimeService) -> Any:
    """A job in a batch, which is closed and cancelled afterwards."""
    with Batch(service.backend("statevector")) as batch:
        got = counts(service)
        mode = batch.details()["mode"]
    batch.cancel()
    return got, mode, Session.from_id(batch.session_id, service).session_id == batch.session_id


def deleted(service: QiskitRuntimeService) -> Any:
    """A job that is deleted."""
    return service.delete_job(found(service).job_id())


def device(service: QiskitRuntimeService) -> Any:
    """All requests about a device."""
    least = service.least_busy(simulator=False)
    backend = service.backend(least.name)
    return (
        backend.target.num_qubits,
        backend.properties().backend_name,
        backend.status().operational,
    )


def cancelled(job: RestJob) -> bool:
    """Whether a cancellation was taken; False for a job that is final."""
    try:
        return job.cancel()
    except JobStateError:
        return False


CALLS: dict[str, Callable[[QiskitRuntimeService], Any]] = {
    "run": counts,
    "private": lambda service: counts(service, private=True),
    "found": lambda service: found(service).result(60)[0].data.meas.get_counts(),
    "metrics": lambda service: sorted(found(service).metrics()),
    "logs": lambda service: found(service).logs().count("\n"),
    "tags": lambda service: found(service).update_tags(["one"]),
    "cancel": lambda service: cancelled(found(service)),
    "delete": deleted,
    "batch": in_a_batch,
    "device": device,
    "account": lambda service: (sorted(service.usage()), len(service.instances())),
    "list": lambda service: service.jobs(limit=1, job_tags=["no job has this"]),
    "found tags": lambda service: service.client.job_tags("no job has this"),
    "versions": lambda service: len(service.client.versions()),
    "workloads": lambda service: service.client.workloads(search="no workload has this"),
}
# It only tries whether `job` would be answered, and never raises.
NOT_IN_CALLS = {"answers"}


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("call", CALLS)
def test_every_call_survives_every_transient_fault(
    failing: LocalService, tmp_path: Path, call: str, fault: str
) -> None:
    """The first call of each method to each part of the API fails; no job is duplicated."""
    services = [
        QiskitRuntimeService(
            url=failing.url,
            token=failing.token,
            instance=failing.instance,
            settings=Settings(state_folder=tmp_path / name, first_pause_seconds=0.01),
        )
        for name in ("undisturbed", "disturbed")
    ]
    jobs = [number_of_jobs(services[0])]
    expected = CALLS[call](services[0])
    jobs.append(number_of_jobs(services[0]))
    for method in ("GET", "POST", "PUT", "PATCH", "DELETE"):
        for path in PATHS:
            failing.faults.add(method, path, count=1, **FAULTS[fault])
    assert CALLS[call](services[1]) == expected
    failing.faults.clear()
    jobs.append(number_of_jobs(services[0]))
    assert jobs[2] - jobs[1] == jobs[1] - jobs[0]
    assert services[1].recover() == []


def test_no_call_is_missing(failing: LocalService, monkeypatch: pytest.MonkeyPatch) -> None:
    """CALLS uses each public method of the client, and PATHS has each path that they request."""
    methods, paths = set[str](), set[str]()
    request = ApiClient._call

    def noted(client: ApiClient, method: str, path: str, **options: Any) -> Any:
        paths.add(path)
        return request(client, method, path, **options)

    def noting(name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        def call(*args: Any, **options: Any) -> Any:
            methods.add(name)
            return function(*args, **options)

        return call

    public = {
        name: function
        for name, function in vars(ApiClient).items()
        if inspect.isfunction(function) and not name.startswith("_")
    }
    monkeypatch.setattr(ApiClient, "_call", noted)
    for name, function in public.items():
        monkeypatch.setattr(ApiClient, name, noting(name, function))
    service = QiskitRuntimeService(url=failing.url, token=failing.token, instance=failing.instance)
    for call in CALLS.values():
        call(service)
    assert set(public) - methods - NOT_IN_CALLS == set()
    assert [path for path in paths if not any(fnmatch(path, known) for known in PATHS)] == []


def number_of_jobs(service: QiskitRuntimeService) -> int:
    """The number of jobs on the service."""
    return service.client.jobs(limit=1)["count"]

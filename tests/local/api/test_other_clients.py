"""What QRMI and qiskit-ibm-runtime-c call, in their order, and the fields that they require.

Both are written in Rust with generated models: a missing field or another type is an error there.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import requests

from qiskit_rest_primitives.local import LocalService
from tests.local.api import reply_schemas
from tests.local.api.test_reply_schemas import check
from tests.local.conftest import ALICE, Api

BELL = (
    'OPENQASM 3.0; include "stdgates.inc"; bit[2] meas;'
    " sx $0; cz $0, $1; meas[0] = measure $0; meas[1] = measure $1;"
)


def access_token(service: LocalService) -> str:
    """The token for an API key, with the fields that tell when to exchange the key again."""
    form = {"grant_type": "urn:ibm:params:oauth:grant-type:apikey", "apikey": ALICE.token}
    reply = requests.post(f"{service.base_url}/identity/token", data=form, timeout=30)
    check(reply.json(), reply_schemas.TOKEN)
    return reply.json()["access_token"]


def client(service: LocalService, version: str | None) -> Iterator[Api]:
    """Calls with an issued token, with the version of the API that a client sends."""
    api = Api(service, ALICE, version=version)
    api.session.headers["Authorization"] = f"Bearer {access_token(service)}"
    yield api
    api.session.close()


@pytest.fixture
def qrmi(local: LocalService) -> Iterator[Api]:
    """QRMI sends no version of the API."""
    yield from client(local, None)


@pytest.fixture
def runtime_c(local: LocalService) -> Iterator[Api]:
    """qiskit-ibm-runtime-c sends a date that lies between two versions."""
    yield from client(local, "2025-06-01")


def final(api: Api, job_id: str) -> dict[str, Any]:
    """A job, polled until its state is final; each reply has the form that both clients read."""
    while True:
        job = api.json(f"/jobs/{job_id}")
        check(job, reply_schemas.OLDER_JOB)
        if job["status"] not in ("Queued", "Running"):
            return job


def test_qrmi_runs_a_task(qrmi: Api) -> None:
    """Status, session, job in it, its result and log; then the session is closed."""
    check(qrmi.json("/backends/fake_5q/status"), reply_schemas.STATUS)
    wanted = {
        "mode": "dedicated",
        "backend": "fake_5q",
        "backend_name": "fake_5q",
        "max_ttl": 28_800,
    }
    session = qrmi.call("POST", "/sessions", json=wanted).json()
    check(session, reply_schemas.SESSION)
    path = f"/sessions/{session['id']}"
    check(qrmi.json(path), reply_schemas.SESSION)
    reply = qrmi.post_job(
        backend="fake_5q",
        params={"pubs": [[BELL, None, 20]], "version": 2, "support_qiskit": False},
        session_id=session["id"],
        log_level="debug",
        private=False,
    )
    check(reply.json(), reply_schemas.JOB_CREATED)
    job_id = reply.json()["id"]
    assert final(qrmi, job_id)["status"] == "Completed"
    check(qrmi.json(f"/jobs/{job_id}/results"), reply_schemas.PLAIN_RESULT)
    assert qrmi.get(f"/jobs/{job_id}/logs").headers["Content-Type"].startswith("text/plain")
    pending = qrmi.json("/jobs", pending="true", session_id=session["id"])
    check(pending, reply_schemas.OLDER_JOBS)
    assert pending["jobs"] == []
    assert qrmi.call("PATCH", path, json={"accepting_jobs": False}).status_code == 204


def test_qrmi_stops_a_task(qrmi: Api) -> None:
    """A job in a session is pending, and is cancelled; then the session is cancelled."""
    session = qrmi.call("POST", "/sessions", json={"mode": "batch", "backend": "fake_5q"}).json()
    long = {"pubs": [[BELL, None, 100_000]] * 100, "version": 2}
    job_id = qrmi.submit(backend="fake_5q", params=long, session_id=session["id"])
    pending = qrmi.json("/jobs", pending="true", session_id=session["id"])
    check(pending, reply_schemas.OLDER_JOBS)
    assert [job["id"] for job in pending["jobs"]] == [job_id]
    stopped = qrmi.call("POST", f"/jobs/{job_id}/cancel", headers={"Content-Length": "0"})
    assert stopped.status_code == 204
    assert final(qrmi, job_id)["status"] == "Cancelled"
    assert qrmi.call("DELETE", f"/sessions/{session['id']}/close").status_code == 204


@pytest.mark.parametrize("name", ["statevector", "fake_5q", "fake_27q"])
def test_qrmi_reads_targets(qrmi: Api, name: str) -> None:
    """Configuration and properties of a simulator and of devices."""
    check(qrmi.json(f"/backends/{name}/configuration"), reply_schemas.QRMI_CONFIGURATION)
    check(qrmi.json(f"/backends/{name}/properties"), reply_schemas.PROPERTIES)


def test_runtime_c_finds_instances(runtime_c: Api) -> None:
    """Each has a CRN, a name and backends, which the client leaves out instances without."""
    body = {
        "query": "service_name:quantum-computing",
        "fields": ["crn", "service_plan_unique_id", "name", "doc"],
    }
    url = f"{runtime_c.service.base_url}/v3/resources/search"
    reply = runtime_c.session.post(url, json=body, params={"limit": 100}, timeout=30).json()
    check(reply, reply_schemas.SEARCH)
    [found] = reply["items"]
    check(
        found,
        reply_schemas.obj(
            {"crn": reply_schemas.TEXT, "name": reply_schemas.TEXT, "doc": {"type": "object"}}
        ),
    )
    assert "fake_5q" in found["doc"]["extensions"]["backends"]


def test_runtime_c_makes_a_target(runtime_c: Api) -> None:
    """Number of qubits, errors, and durations in nanoseconds, the only unit that it takes."""
    check(runtime_c.json("/backends"), reply_schemas.DEVICES)
    configuration = runtime_c.json("/backends/fake_27q/configuration")
    check(configuration, reply_schemas.CONFIGURATION)
    properties = runtime_c.json("/backends/fake_27q/properties")
    check(properties, reply_schemas.PROPERTIES)
    assert len(properties["qubits"]) == configuration["n_qubits"]
    units = {
        value["unit"]
        for gate in properties["gates"]
        for value in gate["parameters"]
        if value["name"] == "gate_length"
    }
    assert units == {"ns"}


def test_runtime_c_runs_a_job(runtime_c: Api) -> None:
    """The state of the job in words that it knows, and samples of the register meas."""
    job_id = runtime_c.submit(
        backend="fake_5q", params={"pubs": [[BELL, None, 20]], "version": 2}, tags=["from-c"]
    )
    assert final(runtime_c, job_id)["status"] == "Completed"
    result = runtime_c.json(f"/jobs/{job_id}/results")
    check(result, reply_schemas.PLAIN_RESULT)
    assert len(result["results"][0]["data"]["meas"]["samples"]) == 20


def test_runtime_c_reads_expectation_values(runtime_c: Api) -> None:
    """The data of an estimator's PUB are numbers, all of them."""
    params = {"pubs": [["OPENQASM 3.0; qubit[1] q;", "Z", None, 0.1]], "version": 2}
    job_id = runtime_c.run(program_id="estimator", backend="fake_5q", params=params)
    result = runtime_c.json(f"/jobs/{job_id}/results")
    check(result, reply_schemas.PLAIN_NUMBERS)
    assert "evs" in result["results"][0]["data"]


@pytest.mark.parametrize("version", ["2023-12-31", "2026-04-16", "2025-13-01", "20250601", "new"])
def test_other_versions_are_refused(local: LocalService, version: str) -> None:
    """Before the first, after the last, or no date: 400, with the versions that there are."""
    api = Api(local, ALICE, version=version)
    reply = api.get("/backends")
    api.session.close()
    assert reply.status_code == 400
    check(reply.json(), reply_schemas.ERRORS)
    assert "2026-04-15" in reply.text

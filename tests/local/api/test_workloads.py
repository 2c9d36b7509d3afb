"""GET /workloads, called with plain requests."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from qiskit_rest_primitives.local import LocalService
from tests.local.conftest import ALICE, Api


def cursor(link: dict[str, str], direction: str) -> str:
    """The cursor in a link."""
    return parse_qs(urlsplit(link["href"]).query)[direction][0]


@pytest.fixture(scope="module")
def service() -> Iterator[LocalService]:
    """A service without other workloads, since a page has room for few."""
    with LocalService(users=[ALICE]) as service:
        yield service


@pytest.fixture(scope="module")
def workloads(service: LocalService) -> tuple[Api, list[str]]:
    """Three jobs, a batch with two jobs and a session, oldest first, and a time before them."""
    api = Api(service, ALICE)
    ids: list[str] = []
    for index in range(3):
        ids.append(api.run(tags=["workload-tag", f"w{index}"]))
    batch = api.call("POST", "/sessions", json={"mode": "batch", "backend": "statevector"})
    ids.append(batch.json()["id"])
    for _ in range(2):
        api.run(session_id=ids[-1])
    api.call("DELETE", f"/sessions/{ids[-1]}/close")
    time.sleep(0.002)
    session = api.call("POST", "/sessions", json={"mode": "dedicated", "backend": "statevector"})
    ids.append(session.json()["id"])
    return api, ids


def found(workloads: tuple[Api, list[str]], **query: Any) -> list[str]:
    """Ids of these workloads that a query finds."""
    api, ids = workloads
    content = api.json("/workloads", limit=50, **query)
    return [entry["id"] for entry in content["workloads"] if entry["id"] in ids]


def test_lists_jobs_sessions_and_batches(workloads: tuple[Api, list[str]]) -> None:
    """Oldest first; a job of a session is not a workload of its own."""
    api, ids = workloads
    assert found(workloads, sort="createdAt") == ids
    assert found(workloads, sort="-createdAt") == ids[::-1]
    entries = {entry["id"]: entry for entry in api.json("/workloads", limit=50)["workloads"]}
    assert entries[ids[0]]["mode"] == "job"
    assert entries[ids[0]]["status"] == "completed"
    assert entries[ids[0]]["tags"] == ["workload-tag", "w0"]
    assert (entries[ids[3]]["mode"], entries[ids[3]]["status"]) == ("batch", "completed")
    assert entries[ids[3]]["job_count"] == 2
    assert (entries[ids[4]]["mode"], entries[ids[4]]["status"]) == ("session", "pending")


def test_a_workload_has_the_fields_of_the_api(workloads: tuple[Api, list[str]]) -> None:
    """When it began and ended, whose it is, and what it used; only sessions accept jobs."""
    api, ids = workloads
    entries = {entry["id"]: entry for entry in api.json("/workloads", limit=50)["workloads"]}
    job, batch, session = entries[ids[0]], entries[ids[3]], entries[ids[4]]
    assert job["created"] < job["ended"]
    assert (job["instance"], job["user_id"]) == (ALICE.instances[0], ALICE.name)
    assert job["usage"]["qpu_charge_time_seconds"] == job["usage_seconds"] > 0
    assert job["usage"]["status"] == "complete"
    assert [each["accepting_jobs"] for each in (job, batch, session)] == [None, False, True]
    assert "ended" not in session
    assert session["usage"]["status"] == "pending"


def test_a_failed_job_has_its_reason(workloads: tuple[Api, list[str]]) -> None:
    """The reason of the job is that of the workload."""
    api, _ = workloads
    failed = api.run(params={"pubs": [["OPENQASM 3; gibberish"]], "version": 2})
    [entry] = api.json("/workloads", limit=50, status="failed")["workloads"]
    assert entry["id"] == failed
    assert entry["status_reason"] == api.json(f"/jobs/{failed}")["state"]["reason"]
    api.call("DELETE", f"/jobs/{failed}")


def test_workloads_are_filtered(workloads: tuple[Api, list[str]]) -> None:
    """Each filter; several statuses are alternatives."""
    api, ids = workloads
    assert found(workloads, mode="job") == ids[:3]
    assert found(workloads, mode="batch") == [ids[3]]
    assert found(workloads, mode="session") == [ids[4]]
    assert found(workloads, status="completed") == ids[:4]
    assert found(workloads, status=["pending", "failed"]) == [ids[4]]
    assert found(workloads, tags=["workload-tag", "w1"]) == [ids[1]]
    assert found(workloads, search="WORKLOAD-tag") == ids[:3]
    assert found(workloads, search=ids[4][:13]) == [ids[4]]
    assert found(workloads, backend="statevector", user="me") == ids
    assert found(workloads, backend="other") == []
    created = api.json(f"/jobs/{ids[1]}")["created"]
    assert found(workloads, created_after=created) == ids[1:]
    assert found(workloads, created_before=created) == ids[:2]


@pytest.mark.parametrize("sort", ["createdAt", "-createdAt"])
def test_cursors_walk_both_ways(workloads: tuple[Api, list[str]], sort: str) -> None:
    """`next` leads to the end and `previous` back to the start, by the same pages."""
    api, ids = workloads
    query: dict[str, Any] = {"tags": "workload-tag", "limit": 2, "sort": sort}
    first = api.json("/workloads", **query)
    expected = ids[:3] if sort == "createdAt" else ids[:3][::-1]
    assert [entry["id"] for entry in first["workloads"]] == expected[:2]
    assert (first["total_count"], first["limit"]) == (3, 2)
    assert "previous" not in first
    second = api.json("/workloads", **query, next=cursor(first["next"], "next"))
    assert [entry["id"] for entry in second["workloads"]] == expected[2:]
    assert "next" not in second
    back = api.json("/workloads", **query, previous=cursor(second["previous"], "previous"))
    assert back["workloads"] == first["workloads"]
    assert "previous" not in back
    followed = api.session.get(api.service.base_url + first["next"]["href"], timeout=30)
    assert followed.json()["workloads"] == second["workloads"]


@pytest.mark.parametrize("limit", [0, 51])
def test_a_limit_out_of_range_is_the_default(api: Api, limit: int) -> None:
    """10, as on the service."""
    assert api.json("/workloads", limit=limit)["limit"] == 10


@pytest.mark.parametrize(
    "query",
    [
        {"sort": "name"},
        {"status": "Completed"},
        {"mode": "dedicated"},
        {"user": "bob"},
        {"next": "nonsense"},
        {"next": "bnVsbA=="},
        {"next": "é"},
        {"next": "W10=", "previous": "W10="},
        {"created_after": "x"},
        {"limit": "x"},
    ],
)
def test_wrong_values_are_400(api: Api, query: dict[str, str]) -> None:
    """Each parameter is checked."""
    assert api.get("/workloads", **query).status_code == 400

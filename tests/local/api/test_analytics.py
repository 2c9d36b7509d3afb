"""What the caller's jobs have used: /analytics, called with plain requests."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from qiskit_rest_primitives.local import LocalService
from tests.local.conftest import ALICE, BOB, Api

MEASURED = "OPENQASM 3; bit[1] c; c[0] = measure $0;"


@pytest.fixture(scope="module")
def jobs() -> Iterator[tuple[Api, dict[str, float]]]:
    """Alice's calls, and the milliseconds of her jobs: one alone, two in a batch, on a device."""
    with LocalService(users=[ALICE, BOB]) as service:
        api, other = Api(service, ALICE), Api(service, BOB)
        other.run()
        batch = api.call("POST", "/sessions", json={"mode": "batch", "backend": "statevector"})
        ids = {
            "alone": api.run(),
            "first": api.run(session_id=batch.json()["id"]),
            "second": api.run(session_id=batch.json()["id"]),
            "device": api.run(backend="fake_5q", params={"pubs": [[MEASURED, None, 10]]}),
        }
        used = {
            name: api.json(f"/jobs/{job_id}")["usage"]["qpu_charge_time_seconds"] * 1e3
            for name, job_id in ids.items()
        }
        yield api, used
        api.session.close()
        other.session.close()


def test_all_jobs_together(jobs: tuple[Api, dict[str, float]]) -> None:
    """Own jobs alone, in milliseconds; batches apart from other jobs."""
    api, used = jobs
    found = api.json("/analytics/usage")
    assert (found["jobs"], found["individual_jobs"]) == (4, 2)
    assert (found["sessions"], found["batch_sessions"], found["dedicated_sessions"]) == (1, 1, 0)
    near = {"abs": 0.01}
    assert found["usage"] == pytest.approx(sum(used.values()), **near)
    in_batch = used["first"] + used["second"]
    assert found["batch_sessions_usage"] == pytest.approx(in_batch, **near)
    assert found["avg_sessions_usage"] == pytest.approx(in_batch, **near)
    alone = used["alone"], used["device"]
    assert found["individual_jobs_usage"] == pytest.approx(sum(alone), **near)
    assert found["avg_individual_jobs_usage"] == pytest.approx(sum(alone) / 2, **near)
    assert found["max_individual_jobs_usage"] == pytest.approx(max(alone), **near)
    assert 0 < found["avg_queue_time"] <= found["max_queue_time"] <= found["queue_time"]


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ({"backend": "fake_5q"}, 1),
        ({"backend": ["fake_5q", "statevector"]}, 4),
        ({"simulators": "false"}, 1),
        ({"user_id": "bob"}, 0),
        ({"instance": ALICE.instances[0]}, 4),
        ({"instance": BOB.instances[0]}, 0),
        ({"plan": "local"}, 4),
        ({"plan": "premium"}, 0),
        ({"interval_end": "2026-01-01T00:00:00Z"}, 0),
        ({"interval_start": "2020-01-01T00:00:00Z"}, 4),
    ],
)
def test_usage_is_filtered(
    jobs: tuple[Api, dict[str, float]], query: dict[str, Any], count: int
) -> None:
    """Each filter; nobody sees another user's jobs."""
    found = jobs[0].json("/analytics/usage", **query)
    assert found["jobs"] == count
    assert (found["usage"] == 0) == (count == 0)


@pytest.mark.parametrize(
    ("key", "groups"),
    [
        ("backend", {"fake_5q": 1, "statevector": 3}),
        ("instance", {ALICE.instances[0]: 4}),
        ("user_id", {"alice": 4}),
        ("plan", {"local": 4}),
    ],
)
def test_usage_is_grouped(
    jobs: tuple[Api, dict[str, float]], key: str, groups: dict[str, int]
) -> None:
    """One entry a group, with the same figures, which add up."""
    api, _ = jobs
    whole = api.json("/analytics/usage")
    data = api.json("/analytics/usage_grouped", group_by=key)["data"]
    assert {entry["key"]: entry["jobs"] for entry in data} == groups
    assert all(set(entry) == {"key", *whole} for entry in data)
    assert sum(entry["usage"] for entry in data) == pytest.approx(whole["usage"])
    assert sum(entry["sessions"] for entry in data) == whole["sessions"]


def test_usage_is_grouped_by_day(jobs: tuple[Api, dict[str, float]]) -> None:
    """One entry a day with jobs, from midnight to midnight."""
    api, _ = jobs
    found = api.json("/analytics/usage_grouped_by_date", group_by="instance")
    assert found["interval_start"] < found["interval_end"]
    assert sum(entry["jobs"] for entry in found["data"]) == 4
    for entry in found["data"]:
        assert entry["key"] == ALICE.instances[0]
        assert entry["interval_start"].endswith("T00:00:00.000000Z")
        assert entry["interval_start"] < entry["interval_end"]


@pytest.mark.parametrize(
    ("path", "group_by"), [("usage_grouped", "colour"), ("usage_grouped_by_date", "backend")]
)
def test_another_key_is_refused(
    jobs: tuple[Api, dict[str, float]], path: str, group_by: str
) -> None:
    """400 that lists the keys; so is a missing one."""
    api, _ = jobs
    for query in ({"group_by": group_by}, {}):
        reply = api.get(f"/analytics/{path}", **query)
        assert reply.status_code == 400
        assert "group_by is one of" in reply.json()["errors"][0]["message"]


@pytest.mark.slow
def test_the_values_to_filter_by(jobs: tuple[Api, dict[str, float]]) -> None:
    """Backends, the caller's own instances and name, and the plan."""
    found = jobs[0].json("/analytics/filters")
    assert {"name": "statevector"} in found["backends"]
    assert found["instances"] == [{"id": ALICE.instances[0], "deleted": False}]
    assert (found["users"], found["plans"]) == ([{"id": "alice"}], [{"name": "local"}])

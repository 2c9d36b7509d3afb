"""Separate users: no call gives access to another user's jobs and sessions."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from qiskit_rest_primitives.local import LocalService, User
from qiskit_rest_primitives.local.users import default_instance
from tests.local.conftest import ALICE, BELL, BOB, Api
from tests.tokens import secret

TAG = "a-secret-of-alice"
CAROL = User("carol", secret("carol"), (default_instance("c1"), default_instance("c2")))


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[LocalService, Path]]:
    """A service with a folder."""
    folder = tmp_path_factory.mktemp("kept")
    with LocalService(users=[ALICE, BOB, CAROL], folder=folder) as service:
        yield service, folder


def others(service: LocalService, owner: User) -> list[Api]:
    """All users but the owner; and the owner with another instance."""
    apis = [Api(service, user) for user in (ALICE, BOB, CAROL) if user is not owner]
    if len(owner.instances) > 1:
        elsewhere = Api(service, owner)
        elsewhere.session.headers["Service-CRN"] = owner.instances[1]
        apis.append(elsewhere)
    return apis


def calls(job_id: str, session_id: str) -> list[tuple[str, str, dict[str, Any]]]:
    """Every call that names a job or a session."""
    job, session = f"/jobs/{job_id}", f"/sessions/{session_id}"
    body = {"program_id": "sampler", "backend": "statevector", "session_id": session_id}
    return [
        ("GET", job, {}),
        ("HEAD", job, {}),
        ("GET", f"{job}/results", {}),
        ("HEAD", f"{job}/results", {}),
        ("GET", f"{job}/logs", {}),
        ("GET", f"{job}/metrics", {}),
        ("POST", f"{job}/cancel", {}),
        ("PUT", f"{job}/tags", {"json": {"tags": ["mine"]}}),
        ("DELETE", job, {}),
        ("GET", session, {}),
        ("PATCH", session, {"json": {"accepting_jobs": False}}),
        ("DELETE", f"{session}/close", {}),
        ("POST", "/jobs", {"json": body | {"params": {"pubs": [[BELL]]}}}),
    ]


@pytest.mark.parametrize("owner", [ALICE, CAROL], ids=["of another user", "of another instance"])
@pytest.mark.parametrize("private", [False, True])
def test_jobs_and_sessions(kept: tuple[LocalService, Path], owner: User, private: bool) -> None:
    """Each call is 404, and changes nothing."""
    service, _ = kept
    mine = Api(service, owner)
    session = mine.call("POST", "/sessions", json={"mode": "batch", "backend": "statevector"})
    session_id = session.json()["id"]
    job_id = mine.run(session_id=session_id, tags=[TAG], private=private)
    before, state = mine.json(f"/jobs/{job_id}"), mine.json(f"/sessions/{session_id}")
    for other in others(service, owner):
        for method, path, options in calls(job_id, session_id):
            reply = other.call(method, path, **options)
            assert reply.status_code == 404, (method, path)
            assert TAG not in reply.text
        for query in ({}, {"tags": TAG}, {"session_id": session_id}):
            assert other.json("/jobs", **query)["count"] == 0
        assert other.json("/workloads", search=TAG)["total_count"] == 0
        assert other.json("/workloads")["total_count"] == 0
        assert other.json("/tags", type="job", search=TAG)["tags"] == []
        assert other.json("/instances/usage")["usage_consumed_seconds"] == 0
        other.session.close()
    assert mine.json(f"/jobs/{job_id}") == before
    assert mine.json(f"/sessions/{session_id}") == state
    assert len(mine.json(f"/jobs/{job_id}/results")["results"]) == 1
    assert mine.call("DELETE", f"/jobs/{job_id}").status_code == 204
    mine.call("DELETE", f"/sessions/{session_id}/close")
    mine.session.close()
    service._core.store.change("DELETE FROM sessions")  # the next test starts without them


def test_no_key_is_on_disk(kept: tuple[LocalService, Path]) -> None:
    """Neither the database nor other files of the folder contain a key."""
    service, folder = kept
    api = Api(service, BOB)
    api.run()
    api.session.close()
    time.sleep(0.1)
    for path in folder.rglob("*"):
        if path.is_file():
            content = path.read_bytes()
            for user in (ALICE, BOB, CAROL):
                assert user.token.encode() not in content, path


def test_errors_quote_no_key(kept: tuple[LocalService, Path]) -> None:
    """The reply to any wrong request does not contain the caller's key."""
    service, folder = kept
    api = Api(service, ALICE)
    for method, path, options in (
        ("GET", "/nowhere", {}),
        ("POST", "/jobs", {"data": b"{"}),
        ("POST", "/jobs", {"json": {"program_id": ALICE.token[:3]}}),
        ("GET", "/jobs/unknown", {}),
        ("GET", "/jobs", {"params": {"limit": "x"}}),
        ("GET", "/jobs", {"headers": {"IBM-API-Version": "x"}}),
        ("GET", "/jobs", {"headers": {"Authorization": f"Basic {ALICE.token}"}}),
    ):
        text = api.call(method, path, **options).text
        assert ALICE.token not in text
        assert str(folder) not in text
        assert "Traceback" not in text
    api.session.close()

"""Sessions and batches: by plain requests, and with a test's own clock."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from qiskit_rest_primitives.local.auth import Principal
from qiskit_rest_primitives.local.problems import ProblemError
from qiskit_rest_primitives.local.sessions import SessionRequest, Sessions
from qiskit_rest_primitives.local.store import Store
from tests.local.conftest import Api, HeldExecutor


def create(api: Api, **members: Any) -> str:
    """POST /sessions on the simulator; returns the id."""
    reply = api.call(
        "POST", "/sessions", json={"mode": "batch", "backend": "statevector"} | members
    )
    assert reply.status_code == 200, reply.text
    return reply.json()["id"]


class TestCreate:
    def test_describes_itself(self, api: Api) -> None:
        """POST answers with the whole session, as GET does."""
        body = {"mode": "dedicated", "backend": "statevector", "instance": "ignored"}
        session = api.call("POST", "/sessions", json=body).json()
        assert len(session["id"]) <= 36
        assert session == api.json(f"/sessions/{session['id']}")
        assert session["mode"] == "dedicated"
        assert session["backend_name"] == "statevector"
        assert (session["state"], session["state_reason"]) == ("open", "session_created")
        assert session["accepting_jobs"] is True
        assert session["max_ttl"] == 28_800
        assert session["elapsed_time"] is None
        assert [stamp["status"] for stamp in session["timestamps"]] == ["open"]

    def test_backend_name_is_a_fallback(self, api: Api) -> None:
        """The older key is used if backend is missing."""
        body = {"mode": "batch", "backend_name": "statevector", "max_ttl": 60}
        session = api.call("POST", "/sessions", json=body).json()
        assert (session["backend_name"], session["max_ttl"]) == ("statevector", 60)

    @pytest.mark.parametrize(
        ("body", "words"),
        [
            ({"backend": "statevector"}, "mode"),
            ({"mode": "open", "backend": "statevector"}, "mode"),
            ({"mode": "batch"}, "backend"),
            ({"mode": "batch", "backend": "ibm_nowhere"}, "ibm_nowhere"),
            ({"mode": "batch", "backend": "statevector", "max_ttl": 0}, "max_ttl"),
            ({"mode": "batch", "backend": "statevector", "max_ttl": 28_801}, "max_ttl"),
            ([], "object"),
        ],
    )
    def test_wrong_bodies_are_400(self, api: Api, body: Any, words: str) -> None:
        """400 names what is wrong."""
        reply = api.call("POST", "/sessions", json=body)
        assert reply.status_code == 400
        assert words in reply.json()["errors"][0]["message"]

    def test_a_large_body_is_413(self, api: Api) -> None:
        """Only POST /jobs accepts more than 64 KiB."""
        reply = api.call("POST", "/sessions", data=b" " * 100_000)
        assert reply.status_code == 413


class TestJobs:
    def test_jobs_join_a_session_and_activate_it(self, api: Api) -> None:
        """The first job that runs makes it active; the reply and the job name the session."""
        session_id = create(api)
        reply = api.post_job(session_id=session_id)
        assert reply.json()["session_id"] == session_id
        api.wait(reply.json()["id"])
        session = api.json(f"/sessions/{session_id}")
        assert session["state"] == "active"
        assert session["activated_at"] <= session["last_job_started"]
        assert session["last_job_started"] <= session["last_job_completed"]
        assert api.json(f"/jobs/{reply.json()['id']}")["session_id"] == session_id

    def test_must_be_on_its_backend(self, api: Api) -> None:
        """400 for a job that names another backend."""
        reply = api.post_job(session_id=create(api), backend="fake_5q")
        assert reply.status_code in (400, 404)

    @pytest.mark.parametrize("session_id", ["nope", "0" * 36])
    def test_need_a_session_that_exists(self, api: Api, session_id: str) -> None:
        """An unknown id is 404."""
        assert api.post_job(session_id=session_id).status_code == 404

    def test_of_another_user_are_refused(self, api: Api, bob: Api) -> None:
        """Only its owner can use a session."""
        session_id = create(api)
        assert bob.post_job(session_id=session_id).status_code == 404
        assert bob.get(f"/sessions/{session_id}").status_code == 404
        assert bob.call("DELETE", f"/sessions/{session_id}/close").status_code == 404
        patch = bob.call("PATCH", f"/sessions/{session_id}", json={"accepting_jobs": False})
        assert patch.status_code == 404
        assert api.json(f"/sessions/{session_id}")["accepting_jobs"] is True


class TestDrain:
    def test_an_empty_one_closes_at_once(self, api: Api) -> None:
        """accepting_jobs=false on an empty session closes it; true does not reopen it."""
        session_id = create(api)
        path = f"/sessions/{session_id}"
        reply = api.call("PATCH", path, json={"accepting_jobs": False})
        assert (reply.status_code, reply.content) == (204, b"")
        session = api.json(path)
        assert (session["state"], session["state_reason"]) == ("closed", "session_closed_early")
        assert session["elapsed_time"] == 0
        assert session["closed_at"]
        assert api.call("PATCH", path, json={"accepting_jobs": True}).status_code == 204
        assert api.json(path)["accepting_jobs"] is False
        refused = api.post_job(session_id=session_id)
        assert refused.status_code == 400
        assert refused.json()["errors"][0]["code"] == 1217

    def test_queued_jobs_still_run(self, held: tuple[Api, HeldExecutor]) -> None:
        """It closes when its last job is final, not before."""
        api, executor = held
        session_id = create(api)
        ids = [api.submit(session_id=session_id) for _ in range(6)]
        api.wait(ids[0], "Running")
        api.call("PATCH", f"/sessions/{session_id}", json={"accepting_jobs": False})
        session = api.json(f"/sessions/{session_id}")
        assert (session["state"], session["accepting_jobs"]) == ("active", False)
        assert api.post_job(session_id=session_id).status_code == 400
        executor.release()
        assert {api.wait(job_id)["status"] for job_id in ids} == {"Completed"}
        session = api.json(f"/sessions/{session_id}")
        assert session["state"] == "closed"
        assert session["elapsed_time"] > 0

    @pytest.mark.parametrize("body", [{}, {"accepting_jobs": 0}, {"accepting_jobs": "no"}, None])
    def test_wrong_bodies_are_400(self, api: Api, body: Any) -> None:
        """accepting_jobs is required, and a boolean."""
        assert api.call("PATCH", f"/sessions/{create(api)}", json=body).status_code == 400

    def test_an_unknown_one_is_404(self, api: Api) -> None:
        """For GET, PATCH and close."""
        assert api.get("/sessions/nope").status_code == 404
        patch = api.call("PATCH", "/sessions/nope", json={"accepting_jobs": False})
        assert patch.status_code == 404
        assert api.call("DELETE", "/sessions/nope/close").status_code == 404


class TestClose:
    def test_queued_jobs_are_cancelled_and_running_ones_finish(
        self, held: tuple[Api, HeldExecutor]
    ) -> None:
        """A second DELETE /close has no effect."""
        api, executor = held
        session_id = create(api)
        ids = [api.submit(session_id=session_id) for _ in range(8)]
        api.wait(ids[0], "Running")
        assert api.call("DELETE", f"/sessions/{session_id}/close").status_code == 204
        assert api.json(f"/sessions/{session_id}")["state"] == "closed"
        last = api.json(f"/jobs/{ids[-1]}")["state"]
        assert last["status"] == "Cancelled"
        assert "session" in last["reason"]
        executor.release()
        assert api.wait(ids[0])["status"] == "Completed"
        assert api.call("DELETE", f"/sessions/{session_id}/close").status_code == 204


class Clock:
    """Time that a test sets."""

    def __init__(self) -> None:
        self.now = 1_800_000_000.0

    def __call__(self) -> float:
        """Now."""
        return self.now


class TestTimes:
    """TTLs, with a clock that the test sets."""

    PRINCIPAL = Principal("alice", "crn")

    @pytest.fixture
    def parts(self, tmp_path: Path) -> Any:
        """Sessions, their store, clock, and the jobs they cancelled."""
        store, clock, ended = Store(tmp_path), Clock(), []

        def end(job_id: str, reason: str) -> bool:
            ended.append((job_id, reason))
            return store.update("jobs", job_id, {"status": "Cancelled"}, status=("Queued",))

        yield Sessions(store, end, clock=clock), store, clock, ended
        store.close()

    def open(self, parts: Any, **members: Any) -> str:
        """A session of the caller."""
        request = SessionRequest(mode="batch", backend="b", **members)
        return parts[0].create(self.PRINCIPAL, request, "b")["id"]

    def job(self, parts: Any, session_id: str, status: str = "Queued") -> str:
        """Adds a job of a session; marks it as started if it runs."""
        sessions, store, clock, _ = parts
        job_id = f"job{len(store.rows('SELECT 1 FROM jobs'))}"
        fields = {"id": job_id, "user": "alice", "instance": "crn", "program": "sampler"}
        fields |= {"backend": "b", "session_id": session_id, "status": status}
        store.insert("jobs", fields | {"created": clock(), "cost": 1})
        if status == "Running":
            sessions.job_started(session_id, clock())
        return job_id

    def finish(self, parts: Any, job_id: str) -> None:
        """Makes a job final."""
        sessions, store, clock, _ = parts
        store.update("jobs", job_id, {"status": "Completed"})
        sessions.job_ended(store.job(job_id)["session_id"], clock())

    def state(self, parts: Any, session_id: str) -> tuple[str, str]:
        """State and reason."""
        session = parts[0].details(self.PRINCIPAL, session_id)
        return session["state"], session["state_reason"]

    def test_the_interactive_ttl_makes_a_session_inactive_until_the_next_job(
        self, parts: Any
    ) -> None:
        """After a minute without jobs it is inactive; the next job makes it active."""
        clock = parts[2]
        session_id = self.open(parts)
        self.finish(parts, self.job(parts, session_id, "Running"))
        clock.now += 59
        assert self.state(parts, session_id)[0] == "active"
        clock.now += 2
        assert self.state(parts, session_id) == (
            "inactive",
            "session_inactivated_by_interactive_ttl",
        )
        self.job(parts, session_id, "Running")
        assert self.state(parts, session_id)[0] == "active"
        stamps = parts[0].details(self.PRINCIPAL, session_id)["timestamps"]
        assert [stamp["status"] for stamp in stamps] == ["open", "active", "inactive", "active"]

    def test_a_pending_job_keeps_a_session_active(self, parts: Any) -> None:
        """The interactive TTL does not count while something is queued or running."""
        session_id = self.open(parts)
        self.job(parts, session_id, "Running")
        parts[2].now += 3600
        assert self.state(parts, session_id)[0] == "active"

    def test_half_an_hour_without_jobs_closes_a_session(self, parts: Any) -> None:
        """Also a session that never had a job."""
        session_id = self.open(parts)
        parts[2].now += 1799
        parts[0].tick()
        assert self.state(parts, session_id)[0] == "open"
        parts[2].now += 1
        parts[0].tick()
        assert self.state(parts, session_id) == ("closed", "session_closed_by_inactivity")
        with pytest.raises(ProblemError, match="closed"):
            parts[0].admit(self.PRINCIPAL, session_id, "b")

    def test_max_ttl_counts_from_activation(self, parts: Any) -> None:
        """Then queued jobs are cancelled, and running ones finish."""
        sessions, store, clock, ended = parts
        session_id = self.open(parts, max_ttl=100)
        clock.now += 150
        running = self.job(parts, session_id, "Running")
        queued = self.job(parts, session_id)
        clock.now += 99
        sessions.tick()
        assert not ended
        clock.now += 1
        sessions.tick()
        assert store.job(running)["status"] == "Running"
        assert store.job(queued)["status"] == "Cancelled"
        assert "100 s" in ended[-1][1]
        details = sessions.details(self.PRINCIPAL, session_id)
        assert (details["state"], details["state_reason"]) == (
            "closed",
            "session_closed_by_max_ttl",
        )
        assert details["elapsed_time"] == 100
        self.finish(parts, running)
        assert self.state(parts, session_id)[0] == "closed"

    def test_one_that_was_pruned_is_closed_already(self, parts: Any) -> None:
        """A tick that read it before does not fail."""
        sessions, _, _, ended = parts
        sessions._close_hard("gone", "session_closed_early", "The session was closed.")
        assert ended == []

    def test_jobs_outside_sessions_do_not_matter(self, parts: Any) -> None:
        """Their start and end change no session."""
        sessions, _, clock, _ = parts
        sessions.job_started(None, clock())
        sessions.job_ended(None, clock())

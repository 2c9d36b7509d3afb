"""Faults on demand: each kind, its pattern and count, set from this process or another."""

from __future__ import annotations

import time
from typing import Any

import pytest
import requests

from qiskit_rest_primitives.local import Faults, LocalService
from qiskit_rest_primitives.local.api.faults import state_of
from tests.local.conftest import ALICE, BELL, Api


@pytest.fixture
def faults(api: Api) -> Faults:
    """The faults of the service under test; cleared afterwards."""
    assert api.service.faults is not None
    return api.service.faults


def jobs_tagged(api: Api, tag: str) -> int:
    """The number of jobs with a tag."""
    return api.json("/jobs", tags=tag)["count"]


class TestStatus:
    @pytest.mark.parametrize("status", [429, 500, 502, 503, 504, 520])
    def test_replaces_the_answer(self, api: Api, faults: Faults, status: int) -> None:
        """It replaces one reply, with Retry-After; no job is created."""
        faults.add("POST", "/jobs", status=status, retry_after=3, count=1)
        tag = f"before-{status}"
        reply = api.post_job(tags=[tag])
        assert reply.status_code == status
        assert reply.headers["Retry-After"] == "3"
        assert reply.json()["errors"][0]["code"] == 9000 + status
        assert jobs_tagged(api, tag) == 0
        assert api.post_job(tags=[tag]).status_code == 200

    def test_after_the_work(self, api: Api, faults: Faults) -> None:
        """The job exists although the reply is a 502."""
        faults.add("POST", "/jobs", status=502, after_work=True, count=2)
        assert [api.post_job(tags=["after-work"]).status_code for _ in range(3)] == [502, 502, 200]
        assert jobs_tagged(api, "after-work") == 3

    def test_redirects(self, api: Api, faults: Faults) -> None:
        """A status with Location, for every call."""
        faults.add("GET", "/jobs", status=307, location=f"{api.service.url}/jobs")
        with pytest.raises(requests.TooManyRedirects):
            api.get("/jobs")


class TestDrop:
    def test_before_the_work(self, api: Api, faults: Faults) -> None:
        """The connection closes, and no job is created."""
        faults.add("POST", "/jobs", drop=True, count=1)
        with pytest.raises(requests.ConnectionError):
            api.post_job(tags=["dropped"])
        assert jobs_tagged(api, "dropped") == 0

    def test_after_the_work(self, api: Api, faults: Faults) -> None:
        """The connection closes, although the job was created."""
        faults.add("POST", "/jobs", drop=True, after_work=True, count=1)
        with pytest.raises(requests.ConnectionError):
            api.post_job(tags=["dropped-later"])
        assert jobs_tagged(api, "dropped-later") == 1


class TestBody:
    @pytest.mark.parametrize("shots", [50, 100_000])
    def test_truncated(self, api: Api, faults: Faults, shots: int) -> None:
        """The body has half of its Content-Length."""
        job_id = api.run(params={"pubs": [[BELL, None, shots]]})
        faults.add("GET", "/jobs/*/results", truncate=True, count=1)
        with pytest.raises((requests.ConnectionError, requests.exceptions.ChunkedEncodingError)):
            api.get(f"/jobs/{job_id}/results")
        assert api.get(f"/jobs/{job_id}/results").status_code == 200

    def test_corrupted(self, api: Api, faults: Faults) -> None:
        """The body has the same length and other bytes."""
        job_id = api.run()
        good = api.get(f"/jobs/{job_id}/results").content
        faults.add("GET", "/jobs/*/results", corrupt=True)
        bad = api.get(f"/jobs/{job_id}/results").content
        assert len(bad) == len(good)
        assert bad != good

    def test_dripping(self, api: Api, faults: Faults) -> None:
        """The body arrives byte by byte."""
        faults.add("GET", "/versions", drip=0.001, count=1)
        assert len(api.json("/versions")["versions"]) == 7


class TestTime:
    def test_delay(self, api: Api, faults: Faults) -> None:
        """The reply is late, but unchanged."""
        faults.add(path="/jobs", delay=0.3, count=1)
        began = time.monotonic()
        assert api.get("/jobs").status_code == 200
        assert time.monotonic() - began >= 0.3

    def test_delay_then_status(self, api: Api, faults: Faults) -> None:
        """A delay can be combined with any other fault."""
        faults.add(path="/jobs", delay=0.1, status=504, count=1)
        assert api.get("/jobs").status_code == 504

    def test_silence(self, api: Api, faults: Faults) -> None:
        """There is no reply until the client times out."""
        faults.add("GET", "/jobs", silence=True, count=1)
        with pytest.raises(requests.ReadTimeout):
            api.call("GET", "/jobs", timeout=0.3)
        assert api.get("/jobs").status_code == 200

    def test_silence_does_not_delay_stopping(self) -> None:
        """The service stops although a client waits for a reply."""
        with LocalService(users=[ALICE], faults=True) as service:
            assert service.faults is not None
            service.faults.add("*", "*", silence=True)
            with pytest.raises(requests.ReadTimeout):
                Api(service, ALICE).call("GET", "/jobs", timeout=0.2)
        assert not service.running


class TestChoice:
    def test_by_method_and_path(self, api: Api, faults: Faults) -> None:
        """Other calls are unaffected; the version prefix is not part of the pattern."""
        faults.add("delete", "/jobs/*", status=503)
        job_id = api.run()
        assert api.get(f"/jobs/{job_id}").status_code == 200
        assert api.call("DELETE", f"/jobs/{job_id}").status_code == 503
        other = f"{api.service.base_url}/api/v1/jobs/{job_id}"
        assert api.session.delete(other, timeout=30).status_code == 503
        assert len(faults.hits) == 2
        assert faults.hits[0].startswith(f"DELETE /jobs/{job_id}: ")

    def test_identity_too(self, api: Api, faults: Faults) -> None:
        """The identity endpoint can fail like any other."""
        faults.add("POST", "/identity/token", status=500)
        reply = requests.post(f"{api.service.base_url}/identity/token", timeout=30)
        assert reply.status_code == 500

    def test_a_probability_with_a_seed_is_reproducible(self) -> None:
        """The same seed hits the same calls."""

        def hits() -> list[bool]:
            faults = Faults()
            faults.add(status=500, probability=0.3, seed=5)
            return [state_of(faults).next_for("GET", "/jobs") is not None for _ in range(200)]

        assert hits() == hits()
        assert 30 < sum(hits()) < 90

    def test_in_order(self) -> None:
        """Faults hit in the order in which they were set."""
        faults = Faults()
        faults.add(status=500, count=1)
        faults.add(status=502, count=1)
        assert len(faults.active()) == 2
        found = [state_of(faults).next_for("GET", "/x") for _ in range(3)]
        assert [fault.status if fault else None for fault in found] == [500, 502, None]
        assert faults.active() == []

    @pytest.mark.parametrize(
        "members",
        [
            {},
            {"status": 500, "drop": True},
            {"status": 200},
            {"delay": -1},
            {"colour": "red"},
            {"status": 500, "probability": 2},
        ],
    )
    def test_a_wrong_one_is_refused(self, members: dict[str, Any]) -> None:
        """A fault without or with two effects, and members out of range."""
        with pytest.raises(ValueError, match=r"."):
            Faults().add(**members)


class TestFromAnotherProcess:
    def test_set_shown_and_cleared(self, admin: Api) -> None:
        """POST, GET and DELETE /faults, with the token of an administrator."""
        api, base = admin, admin.service.base_url
        body = {"method": "GET", "path": "/jobs", "status": 503, "count": 1}
        assert api.session.post(f"{base}/faults", json=body, timeout=30).status_code == 204
        assert api.session.get(f"{base}/faults", timeout=30).json()["faults"] == [body]
        assert api.get("/jobs").status_code == 503
        shown = api.session.get(f"{base}/faults", timeout=30).json()
        assert shown["faults"] == []
        assert len(shown["hits"]) == 1
        assert api.session.delete(f"{base}/faults", timeout=30).status_code == 204
        assert api.session.get(f"{base}/faults", timeout=30).json()["hits"] == []

    @pytest.mark.parametrize(
        "body", [{}, {"status": 600}, {"what": 1}, {"status": 500, "drop": True}]
    )
    def test_wrong_faults_are_400(self, admin: Api, body: dict[str, Any]) -> None:
        """They are refused like any other wrong body."""
        reply = admin.session.post(f"{admin.service.base_url}/faults", json=body, timeout=30)
        assert reply.status_code == 400

    @pytest.mark.parametrize("method", ["POST", "GET", "DELETE"])
    def test_needs_an_administrator(self, bob: Api, method: str) -> None:
        """403 for other users, in words: faults hit everybody."""
        url = f"{bob.service.base_url}/faults"
        reply = bob.session.request(method, url, json={"status": 500}, timeout=30)
        assert reply.status_code == 403
        assert "administrators only, and 'bob' is not one" in reply.json()["errors"][0]["message"]
        assert bob.service.faults is not None
        assert bob.service.faults.active() == []

    def test_needs_a_token(self, local: LocalService) -> None:
        """Without a token the endpoint answers 401."""
        assert requests.get(f"{local.base_url}/faults", timeout=30).status_code == 401

    def test_is_off_by_default(self) -> None:
        """Then there is no endpoint, and `faults` is None."""
        with LocalService(users=[ALICE]) as service:
            assert service.faults is None
            api = Api(service, ALICE)
            reply = api.session.get(f"{service.base_url}/faults", timeout=30)
            assert reply.status_code == 404
            api.session.close()

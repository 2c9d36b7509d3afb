"""The endpoints below /jobs, called with plain requests."""

from __future__ import annotations

import json
import time
from datetime import datetime, timedelta, timezone

import pytest
import requests

from qiskit_rest_primitives.local import LocalService
from tests.local.conftest import ALICE, BELL, Api, HeldExecutor


def error_of(reply: requests.Response) -> dict[str, object]:
    """The one error of a container."""
    content = reply.json()
    assert content["trace"]
    (error,) = content["errors"]
    return error


class TestCreate:
    def test_returns_the_id_and_the_backend(self, api: Api) -> None:
        """POST /jobs answers with the id, and with the members of the request only."""
        reply = api.post_job()
        assert reply.status_code == 200
        assert set(reply.json()) == {"id", "backend"}
        assert reply.json()["backend"] == "statevector"

    def test_echoes_private(self, api: Api) -> None:
        """A private job says so in the reply."""
        assert api.post_job(private=True).json()["private"] is True

    def test_refuses_an_unknown_calibration(self, api: Api) -> None:
        """A job for a calibration that does not exist is 404, and is not stored."""
        before = api.json("/jobs")["count"]
        reply = api.post_job(calibration_id="nonsense")
        assert reply.status_code == 404
        assert "nonsense" in str(error_of(reply)["message"])
        assert api.json("/jobs")["count"] == before

    @pytest.mark.parametrize("program", ["sampler", "estimator"])
    def test_refuses_a_job_without_pubs(self, api: Api, program: str) -> None:
        """400 with the code of an invalid job and the path."""
        reply = api.post_job(program_id=program, params={"pubs": []})
        assert reply.status_code == 400
        assert error_of(reply)["code"] == 1002
        assert str(error_of(reply)["message"]).startswith("params.pubs")

    def test_refuses_options_that_exclude_each_other(self, api: Api) -> None:
        """400 that names both, though each of them is right."""
        params = {
            "pubs": [["OPENQASM 3; qubit q;", "Z"]],
            "options": {"resilience": {"zne_mitigation": True, "pec_mitigation": True}},
        }
        reply = api.post_job(program_id="estimator", params=params)
        assert reply.status_code == 400
        message = str(error_of(reply)["message"])
        assert message.startswith("params.options")
        assert "pec_mitigation" in message
        assert "zne_mitigation" in message

    def test_runs_the_documented_sampler_flow(self, api: Api) -> None:
        """Submit, poll state.status, read samples: as documented."""
        program = (
            'OPENQASM 3; include "stdgates.inc"; qreg q[2]; creg c[2]; x q[0];'
            " cx q[0], q[1]; c[0] = measure q[0]; c[1] = measure q[1];"
        )
        job_id = api.run(params={"pubs": [[program], [program, None, 500]]})
        results = api.json(f"/jobs/{job_id}/results")["results"]
        assert len(results[0]["data"]["c"]["samples"]) == 4096
        assert set(results[1]["data"]["c"]["samples"]) == {"0x3"}
        assert len(results[1]["data"]["c"]["samples"]) == 500

    @pytest.mark.parametrize("prefix", ["/v1", "/api/v1", "/experimental"])
    def test_is_served_below_every_prefix(self, local: LocalService, api: Api, prefix: str) -> None:
        """The same API is below /v1, /api/v1 and /experimental."""
        reply = api.session.get(f"{local.base_url}{prefix}/jobs", timeout=30)
        assert reply.status_code == 200

    @pytest.mark.parametrize(
        ("members", "path", "code"),
        [
            ({"program_id": "shor"}, "program_id", 1002),
            ({"params": {"pubs": [], "option": {}}}, "params.option", 1002),
            (
                {"params": {"pubs": [], "options": {"twirling": {"strategie": "all"}}}},
                "params.options.twirling.strategie",
                1002,
            ),
            ({"tags": ["a"] * 9}, "tags", 1204),
            ({"tags": ["a", "b" * 87]}, "tags", 1205),
            ({"cost": -1}, "cost", 1002),
            ({"session_id": "s" * 37}, "session_id", 1002),
            ({"private": "yes"}, "private", 1002),
        ],
    )
    def test_refuses_a_wrong_body_with_its_path(
        self, api: Api, members: dict[str, object], path: str, code: int
    ) -> None:
        """400 names the member that is wrong."""
        reply = api.post_job(**members)
        assert reply.status_code == 400
        error = error_of(reply)
        assert path in str(error["message"])
        assert error["code"] == code

    @pytest.mark.parametrize("body", [b"", b"{", b"[]", b"null", b"\xff\xfe", b"[" * 10_000])
    def test_refuses_other_json_than_an_object(self, api: Api, body: bytes) -> None:
        """It is 400."""
        reply = api.call("POST", "/jobs", data=body)
        assert reply.status_code == 400
        assert error_of(reply)["code"] == 1002

    def test_unknown_backend_is_404(self, api: Api) -> None:
        """404 with code 1007 lists the known backends."""
        reply = api.post_job(backend="ibm_nowhere")
        assert reply.status_code == 404
        assert error_of(reply)["code"] == 1007
        assert "statevector" in str(error_of(reply)["solution"])

    def test_cost_is_capped_and_kept(self, api: Api) -> None:
        """A job's cost is its time limit; by default it is the service's limit."""
        assert api.json(f"/jobs/{api.submit(cost=7)}")["cost"] == 7
        assert api.json(f"/jobs/{api.submit()}")["cost"] == 10_800


class TestDetails:
    def test_has_all_required_members(self, api: Api) -> None:
        """GET /jobs/{id} has every required member, and params unless excluded."""
        job_id = api.run(tags=["one", "two"], log_level="debug", runtime="image")
        job = api.json(f"/jobs/{job_id}")
        assert job["id"] == job_id
        assert job["program"] == {"id": "sampler"}
        assert job["state"] == {"status": "Completed"}
        assert job["status"] == "Completed"
        assert job["tags"] == ["one", "two"]
        assert job["runtime"] == "image"
        assert job["usage"]["status"] == "complete"
        assert job["params"] == {"pubs": [[BELL, None, 10]], "version": 2}
        assert "private" not in job
        created = datetime.fromisoformat(job["created"].replace("Z", "+00:00"))
        assert abs(datetime.now(timezone.utc) - created) < timedelta(minutes=5)
        assert "params" not in api.json(f"/jobs/{job_id}", exclude_params="true")

    def test_keeps_large_params(self, api: Api) -> None:
        """Params of megabytes come back as they were sent."""
        pubs = [[f"{BELL} // {'x' * 300_000}", None, 1]]
        job_id = api.run(params={"pubs": pubs})
        assert api.json(f"/jobs/{job_id}")["params"]["pubs"] == pubs

    def test_a_failure_says_why(self, api: Api) -> None:
        """A failed job has a reason and no results."""
        job_id = api.run(params={"pubs": [["OPENQASM 3; bit c; nonsense"]]})
        state = api.json(f"/jobs/{job_id}")["state"]
        assert state["status"] == "Failed"
        assert state["reason"]
        assert api.get(f"/jobs/{job_id}/results").status_code == 204

    @pytest.mark.parametrize("version", ["2026-02-15", "2026-03-15"])
    def test_older_versions_have_more_usage(self, local: LocalService, version: str) -> None:
        """Members that later versions dropped are in replies of older versions."""
        api = Api(local, ALICE, version)
        usage = api.json(f"/jobs/{api.run()}")["usage"]
        assert "circuits_execution_time_ns" in usage
        assert ("quantum_seconds" in usage) == (version == "2026-02-15")

    @pytest.mark.parametrize(
        "job_id", ["nope", "..%2Fbackends", "%2e%2e", "a%00b", "a'--", "é", "x" * 5000]
    )
    def test_an_unknown_id_is_404(self, api: Api, job_id: str) -> None:
        """Unknown ids, and ids with path segments."""
        for method, path in [("GET", ""), ("GET", "/results"), ("POST", "/cancel"), ("DELETE", "")]:
            reply = api.call(method, f"/jobs/{job_id}{path}")
            assert reply.status_code == 404
            assert error_of(reply)["code"] in (1291, 9404)

    def test_another_users_job_is_404(self, api: Api, bob: Api) -> None:
        """The reply does not reveal that the job exists."""
        job_id = api.run()
        for method, path in [
            ("GET", ""),
            ("GET", "/results"),
            ("GET", "/logs"),
            ("GET", "/metrics"),
            ("POST", "/cancel"),
            ("PUT", "/tags"),
            ("DELETE", ""),
        ]:
            reply = bob.call(method, f"/jobs/{job_id}{path}", json={"tags": []})
            assert reply.status_code == 404
            assert error_of(reply)["code"] == 1291
        assert job_id not in bob.get("/jobs").text
        assert api.get(f"/jobs/{job_id}").status_code == 200


@pytest.fixture(scope="module")
def jobs(local: LocalService) -> tuple[Api, list[str]]:
    """Five finished jobs of a batch, oldest first, the third an estimator's."""
    api = Api(local, ALICE)
    session = api.call("POST", "/sessions", json={"mode": "batch", "backend": "statevector"})
    ids: list[str] = []
    for index in range(5):
        members: dict[str, object] = {"tags": ["five-jobs", f"n{index}"]}
        if index == 2:
            members["program_id"] = "estimator"
            members["params"] = {"pubs": [[BELL.split(" c[0]")[0], "ZZ"]]}
        ids.append(api.run(session_id=session.json()["id"], **members))
        time.sleep(0.002)
    return api, ids


class TestList:
    def test_newest_first(self, jobs: tuple[Api, list[str]]) -> None:
        """Sorted by creation, descending by default."""
        api, ids = jobs
        content = api.json("/jobs", tags="five-jobs")
        assert [job["id"] for job in content["jobs"]] == ids[::-1]
        assert (content["count"], content["offset"], content["limit"]) == (5, 0, 200)
        ascending = api.json("/jobs", tags="five-jobs", sort="ASC")
        assert [job["id"] for job in ascending["jobs"]] == ids

    def test_pages(self, jobs: tuple[Api, list[str]]) -> None:
        """Limit and offset select a page; count is the number of all matches."""
        api, ids = jobs
        content = api.json("/jobs", tags="five-jobs", limit=2, offset=1)
        assert [job["id"] for job in content["jobs"]] == ids[::-1][1:3]
        assert (content["count"], content["offset"], content["limit"]) == (5, 1, 2)

    @pytest.mark.parametrize("limit", [0, 201, -3])
    def test_a_limit_out_of_range_is_the_default(
        self, jobs: tuple[Api, list[str]], limit: int
    ) -> None:
        """As on the service, it is 200."""
        assert jobs[0].json("/jobs", limit=limit)["limit"] == 200

    def test_params_only_if_asked(self, jobs: tuple[Api, list[str]]) -> None:
        """exclude_params is true by default."""
        api, _ = jobs
        assert "params" not in api.json("/jobs", tags="n0")["jobs"][0]
        listed = api.json("/jobs", tags="n0", exclude_params="false")["jobs"]
        assert listed[0]["params"]["pubs"] == [[BELL, None, 10]]

    def test_filters(self, jobs: tuple[Api, list[str]]) -> None:
        """Each filter alone; a job must have all of several tags."""
        api, ids = jobs
        session_id = api.json(f"/jobs/{ids[0]}")["session_id"]
        middle = api.json(f"/jobs/{ids[2]}")["created"]

        def found(**filters: object) -> list[str]:
            return [job["id"] for job in api.json("/jobs", sort="ASC", **filters)["jobs"]]

        assert found(session_id=session_id) == ids
        assert found(session_id=session_id, program="estimator") == [ids[2]]
        assert found(session_id=session_id, backend="statevector") == ids
        assert found(backend="other") == []
        assert found(tags=["five-jobs", "n3"]) == [ids[3]]
        assert found(tags=["n0", "n3"]) == []
        assert found(session_id=session_id, pending="true") == []
        assert found(session_id=session_id, pending="false") == ids
        assert found(session_id=session_id, created_after=middle) == ids[2:]
        assert found(session_id=session_id, created_before=middle) == ids[:3]
        with_offset = middle.replace("Z", "+00:00")
        assert found(session_id=session_id, created_before=with_offset) == ids[:3]

    def test_pending(self, held: tuple[Api, HeldExecutor]) -> None:
        """Pending is Queued and Running."""
        api, executor = held
        job_id = api.submit()
        assert [job["id"] for job in api.json("/jobs", pending="true")["jobs"]] == [job_id]
        assert api.json("/jobs", pending="false")["jobs"] == []
        executor.release()
        api.wait(job_id)
        assert api.json("/jobs", pending="true")["count"] == 0

    def test_no_job_has_more_tags_than_allowed(self, api: Api) -> None:
        """A list of jobs with nine tags is empty."""
        assert api.json("/jobs", tags=[f"t{number}" for number in range(9)])["count"] == 0

    def test_bracketed_keys_are_ignored(self, jobs: tuple[Api, list[str]]) -> None:
        """tags[]= matches everything, as on the service."""
        assert jobs[0].json("/jobs", **{"tags[]": "nope"})["count"] >= 5

    @pytest.mark.parametrize(
        "query",
        [
            {"limit": "many"},
            {"offset": "1.5"},
            {"pending": "maybe"},
            {"exclude_params": "1"},
            {"created_after": "yesterday"},
            {"created_before": "0001-01-01T00:00:00+23:59"},
            {"sort": "UP"},
        ],
    )
    def test_refuses_values_of_the_wrong_form(self, api: Api, query: dict[str, str]) -> None:
        """400 names the key; a very early time is valid."""
        reply = api.get("/jobs", **query)
        if "0001" in str(query):
            assert reply.status_code in (200, 400)
        else:
            assert reply.status_code == 400
            assert next(iter(query)) in str(error_of(reply)["message"])

    def test_refuses_to_list_too_large_params(
        self, api: Api, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Params of all listed jobs together are bounded."""
        from qiskit_rest_primitives.local.api import jobs

        monkeypatch.setattr(jobs, "LISTED_PARAMS_BYTES", 100)
        api.run()
        reply = api.get("/jobs", exclude_params="false")
        assert reply.status_code == 400
        assert "limit" in str(error_of(reply)["solution"])


class TestResults:
    def test_has_its_length(self, api: Api) -> None:
        """A result has a Content-Length, so that clients notice a truncated one."""
        reply = api.get(f"/jobs/{api.run()}/results")
        assert int(reply.headers["Content-Length"]) == len(reply.content)
        assert reply.headers["Content-Type"] == "application/json"

    def test_streams_a_large_one(self, api: Api) -> None:
        """A result of megabytes is complete, and can be read again."""
        job_id = api.run(params={"pubs": [[BELL, None, 300_000]]})
        first = api.get(f"/jobs/{job_id}/results")
        assert len(first.content) > 1_000_000
        assert len(first.json()["results"][0]["data"]["c"]["samples"]) == 300_000
        head = api.call("HEAD", f"/jobs/{job_id}/results")
        assert int(head.headers["Content-Length"]) == len(first.content)
        assert head.content == b""
        assert api.get(f"/jobs/{job_id}/results").content == first.content

    @pytest.mark.parametrize("shots", [10, 100_000])
    def test_a_private_one_is_read_once(self, api: Api, shots: int) -> None:
        """The first GET returns it, the next is 204; HEAD does not count."""
        job_id = api.run(private=True, params={"pubs": [[BELL, None, shots]]})
        assert api.call("HEAD", f"/jobs/{job_id}/results").status_code == 200
        first = api.get(f"/jobs/{job_id}/results")
        assert len(first.json()["results"][0]["data"]["c"]["samples"]) == shots
        assert api.get(f"/jobs/{job_id}/results").status_code == 204
        job = api.json(f"/jobs/{job_id}")
        assert job["params"] == {}
        assert job["private"] is True
        assert not list(api.service.folder.glob(f"**/{job_id}*"))

    def test_204_until_completed(self, held: tuple[Api, HeldExecutor]) -> None:
        """There is no result before the end, and none for a cancelled job."""
        api, executor = held
        job_id = api.submit()
        assert api.get(f"/jobs/{job_id}/results").status_code == 204
        api.call("POST", f"/jobs/{job_id}/cancel")
        executor.release()
        assert api.wait(job_id)["state"]["status"] == "Cancelled"
        reply = api.get(f"/jobs/{job_id}/results")
        assert (reply.status_code, reply.content) == (204, b"")


class TestLogsAndMetrics:
    def test_logs_are_text(self, api: Api) -> None:
        """Logs are plain text once the job is final."""
        reply = api.get(f"/jobs/{api.run()}/logs")
        assert reply.status_code == 200
        assert reply.headers["Content-Type"].startswith("text/plain")
        assert reply.text

    def test_no_logs_is_404(self, held: tuple[Api, HeldExecutor]) -> None:
        """There are none before the job is final."""
        api, _ = held
        assert api.get(f"/jobs/{api.submit()}/logs").status_code == 404

    def test_metrics(self, api: Api) -> None:
        """Timestamps are in order, usage is complete, and Qiskit's version is named."""
        import qiskit

        metrics = api.json(f"/jobs/{api.run()}/metrics")
        times = metrics["timestamps"]
        assert times["created"] <= times["running"] <= times["finished"]
        assert set(metrics["usage"]) == {"qpu_charge_time_seconds", "status"}
        assert metrics["usage"]["status"] == "complete"
        assert metrics["qiskit_version"] == qiskit.__version__
        assert metrics["circuits_execution_time_ns"] >= 0

    def test_metrics_of_older_versions(self, local: LocalService) -> None:
        """They have bss and usage.seconds, in whole seconds, rounded up."""
        api = Api(local, ALICE, version=None)
        metrics = api.json(f"/jobs/{api.run()}/metrics")
        assert metrics["bss"] == {"seconds": 1}
        assert (metrics["usage"]["seconds"], metrics["usage"]["quantum_seconds"]) == (1, 1)
        assert "circuits_execution_time_ns" not in metrics

    def test_metrics_of_a_waiting_job(self, held: tuple[Api, HeldExecutor]) -> None:
        """Usage is pending, and finished is null."""
        api, _ = held
        metrics = api.json(f"/jobs/{api.submit()}/metrics")
        assert metrics["usage"]["status"] == "pending"
        assert metrics["timestamps"]["finished"] is None


class TestCancel:
    def test_a_queued_job_ends_at_once(self, held: tuple[Api, HeldExecutor]) -> None:
        """204, and the next GET shows Cancelled."""
        api, _ = held
        ids = [api.submit() for _ in range(12)]
        assert api.json(f"/jobs/{ids[-1]}")["state"]["status"] == "Queued"
        assert api.call("POST", f"/jobs/{ids[-1]}/cancel").status_code == 204
        state = api.json(f"/jobs/{ids[-1]}")["state"]
        assert state["status"] == "Cancelled"
        assert state["reason"]

    def test_a_running_job_ends_soon(self, held: tuple[Api, HeldExecutor]) -> None:
        """204, and it becomes Cancelled."""
        api, executor = held
        job_id = api.submit()
        api.wait(job_id, "Running")
        assert api.call("POST", f"/jobs/{job_id}/cancel").status_code == 204
        executor.release()
        assert api.wait(job_id)["state"]["status"] == "Cancelled"

    def test_a_final_job_is_409(self, api: Api) -> None:
        """It can't be cancelled."""
        reply = api.call("POST", f"/jobs/{api.run()}/cancel")
        assert reply.status_code == 409
        assert "final" in str(error_of(reply)["message"])

    def test_running_too_long(self, held: tuple[Api, HeldExecutor]) -> None:
        """A job that exceeds its cost is Cancelled with 1305, which the flat status shows, too."""
        api, _ = held
        job = api.wait(api.submit(cost=1))
        assert job["state"]["status"] == "Cancelled"
        assert job["state"]["reason_code"] == 1305
        assert job["status"] == "Cancelled - Ran too long"


class TestDelete:
    def test_a_final_job_is_deleted(self, api: Api) -> None:
        """204, then 404; its bodies are deleted, too."""
        job_id = api.run(params={"pubs": [[BELL, None, 100_000]]})
        assert list(api.service.folder.glob(f"**/{job_id}*"))
        assert api.call("DELETE", f"/jobs/{job_id}").status_code == 204
        assert api.get(f"/jobs/{job_id}").status_code == 404
        assert not list(api.service.folder.glob(f"**/{job_id}*"))

    def test_a_pending_job_is_not_deleted(self, held: tuple[Api, HeldExecutor]) -> None:
        """400, and the job still exists."""
        api, _ = held
        job_id = api.submit()
        assert api.call("DELETE", f"/jobs/{job_id}").status_code == 400
        assert api.get(f"/jobs/{job_id}").status_code == 200


class TestTags:
    def test_are_replaced_and_cleared(self, api: Api) -> None:
        """PUT replaces all tags; an empty list clears them."""
        job_id = api.run(tags=["old-tag"])
        assert api.call("PUT", f"/jobs/{job_id}/tags", json={"tags": ["new-a", "new-b"]}).ok
        assert api.json(f"/jobs/{job_id}")["tags"] == ["new-a", "new-b"]
        assert api.json("/jobs", tags="new-a")["count"] == 1
        assert api.json("/jobs", tags="old-tag")["count"] == 0
        reply = api.call("PUT", f"/jobs/{job_id}/tags", json={"tags": []})
        assert (reply.status_code, reply.content) == (204, b"")
        assert api.json(f"/jobs/{job_id}")["tags"] == []

    @pytest.mark.parametrize(
        ("body", "code"),
        [
            ({"tags": ["t"] * 9}, 1204),
            ({"tags": ["t" * 87]}, 1205),
            ({"tags": [1]}, 9400),
            ({"tag": []}, 9400),
            ([], 9400),
        ],
    )
    def test_wrong_ones_are_refused(self, api: Api, body: object, code: int) -> None:
        """400 for too many, too long, or not a list of strings."""
        reply = api.call("PUT", f"/jobs/{api.run()}/tags", data=json.dumps(body))
        assert reply.status_code == 400
        assert error_of(reply)["code"] == code

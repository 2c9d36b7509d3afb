"""Identity, versions, instance, usage, tags and health, called with plain requests."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
import requests

from qiskit_rest_primitives.local import LocalService
from qiskit_rest_primitives.local.times import iso_time, read_time, wall_clock
from tests.local.conftest import ALICE, BOB, Api
from tests.tokens import secret

GRANT = "urn:ibm:params:oauth:grant-type:apikey"


def identity(local: LocalService, **form: str) -> requests.Response:
    """POST /identity/token."""
    return requests.post(f"{local.base_url}/identity/token", data=form, timeout=30)


def jobs_with(local: LocalService, authorization: str | None, **headers: str) -> requests.Response:
    """GET /jobs with a header Authorization."""
    if authorization is not None:
        headers["Authorization"] = authorization
    return requests.get(f"{local.url}/jobs", headers=headers, timeout=30)


class TestIdentity:
    def test_gives_a_signed_token(self, local: LocalService) -> None:
        """The reply is the identity service's, and the API accepts the token."""
        reply = identity(local, grant_type=GRANT, apikey=ALICE.token, response_type="cloud_iam")
        assert reply.status_code == 200
        content = reply.json()
        assert content["token_type"] == "Bearer"
        assert content["expires_in"] == 3600
        claims = content["access_token"].split(".")[1]
        claims = json.loads(base64.urlsafe_b64decode(claims + "=" * (-len(claims) % 4)))
        assert claims["exp"] - claims["iat"] == pytest.approx(3600, abs=1)
        assert claims["exp"] == content["expiration"]
        assert ALICE.token not in reply.text
        assert jobs_with(local, f"Bearer {content['access_token']}").status_code == 200

    @pytest.mark.parametrize(
        ("form", "code"),
        [
            ({"grant_type": GRANT, "apikey": secret("wrong")}, "BXNIM0415E"),
            ({"grant_type": GRANT}, "BXNIM0415E"),
            ({"grant_type": "password", "apikey": ALICE.token}, "BXNIM0109E"),
            ({}, "BXNIM0109E"),
            ({"a": "b" * 100_000}, "BXNIM0106E"),
        ],
    )
    def test_refuses_as_the_identity_service_does(
        self, local: LocalService, form: dict[str, str], code: str
    ) -> None:
        """400 (413) with errorCode, not the API's container."""
        reply = identity(local, **form)
        assert reply.status_code in (400, 413)
        assert reply.json()["errorCode"] == code
        assert "errors" not in reply.json()

    def test_only_post(self, local: LocalService) -> None:
        """Other methods are 405."""
        reply = requests.get(f"{local.base_url}/identity/token", timeout=30)
        assert reply.status_code == 405

    def test_tokens_can_be_expired(self, local: LocalService) -> None:
        """expire_tokens makes issued tokens 401 and leaves keys valid."""
        issued = identity(local, grant_type=GRANT, apikey=BOB.token).json()["access_token"]
        assert jobs_with(local, f"Bearer {issued}").status_code == 200
        local.expire_tokens()
        assert jobs_with(local, f"Bearer {issued}").status_code == 401
        assert jobs_with(local, f"Bearer {BOB.token}").status_code == 200


class TestAuthorization:
    @pytest.mark.parametrize("scheme", ["Bearer", "bearer", "apikey"])
    def test_a_key_is_accepted_as_a_token(self, local: LocalService, scheme: str) -> None:
        """As a bearer token, and in the official client's fallback."""
        assert jobs_with(local, f"{scheme} {ALICE.token}").status_code == 200

    @pytest.mark.parametrize(
        "authorization",
        [
            None,
            "",
            "Bearer",
            pytest.param(f"Bearer {secret('wrong')}", id="a key of nobody"),
            "Basic YWxpY2U6YQ==",
            "Bearer a.b.c",
            "Bearer ..",
            "Bearer " + "x" * 20_000,
            "Bearer \xe9.\xe9.\xe9",
        ],
    )
    def test_anything_else_is_401(self, local: LocalService, authorization: str | None) -> None:
        """401 with code 1201 in the container."""
        reply = jobs_with(local, authorization)
        assert reply.status_code == 401
        assert reply.json()["errors"][0]["code"] == 1201
        assert reply.headers["WWW-Authenticate"] == "Bearer"

    def test_every_path_needs_a_token(self, local: LocalService) -> None:
        """No path of the API except /versions answers without a token."""
        from qiskit_rest_primitives.local.api.endpoints import HANDLERS

        for method, path, _ in HANDLERS:
            reply = requests.request(method, local.url + path.replace("{", ""), timeout=30)
            assert reply.status_code == 401, (method, path)

    def test_a_foreign_instance_is_1279(self, local: LocalService) -> None:
        """404, as on the real service, not 401."""
        headers = {"Service-CRN": BOB.instances[0]}
        reply = jobs_with(local, f"Bearer {ALICE.token}", **headers)
        assert reply.status_code == 404
        assert reply.json()["errors"][0]["code"] == 1279

    def test_the_default_instance_is_the_first(self, local: LocalService, api: Api) -> None:
        """It is used without Service-CRN."""
        api.run()
        assert jobs_with(local, f"Bearer {ALICE.token}").json()["count"] >= 1


class TestVersions:
    def test_are_listed_without_a_token(self, local: LocalService) -> None:
        """One live version; the deprecated ones have a sunset."""
        versions = requests.get(f"{local.url}/versions", timeout=30).json()["versions"]
        live = [entry["version"] for entry in versions if entry["status"] == "live"]
        assert live == ["2026-04-15"]
        assert all("sunset_date" in entry for entry in versions if entry["status"] == "deprecated")
        assert len(versions) == 7

    def test_an_unknown_one_is_400(self, local: LocalService) -> None:
        """An unknown version is refused, with a list of the known ones."""
        reply = Api(local, ALICE, "2026-04-16").get("/jobs")
        assert reply.status_code == 400
        assert "2026-04-15" in reply.json()["errors"][0]["solution"]

    @pytest.mark.parametrize("version", [None, "2024-01-01", "2025-05-01", "2026-02-01"])
    def test_old_ones_are_accepted(self, local: LocalService, version: str | None) -> None:
        """Deprecated versions still work; without a version the oldest is used."""
        assert Api(local, ALICE, version).get("/jobs").status_code == 200


class TestInstance:
    def test_describes_itself(self, api: Api) -> None:
        """GET /instance has its backends and limits."""
        content = api.json("/instance")
        assert "statevector" in content["backends"]
        assert {"plan_id", "instance_limit_seconds", "usage_allocation_seconds"} <= set(content)

    def test_usage_grows_with_jobs(self, api: Api) -> None:
        """Seconds used in the last 28 days; an older guide's path works, too."""
        before = api.json("/instances/usage")
        assert before["instance_id"] == ALICE.instances[0]
        assert set(before["usage_period"]) == {"start_time", "end_time"}
        measured = "OPENQASM 3; bit[1] c; c[0] = measure $0;"
        api.run(backend="fake_5q", params={"pubs": [[measured, None, 10]], "version": 2})
        after = api.json("/usage")["usage_consumed_seconds"]
        assert isinstance(after, int)
        assert after > before["usage_consumed_seconds"]

    def test_a_limit_stops_submissions(self, bob: Api, admin: Api) -> None:
        """409 once the instance has used up its limit; null removes the limit."""
        admin.session.headers["Service-CRN"] = BOB.instances[0]
        path = "/instances/configuration"
        assert bob.json(path) == {"instance_limit": None}
        bob.run()
        reply = admin.call("PUT", path, json={"instance_limit": 0})
        assert (reply.status_code, reply.content) == (204, b"")
        assert bob.json(path) == {"instance_limit": 0}
        assert bob.json("/instance")["instance_limit"] == 0
        assert bob.json("/instances/usage")["usage_limit_reached"] is True
        refused = bob.post_job()
        assert refused.status_code == 409
        assert "limit" in refused.json()["errors"][0]["message"]
        assert admin.call("PUT", path, json={"instance_limit": None}).status_code == 204
        assert bob.post_job().status_code == 200

    @pytest.mark.parametrize("body", [{}, {"instance_limit": -1}, {"instance_limit": "1"}, 5])
    def test_a_wrong_limit_is_400(self, admin: Api, body: Any) -> None:
        """The limit is a whole number of seconds or null."""
        assert admin.call("PUT", "/instances/configuration", json=body).status_code == 400


class TestTagSearch:
    def test_finds_parts_of_any_case(self, api: Api, bob: Api) -> None:
        """The caller's tags that contain the text."""
        api.run(tags=["Needle-1", "straw"])
        api.run(tags=["needle-2"])
        assert api.json("/tags", type="job", search="needle")["tags"] == ["Needle-1", "needle-2"]
        assert bob.json("/tags", type="job", search="needle")["tags"] == []

    @pytest.mark.parametrize(
        "query",
        [
            {"search": "abc"},
            {"type": "job"},
            {"type": "job", "search": "ab"},
            {"type": "job", "search": "a" * 101},
            {"type": "backend", "search": "abc"},
        ],
    )
    def test_needs_both_keys(self, api: Api, query: dict[str, str]) -> None:
        """400 without type=job or with a search of the wrong length."""
        assert api.get("/tags", **query).status_code == 400


def test_health_needs_no_token(local: LocalService) -> None:
    """GET /health answers without one."""
    reply = requests.get(f"{local.base_url}/health", timeout=30)
    assert reply.json()["status"] == "ok"


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/nothing", 404),
        ("GET", "/jobs/", 404),
        ("PATCH", "/jobs", 405),
        ("DELETE", "/backends", 405),
    ],
)
def test_wrong_paths_and_methods_use_the_container(
    api: Api, method: str, path: str, status: int
) -> None:
    """404 and 405 have the container of every other error, and 405 lists the allowed methods."""
    reply = api.call(method, path)
    assert reply.status_code == status
    assert reply.json()["errors"][0]["code"] == 9000 + status
    if status == 405:
        assert "GET" in reply.headers["Allow"]


def test_an_exception_is_a_500_in_the_container(
    local: LocalService, api: Api, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """The reply's trace id is in the log with the traceback; the service continues."""

    def fail(*_: object) -> None:
        raise ZeroDivisionError("why")

    store: Any = local._store
    monkeypatch.setattr(store, "job", fail)
    reply = api.get("/jobs/x")
    assert reply.status_code == 500
    assert reply.json()["errors"][0]["code"] == 9500
    assert reply.json()["trace"] in caplog.text
    assert "ZeroDivisionError: why" in caplog.text
    assert "why" not in reply.text
    monkeypatch.undo()
    assert api.get("/jobs/x").status_code == 404


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("1970-01-01T00:00:01Z", 1.0),
        ("1970-01-01T00:00:01", 1.0),
        ("1970-01-01T02:00:00+02:00", 0.0),
        ("1970-01-01T02:00:00 02:00", 0.0),
        ("1970-01-02", 86_400.0),
    ],
)
def test_times_are_read_in_every_common_form(text: str, seconds: float) -> None:
    """Z, an offset, none, and an offset whose plus was not escaped in the query."""
    assert read_time(text) == seconds


def test_a_time_of_a_reply_is_a_valid_filter() -> None:
    """A job's creation time in a filter finds the job."""
    now = wall_clock()
    assert read_time(iso_time(now)) == now

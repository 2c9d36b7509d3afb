"""Every endpoint's reply has the form of the API's description.

The table of the application drives it: an endpoint without a schema fails by its name.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import requests
from jsonschema import Draft202012Validator

from qiskit_rest_primitives.local import LocalService
from qiskit_rest_primitives.local.api.endpoints import CLOUD_HANDLERS, HANDLERS
from tests.local.api import reply_schemas
from tests.local.conftest import ADMIN, Api

MEASURED = "OPENQASM 3; bit[1] c; c[0] = measure $0;"
ACCOUNT = ADMIN.instances[0].split(":a/")[1].split(":")[0]

SCHEMAS: dict[tuple[str, str], reply_schemas.Schema | None] = {
    ("GET", "/jobs/{job_id}"): reply_schemas.JOB,
    ("GET", "/jobs/{job_id}/results"): reply_schemas.PLAIN_RESULT,
    ("POST", "/jobs"): reply_schemas.JOB_CREATED,
    ("GET", "/jobs"): reply_schemas.JOBS,
    ("DELETE", "/jobs/{job_id}"): None,
    ("GET", "/jobs/{job_id}/logs"): reply_schemas.TEXT,
    ("GET", "/jobs/{job_id}/metrics"): reply_schemas.METRICS,
    ("GET", "/jobs/{job_id}/transpiled_circuits"): reply_schemas.obj({"url": reply_schemas.TEXT}),
    ("GET", "/jobs/{job_id}/interim_results"): None,
    ("POST", "/jobs/{job_id}/cancel"): None,
    ("PUT", "/jobs/{job_id}/tags"): None,
    ("POST", "/sessions"): reply_schemas.SESSION,
    ("GET", "/sessions/{session_id}"): reply_schemas.SESSION,
    ("PATCH", "/sessions/{session_id}"): None,
    ("DELETE", "/sessions/{session_id}/close"): None,
    ("GET", "/backends"): reply_schemas.DEVICES,
    ("GET", "/backends/{name}/configuration"): reply_schemas.CONFIGURATION,
    ("GET", "/backends/{name}/properties"): reply_schemas.PROPERTIES,
    ("GET", "/backends/{name}/status"): reply_schemas.STATUS,
    ("GET", "/backends/{name}/defaults"): reply_schemas.NULL,
    ("GET", "/tags"): reply_schemas.obj({"tags": reply_schemas.items(reply_schemas.TEXT)}),
    ("GET", "/workloads"): reply_schemas.WORKLOADS,
    ("GET", "/instance"): reply_schemas.INSTANCE,
    ("GET", "/instances/usage"): reply_schemas.INSTANCE_USAGE,
    ("GET", "/usage"): reply_schemas.INSTANCE_USAGE,
    ("GET", "/instances/configuration"): reply_schemas.obj(
        {"instance_limit": reply_schemas.maybe(reply_schemas.INTEGER)}
    ),
    ("PUT", "/instances/configuration"): None,
    ("GET", "/accounts/{account_id}"): reply_schemas.ACCOUNT,
    ("GET", "/analytics/filters"): reply_schemas.ANALYTICS_FILTERS,
    ("GET", "/analytics/usage"): reply_schemas.obj(reply_schemas.FIGURES),
    ("GET", "/analytics/usage_grouped"): reply_schemas.GROUPED,
    ("GET", "/analytics/usage_grouped_by_date"): reply_schemas.GROUPED_BY_DATE,
    ("GET", "/local"): reply_schemas.CATALOGUE_ENTRY,
    ("POST", "/v3/resources/search"): reply_schemas.SEARCH,
    ("GET", "/v2/resource_instances"): reply_schemas.RESOURCES,
}
"""Endpoint -> the form of its reply; None for 204, which has no body."""

BODIES: dict[tuple[str, str], Any] = {
    ("POST", "/jobs"): {
        "program_id": "sampler",
        "backend": "fake_5q",
        "params": {"pubs": [[MEASURED, None, 10]], "version": 2},
        "tags": ["a-tag"],
    },
    ("PUT", "/jobs/{job_id}/tags"): {"tags": ["a-tag"]},
    ("POST", "/sessions"): {"mode": "batch", "backend": "statevector"},
    ("PATCH", "/sessions/{session_id}"): {"accepting_jobs": False},
    ("PUT", "/instances/configuration"): {"instance_limit": 3600},
    ("POST", "/v3/resources/search"): {"query": "*", "fields": ["*"]},
}
QUERIES: dict[str, dict[str, str]] = {
    "/tags": {"type": "job", "search": "a-tag"},
    "/analytics/usage_grouped": {"group_by": "backend"},
    "/analytics/usage_grouped_by_date": {"group_by": "instance"},
}
ENDPOINTS = [(method, path) for method, path, _ in (*HANDLERS, *CLOUD_HANDLERS)]


@pytest.fixture(scope="module")
def api() -> Iterator[Api]:
    """Calls to a service with jobs of each kind and sessions, some closed."""
    with LocalService(users=[ADMIN]) as service:
        api = Api(service, ADMIN)
        api.run(params={"pubs": [["OPENQASM 3; gibberish"]], "version": 2})
        session = api.call(
            "POST", "/sessions", json={"mode": "dedicated", "backend": "statevector"}
        )
        api.run(session_id=session.json()["id"])
        yield api
        api.session.close()


def call(api: Api, method: str, path: str) -> requests.Response:
    """A call of an endpoint that must succeed; what its path names is made for it."""
    root = api.service.base_url if path.startswith(("/v2", "/v3")) else api.service.url
    named = {"name": "fake_27q", "account_id": ACCOUNT}
    if "{session_id}" in path:
        made = api.call("POST", "/sessions", json=BODIES["POST", "/sessions"])
        named["session_id"] = made.json()["id"]
    if path.endswith("/cancel"):
        long = {"pubs": [[MEASURED, None, 100_000]] * 100, "version": 2}
        named["job_id"] = api.submit(backend="fake_5q", params=long)
    elif "{job_id}" in path:
        named["job_id"] = api.run(**BODIES["POST", "/jobs"])
    return api.session.request(
        method,
        root + path.format(**named),
        json=BODIES.get((method, path)),
        params=QUERIES.get(path),
        timeout=30,
    )


def content(reply: requests.Response) -> Any:
    """The body, read by its type."""
    return reply.json() if "json" in reply.headers["Content-Type"] else reply.text


def check(value: Any, schema: reply_schemas.Schema) -> None:
    """Fails with each place that differs from the form."""
    Draft202012Validator.check_schema(schema)
    wrong = [
        f"{error.json_path}: {error.message[:300]}"
        for error in Draft202012Validator(schema).iter_errors(value)
    ]
    assert not wrong, "\n".join(wrong)


def test_every_endpoint_has_a_form() -> None:
    """None is forgotten, and none is of an endpoint that is gone."""
    assert sorted(SCHEMAS) == sorted(ENDPOINTS)


@pytest.mark.parametrize("endpoint", ENDPOINTS, ids=lambda endpoint: " ".join(endpoint))
def test_the_reply_has_its_form(api: Api, endpoint: tuple[str, str]) -> None:
    """Required fields, types and the words that are allowed; 204 without a body."""
    method, path = endpoint
    reply = call(api, method, path)
    schema = SCHEMAS[endpoint]
    if schema is None:
        assert (reply.status_code, reply.content) == (204, b"")
    else:
        assert reply.status_code == 200, reply.text
        check(content(reply), schema)


@pytest.mark.parametrize("name", ["statevector", "fake_5q", "fake_127q"])
def test_every_kind_of_backend_has_the_forms(api: Api, name: str) -> None:
    """Simulators and devices, with and without parts that do not work."""
    for last in ("configuration", "properties", "status"):
        schema = SCHEMAS["GET", f"/backends/{{name}}/{last}"]
        assert schema is not None
        check(api.json(f"/backends/{name}/{last}"), schema)


def test_what_needs_no_token(api: Api) -> None:
    """The versions, and the token that an API key is exchanged for."""
    check(api.json("/versions"), reply_schemas.VERSIONS)
    form = {"grant_type": "urn:ibm:params:oauth:grant-type:apikey", "apikey": ADMIN.token}
    reply = requests.post(f"{api.service.base_url}/identity/token", data=form, timeout=30)
    check(reply.json(), reply_schemas.TOKEN)


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/jobs/unknown", 404),
        ("GET", "/nowhere", 404),
        ("PUT", "/jobs", 405),
        ("POST", "/jobs", 400),
        ("GET", "/tags", 400),
    ],
)
def test_errors_have_one_form(api: Api, method: str, path: str, status: int) -> None:
    """The container of the API, whatever went wrong."""
    reply = api.call(method, path)
    assert reply.status_code == status
    check(reply.json(), reply_schemas.ERRORS)


@pytest.mark.slow
def test_results_pass_the_published_schemas(api: Api) -> None:
    """ibm-quantum-schemas accepts the results of both programs, with and without twirling."""
    pytest.importorskip("ibm_quantum_schemas")
    from ibm_quantum_schemas.estimator.version_0_1 import PrimitiveResultWrapperModel as Estimated
    from ibm_quantum_schemas.sampler.version_0_1 import PrimitiveResultWrapperModel as Sampled

    def run(program: str, pub: list[Any], twirled: bool, **params: Any) -> bytes:
        params |= {"pubs": [pub], "version": 2, "support_qiskit": True}
        params["options"] = {"twirling": {"enable_measure": twirled}}
        job_id = api.run(program_id=program, backend="fake_5q", params=params)
        return api.get(f"/jobs/{job_id}/results").content

    for twirled in (False, True):
        Sampled.model_validate_json(run("sampler", [MEASURED, None, 64], twirled))
        pub = ["OPENQASM 3; qubit[1] q;", {"Z": 1.0}, None, 0.1]
        body = run("estimator", pub, twirled, resilience_level=0)
        Estimated.model_validate_json(body)
        assert (b"ensemble_standard_error" in body) == twirled

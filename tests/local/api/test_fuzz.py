"""Random requests: no 500, no hang, errors in the container, and a service that continues."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import quote

import msgspec
import pytest
import requests
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from qiskit_rest_primitives.local import Limits, LocalService, wrong_keys
from qiskit_rest_primitives.local.api.endpoints import HANDLERS
from tests.local.conftest import ALICE, BELL, Api

FUZZ = settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
TEXT = st.text(st.characters(codec="utf-8"), max_size=12)
SCALARS = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), TEXT)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=8,
)
KEYS = st.sampled_from(
    [
        "limit",
        "offset",
        "pending",
        "tags",
        "sort",
        "created_after",
        "created_before",
        "session_id",
        "program",
        "backend",
        "exclude_params",
        "next",
        "previous",
        "status",
        "mode",
        "search",
        "type",
        "fields",
        "updated_before",
    ]
)
LIKELY = st.sampled_from(
    ["0", "1", "-1", "true", "2026-01-01", "2026-01-01T00:00:00Z", "job", "abc", "createdAt", ""]
)
CIRCUITS = st.one_of(
    st.just(BELL),
    st.just(BELL.replace("q[2]", "q[1000000000]")),
    st.just(BELL.replace("c[2]", "c[99999999999]")),
    st.just({"__type__": "QuantumCircuit", "__value__": "eJwDAAAAAAE="}),
    TEXT.map(lambda text: f"OPENQASM 3; {text}"),
    VALUES,
)
ENVELOPES = TEXT.map(lambda text: {"__type__": "ndarray", "__value__": text})
PUBS = st.lists(
    st.lists(st.one_of(CIRCUITS, VALUES, ENVELOPES), min_size=1, max_size=4)
    | st.tuples(CIRCUITS, st.none(), st.sampled_from([1, 7])).map(list),
    max_size=3,
)


@pytest.fixture(scope="module")
def fuzzed() -> Any:
    """A service with a short limit of job times, so that every random job ends."""
    with LocalService(users=[ALICE], limits=Limits(job_seconds=20)) as service:
        api = Api(service, ALICE)
        yield api
        api.session.close()


def check(reply: requests.Response) -> None:
    """Checks that a reply is no server error, and that errors are in the container."""
    assert reply.status_code < 500, (reply.request.url, reply.request.body, reply.text)
    if reply.status_code >= 400:
        (error,) = reply.json()["errors"]
        assert error["message"]
        assert 1000 <= error["code"] <= 9999


@FUZZ
@given(
    st.sampled_from(HANDLERS),
    TEXT,
    st.lists(st.tuples(KEYS, st.one_of(LIKELY, TEXT)), max_size=3),
    st.one_of(st.none(), VALUES.map(json.dumps).map(str.encode), st.binary(max_size=40)),
)
def test_any_call_is_answered(
    fuzzed: Api, handler: Any, word: str, query: list[tuple[str, str]], body: bytes | None
) -> None:
    """Any path and method with any id, query and body."""
    method, path, _ = handler
    for name in ("{job_id}", "{session_id}", "{name}"):
        path = path.replace(name, quote(word, safe="") or "-")
    check(fuzzed.call(method, path, params=query, data=body))


@FUZZ
@given(st.sampled_from(["sampler", "estimator"]), PUBS, VALUES, st.booleans())
def test_any_pubs_are_refused_or_end(
    fuzzed: Api, program: str, pubs: Any, options: Any, qiskit: bool
) -> None:
    """They are refused, or the job ends; a failed job has a reason."""
    params: dict[str, Any] = {"pubs": pubs, "support_qiskit": qiskit}
    if options:
        params["options"] = options
    try:
        body = msgspec.json.encode(
            {"program_id": program, "backend": "statevector", "params": params}
        )
    except (ValueError, OverflowError):
        return
    reply = fuzzed.call("POST", "/jobs", data=body)
    check(reply)
    if reply.status_code == 200:
        job = fuzzed.wait(reply.json()["id"])
        assert job["state"]["status"] != "Failed" or job["state"]["reason"]
        check(fuzzed.get(f"/jobs/{job['id']}/results"))


@FUZZ
@given(st.binary(max_size=60), TEXT)
def test_any_authorization(
    fuzzed: Api, monkeypatch: pytest.MonkeyPatch, token: bytes, text: str
) -> None:
    """Anything but a token is 401."""
    monkeypatch.setattr(wrong_keys, "MOST_SECONDS", 0.0)  # so many would wait for minutes
    for value in (b"Bearer " + token, text.encode("utf-8")):
        if any(byte in value for byte in b"\r\n\0"):
            continue
        value = value.strip()
        try:
            reply = requests.get(
                f"{fuzzed.service.url}/jobs", headers={"Authorization": value}, timeout=30
            )
        except requests.exceptions.InvalidHeader:
            continue
        assert reply.status_code in (400, 401)
        check(reply)
    assert fuzzed.get("/jobs", limit=1).status_code == 200

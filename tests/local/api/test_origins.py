"""Web pages that call the service from a browser."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import requests

from qiskit_rest_primitives.cli import main
from qiskit_rest_primitives.local import LocalService
from tests.local.conftest import ALICE, Api

PAGE = "http://localhost:3000"


@pytest.fixture(scope="module")
def allowed() -> Iterator[Api]:
    """Calls to a service that allows the pages of one origin."""
    with LocalService(users=[ALICE], origins=[PAGE]) as service:
        api = Api(service, ALICE)
        yield api
        api.session.close()


def preflight(api: Api, origin: str) -> requests.Response:
    """What a browser asks before a page's request with a token."""
    headers = {
        "Origin": origin,
        "Access-Control-Request-Method": "PATCH",
        "Access-Control-Request-Headers": "authorization,service-crn,ibm-api-version,content-type",
    }
    return requests.options(f"{api.service.url}/sessions/x", headers=headers, timeout=30)


def test_a_page_of_an_allowed_origin_may_call(allowed: Api) -> None:
    """Before and with its request; errors can be read as well. No cookies are allowed."""
    asked = preflight(allowed, PAGE)
    assert asked.status_code == 200
    assert asked.headers["Access-Control-Allow-Origin"] == PAGE
    for path, status in (("/backends", 200), ("/jobs/unknown", 404)):
        reply = allowed.call("GET", path, headers={"Origin": PAGE})
        assert reply.status_code == status
        assert reply.headers["Access-Control-Allow-Origin"] == PAGE
        assert "Access-Control-Allow-Credentials" not in reply.headers


def test_a_page_of_another_origin_may_not(allowed: Api) -> None:
    """The browser is not told that it may, and keeps the reply from the page."""
    asked = preflight(allowed, "http://elsewhere.example")
    assert asked.status_code == 400
    reply = allowed.call("GET", "/backends", headers={"Origin": "http://elsewhere.example"})
    for each in (asked, reply):
        assert each.headers.get("Access-Control-Allow-Origin") in (None, PAGE)
        assert each.headers.get("Access-Control-Allow-Origin") != "http://elsewhere.example"


def test_by_default_no_page_may(api: Api) -> None:
    """No header allows it."""
    assert preflight(api, PAGE).status_code == 405
    reply = api.call("GET", "/backends", headers={"Origin": PAGE})
    assert "Access-Control-Allow-Origin" not in reply.headers


@pytest.mark.parametrize("origin", ["localhost:3000", f"{PAGE}/", "https://*.example", "null"])
def test_what_is_no_origin_is_refused(origin: str, capsys: pytest.CaptureFixture[str]) -> None:
    """At the start, with the form that it has."""
    with pytest.raises(ValueError, match="write scheme, host and port alone"):
        LocalService(origins=[origin])
    assert main(["serve", "--port", "0", "--allow-origin", origin]) == 2
    assert "is not an origin: write" in capsys.readouterr().err

"""The instances of a token: search, catalogue and resource controller, by plain requests."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import requests

from qiskit_rest_primitives.local import LocalService, User
from qiskit_rest_primitives.local.users import default_instance
from tests.local.conftest import ALICE, Api
from tests.tokens import secret

CAROL = User("carol", secret("carol"), tuple(map(default_instance, ("c1", "c2", "c3"))))
WANTED = {
    "query": "service_name:quantum-computing",
    "fields": ["crn", "service_plan_unique_id", "name", "doc", "tags"],
}


@pytest.fixture(scope="module")
def carol() -> Iterator[Api]:
    """Calls of a user with three instances, who sends no instance."""
    with LocalService(users=[ALICE, CAROL]) as service:
        api = Api(service, CAROL, version=None)
        del api.session.headers["Service-CRN"]
        yield api
        api.session.close()


def at_root(api: Api, method: str, path: str, **options: object) -> requests.Response:
    """A call of a path that is not below /v1."""
    return api.session.request(method, api.service.base_url + path, timeout=30, **options)


def test_finds_the_caller_s_instances(carol: Api) -> None:
    """All of them, in order, with the fields that were asked for, and backends allocated."""
    reply = at_root(carol, "POST", "/v3/resources/search?limit=100", json=WANTED).json()
    assert [item["crn"] for item in reply["items"]] == list(CAROL.instances)
    assert [item["name"] for item in reply["items"]] == ["carol", "carol-2", "carol-3"]
    assert all(set(item) == set(WANTED["fields"]) for item in reply["items"])
    assert "statevector" in reply["items"][0]["doc"]["extensions"]["backends"]
    assert "search_cursor" not in reply


def test_pages_by_a_cursor(carol: Api) -> None:
    """The last page has none."""
    found: list[str] = []
    body = dict(WANTED)
    while True:
        reply = at_root(carol, "POST", "/v3/resources/search?limit=2", json=body).json()
        found += [item["name"] for item in reply["items"]]
        if "search_cursor" not in reply:
            break
        body["search_cursor"] = reply["search_cursor"]
    assert found == ["carol", "carol-2", "carol-3"]


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({"query": "service_name:databases"}, "not one that this service can answer"),
        ({"query": "*", "search_cursor": "x"}, "search_cursor"),
        ({"query": 1}, "Invalid body"),
    ],
)
def test_unsupported_queries_are_refused(carol: Api, body: object, message: str) -> None:
    """Another query, a foreign cursor, another type: 400 that names it."""
    reply = at_root(carol, "POST", "/v3/resources/search", json=body)
    assert reply.status_code == 400
    assert message in reply.json()["errors"][0]["message"]


def test_needs_a_token(carol: Api) -> None:
    """401 without one, as everywhere."""
    for method, path in (("POST", "/v3/resources/search"), ("GET", "/v2/resource_instances")):
        reply = requests.request(method, carol.service.base_url + path, timeout=30)
        assert reply.status_code == 401


def test_the_catalogue_has_the_plan(carol: Api) -> None:
    """The plan of every instance, with the name and the price that clients sort by."""
    reply = at_root(carol, "POST", "/v3/resources/search", json=WANTED).json()
    [plan] = {item["service_plan_unique_id"] for item in reply["items"]}
    entry = at_root(carol, "GET", f"/api/v1/{plan}").json()
    assert entry["overview_ui"]["en"]["display_name"] == "Local"
    assert entry["metadata"]["pricing"]["type"] == "free"
    assert at_root(carol, "GET", "/api/v1/another-plan").status_code == 404


def test_the_resource_controller_finds_a_name(carol: Api) -> None:
    """All instances, or the one of a name; an unknown name has none."""

    def found(query: str) -> list[str]:
        content = at_root(carol, "GET", f"/v2/resource_instances{query}").json()
        assert content["rows_count"] == len(content["resources"])
        return [each["crn"] for each in content["resources"]]

    assert found("") == list(CAROL.instances)
    assert found("?name=carol-2") == [CAROL.instances[1]]
    assert found("?name=dave") == []

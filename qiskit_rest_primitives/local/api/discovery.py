"""What tells a client which instances a token has: search, catalogue, resource controller.

On IBM's cloud these are services of their own: api.global-search-tagging, globalcatalog and
resource-controller. Clients that know a token only ask them for its instances and their plans.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from qiskit_rest_primitives.local.api.account import PLAN
from qiskit_rest_primitives.local.api.endpoint_steps import number, read_json
from qiskit_rest_primitives.local.api.replies import json_reply
from qiskit_rest_primitives.local.auth import Principal
from qiskit_rest_primitives.local.problems import ProblemError
from qiskit_rest_primitives.local.times import iso_time

if TYPE_CHECKING:
    from qiskit_rest_primitives.local.job_states import Core

SERVICE = "quantum-computing"
QUERIES = ("*", f"service_name:{SERVICE}")
PAGE, LARGEST_PAGE = 10, 1000
DEFAULT_FIELDS = ("crn", "name", "family", "type", "account_id")


class SearchBody(msgspec.Struct):
    """Body of POST /v3/resources/search; the cursor is the number of the first item."""

    query: str = "*"
    fields: list[str] | None = None
    search_cursor: str | None = None


async def search(core: Core, principal: Principal, request: Request) -> Response:
    """POST /v3/resources/search: the caller's instances."""
    body = await read_json(core, request, SearchBody)
    if body.query not in QUERIES:
        raise ProblemError(
            400,
            f"The query {body.query[:100]!r} is not one that this service can answer.",
            solution=f"Send one of: {', '.join(QUERIES)}.",
        )
    cursor = body.search_cursor or "0"
    if not (cursor.isascii() and cursor.isdigit() and len(cursor) < 10):
        raise ProblemError(400, "The search_cursor was not issued by this service.")
    limit = number(request, "limit", PAGE, least=1, most=LARGEST_PAGE)
    first = int(cursor)
    found = _instances(core, principal)
    fields = {"crn", *(body.fields or DEFAULT_FIELDS)}
    content: dict[str, Any] = {
        "items": [
            {name: value for name, value in _item(core, each).items() if fields & {name, "*"}}
            for each in found[first : first + limit]
        ],
        "limit": limit,
    }
    if len(found) > first + limit:
        content["search_cursor"] = str(first + limit)
    return json_reply(content)


async def catalogue_entry(core: Core, principal: Principal, request: Request) -> Response:
    """GET /{plan}: the one plan that all instances have; it costs nothing."""
    text = {
        "display_name": PLAN.capitalize(),
        "description": "Simulators and simulated devices of an embedded service.",
        "long_description": "",
    }
    return json_reply(
        {
            "id": PLAN,
            "name": PLAN,
            "kind": "plan",
            "overview_ui": {"en": text},
            "images": {"image": ""},
            "disabled": False,
            "active": True,
            "tags": [],
            "provider": {"name": "qiskit-rest-primitives"},
            "metadata": {"pricing": {"type": "free"}},
        }
    )


async def resource_instances(core: Core, principal: Principal, request: Request) -> Response:
    """GET /v2/resource_instances: the caller's instances, or those of a name."""
    name = request.query_params.get("name")
    found = [
        _resource(each)
        for each in _instances(core, principal)
        if name is None or each["name"] == name
    ]
    return json_reply({"rows_count": len(found), "next_url": None, "resources": found})


def _instances(core: Core, principal: Principal) -> list[dict[str, str]]:
    """Name, account, region, GUID and CRN of each instance; the names are ``USER``, ``USER-2``."""
    found: list[dict[str, str]] = []
    for index, crn in enumerate(core.tokens.instances_of(principal.user), start=1):
        *_, region, account, guid = crn.rstrip(":").split(":")
        found.append(
            {
                "name": principal.user if index == 1 else f"{principal.user}-{index}",
                "account_id": account.removeprefix("a/"),
                "region": region,
                "guid": guid,
                "crn": crn,
            }
        )
    return found


def _item(core: Core, instance: dict[str, str]) -> dict[str, Any]:
    return {
        **{name: instance[name] for name in ("crn", "name", "account_id", "region")},
        "family": "resource_controller",
        "type": "resource-instance",
        "service_name": SERVICE,
        "service_plan_unique_id": PLAN,
        "tags": [],
        # Clients leave out instances to which no backends are allocated.
        "doc": {"extensions": {"backends": core.backends.names()}},
    }


def _resource(instance: dict[str, str]) -> dict[str, Any]:
    return {
        "id": instance["crn"],
        "guid": instance["guid"],
        "crn": instance["crn"],
        "name": instance["name"],
        "account_id": instance["account_id"],
        "region_id": instance["region"],
        "resource_id": SERVICE,
        "resource_plan_id": PLAN,
        "type": "service_instance",
        "state": "active",
        "created_at": iso_time(0.0),
    }

"""The endpoints about the account: identity, versions, instance, usage, tags."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any
from urllib.parse import parse_qs

import msgspec
from msgspec import Meta
from starlette.requests import Request
from starlette.responses import Response

from qiskit_rest_primitives.local.api.authenticate import check_admin, slow_down
from qiskit_rest_primitives.local.api.endpoint_steps import VERSIONS, read_body, read_json
from qiskit_rest_primitives.local.api.replies import json_reply, no_content
from qiskit_rest_primitives.local.auth import Principal
from qiskit_rest_primitives.local.problems import ProblemError
from qiskit_rest_primitives.local.store.lists import owner_of, tags_with
from qiskit_rest_primitives.local.store.usage import JOB_KINDS
from qiskit_rest_primitives.local.times import DAY_SECONDS, iso_time
from qiskit_rest_primitives.wire.limits import API_KEY_GRANT

if TYPE_CHECKING:
    from qiskit_rest_primitives.local.job_states import Core

PLAN = "local"
SEARCH_LENGTHS = range(3, 101)
PERIOD_SECONDS = 28 * DAY_SECONDS
MOST_SECONDS = (1 << 63) - 1
"""The largest integer that SQLite stores."""


class InstanceLimit(msgspec.Struct):
    """Body of PUT /instances/configuration; seconds, null for no limit."""

    instance_limit: Annotated[int, Meta(ge=0, le=MOST_SECONDS)] | None


async def issue_token(core: Core, request: Request) -> Response:
    """POST /identity/token: an API key for a JSON web token.

    Errors have the identity service's form.
    """
    try:
        body = await read_body(request, core.limits.small_body_bytes)
    except ProblemError as problem:
        return _identity_refusal(problem.status, "BXNIM0106E", problem.message)
    try:
        form = parse_qs(body.decode("latin-1"), max_num_fields=20)
    except ValueError:
        return _identity_refusal(400, "BXNIM0109E", "More than 20 fields.")
    if form.get("grant_type") != [API_KEY_GRANT]:
        return _identity_refusal(400, "BXNIM0109E", f"The grant_type must be {API_KEY_GRANT}.")
    keys = form.get("apikey", [])
    user = core.tokens.user_of_key(keys[0]) if len(keys) == 1 else None
    if user is None:
        try:
            await slow_down(core.wrong_keys, request)
        except ProblemError as problem:
            return _identity_refusal(problem.status, "BXNIM0440E", problem.message, problem.headers)
        return _identity_refusal(400, "BXNIM0415E", "Provided API key could not be found.")
    return json_reply(core.tokens.issue(user))


def _identity_refusal(
    status: int, code: str, message: str, headers: Mapping[str, str] | None = None
) -> Response:
    body = {"errorCode": code, "errorMessage": message, "context": {}}
    return json_reply(body, status, headers)


async def versions(request: Request) -> Response:
    """GET /versions; needs no token."""
    listed: list[dict[str, str]] = []
    for version, sunset in VERSIONS.items():
        if sunset is None:
            listed.append({"version": version, "status": "live"})
        else:
            listed.append({"version": version, "status": "deprecated", "sunset_date": sunset})
    return json_reply({"versions": listed})


async def instance(core: Core, principal: Principal, request: Request) -> Response:
    """GET /instance."""
    seconds = _limit(core, principal)
    return json_reply(
        {
            "backends": core.backends.names(),
            "plan_id": PLAN,
            "instance_limit": seconds,
            "instance_limit_seconds": "" if seconds is None else str(seconds),
            "usage_allocation_seconds": "",
        }
    )


async def account_plans(core: Core, principal: Principal, request: Request) -> Response:
    """GET /accounts/{id}: what the plans of one of the caller's accounts allow."""
    account_id: str = request.path_params["account_id"]
    instances = core.tokens.instances_of(principal.user)
    if not any(f":a/{account_id}:" in crn for crn in instances):
        raise ProblemError(
            404,
            f"Account {account_id[:100]} not found.",
            solution="The account's id follows a/ in the CRN of one of your instances.",
        )
    return json_reply({"plans": [{"plan_id": PLAN, "backends": core.backends.names()}]})


async def usage(core: Core, principal: Principal, request: Request) -> Response:
    """GET /instances/usage: whole seconds used in the last 28 days, rounded up."""
    now = core.clock()
    start = now - PERIOD_SECONDS
    consumed = await core.in_thread(consumed_seconds, core, principal, start)
    content: dict[str, Any] = {
        "instance_id": principal.instance,
        "plan_id": PLAN,
        "usage_consumed_seconds": math.ceil(consumed),
        "usage_period": {"start_time": iso_time(start), "end_time": iso_time(now)},
        "usage_limit_reached": False,
    }
    limit = _limit(core, principal)
    if limit is not None:
        content |= {"usage_limit_seconds": limit, "usage_limit_reached": consumed >= limit}
    return json_reply(content)


def consumed_seconds(core: Core, principal: Principal, start: float) -> float:
    """Seconds that the jobs of an instance used since ``start``; for a thread."""
    found = core.store.used(principal.user, principal.instance, start)
    return sum(row.seconds for row in found if row.kind in JOB_KINDS)


def _limit(core: Core, principal: Principal) -> int | None:
    return core.store.instance_limit(principal.instance)


async def check_usage(core: Core, principal: Principal) -> None:
    """Refuses a submission once the instance has used up its limit.

    Raises:
        ProblemError: 409.
    """
    limit = _limit(core, principal)
    if limit is None:
        return
    start = core.clock() - PERIOD_SECONDS
    if await core.in_thread(consumed_seconds, core, principal, start) >= limit:
        raise ProblemError(
            409,
            f"The instance has used its limit of {limit} s.",
            solution="An administrator raises it with PUT /instances/configuration.",
        )


async def get_instance_limit(core: Core, principal: Principal, request: Request) -> Response:
    """GET /instances/configuration."""
    return json_reply({"instance_limit": _limit(core, principal)})


async def set_instance_limit(core: Core, principal: Principal, request: Request) -> Response:
    """PUT /instances/configuration."""
    check_admin(principal, "The limit of an instance")
    body = await read_json(core, request, InstanceLimit)
    core.store.set_instance_limit(principal.instance, body.instance_limit)
    return no_content()


async def search_tags(core: Core, principal: Principal, request: Request) -> Response:
    """GET /tags: the caller's tags that contain a text.

    A tag that ends in 32 hexadecimal digits, as clients give to each submission, is found by the
    whole of it alone.
    """
    query = request.query_params
    if query.get("type") != "job":
        raise ProblemError(400, "The query must have type=job.")
    search = query.get("search", "")
    if len(search) not in SEARCH_LENGTHS:
        raise ProblemError(400, f"search is 3 to 100 characters long, not {len(search)}.")

    def found() -> list[str]:
        with core.store.reading() as database:
            owner = owner_of(database, principal.user, principal.instance)
            return tags_with(database, owner, search)

    return json_reply({"tags": await core.in_thread(found)})

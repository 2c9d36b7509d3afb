"""A request -> its Principal, or 401; and 403 for what administrators alone may do."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from starlette.requests import Request

from qiskit_rest_primitives.local.auth import Principal, WrongKeyError
from qiskit_rest_primitives.local.problems import TOO_MANY_REQUESTS, ProblemError
from qiskit_rest_primitives.local.wrong_keys import MOST_SECONDS, WAITING, WrongKeys, network_of

if TYPE_CHECKING:
    from qiskit_rest_primitives.local.job_states import Core


async def authenticate(core: Core, request: Request) -> Principal:
    """The user and instance of a request.

    Raises:
        ProblemError: 401 without a valid token, later after many wrong ones; 404 for a foreign
            instance; 429 while many wrong tokens wait for their reply.
    """
    try:
        return core.tokens.check(
            request.headers.get("authorization"), request.headers.get("service-crn")
        )
    except WrongKeyError:
        await slow_down(core.wrong_keys, request)
        raise


async def slow_down(wrong: WrongKeys, request: Request) -> None:
    """Waits before the reply to a wrong key.

    Raises:
        ProblemError: 429, many such replies wait already.
    """
    address = "" if request.client is None else request.client.host
    delay = wrong.delay_seconds(address)
    if delay == 0.0:
        return
    network = network_of(address)
    waiting = wrong.waiting.get(network, 0)
    if waiting >= WAITING:
        raise ProblemError(
            429,
            "Too many wrong keys were received from your address.",
            code=TOO_MANY_REQUESTS,
            solution="Send a valid key; ask the service's administrator for one.",
            headers={"Retry-After": str(int(MOST_SECONDS)), "Connection": "close"},
        )
    wrong.waiting[network] = waiting + 1
    try:
        await asyncio.sleep(delay)
    finally:
        left = wrong.waiting[network] - 1
        if left:
            wrong.waiting[network] = left
        else:
            del wrong.waiting[network]


def check_connections(core: Core, user: str, connections: int) -> None:
    """Refuses the request with which a user has too many connections.

    Args:
        core: the service.
        user: whose request it is.
        connections: that are busy with requests of that user, with this one.

    Raises:
        ProblemError: 429.
    """
    limit = core.caps_of(user).connections
    if limit is not None and connections > limit:
        raise ProblemError(
            429,
            f"{connections - 1:,} requests of yours are being answered: the limit is {limit:,}.",
            code=TOO_MANY_REQUESTS,
            solution="Wait for some of the replies first. The service's administrator can raise "
            "the limit.",
            headers={"Retry-After": "1"},
        )


def check_admin(principal: Principal, what: str) -> None:
    """Refuses what only administrators may do.

    Args:
        principal: who asks.
        what: they would do, as a sentence's subject: ``The limit of an instance``.

    Raises:
        ProblemError: 403.
    """
    if not principal.admin:
        raise ProblemError(
            403,
            f"{what} can be set by administrators only, and {principal.user!r} is not one.",
            solution="Ask an administrator, whom the service was given with `qiskit-rest user add"
            " --admin`, or the word admin in its token file.",
        )

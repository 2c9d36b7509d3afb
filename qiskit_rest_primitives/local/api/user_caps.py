"""A submission or a session of a user at a limit -> 429. In: `Caps`, and what the user has."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qiskit_rest_primitives.local.api.account import consumed_seconds
from qiskit_rest_primitives.local.auth import Principal
from qiskit_rest_primitives.local.problems import TOO_MANY_REQUESTS, ProblemError
from qiskit_rest_primitives.local.times import DAY_SECONDS
from qiskit_rest_primitives.wire.limits import LIMIT_REACHED

if TYPE_CHECKING:
    from qiskit_rest_primitives.local.job_states import Core
    from qiskit_rest_primitives.local.limits import Caps


async def check_caps(core: Core, principal: Principal) -> None:
    """Counts a submission, and refuses it if its user has reached a limit.

    Raises:
        ProblemError: 429; with ``Retry-After`` for the limit of submissions a minute only, since
            the user has to do something about the others.
    """
    user, caps = principal.user, core.caps_of(principal.user)
    _check_rate(core, user, caps, "jobs")
    waiting = core.engine.queued_jobs_of(user)
    if caps.queued_jobs is not None and waiting >= caps.queued_jobs:
        raise _refusal(
            f"{waiting:,} of your jobs are queued: the limit is {caps.queued_jobs:,}.",
            "Submit more when some have started, or cancel some.",
        )
    if caps.stored_bytes is not None:
        stored = core.store.bytes_of(user)
        if stored >= caps.stored_bytes:
            raise _refusal(
                f"The service keeps {stored / 1e6:,.1f} MB of your jobs: the limit is "
                f"{caps.stored_bytes / 1e6:,.1f} MB.",
                "Delete jobs that you no longer need.",
            )
    if caps.seconds_per_day is not None:
        used = await core.in_thread(_seconds_of_day, core, user)
        if used >= caps.seconds_per_day:
            raise _refusal(
                f"Your jobs of the last 24 hours used {used:,.1f} s: the limit is "
                f"{caps.seconds_per_day:,g} s.",
                "Submit more when the oldest of them are a day old.",
            )


def check_session_caps(core: Core, principal: Principal) -> None:
    """Counts a session, and refuses it if its user has reached a limit.

    Raises:
        ProblemError: 429; with ``Retry-After`` for the limit a minute only.
    """
    caps = core.caps_of(principal.user)
    _check_rate(core, principal.user, caps, "sessions")
    if caps.open_sessions is not None:
        number = core.sessions.number_open(principal.user)
        if number >= caps.open_sessions:
            raise _refusal(
                f"{number:,} of your sessions are open: the limit is {caps.open_sessions:,}.",
                "Close those that you no longer need.",
            )


def _check_rate(core: Core, user: str, caps: Caps, what: str) -> None:
    wait = core.rates.wait_seconds(user, caps.submissions_per_minute)
    if wait > 0:
        raise ProblemError(
            429,
            f"Too many {what} requests were received: the limit is "
            f"{caps.submissions_per_minute} per minute.",
            code=TOO_MANY_REQUESTS,
            solution="Reduce the request rate and try again.",
            headers={"Retry-After": str(int(wait) + 1)},
        )


def _refusal(message: str, solution: str) -> ProblemError:
    return ProblemError(
        429,
        message,
        code=LIMIT_REACHED,
        solution=f"{solution} The service's administrator can raise the limit.",
    )


def _seconds_of_day(core: Core, user: str) -> float:
    """Usage of the jobs that a user submitted within a day, in all instances; for a thread."""
    since = core.clock() - DAY_SECONDS
    instances = core.tokens.instances_of(user)
    return sum(consumed_seconds(core, Principal(user, crn), since) for crn in instances)

"""The endpoints below /analytics: what the caller's jobs have used, in milliseconds.

A job counts when it was submitted; a session when it was opened, with all that its jobs used.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from starlette.requests import Request
from starlette.responses import Response

from qiskit_rest_primitives.local.api.account import PERIOD_SECONDS, PLAN
from qiskit_rest_primitives.local.api.endpoint_steps import flag
from qiskit_rest_primitives.local.api.filters import when
from qiskit_rest_primitives.local.api.replies import json_reply
from qiskit_rest_primitives.local.auth import Principal
from qiskit_rest_primitives.local.problems import ProblemError
from qiskit_rest_primitives.local.store.usage import JOB_KINDS, Used
from qiskit_rest_primitives.local.times import DAY_SECONDS, iso_time

if TYPE_CHECKING:
    from qiskit_rest_primitives.local.job_states import Core

KEYS = ("backend", "instance", "user_id", "plan")
"""What usage can be grouped by."""

Row = tuple[str, Used]
"""An instance, and a part of what was used there."""
Figures = dict[Any, dict[str, float]]


async def filters(core: Core, principal: Principal, request: Request) -> Response:
    """GET /analytics/filters: the values that the other endpoints can be filtered by."""
    instances = core.tokens.instances_of(principal.user)
    return json_reply(
        {
            "backends": [{"name": name} for name in core.backends.names()],
            "instances": [{"id": crn, "deleted": False} for crn in instances],
            "users": [{"id": principal.user}],
            "plans": [{"name": PLAN}],
        }
    )


async def usage(core: Core, principal: Principal, request: Request) -> Response:
    """GET /analytics/usage: all jobs together."""
    rows = await core.in_thread(_rows, core, principal, request, _interval(core, request))
    return json_reply(_summary([row for _, row in rows]))


async def usage_grouped(core: Core, principal: Principal, request: Request) -> Response:
    """GET /analytics/usage_grouped: by backend, instance, user or plan."""
    key = _group_by(request, KEYS)
    rows = await core.in_thread(_rows, core, principal, request, _interval(core, request))
    same = {"user_id": principal.user, "plan": PLAN}

    def group(row: Row) -> str:
        return {"backend": row[1].backend, "instance": row[0], **same}[key]

    found = _figures(rows, group)
    return json_reply({"data": [{"key": name, **figures} for name, figures in found.items()]})


async def usage_grouped_by_date(core: Core, principal: Principal, request: Request) -> Response:
    """GET /analytics/usage_grouped_by_date: by instance and day (UTC) of the submission."""
    _group_by(request, ("instance",))
    start, end = _interval(core, request)
    rows = await core.in_thread(_rows, core, principal, request, (start, end), by_day=True)
    found = _figures(rows, lambda row: (row[1].day, row[0]))
    data = [
        {
            "key": crn,
            "interval_start": iso_time(day * DAY_SECONDS),
            "interval_end": iso_time((day + 1) * DAY_SECONDS),
            **figures,
        }
        for (day, crn), figures in found.items()
    ]
    return json_reply(
        {"interval_start": iso_time(start), "interval_end": iso_time(end), "data": data}
    )


def _group_by(request: Request, allowed: Sequence[str]) -> str:
    """The query's ``group_by``.

    Raises:
        ProblemError: 400, it is missing or not allowed.
    """
    key = request.query_params.get("group_by", "")
    if key not in allowed:
        raise ProblemError(400, f"group_by is one of {', '.join(allowed)}, not {key[:40]!r}.")
    return key


def _interval(core: Core, request: Request) -> tuple[float, float]:
    """The interval of a query, in seconds since the epoch: by default the last 28 days."""
    end = when(request, "interval_end")
    end = core.clock() if end is None else end
    start = when(request, "interval_start")
    return (end - PERIOD_SECONDS if start is None else start), end


def _rows(
    core: Core,
    principal: Principal,
    request: Request,
    interval: tuple[float, float],
    *,
    by_day: bool = False,
) -> list[Row]:
    """What a query is about. The caller sees jobs of their own alone, of all their instances."""
    query = request.query_params
    for name, own in (("user_id", principal.user), ("plan", PLAN)):
        if query.getlist(name) and own not in query.getlist(name):
            return []
    wanted, backends = query.getlist("instance"), query.getlist("backend")
    simulators: set[str] = set()
    if flag(request, "simulators", True) is False:
        simulators = {each.name for each in core.backends.listed() if each.is_simulator}
    return [
        (crn, row)
        for crn in core.tokens.instances_of(principal.user)
        if not wanted or crn in wanted
        for row in core.store.used(principal.user, crn, *interval, by_day=by_day)
        if (not backends or row.backend in backends) and row.backend not in simulators
    ]


def _figures(rows: Sequence[Row], key: Callable[[Row], Any]) -> Figures:
    """Group -> its figures; the groups in order of their keys."""
    groups: dict[Any, list[Used]] = {}
    for row in rows:
        groups.setdefault(key(row), []).append(row[1])
    return {name: _summary(groups[name]) for name in sorted(groups)}


def _summary(rows: Sequence[Used]) -> dict[str, float]:
    """The fields of the API."""
    jobs = [row for row in rows if row.kind in JOB_KINDS]
    figures: dict[str, float] = {
        "usage": _milliseconds(sum(row.seconds for row in jobs)),
        "jobs": sum(row.entries for row in jobs),
    }
    for name, kinds in (
        ("sessions", ("batch", "dedicated")),
        ("batch_sessions", ("batch",)),
        ("dedicated_sessions", ("dedicated",)),
        ("individual_jobs", ("alone",)),
    ):
        those = [row for row in rows if row.kind in kinds]
        figures[name] = count = sum(row.entries for row in those)
        total = sum(row.seconds for row in those)
        most = max((row.most for row in those), default=0.0)
        figures |= _of_all(f"{name}_usage", count, total, most)
    begun = sum(row.waits for row in jobs)
    waited = sum(row.waited for row in jobs)
    longest = max((row.longest for row in jobs), default=0.0)
    figures |= _of_all("queue_time", begun, waited, longest)
    return figures


def _of_all(name: str, count: int, total: float, most: float) -> dict[str, float]:
    return {
        name: _milliseconds(total),
        f"avg_{name}": _milliseconds(total / count if count else 0.0),
        f"max_{name}": _milliseconds(most),
    }


def _milliseconds(seconds: float) -> float:
    return round(seconds * 1e3, 3)

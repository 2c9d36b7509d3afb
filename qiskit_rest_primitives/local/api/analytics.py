"""The endpoints below /analytics: what the caller's jobs have used, in milliseconds."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from starlette.requests import Request
from starlette.responses import Response

from qiskit_rest_primitives.local.api.account import PERIOD_SECONDS, PLAN
from qiskit_rest_primitives.local.api.dispatch import flag
from qiskit_rest_primitives.local.api.filters import when
from qiskit_rest_primitives.local.api.replies import json_reply
from qiskit_rest_primitives.local.auth import Principal
from qiskit_rest_primitives.local.problems import ProblemError
from qiskit_rest_primitives.local.times import iso_time

if TYPE_CHECKING:
    from qiskit_rest_primitives.local.job_states import Core

KEYS = {
    "backend": "jobs.backend",
    "instance": "jobs.instance",
    "user_id": "jobs.user",
    "plan": f"'{PLAN}'",
}
"""What usage can be grouped by -> its column."""
DAY = "CAST(jobs.created / 86400 AS INTEGER)"
DAY_SECONDS = 86_400

Where = tuple[str, list[Any]]
Figures = dict[tuple[Any, ...], dict[str, float]]


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
    where, _ = await core.in_thread(_where, core, principal, request)
    found = await core.in_thread(_figures, core, where, ())
    return json_reply(found[()])


async def usage_grouped(core: Core, principal: Principal, request: Request) -> Response:
    """GET /analytics/usage_grouped: by backend, instance, user or plan."""
    column = _group_by(request, KEYS)
    where, _ = await core.in_thread(_where, core, principal, request)
    found = await core.in_thread(_figures, core, where, (column,))
    return json_reply({"data": [{"key": key, **figures} for (key,), figures in found.items()]})


async def usage_grouped_by_date(core: Core, principal: Principal, request: Request) -> Response:
    """GET /analytics/usage_grouped_by_date: by instance and day (UTC) of the submission."""
    column = _group_by(request, ("instance",))
    where, (start, end) = await core.in_thread(_where, core, principal, request)
    found = await core.in_thread(_figures, core, where, (DAY, column))
    data = [
        {
            "key": key,
            "interval_start": iso_time(day * DAY_SECONDS),
            "interval_end": iso_time((day + 1) * DAY_SECONDS),
            **figures,
        }
        for (day, key), figures in found.items()
    ]
    return json_reply(
        {"interval_start": iso_time(start), "interval_end": iso_time(end), "data": data}
    )


def _group_by(request: Request, allowed: Sequence[str] | dict[str, str]) -> str:
    """The column of the query's ``group_by``.

    Raises:
        ProblemError: 400, it is missing or another one.
    """
    key = request.query_params.get("group_by", "")
    if key not in allowed:
        raise ProblemError(400, f"group_by is one of {', '.join(allowed)}, not {key[:40]!r}.")
    return KEYS[key]


def _where(core: Core, principal: Principal, request: Request) -> tuple[Where, tuple[float, float]]:
    """The filters of a query, and the interval: by default the last 28 days.

    The caller sees jobs of their own alone, of all their instances.
    """
    end = when(request, "interval_end")
    end = core.clock() if end is None else end
    start = when(request, "interval_start")
    start = end - PERIOD_SECONDS if start is None else start
    where = ["jobs.user = ?", "jobs.created >= ?", "jobs.created < ?"]
    values: list[Any] = [principal.user, start, end]

    def among(column: str, allowed: Sequence[str], negated: str = "") -> None:
        marks = ", ".join("?" * len(allowed))
        where.append(f"{column} {negated} IN ({marks})")
        values.extend(allowed)

    own = core.tokens.instances_of(principal.user)
    wanted = request.query_params.getlist("instance")
    among("jobs.instance", [crn for crn in own if not wanted or crn in wanted])
    for name in ("backend", "user_id", "plan"):
        if chosen := request.query_params.getlist(name):
            among(KEYS[name], chosen)
    if flag(request, "simulators", True) is False:
        simulators = [each.name for each in core.backends.listed() if each.is_simulator]
        among("jobs.backend", simulators, "NOT")
    return (" AND ".join(where), values), (start, end)


def _figures(core: Core, where: Where, keys: Sequence[str]) -> Figures:
    """Group -> its figures; the groups in order of their keys."""
    condition, values = where
    columns = "".join(f"{key}, " for key in keys)
    grouping = f"GROUP BY {', '.join(keys)} ORDER BY {', '.join(keys)}" if keys else ""
    alone = "CASE WHEN jobs.session_id IS NULL THEN jobs.usage_seconds END"
    waited = "jobs.running - jobs.created"
    jobs = core.store.rows(
        f"SELECT {columns} COUNT(*), SUM(jobs.usage_seconds), COUNT({alone}), SUM({alone}),"
        f" MAX({alone}), COUNT({waited}), SUM({waited}), MAX({waited})"
        f" FROM jobs WHERE {condition} {grouping}",
        values,
    )
    sessions = core.store.rows(
        f"SELECT {columns} sessions.mode, SUM(jobs.usage_seconds)"
        " FROM jobs JOIN sessions ON sessions.id = jobs.session_id"
        f" WHERE {condition} GROUP BY {', '.join([*keys, 'sessions.id'])}",
        values,
    )
    used: dict[tuple[Any, ...], list[tuple[str, float]]] = {}
    for row in sessions:
        *group, mode, seconds = row
        used.setdefault(tuple(group), []).append((mode, seconds))
    found: Figures = {}
    for row in jobs:
        group = tuple(row)[: len(keys)]
        found[group] = _summary(tuple(row)[len(keys) :], used.get(group, []))
    return found


def _summary(jobs: tuple[Any, ...], sessions: list[tuple[str, float]]) -> dict[str, float]:
    """The fields of the API.

    Args:
        jobs: number, seconds; of jobs outside sessions number, seconds, most; of jobs that have
            begun number, seconds in the queue, most.
        sessions: mode and seconds of each.
    """
    count, seconds, *others = (value or 0 for value in jobs)
    alone, waiting = others[:3], others[3:]
    figures: dict[str, float] = {"usage": _milliseconds(seconds), "jobs": count}
    for name, modes in (
        ("sessions", ("batch", "dedicated")),
        ("batch_sessions", ("batch",)),
        ("dedicated_sessions", ("dedicated",)),
    ):
        used = [value for mode, value in sessions if mode in modes]
        figures[name] = len(used)
        figures |= _of_all(f"{name}_usage", len(used), sum(used), max(used, default=0))
    figures["individual_jobs"] = alone[0]
    figures |= _of_all("individual_jobs_usage", *alone)
    figures |= _of_all("queue_time", *waiting)
    return figures


def _of_all(name: str, count: int, total: float, most: float) -> dict[str, float]:
    return {
        name: _milliseconds(total),
        f"avg_{name}": _milliseconds(total / count if count else 0.0),
        f"max_{name}": _milliseconds(most),
    }


def _milliseconds(seconds: float) -> float:
    return round(seconds * 1e3, 3)

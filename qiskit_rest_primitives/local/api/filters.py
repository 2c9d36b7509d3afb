"""Query of a list -> SQL. In: query parameters. Out: a WHERE clause, its values, an order."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request

from qiskit_rest_primitives.local.api.dispatch import flag
from qiskit_rest_primitives.local.auth import Principal
from qiskit_rest_primitives.local.problems import ProblemError
from qiskit_rest_primitives.local.store import IS_PENDING
from qiskit_rest_primitives.local.times import read_time
from qiskit_rest_primitives.wire.limits import MAX_TAGS


def when(request: Request, name: str) -> float | None:
    """A time of the query, in seconds since the epoch.

    Raises:
        ProblemError: 400, not ISO 8601.
    """
    text = request.query_params.get(name)
    if text is None:
        return None
    try:
        return read_time(text)
    except ValueError:
        raise ProblemError(
            400,
            f"{name} is an ISO 8601 time, not {text[:40]!r}.",
            solution="Write it like 2026-08-21T12:00:00Z.",
        ) from None


def job_filters(principal: Principal, request: Request) -> tuple[str, list[Any], str]:
    """The filters of GET /jobs. A job must have all tags; times are inclusive.

    Returns:
        The WHERE clause, its values, and ASC or DESC by creation.

    Raises:
        ProblemError: 400, a value of the wrong form.
    """
    query = request.query_params
    pending = flag(request, "pending", None)
    # "+" keeps SQLite from walking all of the owner's jobs where another index finds far fewer.
    few = pending or "tags" in query or "session_id" in query
    where = ["+user = ?", "+instance = ?"] if few else ["user = ?", "instance = ?"]
    values: list[Any] = [principal.user, principal.instance]
    if pending is not None:
        where.append(IS_PENDING if pending else f"NOT {IS_PENDING}")
    for name, column in (("program", "program"), ("backend", "backend"), ("session_id",) * 2):
        if query.get(name) is not None:
            where.append(f"{column} = ?")
            values.append(query[name])
    add_times_and_tags(request, where, values)
    order = query.get("sort", "DESC").upper()
    if order not in ("ASC", "DESC"):
        raise ProblemError(400, f"sort is ASC or DESC, not {order[:40]!r}.")
    return " AND ".join(where), values, order


def add_times_and_tags(request: Request, where: list[str], values: list[Any]) -> None:
    """Adds the filters for times, which are inclusive, and tags, which must all be there.

    Raises:
        ProblemError: 400, a time is not ISO 8601.
    """
    for name, relation in (("created_after", ">="), ("created_before", "<=")):
        moment = when(request, name)
        if moment is not None:
            where.append(f"created {relation} ?")
            values.append(moment)
    tags = list(dict.fromkeys(request.query_params.getlist("tags")))
    if len(tags) > MAX_TAGS:
        where.append("0")  # no job has so many tags
        return
    for tag in tags:
        where.append("id IN (SELECT job_id FROM tags WHERE tag = ?)")
        values.append(tag)

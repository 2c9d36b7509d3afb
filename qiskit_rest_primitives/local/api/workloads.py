"""GET /workloads: jobs outside sessions, sessions and batches, paged by a cursor."""

from __future__ import annotations

import base64
import binascii
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from qiskit_rest_primitives.local.api.dispatch import number
from qiskit_rest_primitives.local.api.filters import add_times_and_tags
from qiskit_rest_primitives.local.api.replies import json_reply
from qiskit_rest_primitives.local.auth import Principal
from qiskit_rest_primitives.local.problems import ProblemError
from qiskit_rest_primitives.local.times import iso_time

if TYPE_CHECKING:
    import sqlite3

    from qiskit_rest_primitives.local.job_states import Core

PAGE, LARGEST_PAGE = 10, 50
STATUSES = {
    "Queued": "pending",
    "Running": "in_progress",
    "Completed": "completed",
    "Failed": "failed",
    "Cancelled": "canceled",
}
MODES = {"job": "job", "session": "dedicated", "batch": "batch"}

# A session is pending until its first job runs, and completed when it is closed.
_WORKLOADS = """
WITH workloads AS (
    SELECT id, created, backend, 'job' AS mode, status, tags, user, instance, finished AS ended,
        usage_seconds, 1 AS job_count, NULL AS accepting_jobs, reason, estimated_seconds
    FROM jobs WHERE session_id IS NULL
    UNION ALL
    SELECT id, created, backend, mode,
        CASE state WHEN 'open' THEN 'Queued' WHEN 'closed' THEN 'Completed' ELSE 'Running' END,
        '[]', user, instance, closed,
        (SELECT COALESCE(SUM(usage_seconds), 0) FROM jobs WHERE session_id = sessions.id),
        (SELECT COUNT(*) FROM jobs WHERE session_id = sessions.id),
        accepting_jobs, '', NULL
    FROM sessions
)
"""


async def list_workloads(core: Core, principal: Principal, request: Request) -> Response:
    """GET /workloads."""
    where, values = _filters(principal, request)
    query = request.query_params
    sort = query.get("sort", "createdAt")
    if sort not in ("createdAt", "-createdAt"):
        raise ProblemError(400, f"sort is createdAt or -createdAt, not {sort[:40]!r}.")
    if "next" in query and "previous" in query:
        raise ProblemError(400, "Give next or previous, not both.")
    limit = number(request, "limit", PAGE, least=1, most=LARGEST_PAGE)
    total = core.store.rows(f"{_WORKLOADS} SELECT COUNT(*) FROM workloads WHERE {where}", values)
    ascending = sort == "createdAt"
    backwards = "previous" in query
    cursor = query.get("previous" if backwards else "next")
    page_where, page_values = where, list(values)
    # The previous page is the next page in the opposite order, reversed.
    upwards = ascending != backwards
    if cursor is not None:
        created, row_id = _read_cursor(cursor)
        page_where += f" AND (created, id) {'>' if upwards else '<'} (?, ?)"
        page_values += [created, row_id]
    order = "ASC" if upwards else "DESC"
    rows = core.store.rows(
        f"{_WORKLOADS} SELECT * FROM workloads WHERE {page_where}"
        f" ORDER BY created {order}, id {order} LIMIT ?",
        (*page_values, limit + 1),
    )
    more, rows = len(rows) > limit, rows[:limit]
    if backwards:
        rows.reverse()
    has_next = bool(rows) and (backwards or more)
    has_previous = bool(rows) and (more if backwards else cursor is not None)
    content: dict[str, Any] = {
        "workloads": [_describe(row) for row in rows],
        "total_count": total[0][0],
        "limit": limit,
    }
    if has_next:
        content["next"] = {"href": _href(request, "next", rows[-1])}
    if has_previous:
        content["previous"] = {"href": _href(request, "previous", rows[0])}
    return json_reply(content)


def _filters(principal: Principal, request: Request) -> tuple[str, list[Any]]:
    query = request.query_params
    where = ["user = ?", "instance = ?"]
    values: list[Any] = [principal.user, principal.instance]
    if query.get("user", "me") != "me":
        raise ProblemError(400, "user can only be me.")
    if "backend" in query:
        where.append("backend = ?")
        values.append(query["backend"])
    if query.get("search"):
        where.append("(instr(lower(id), lower(?)) OR instr(lower(tags), lower(?)))")
        values += [query["search"]] * 2
    statuses = list(dict.fromkeys(query.getlist("status")))
    known = {name: status for status, name in STATUSES.items()}
    if any(status not in known for status in statuses):
        raise ProblemError(400, f"status is one of {', '.join(known)}.")
    if statuses:
        where.append(f"status IN ({', '.join('?' * len(statuses))})")
        values += [known[status] for status in statuses]
    if "mode" in query:
        if query["mode"] not in MODES:
            raise ProblemError(400, f"mode is one of {', '.join(MODES)}.")
        where.append("mode = ?")
        values.append(MODES[query["mode"]])
    add_times_and_tags(request, where, values)
    return " AND ".join(where), values


def _describe(row: sqlite3.Row) -> dict[str, Any]:
    names = {kind: name for name, kind in MODES.items()}
    seconds = round(row["usage_seconds"], 6)
    content: dict[str, Any] = {
        "id": row["id"],
        "mode": names[row["mode"]],
        "status": STATUSES[row["status"]],
        "backend": row["backend"],
        "instance": row["instance"],
        "user_id": row["user"],
        "created": iso_time(row["created"]),
        "accepting_jobs": None if row["accepting_jobs"] is None else bool(row["accepting_jobs"]),
        "tags": msgspec.json.decode(row["tags"]),
        "usage_seconds": seconds,
        "usage": {
            "qpu_charge_time_seconds": seconds,
            "status": "complete" if row["ended"] is not None else "pending",
        },
        # Not a field of IBM's.
        "job_count": row["job_count"],
    }
    if row["ended"] is not None:
        content["ended"] = iso_time(row["ended"])
    if row["reason"]:
        content["status_reason"] = row["reason"]
    if row["estimated_seconds"] is not None:
        content["estimated_running_time_seconds"] = round(row["estimated_seconds"], 6)
    return content


def _href(request: Request, direction: str, row: sqlite3.Row) -> str:
    cursor = base64.urlsafe_b64encode(msgspec.json.encode([row["created"], row["id"]])).decode()
    kept = [
        (name, value)
        for name, value in request.query_params.multi_items()
        if name not in ("next", "previous")
    ]
    return f"{request.url.path}?{urlencode([*kept, (direction, cursor)])}"


def _read_cursor(cursor: str) -> tuple[float, str]:
    try:
        return msgspec.json.decode(
            base64.b64decode(cursor.encode("ascii"), b"-_", validate=True), type=tuple[float, str]
        )
    except (UnicodeEncodeError, binascii.Error, msgspec.MsgspecError, UnicodeDecodeError):
        raise ProblemError(
            400,
            "The cursor is not one of this service.",
            solution="Take it from next.href or previous.href of a reply.",
        ) from None

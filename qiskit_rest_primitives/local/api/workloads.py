"""GET /workloads: jobs outside sessions, sessions and batches, paged by a cursor."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from qiskit_rest_primitives.local.api.endpoint_steps import number
from qiskit_rest_primitives.local.api.filters import with_times_and_tags
from qiskit_rest_primitives.local.api.replies import json_reply
from qiskit_rest_primitives.local.auth import Principal
from qiskit_rest_primitives.local.problems import ProblemError
from qiskit_rest_primitives.local.store.lists import Query, find, owner_of, rows_of
from qiskit_rest_primitives.local.store.members import between, count, numbers_of
from qiskit_rest_primitives.local.store.schema import SESSION_STATUS
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

# Rows of both have the same columns, of which `_describe` makes a workload.
_JOBS = """
SELECT number, id, created, backend, 'job' AS mode, status, tags, user, instance, finished AS ended,
    usage_seconds, 1 AS job_count, NULL AS accepting_jobs, reason, estimated_seconds FROM jobs"""
_SESSIONS = f"""
SELECT number, id, created, backend, mode, {SESSION_STATUS.format("sessions")} AS status,
    '[]' AS tags, user, instance, closed AS ended, usage_seconds, jobs AS job_count, accepting_jobs,
    '' AS reason, NULL AS estimated_seconds FROM sessions"""


async def list_workloads(core: Core, principal: Principal, request: Request) -> Response:
    """GET /workloads, in the order of submission."""
    filters = _filters(request)
    query = request.query_params
    sort = query.get("sort", "createdAt")
    if sort not in ("createdAt", "-createdAt"):
        raise ProblemError(400, f"sort is createdAt or -createdAt, not {sort[:40]!r}.")
    if "next" in query and "previous" in query:
        raise ProblemError(400, "Give next or previous, not both.")
    limit = number(request, "limit", PAGE, least=1, most=LARGEST_PAGE)
    backwards = "previous" in query
    cursor = query.get("previous" if backwards else "next")
    start = None if cursor is None else _read_cursor(cursor)
    # The previous page is the next page in the opposite order, reversed.
    upwards = (sort == "createdAt") != backwards

    def page() -> tuple[int, bool, list[sqlite3.Row]]:
        with core.store.reading() as database:
            owner = owner_of(database, principal.user, principal.instance)
            found = find(database, owner, filters)
            left = between(found, *((start, None) if upwards else (None, start)))
            numbers = numbers_of(left, 0, limit + 1, descending=not upwards)
            more, numbers = len(numbers) > limit, numbers[:limit]
            if backwards:
                numbers.reverse()
            rows = rows_of(database, _JOBS, owner, numbers)
            rows |= rows_of(database, _SESSIONS, owner, numbers)
        return count(found), more, [rows[number] for number in numbers]

    total, more, rows = await core.in_thread(page)
    has_next = bool(rows) and (backwards or more)
    has_previous = bool(rows) and (more if backwards else cursor is not None)
    content: dict[str, Any] = {
        "workloads": [_describe(row) for row in rows],
        "total_count": total,
        "limit": limit,
    }
    if has_next:
        content["next"] = {"href": _href(request, "next", rows[-1])}
    if has_previous:
        content["previous"] = {"href": _href(request, "previous", rows[0])}
    return json_reply(content)


def _filters(request: Request) -> Query:
    query = request.query_params
    if query.get("user", "me") != "me":
        raise ProblemError(400, "user can only be me.")
    mode = query.get("mode")
    if mode is not None and mode not in MODES:
        raise ProblemError(400, f"mode is one of {', '.join(MODES)}.")
    # Jobs of sessions have neither: they are no workloads of their own.
    groups: list[Sequence[str]] = [["workload"] if mode is None else [f"mode={MODES[mode]}"]]
    if "backend" in query:
        groups.append([f"backend={query['backend']}"])
    statuses = list(dict.fromkeys(query.getlist("status")))
    known = {name: status for status, name in STATUSES.items()}
    if any(status not in known for status in statuses):
        raise ProblemError(400, f"status is one of {', '.join(known)}.")
    if statuses:
        groups.append([f"status={known[status]}" for status in statuses])
    filters = with_times_and_tags(request, groups)
    filters.text = query.get("search") or None
    return filters


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
    cursor = base64.urlsafe_b64encode(msgspec.json.encode(row["number"])).decode()
    kept = [
        (name, value)
        for name, value in request.query_params.multi_items()
        if name not in ("next", "previous")
    ]
    return f"{request.url.path}?{urlencode([*kept, (direction, cursor)])}"


def _read_cursor(cursor: str) -> int:
    try:
        return msgspec.json.decode(
            base64.b64decode(cursor.encode("ascii"), b"-_", validate=True), type=int
        )
    except (UnicodeEncodeError, binascii.Error, msgspec.MsgspecError, UnicodeDecodeError):
        raise ProblemError(
            400,
            "The cursor was not issued by this service.",
            solution="Take it from next.href or previous.href of a reply.",
        ) from None

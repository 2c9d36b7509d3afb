"""Query of a list -> what the store is asked for. In: query parameters. Out: filters, an order."""

from __future__ import annotations

from collections.abc import Sequence

from starlette.requests import Request

from qiskit_rest_primitives.local.api.endpoint_steps import flag
from qiskit_rest_primitives.local.problems import ProblemError
from qiskit_rest_primitives.local.store import PENDING
from qiskit_rest_primitives.local.store.lists import Query
from qiskit_rest_primitives.local.times import read_time
from qiskit_rest_primitives.wire.limits import MAX_TAGS

ONLY_OF_JOBS = ("program", "session_id", "tags")
"""Filters whose terms sessions do not have."""


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


def job_filters(request: Request) -> Query:
    """The filters of GET /jobs. A job must have all tags; times are inclusive.

    Raises:
        ProblemError: 400, a value of the wrong form.
    """
    query = request.query_params
    groups: list[Sequence[str]] = []
    pending = flag(request, "pending", None)
    statuses = [f"status={status}" for status in PENDING]
    if pending:
        groups.append(statuses)
    for name, term in (("program", "program"), ("backend", "backend"), ("session_id", "session")):
        if name in query:
            groups.append([f"{term}={query[name]}"])
    filters = with_times_and_tags(request, groups)
    if not {name for name in ONLY_OF_JOBS if name in query}:
        filters.any_of = [*filters.any_of, ["job"]]  # no sessions
    filters.none_of = statuses if pending is False else ()
    return filters


def newest_first(request: Request) -> bool:
    """Whether the query's ``sort`` is DESC, which is the default.

    Raises:
        ProblemError: 400, neither ASC nor DESC.
    """
    order = request.query_params.get("sort", "DESC").upper()
    if order not in ("ASC", "DESC"):
        raise ProblemError(400, f"sort is ASC or DESC, not {order[:40]!r}.")
    return order == "DESC"


def with_times_and_tags(request: Request, groups: list[Sequence[str]]) -> Query:
    """Filters with those for times, which are inclusive, and tags, which must all be there.

    Args:
        request: its query names times and tags.
        groups: terms of other filters; of each group an entry has at least one.

    Raises:
        ProblemError: 400, a time is not ISO 8601.
    """
    after, before = when(request, "created_after"), when(request, "created_before")
    tags = list(dict.fromkeys(request.query_params.getlist("tags")))
    if len(tags) > MAX_TAGS:  # no job has so many
        return Query([[]])
    return Query([*groups, *([f"tag={tag}"] for tag in tags)], after=after, before=before)

"""States of many jobs, read from few pages of the job list."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Any

from qiskit_rest_primitives.http.client import ApiClient
from qiskit_rest_primitives.wire.limits import MAX_PAGE


def list_states(
    client: ApiClient, wanted: Collection[str], since: datetime
) -> tuple[dict[str, dict[str, Any]], list[str], int]:
    """Looks for wanted jobs in the job list, with as few pages as possible.

    Lists the final jobs if there are about as few of them as of wanted jobs; a wanted job that is
    not among them is pending. Otherwise lists the pending jobs.

    Args:
        client: whose jobs to list.
        wanted: ids of jobs not known to be final.
        since: a time before the oldest of them was created.

    Returns:
        Details of wanted jobs that were listed, ids that should have been but were not, and the
        number of requests.
    """
    filters: dict[str, Any] = {"created_after": since.isoformat(), "limit": MAX_PAGE}
    final = client.jobs(retry=False, pending=False, **filters)
    number = int(final.get("count") or len(final["jobs"]))
    if number <= MAX_PAGE * (2 + len(wanted) // MAX_PAGE):
        listed, requests = _whole_list(client, final, pending=False, **filters)
        return _pick(listed, wanted), [], requests
    first = client.jobs(retry=False, pending=True, **filters)
    pending, requests = _whole_list(client, first, pending=True, **filters)
    found = _pick([*pending, *final["jobs"]], wanted)
    return found, [job_id for job_id in wanted if job_id not in found], requests + 1


def _whole_list(
    client: ApiClient, page: dict[str, Any], **filters: Any
) -> tuple[list[dict[str, Any]], int]:
    listed: list[dict[str, Any]] = list(page["jobs"])
    requests = 1
    while len(page["jobs"]) >= MAX_PAGE and len(listed) != page.get("count"):
        page = client.jobs(retry=False, offset=len(listed), **filters)
        listed += page["jobs"]
        requests += 1
    return listed, requests


def _pick(listed: Iterable[dict[str, Any]], wanted: Collection[str]) -> dict[str, dict[str, Any]]:
    return {job["id"]: job for job in listed if job.get("id") in wanted}

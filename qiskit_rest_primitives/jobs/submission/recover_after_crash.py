"""Finds jobs whose submission was interrupted, by the tag in the journal."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any, Final

from qiskit_rest_primitives.http.client import ApiClient
from qiskit_rest_primitives.jobs.submission.duplicates import jobs_with_tag
from qiskit_rest_primitives.jobs.submission.submit import is_in_flight, journal_of

RECOVERY_MINUTES: Final = 10
"""How long a submission that is not in the job list may still appear there."""


def find_lost(client: ApiClient) -> list[dict[str, Any]]:
    """Finds the jobs of submissions in the journal whose outcome is not known.

    Args:
        client: the service they went to.

    Returns:
        Details of the jobs that were found, oldest first. A submission without
        a job after ten minutes never reached the service and is removed from the journal.
    """
    journal = journal_of(client)
    if journal is None:
        return []
    found: list[dict[str, Any]] = []
    fates: dict[str, str] = {}
    for entry in journal.open_submissions(url=client.url, instance=client.account.instance or ""):
        tag = entry["tag"]
        if is_in_flight(tag):
            continue
        jobs = jobs_with_tag(client, tag)
        found += jobs
        age = datetime.now(timezone.utc) - datetime.fromisoformat(entry["at"])
        if jobs:
            fates[tag] = jobs[0]["id"]
        elif age > timedelta(minutes=RECOVERY_MINUTES):
            fates[tag] = "never arrived"
    # Only after all lookups: an outage during one must not lose the jobs found before it.
    for tag, fate in fates.items():
        journal.ends(tag, fate)
    return found

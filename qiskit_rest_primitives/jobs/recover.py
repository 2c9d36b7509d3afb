"""Jobs whose submission was cut short: found by the tag that the journal knows."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any, Final

from qiskit_rest_primitives.http.client import ApiClient
from qiskit_rest_primitives.jobs.duplicates import jobs_with_tag
from qiskit_rest_primitives.jobs.submit import is_under_way, journal_of

RECOVERY_MINUTES: Final = 10
"""How long a submission that is not in the job list may still turn up there."""


def find_lost(client: ApiClient) -> list[dict[str, Any]]:
    """Looks for the submissions in the journal whose fate is not known.

    Args:
        client: the service they went to.

    Returns:
        Details of the jobs that were found, oldest first. What is not there after ten minutes
        never arrived and is struck off.
    """
    journal = journal_of(client)
    if journal is None:
        return []
    found: list[dict[str, Any]] = []
    fates: dict[str, str] = {}
    for entry in journal.open_submissions(url=client.url, instance=client.account.instance or ""):
        tag = entry["tag"]
        if is_under_way(tag):
            continue
        jobs = jobs_with_tag(client, tag)
        found += jobs
        age = datetime.now(timezone.utc) - datetime.fromisoformat(entry["at"])
        if jobs:
            fates[tag] = jobs[0]["id"]
        elif age > timedelta(minutes=RECOVERY_MINUTES):
            fates[tag] = "never arrived"
    # Not before all were looked for: an outage in between must not cost the first ones.
    for tag, fate in fates.items():
        journal.ends(tag, fate)
    return found

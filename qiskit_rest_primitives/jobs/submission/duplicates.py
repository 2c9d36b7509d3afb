"""Duplicates: jobs of one submission, found by its tag; all but one of them are cancelled."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable
from typing import Any, Final

from qiskit_rest_primitives.concurrency.threads import in_thread
from qiskit_rest_primitives.errors import RestPrimitivesError
from qiskit_rest_primitives.http.client import ApiClient
from qiskit_rest_primitives.http.side_effects import cancel

logger = logging.getLogger(__name__)

PAGE_SIZE: Final = 50


def jobs_with_tag(client: ApiClient, tag: str, *, retry: bool = True) -> list[dict[str, Any]]:
    """The jobs with a submission's tag, oldest first."""
    # Newest first: a service that ignores the filter still lists ours. Other jobs are left out.
    page = client.jobs(tags=[tag], sort="DESC", limit=PAGE_SIZE, retry=retry)
    found = [job for job in page["jobs"] if tag in (job.get("tags") or ())]
    return found[::-1]


def cancel_all(
    client: ApiClient,
    duplicates: Iterable[dict[str, Any]],
    sleep: Callable[[float], None] = time.sleep,
) -> None:
    """Cancels jobs of earlier attempts; logs a warning for each, and another if that fails."""
    for job in duplicates:
        logger.warning("cancelling job %s, a duplicate made by an earlier attempt", job["id"])
        try:
            cancel(client, job["id"], sleep=sleep)
        except RestPrimitivesError as error:
            logger.warning("job %s could not be cancelled: %s", job["id"], error)


def cancel_duplicates(
    client: ApiClient, tag: str, job_id: str, sleep: Callable[[float], None] = time.sleep
) -> None:
    """Cancels duplicates that a slow service created after the lookup.

    Args:
        client: the service.
        tag: the submission's.
        job_id: the job that stays.
        sleep: pauses for a number of seconds.
    """
    try:
        found = jobs_with_tag(client, tag, retry=False)
    except RestPrimitivesError as error:
        logger.warning("could not list duplicates of job %s: %s", job_id, error)
    else:
        cancel_all(client, (job for job in found if job["id"] != job_id), sleep)


def expect_duplicates(client: ApiClient, tag: str, job_id: str) -> None:
    """Notes that an earlier attempt to submit a job may still create a duplicate."""
    _expected(client)[job_id] = tag


def cancel_late_duplicates(client: ApiClient, job_id: str) -> None:
    """Cancels, in a thread, duplicates of a final job, if any were expected."""
    tag = _expected(client).pop(job_id, None)
    if tag is not None:
        in_thread(lambda: cancel_duplicates(client, tag, job_id), "qiskit-rest-duplicates")


def _expected(client: ApiClient) -> dict[str, str]:
    return client.shared("expected duplicates", dict[str, str])

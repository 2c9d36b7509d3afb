"""Jobs of one submission: found by its tag, and all but one of them cancelled."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable
from typing import Any, Final

from qiskit_rest_primitives.background import in_thread
from qiskit_rest_primitives.errors import RestPrimitivesError
from qiskit_rest_primitives.http.client import ApiClient
from qiskit_rest_primitives.http.posting import cancel

logger = logging.getLogger(__name__)

LISTED: Final = 50


def jobs_with_tag(client: ApiClient, tag: str, *, patient: bool = True) -> list[dict[str, Any]]:
    """The jobs with a submission's tag, oldest first."""
    # Newest first: a service that ignores the filter still shows ours. It must not hand us
    # somebody else's job.
    page = client.jobs(tags=[tag], sort="DESC", limit=LISTED, patient=patient)
    found = [job for job in page["jobs"] if tag in (job.get("tags") or ())]
    return found[::-1]


def cancel_all(
    client: ApiClient, twins: Iterable[dict[str, Any]], sleep: Callable[[float], None] = time.sleep
) -> None:
    """Cancels jobs that came of earlier tries; what can't be is said in the log."""
    for twin in twins:
        logger.warning("job %s came of an earlier try and is cancelled", twin["id"])
        try:
            cancel(client, twin["id"], sleep=sleep)
        except RestPrimitivesError as error:
            logger.warning("job %s could not be cancelled: %s", twin["id"], error)


def withdraw_twins(
    client: ApiClient, tag: str, job_id: str, sleep: Callable[[float], None] = time.sleep
) -> None:
    """Cancels what a slow service made of an earlier try after it had been looked for."""
    try:
        found = jobs_with_tag(client, tag, patient=False)
    except RestPrimitivesError as error:
        logger.warning("could not look for twins of job %s: %s", job_id, error)
    else:
        cancel_all(client, (twin for twin in found if twin["id"] != job_id), sleep)


def expect_twins(client: ApiClient, tag: str, job_id: str) -> None:
    """Notes that an earlier try of a job's submission may still turn up as another job."""
    _expected(client)[job_id] = tag


def look_for_late_twins(client: ApiClient, job_id: str) -> None:
    """Looks once more, in a thread, if there was a doubt about a job's submission."""
    tag = _expected(client).pop(job_id, None)
    if tag is not None:
        in_thread(lambda: withdraw_twins(client, tag, job_id), "qiskit-rest-twins")


def _expected(client: ApiClient) -> dict[str, str]:
    return client.once("submissions in doubt", dict[str, str])

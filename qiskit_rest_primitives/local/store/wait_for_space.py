"""What becomes of a result while the disk is full: it waits, then its job fails with the reason.

A job that ends is never lost: either its result is stored, or that it has none, or the service
stops before and the next start runs the job again.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable

from qiskit_rest_primitives.local.outcome import Outcome
from qiskit_rest_primitives.local.store.disk_full import StorageFullError

logger = logging.getLogger(__name__)

PAUSE_SECONDS = 0.5
RESULT_SECONDS = 600.0
"""How long a result waits for space."""


def store_when_possible(
    store: Callable[[Outcome], None],
    outcome: Outcome,
    job_id: str,
    *,
    stopping: Callable[[], bool],
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
) -> None:
    """Stores how a job ended, again and again while the disk is full.

    Args:
        store: stores all of it, or nothing and raises `StorageFullError`.
        outcome: of the job. After `RESULT_SECONDS` it is replaced by a failure, which needs little
            space, and is tried for without end.
        job_id: for the log.
        stopping: whether the service stops; then nothing more is tried.
        clock: monotonic seconds.
        sleep: waits.
    """
    deadline = clock() + RESULT_SECONDS
    told = False
    while not stopping():
        try:
            store(outcome)
        except StorageFullError as error:
            if not told:
                logger.error("job %s waits to be stored: %s Make space.", job_id, error)
                told = True
            if outcome.status == "Completed" and clock() >= deadline:
                outcome = Outcome(
                    "Failed",
                    reason=f"The job ran, but its result could not be stored: {error}",
                    reason_solution="Ask who runs the service to make space, and run it again.",
                    usage_seconds=outcome.usage_seconds,
                    logs=outcome.logs,
                )
            sleep(PAUSE_SECONDS)
        else:
            return

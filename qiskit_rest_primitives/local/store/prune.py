"""Deletes finished jobs that are old, or that take too much space; sessions without jobs too.

A few jobs at a time, so that a service that uses the folder waits for milliseconds at most.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from qiskit_rest_primitives.local.limits import Retention
from qiskit_rest_primitives.local.store.folder_lock import FolderInUseError
from qiskit_rest_primitives.local.store.store import DATABASE, Store
from qiskit_rest_primitives.local.times import wall_clock

AT_ONCE = 20


def prune(
    store: Store, retention: Retention, now: float, *, stopping: Callable[[], bool] = lambda: False
) -> int:
    """Deletes what a retention does not keep; returns the number of jobs.

    Args:
        store: of the jobs. Jobs that are queued or run are kept, however old.
        retention: what to keep.
        now: seconds since the epoch.
        stopping: whether to end early.

    Raises:
        StorageFullError: the disk is full; fewer jobs were deleted.
    """
    deleted = 0
    while not stopping() and (job_ids := _next(store, retention, now)):
        deleted += store.delete_jobs(job_ids)
    if retention.older_than_seconds is not None:
        store.change(
            "DELETE FROM sessions WHERE state = 'closed' AND jobs = 0 AND closed < ?",
            (now - retention.older_than_seconds,),
        )
    return deleted


def prune_folder(folder: Path, retention: Retention) -> tuple[int, int]:
    """Deletes what a retention does not keep in a data folder, whose service may be running.

    Returns:
        The number of jobs that were deleted, and the bytes of those that are left.

    Raises:
        FileNotFoundError: no service has used the folder.
        ValueError: the service that uses it is of another version.
        StorageFullError: the disk is full; fewer jobs were deleted.
    """
    if not (folder / DATABASE).is_file():
        raise FileNotFoundError(f"{folder} is not the data folder of a service: no {DATABASE}")
    try:
        store, alone = Store(folder), True
    except FolderInUseError:
        store, alone = Store(folder, alone=False), False
    with store:
        deleted = prune(store, retention, wall_clock())
        if alone and deleted:
            store.change("VACUUM")
        return deleted, store.bytes_of()


def _next(store: Store, retention: Retention, now: float) -> list[str]:
    """The next jobs to delete, those that ended first."""
    first = "SELECT id, params_size + result_size FROM jobs WHERE finished IS NOT NULL"
    if retention.older_than_seconds is not None:
        found = store.rows(
            f"{first} AND finished < ? ORDER BY finished LIMIT ?",
            (now - retention.older_than_seconds, AT_ONCE),
        )
        if found:
            return [row[0] for row in found]
    if retention.keep_bytes is None:
        return []
    excess = store.bytes_of() - retention.keep_bytes
    job_ids: list[str] = []
    if excess > 0:
        for job_id, size in store.rows(f"{first} ORDER BY finished LIMIT ?", (AT_ONCE,)):
            if excess <= 0:
                break
            job_ids.append(job_id)
            excess -= size
    return job_ids

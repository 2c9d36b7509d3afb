"""Waiting for one job or for many: `wait` and `as_completed`, as in `concurrent.futures`."""

from __future__ import annotations

import logging
import numbers
import threading
import time
from collections.abc import Generator, Iterable, Iterator, Mapping
from concurrent.futures import FIRST_COMPLETED, Future
from concurrent.futures import wait as wait_for_futures
from contextlib import ExitStack, contextmanager
from typing import Any, Final, TypeVar, cast

from qiskit_rest_primitives.display.tracebacks import shorten_in_notebooks
from qiskit_rest_primitives.errors import JobTimeoutError
from qiskit_rest_primitives.http.client import ApiClient
from qiskit_rest_primitives.jobs.base import Job
from qiskit_rest_primitives.jobs.details import JobDetails, details_of
from qiskit_rest_primitives.jobs.poller import poller_of

logger = logging.getLogger(__name__)

MOST_IDS_SHOWN: Final = 20
"""How many job ids the warning of an interrupted wait shows."""


def checked_timeout(timeout: float | None) -> float | None:
    """A caller's timeout; None for one that is longer than threads can wait.

    Raises:
        TypeError: it is not a number.
        ValueError: it is NaN.
    """
    if timeout is None:
        return None
    if not isinstance(cast(object, timeout), numbers.Real):
        raise TypeError(f"timeout={timeout!r}: pass seconds, or None to wait without end")
    if timeout != timeout:
        raise ValueError("timeout is NaN: pass seconds, or None to wait without end")
    return None if timeout > threading.TIMEOUT_MAX else float(timeout)


def deadline_of(timeout: float | None) -> float | None:
    """The monotonic time at which a timeout ends; None for one without end."""
    seconds = checked_timeout(timeout)
    return None if seconds is None else time.monotonic() + seconds


def left_until(deadline: float | None) -> float | None:
    """Seconds until a deadline; None without a deadline."""
    return None if deadline is None else max(0.0, deadline - time.monotonic())


J = TypeVar("J", bound=Job)


@contextmanager
def polling(
    jobs: Iterable[JobDetails],
) -> Generator[dict[Future[dict[str, Any]], list[JobDetails]]]:
    """Futures of the jobs' final details, polled until the block ends.

    Handles of one job share a future.
    """
    futures: dict[Future[dict[str, Any]], list[JobDetails]] = {}
    groups: dict[ApiClient, dict[str, list[JobDetails]]] = {}
    for job in jobs:
        final = job.known_final()
        if final is not None:
            known: Future[dict[str, Any]] = Future()
            known.set_result(final)
            futures[known] = [job]
        else:
            groups.setdefault(job.client, {}).setdefault(job.job_id, []).append(job)
    with ExitStack() as stack:
        for client, same_client in groups.items():
            made_at = {job_id: same[0].made_at for job_id, same in same_client.items()}
            polled = stack.enter_context(poller_of(client).polling(made_at))
            futures.update((polled[job_id], same) for job_id, same in same_client.items())
        with warn_jobs_continue(job.job_id for same in futures.values() for job in same):
            yield futures


@contextmanager
def warn_jobs_continue(job_ids: Iterable[str]) -> Generator[None]:
    """Warns after Ctrl-C that the jobs continue, with their ids."""
    try:
        yield
    except KeyboardInterrupt as interrupt:
        shorten_in_notebooks(interrupt)
        ids = list(dict.fromkeys(job_ids))
        if len(ids) == 1:
            logger.warning(
                "job %s continues: wait again, or fetch it later with service.job(%r)", *ids, *ids
            )
        else:
            named = ", ".join(ids[:MOST_IDS_SHOWN]) + (", ..." if len(ids) > MOST_IDS_SHOWN else "")
            logger.warning(
                "the jobs continue: wait again, or fetch each later with service.job(id): %s", named
            )
        raise


def wait_for_final(job: JobDetails, timeout: float | None) -> dict[str, Any]:
    """Waits until one job is final and returns its details.

    Args:
        job: its cached details; the final details are merged in.
        timeout: seconds; None waits without end.

    Raises:
        JobTimeoutError: it is not final in time; it continues.
    """
    timeout = checked_timeout(timeout)
    with polling([job]) as futures:
        (future,) = futures
        done, _ = wait_for_futures([future], timeout)
        if not done:
            raise JobTimeoutError(
                f"job {job.job_id} is not final after {timeout:g} s; it continues: call again, "
                "or fetch it later by its id"
            )
        details = future.result()
    job.merge(details)
    return details


def wait(
    jobs: Iterable[J], timeout: float | None = None, return_when: str = "ALL_COMPLETED"
) -> tuple[set[J], set[J]]:
    """Waits for any number of jobs with one poll loop.

    Args:
        jobs: handles, of one service or of several.
        timeout: seconds; None waits without end.
        return_when: ``"ALL_COMPLETED"``, ``"FIRST_COMPLETED"`` or ``"FIRST_EXCEPTION"`` (a job
            that can't be polled any more), as in `concurrent.futures.wait`.

    Returns:
        Jobs that are final (or can't be polled), and jobs that are not.

    >>> jobs = [SamplerV2(backend).run([bell]) for _ in range(3)]
    >>> done, pending = wait(jobs, timeout=60)
    >>> len(done), len(pending)
    (3, 0)
    """
    handles, timeout = _handles_by_details(jobs), checked_timeout(timeout)
    with polling(handles) as futures:
        done, pending = wait_for_futures(futures, timeout, return_when)
        for future in done:
            _merge_into_all(future, futures)
        return (
            {handles[details] for future in done for details in futures[future]},
            {handles[details] for future in pending for details in futures[future]},
        )


def as_completed(jobs: Iterable[J], timeout: float | None = None) -> Iterator[J]:
    """Yields jobs as they become final, whatever their outcome.

    Args:
        jobs: handles, of one service or of several.
        timeout: seconds from the first ``next``; None waits without end.

    Raises:
        JobTimeoutError: some are not final in time; all continue.

    >>> jobs = [SamplerV2(backend).run([bell], shots=shots) for shots in (10, 20)]
    >>> sorted(job.result()[0].data.meas.num_shots for job in as_completed(jobs))
    [10, 20]
    """
    timeout = checked_timeout(timeout)
    deadline = deadline_of(timeout)
    handles = _handles_by_details(jobs)
    with polling(handles) as futures:
        left = set(futures)
        while left:
            done, left = wait_for_futures(left, left_until(deadline), FIRST_COMPLETED)
            if not done:
                number = sum(len(futures[future]) for future in left)
                raise JobTimeoutError(f"{number} jobs are not final after {timeout:g} s")
            for future in done:
                _merge_into_all(future, futures)
                yield from (handles[details] for details in futures[future])


def _handles_by_details(jobs: Iterable[J]) -> dict[JobDetails, J]:
    return {details_of(job): job for job in jobs}


def _merge_into_all(
    future: Future[dict[str, Any]], futures: Mapping[Future[dict[str, Any]], list[JobDetails]]
) -> None:
    if future.exception() is None:
        for job in futures[future]:
            job.merge(future.result())

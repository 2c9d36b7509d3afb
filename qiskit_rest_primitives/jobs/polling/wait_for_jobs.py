"""Waiting for one job or for many: `wait` and `as_completed`, as in `concurrent.futures`."""

from __future__ import annotations

import logging
import numbers
import threading
import time
from collections import Counter
from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future
from contextlib import ExitStack, contextmanager
from typing import Any, Final, TypeVar, cast

from qiskit_rest_primitives.display.progress import Progress, require_bar
from qiskit_rest_primitives.display.tracebacks import shorten_in_notebooks
from qiskit_rest_primitives.errors import JobTimeoutError
from qiskit_rest_primitives.http.client import ApiClient
from qiskit_rest_primitives.jobs.base import Job
from qiskit_rest_primitives.jobs.details import JobDetails, details_of
from qiskit_rest_primitives.jobs.polling.poller import poller_of
from qiskit_rest_primitives.jobs.polling.prefer_wait import habit_of

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
        with warn_jobs_continue([job for same in futures.values() for job in same]):
            yield futures


@contextmanager
def warn_jobs_continue(jobs: Iterable[JobDetails]) -> Generator[None]:
    """Warns after Ctrl-C that the jobs continue, with their ids and how to go on."""
    try:
        yield
    except KeyboardInterrupt as interrupt:
        from qiskit_rest_primitives.local.in_process import runs_here

        shorten_in_notebooks(interrupt)
        jobs = list(jobs)
        ids = list(dict.fromkeys(job.job_id for job in jobs))
        named = ", ".join(ids[:MOST_IDS_SHOWN]) + (", ..." if len(ids) > MOST_IDS_SHOWN else "")
        what = f"job {named} continues" if len(ids) == 1 else f"the jobs continue: {named}"
        if any(runs_here(job.client.url) for job in jobs):
            cure = "wait again; the service is part of this process and ends with it"
        elif len(ids) == 1:
            cure = f"wait again, or fetch it later with service.job({ids[0]!r})"
        else:
            cure = "wait again, or fetch each later with service.job(id)"
        logger.warning("%s; %s", what, cure)
        raise


def progress_of(
    futures: Mapping[Future[dict[str, Any]], list[JobDetails]], show: bool | None
) -> Progress:
    """The progress of a wait for jobs.

    Args:
        futures: of their final details, as `polling` gives them.
        show: what the call says; None for what the settings say.
    """
    jobs = [job for same in futures.values() for job in same]
    return Progress(shown(show, jobs), len(futures), lambda: _describe(futures))


def progress_of_one(job: JobDetails, show: bool | None) -> Progress:
    """The progress of a wait for one job, and then for its result."""
    return Progress(shown(show, [job]), 1, lambda: describe_job(job))


def shown(show: bool | None, jobs: Sequence[JobDetails]) -> bool | None:
    """Whether a wait shows a bar: what the call says, else the settings of the first job's client.

    Returns:
        True, False, or None for the default.
    """
    return jobs[0].client.settings.progress if show is None and jobs else show


def describe_job(job: JobDetails) -> str:
    """A job's id and its state, as it was last polled."""
    _note_last_poll(job)
    return f"{job.job_id} {job.state_in_words}"


def _describe(futures: Mapping[Future[dict[str, Any]], list[JobDetails]]) -> str:
    """How many jobs are in which state."""
    pending = [same[0] for future, same in futures.items() if not future.done()]
    if len(pending) == 1:
        return describe_job(pending[0])
    for job in pending:
        _note_last_poll(job)
    states = Counter(job.state_in_words.partition(",")[0] for job in pending)
    return ", ".join(f"{number} {state}" for state, number in states.items()) or "all final"


def _note_last_poll(job: JobDetails) -> None:
    if job.known_final() is None:
        job.merge(poller_of(job.client).last_seen(job.job_id))


def wait_for_final(job: JobDetails, timeout: float | None, progress: Progress) -> dict[str, Any]:
    """Waits until one job is final and returns its details.

    Args:
        job: its cached details; the final details are merged in.
        timeout: seconds; None waits without end.
        progress: shows the wait.

    Raises:
        JobTimeoutError: it is not final in time; it continues.
    """
    timeout = checked_timeout(timeout)
    final = job.known_final()
    if final is not None:
        habit_of(job.client).waited(job.job_id)
        return final
    with polling([job]) as futures:
        (future,) = futures
        done, _ = progress.wait([future], timeout)
        if not done:
            raise JobTimeoutError(
                f"job {job.job_id} is not final after {timeout:g} s; it continues: call again, "
                "or fetch it later by its id"
            )
        details = future.result()
    job.merge(details)
    habit_of(job.client).waited(job.job_id)
    return details


def wait(
    jobs: Iterable[J],
    timeout: float | None = None,
    return_when: str = "ALL_COMPLETED",
    *,
    progress: bool | None = None,
) -> tuple[set[J], set[J]]:
    """Waits for any number of jobs with one poll loop.

    Args:
        jobs: handles, of one service or of several.
        timeout: seconds; None waits without end.
        return_when: ``"ALL_COMPLETED"``, ``"FIRST_COMPLETED"`` or ``"FIRST_EXCEPTION"`` (a job
            that can't be polled any more), as in `concurrent.futures.wait`.
        progress: whether to show a bar with the states of the jobs, which needs the extra
            ``[notebook]``; None as `Settings.progress` says.

    Returns:
        Jobs that are final (or can't be polled), and jobs that are not.

    >>> jobs = [SamplerV2(backend).run([bell]) for _ in range(3)]
    >>> done, pending = wait(jobs, timeout=60)
    >>> len(done), len(pending)
    (3, 0)
    """
    handles, timeout = _handles_by_details(jobs), checked_timeout(timeout)
    with polling(handles) as futures, progress_of(futures, progress) as bar:
        done, pending = bar.wait(futures, timeout, return_when)
        for future in done:
            _merge_into_all(future, futures)
        return (
            {handles[details] for future in done for details in futures[future]},
            {handles[details] for future in pending for details in futures[future]},
        )


def as_completed(
    jobs: Iterable[J], timeout: float | None = None, *, progress: bool | None = None
) -> Iterator[J]:
    """Yields jobs as they become final, whatever their outcome.

    Args:
        jobs: handles, of one service or of several.
        timeout: seconds from the first ``next``; None waits without end.
        progress: whether to show a bar, as in `wait`.

    Raises:
        ImportError: ``progress=True`` without tqdm.
        JobTimeoutError: some are not final in time; all continue.

    >>> jobs = [SamplerV2(backend).run([bell], shots=shots) for shots in (10, 20)]
    >>> sorted(job.result()[0].data.meas.num_shots for job in as_completed(jobs))
    [10, 20]
    """
    require_bar(progress)
    return _as_completed(jobs, timeout, progress)


def _as_completed(jobs: Iterable[J], timeout: float | None, progress: bool | None) -> Iterator[J]:
    timeout = checked_timeout(timeout)
    deadline = deadline_of(timeout)
    handles = _handles_by_details(jobs)
    with polling(handles) as futures, progress_of(futures, progress) as bar:
        left = set(futures)
        while left:
            done, left = bar.wait(left, left_until(deadline), FIRST_COMPLETED)
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

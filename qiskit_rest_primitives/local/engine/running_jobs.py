"""The jobs that run, and whether one more may start."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Final

from qiskit_rest_primitives.local.engine.turns.fair_queue import count_down

if TYPE_CHECKING:
    from qiskit_rest_primitives.local.engine.run_job import Job
    from qiskit_rest_primitives.local.simulators.backends import LocalBackend

MOST_JOBS: Final = 200
"""Running jobs of all users: each has a thread and its params in memory."""
MOST_BACKENDS: Final = 8
"""Backends on which the jobs of one user run though as many jobs run as usual."""


class RunningJobs:
    """The running jobs.

    A user without a running job may always start one, and one more on each further backend; so no
    user and no backend waits for another. Beyond that, as many jobs run as keep the workers busy.
    Jobs on backends with a thread of their own keep no worker busy.

    Args:
        at_once: how many jobs keep the workers busy; a cluster may grow.
    """

    def __init__(self, at_once: Callable[[], int]):
        self._at_once = at_once
        self._jobs: dict[str, Job] = {}
        self._at_workers = 0
        self._of_users: Counter[str] = Counter()
        self._of_lines: Counter[tuple[str, str]] = Counter()
        self._on_backends: Counter[str] = Counter()
        self._in_sessions: Counter[str | None] = Counter()

    def may_start(self, user: str, backend: LocalBackend) -> bool:
        """Whether a job of that user may start on that backend."""
        is_first = not self._of_lines[user, backend.name]
        if backend.own_thread:
            return is_first and len(self) < MOST_JOBS
        if is_first and self._of_users[user] < MOST_BACKENDS:
            return len(self) < MOST_JOBS
        return self._at_workers < self._at_once()

    def add(self, job: Job) -> None:
        """Counts a job that starts."""
        self._jobs[job.asked.job_id] = job
        self._at_workers += not job.asked.backend.own_thread
        self._of_users[job.asked.user] += not job.asked.backend.own_thread
        self._of_lines[job.asked.user, job.asked.backend.name] += 1
        self._on_backends[job.asked.backend.name] += 1
        self._in_sessions[job.asked.session_id] += 1

    def remove(self, job: Job) -> None:
        """Counts a job that ended."""
        self._jobs.pop(job.asked.job_id, None)
        self._at_workers -= not job.asked.backend.own_thread
        self._of_users[job.asked.user] -= not job.asked.backend.own_thread
        count_down(self._of_lines, (job.asked.user, job.asked.backend.name))
        count_down(self._on_backends, job.asked.backend.name)
        count_down(self._in_sessions, job.asked.session_id)

    def get(self, job_id: str) -> Job | None:
        """The running job of that id."""
        return self._jobs.get(job_id)

    def of(self, user: str) -> int:
        """How many jobs of a user run at the workers that all share."""
        return self._of_users[user]

    def on(self, backend: str) -> int:
        """How many jobs run on a backend."""
        return self._on_backends[backend]

    def in_session(self, session_id: str | None) -> bool:
        """Whether a job of that session runs; False without a session."""
        return session_id is not None and self._in_sessions[session_id] > 0

    def __iter__(self) -> Iterator[Job]:
        return iter(self._jobs.values())

    def __len__(self) -> int:
        return self._on_backends.total()

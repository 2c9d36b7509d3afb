"""Jobs that stay in the queue for as long as a test wants, and backends that are offline for it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from fnmatch import fnmatchcase
from threading import Lock


@dataclass
class _Held:
    start: Callable[[], None]
    polls: int | None


class HeldJobs:
    """Decides which jobs do not start yet. Safe to use from any thread.

    Attributes:
        polls: how often the state of a job that is submitted from now on is read before the job
            starts; None holds it until `release`.
        offline: patterns of names of backends that are offline; their jobs are held.
    """

    def __init__(self) -> None:
        self.polls: int | None = 0
        self.offline: tuple[str, ...] = ()
        self._lock = Lock()
        self._held: dict[str, _Held] = {}

    def is_offline(self, backend: str) -> bool:
        """Whether a backend is offline."""
        return any(fnmatchcase(backend, pattern) for pattern in self.offline)

    def hold(self, job_id: str, backend: str, start: Callable[[], None]) -> bool:
        """Keeps a job back, if it does not start now; true if so."""
        polls = None if self.is_offline(backend) else self.polls
        if polls == 0:
            return False
        with self._lock:
            self._held[job_id] = _Held(start, polls)
        return True

    def polled(self, job_ids: Iterable[str]) -> None:
        """Counts that the states of jobs were read; starts those that waited long enough."""
        if not self._held:
            return
        due: list[_Held] = []
        with self._lock:
            for job_id in job_ids:
                held = self._held.get(job_id)
                if held is None or held.polls is None:
                    continue
                held.polls -= 1
                if held.polls <= 0:
                    due.append(self._held.pop(job_id))
        for held in due:
            held.start()

    def forget(self, job_id: str) -> None:
        """Forgets a job that was cancelled."""
        with self._lock:
            self._held.pop(job_id, None)

    def release(self) -> None:
        """Starts all held jobs, and holds none from now on."""
        self.polls, self.offline = 0, ()
        with self._lock:
            due = list(self._held.values())
            self._held.clear()
        for held in due:
            held.start()

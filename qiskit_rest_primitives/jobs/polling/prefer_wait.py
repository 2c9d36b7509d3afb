"""Notices a program that waits for each job right after its submission, as a VQE's loop does.

Such a program prefers a reply to POST /jobs that comes with the result. One that submits many jobs
before it waits does not: there a submission has to return at once.
"""

from __future__ import annotations

import threading
import time
from typing import Final

from qiskit_rest_primitives.http.client import ApiClient
from qiskit_rest_primitives.http.interception import is_intercepted

HABIT: Final = 2
"""How many jobs, one after the other, were waited for like this."""
QUICK_SECONDS: Final = 2.0
"""From the submission of a job to the end of the wait for it."""


class Habit(threading.local):
    """What one thread did with the jobs that it submitted last, through one client."""

    def __init__(self) -> None:
        self._job_id = ""
        self._began = 0.0
        self._quick_jobs = 0

    def begins(self) -> bool:
        """Notes that a job is about to be submitted; True if it will be waited for at once."""
        self._quick_jobs = 0 if self._job_id else self._quick_jobs
        self._began = time.monotonic()
        return self._quick_jobs >= HABIT

    def submitted(self, job_id: str) -> None:
        """Notes the job that was submitted."""
        self._job_id = job_id

    def waited(self, job_id: str) -> None:
        """Notes that a job was waited for until it was final."""
        if job_id != self._job_id:
            return
        self._job_id = ""
        quick = time.monotonic() - self._began <= QUICK_SECONDS
        self._quick_jobs = self._quick_jobs + 1 if quick else 0


def habit_of(client: ApiClient) -> Habit:
    """The habit of each thread that uses a client."""
    return client.shared("habit", Habit)


def prefers_to_wait(client: ApiClient) -> bool:
    """Notes a submission; whether its reply should come with the result.

    Never in a recording, which has the requests that all programs send.
    """
    return habit_of(client).begins() and not is_intercepted()

"""Every setting that limits the embedded service (sizes, times, rates), with its default."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from qiskit_rest_primitives.wire.limits import MAX_BODY_BYTES, MAX_JOB_SECONDS

MEBIBYTE = 1 << 20
# Lists of three-digit numbers take eight times their text in memory; tiny lists are rare.
DECODED_FACTOR = 10


@dataclass(frozen=True)
class Limits:
    """Limits of the service.

    Attributes:
        body_bytes: largest request body; more is answered with 413.
        header_bytes: largest request line with its headers.
        small_body_bytes: largest body of any call but POST /jobs.
        connections: most connections open at once; one more is answered with 503.
        header_seconds: time a client has to send the headers of its first request.
        body_seconds: time a client has to send a request's body.
        write_seconds: time a client has to take each piece of a reply.
        keep_alive_seconds: time a connection may idle between requests.
        job_seconds: longest run of a job; less if the job says so (``cost``).
        submissions_per_minute: jobs a user may submit in any minute; None for any number.

    >>> limits = Limits(submissions_per_minute=5, job_seconds=60)
    >>> limits.connections
    500
    """

    body_bytes: int = MAX_BODY_BYTES
    header_bytes: int = 65_536
    small_body_bytes: int = 65_536
    connections: int = 500
    header_seconds: float = 15.0
    body_seconds: float = 120.0
    write_seconds: float = 60.0
    keep_alive_seconds: float = 75.0
    job_seconds: float = MAX_JOB_SECONDS
    submissions_per_minute: int | None = None

    @property
    def decoded_bytes(self) -> int:
        """Most memory that the JSON of one body may take when it is decoded."""
        return DECODED_FACTOR * self.body_bytes


class RateLimiter:
    """Counts a user's submissions in a sliding minute.

    Args:
        per_minute: most submissions; None for any number.
        clock: monotonic seconds.
    """

    def __init__(self, per_minute: int | None, clock: Callable[[], float] = time.monotonic):
        self.per_minute = per_minute
        self._clock = clock
        self._lock = threading.Lock()
        self._recent: dict[str, deque[float]] = {}

    def wait_seconds(self, user: str) -> float:
        """Counts a submission if the user may submit now; else says in how many seconds they may.

        Returns:
            0 if it was counted.
        """
        if self.per_minute is None:
            return 0.0
        now = self._clock()
        with self._lock:
            recent = self._recent.setdefault(user, deque())
            while recent and recent[0] <= now - 60.0:
                recent.popleft()
            if len(recent) >= self.per_minute:
                return recent[0] + 60.0 - now
            recent.append(now)
        return 0.0

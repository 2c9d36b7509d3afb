"""The rate limit of submissions: the client waits instead of being refused."""

from __future__ import annotations

import logging
import time
from collections import deque
from collections.abc import Callable
from typing import Final
from urllib.parse import urlsplit

from qiskit_rest_primitives.concurrency.forks import Lock
from qiskit_rest_primitives.http.client import ApiClient
from qiskit_rest_primitives.http.interception import reaches_service

logger = logging.getLogger(__name__)

IBM_SUBMISSIONS_PER_MINUTE: Final = 5
MARGIN_SECONDS: Final = 1.0
"""The service counts when a job arrives, not when it is sent."""


class RateLimit:
    """Keeps submissions below a rate by waiting, in the order of their arrival.

    Args:
        per_minute: submissions in any 60 seconds; 0 for no limit.
        clock: monotonic seconds.
        sleep: pauses for a number of seconds.
    """

    def __init__(
        self,
        per_minute: float,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ):
        self._per_minute = per_minute
        self._clock = clock
        self._sleep = sleep
        self._lock = Lock()
        self._sent: deque[float] = deque()

    @property
    def interval_seconds(self) -> float:
        """Seconds between submissions that stay within the rate limit; 0 if unlimited."""
        return 60 / self._per_minute if self._per_minute else 0.0

    def wait(self) -> None:
        """Returns when the next submission is allowed."""
        if not self._per_minute:
            return
        with self._lock:
            now = self._clock()
            whole = max(1, int(self._per_minute))
            window = 60.0 * whole / self._per_minute + MARGIN_SECONDS
            if len(self._sent) >= whole:
                pause = self._sent[-whole] + window - now
                if pause > 0:
                    logger.warning(
                        "waiting %.1f s to submit: the limit is %g jobs a minute",
                        pause,
                        self._per_minute,
                    )
                    self._sleep(pause)
            self._sent.append(self._clock())
            while len(self._sent) > whole:
                self._sent.popleft()


def rate_limit_of(client: ApiClient) -> RateLimit:
    """The rate limit that all submissions of a client share; none in a replay."""
    if not reaches_service():
        return RateLimit(0)
    wanted = client.settings.submissions_per_minute
    if wanted is None:
        host = urlsplit(client.url).hostname or ""
        wanted = IBM_SUBMISSIONS_PER_MINUTE if host.endswith("quantum.cloud.ibm.com") else 0
    return client.shared("rate limit", lambda: RateLimit(wanted))

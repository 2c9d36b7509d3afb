"""Outages: which errors are of one, how long to pause, and calls that are repeated meanwhile."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import Final, TypeVar

from qiskit_rest_primitives.errors import (
    APIError,
    RateLimitError,
    RestPrimitivesError,
    ServerError,
    TransportError,
)
from qiskit_rest_primitives.jitter import jitter

logger = logging.getLogger(__name__)

T = TypeVar("T")

GATEWAY_TIMEOUTS: Final = frozenset({408, 425})
"""Client errors that say nothing of the request itself."""
FIRST_PAUSE_SECONDS: Final = 0.5
LONGEST_PAUSE_SECONDS: Final = 5.0


def is_outage(error: RestPrimitivesError) -> bool:
    """Whether the service is not there, or not itself, for a while."""
    if isinstance(error, APIError) and error.status_code in GATEWAY_TIMEOUTS:
        return True
    return isinstance(error, TransportError | RateLimitError | ServerError)


def retry_after(error: RestPrimitivesError) -> float | None:
    """Seconds that the service asked to wait, or None."""
    return error.retry_after_seconds if isinstance(error, APIError) else None


def backoff(first_seconds: float, tries: int) -> float:
    """The pause after so many tries, stretched a little by chance."""
    return min(first_seconds * 2 ** min(tries - 1, 10), LONGEST_PAUSE_SECONDS) * jitter()


def pause_after(error: RestPrimitivesError, first_seconds: float, tries: int) -> float:
    """What the service asked for, or else `backoff`; a service that asks for none gets some."""
    asked, own = retry_after(error), backoff(first_seconds, tries)
    return own if asked is None else max(asked, min(own, 1.0))


def through_outages(
    call: Callable[[], T],
    seconds: Callable[[RestPrimitivesError], float],
    *,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
) -> T:
    """Makes a call that only reads, again and again while there is an outage.

    Args:
        call: the call.
        seconds: how long from the first try on it may be repeated after such an error.
        clock: monotonic seconds.
        sleep: waits seconds.

    Raises:
        RestPrimitivesError: what the last try met.
    """
    started, tries = clock(), 0
    while True:
        tries += 1
        began = clock()
        try:
            return call()
        except RestPrimitivesError as error:
            left = seconds(error) - (clock() - started)
            if left <= 0 or not is_outage(error):
                raise
            pause = pause_after(error, FIRST_PAUSE_SECONDS, tries)
            if retry_after(error) is None:
                # From one try to the next: one that met silence has been a pause itself.
                pause = max(pause - (clock() - began), 0.1)
            pause = min(pause, left)
            logger.warning("trying again in %.1f s: %s", pause, error)
        sleep(pause)

"""One call, several attempts: pauses, deadlines, and the error that ends them.

What retries what. One GET passes three layers at most::

    decoding              a result that can't be decoded is fetched again     UNDECODABLE
    └── attempts          made by just one of these
        │   base client   reads, PUT, PATCH, DELETE                           READ_..., GARBLED
        │   poller        the states of jobs that callers wait for            FOREVER, MISSING
        │   download      results, and what a job was submitted with          FOREVER, MISSING
        │   submission    the job list, after a POST without a reply
        └── transport     one request; after a 401, one more with a fresh token
                └── token exchange                                            TOKEN_EXCHANGE

A POST is retried by its caller only, who knows whether that is safe: `jobs.submission.submit` for
jobs, `http.side_effects` for sessions and cancellations. All callers but the base client request a
single attempt (``retry=False``), so that loops never multiply. requests and urllib3 retry nothing.

The names on the right are rows of `http.retry_policies`, which says how long everything is
retried. Here stand the errors that count as an outage, the growth of pauses, and the loop itself.
"""

from __future__ import annotations

import logging
import random
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from types import TracebackType
from typing import TypeVar

from qiskit_rest_primitives.errors import (
    APIError,
    AuthenticationError,
    NotFoundError,
    ProtocolError,
    ReplyTooLargeError,
    RestPrimitivesError,
    TransportError,
)
from qiskit_rest_primitives.http import retry_policies
from qiskit_rest_primitives.http.retry_policies import Limit

logger = logging.getLogger(__name__)

T = TypeVar("T")

_random = random.Random()


def jitter() -> float:
    """A random factor between 0.9 and 1.1, so that clients do not retry in step.

    It has a generator of its own: a user's seeded `random` is unaffected.
    """
    return _random.uniform(0.9, 1.1)


def is_outage(error: RestPrimitivesError) -> bool:
    """Whether the service is unreachable or overloaded; the request itself may be right."""
    return isinstance(error, TransportError) or (
        isinstance(error, APIError) and is_outage_status(error.status_code)
    )


def is_garbled(error: RestPrimitivesError) -> bool:
    """Whether a reply is not in the form of the API, which another attempt may cure."""
    return isinstance(error, ProtocolError) and not isinstance(error, ReplyTooLargeError)


def is_outage_status(status_code: int) -> bool:
    """Whether a reply with this status does not mean that the request is wrong."""
    return status_code >= 500 or status_code in retry_policies.RETRIABLE_CLIENT_ERRORS


def retry_after(error: RestPrimitivesError) -> float | None:
    """Seconds that the service asked to wait, or None."""
    return error.retry_after_seconds if isinstance(error, APIError) else None


def backoff(first_seconds: float, failures: int) -> float:
    """The pause after so many failures: doubled each time up to a limit, with jitter."""
    grown = first_seconds * 2 ** min(failures - 1, 10)
    return min(grown, retry_policies.LONGEST_PAUSE_SECONDS) * jitter()


def waiting_limit(
    missing: Limit, *, renews_tokens: bool
) -> Callable[[RestPrimitivesError], Limit | None]:
    """The limits of callers that wait for a job: they ride out any outage.

    Args:
        missing: limit of errors that may pass once the parts of a service agree: the job is
            missing, or a reply is unreadable.
        renews_tokens: whether a fresh token may cure a 401; then it has that limit, too.
    """

    def limit(error: RestPrimitivesError) -> Limit | None:
        if is_outage(error):
            return retry_policies.FOREVER
        if isinstance(error, AuthenticationError):
            return missing if renews_tokens else None
        return missing if isinstance(error, NotFoundError) or is_garbled(error) else None

    return limit


@dataclass
class _Failures:
    """Failures of one kind.

    Attributes:
        began: when the first of these attempts began.
        failures: their number.
    """

    began: float
    failures: int = 0


class Backoff:
    """Computes the pause after each failure, or that the error is final. It does not sleep.

    Outages and other errors are counted apart: a service that comes back after a long outage may
    still answer the next call or two with an error that passes.

    Args:
        limit: how long an error is worth another attempt; None if it is final.
        first_pause_seconds: the first pause; later ones grow.
        clock: monotonic seconds.
    """

    def __init__(
        self,
        limit: Callable[[RestPrimitivesError], Limit | None],
        *,
        first_pause_seconds: float = retry_policies.FIRST_PAUSE_SECONDS,
        clock: Callable[[], float] = time.monotonic,
    ):
        self._limit = limit
        self._first_pause_seconds = first_pause_seconds
        self._clock = clock
        self.reset()

    def reset(self) -> None:
        """Forgets all failures, after a success."""
        self._failures = 0
        self._by_kind: dict[bool, _Failures] = {}

    def pause_after(self, error: RestPrimitivesError, began: float) -> float | None:
        """Seconds until the next attempt; None if the error is final.

        The last pause is cut short: the last attempt is made at the deadline, not after it.

        Args:
            error: what the attempt raised.
            began: when the attempt began, by the clock.
        """
        self._failures += 1
        kind = self._by_kind.setdefault(is_outage(error), _Failures(began))
        kind.failures += 1
        limit = self._limit(error)
        if limit is None:
            return None
        now = self._clock()
        left = limit.seconds - (now - kind.began)
        if left <= 0 and kind.failures >= limit.attempts:
            return None
        requested = retry_after(error)
        own = backoff(self._first_pause_seconds, self._failures)
        if requested is None:
            # Counted from attempt to attempt: a silent one has been a pause itself.
            pause = max(own - (now - began), min(own, retry_policies.SHORTEST_PAUSE_SECONDS))
        else:
            # A service that asks for no pause gets a short one nevertheless.
            pause = max(requested, min(own, 1.0))
        pause = max(pause, limit.least_pause_seconds)
        last = kind.failures + 1 >= limit.attempts
        return min(pause, left) if last and left > 0 else pause


class Attempts:
    """The attempts at one call, with the pauses between them.

    ::

        for attempt in Attempts(limit):
            with attempt:
                return call()

    An error that is worth another attempt does not leave the ``with`` block: the next turn begins
    after the pause. One that is final does. `call` is the same for a single function.

    Args:
        limit: how long an error is worth another attempt; None if it is final.
        first_pause_seconds: the first pause; later ones grow.
        clock: monotonic seconds.
        sleep: waits seconds.
        level: of the message about a pause of a second or more; shorter ones are logged as INFO.
    """

    def __init__(
        self,
        limit: Callable[[RestPrimitivesError], Limit | None],
        *,
        first_pause_seconds: float = retry_policies.FIRST_PAUSE_SECONDS,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
        level: int = logging.WARNING,
    ):
        self._backoff = Backoff(limit, first_pause_seconds=first_pause_seconds, clock=clock)
        self._clock = clock
        self._sleep = sleep
        self._level = level

    def __iter__(self) -> Iterator[Attempt]:
        number = 0
        while True:
            number += 1
            yield Attempt(self, number, self._clock)

    def call(self, function: Callable[[], T]) -> T:
        """Calls a function until it returns.

        Raises:
            RestPrimitivesError: the last attempt's error.
        """
        for attempt in self:
            with attempt:
                return function()
        raise AssertionError("attempts end by a return or an error")

    def pauses_after(self, error: RestPrimitivesError, began: float) -> bool:
        """Sleeps if the error is worth another attempt; False if it is final.

        Args:
            error: what the attempt raised.
            began: when the attempt began, by the clock.
        """
        pause = self._backoff.pause_after(error, began)
        if pause is None:
            return False
        level = (
            self._level
            if pause >= retry_policies.VISIBLE_PAUSE_SECONDS
            else min(self._level, logging.INFO)
        )
        logger.log(level, "trying again in %.1f s: %s", pause, error)
        self._sleep(pause)
        return True


class Attempt:
    """One attempt: a ``with`` block that swallows an error that is worth another one.

    Attributes:
        number: from 1.
    """

    def __init__(self, attempts: Attempts, number: int, clock: Callable[[], float]):
        self.number = number
        self._attempts = attempts
        self._clock = clock

    def __enter__(self) -> None:
        self._began = self._clock()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> bool:
        return isinstance(error, RestPrimitivesError) and self._attempts.pauses_after(
            error, self._began
        )

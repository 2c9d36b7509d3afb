"""One daemon thread per client, which polls all of its jobs.

A caller waits on a future, never on the network, so its ``timeout`` holds whatever the service
does. The thread polls a few jobs one by one, and many by pages of the job list.
"""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Callable, Generator, Mapping
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from typing import Any, Final, TypeVar

from qiskit_rest_primitives.concurrency.threads import finished_within, in_thread
from qiskit_rest_primitives.errors import (
    ProtocolError,
    ReadTimeoutError,
    RestPrimitivesError,
)
from qiskit_rest_primitives.http import retry_policies
from qiskit_rest_primitives.http.client import ApiClient
from qiskit_rest_primitives.http.retry import Backoff, jitter, waiting_limit
from qiskit_rest_primitives.jobs.polling.poll_list import list_states
from qiskit_rest_primitives.jobs.status import FINAL, is_unknown, read_status

logger = logging.getLogger(__name__)

T = TypeVar("T")

FIRST_POLL_SECONDS: Final = 0.002
GROWTH: Final = 0.15
"""The next interval as a fraction of the time waited so far, and so the largest relative delay."""
LONGEST_INTERVAL_SECONDS: Final = 15.0
REQUESTS_PER_MINUTE: Final = 50
"""The limit while many jobs are polled and none of them changes."""
MOST_POLLED_BY_ID: Final = 24
"""More jobs than this are polled by pages of the job list, which cost more than polls by id."""
EXTRA_POLLS: Final = 3
"""Jobs polled by id after a poll of the list that did not contain them."""
STALE_SECONDS: Final = 120.0
"""A job that no list contained for this long is polled by its id."""
IDLE_SECONDS: Final = 2.0
LONGEST_JOB_SECONDS: Final = 4 * 3600.0
"""A job whose status stays unknown for this long is an error; the service's own limit is 3 h."""


@dataclass
class _PolledJob:
    job_id: str
    made_at: float
    due: float
    created: datetime
    future: Future[dict[str, Any]]
    seen: float
    backoff: Backoff
    waiters: int = 1
    unknown_since: float | None = None
    resolved: bool = False
    details: dict[str, Any] = field(default_factory=dict[str, Any])


@dataclass
class Poller:
    """Polls the jobs that callers wait for.

    Args:
        client: whose jobs these are.
        clock: monotonic seconds.
        stretch: returns a random factor for the next interval.
    """

    client: ApiClient
    clock: Callable[[], float] = time.monotonic
    stretch: Callable[[], float] = field(default=jitter)
    _jobs: dict[str, _PolledJob] = field(default_factory=dict[str, _PolledJob], init=False)
    _wake: threading.Condition = field(default_factory=threading.Condition, init=False)
    _thread: threading.Thread | None = field(default=None, init=False)
    _round_trip: float = field(default=FIRST_POLL_SECONDS, init=False)
    _first_delay: float = field(default=FIRST_POLL_SECONDS, init=False)

    @contextmanager
    def polling(self, made_at: Mapping[str, float]) -> Generator[dict[str, Future[dict[str, Any]]]]:
        """Futures of the final details of jobs, polled until the block ends.

        Args:
            made_at: job id -> monotonic time of its submission, or of its first poll.
        """
        futures: dict[str, Future[dict[str, Any]]] = {}
        with self._wake:
            now = self.clock()
            for job_id, since in made_at.items():
                polled = self._jobs.get(job_id)
                if polled is None:
                    age = now - since
                    polled = self._jobs[job_id] = _PolledJob(
                        job_id,
                        since,
                        now + max(0.0, self._first_delay - age),
                        datetime.now(timezone.utc) - timedelta(seconds=age),
                        Future(),
                        now,
                        self._backoff(),
                    )
                else:
                    polled.waiters += 1
                futures[job_id] = polled.future
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(
                    target=self._run, name="qiskit-rest-poller", daemon=True
                )
                self._thread.start()
            self._wake.notify_all()
        try:
            yield futures
        finally:
            with self._wake:
                for job_id, future in futures.items():
                    polled = self._jobs.get(job_id)
                    if polled is not None and polled.future is future:
                        polled.waiters -= 1
                        if not polled.waiters:
                            del self._jobs[job_id]

    def last_seen(self, job_id: str) -> dict[str, Any]:
        """The details of the last poll of a job that is not final yet; empty before the first."""
        polled = self._jobs.get(job_id)
        return {} if polled is None else polled.details

    def _run(self) -> None:
        idle_since: float | None = None
        while True:
            with self._wake:
                now = self.clock()
                if not self._jobs:
                    idle_since = idle_since or now
                    if now - idle_since >= IDLE_SECONDS:
                        self._thread = None
                        return
                    self._wake.wait(IDLE_SECONDS)
                    continue
                idle_since = None
                earliest = min(polled.due for polled in self._jobs.values())
                if earliest > now:
                    self._wake.wait(earliest - now)
                    continue
                several = len(self._jobs) > MOST_POLLED_BY_ID
                due = [w for w in self._jobs.values() if several or w.due <= now]
            try:
                if several:
                    self._poll_list(due)
                else:
                    for polled in due:
                        self._poll_one(polled)
            except Exception:
                logger.exception("polling failed unexpectedly; it continues")
                self._postpone(due, retry_policies.LONGEST_PAUSE_SECONDS)

    def _poll_one(self, polled: _PolledJob) -> None:
        started = self.clock()
        try:
            details = self._in_time(
                lambda: self.client.job(polled.job_id, retry=False),
                late=lambda details: self._observe(polled, details),
            )
        except RestPrimitivesError as error:
            self._failed(error, [polled], started)
            return
        self._round_trip = self.clock() - started
        first = polled.due - polled.made_at <= 2 * self._first_delay
        if self._observe(polled, details):
            if first:
                # Quick jobs: poll a little earlier next time, until that is too early.
                self._first_delay = max(FIRST_POLL_SECONDS, 0.95 * self._first_delay)
            return
        if first:
            self._first_delay = min(1.3 * self._first_delay, 0.05)
        waited = self.clock() - polled.made_at
        interval = max(GROWTH * waited, self._round_trip, FIRST_POLL_SECONDS)
        self._postpone([polled], min(interval, LONGEST_INTERVAL_SECONDS))

    def _poll_list(self, due: list[_PolledJob]) -> None:
        wanted = {polled.job_id: polled for polled in due}
        started = self.clock()
        since = min(polled.created for polled in due) - timedelta(minutes=1)
        try:
            found, gone, requests = self._in_time(
                lambda: list_states(self.client, wanted.keys(), since),
                seconds=4 * retry_policies.POLL_TIMEOUT_SECONDS,
            )
        except RestPrimitivesError as error:
            self._failed(error, due, started)
            return
        finished = [self._observe(wanted[job_id], details) for job_id, details in found.items()]
        now = self.clock()
        stale = (w for w in due if now - w.seen > STALE_SECONDS and w.job_id not in gone)
        unlisted = [wanted[job_id] for job_id in gone] + list(stale)
        for polled in unlisted[:EXTRA_POLLS]:
            self._poll_one(polled)
        requests += len(unlisted[:EXTRA_POLLS])
        waited = now - max(polled.made_at for polled in due)
        interval = max(min(GROWTH * waited, LONGEST_INTERVAL_SECONDS), 0.02 * requests)
        if requests > EXTRA_POLLS and not any(finished):
            interval = max(interval, requests * 60 / REQUESTS_PER_MINUTE)
        self._postpone([w for w in due if not w.future.done()], interval)

    def _in_time(
        self,
        call: Callable[[], T],
        *,
        seconds: float = 0.0,
        late: Callable[[T], object] | None = None,
    ) -> T:
        """Makes a call that can't block the poller; a later result goes to ``late``."""
        seconds = seconds or retry_policies.POLL_TIMEOUT_SECONDS
        future = in_thread(call, "qiskit-rest-poll")
        if finished_within(future, seconds, late):
            return future.result()
        self.client.reconnect()
        raise ReadTimeoutError(f"the service was silent for {seconds:g} s")

    def _backoff(self) -> Backoff:
        limit = waiting_limit(retry_policies.MISSING, renews_tokens=self.client.renews_tokens)
        return Backoff(limit, clock=self.clock)

    def _observe(self, polled: _PolledJob, details: dict[str, Any]) -> bool:
        """Records a job's details; True if the job is final."""
        polled.backoff.reset()
        polled.seen = self.clock()
        polled.details = details
        if read_status(details) in FINAL:
            self._resolve(polled, details)
            return True
        if not is_unknown(details):
            polled.unknown_since = None
        elif polled.unknown_since is None:
            polled.unknown_since = polled.seen
        elif polled.seen - polled.unknown_since > LONGEST_JOB_SECONDS:
            word = details.get("status")
            self._resolve(
                polled,
                ProtocolError(f"job {polled.job_id} has had the unknown status {word!r} for hours"),
            )
            return True
        return False

    def _failed(self, error: RestPrimitivesError, polled: list[_PolledJob], began: float) -> None:
        """Postpones the jobs of a failed poll; fails those for which the error is permanent."""
        pauses: list[float] = []
        for one in polled:
            pause = one.backoff.pause_after(error, began)
            if pause is None:
                self._resolve(one, error)
            else:
                pauses.append(pause)
        if pauses:
            logger.info("polling again in %.1f s: %s", max(pauses), error)
            self._postpone([one for one in polled if not one.future.done()], max(pauses))

    def _resolve(self, polled: _PolledJob, outcome: dict[str, Any] | RestPrimitivesError) -> None:
        with self._wake:
            if self._jobs.get(polled.job_id) is polled:
                del self._jobs[polled.job_id]
            if polled.future.done() or polled.resolved:
                return
            polled.resolved = True
        if isinstance(outcome, dict):
            polled.future.set_result(outcome)
        else:
            polled.future.set_exception(outcome)

    def _postpone(self, polled: list[_PolledJob], seconds: float) -> None:
        due = self.clock() + seconds * self.stretch()
        with self._wake:
            for one in polled:
                one.due = due


def poller_of(client: ApiClient) -> Poller:
    """The poller shared by all jobs of a client; a forked child gets one of its own."""
    return client.shared(f"poller of process {os.getpid()}", lambda: Poller(client))

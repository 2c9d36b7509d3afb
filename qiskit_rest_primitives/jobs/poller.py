"""One daemon thread a client that polls all its jobs.

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

from qiskit_rest_primitives.concurrency.threads import came_in_time, in_thread
from qiskit_rest_primitives.errors import (
    ProtocolError,
    ReadTimeoutError,
    RestPrimitivesError,
)
from qiskit_rest_primitives.http import retry_policies
from qiskit_rest_primitives.http.client import ApiClient
from qiskit_rest_primitives.http.retry import Backoff, jitter, waiting_limit
from qiskit_rest_primitives.jobs.poll_list import list_states
from qiskit_rest_primitives.jobs.status import FINAL, is_unknown, read_status

logger = logging.getLogger(__name__)

T = TypeVar("T")

FIRST_LOOK_SECONDS: Final = 0.002
GROWTH: Final = 0.15
"""The next interval, as a part of the time waited so far: polling adds so much to a job's time."""
LONGEST_INTERVAL_SECONDS: Final = 15.0
REQUESTS_PER_MINUTE: Final = 50
"""At most, while many jobs are polled and none of them changes."""
ONE_BY_ONE: Final = 24
"""Up to so many jobs are polled by id: a page of the job list costs as much as many such polls."""
EXTRA_POLLS: Final = 3
"""Jobs that are polled by id after a poll of the list, because it lacked them."""
STALE_SECONDS: Final = 120.0
"""A job that was in no list for so long is polled by its id."""
IDLE_SECONDS: Final = 2.0
LONGEST_JOB_SECONDS: Final = 4 * 3600.0
"""The service's own limit is 3 hours: an unknown status that stays longer is an error."""


@dataclass
class _Watched:
    job_id: str
    born: float
    due: float
    created: datetime
    future: Future[dict[str, Any]]
    seen: float
    backoff: Backoff
    waiters: int = 1
    unknown_since: float | None = None
    settled: bool = False


@dataclass
class Watcher:
    """Polls the jobs that somebody waits for.

    Args:
        client: whose jobs these are.
        clock: monotonic seconds.
        stretch: returns a random factor for the next interval.
    """

    client: ApiClient
    clock: Callable[[], float] = time.monotonic
    stretch: Callable[[], float] = field(default=jitter)
    _watched: dict[str, _Watched] = field(default_factory=dict[str, _Watched], init=False)
    _wake: threading.Condition = field(default_factory=threading.Condition, init=False)
    _thread: threading.Thread | None = field(default=None, init=False)
    _round_trip: float = field(default=FIRST_LOOK_SECONDS, init=False)
    _first_look: float = field(default=FIRST_LOOK_SECONDS, init=False)

    @contextmanager
    def watching(self, born: Mapping[str, float]) -> Generator[dict[str, Future[dict[str, Any]]]]:
        """Futures of the final details of jobs, watched until the block is left.

        Args:
            born: job id -> monotonic time of its submission, or of the first look at it.
        """
        futures: dict[str, Future[dict[str, Any]]] = {}
        with self._wake:
            now = self.clock()
            for job_id, since in born.items():
                watched = self._watched.get(job_id)
                if watched is None:
                    age = now - since
                    watched = self._watched[job_id] = _Watched(
                        job_id,
                        since,
                        now + max(0.0, self._first_look - age),
                        datetime.now(timezone.utc) - timedelta(seconds=age),
                        Future(),
                        now,
                        self._backoff(),
                    )
                else:
                    watched.waiters += 1
                futures[job_id] = watched.future
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(
                    target=self._run, name="qiskit-rest-watcher", daemon=True
                )
                self._thread.start()
            self._wake.notify_all()
        try:
            yield futures
        finally:
            with self._wake:
                for job_id, future in futures.items():
                    watched = self._watched.get(job_id)
                    if watched is not None and watched.future is future:
                        watched.waiters -= 1
                        if not watched.waiters:
                            del self._watched[job_id]

    def _run(self) -> None:
        idle_since: float | None = None
        while True:
            with self._wake:
                now = self.clock()
                if not self._watched:
                    idle_since = idle_since or now
                    if now - idle_since >= IDLE_SECONDS:
                        self._thread = None
                        return
                    self._wake.wait(IDLE_SECONDS)
                    continue
                idle_since = None
                earliest = min(watched.due for watched in self._watched.values())
                if earliest > now:
                    self._wake.wait(earliest - now)
                    continue
                several = len(self._watched) > ONE_BY_ONE
                due = [w for w in self._watched.values() if several or w.due <= now]
            try:
                if several:
                    self._look_at_many(due)
                else:
                    for watched in due:
                        self._look_at_one(watched)
            except Exception:
                logger.exception("polling failed unexpectedly; it goes on")
                self._postpone(due, retry_policies.LONGEST_PAUSE_SECONDS)

    def _look_at_one(self, watched: _Watched) -> None:
        asked = self.clock()
        try:
            details = self._in_time(
                lambda: self.client.job(watched.job_id, retry=False),
                late=lambda details: self._observe(watched, details),
            )
        except RestPrimitivesError as error:
            self._failed(error, [watched], asked)
            return
        self._round_trip = self.clock() - asked
        first = watched.due - watched.born <= 2 * self._first_look
        if self._observe(watched, details):
            if first:
                # Quick jobs: look a little earlier next time, until it is too early.
                self._first_look = max(FIRST_LOOK_SECONDS, 0.95 * self._first_look)
            return
        if first:
            self._first_look = min(1.3 * self._first_look, 0.05)
        waited = self.clock() - watched.born
        interval = max(GROWTH * waited, self._round_trip, FIRST_LOOK_SECONDS)
        self._postpone([watched], min(interval, LONGEST_INTERVAL_SECONDS))

    def _look_at_many(self, due: list[_Watched]) -> None:
        wanted = {watched.job_id: watched for watched in due}
        asked = self.clock()
        since = min(watched.created for watched in due) - timedelta(minutes=1)
        try:
            found, gone, requests = self._in_time(
                lambda: list_states(self.client, wanted.keys(), since),
                seconds=4 * retry_policies.POLL_TIMEOUT_SECONDS,
            )
        except RestPrimitivesError as error:
            self._failed(error, due, asked)
            return
        finished = [self._observe(wanted[job_id], details) for job_id, details in found.items()]
        now = self.clock()
        stale = (w for w in due if now - w.seen > STALE_SECONDS and w.job_id not in gone)
        doubtful = [wanted[job_id] for job_id in gone] + list(stale)
        for watched in doubtful[:EXTRA_POLLS]:
            self._look_at_one(watched)
        requests += len(doubtful[:EXTRA_POLLS])
        waited = now - max(watched.born for watched in due)
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
        future = in_thread(call, "qiskit-rest-look")
        if came_in_time(future, seconds, late):
            return future.result()
        self.client.reconnect()
        raise ReadTimeoutError(f"the service was silent for {seconds:g} s")

    def _backoff(self) -> Backoff:
        limit = waiting_limit(retry_policies.MISSING, renews_tokens=self.client.renews_tokens)
        return Backoff(limit, clock=self.clock)

    def _observe(self, watched: _Watched, details: dict[str, Any]) -> bool:
        """Takes note of a job's details; True if the job is final."""
        watched.backoff.reset()
        watched.seen = self.clock()
        if read_status(details) in FINAL:
            self._settle(watched, details)
            return True
        if not is_unknown(details):
            watched.unknown_since = None
        elif watched.unknown_since is None:
            watched.unknown_since = watched.seen
        elif watched.seen - watched.unknown_since > LONGEST_JOB_SECONDS:
            word = details.get("status")
            self._settle(watched, ProtocolError(f"job {watched.job_id} stays {word!r} for hours"))
            return True
        return False

    def _failed(self, error: RestPrimitivesError, watched: list[_Watched], began: float) -> None:
        """Postpones the jobs of a failed poll; those for which the error is final end with it."""
        pauses: list[float] = []
        for one in watched:
            pause = one.backoff.pause_after(error, began)
            if pause is None:
                self._settle(one, error)
            else:
                pauses.append(pause)
        if pauses:
            logger.info("polling again in %.1f s: %s", max(pauses), error)
            self._postpone([one for one in watched if not one.future.done()], max(pauses))

    def _settle(self, watched: _Watched, outcome: dict[str, Any] | RestPrimitivesError) -> None:
        with self._wake:
            if self._watched.get(watched.job_id) is watched:
                del self._watched[watched.job_id]
            if watched.future.done() or watched.settled:
                return
            watched.settled = True
        if isinstance(outcome, dict):
            watched.future.set_result(outcome)
        else:
            watched.future.set_exception(outcome)

    def _postpone(self, watched: list[_Watched], seconds: float) -> None:
        due = self.clock() + seconds * self.stretch()
        with self._wake:
            for one in watched:
                one.due = due


def watcher_of(client: ApiClient) -> Watcher:
    """The watcher shared by all jobs of a client; a forked child gets one of its own."""
    return client.once(f"watcher of process {os.getpid()}", lambda: Watcher(client))

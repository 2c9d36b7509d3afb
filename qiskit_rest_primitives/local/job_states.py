"""The service without HTTP: a job's way from its submission to a final state.

::

    submit -> store (Queued) -> engine -> on_running (Running)
           -> on_final (Completed | Failed | Cancelled)
"""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar, cast

import msgspec

from qiskit_rest_primitives.local.auth import Principal, Tokens
from qiskit_rest_primitives.local.durations import Durations
from qiskit_rest_primitives.local.endings import Ending, Endings
from qiskit_rest_primitives.local.engine.base.allowances import JobCaps
from qiskit_rest_primitives.local.held_bytes import HeldBytes
from qiskit_rest_primitives.local.held_jobs import HeldJobs
from qiskit_rest_primitives.local.limits import Caps, Limits, RateLimiter
from qiskit_rest_primitives.local.outcome import Outcome, RefusedError
from qiskit_rest_primitives.local.problems import BACKEND_NOT_FOUND, ProblemError
from qiskit_rest_primitives.local.sessions import Sessions
from qiskit_rest_primitives.local.simulators.devices.official_fakes import package_for
from qiskit_rest_primitives.local.store import (
    IS_PENDING,
    PENDING,
    StorageFullError,
    Store,
    encode_tags,
)
from qiskit_rest_primitives.local.store.wait_for_space import store_when_possible
from qiskit_rest_primitives.local.threads import JOIN_SECONDS, DaemonThreads
from qiskit_rest_primitives.local.times import wall_clock
from qiskit_rest_primitives.local.wrong_keys import WrongKeys
from qiskit_rest_primitives.wire.request.job_request import InvalidBody, JobRequest, decode_params

if TYPE_CHECKING:
    import sqlite3

    from qiskit_rest_primitives.local.engine.engine import Engine
    from qiskit_rest_primitives.local.simulators.backends import LocalBackend, LocalBackends
    from qiskit_rest_primitives.wire.request.job_request import JobParams, Program

logger = logging.getLogger(__name__)

P = ParamSpec("P")
T = TypeVar("T")

# For SQLite, files, and large bodies, beside the event loop.
THREADS = 8
REASON_LENGTH_IN_LOGS = 300
_STARTED_BY = ("id", "user", "backend", "session_id", "calibration_id", "program", "cost")
"""What of a job's row is needed to queue it."""


@dataclass
class Core:
    """The state that all handlers share.

    Attributes:
        store: jobs and sessions.
        tokens: authenticates requests.
        backends: where jobs run.
        engine: runs them.
        limits: sizes, times and rates.
        clock: seconds since the epoch.
        decoding: held while a large request is decoded.
        drawing: held while something is drawn for the page: one at a time.
        stopping: True while the service stops: unfinished jobs stay unfinished in the store.
        draining: True while jobs are refused, so that the service ends with all others done.
        held: jobs that a test keeps in the queue.
        queue_times: how long jobs waited for their turn, by backend.
        run_times: how long jobs ran, by backend.
    """

    store: Store
    tokens: Tokens
    backends: LocalBackends
    engine: Engine
    limits: Limits
    clock: Callable[[], float] = wall_clock
    stopping: bool = False
    draining: bool = False
    held: HeldJobs = field(default_factory=HeldJobs)
    queue_times: Durations = field(default_factory=Durations)
    run_times: Durations = field(default_factory=Durations)

    def __post_init__(self) -> None:
        self.sessions = Sessions(self.store, self._end_queued, clock=self.clock)
        self.used_backends: set[str] = set()
        self.decoding = asyncio.Lock()
        self.endings = Endings()
        self.drawing = asyncio.Lock()
        self.rates = RateLimiter()
        self.wrong_keys = WrongKeys()
        self.held_bytes = HeldBytes()
        self._threads = DaemonThreads(THREADS, "qiskit-rest-api")

    def caps_of(self, user: str) -> Caps:
        """The limits of a user: their own, or those that everybody has."""
        return self.tokens.caps_of(user, self.limits.caps)

    async def in_thread(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Runs a blocking call in a thread.

        Not by `asyncio.to_thread`: ending its pool takes a new thread, which can't be started while
        the interpreter exits.
        """
        call = partial(function, *args, **kwargs)
        return await asyncio.get_running_loop().run_in_executor(self._threads, call)

    def close(self) -> None:
        """Ends the threads."""
        self._threads.shutdown(wait=False)
        self._threads.join(JOIN_SECONDS)

    def submit(
        self, principal: Principal, request: JobRequest, job_id: str | None = None
    ) -> dict[str, Any]:
        """Stores a job and hands it to the engine.

        Args:
            principal: whose job it is.
            request: its ``params`` were decoded to see that they are valid, and are decoded again
                at the job's turn.
            job_id: of `new_job_id`; a new one when left out.

        Returns:
            The reply of POST /jobs.

        Raises:
            ProblemError: unknown backend or calibration; a session that is unknown, closed or on
                another backend.
        """
        calibration_id = request.calibration_id or None
        self.backend(request.backend, calibration_id)
        self.used_backends.add(request.backend)
        job_id = job_id or new_job_id()
        session_id = request.session_id or None
        private = request.private is True
        limit = int(self.limits.job_seconds)
        # Clients send 0 for "no limit of my own".
        cost = min(request.cost or limit, limit)
        fields: dict[str, Any] = {
            "id": job_id,
            "user": principal.user,
            "instance": principal.instance,
            "program": request.program_id,
            "backend": request.backend,
            "session_id": session_id,
            "status": "Queued",
            "created": self.clock(),
            "tags": encode_tags(request.tags or []),
            "private": int(private),
            "cost": cost,
            "log_level": request.log_level or None,
            "calibration_id": calibration_id,
            "runtime": request.runtime or None,
            **self.store.body_fields(job_id, "params", bytes(request.params)),
        }
        try:
            with self.store.transaction():
                if session_id is not None:
                    self.sessions.admit(principal, session_id, request.backend)
                self.store.insert("jobs", fields)
        except BaseException:
            self.store.drop_body_file(job_id, "params")
            raise
        self._start_or_hold({name: fields[name] for name in _STARTED_BY})
        reply: dict[str, Any] = {"id": job_id, "backend": request.backend}
        if session_id is not None:
            reply["session_id"] = session_id
        if private:
            reply["private"] = True
        if calibration_id is not None:
            reply["calibration_id"] = calibration_id
        return reply

    def _start_or_hold(self, job: Mapping[str, Any]) -> None:
        start = partial(self._start, job)
        if not self.held.hold(job["id"], job["backend"], start):
            start()

    def _start(self, job: Mapping[str, Any]) -> None:
        """Queues a job, of which there are the columns `_STARTED_BY`."""
        session = self.sessions.precedence(job["session_id"])
        caps = self.caps_of(job["user"])
        try:
            self.engine.submit(
                job["id"],
                job["backend"],
                self._load,
                program_id=job["program"],
                user=job["user"],
                session_id=job["session_id"] if session else None,
                session_active=session == "active",
                calibration_id=job["calibration_id"],
                time_limit_seconds=float(job["cost"]),
                caps=JobCaps(caps.shots, caps.qubits),
                on_running=partial(self._on_running, job["session_id"]),
                on_final=self._on_final,
                on_estimated=self._on_estimated,
            )
        except RuntimeError:
            # The engine is closed: the job is in the store, and the next start runs it.
            if not self.stopping:
                raise

    def _load(self, job_id: str, program_id: str) -> JobParams:
        """Reads and decodes the params of a job whose turn it is.

        Raises:
            RefusedError: they can't be read, or another version of the service stored them.
        """
        try:
            return decode_params(cast("Program", program_id), self.params_of(job_id) or b"")
        except (InvalidBody, OSError) as error:
            raise RefusedError(
                f"The job's stored params can't be read: {error}", solution="Submit the job again."
            ) from error

    def _on_running(self, session_id: str | None, job_id: str) -> None:
        if self.stopping:
            return
        now = self.clock()
        # On a full disk it runs all the same, and seems to be queued meanwhile.
        with suppress(StorageFullError), self.store.transaction():
            self.store.update(
                "jobs", job_id, {"status": "Running", "running": now}, status=("Queued",)
            )
            self.sessions.job_started(session_id, now)

    def _on_estimated(self, job_id: str, seconds: float) -> None:
        if not self.stopping:
            with suppress(StorageFullError):
                self.store.update("jobs", job_id, {"estimated_seconds": seconds}, status=PENDING)

    def _on_final(self, job_id: str, outcome: Outcome) -> None:
        store = partial(self._end, job_id, self.clock())
        store_when_possible(store, outcome, job_id, stopping=lambda: self.stopping)

    def _end(self, job_id: str, now: float, outcome: Outcome) -> None:
        """Stores how a job ended: all of it, or nothing.

        Raises:
            StorageFullError: nothing was stored.
        """
        fields: dict[str, Any] = {
            "status": outcome.status,
            "reason": outcome.reason,
            "reason_code": outcome.reason_code,
            "reason_solution": outcome.reason_solution,
            "logs": outcome.logs,
            "usage_seconds": outcome.usage_seconds,
            "finished": now,
        }
        if outcome.status == "Completed":
            fields |= self.store.body_fields(job_id, "result", outcome.body)
        stored = False
        try:
            with self.store.transaction():
                counted = self.store.update("jobs", job_id, fields, status=PENDING)
                job = self.store.job(job_id)
                if job is not None:
                    self.sessions.job_ended(job["session_id"], now)
                    if job["private"]:
                        self.store.drop_body(job_id, "params")
            stored = counted
        finally:
            if not stored:
                # The disk is full; or it was cancelled while queued, but finished before the
                # engine knew.
                self.store.drop_body_file(job_id, "result")
        if job is None:  # it was deleted
            return
        self.endings.ended(job_id, Ending(job, (outcome.body or None) if stored else None))
        if job["private"]:
            self.store.drop_body_file(job_id, "params")
        if stored:
            if job["running"] is not None:
                self.queue_times.add(job["backend"], job["running"] - job["created"])
                self.run_times.add(job["backend"], now - job["running"])
            _log_end(job)

    def cancel(self, job: sqlite3.Row) -> None:
        """Ends a job that is not final: at once while it is queued, else as soon as it can stop.

        Raises:
            ProblemError: 409, the job is final.
        """
        reason = "The job was cancelled by its owner."
        if not self._end_queued(job["id"], reason):
            current = self.store.job(job["id"])
            if current is None or current["status"] not in PENDING:
                raise ProblemError(
                    409,
                    f"Job {job['id']} is already in a final state and can't be cancelled.",
                )
            self.engine.cancel(job["id"])

    def cancel_all(self) -> None:
        """Cancels every job that is not final."""
        for job in self.store.rows(f"SELECT id FROM jobs WHERE {IS_PENDING} ORDER BY seq"):
            with suppress(ProblemError):  # it has just ended
                self.cancel(job)

    def _end_queued(self, job_id: str, reason: str) -> bool:
        """Cancels a job unless it is running or final; True if it did."""
        now = self.clock()
        with self.store.transaction():
            ended = self.store.update(
                "jobs",
                job_id,
                {"status": "Cancelled", "reason": reason, "finished": now},
                status=("Queued",),
            )
            job = self.store.job(job_id) if ended else None
            if job is not None:
                self.sessions.job_ended(job["session_id"], now)
        if job is not None:
            self.endings.ended(job_id, Ending(job))
            self.held.forget(job_id)
            self.engine.cancel(job_id)
            _log_end(job)
        return ended

    def has_pending(self) -> bool:
        """Whether a job waits or runs."""
        return bool(self.store.rows(f"SELECT id FROM jobs WHERE {IS_PENDING} LIMIT 1"))

    def resume(self) -> int:
        """Queues the jobs that a stopped service left unfinished; returns their number."""
        self.store.change(
            "UPDATE jobs SET status = 'Queued', running = NULL"
            f" WHERE status = 'Running' AND {IS_PENDING}"  # which an index has
        )
        left = self.store.rows(
            f"SELECT {', '.join(_STARTED_BY)} FROM jobs WHERE {IS_PENDING} ORDER BY seq"
        )
        for row in left:
            job = dict(row)
            try:
                self.backend(job["backend"], job["calibration_id"])
            except ProblemError as error:
                reason = f"Can't be run again after a restart: {error}"
                self._end(job["id"], self.clock(), Outcome("Failed", reason=reason))
            else:
                self._start_or_hold(job)
        return len(left)

    def params_of(self, job_id: str) -> msgspec.Raw | None:
        """A job's ``params`` as the JSON that was sent; None if they were deleted."""
        body = self.store.body(job_id, "params")
        if body is None:
            return None
        return msgspec.Raw(body if isinstance(body, bytes) else body.read_bytes())

    def has_backend(self, name: str) -> bool:
        """Whether the backend exists; a device is created at its first use."""
        try:
            self.backends.device(name)
        except KeyError:
            return False
        return True

    def backend(self, name: str, calibration_id: str | None = None) -> LocalBackend:
        """A backend with one of its calibrations, or with the newest one.

        Raises:
            ProblemError: 404, no such backend or calibration.
        """
        try:
            return self.backends.device(name, calibration_id)
        except KeyError as error:
            if calibration_id is None or not self.has_backend(name):
                raise self.unknown_backend(name) from None
            raise ProblemError(
                404,
                f"Calibration {calibration_id[:100]} of backend {name[:100]} not found.",
                solution=str(error.args[0]),
            ) from None

    def unknown_backend(self, name: str, status: int = 404) -> ProblemError:
        """The error for an unknown backend."""
        solution = f"Choose one of: {', '.join(self.backends.names())}."
        if package := package_for(name):
            solution = f"It is one of {package}'s: pip install {package} beside this service."
        return ProblemError(
            status,
            f"Backend {name[:100]} not found.",
            code=BACKEND_NOT_FOUND,
            solution=solution,
        )


def new_job_id() -> str:
    """The id of a job that is going to be submitted."""
    return secrets.token_hex(10)


def _log_end(job: sqlite3.Row) -> None:
    """One line for a job that ended, with the reason if it has no result."""
    seconds = round(job["finished"] - job["created"], 2)
    # A reason can quote an exception of somebody's backend: it must not start lines of its own.
    reason = " ".join(job["reason"].split())[:REASON_LENGTH_IN_LOGS]
    said = job["user"], job["id"], job["program"], job["backend"], job["status"]
    logger.info(
        "%s %s %s %s %s %.2f s%s",
        *said,
        seconds,
        f": {reason}" if reason else "",
        extra={
            "user": job["user"],
            "job": job["id"],
            "program": job["program"],
            "backend": job["backend"],
            "state": job["status"],
            "seconds": seconds,
            "reason": reason or None,
        },
    )

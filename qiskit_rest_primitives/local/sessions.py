"""Sessions and batches: the states they go through and the jobs that join them.

::

    open --first job starts--> active <--next job / interactive TTL--> inactive
    open | active | inactive --close, max TTL, idle half an hour, or drained--> closed

A session that stops accepting jobs drains: its jobs still run, then it is closed.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, Any, Literal

import msgspec
from msgspec import UNSET, Meta, UnsetType

from qiskit_rest_primitives.local.problems import SESSION_CLOSED, ProblemError
from qiskit_rest_primitives.local.store import IS_PENDING, Store
from qiskit_rest_primitives.local.times import iso_time

if TYPE_CHECKING:
    import sqlite3

    from qiskit_rest_primitives.local.auth import Principal

MAX_TTL_SECONDS = 28_800
INTERACTIVE_TTL_SECONDS = 60
IDLE_SECONDS = 1800.0


class SessionRequest(msgspec.Struct, kw_only=True):
    """Body of POST /sessions; ``max_ttl`` in seconds. Other members are ignored."""

    mode: Literal["batch", "dedicated"]
    backend: str | UnsetType = UNSET
    backend_name: str | UnsetType = UNSET
    max_ttl: Annotated[int, Meta(ge=1, le=MAX_TTL_SECONDS)] | UnsetType | None = UNSET


class SessionUpdate(msgspec.Struct, kw_only=True):
    """Body of PATCH /sessions/{id}."""

    accepting_jobs: bool


class Sessions:
    """Opens, drains and closes sessions.

    Args:
        store: where they are kept.
        end_queued: cancels a job, given its id and a reason, unless it is running or final.
        clock: seconds since the epoch.
    """

    def __init__(
        self,
        store: Store,
        end_queued: Callable[[str, str], bool],
        *,
        clock: Callable[[], float],
    ):
        self._store = store
        self._end_queued = end_queued
        self._clock = clock

    def create(self, principal: Principal, request: SessionRequest, backend: str) -> dict[str, Any]:
        """Opens a session on a backend that exists; returns its description."""
        session_id = str(uuid.uuid4())
        now = self._clock()
        self._store.insert(
            "sessions",
            {
                "id": session_id,
                "user": principal.user,
                "instance": principal.instance,
                "backend": backend,
                "mode": request.mode,
                "state": "open",
                "state_reason": "session_created",
                "max_ttl": request.max_ttl or MAX_TTL_SECONDS,
                "interactive_ttl": INTERACTIVE_TTL_SECONDS,
                "created": now,
                "timestamps": _with_stamp("[]", "open", now),
            },
        )
        return describe_session(self._own(principal, session_id))

    def number_open(self, user: str) -> int:
        """How many sessions of a user are not closed."""
        return self._store.rows(
            "SELECT COUNT(*) FROM sessions WHERE state != 'closed' AND user = ?", (user,)
        )[0][0]

    def details(self, principal: Principal, session_id: str) -> dict[str, Any]:
        """Describes a session.

        Raises:
            ProblemError: 404, the caller has no such session.
        """
        self._expire(self._own(principal, session_id))
        return describe_session(self._own(principal, session_id))

    def drain(self, principal: Principal, session_id: str) -> None:
        """Stops accepting jobs; closes now if no job is pending, else after the last one."""
        self._own(principal, session_id)
        with self._store.transaction():
            self._store.change("UPDATE sessions SET accepting_jobs = 0 WHERE id = ?", (session_id,))
            self._close_if_drained(session_id, self._clock())

    def close(self, principal: Principal, session_id: str) -> None:
        """Closes a session: queued jobs are cancelled, running ones finish."""
        self._own(principal, session_id)
        self._close_hard(session_id, "session_closed_early", "The session was closed.")

    def admit(self, principal: Principal, session_id: str, backend: str) -> None:
        """Checks that a job may join; called inside the transaction that adds it.

        Raises:
            ProblemError: the session is unknown, closed, or on another backend.
        """
        session = self._own(principal, session_id)
        if not session["accepting_jobs"] or session["state"] == "closed":
            raise ProblemError(
                400,
                f"Session {session_id} has been closed.",
                code=SESSION_CLOSED,
                solution="Create a new session.",
            )
        if session["backend"] != backend:
            raise ProblemError(
                400,
                f"Session {session_id} is on backend {session['backend']}, the job on {backend}.",
                solution=f"Submit to {session['backend']}, or create a session on {backend}.",
            )

    def precedence(self, session_id: str | None) -> str | None:
        """The state of a session whose jobs go first while it is active; None for a batch."""
        session = None if session_id is None else self._store.session(session_id)
        return session["state"] if session is not None and session["mode"] == "dedicated" else None

    def job_started(self, session_id: str | None, now: float) -> None:
        """Records that a job of a session, or of none, runs.

        Called inside the transaction that changes the job's status.
        """
        session = None if session_id is None else self._store.session(session_id)
        if session is None:
            return
        fields: dict[str, Any] = {"last_started": now}
        if session["state"] in ("open", "inactive"):
            fields |= {
                "state": "active",
                "state_reason": "session_activated",
                "timestamps": _with_stamp(session["timestamps"], "active", now),
            }
            if session["activated"] is None:
                fields["activated"] = now
        self._store.update("sessions", session["id"], fields)

    def job_ended(self, session_id: str | None, now: float) -> None:
        """Records that a job of a session, or of none, is final.

        Called inside the transaction that changes the job's status.
        """
        if session_id is not None:
            self._store.update("sessions", session_id, {"last_completed": now})
            self._close_if_drained(session_id, now)

    def tick(self) -> None:
        """Applies the TTLs of all sessions: call it about once per second."""
        for session in self._store.rows("SELECT * FROM sessions WHERE state != 'closed'"):
            self._expire(session)

    def _own(self, principal: Principal, session_id: str) -> sqlite3.Row:
        session = self._store.session(session_id)
        if session is None or (session["user"], session["instance"]) != (
            principal.user,
            principal.instance,
        ):
            raise ProblemError(404, f"Session {session_id[:100]} not found.")
        return session

    def _pending(self, session_id: str) -> list[str]:
        found = self._store.rows(
            f"SELECT id FROM jobs WHERE session_id = ? AND {IS_PENDING}", (session_id,)
        )
        return [row[0] for row in found]

    def _close_if_drained(self, session_id: str, now: float) -> None:
        session = self._store.session(session_id)
        draining = session is not None and not session["accepting_jobs"]
        if session is not None and draining and not self._pending(session_id):
            self._mark_closed(session, "session_closed_early", now)

    def _mark_closed(self, session: sqlite3.Row, reason: str, now: float) -> None:
        self._store.change(
            "UPDATE sessions SET state = 'closed', state_reason = ?, accepting_jobs = 0,"
            " closed = ?, timestamps = ? WHERE id = ? AND state != 'closed'",
            (reason, now, _with_stamp(session["timestamps"], "closed", now), session["id"]),
        )

    def _close_hard(self, session_id: str, reason: str, job_reason: str) -> None:
        with self._store.transaction():
            session = self._store.session(session_id)
            if session is not None:  # a closed one may be pruned
                self._mark_closed(session, reason, self._clock())
        for job_id in self._pending(session_id):
            self._end_queued(job_id, job_reason)

    def _expire(self, session: sqlite3.Row) -> None:
        """Applies the TTLs to a session."""
        now = self._clock()
        if session["state"] == "closed":
            return
        activated = session["activated"]
        if activated is not None and now >= activated + session["max_ttl"]:
            self._close_hard(
                session["id"],
                "session_closed_by_max_ttl",
                f"The session reached its maximum time of {session['max_ttl']} s.",
            )
            return
        if self._pending(session["id"]):
            return
        idle_since = session["last_completed"] or session["created"]
        if now >= idle_since + IDLE_SECONDS:
            self._close_hard(session["id"], "session_closed_by_inactivity", "The session idled.")
        elif session["state"] == "active" and now >= idle_since + session["interactive_ttl"]:
            self._store.change(
                "UPDATE sessions SET state = 'inactive', state_reason = ?, timestamps = ?"
                " WHERE id = ? AND state = 'active'",
                (
                    "session_inactivated_by_interactive_ttl",
                    _with_stamp(session["timestamps"], "inactive", now),
                    session["id"],
                ),
            )


def _with_stamp(timestamps: str, status: str, now: float) -> str:
    stamps = msgspec.json.decode(timestamps)
    return msgspec.json.encode([*stamps, {"status": status, "timestamp": iso_time(now)}]).decode()


def describe_session(session: sqlite3.Row) -> dict[str, Any]:
    """The JSON of a session; times are ISO 8601 in UTC, TTLs and ``elapsed_time`` seconds."""
    closed, activated = session["closed"], session["activated"]
    elapsed = None if closed is None else round(closed - (activated or closed), 3)
    return {
        "id": session["id"],
        "backend_name": session["backend"],
        "mode": session["mode"],
        "state": session["state"],
        "state_reason": session["state_reason"],
        "accepting_jobs": bool(session["accepting_jobs"]),
        "started_at": iso_time(session["created"]),
        "activated_at": iso_time(activated),
        "closed_at": iso_time(closed),
        "last_job_started": iso_time(session["last_started"]),
        "last_job_completed": iso_time(session["last_completed"]),
        "interactive_ttl": session["interactive_ttl"],
        "max_ttl": session["max_ttl"],
        "active_ttl": session["max_ttl"],
        "timestamps": msgspec.json.decode(session["timestamps"]),
        "user_id": session["user"],
        "elapsed_time": elapsed,
    }

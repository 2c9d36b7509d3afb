"""Session and Batch: jobs of one user that run close together on one backend."""

from __future__ import annotations

import logging
import re
from contextlib import suppress
from contextvars import ContextVar
from dataclasses import dataclass, field
from types import TracebackType
from typing import TYPE_CHECKING, Any, ClassVar, cast

from qiskit.providers import BackendV2

from qiskit_rest_primitives.backend import RestBackend
from qiskit_rest_primitives.errors import NotFoundError, RestPrimitivesError, SessionError
from qiskit_rest_primitives.http.client import ApiClient
from qiskit_rest_primitives.http.side_effects import open_session
from qiskit_rest_primitives.service.embedded import served_backend

if TYPE_CHECKING:
    from qiskit_rest_primitives.service.service import QiskitRuntimeService

logger = logging.getLogger(__name__)

_surrounding: ContextVar[tuple[Session, ...]] = ContextVar("qiskit_rest_sessions", default=())
"""Sessions whose ``with`` blocks surround this thread or task, the innermost last."""

_UNITS = {"d": 86400, "h": 3600, "m": 60, "s": 1}


def current_session() -> Session | None:
    """The session of the surrounding ``with``, in this thread or task."""
    surrounding = _surrounding.get()
    return surrounding[-1] if surrounding else None


@dataclass
class Membership:
    """Whether a session takes jobs, and those it took; for the primitives.

    Attributes:
        name: what the session is called in messages.
        backend: where its jobs run; None if the service does not say.
        accepts_jobs: False once it was closed here.
        job_ids: of the jobs that were submitted to it through this process, in order.
    """

    name: str
    backend: RestBackend | None
    accepts_jobs: bool = True
    job_ids: list[str] = field(default_factory=list[str])

    def require_backend(self) -> RestBackend:
        """The backend.

        Raises:
            SessionError: the service does not say which one it is.
        """
        if self.backend is None:
            raise SessionError(f"{self.name} has no backend yet")
        return self.backend

    def require_open(self) -> None:
        """Refuses a submission to a session that was closed here.

        Raises:
            SessionError: it takes no more jobs.
        """
        if not self.accepts_jobs:
            kind = self.name.partition(" ")[0]
            raise SessionError(f"{self.name} is closed: open a new one with {kind}(backend)")


def membership_of(session: Session) -> Membership:
    """What a session keeps of its jobs, out of the way of users' completion."""
    membership: Membership = vars(session)["_membership"]
    return membership


class Session:
    """A dedicated session; the service opens it when this object is made.

    Leaving the ``with`` block closes it gracefully: submitted jobs run to their end.

    Args:
        backend: where the jobs run: one of a service, or any `BackendV2` of Qiskit, which is put
            behind the embedded service of this process.
        max_time: longest life, in seconds or as ``"1h 30m"``; the service's default is 8 hours.

    Raises:
        SessionError: ``max_time`` can't be read, or is not positive.
        InvalidRequestError: the service refuses: the plan has no sessions (code 1352), say.
        TransportError: the service can't be reached; ``may_have_acted`` says whether an empty
            session may be left, which the service closes after a while.
        TypeError: ``create_new=False`` was passed; use `from_id` for an existing session.

    >>> with Session(backend, max_time="1h") as session:
    ...     job = SamplerV2().run([bell], shots=100)
    >>> session.job_ids == [job.job_id()]
    True
    """

    mode: ClassVar[str] = "dedicated"

    def __init__(
        self,
        backend: BackendV2,
        max_time: int | str | None = None,
        *,
        create_new: bool | None = True,
    ):
        if not create_new:
            raise TypeError(
                f"create_new={create_new}: for a session that exists, use "
                f"{type(self).__name__}.from_id(session_id, service)"
            )
        if not isinstance(cast(object, backend), BackendV2):
            raise SessionError(
                f"a {type(self).__name__} needs a backend of a service, as service.backend(name) "
                f"gives it, or any BackendV2 of Qiskit, not {type(backend).__name__}"
            )
        backend = served_backend(backend)
        created = open_session(
            backend.client, backend=backend.name, mode=self.mode, max_ttl=_seconds(max_time)
        )
        self._begin(backend.client, str(created.get("id")), backend)

    def _begin(self, client: ApiClient, session_id: str, backend: RestBackend | None) -> None:
        self._client = client
        self._service: QiskitRuntimeService | None = None if backend is None else backend.service
        self._session_id = session_id
        self._membership = Membership(f"{type(self).__name__} {session_id}", backend)

    @classmethod
    def from_id(
        cls,
        session_id: str,
        service: QiskitRuntimeService,
        use_fractional_gates: bool | None = False,
        calibration_id: str | None = None,
    ) -> Session:
        """The handle of a session that exists, a `Batch` if it is one.

        Args:
            session_id: as `session_id` gave it.
            service: the service it is on.
            use_fractional_gates: whether its backend's target has ``rx`` and ``rzz``.
            calibration_id: of the backend, for its target and the jobs.

        Raises:
            SessionError: there is no such session.

        >>> with Session(backend) as session:
        ...     again = Session.from_id(session.session_id, service)
        ...     again.session_id == session.session_id
        True
        """
        try:
            details = service.client.session(session_id)
        except NotFoundError as error:
            raise SessionError(f"no session {session_id!r}: {error}") from None
        kind = Batch if details.get("mode") == Batch.mode else Session
        session = kind.__new__(kind)
        name = details.get("backend_name")
        backend = None
        if name:
            backend = RestBackend(
                service.client,
                name,
                use_fractional_gates=use_fractional_gates,
                calibration_id=calibration_id,
                service=service,
            )
        session._begin(service.client, session_id, backend)
        session._service = service
        session._membership.accepts_jobs = bool(details.get("accepting_jobs", True))
        return session

    def __repr__(self) -> str:
        kind, session_id = type(self).__name__, getattr(self, "_session_id", None)
        if session_id is None:
            return f"<{kind} that was not opened>"
        return f"{kind}({session_id!r}, backend={self.backend()!r})"

    def _repr_html_(self) -> str | None:
        from qiskit_rest_primitives.display.job_card import session_card

        kind, session_id = type(self).__name__, getattr(self, "_session_id", None)
        if session_id is None:
            return None
        values = {
            "mode": self.mode,
            "backend": self.backend(),
            "takes jobs": "yes" if self._membership.accepts_jobs else "no, it was closed",
            "service": self._client.url,
        }
        return session_card(f"{kind} {session_id}", values, self.job_ids)

    @property
    def session_id(self) -> str:
        """The service's id."""
        return self._session_id

    @property
    def service(self) -> QiskitRuntimeService | None:
        """The service; None if the backend was made from a client alone."""
        return self._service

    @property
    def job_ids(self) -> list[str]:
        """Ids of the jobs submitted through this object, in order."""
        return list(self._membership.job_ids)

    def backend(self) -> str | None:
        """The backend's name, as the official client gives it."""
        backend = self._membership.backend
        return None if backend is None else backend.name

    def details(self) -> dict[str, Any]:
        """What the service says of the session, under the official client's names; times in s."""
        raw = self._client.session(self._session_id)
        same = ("id", "backend_name", "state", "accepting_jobs", "mode", "started_at", "closed_at")
        same += ("activated_at", "last_job_started", "last_job_completed", "state_reason")
        return {name: raw.get(name) for name in same} | {
            "interactive_timeout": raw.get("interactive_ttl"),
            "max_time": raw.get("max_ttl"),
            "active_timeout": raw.get("active_ttl"),
            "usage_time": raw.get("elapsed_time"),
            "timestamps": raw.get("timestamps") or [],
        }

    def status(self) -> str:
        """Pending; In progress, (not) accepting new jobs; or Closed."""
        details = self.details()
        state = str(details["state"])
        if state in ("open", "inactive"):
            return "Pending"
        if state == "active":
            taking = "accepting" if details["accepting_jobs"] else "not accepting"
            return f"In progress, {taking} new jobs"
        return state.capitalize()

    def usage(self) -> float | None:
        """Seconds that the session has held the device; None while it is open."""
        return self.details()["usage_time"]

    def close(self) -> None:
        """Takes no more jobs, for good; submitted ones run to their end."""
        self._membership.accepts_jobs = False
        with suppress(NotFoundError):  # gone already
            self._client.update_session(self._session_id, accepting_jobs=False)

    def cancel(self) -> None:
        """Closes at once: running jobs run to their end, queued ones are cancelled."""
        self._membership.accepts_jobs = False
        with suppress(NotFoundError):  # gone already
            self._client.close_session(self._session_id)

    def __enter__(self) -> Session:
        _surrounding.set((*_surrounding.get(), self))
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        _surrounding.set(_surrounding.get()[:-1])
        if error is not None and self._membership.job_ids:
            logger.warning(
                "%s %s ends because of %s; its jobs continue: %s",
                type(self).__name__,
                self._session_id,
                type(error).__name__,
                ", ".join(self._membership.job_ids),
            )
        try:
            self.close()
        except RestPrimitivesError as problem:
            if error is None:
                raise
            # What ended the block matters more.
            logger.warning(
                "%s %s was not closed: %s", type(self).__name__, self._session_id, problem
            )


class Batch(Session):
    """Like `Session`, for jobs that are independent of each other and known from the start.

    >>> with Batch(backend):
    ...     jobs = [SamplerV2().run([bell], shots=shots) for shots in (10, 20)]
    >>> [job.result()[0].data.meas.num_shots for job in jobs]
    [10, 20]
    """

    mode = "batch"


def _seconds(max_time: int | str | None) -> int | None:
    if max_time is None:
        return None
    if isinstance(max_time, str):
        text = max_time.replace(" ", "")
        parts = re.findall(r"(\d+)([dhms])", text)
        if not parts or "".join(number + unit for number, unit in parts) != text:
            raise SessionError(
                f"max_time {max_time!r} can't be read: pass seconds, or a string like '1h 30m'"
            )
        max_time = sum(int(number) * _UNITS[unit] for number, unit in parts)
    if max_time <= 0:
        raise SessionError(f"max_time must be positive, not {max_time}")
    return int(max_time)

"""Every setting that limits the embedded service (sizes, times, rates), with its default."""

from __future__ import annotations

import re
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, fields
from typing import Final

from qiskit_rest_primitives.wire.limits import MAX_BODY_BYTES, MAX_JOB_SECONDS

MEBIBYTE = 1 << 20
# Lists of three-digit numbers take eight times their text in memory; tiny lists are rare.
DECODED_FACTOR = 10

_AGE_UNITS = {"h": 3600.0, "d": 86_400.0, "w": 7 * 86_400.0}
_SIZE_UNITS = {"": 1, "k": 10**3, "m": 10**6, "g": 10**9, "t": 10**12}


@dataclass(frozen=True)
class Caps:
    """Limits of one user; None for no limit.

    Attributes:
        queued_jobs: jobs that wait for their turn; one more is answered with 429.
        shots: of a job, over all of its PUBs and their points; a job with more fails.
        qubits: of each circuit; a job with a wider one fails. The backend has a width as well.
        seconds_per_day: usage of the jobs submitted within 24 hours; then jobs are answered with
            429.
        stored_bytes: of the jobs that the service keeps, with their params and results; then jobs
            are answered with 429.
        connections: with requests that are being answered; one more is answered with 429.
        transfer_bytes: of large bodies, of requests and replies, that are in memory at once; one
            more is answered with 429, unless it is the only one.
        submissions_per_minute: jobs submitted, and sessions opened, in any minute; one more is
            answered with 429.
        open_sessions: sessions and batches that are not closed; one more is answered with 429.

    >>> Limits(caps=Caps(queued_jobs=100, qubits=20)).caps.shots
    1000000000
    """

    queued_jobs: int | None = 10_000
    shots: int | None = 1_000_000_000
    qubits: int | None = None
    seconds_per_day: float | None = None
    stored_bytes: int | None = 20_000_000_000
    connections: int | None = 200
    transfer_bytes: int | None = 3 * MAX_BODY_BYTES
    submissions_per_minute: int | None = 3000
    open_sessions: int | None = 1000


UNLIMITED: Final = Caps(**dict.fromkeys(field.name for field in fields(Caps)))
"""For a service with one user, who would only be in their own way."""


def read_caps(texts: Iterable[str]) -> dict[str, int | None]:
    """Reads ``NAME=NUMBER`` or ``NAME=none``; the names are the fields of `Caps`.

    Args:
        texts: such as ``queued_jobs=100``.

    Raises:
        ValueError: another form, no such limit, or a number below 0.

    >>> read_caps(["qubits=20", "stored_bytes=none"])
    {'qubits': 20, 'stored_bytes': None}
    """
    changed: dict[str, int | None] = {}
    names = [field.name for field in fields(Caps)]
    for text in texts:
        name, _, number = text.partition("=")
        if name not in names:
            raise ValueError(f"{text}: no such limit; choose one of {', '.join(names)}")
        if number == "none":
            changed[name] = None
        elif number.isdecimal():
            changed[name] = int(number)
        else:
            raise ValueError(f"{text}: write {name}=NUMBER, or {name}=none for no limit")
    return changed


@dataclass(frozen=True)
class Retention:
    """How long finished jobs are kept; without a limit, until their users delete them.

    Attributes:
        older_than_seconds: jobs that ended longer ago are deleted.
        keep_bytes: the jobs that ended first are deleted until the params and results of all jobs
            take no more than this.

    >>> limits = Limits(retention=Retention(older_than_seconds=30 * 86_400, keep_bytes=10**10))
    >>> limits.retention.keep_bytes
    10000000000
    """

    older_than_seconds: float | None = None
    keep_bytes: int | None = None

    def __bool__(self) -> bool:
        return self.older_than_seconds is not None or self.keep_bytes is not None


def read_age(text: str) -> float:
    """Seconds of ``12h``, ``30d`` or ``4w``.

    Raises:
        ValueError: another form.
    """
    match = re.fullmatch(r"(\d+(?:\.\d+)?)([hdw])", text.strip().lower())
    if match is None:
        raise ValueError(f"write hours, days or weeks, like 12h, 30d or 4w, not {text!r}")
    return float(match[1]) * _AGE_UNITS[match[2]]


def read_size(text: str) -> int:
    """Bytes of ``500M`` or ``10G``; the units are powers of 1000.

    Raises:
        ValueError: another form.
    """
    match = re.fullmatch(r"(\d+(?:\.\d+)?)([kmgt]?)b?", text.strip().lower())
    if match is None:
        raise ValueError(f"write a number of bytes, like 500M or 10G, not {text!r}")
    return int(float(match[1]) * _SIZE_UNITS[match[2]])


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
        caps: of every user who has none of their own.
        retention: which finished jobs are kept.

    >>> limits = Limits(caps=Caps(submissions_per_minute=5), job_seconds=60)
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
    caps: Caps = Caps()
    retention: Retention = Retention()


def most_decoded_bytes(limits: Limits) -> int:
    """Most memory that the JSON of one body may take when it is decoded."""
    return DECODED_FACTOR * limits.body_bytes


class RateLimiter:
    """Counts a user's submissions in a sliding minute.

    Args:
        clock: monotonic seconds.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic):
        self._clock = clock
        self._lock = threading.Lock()
        self._recent: dict[str, deque[float]] = {}

    def wait_seconds(self, user: str, per_minute: int | None) -> float:
        """Counts a submission if the user may submit now; else says in how many seconds they may.

        Args:
            user: who submits.
            per_minute: most submissions; None for any number.

        Returns:
            0 if it was counted.
        """
        if per_minute is None:
            return 0.0
        now = self._clock()
        with self._lock:
            recent = self._recent.setdefault(user, deque())
            while recent and recent[0] <= now - 60.0:
                recent.popleft()
            if len(recent) >= per_minute:
                return recent[-per_minute] + 60.0 - now if per_minute else 60.0
            recent.append(now)
        return 0.0

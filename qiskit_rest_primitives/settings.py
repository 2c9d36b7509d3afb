"""Settings of the client (retries, limits, journal): one frozen object per service."""

from __future__ import annotations

import math
import os
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, cast
from urllib.parse import quote

from qiskit_rest_primitives.errors import OptionsError

SLOWEST_PER_MINUTE: Final = 1 / (24 * 60)


def state_folder() -> Path:
    """Where the journal and the results of private jobs are kept: ``~/.qiskit/rest-primitives``.

    The environment variable ``QISKIT_REST_STATE`` names another folder.
    """
    named = os.environ.get("QISKIT_REST_STATE")
    return Path(named) if named else Path.home() / ".qiskit" / "rest-primitives"


@dataclass(frozen=True)
class Settings:
    """Settings of the client.

    Attributes:
        submissions_per_minute: how many jobs are submitted a minute at the most; None for 5 with
            IBM's service, which refuses more, and no limit elsewhere. 0 for no limit.
        journal: whether submissions are recorded in a local file until their job id is known, so
            that `QiskitRuntimeService.recover` finds them after a crash.
        max_reply_bytes: the largest result that is accepted, as received and as the total size of
            its decoded arrays. A larger one raises `ReplyTooLargeError`. The limit for a job's
            params and for its log is a tenth of this.
        result_memory_bytes: a received result larger than this is kept on disk, and decoded again
            if it is used after it was garbage-collected.
        lookup_seconds: how long the client looks up a job, or retries to open a session, after a
            request without a reply; then it raises an error that says what to do.
        outage_seconds: how long calls without a ``timeout`` of their own are retried while a
            service that has answered this client before can't be reached; reads are retried a few
            times even if this is 0. For a service that never answered it is ten seconds at most.
        first_pause_seconds: the pause before a submission, a session or a cancellation is retried;
            later ones grow.
        state_folder: where the journal, the results of private jobs, and what runs were estimated
            to spend are kept.
        max_seconds_per_day: how long the runs of a day (UTC) may hold the devices of one service
            and instance, in seconds as `SamplerV2.estimate` counts them, all processes of this user
            with this setting together. A run that would exceed it is refused before anything is
            sent. None for no limit; simulators do not count.
        confirm: called with the `RunEstimate` of each run on a device before anything is sent;
            returning False refuses the run. None to send runs without asking. To pickle the
            settings, pass a function that is defined in a module.
        progress: default of the argument ``progress`` of calls that wait: True shows a bar, False
            shows none, None shows one in notebooks after two seconds. Needs ``[notebook]``.

    Raises:
        OptionsError: a value is negative, not finite or not a number; confirm can't be called.

    >>> settings = Settings(outage_seconds=300, submissions_per_minute=30)
    >>> QiskitRuntimeService(channel="local", settings=settings).client.settings.outage_seconds
    300
    """

    submissions_per_minute: float | None = None
    journal: bool = True
    max_reply_bytes: int = 2_000_000_000
    result_memory_bytes: int = 64_000_000
    lookup_seconds: float = 180.0
    outage_seconds: float = 30.0
    first_pause_seconds: float = 0.25
    state_folder: Path = field(default_factory=state_folder)
    max_seconds_per_day: float | None = None
    confirm: Callable[[Any], bool] | None = None
    progress: bool | None = None

    def __post_init__(self) -> None:
        times = ("lookup_seconds", "outage_seconds", "first_pause_seconds")
        optional = ("submissions_per_minute", "max_seconds_per_day")
        for name in (*optional, "max_reply_bytes", "result_memory_bytes", *times):
            value: object = getattr(self, name)
            if value is None and name in optional:
                continue
            number = isinstance(value, int | float) and not isinstance(value, bool)
            if not (number and 0 <= cast(float, value) < math.inf):
                raise OptionsError(f"Settings({name}={value!r}): pass a number of at least 0")
        rate = self.submissions_per_minute
        if rate and rate < SLOWEST_PER_MINUTE:
            raise OptionsError(
                f"Settings(submissions_per_minute={rate!r}) is below 1 per day; 0 means no limit"
            )
        if self.confirm is not None and not callable(cast(object, self.confirm)):
            raise OptionsError(
                f"Settings(confirm={self.confirm!r}): pass a function that takes a RunEstimate and "
                "returns True or False"
            )
        if self.progress not in (True, False, None):
            raise OptionsError(f"Settings(progress={self.progress!r}): pass True, False or None")
        object.__setattr__(self, "state_folder", Path(self.state_folder).expanduser())


def private_result(settings: Settings, job_id: str) -> Path:
    """The file that keeps the only copy of a private job's result."""
    return settings.state_folder / "private" / f"{quote(job_id, safe='')}.json"

"""Cached details of a job, as last reported by the service. No I/O."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Final

from qiskit_rest_primitives.display.printable import printable
from qiskit_rest_primitives.errors import (
    JobCancelledError,
    JobEndedError,
    JobFailedError,
    JobRanTooLongError,
)
from qiskit_rest_primitives.http.client import ApiClient
from qiskit_rest_primitives.jobs.status import (
    CANCELLED,
    FINAL,
    QUEUED,
    Status,
    ran_too_long,
    read_state,
    read_status,
)
from qiskit_rest_primitives.jobs.tags import is_own_tag
from qiskit_rest_primitives.jobs.user_warnings import OptionsNotice

LOG_TAIL: Final = 1500
"""Characters of a failed job's log that go into its error."""


class JobDetails:
    """The details that a job's handle caches.

    Args:
        client: the service that the job is on.
        job_id: its id.
        reported: details from the service, or known from the submission.
        fixed: names of details set at submission; later reports do not change them.

    Attributes:
        client: the service that the job is on.
        job_id: its id; replaced only if the reply to its submission was damaged.
        made_at: monotonic seconds at which its handle was made.
        reported: the details, under the API's names.
        timestamps: when it began to run and when it ended, once its metrics were fetched.
        options_notice: warns about options without effect; shared by the parts of a split run.
    """

    def __init__(
        self,
        client: ApiClient,
        job_id: str,
        reported: Mapping[str, Any] | None = None,
        fixed: Iterable[str] = (),
    ):
        self.client = client
        self.job_id = job_id
        self.reported: dict[str, Any] = dict(reported or {})
        self.made_at = time.monotonic()
        self.timestamps: dict[str, str] = {}
        self.options_notice = OptionsNotice()
        self._fixed = {name: self.reported.get(name) for name in fixed}

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "made_at": None}

    def __setstate__(self, state: dict[str, Any]) -> None:
        vars(self).update(state)
        self.made_at = time.monotonic()

    @property
    def program_id(self) -> str:
        """``sampler``, ``estimator`` or ``executor``."""
        program = self.reported.get("program")
        return program.get("id", "") if isinstance(program, dict) else ""

    @property
    def own_tags(self) -> list[str]:
        """The tags that mark the submission."""
        return [tag for tag in self.reported.get("tags") or () if is_own_tag(tag)]

    @property
    def user_tags(self) -> list[str]:
        """The user's tags."""
        return [tag for tag in self.reported.get("tags") or () if not is_own_tag(tag)]

    @property
    def private(self) -> bool:
        """Whether inputs are withheld and the result can be read only once."""
        return bool(self.reported.get("private"))

    @property
    def status(self) -> Status:
        """The status as last reported."""
        return read_status(self.reported)

    @property
    def created(self) -> datetime | None:
        """When the service created the job, with its time zone; None until it is reported."""
        created = self.reported.get("created")
        return datetime.fromisoformat(created.replace("Z", "+00:00")) if created else None

    @property
    def state_in_words(self) -> str:
        """The status as last reported, with the place in the queue if the service reports it."""
        if not (self.reported.get("status") or self.reported.get("state")):
            return "submitted"
        place = self.reported.get("position_in_queue")
        if self.status == QUEUED and isinstance(place, int) and place > 0:
            return f"QUEUED, place {place} in the queue"
        return str(self.status)

    def note_metrics(self, metrics: Mapping[str, Any]) -> None:
        """Remembers the timestamps in a job's metrics."""
        named = ("running", "finished")
        times = metrics.get("timestamps") or {}
        self.timestamps = {name: str(times[name]) for name in named if times.get(name)}

    def known_final(self) -> dict[str, Any] | None:
        """The details if they say that the job is final, else None."""
        final = bool(self.reported.get("status") or self.reported.get("state")) and (
            self.status in FINAL
        )
        return self.reported if final else None

    def merge(self, reported: Mapping[str, Any]) -> None:
        """Merges details reported by the service; values fixed at submission take precedence.

        A final state stays final: another thread's older reply may arrive after a newer one.
        """
        merged = {**self.reported, **reported, **self._fixed}
        final = self.known_final()
        if final is not None and read_status(merged) not in FINAL:
            merged |= {key: final[key] for key in ("status", "state") if key in final}
        self.reported = merged

    def describe_failure(self, log: str = "") -> str:
        """Why the job failed: status, reason, code, solution and the end of its log."""
        state = read_state(self.reported)
        reason = str(state.get("reason") or "no reason given")
        code = state.get("reason_code") or state.get("reasonCode")
        text = f"job {self.job_id} ended as {state['status']}: {reason}"
        if code:
            text += f" (code {code})"
        if state.get("reason_solution"):
            text += f" - {state['reason_solution']}"
        if log.strip():
            text += f"\nEnd of its log:\n{log.strip()[-LOG_TAIL:]}"
        return text

    def failure_error(self, log: str = "") -> JobEndedError:
        """The error of a job that is final without a result."""
        state = read_state(self.reported)
        code = state.get("reason_code") or state.get("reasonCode")
        kind = JobCancelledError if self.status == CANCELLED else JobFailedError
        if ran_too_long(self.reported):
            kind = JobRanTooLongError
        return kind(
            self.describe_failure(log),
            job_id=self.job_id,
            reason=printable(str(state.get("reason") or "")),
            reason_code=code if isinstance(code, int) else None,
            reason_solution=printable(str(state.get("reason_solution") or "")),
        )


def details_of(handle: object) -> JobDetails:
    """The details that a job's handle caches. Not a method: editors would offer it to users.

    Raises:
        TypeError: it is not the handle of one job.
    """
    details = getattr(handle, "_details", None)
    if not isinstance(details, JobDetails):
        raise TypeError(
            f"{handle!r} is not the handle of one job; pass handles that run() or "
            "service.job() returned, or the parts of a SplitJob"
        )
    return details

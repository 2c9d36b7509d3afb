"""What memory knows of a job: its details as the service last told them. Nothing here asks."""

from __future__ import annotations

import time
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from qiskit_rest_primitives.errors import JobCancelledError, JobFailedError
from qiskit_rest_primitives.http.client import ApiClient
from qiskit_rest_primitives.http.submission import is_own_tag
from qiskit_rest_primitives.status import CANCELLED, FINAL, read_state, read_status

LOG_TAIL: Final = 1500
"""Characters of a failed job's log that go into its error."""


class JobRecord:
    """The memory of a job's handle.

    Args:
        client: the service that the job is on.
        job_id: its id.
        details: as the service gave them, or what is known from the submission.
    """

    def __init__(self, client: ApiClient, job_id: str, details: Mapping[str, Any] | None):
        self._client = client
        self._job_id = job_id
        self._details: dict[str, Any] = dict(details or {})
        self._born = time.monotonic()
        self._settled: dict[str, Any] = {}

    @property
    def client(self) -> ApiClient:
        """The service that the job is on."""
        return self._client

    @property
    def born(self) -> float:
        """Monotonic seconds at which this handle was made."""
        return self._born

    @property
    def primitive_id(self) -> str:
        """``sampler`` or ``estimator``."""
        program = self._details.get("program")
        return program.get("id", "") if isinstance(program, dict) else ""

    program_id = primitive_id

    @property
    def backend_name(self) -> str:
        """The backend's name."""
        return str(self._details.get("backend") or "")

    @property
    def session_id(self) -> str | None:
        """The session or batch that the job belongs to."""
        return self._details.get("session_id") or None

    @property
    def tags(self) -> list[str]:
        """The user's tags, without the one that marks the submission."""
        return [tag for tag in self._details.get("tags") or [] if not is_own_tag(tag)]

    @property
    def private(self) -> bool:
        """Whether inputs are withheld and the result can be read only once."""
        return bool(self._details.get("private"))

    @property
    def instance(self) -> str | None:
        """The CRN of the instance."""
        return self._client.account.instance

    @property
    def creation_date(self) -> datetime | None:
        """When the service created the job, with its time zone; None until it was asked."""
        created = self._details.get("created")
        return datetime.fromisoformat(created.replace("Z", "+00:00")) if created else None

    @property
    def inputs(self) -> dict[str, Any]:
        """The params as they went over the wire: PUBs, options, version.

        A handle that submitted the job does not keep its circuits: its inputs lack the PUBs until
        ``refresh(params=True)``. Those of a private job are empty.
        """
        return dict(self._details.get("params") or {})

    @property
    def usage_estimation(self) -> dict[str, Any]:
        """``{"quantum_seconds": ...}`` as the service estimated it, None where it did not."""
        return {"quantum_seconds": self._details.get("estimated_running_time_seconds")}

    def known_final(self) -> dict[str, Any] | None:
        """The details if they say that the job is final, else None. Asks nobody."""
        final = bool(self._details.get("status") or self._details.get("state")) and (
            read_status(self._details) in FINAL
        )
        return self._details if final else None

    def learn(self, details: Mapping[str, Any]) -> None:
        """Takes note of details that the service gave; who submitted the job knows some better.

        What is final stays so: another thread's older answer may come after a newer one.
        """
        merged = {**self._details, **details, **self._settled}
        final = self.known_final()
        if final is not None and read_status(merged) not in FINAL:
            merged |= {key: final[key] for key in ("status", "state") if key in final}
        self._details = merged

    def failure_text(self, log: str = "") -> str:
        """Why the job failed: status, reason, code, solution and the end of its log."""
        state = read_state(self._details)
        reason = str(state.get("reason") or "no reason given")
        code = state.get("reason_code") or state.get("reasonCode")
        text = f"job {self._job_id} ended as {state['status']}: {reason}"
        if code:
            text += f" (code {code})"
        if state.get("reason_solution"):
            text += f" - {state['reason_solution']}"
        if log.strip():
            text += f"\nEnd of its log:\n{log.strip()[-LOG_TAIL:]}"
        return text

    def failure(self, log: str = "") -> JobFailedError:
        """The error of a job that is final without a result."""
        state = read_state(self._details)
        code = state.get("reason_code") or state.get("reasonCode")
        kind = JobCancelledError if read_status(self._details) == CANCELLED else JobFailedError
        return kind(
            self.failure_text(log),
            job_id=self._job_id,
            reason=str(state.get("reason") or ""),
            reason_code=code if isinstance(code, int) else None,
            reason_solution=str(state.get("reason_solution") or ""),
        )

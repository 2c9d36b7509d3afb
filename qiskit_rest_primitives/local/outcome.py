"""How a job ends: `Outcome` for the store, `RefusedError` for anything that stops a job before."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Any, Literal

from qiskit_rest_primitives.wire.limits import INVALID_JOB

NOT_LOADABLE = 1603
NOT_ISA = 1517


class RefusedError(Exception):
    """A job that can't be run as it was sent, or that failed while running.

    Attributes:
        reason: what is wrong and where, for the user.
        code: the service's reason code (1000..9999) or None.
        solution: the cure.
    """

    def __init__(self, reason: str, *, code: int | None = INVALID_JOB, solution: str = ""):
        # All three go to Exception: a refusal must survive pickling on its way from a worker.
        super().__init__(reason, code, solution)
        self.reason = reason
        self.code = code
        self.solution = solution

    def __reduce__(self) -> Any:
        return partial(RefusedError, self.reason, code=self.code, solution=self.solution), ()

    def __str__(self) -> str:
        return self.reason


class StoppedError(Exception):
    """A task that stopped between two points, because its job is no longer wanted."""


@dataclass(frozen=True)
class Outcome:
    """The final state of a job.

    Attributes:
        status: as the API spells it.
        body: the encoded result; b"" unless completed.
        reason: why it failed or was cancelled, else "".
        reason_code: 1000..9999 or None.
        reason_solution: the cure, else "".
        logs: plain text, one step a line; for failures the end of the traceback.
        usage_seconds: on a device, the time for which its circuits hold the device, see
            `mitigation.base.device_time`: the overhead of a job, and for each execution of the
            circuits that were really run, mitigation's included, the repetition delay and the
            circuit's length. On a simulator, the time that the simulators worked on the job.
    """

    status: Literal["Completed", "Failed", "Cancelled"]
    body: bytes = b""
    reason: str = ""
    reason_code: int | None = None
    reason_solution: str = ""
    logs: str = ""
    usage_seconds: float = 0.0

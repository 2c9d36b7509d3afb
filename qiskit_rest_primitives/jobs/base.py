"""Job: the interface of every handle that `run` returns, for one job or several."""

from __future__ import annotations

from abc import abstractmethod
from typing import ClassVar

from qiskit_rest_primitives.backend import PrimitiveRun, RestBackend
from qiskit_rest_primitives.jobs.status import CANCELLED, DONE, ERROR, FINAL, RUNNING, Status


class Job(PrimitiveRun[Status]):
    """The handle of a run: a `RestJob`, or several jobs behind a `SplitJob` or `MitigatedJob`.

    Runs are split by ``options.split``, mitigated with ``options.mitigation = "client"``.
    """

    JOB_FINAL_STATES: ClassVar[tuple[Status, ...]] = (DONE, CANCELLED, ERROR)
    ERROR: ClassVar[Status] = ERROR

    @abstractmethod
    def status(self) -> Status:
        """The current status: equal to a `JobStatus` member and its name. Cached once final."""

    def done(self) -> bool:
        """Whether it completed with a result."""
        return self.status() == DONE

    def running(self) -> bool:
        """Whether it is running."""
        return self.status() == RUNNING

    def cancelled(self) -> bool:
        """Whether it was cancelled."""
        return self.status() == CANCELLED

    def errored(self) -> bool:
        """Whether it failed or ran out of time."""
        return self.status() == ERROR

    def in_final_state(self) -> bool:
        """Whether it is final: done, failed or cancelled."""
        return self.status() in FINAL

    @abstractmethod
    def backend(self, timeout: float | None = None) -> RestBackend:
        """The backend it runs on.

        Args:
            timeout: has no effect: a job's backend is known from the start.
        """

    @property
    def backend_name(self) -> str:
        """The backend's name."""
        return self.backend().name

    @property
    def instance(self) -> str | None:
        """The CRN of the instance."""
        return self.backend().client.account.instance


def refuse_decoder(decoder: object) -> None:
    """Refuses a decoder for a result, which the official client takes.

    Raises:
        TypeError: it is not None.
    """
    if decoder is not None:
        raise TypeError(
            "result() takes no decoder: pass the text to yours, as in "
            "MyDecoder.decode(job.raw_result().decode())"
        )

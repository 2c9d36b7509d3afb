"""CircuitJob: what `backend.run` returns, a Qiskit job around the job of a sampler."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any, NoReturn

from qiskit.providers import JobError, JobStatus, JobV1
from qiskit.providers.jobstatus import JOB_FINAL_STATES
from qiskit.result import Result

from qiskit_rest_primitives.backend import RestBackend
from qiskit_rest_primitives.backend.circuit_runner import CircuitRun
from qiskit_rest_primitives.errors import JobStateError, JobTimeoutError
from qiskit_rest_primitives.jobs.base import Job
from qiskit_rest_primitives.jobs.polling.wait_for_jobs import deadline_of, left_until
from qiskit_rest_primitives.jobs.results.circuit_results import RunCircuit


class CircuitJob(CircuitRun):
    """Circuits that `RestBackend.run` submitted; `result` counts their outcomes.

    Args:
        sampler_job: the job on the service.
        circuits: what its result needs to know of each circuit.
        memory: whether the result lists the outcome of each shot.

    >>> job = backend.run(bell, shots=100, seed_simulator=7)
    >>> sorted(job.result().get_counts().items())
    [('00', 50), ('11', 50)]
    >>> job.status()
    <JobStatus.DONE: 'job has successfully run'>
    """

    def __init__(self, sampler_job: Job, circuits: Sequence[RunCircuit], memory: bool):
        super().__init__(sampler_job.backend(), sampler_job.job_id())
        self._sampler_job = sampler_job
        self._circuits = circuits
        self._memory = memory
        self._result: Result | None = None

    def __repr__(self) -> str:
        return f"CircuitJob({self.job_id()!r}, backend={self._sampler_job.backend().name!r})"

    def _repr_html_(self) -> str | None:
        return getattr(self._sampler_job, "_repr_html_", lambda: None)()

    @property
    def sampler_job(self) -> Job:
        """The job on the service: its tags, usage, logs, future and `PrimitiveResult`."""
        return self._sampler_job

    def job_id(self) -> str:
        """Its id on the service."""
        return self._sampler_job.job_id()

    def backend(self) -> RestBackend:
        """The backend it runs on."""
        return self._sampler_job.backend()

    def submit(self) -> NoReturn:
        """Not for a job that `RestBackend.run` has submitted already.

        Raises:
            JobError: always.
        """
        raise JobError(f"job {self.job_id()} was submitted by backend.run(); run it again there")

    def status(self) -> JobStatus:
        """The status now. Asks until it is final."""
        return JobStatus[str(self._sampler_job.status())]

    def cancel(self) -> bool:
        """Asks the service to cancel it.

        Returns:
            True if the service took the request, False if the job was final already.
        """
        try:
            return self._sampler_job.cancel()
        except JobStateError:
            return False  # as Qiskit's simulators answer

    def error_message(self) -> str | None:
        """Why it failed, in the service's words; None if it did not fail."""
        return self._sampler_job.error_message()

    def wait_for_final_state(
        self,
        timeout: float | None = None,
        wait: float = 5,
        callback: Callable[[str, JobStatus, JobV1], Any] | None = None,
    ) -> None:
        """Waits until it is final, whatever its outcome.

        Args:
            timeout: seconds; None waits without end.
            wait: seconds between two calls of the callback.
            callback: called with the job's id, its status and this object while it is not final.

        Raises:
            JobTimeoutError: it is not final in time; it continues.
        """
        deadline = deadline_of(timeout)
        while callback is not None and (status := self.status()) not in JOB_FINAL_STATES:
            left = left_until(deadline)
            if left is not None and left <= wait:
                break
            callback(self.job_id(), status, self)
            with suppress(JobTimeoutError):
                self._sampler_job.wait_for_final_state(wait)
        self._sampler_job.wait_for_final_state(left_until(deadline))

    def result(self, timeout: float | None = None, *, progress: bool | None = None) -> Result:
        """Counts, and each shot's outcome if `run` was called with ``memory=True``.

        Args:
            timeout: seconds for everything, kept whatever the service does; None waits on.
            progress: whether to show a bar, as in `RestJob.result`.

        Raises:
            JobTimeoutError: no result in time; the job continues.
            JobFailedError: the job failed; reason, code, solution and end of the log are in it.
            JobCancelledError: the job was cancelled.
        """
        if self._result is None:
            sampled = self._sampler_job.result(timeout, progress=progress)
            pairs = zip(self._circuits, iter(sampled), strict=True)
            self._result = Result(
                backend_name=self.backend().name,
                backend_version=self.backend().backend_version,
                job_id=self.job_id(),
                success=True,
                status="COMPLETED",
                results=[circuit.result(data, self._memory) for circuit, data in pairs],
                metadata=dict(sampled.metadata),
            )
        return self._result

"""MitigatedJob: sampler jobs behind one handle, whose result is that of the mitigated run."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future
from datetime import datetime
from functools import partial
from typing import Any

from qiskit.primitives import PrimitiveResult
from qiskit.providers import JobError

from qiskit_rest_primitives.backend import BackendProperties, RestBackend
from qiskit_rest_primitives.concurrency.threads import in_thread
from qiskit_rest_primitives.display.progress import Progress
from qiskit_rest_primitives.errors import JobCancelledError, JobStateError, JobTimeoutError
from qiskit_rest_primitives.jobs.base import Job, refuse_decoder
from qiskit_rest_primitives.jobs.parts import (
    UserPubs,
    all_details,
    cancel_all,
    creation_date_of,
    error_message_of,
    inputs_of,
    logs_of,
    metrics_of,
    refresh_all,
    update_tags_of,
    usage_estimation_of,
    usage_of,
)
from qiskit_rest_primitives.jobs.polling.wait_for_jobs import (
    checked_timeout,
    describe_job,
    shown,
    warn_jobs_continue,
)
from qiskit_rest_primitives.jobs.status import CANCELLED, DONE, ERROR, FINAL, RUNNING, Status
from qiskit_rest_primitives.mitigation.base.steps import Finished, Run, Step

Submit = Callable[[Sequence[Run]], Job]
"""Sends sweeps as the PUBs of one sampler job."""


class MitigatedJob(Job):
    """A run as sampler jobs, with the mitigation done by this client.

    Most runs are one job. Where a job's circuits follow from the results of another (noise is
    learned first), the next one is sent as soon as that is done, by a thread of this process. After
    the process has ended, nothing more is sent. A pickled handle can be loaded elsewhere: it has
    the jobs that were sent before, and sends what is missing when its result is waited for. The
    jobs themselves are found by their tag, ``service.jobs(job_tags=[job.mitigation_tag])``, and
    hold the samples of all circuits.

    Args:
        tag: which all jobs have.
        step: what the first job samples.
        submit: sends the jobs.
        backend: where they run.
        primitive_id: whose result this gives, ``sampler`` or ``estimator``.
        user_pubs: the PUBs of the run.

    >>> estimator = EstimatorV2(backend, options={"mitigation": "client"})
    >>> job = estimator.run([(bell_state, "ZZ")])
    >>> float(job.result(timeout=60)[0].data.evs)
    1.0
    >>> [part.primitive_id for part in job.parts]
    ['sampler']
    """

    def __init__(
        self,
        tag: str,
        step: Step,
        submit: Submit,
        backend: RestBackend,
        primitive_id: str,
        user_pubs: UserPubs | None = None,
    ):
        first = submit(step.runs)
        super().__init__(first.job_id())
        self._tag = tag
        self._step = step
        self._submit = submit
        self._backend = backend
        self._primitive_id = primitive_id
        self._user_pubs = user_pubs
        self._parts = [first]
        self._cancelled = False
        self._prepare()
        self._outcome()

    def _prepare(self) -> None:
        self._lock = threading.Lock()
        self._future: Future[PrimitiveResult[Any]] | None = None

    def __repr__(self) -> str:
        return f"MitigatedJob({self.job_id()!r}, tag={self._tag!r})"

    def _repr_html_(self) -> str:
        from qiskit_rest_primitives.jobs.cards import card_of_parts

        future = self._future
        outcome = "waiting for its jobs"
        if future is not None and future.done():
            outcome = "failed" if future.exception() else "ready"
        values = {"result": outcome, "backend": self._backend.name, "tags": self.tags}
        return card_of_parts("Run mitigated by this client", values, self._parts)

    def __getstate__(self) -> dict[str, Any]:
        with self._lock:
            lost = dict.fromkeys(("_lock", "_future", "_user_pubs"))
            return {**self.__dict__, **lost, "_parts": [*self._parts]}

    def __setstate__(self, state: dict[str, Any]) -> None:
        vars(self).update(state)
        self._prepare()

    def _outcome(self) -> Future[PrimitiveResult[Any]]:
        """The future of the result, which a thread works on from the first call on."""
        with self._lock:
            if self._future is None:
                self._future = in_thread(self._advance, f"qiskit-rest-mitigation-{self._job_id}")
            return self._future

    def _advance(self) -> PrimitiveResult[Any]:
        while True:
            step = self._step
            result = self._parts[-1].result(progress=False)
            simulations: dict[int, Any] = {}
            for run, pub in zip(step.runs, iter(result), strict=True):
                if "simulation" in pub.metadata:
                    simulations.setdefault(run.pub_index, pub.metadata["simulation"])
            after = step.advance([dict(pub.data.items()) for pub in iter(result)])
            if isinstance(after, Finished):
                pubs = list(after.pubs)
                for index, simulation in simulations.items():
                    if index < len(pubs):
                        pubs[index].metadata["simulation"] = simulation
                return PrimitiveResult(pubs, metadata=dict(after.metadata))
            self._send(after)

    def _send(self, step: Step) -> None:
        """Sends the next job, unless the run was cancelled."""
        part = None if self._cancelled else self._submit(step.runs)
        with self._lock:
            if part is not None:
                self._step = step
                self._parts.append(part)
            cancelled = self._cancelled
        if cancelled:
            if part is not None:
                part.cancel()
            raise JobCancelledError(
                f"job {self.job_id()} was cancelled", job_id=self._parts[-1].job_id()
            )

    @property
    def parts(self) -> tuple[Job, ...]:
        """The sampler jobs that were sent so far, in order."""
        return tuple(self._parts)

    @property
    def mitigation_tag(self) -> str:
        """The tag that all of its jobs have, and no others."""
        return self._tag

    def job_id(self) -> str:
        """The ids of the sampler jobs that were sent so far, separated by commas."""
        return ",".join(part.job_id() for part in self._parts)

    def status(self) -> Status:
        """The latest job's status; RUNNING between jobs and until their results are combined."""
        future = self._outcome()
        if future.done():
            error = future.exception()
            if error is None:
                return DONE
            return CANCELLED if isinstance(error, JobCancelledError) else ERROR
        status = self._parts[-1].status()
        return RUNNING if status in FINAL or len(self._parts) > 1 else status

    def backend(self, timeout: float | None = None) -> RestBackend:
        """The backend that all jobs run on."""
        return self._backend

    def properties(self, refresh: bool = False) -> BackendProperties | None:
        """What was measured on the backend before the first job began to run.

        Args:
            refresh: has no effect.
        """
        return self._parts[0].properties()

    @property
    def primitive_id(self) -> str:
        """``estimator`` or ``sampler``: whose result this gives. Its `parts` have their own."""
        return self._primitive_id

    @property
    def image(self) -> str:
        """The program image of all jobs, as `RestJob.image`."""
        return self._parts[0].image

    @property
    def private(self) -> bool:
        """Whether inputs are withheld and each job's result can be read only once."""
        return self._parts[0].private

    @property
    def inputs(self) -> dict[str, Any]:
        """The PUBs of the run, with what its jobs have in common, such as the sampler's options.

        ``pubs`` are as in `RestJob.inputs`, and None once the handle was pickled; the circuits that
        the service samples are in the inputs of each of `parts`.
        """
        return inputs_of(self._parts, self._user_pubs)

    @property
    def creation_date(self) -> datetime | None:
        """When the first job was created; fetched if it is not known yet."""
        return creation_date_of(self._parts)

    @property
    def usage_estimation(self) -> dict[str, Any]:
        """``{"quantum_seconds": ...}``, the sum over the jobs sent so far.

        None until the service has estimated each of them.
        """
        return usage_estimation_of(self._parts)

    def refresh(self, *, params: bool = False) -> None:
        """Fetches the details of all jobs that were sent, with their params on request."""
        refresh_all(self._parts, params)

    @property
    def tags(self) -> list[str]:
        """The user's tags and `mitigation_tag`."""
        return self._parts[0].tags

    @property
    def session_id(self) -> str | None:
        """The session or batch that all jobs belong to."""
        return self._parts[0].session_id

    def metrics(self) -> dict[str, Any]:
        """``{"parts": [...]}``: the metrics of each job, in order."""
        return metrics_of(self._parts)

    def usage(self, partial: bool = False) -> float:
        """Charged seconds on the device for all jobs."""
        return usage_of(self._parts, partial)

    def logs(self) -> str:
        """The logs of all jobs, each after a line with its id."""
        return logs_of(self._parts)

    def error_message(self) -> str | None:
        """Why a job failed, or why its samples could not be put together; None if nothing did."""
        message = error_message_of(self._parts)
        future = self._outcome()
        if message is None and future.done() and (error := future.exception()) is not None:
            return str(error)
        return message

    def update_tags(self, new_tags: Iterable[str]) -> list[str]:
        """Replaces the user's tags on all jobs that were sent; `mitigation_tag` stays."""
        update_tags_of(self._parts, [*new_tags, self._tag])
        return self.tags

    def raw_result(self, timeout: float | None = None) -> bytes:
        """Not available: the service has samples only.

        Raises:
            JobError: each job has bytes of its own: ``job.parts[0].raw_result()``.
        """
        raise JobError(
            "the service has no result of the whole run: call raw_result() on each of job.parts"
        )

    def cancel(self) -> bool:
        """Asks the service to cancel the latest job, and sends no other.

        Raises:
            JobStateError: the result is known already, or could not be found.
        """
        with self._lock:
            if self._future is not None and self._future.done():
                raise JobStateError(f"jobs {self.job_id()} are final already")
            self._cancelled = True
            latest = self._parts[-1]
        if latest.status() not in FINAL:
            cancel_all([latest])
        return True

    def wait_for_final_state(
        self,
        timeout: float | None = None,
        poll_interval: float | None = None,
        *,
        progress: bool | None = None,
    ) -> None:
        """Waits until the run has a result, or has failed.

        Args:
            timeout: seconds; None waits without end.
            poll_interval: has no effect.
            progress: whether to show a bar, as in `RestJob.wait_for_final_state`.

        Raises:
            JobTimeoutError: the run did not end within ``timeout`` seconds; the jobs continue.
        """
        timeout = checked_timeout(timeout)
        jobs = all_details(self._parts)
        bar = Progress(shown(progress, jobs), 1, self._describe)
        with warn_jobs_continue(jobs), bar:
            done, _ = bar.wait([self._outcome()], timeout)
        if not done:
            raise JobTimeoutError(
                f"jobs {self.job_id()} gave no result within {timeout:g} s; they continue: call "
                "again"
            )

    def _describe(self) -> str:
        """The state of the latest job, for a progress bar."""
        return f"job {len(self._parts)}: {describe_job(all_details(self._parts)[-1])}"

    def result(
        self,
        timeout: float | None = None,
        decoder: None = None,
        poll_interval: float | None = None,
        *,
        progress: bool | None = None,
    ) -> PrimitiveResult[Any]:
        """The estimator's result.

        Args:
            timeout: seconds in total; None waits without end.
            decoder: must be None.
            poll_interval: has no effect.
            progress: whether to show a bar, as in `RestJob.result`.

        Raises:
            JobTimeoutError, JobFailedError, ProtocolError: as `RestJob.result`, of the first job
                that raises.
            OptionsError: what was learned of the noise does not allow what the options ask for.
        """
        refuse_decoder(decoder)
        self.wait_for_final_state(timeout, progress=progress)
        return self._outcome().result()

    def future(self) -> Future[PrimitiveResult[Any]]:
        """A `concurrent.futures.Future` of the result."""
        return in_thread(partial(self.result, progress=False), "qiskit-rest-mitigated")

"""SplitJob: several jobs behind one handle, whose result is that of the whole run."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from concurrent.futures import Future
from datetime import datetime
from functools import partial
from typing import Any

from qiskit.primitives import PrimitiveResult
from qiskit.providers import JobError

from qiskit_rest_primitives.backend import BackendProperties, RestBackend
from qiskit_rest_primitives.concurrency.threads import in_thread
from qiskit_rest_primitives.errors import JobTimeoutError
from qiskit_rest_primitives.jobs.base import Job, refuse_decoder
from qiskit_rest_primitives.jobs.details import details_of
from qiskit_rest_primitives.jobs.job import RestJob
from qiskit_rest_primitives.jobs.parts import (
    UserPubs,
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
from qiskit_rest_primitives.jobs.polling.wait_for_jobs import deadline_of, left_until, wait
from qiskit_rest_primitives.jobs.results.pieces import Piece, join
from qiskit_rest_primitives.jobs.status import CANCELLED, DONE, ERROR, QUEUED, RUNNING, Status
from qiskit_rest_primitives.jobs.user_warnings import OptionsNotice


class SplitJob(Job):
    """A run that was divided into several jobs, because one would have been too large.

    A run without PUBs has no job at all: it is done, and its result is empty.

    Args:
        parts: the jobs, in order; each has its own result, which can be read while others run.
        pieces: what each of them runs.
        shapes: the shape of each PUB of the run.
        backend: where the parts run.
        primitive_id: the program that they run.
        user_pubs: the PUBs of the run.

    >>> sampler = SamplerV2(backend, options={"split": True})
    >>> job = sampler.run([bell], shots=10_000_001)  # one more than one job can have
    >>> [part.shots for pieces in job.pieces for part in pieces]
    [10000000, 1]
    >>> cancelled = job.cancel()
    """

    def __init__(
        self,
        parts: Sequence[RestJob],
        pieces: Sequence[Sequence[Piece]],
        shapes: Sequence[tuple[int, ...]],
        backend: RestBackend,
        primitive_id: str,
        user_pubs: UserPubs | None = None,
    ):
        super().__init__(",".join(part.job_id() for part in parts))
        self._parts = tuple(parts)
        self._pieces = pieces
        self._shapes = shapes
        self._backend = backend
        self._primitive_id = primitive_id
        self._user_pubs = user_pubs
        notice = OptionsNotice()
        for part in self._parts:
            details_of(part).options_notice = notice  # all have the same options

    def __repr__(self) -> str:
        return f"SplitJob({len(self._parts)} parts, {self._job_id!r})"

    def _repr_html_(self) -> str:
        from qiskit_rest_primitives.jobs.cards import card_of_parts

        values = {
            "backend": self._backend.name,
            "session": self.session_id,
            "tags": self.tags or None,
        }
        return card_of_parts("Split run", values, self._parts, self._pieces)

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_user_pubs": None}

    @property
    def parts(self) -> tuple[RestJob, ...]:
        """The jobs, in order."""
        return self._parts

    @property
    def pieces(self) -> list[list[Piece]]:
        """For each part, which points (and shots) of which PUB it runs."""
        return [list(pieces) for pieces in self._pieces]

    def job_id(self) -> str:
        """The ids of the parts, separated by commas."""
        return self._job_id

    def status(self) -> Status:
        """ERROR or CANCELLED if a part is; DONE if all are; else RUNNING or QUEUED."""
        states = [part.status() for part in self._parts]
        for word in (ERROR, CANCELLED):
            if word in states:
                return word
        if all(state == DONE for state in states):
            return DONE
        return QUEUED if all(state == QUEUED for state in states) else RUNNING

    def backend(self, timeout: float | None = None) -> RestBackend:
        """The backend that all parts run on."""
        return self._backend

    def properties(self, refresh: bool = False) -> BackendProperties | None:
        """What was measured on the backend before the first part began to run.

        Args:
            refresh: has no effect.
        """
        return self._parts[0].properties() if self._parts else self._backend.properties()

    @property
    def primitive_id(self) -> str:
        """The program that all parts run: ``sampler``, ``estimator`` or ``executor``."""
        return self._primitive_id

    @property
    def image(self) -> str:
        """The program image of all parts, as `RestJob.image`."""
        return self._parts[0].image if self._parts else ""

    @property
    def private(self) -> bool:
        """Whether inputs are withheld and each part's result can be read only once."""
        return bool(self._parts) and self._parts[0].private

    @property
    def inputs(self) -> dict[str, Any]:
        """What all parts have in common, such as their options, with the PUBs of the whole run.

        ``pubs`` are as in `RestJob.inputs`, and None once the handle was pickled: then
        ``job.parts[0].inputs`` still has what the first part runs.
        """
        return inputs_of(self._parts, self._user_pubs)

    @property
    def creation_date(self) -> datetime | None:
        """When the first part was created; fetched if it is not known yet."""
        return creation_date_of(self._parts)

    @property
    def usage_estimation(self) -> dict[str, Any]:
        """``{"quantum_seconds": ...}``, the sum over all parts; None until each has its own."""
        return usage_estimation_of(self._parts)

    def refresh(self, *, params: bool = False) -> None:
        """Fetches the details of all parts, with their params on request."""
        refresh_all(self._parts, params)

    @property
    def tags(self) -> list[str]:
        """The user's tags, the same on all parts."""
        return self._parts[0].tags if self._parts else []

    @property
    def session_id(self) -> str | None:
        """The session or batch that all parts belong to."""
        return self._parts[0].session_id if self._parts else None

    def metrics(self) -> dict[str, Any]:
        """``{"parts": [...]}``: the metrics of each part, in order."""
        return metrics_of(self._parts)

    def usage(self, partial: bool = False) -> float:
        """Charged seconds on the device for all parts."""
        return usage_of(self._parts, partial)

    def logs(self) -> str:
        """The logs of all parts, each after a line with its id."""
        return logs_of(self._parts)

    def error_message(self) -> str | None:
        """Why the first failed part failed; None if none did."""
        return error_message_of(self._parts)

    def update_tags(self, new_tags: Iterable[str]) -> list[str]:
        """Replaces the user's tags on all parts."""
        update_tags_of(self._parts, new_tags)
        return self.tags

    def raw_result(self, timeout: float | None = None) -> bytes:
        """Not available for a split run.

        Raises:
            JobError: each part has bytes of its own: ``job.parts[0].raw_result()``.
        """
        raise JobError(
            "a split run has no single result body: call raw_result() on each of job.parts"
        )

    def cancel(self) -> bool:
        """Asks the service to cancel all parts.

        Returns:
            True: it took at least one of the requests.

        Raises:
            JobStateError: all parts are final already.
        """
        cancel_all(self._parts)
        return True

    def wait_for_final_state(
        self,
        timeout: float | None = None,
        poll_interval: float | None = None,
        *,
        progress: bool | None = None,
    ) -> None:
        """Waits until all parts are final.

        Args:
            timeout: seconds; None waits without end.
            poll_interval: has no effect.
            progress: whether to show a bar, as in `RestJob.wait_for_final_state`.

        Raises:
            JobTimeoutError: they are not final within ``timeout`` seconds.
        """
        _, pending = wait(self._parts, timeout, progress=progress)
        if pending:
            raise JobTimeoutError(
                f"{len(pending)} of {len(self._parts)} parts are not final after {timeout:g} s"
            )

    def result(
        self,
        timeout: float | None = None,
        decoder: None = None,
        poll_interval: float | None = None,
        *,
        progress: bool | None = None,
    ) -> PrimitiveResult[Any]:
        """The result of the whole run, joined exactly. Warns once, like `RestJob.result`.

        Args:
            timeout: seconds in total; None waits without end.
            decoder: must be None.
            poll_interval: has no effect.
            progress: whether to show a bar, as in `RestJob.result`.

        Raises:
            JobTimeoutError, JobFailedError, ProtocolError: as `RestJob.result`, of the first part
                that raises.
        """
        refuse_decoder(decoder)
        deadline = deadline_of(timeout)
        self.wait_for_final_state(timeout, progress=progress)
        results = [part.result(left_until(deadline), progress=False) for part in self._parts]
        return join(self._pieces, results, self._shapes)

    def future(self) -> Future[PrimitiveResult[Any]]:
        """A `concurrent.futures.Future` of the result."""
        return in_thread(partial(self.result, progress=False), "qiskit-rest-split")

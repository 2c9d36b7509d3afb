"""PrimitiveRun: what the handle of a run offers, whichever backend, job or jobs it is about."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Generator, Iterable
from concurrent.futures import Future
from datetime import datetime
from typing import Any, TypeVar

from qiskit.primitives import BasePrimitiveJob, PrimitiveResult
from qiskit.providers import BackendV2

from qiskit_rest_primitives.backend.reports import BackendProperties

StatusT = TypeVar("StatusT")


class PrimitiveRun(BasePrimitiveJob[PrimitiveResult[Any], StatusT]):
    """The interface of handles, without the classes that stand above backends.

    It is here for the type of what `RestBackend.run` returns; `Job` adds status and backend.
    """

    @abstractmethod
    def backend(self, timeout: float | None = None) -> BackendV2:
        """The backend it runs on.

        Args:
            timeout: has no effect: a job's backend is known from the start.
        """

    @property
    @abstractmethod
    def backend_name(self) -> str:
        """The backend's name."""

    @property
    @abstractmethod
    def instance(self) -> str | None:
        """The CRN of the instance."""

    @abstractmethod
    def properties(self, refresh: bool = False) -> BackendProperties | None:
        """What was measured on the backend before it began to run.

        Args:
            refresh: has no effect: they are fetched each time.

        Returns:
            None for simulators, and if the service reports none of that time.
        """

    @property
    @abstractmethod
    def primitive_id(self) -> str:
        """``sampler``, ``estimator`` or ``executor``."""

    @property
    def program_id(self) -> str:
        """The same as `primitive_id`."""
        return self.primitive_id

    @property
    @abstractmethod
    def image(self) -> str:
        """The service's program image; empty for the default one."""

    @property
    @abstractmethod
    def private(self) -> bool:
        """Whether inputs are withheld and the result can be read only once."""

    @property
    @abstractmethod
    def inputs(self) -> dict[str, Any]:
        """What was submitted: PUBs, options, version.

        A handle that submitted the run has the user's PUBs, ``(circuit, values, shots)`` or
        ``(circuit, observables, values, precision)``, until it is pickled.
        """

    @property
    @abstractmethod
    def creation_date(self) -> datetime | None:
        """When the service created it, with its time zone; fetched if it is not known yet."""

    @property
    @abstractmethod
    def usage_estimation(self) -> dict[str, Any]:
        """``{"quantum_seconds": ...}`` as the service estimated it, or None."""

    @abstractmethod
    def refresh(self, *, params: bool = False) -> None:
        """Fetches the details, with the params on request."""

    @property
    @abstractmethod
    def tags(self) -> list[str]:
        """The user's tags."""

    @property
    @abstractmethod
    def session_id(self) -> str | None:
        """The session or batch that it belongs to."""

    @abstractmethod
    def wait_for_final_state(
        self,
        timeout: float | None = None,
        poll_interval: float | None = None,
        *,
        progress: bool | None = None,
    ) -> None:
        """Waits until it is final, whatever its outcome.

        Args:
            timeout: seconds; None waits without end.
            poll_interval: has no effect: all jobs are polled together, at intervals that grow
                with the time waited.
            progress: whether to show a bar with state, place in the queue and elapsed time, which
                needs the extra ``[notebook]``; None as `Settings.progress` says.

        Raises:
            ImportError: ``progress=True`` without tqdm.
            JobTimeoutError: it is not final in time; it continues.
        """

    @abstractmethod
    def cancel(self) -> bool:
        """Asks the service to cancel it.

        Returns:
            True: the service accepted the request.

        Raises:
            JobStateError: it is final already, so there is nothing to cancel.
        """

    @abstractmethod
    def metrics(self) -> dict[str, Any]:
        """Timestamps and usage as the service reports them; usage is final once it is complete."""

    @abstractmethod
    def usage(self, partial: bool = False) -> float:
        """Charged seconds on the device; 0.0 until the service has counted them all.

        Args:
            partial: what it has counted so far.
        """

    @abstractmethod
    def logs(self) -> str:
        """Its log; empty until it is final, or if it has none."""

    @abstractmethod
    def error_message(self) -> str | None:
        """The service's message about its failure; None if it did not fail."""

    @abstractmethod
    def update_tags(self, new_tags: Iterable[str]) -> list[str]:
        """Replaces the user's tags; the submission's own tag stays.

        Args:
            new_tags: at most 7, of at most 86 characters each.

        Returns:
            The user's tags as they are now.
        """

    @abstractmethod
    def result(
        self,
        timeout: float | None = None,
        decoder: None = None,
        poll_interval: float | None = None,
        *,
        progress: bool | None = None,
    ) -> PrimitiveResult[Any]:
        """Waits for the result, which is downloaded once.

        Args:
            timeout: seconds in total, even if the service hangs; None waits without end.
            decoder: must be None; to use your own, decode ``raw_result()``.
            poll_interval: has no effect, as in `wait_for_final_state`.
            progress: whether to show a bar, likewise.

        Raises:
            ImportError: ``progress=True`` without tqdm.
            JobTimeoutError: no result in time; the job continues, and so does the download.
            JobFailedError: the job failed; reason, code, solution and end of the log are in it.
            JobRanTooLongError: it reached its time limit; the same are in it.
            JobCancelledError: the job was cancelled.
            ProtocolError: the body is not a result; `raw_result` returns it.
            TypeError: a decoder was passed.
        """

    @abstractmethod
    def raw_result(self, timeout: float | None = None) -> bytes:
        """The result's bytes as received, even if they can't be decoded.

        Args:
            timeout: seconds in total, even if the service hangs; None waits without end.

        Raises:
            JobTimeoutError, JobFailedError, JobCancelledError: as `result`.
            JobError: the run was split; each part has its own bytes.
        """

    @abstractmethod
    def future(self) -> Future[PrimitiveResult[Any]]:
        """A `concurrent.futures.Future` of the result."""

    def __await__(self) -> Generator[Any, None, PrimitiveResult[Any]]:
        import asyncio  # takes as long to import as this package; only await needs it

        return asyncio.wrap_future(self.future()).__await__()

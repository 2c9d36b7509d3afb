"""RestJob: the handle of one job, submitted by `run` or fetched by its id."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeoutError
from concurrent.futures import wait as wait_for_futures
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any, Final, NoReturn, cast

from qiskit.primitives import PrimitiveResult
from qiskit.primitives.containers.estimator_pub import EstimatorPub
from qiskit.primitives.containers.sampler_pub import SamplerPub

from qiskit_rest_primitives.backend import BackendProperties, RestBackend
from qiskit_rest_primitives.concurrency.threads import in_thread
from qiskit_rest_primitives.display.progress import Progress
from qiskit_rest_primitives.errors import (
    JobStateError,
    JobTimeoutError,
    NotFoundError,
    ProtocolError,
    ReplyTooLargeError,
    with_more,
)
from qiskit_rest_primitives.http.base_client import RAISE_LIMIT
from qiskit_rest_primitives.http.client import ApiClient
from qiskit_rest_primitives.http.side_effects import cancel
from qiskit_rest_primitives.jobs.base import Job, refuse_decoder
from qiskit_rest_primitives.jobs.details import JobDetails
from qiskit_rest_primitives.jobs.polling.wait_for_jobs import (
    deadline_of,
    left_until,
    polling,
    progress_of_one,
    wait_for_final,
    warn_jobs_continue,
)
from qiskit_rest_primitives.jobs.results.download import ResultDownload, fetch_with_params
from qiskit_rest_primitives.jobs.results.kept_result import KeptResult, kept_file
from qiskit_rest_primitives.jobs.results.program_items import submitted_from_params
from qiskit_rest_primitives.jobs.results.submitted_pubs import SubmittedPub, pub_as_tuple, restore
from qiskit_rest_primitives.jobs.status import CANCELLED, DONE, ERROR, Status, read_status
from qiskit_rest_primitives.jobs.submission.duplicates import cancel_late_duplicates, jobs_with_tag
from qiskit_rest_primitives.jobs.tags import several_tags
from qiskit_rest_primitives.settings import private_result
from qiskit_rest_primitives.wire.result.prompt_reply import PromptOutcome
from qiskit_rest_primitives.wire.result.results import decode_result

logger = logging.getLogger(__name__)

LOG_SECONDS: Final = 10.0
PROGRAMS: Final = ("sampler", "estimator", "executor")


class RestJob(Job):
    """A job on the service. Properties read memory; methods may call the service.

    Handles can be pickled and copied. They contain the job's id and the account's name and
    location, but no token.

    >>> job = SamplerV2(backend).run([bell], shots=100)
    >>> job.wait_for_final_state(timeout=60)
    >>> job.status(), job.primitive_id, job.backend_name
    ('DONE', 'sampler', 'statevector')
    """

    def __init__(
        self,
        client: ApiClient,
        job_id: str,
        *,
        details: Mapping[str, Any] | None = None,
        pubs: Sequence[SubmittedPub] | None = None,
        backend: RestBackend | None = None,
        user_pubs: Sequence[SamplerPub | EstimatorPub] | None = None,
        results_folder: Path | None = None,
        outcome: PromptOutcome | None = None,
    ):
        super().__init__(job_id)
        fixed = () if pubs is None else ("program", "backend", "session_id", "private")
        self._client = client
        self._details = JobDetails(client, job_id, details, fixed)
        self._pubs = pubs
        self._backend = backend
        self._user_pubs = user_pubs
        self._results_folder = results_folder
        self._download = self._new_download()
        if outcome is not None:
            self._details.merge(outcome.details)
            if outcome.result is not None and self._details.status == DONE:
                self._download.is_received(outcome.result)

    def _new_download(self) -> ResultDownload:
        kept: KeptResult | None = None
        if self._results_folder is not None and self._pubs is not None:
            path = kept_file(self._results_folder, self._details.job_id)
            kept = KeptResult(path, self._pubs)
        return ResultDownload(
            self._client, self._details.job_id, self._decode, self._private_file, kept
        )

    def __repr__(self) -> str:
        return f"RestJob({self.job_id()!r}, {self.primitive_id!r}, backend={self.backend_name!r})"

    def _repr_html_(self) -> str:
        from qiskit_rest_primitives.jobs.cards import card_of_job

        return card_of_job(self._details, self._pubs, self._user_pubs)

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_download": None, "_user_pubs": None}

    def __setstate__(self, state: dict[str, Any]) -> None:
        vars(self).update(state)
        self._download = self._new_download()

    # Cached details

    def job_id(self) -> str:
        """Its id on the service."""
        return self._details.job_id

    @property
    def primitive_id(self) -> str:
        """``sampler``, ``estimator`` or ``executor``."""
        return self._details.program_id

    @property
    def backend_name(self) -> str:
        """The backend's name."""
        return str(self._details.reported.get("backend") or "")

    @property
    def session_id(self) -> str | None:
        """The session or batch that the job belongs to."""
        return self._details.reported.get("session_id") or None

    @property
    def tags(self) -> list[str]:
        """The user's tags, without the submission's own tag."""
        return self._details.user_tags

    @property
    def private(self) -> bool:
        """Whether inputs are withheld and the result can be read only once."""
        return self._details.private

    @property
    def instance(self) -> str | None:
        """The CRN of the instance."""
        return self._client.account.instance

    @property
    def creation_date(self) -> datetime | None:
        """When the service created the job, with its time zone; fetched if it is not known yet."""
        return self._fetched_details().created

    @property
    def inputs(self) -> dict[str, Any]:
        """The job's params: PUBs, options, version.

        A handle that submitted the job has the user's PUBs, ``(circuit, values, shots)`` or
        ``(circuit, observables, values, precision)``, until it is pickled. Any other handle has
        the PUBs as they were sent; call ``refresh(params=True)`` first if it was made without
        params. The params of a private job are empty.
        """
        inputs = dict(self._details.reported.get("params") or {})
        if self._user_pubs is not None:
            inputs["pubs"] = [pub_as_tuple(pub) for pub in self._user_pubs]
        return inputs

    @property
    def usage_estimation(self) -> dict[str, Any]:
        """``{"quantum_seconds": ...}`` as the service estimated it, or None.

        `SamplerV2.estimate` and `EstimatorV2.estimate` return an estimate before the job is sent.
        The embedded service reports its own once a job on a device has started; `refresh` asks for
        it again.
        """
        reported = self._fetched_details().reported
        return {"quantum_seconds": reported.get("estimated_running_time_seconds")}

    @property
    def image(self) -> str:
        """The service's program image; empty for the default one."""
        return str(self._details.reported.get("runtime") or "")

    def backend(self, timeout: float | None = None) -> RestBackend:
        """The backend the job runs on.

        Args:
            timeout: has no effect: a job's backend is known from the start.
        """
        if self._backend is None:
            self._backend = RestBackend(self._client, self.backend_name)
        return self._backend

    def properties(self, refresh: bool = False) -> BackendProperties | None:
        """What was measured on the backend before the job began to run.

        Args:
            refresh: has no effect: they are fetched each time.

        Returns:
            None for simulators, and if the service reports none of that time.
        """
        times = self.metrics().get("timestamps") or {}
        moment = times.get("running") or times.get("created")
        before = datetime.fromisoformat(moment.replace("Z", "+00:00")) if moment else None
        return self.backend().properties(datetime=before)

    # Requests

    def _fetched_details(self) -> JobDetails:
        """The details, which a handle that has just submitted the job lacks."""
        if self._details.created is None:
            self.refresh()
        return self._details

    def refresh(self, *, params: bool = False) -> None:
        """Fetches the details, with the params (`inputs`) on request."""
        try:
            self._details.merge(self._client.job(self._details.job_id, exclude_params=not params))
        except NotFoundError:
            if not self._found_by_tag():
                raise
            self._details.merge(self._client.job(self._details.job_id, exclude_params=not params))

    def _found_by_tag(self) -> bool:
        """Finds a job by its tag if the service does not know its id; True if it was found.

        The reply to its submission was damaged; its tag still finds the job.
        """
        tag = next(iter(self._details.own_tags), None)
        if tag is None or self._details.created is not None:
            return False
        named = [job["id"] for job in jobs_with_tag(self._client, tag)]
        if not named or self._details.job_id in named:
            return False
        logger.warning(
            "the id %s in the reply to a submission was damaged: the id of the job is %s",
            self._details.job_id,
            named[0],
        )
        self._details.job_id = named[0]
        self._download = self._new_download()
        return True

    def _final(self, timeout: float | None, progress: Progress) -> dict[str, Any]:
        """The final details, within ``timeout`` seconds."""
        deadline = deadline_of(timeout)
        try:
            details = wait_for_final(self._details, timeout, progress)
            cancel_late_duplicates(self._client, self._details.job_id)
            return details
        except NotFoundError:
            with warn_jobs_continue([self._details]):
                lookup = in_thread(self._found_by_tag, "qiskit-rest-lookup")
                wait_for_futures([lookup], left_until(deadline))
            if not (lookup.done() and lookup.exception() is None and lookup.result()):
                raise
        return wait_for_final(self._details, left_until(deadline), progress)

    def status(self) -> Status:
        """The current status: equal to a `JobStatus` member and its name. Cached once final.

        >>> job = SamplerV2(backend).run([bell])
        >>> job.wait_for_final_state(timeout=60)
        >>> job.status(), job.status() == JobStatus.DONE
        ('DONE', True)
        """
        if self._details.known_final() is None:
            self.refresh()
        return self._details.status

    def wait_for_final_state(
        self,
        timeout: float | None = None,
        poll_interval: float | None = None,
        *,
        progress: bool | None = None,
    ) -> None:
        """Waits until the job is final, whatever its outcome.

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
        with progress_of_one(self._details, progress) as bar:
            self._final(timeout, bar)

    def cancel(self) -> bool:
        """Asks the service to cancel the job.

        Returns:
            True: the service accepted the request.

        Raises:
            JobStateError: the job is final already, so there is nothing to cancel.

        >>> job = SamplerV2(backend).run(long_pubs(8))
        >>> job.cancel()
        True
        >>> job.wait_for_final_state(timeout=60)
        >>> job.cancelled()
        True
        """
        if not cancel(self._client, self._details.job_id):
            raise JobStateError(
                f"job {self._details.job_id} is final already: its status is {self.status()}"
            )
        return True

    def metrics(self) -> dict[str, Any]:
        """Timestamps and usage as the service reports them; usage is final once it is complete."""
        metrics = self._client.job_metrics(self._details.job_id)
        self._details.note_metrics(metrics)
        return metrics

    def usage(self, partial: bool = False) -> float:
        """Charged seconds on the device; 0.0 until the service has counted them all.

        Args:
            partial: what it has counted so far.
        """
        usage = self.metrics().get("usage") or {}
        if usage.get("status") == "pending" and not partial:
            return 0.0
        return float(usage.get("qpu_charge_time_seconds") or usage.get("quantum_seconds") or 0.0)

    def logs(self) -> str:
        """The job's log; empty until it is final, or if it has none."""
        try:
            return self._client.job_logs(self._details.job_id)
        except NotFoundError:
            return ""

    def error_message(self) -> str | None:
        """The service's message about the job's failure; None if it did not fail."""
        if self.status() not in (ERROR, CANCELLED):
            return None
        return self._details.describe_failure(self.logs())

    def update_tags(self, new_tags: Iterable[str]) -> list[str]:
        """Replaces the user's tags; the submission's own tag stays.

        Args:
            new_tags: at most 7, of at most 86 characters each.

        Returns:
            The user's tags as they are now.

        >>> SamplerV2(backend).run([bell]).update_tags(["bell", "draft"])
        ['bell', 'draft']
        """
        tags = [*dict.fromkeys(several_tags(new_tags)), *self._details.own_tags]
        self._client.update_job_tags(self._details.job_id, tags)
        self._details.merge({"tags": tags})
        return self.tags

    # The result

    def result(
        self,
        timeout: float | None = None,
        decoder: None = None,
        poll_interval: float | None = None,
        *,
        progress: bool | None = None,
    ) -> PrimitiveResult[Any]:
        """Waits for the result, which is downloaded once.

        Warns once (UserWarning) if the service did not act on some of the job's options, which
        ``result.metadata["options_not_applied"]`` names.

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

        >>> job = EstimatorV2(backend).run([(bell_state, "ZZ")], precision=0)
        >>> round(float(job.result(timeout=60)[0].data.evs), 9)
        1.0
        """
        refuse_decoder(decoder)
        deadline = deadline_of(timeout)
        with progress_of_one(self._details, progress) as bar:
            details = self._final(timeout, bar)
            if read_status(details) != DONE:
                self._raise_failure(deadline)
            with warn_jobs_continue([self._details]):
                fetched = self._download.future()
                if not bar.wait([fetched], left_until(deadline))[0]:
                    raise self._not_received(timeout)
                result = fetched.result()
        if self.primitive_id != "executor":
            self._details.options_notice.give(self.job_id(), result.metadata)
        return result

    def _not_received(self, timeout: float | None) -> JobTimeoutError:
        return JobTimeoutError(
            f"job {self._details.job_id} is done, but its result was not received within "
            f"{timeout:g} s; call again"
        )

    def raw_result(self, timeout: float | None = None) -> bytes:
        """The result's bytes as received, even if they can't be decoded.

        Args:
            timeout: seconds in total, even if the service hangs; None waits without end.

        Raises:
            JobTimeoutError, JobFailedError, JobCancelledError: as `result`.
        """
        deadline = deadline_of(timeout)
        details = self._final(timeout, progress_of_one(self._details, False))
        if read_status(details) != DONE:
            self._raise_failure(deadline)
        try:
            with warn_jobs_continue([self._details]):
                return self._download.raw(left_until(deadline))
        except FutureTimeoutError:
            raise self._not_received(timeout) from None

    def future(self) -> Future[PrimitiveResult[Any]]:
        """A `concurrent.futures.Future` of the result.

        >>> future = SamplerV2(backend).run([bell], shots=100).future()
        >>> future.result(timeout=60)[0].data.meas.num_shots
        100
        """
        outcome: Future[PrimitiveResult[Any]] = Future()
        block = polling([self._details])
        (final,) = block.__enter__()

        def finish(source: Future[PrimitiveResult[Any]]) -> None:
            problem = source.exception()
            if not outcome.set_running_or_notify_cancel():
                return
            if problem is None:
                outcome.set_result(source.result())
            else:
                outcome.set_exception(problem)

        def arrived(future: Future[dict[str, Any]]) -> None:
            block.__exit__(None, None, None)
            problem = future.exception()
            if problem is None:
                self._details.merge(future.result())
            # In a thread, because it reads a failed job's log or downloads a result.
            name = f"qiskit-rest-future-{self._details.job_id}"
            in_thread(partial(self.result, progress=False), name).add_done_callback(finish)

        final.add_done_callback(arrived)
        return outcome

    def _private_file(self) -> Path | None:
        """The file for the only copy of a private job's result."""
        settings = self._client.settings
        return private_result(settings, self._details.job_id) if self.private else None

    def _decode(self, body: bytes) -> PrimitiveResult[Any]:
        try:
            return self._decode_within(body, self._client.settings.max_reply_bytes)
        except ReplyTooLargeError as error:
            raise with_more(error, RAISE_LIMIT) from None

    def _decode_within(self, body: bytes, most_bytes: int) -> PrimitiveResult[Any]:
        if self._pubs is None:
            if not self._details.reported.get("params") or self.primitive_id not in PROGRAMS:
                self._details.merge(fetch_with_params(self._client, self._details.job_id))
            params = self._details.reported.get("params") or {}
            try:
                self._pubs = submitted_from_params(self.primitive_id, params)
            except ProtocolError:
                # The params may have been damaged in transit: the next attempt fetches them again.
                self._details.reported.pop("params", None)
                raise
        known = self._pubs
        if self.primitive_id == "executor":
            # A cast, as `Executor.run` and nothing else says that its result is of another class.
            from qiskit_rest_primitives.jobs.results.program_decoding import decode_program

            return cast("PrimitiveResult[Any]", decode_program(body, known, most_bytes))
        shapes = shots = None
        if known is not None and all(pub.shape is not None for pub in known):
            shapes = [cast("tuple[int, ...]", pub.shape) for pub in known]
        if known is not None and all(pub.shots is not None for pub in known):
            shots = [cast(int, pub.shots) for pub in known]
        result = decode_result(
            body,
            program_id=self.primitive_id,
            pub_shapes=shapes,
            pub_shots=shots,
            max_bytes=most_bytes,
        )
        return restore(result, known, self.primitive_id)

    def _raise_failure(self, deadline: float | None) -> NoReturn:
        left = left_until(deadline)
        log = in_thread(self.logs, "qiskit-rest-log")
        wait_for_futures([log], LOG_SECONDS if left is None else min(left, LOG_SECONDS))
        raise self._details.failure_error(
            log.result() if log.done() and log.exception() is None else ""
        )

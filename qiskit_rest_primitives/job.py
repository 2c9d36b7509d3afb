"""RestJob: one job's handle, the same whether it was submitted here or is fetched by its id."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Generator, Iterable, Mapping, Sequence
from concurrent.futures import Future
from concurrent.futures import wait as wait_for_futures
from datetime import datetime
from pathlib import Path
from typing import Any, Final, cast

from qiskit.primitives import BasePrimitiveJob, PrimitiveResult

from .backend import RestBackend
from .errors import (
    InvalidRequestError,
    JobCancelledError,
    JobFailedError,
    JobTimeoutError,
    NotFoundError,
    ServerError,
    TransportError,
)
from .fetching import ResultBox, in_thread
from .http.client import ApiClient
from .http.submission import is_own_tag
from .origin import Origin, origins_from_params, restore
from .status import (
    CANCELLED,
    DONE,
    ERROR,
    FINAL,
    RUNNING,
    Status,
    read_state,
    read_status,
)
from .waiting import wait_for_final, watching
from .wire.results import decode_result

logger = logging.getLogger(__name__)

LOG_TAIL: Final = 1500
"""Characters of a failed job's log that go into its error."""
LOG_SECONDS: Final = 10.0
CANCEL_TRIES: Final = 4


class RestJob(BasePrimitiveJob[PrimitiveResult[Any], Status]):
    """A job on the service. Properties read memory, methods may ask the service.

    Handles pickle and copy: with the job's id and the name and place of the account, without a
    token. `result` gives the same in every process.
    """

    def __init__(
        self,
        client: ApiClient,
        job_id: str,
        *,
        details: Mapping[str, Any] | None = None,
        origins: Sequence[Origin] | None = None,
        inputs: Mapping[str, Any] | None = None,
        backend: RestBackend | None = None,
    ):
        super().__init__(job_id)
        self._client = client
        self._details: dict[str, Any] = dict(details or {})
        self._origins = origins
        self._inputs = inputs
        self._backend = backend
        self._born = time.monotonic()
        self._box = ResultBox(client, job_id, self._decode, self._private_file)

    def __repr__(self) -> str:
        return f"RestJob({self._job_id!r}, {self.primitive_id!r}, backend={self.backend_name!r})"

    def __getstate__(self) -> dict[str, Any]:
        # Circuits (in the inputs) and locks (in the box) stay here.
        return {**self.__dict__, "_box": None, "_inputs": None, "_born": None}

    def __setstate__(self, state: dict[str, Any]) -> None:
        vars(self).update(state)
        self._born = time.monotonic()
        self._box = ResultBox(self._client, self._job_id, self._decode, self._private_file)

    # What memory knows

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
        """The PUBs and options: as submitted by this handle, or the params of a fetched job."""
        return dict(self._inputs if self._inputs is not None else self._details.get("params") or {})

    @property
    def usage_estimation(self) -> dict[str, Any]:
        """``{"quantum_seconds": ...}`` as the service estimated it, None where it did not."""
        return {"quantum_seconds": self._details.get("estimated_running_time_seconds")}

    def backend(self) -> RestBackend:
        """The backend the job runs on."""
        if self._backend is None:
            self._backend = RestBackend(self._client, self.backend_name)
        return self._backend

    # What the service knows

    def known_final(self) -> dict[str, Any] | None:
        """The details if they say that the job is final, else None. Asks nobody."""
        final = bool(self._details.get("status") or self._details.get("state")) and (
            read_status(self._details) in FINAL
        )
        return self._details if final else None

    def learn(self, details: Mapping[str, Any]) -> None:
        """Takes note of details that the service gave."""
        self._details = {**self._details, **details}

    def refresh(self) -> None:
        """Asks for the details, without the params."""
        self.learn(self._client.job(self._job_id))

    def status(self) -> Status:
        """The status now: equal to a `JobStatus` member and to its name. Asks until it is final."""
        if self.known_final() is None:
            self.refresh()
        return read_status(self._details)

    def done(self) -> bool:
        """Whether the job has a result."""
        return self.status() == DONE

    def running(self) -> bool:
        """Whether the job is running."""
        return self.status() == RUNNING

    def cancelled(self) -> bool:
        """Whether the job was cancelled."""
        return self.status() == CANCELLED

    def errored(self) -> bool:
        """Whether the job failed or ran out of time."""
        return self.status() == ERROR

    def in_final_state(self) -> bool:
        """Whether the job is over, one way or another."""
        return self.status() in FINAL

    def wait_for_final_state(self, timeout: float | None = None) -> None:
        """Waits until the job is final, whatever its outcome.

        Args:
            timeout: seconds; None waits without end.

        Raises:
            JobTimeoutError: it is not final in time; it goes on.
        """
        wait_for_final(self, timeout)

    def cancel(self) -> bool:
        """Asks the service to cancel the job.

        Returns:
            True if the service took the request, False if the job was final already.
        """
        for left in reversed(range(CANCEL_TRIES)):
            try:
                self._client.cancel_job(self._job_id)
            except InvalidRequestError as error:
                if error.status_code != 409:
                    raise
                return False
            except (TransportError, ServerError):
                if not left:
                    raise
                time.sleep(0.3 * (CANCEL_TRIES - left))
            else:
                return True
        return False

    def metrics(self) -> dict[str, Any]:
        """Timestamps and usage as the service gives them; usage is final once it is complete."""
        return self._client.job_metrics(self._job_id)

    def usage(self) -> float:
        """Seconds on the device that are charged; 0.0 while the service does not say."""
        usage = self.metrics().get("usage") or {}
        return float(usage.get("qpu_charge_time_seconds") or usage.get("quantum_seconds") or 0.0)

    def logs(self) -> str:
        """The job's log; empty until it is final, or if it has none."""
        try:
            return self._client.job_logs(self._job_id)
        except NotFoundError:
            return ""

    def error_message(self) -> str | None:
        """Why the job failed, in the service's words; None if it did not fail."""
        if self.status() not in (ERROR, CANCELLED):
            return None
        return self._failure_text(self.logs())

    def update_tags(self, new_tags: Iterable[str]) -> list[str]:
        """Replaces the user's tags; the one that marks the submission stays.

        Args:
            new_tags: at most 7, of at most 86 characters each.

        Returns:
            The user's tags as they are now.
        """
        own = [tag for tag in self._details.get("tags") or [] if is_own_tag(tag)]
        tags = [*dict.fromkeys(new_tags), *own]
        self._client.update_job_tags(self._job_id, tags)
        self.learn({"tags": tags})
        return self.tags

    # The result

    def result(self, timeout: float | None = None) -> PrimitiveResult[Any]:
        """The result, downloaded once; waits for it.

        Args:
            timeout: seconds for everything, kept whatever the service does; None waits on.

        Raises:
            JobTimeoutError: no result in time; the job goes on, and so does the download.
            JobFailedError: the job failed; reason, code, solution and end of the log are in it.
            JobCancelledError: the job was cancelled.
            ProtocolError: the body is no result; `raw_result` has it.
        """
        deadline = None if timeout is None else time.monotonic() + timeout
        try:
            details = wait_for_final(self, timeout)
            if read_status(details) != DONE:
                self._raise_failure(deadline)
            fetched = self._box.future()
            left = None if deadline is None else max(0.0, deadline - time.monotonic())
            if not wait_for_futures([fetched], left).done:
                raise JobTimeoutError(
                    f"job {self._job_id} is done, but its result was not received within "
                    f"{timeout:g} s; call again"
                )
            return fetched.result()
        except KeyboardInterrupt:
            logger.warning(
                "job %s goes on: call result() again, or fetch it by its id", self._job_id
            )
            raise

    def raw_result(self, timeout: float | None = None) -> bytes:
        """The result's bytes as received, also if they can't be decoded.

        Args:
            timeout: seconds to wait for the job to be final; None waits on.
        """
        details = wait_for_final(self, timeout)
        if read_status(details) != DONE:
            self._raise_failure(None)
        return self._box.raw()

    def future(self) -> Future[PrimitiveResult[Any]]:
        """A `concurrent.futures.Future` of the result."""
        outcome: Future[PrimitiveResult[Any]] = Future()
        block = watching([self])
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
                self.learn(future.result())
            # In a thread: a failed job's log is asked for, a result is downloaded.
            in_thread(self.result, f"qiskit-rest-future-{self._job_id}").add_done_callback(finish)

        final.add_done_callback(arrived)
        return outcome

    def __await__(self) -> Generator[Any, None, PrimitiveResult[Any]]:
        return asyncio.wrap_future(self.future()).__await__()

    def _private_file(self) -> Path | None:
        """Where a private job's only copy of the result goes."""
        folder = self._client.settings.state_folder / "private"
        return folder / f"{self._job_id}.json" if self.private else None

    def _decode(self, body: bytes) -> PrimitiveResult[Any]:
        if self._origins is None:
            if "params" not in self._details or not self.primitive_id:
                self.learn(self._client.job(self._job_id, exclude_params=False))
            params = self._details.get("params") or {}
            self._origins = origins_from_params(self.primitive_id, params)
        known = self._origins
        shapes = shots = None
        if known is not None and all(origin.shape is not None for origin in known):
            shapes = [cast("tuple[int, ...]", origin.shape) for origin in known]
        if known is not None and all(origin.shots is not None for origin in known):
            shots = [cast(int, origin.shots) for origin in known]
        result = decode_result(
            body, program_id=self.primitive_id, pub_shapes=shapes, pub_shots=shots
        )
        return restore(result, known, self.primitive_id)

    def _failure_text(self, logs: str) -> str:
        state = read_state(self._details)
        reason = str(state.get("reason") or "no reason given")
        code = state.get("reason_code") or state.get("reasonCode")
        text = f"job {self._job_id} ended as {state['status']}: {reason}"
        if code:
            text += f" (code {code})"
        if state.get("reason_solution"):
            text += f" - {state['reason_solution']}"
        if logs.strip():
            text += f"\nEnd of its log:\n{logs.strip()[-LOG_TAIL:]}"
        return text

    def _raise_failure(self, deadline: float | None) -> None:
        left = LOG_SECONDS if deadline is None else deadline - time.monotonic()
        asked = in_thread(self.logs, "qiskit-rest-log")
        wait_for_futures([asked], max(0.0, min(left, LOG_SECONDS)))
        log = asked.result() if asked.done() and asked.exception() is None else ""
        state = read_state(self._details)
        code = state.get("reason_code") or state.get("reasonCode")
        kind = JobCancelledError if read_status(self._details) == CANCELLED else JobFailedError
        raise kind(
            self._failure_text(log),
            job_id=self._job_id,
            reason=str(state.get("reason") or ""),
            reason_code=code if isinstance(code, int) else None,
            reason_solution=str(state.get("reason_solution") or ""),
        )

"""Runs that are recorded: one that was made before gives the handle of the job that did it.

::

    run ──> record of the n-th run of this content, locked
              │ empty, refused, or fresh ──> write a tag ──> POST ──> write the job's id ──> handle
              │ a tag without a job ───────> look the job up by its tag ──> found ─────────> handle
              │   (crash before the reply)       └─ not found ──> POST with the same tag ──> handle
              │ a job whose result is kept ──────────────────────────────────────────────> handle
              └ a job ──> ask for its state ──> failed, cancelled, gone ──> as if empty
                                          └───> any other ───────────────────────────────> handle
"""

from __future__ import annotations

import hashlib
import logging
from collections import Counter
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import msgspec

from qiskit_rest_primitives.backend import RestBackend, known_calibration
from qiskit_rest_primitives.concurrency.forks import Lock
from qiskit_rest_primitives.errors import NotFoundError
from qiskit_rest_primitives.jobs.details import details_of
from qiskit_rest_primitives.jobs.experiments.run_record import RunRecord, locked_record
from qiskit_rest_primitives.jobs.job import RestJob
from qiskit_rest_primitives.jobs.results.kept_result import kept_file
from qiskit_rest_primitives.jobs.results.submitted_pubs import SubmittedPub
from qiskit_rest_primitives.jobs.status import CANCELLED, ERROR
from qiskit_rest_primitives.jobs.submission.duplicates import expect_duplicates
from qiskit_rest_primitives.jobs.submission.submit import Submitted
from qiskit_rest_primitives.jobs.tags import new_tag
from qiskit_rest_primitives.jobs.user_warnings import warn_user
from qiskit_rest_primitives.settings import private_result
from qiskit_rest_primitives.wire.request.fingerprint import fingerprint
from qiskit_rest_primitives.wire.result.prompt_reply import PromptOutcome

logger = logging.getLogger(__name__)


class Submission(Protocol):
    """A job that is about to be submitted, with all that is sent but the submission's own tag."""

    @property
    def backend(self) -> RestBackend:
        """Where it will run."""
        ...

    @property
    def service(self) -> Sequence[str]:
        """Which service and instance, in words that are the same in the next process."""
        ...

    @property
    def body(self) -> Mapping[str, Any]:
        """The body of POST /jobs."""
        ...

    @property
    def pubs(self) -> Sequence[SubmittedPub]:
        """Its PUBs."""
        ...

    def prepare(self, tag: str, *, interrupted: bool) -> bytes:
        """Checks whether it may be sent; the body with the submission's own tag.

        Raises:
            InputError: it may not.
        """
        ...

    def post(
        self, body: bytes, tag: str, *, interrupted: bool, refused: Callable[[], None]
    ) -> Submitted:
        """Submits it; the arguments are those of `jobs.submission.submit.submit`."""
        ...

    def handle(
        self,
        job_id: str,
        tag: str,
        *,
        results: Path | None,
        known: Mapping[str, Any],
        outcome: PromptOutcome | None = None,
    ) -> RestJob:
        """The handle of its job.

        Args:
            job_id: the job.
            tag: of its submission.
            results: the folder that keeps its result; None for a private job.
            known: details of the job that differ from those of this submission.
            outcome: how it ended, if that came with the reply to its submission.
        """
        ...


@dataclass
class Summary:
    """What an experiment's runs came to.

    Attributes:
        jobs: their handles, in order.
        reused: how many of the jobs were submitted before.
        said: the warnings so far.
    """

    jobs: list[RestJob] = field(default_factory=list[RestJob])
    reused: int = 0
    said: set[str] = field(default_factory=set[str])


class Recorder:
    """Gives each run the job that did it before, or submits it and records its job.

    Args:
        folder: with the records in ``runs`` and the results in ``results``.
        fresh: submit all runs, whatever was recorded.
        scope: keeps runs apart that have the same content.
        summary: of the runs; that of the experiment.
    """

    def __init__(self, folder: Path, *, fresh: bool, scope: str, summary: Summary):
        self._folder = folder
        self._fresh = fresh
        self._scope = scope
        self._summary = summary
        self._counts: Counter[str] = Counter()
        self._left: dict[str, list[int]] = {}
        self._lock = Lock()

    def __getstate__(self) -> dict[str, Any]:
        return {**vars(self), "_lock": None, "_summary": Summary()}

    def __setstate__(self, state: dict[str, Any]) -> None:
        vars(self).update(state)
        self._lock = Lock()

    def run(self, submission: Submission) -> RestJob:
        """The job of a run; submits it if there is none.

        Raises:
            OSError: the record can't be read or written; nothing was sent.
            RestPrimitivesError: that of the submission, or of asking for the job's state.
        """
        with self._record(_content(submission)) as record:
            latest = {} if self._fresh else record.latest()
            job = self._earlier(submission, record, latest) if "job_id" in latest else None
            reused = job is not None
            if job is None:
                interrupted = "tag" in latest and "job_id" not in latest
                job = self._submit(submission, record, latest["tag"] if interrupted else None)
        with self._lock:
            self._summary.jobs.append(job)
            self._summary.reused += reused
        if reused:
            logger.info("job %s of %s is reused", job.job_id(), latest.get("at"))
        return job

    def seeded(self, content: Mapping[str, Any], make: Callable[[], Any]) -> tuple[Any, Recorder]:
        """A random value of a run, the same when it is made again, and a recorder of its jobs.

        Args:
            content: what is run.
            make: makes the value, something that JSON has.
        """
        with self._record(fingerprint(content)) as record:
            value = None if self._fresh else record.latest().get("value")
            if value is None:
                value = make()
                record.has_value(value)
        scope = record.path.stem
        inner = Recorder(self._folder, fresh=self._fresh, scope=scope, summary=self._summary)
        return value, inner

    def say_once(self, message: str) -> None:
        """Warns, unless it did so in this experiment already."""
        with self._lock:
            is_new = message not in self._summary.said
            self._summary.said.add(message)
        if is_new:
            warn_user(message)

    @contextmanager
    def _record(self, content: str) -> Generator[RunRecord]:
        """The record of the next run of that content; of the same one again after an error."""
        parts = msgspec.json.encode([self._scope, content])
        key = hashlib.sha256(parts).hexdigest()[:32]
        with self._lock:
            left = self._left.setdefault(key, [])
            number = left.pop() if left else self._counts[key]
            self._counts[key] = max(self._counts[key], number + 1)
        try:
            with locked_record(self._folder / "runs" / f"{key}-{number}.jsonl") as record:
                yield record
        except BaseException:
            left.append(number)
            raise

    def _submit(self, submission: Submission, record: RunRecord, tag: str | None) -> RestJob:
        """Submits a job, under the tag of an interrupted submission if there was one."""
        interrupted = tag is not None
        tag = tag or new_tag()
        body = submission.prepare(tag, interrupted=interrupted)
        if not interrupted:
            measured = known_calibration(submission.backend)
            record.begins(
                tag,
                backend=submission.backend.name,
                session_id=submission.body.get("session_id"),
                calibration=None if measured is None else measured.isoformat(),
            )
        sent = submission.post(body, tag, interrupted=interrupted, refused=record.is_refused)
        job_id = sent.job_id
        try:
            record.has_job(job_id)
        except OSError as error:
            logger.warning("job %s is not recorded in %s: %s", job_id, record.path, error)
        results = self._results(submission)
        return submission.handle(job_id, tag, results=results, known={}, outcome=sent.outcome)

    def _earlier(
        self, submission: Submission, record: RunRecord, latest: Mapping[str, Any]
    ) -> RestJob | None:
        """The recorded job; None if it gave no result, or is gone without one."""
        job_id, results = latest["job_id"], self._results(submission)
        known: dict[str, Any] = {"session_id": latest.get("session_id")}
        client = submission.backend.client
        copy = private_result(client.settings, job_id) if results is None else None
        if (copy or kept_file(self._folder / "results", job_id)).exists():
            known |= {"status": "Completed", "state": {"status": "Completed"}}
        job = submission.handle(job_id, latest["tag"], results=results, known=known)
        if "status" not in known:
            if not self._is_usable(job):
                return None
            # The process that submitted it may have ended before it could look for them.
            expect_duplicates(client, latest["tag"], job.job_id())
        if job.job_id() != job_id:
            record.has_job(job.job_id())  # the reply to its submission was damaged
        self._compare_calibrations(submission.backend, latest.get("calibration"))
        return job

    def _is_usable(self, job: RestJob) -> bool:
        try:
            job.refresh()
        except NotFoundError:
            warn_user(
                f"job {job.job_id()} is no longer on the service and its result was not kept: its "
                "PUBs are run again"
            )
            return False
        status = details_of(job).status
        if status in (ERROR, CANCELLED):
            ended = "failed" if status == ERROR else "was cancelled"
            warn_user(f"job {job.job_id()} {ended}: its PUBs are run again")
            return False
        return True

    def _results(self, submission: Submission) -> Path | None:
        """The folder of results; a private job has its only copy where all private jobs have it."""
        return None if submission.body.get("private") else self._folder / "results"

    def _compare_calibrations(self, backend: RestBackend, then: str | None) -> None:
        """Warns once if the backend was calibrated since, as far as memory knows."""
        now = known_calibration(backend)
        if then is None or now is None or then == now.isoformat():
            return
        self.say_once(
            f"{backend.name} has been calibrated since reused jobs ran on it: they used the "
            f"calibration of {then}, the newest is of {now.isoformat()}. "
            "Experiment(..., fresh=True) runs them again"
        )


def _content(submission: Submission) -> str:
    """Identifies a run: service, request, and the names of the registers in its result."""
    registers = [
        [register.to_json() for register in pub.description.registers] if pub.description else None
        for pub in submission.pubs
    ]
    parts = [*submission.service, fingerprint(submission.body), registers]
    return hashlib.sha256(msgspec.json.encode(parts)).hexdigest()

"""Exactly one job a submission: when a POST may be repeated, and where to look before it is.

::

    READY ──POST──> 200 with an id ───────────────────────────────────────> DONE
      ^               4xx but 408, 425, 429; a redirect ───────────────────> REFUSED
      │               429, 503 with Retry-After ──> wait ──> READY
      │               refused, DNS, TLS, proxy ───> wait ──> READY    (never arrived)
      │               anything else ──────────────> LOOKUP            (may have arrived)
      │
    LOOKUP ──GET /jobs?tags=TAG──> found ──> cancel twins ───────────────> DONE  (adopted)
      │        not found, looked LOOKS times ──> READY
      └─────── no answer ──> wait ──> LOOKUP,  or UNKNOWN after `patience_seconds`

Each submission carries a tag of its own, so the job list says whether the service acted.
"""

from __future__ import annotations

import logging
import time
import uuid
from collections.abc import Callable, Iterable
from typing import Any, Final

from qiskit_rest_primitives.errors import (
    RateLimitError,
    RedirectError,
    RestPrimitivesError,
    TransportError,
)
from qiskit_rest_primitives.http.client import ApiClient
from qiskit_rest_primitives.http.journal import Journal
from qiskit_rest_primitives.http.pace import Pace, pace_of
from qiskit_rest_primitives.http.posting import (
    backoff,
    cancel,
    may_have_acted,
    passes_within_seconds,
    retry_after,
)

logger = logging.getLogger(__name__)

TAG_PREFIX: Final = "qrp-"
LOOKS: Final = 5
LISTED: Final = 50


def new_tag() -> str:
    """A tag that no other submission has."""
    return TAG_PREFIX + uuid.uuid4().hex


def is_own_tag(tag: str) -> bool:
    """Whether a tag was put there by `new_tag`."""
    return tag.startswith(TAG_PREFIX) and len(tag) == len(TAG_PREFIX) + 32


def submit(
    client: ApiClient,
    body: bytes,
    *,
    tag: str,
    program_id: str,
    backend: str,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
) -> dict[str, Any]:
    """Submits one job, once.

    Args:
        client: the service.
        body: the request; its tags contain ``tag``.
        tag: from `new_tag`.
        program_id: for the journal.
        backend: for the journal.
        clock: monotonic seconds.
        sleep: waits seconds.

    Returns:
        What POST /jobs answered, or the details of the job that was found by its tag.

    Raises:
        APIError: the service refused the job; there is none.
        TransportError: the service can't be reached; ``may_have_acted`` tells whether a job may
            exist nevertheless, to be found by `QiskitRuntimeService.recover`.
    """
    pace = pace_of(client)
    pace.wait()
    journal = journal_of(client)
    if journal:
        journal.starts(
            tag,
            url=client.url,
            instance=client.account.instance or "",
            program_id=program_id,
            backend=backend,
        )
    submission = _Submission(client, body, tag, pace, clock, sleep)
    try:
        job = submission.run()
    except RestPrimitivesError:
        if journal and not submission.may_have_acted:
            journal.ends(tag, "refused")
        raise
    except KeyboardInterrupt:
        logger.warning(
            "interrupted while a job was submitted: it may exist; %s, or "
            "service.jobs(job_tags=[%r]), finds it",
            "service.recover()" if journal else "the job list",
            tag,
        )
        raise
    if journal:
        journal.ends(tag, job["id"])
    return job


class _Submission:
    """One job on its way.

    Attributes:
        may_have_acted: whether a try had an outcome that leaves it open if there is a job.
    """

    def __init__(
        self,
        client: ApiClient,
        body: bytes,
        tag: str,
        pace: Pace,
        clock: Callable[[], float],
        sleep: Callable[[float], None],
    ):
        self._client = client
        self._body = body
        self._tag = tag
        self._pace = pace
        self._clock = clock
        self._sleep = sleep
        self._start = clock()
        self._posting = 0.0
        self._tries = 0
        self.may_have_acted = False

    def run(self) -> dict[str, Any]:
        while True:
            self._tries += 1
            if self._tries > 1:
                self._pace.wait()
            began = self._clock()
            try:
                job = self._client.create_job(self._body)
            except RestPrimitivesError as error:
                self._posting += self._clock() - began
                job = self._after(error)
                if job is not None:
                    logger.info("job %s was adopted after: %s", job["id"], error)
                    return job
            else:
                if self.may_have_acted:
                    self._withdraw_twins(job["id"])
                return job

    def _waited_seconds(self) -> float:
        """So far, without the time that POSTs took: a silent one alone may take minutes."""
        return self._clock() - self._start - self._posting

    def _after(self, error: RestPrimitivesError) -> dict[str, Any] | None:
        """Waits until the POST may be repeated (None), or finds the job that it made.

        Raises:
            RestPrimitivesError: the error itself if it is final.
        """
        if may_have_acted(error) and not isinstance(error, RedirectError):
            self.may_have_acted = True
            return self._look_up(error)
        patience = passes_within_seconds(error, self._client)
        if patience and self.may_have_acted:
            patience = max(patience, self._client.settings.patience_seconds)
        if self._waited_seconds() >= patience:
            if isinstance(error, TransportError):
                error.may_have_acted |= self.may_have_acted
                self.may_have_acted = error.may_have_acted
            raise error
        self._pause(error)
        return None

    def _look_up(self, cause: RestPrimitivesError) -> dict[str, Any] | None:
        patience = self._client.settings.patience_seconds
        looks = 0
        while looks < LOOKS:
            try:
                found = self._find()
            except RestPrimitivesError as error:
                # Whatever the job list says: the fate of the POST is as unknown as before.
                if self._waited_seconds() > patience:
                    raise self._unknown(
                        cause, f"The service could not be asked for {patience:g} s: {error}"
                    ) from None
                self._pause(error)
                continue
            if found:
                self._cancel(found[1:])
                return found[0]
            looks += 1
            self._sleep(backoff(self._client.settings.first_pause_seconds, looks))
        if self._waited_seconds() > patience:
            raise self._unknown(
                cause, f"{self._tries} tries in {patience:g} s, and no job is in the list yet"
            ) from None
        logger.info("no job has the tag %s: submitting again", self._tag)
        return None

    def _unknown(self, cause: RestPrimitivesError, found: str) -> TransportError:
        problem = TransportError(
            f"it is not known whether the job was created: {cause} {found}. Do not submit again "
            f"before service.recover(), or service.jobs(job_tags=[{self._tag!r}]), has looked for "
            "it"
        )
        problem.may_have_acted = True
        return problem

    def _find(self) -> list[dict[str, Any]]:
        """The jobs with this submission's tag, oldest first."""
        # Newest first: a service that ignores the filter still shows ours. It must not hand us
        # somebody else's job.
        page = self._client.jobs(tags=[self._tag], sort="DESC", limit=LISTED, patient=False)
        found = [job for job in page["jobs"] if self._tag in (job.get("tags") or ())]
        return found[::-1]

    def _withdraw_twins(self, job_id: str) -> None:
        """Cancels what a slow service made of an earlier try after it had been looked for."""
        try:
            self._cancel(twin for twin in self._find() if twin["id"] != job_id)
        except RestPrimitivesError as error:
            logger.warning("could not look for twins of job %s: %s", job_id, error)

    def _cancel(self, twins: Iterable[dict[str, Any]]) -> None:
        for twin in twins:
            logger.warning("job %s came of an earlier try and is cancelled", twin["id"])
            try:
                cancel(self._client, twin["id"], self._sleep)
            except RestPrimitivesError as error:
                logger.warning("job %s could not be cancelled: %s", twin["id"], error)

    def _pause(self, error: RestPrimitivesError) -> None:
        asked = retry_after(error)
        first = self._client.settings.first_pause_seconds
        pause = backoff(first, self._tries) if asked is None else asked
        if asked is None and isinstance(error, RateLimitError):
            # IBM's 429 names no time, but its limit is known.
            pause = max(pause, self._pace.interval_seconds)
        logger.warning("trying again in %.1f s: %s", pause, error)
        self._sleep(pause)


def journal_of(client: ApiClient) -> Journal | None:
    """The journal of a client's submissions; None if it is switched off."""
    if not client.settings.journal:
        return None
    return client.once("journal", lambda: Journal(client.settings.state_folder))

"""Exactly one job a submission: when a POST may be repeated, and where to look before it is.

::

    READY ──POST──> 200 with an id ───────────────────────────────────────> DONE
      ^               4xx but 429 ─────────────────────────────────────────> REFUSED
      │               429, 503 with Retry-After ──> wait ──> READY
      │               refused, DNS, TLS, proxy ───> wait ──> READY    (never arrived)
      │               anything else ──────────────> LOOKUP            (may have arrived)
      │
    LOOKUP ──GET /jobs?tags=TAG──> found ────────────────────────────────> DONE  (adopted)
      │        not found, looked LOOKS times ──> READY
      └─────── no answer ──> wait ──> LOOKUP,  or UNKNOWN after `patience_seconds`

Each submission carries a tag of its own, so the job list says whether the service acted.
"""

from __future__ import annotations

import logging
import time
import uuid
from collections.abc import Callable
from typing import Any, Final

from qiskit_rest_primitives.errors import (
    APIError,
    AuthenticationError,
    ProtocolError,
    RateLimitError,
    RestPrimitivesError,
    ServerError,
    TransportError,
)
from qiskit_rest_primitives.http.client import ApiClient
from qiskit_rest_primitives.http.journal import Journal
from qiskit_rest_primitives.http.pace import pace_of
from qiskit_rest_primitives.jitter import jitter

logger = logging.getLogger(__name__)

TAG_PREFIX: Final = "qrp-"
LOOKS: Final = 4
LONGEST_PAUSE_SECONDS: Final = 8.0
UNREACHABLE_SECONDS: Final = 10.0
"""How long a service that can't be reached at all is tried before ``run()`` says so."""
RATE_LIMITED_SECONDS: Final = 600.0


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
    pace_of(client).wait()
    journal = journal_of(client)
    if journal:
        journal.starts(
            tag,
            url=client.url,
            instance=client.account.instance or "",
            program_id=program_id,
            backend=backend,
        )
    try:
        job = _Submission(client, body, tag, clock, sleep).run()
    except RestPrimitivesError as error:
        if journal and not getattr(error, "may_have_acted", False):
            journal.ends(tag, "refused")
        raise
    if journal:
        journal.ends(tag, job["id"])
    return job


class _Submission:
    def __init__(
        self,
        client: ApiClient,
        body: bytes,
        tag: str,
        clock: Callable[[], float],
        sleep: Callable[[float], None],
    ):
        self._client = client
        self._body = body
        self._tag = tag
        self._clock = clock
        self._sleep = sleep
        self._start = clock()
        self._tries = 0
        self._ambiguous = False

    def run(self) -> dict[str, Any]:
        while True:
            self._tries += 1
            try:
                job = self._client.create_job(self._body)
            except (
                AuthenticationError,
                RateLimitError,
                ServerError,
                TransportError,
                ProtocolError,
            ) as error:
                job = self._after(error)
                if job is not None:
                    logger.info("job %s was adopted after: %s", job["id"], error)
                    return job
            else:
                if self._ambiguous:
                    self._withdraw_twins(job["id"])
                return job

    def _after(self, error: RestPrimitivesError) -> dict[str, Any] | None:
        """Waits until the POST may be repeated (None), or finds the job that it made."""
        waited = self._clock() - self._start
        asked = error.retry_after_seconds if isinstance(error, APIError) else None
        if isinstance(error, RateLimitError) or (
            isinstance(error, ServerError) and error.status_code == 503 and asked is not None
        ):
            if waited > RATE_LIMITED_SECONDS:
                self._mark(error)
                raise error
            self._pause(error, asked)
            return None
        if isinstance(error, AuthenticationError):
            # It did not act. A fresh token was tried already; another may still be accepted.
            if not self._client.renews_tokens or waited > UNREACHABLE_SECONDS:
                raise error
            self._pause(error, None)
            return None
        if isinstance(error, TransportError) and not error.may_have_acted:
            limit = (
                self._client.settings.patience_seconds if self._ambiguous else UNREACHABLE_SECONDS
            )
            if waited > limit:
                self._mark(error)
                raise error
            self._pause(error, None)
            return None
        self._ambiguous = True
        return self._look_up(error)

    def _look_up(self, cause: RestPrimitivesError) -> dict[str, Any] | None:
        looks = 0
        while looks < LOOKS:
            try:
                found = self._find()
            except RestPrimitivesError as error:
                # Whatever the job list says: the fate of the POST is as unknown as before.
                if self._clock() - self._start > self._client.settings.patience_seconds:
                    break
                self._pause(
                    error, error.retry_after_seconds if isinstance(error, APIError) else None
                )
                continue
            if found:
                return found[0]
            looks += 1
            self._sleep(self._backoff(looks))
        if self._clock() - self._start <= self._client.settings.patience_seconds:
            logger.info("no job has the tag %s: submitting again", self._tag)
            return None
        problem = TransportError(
            f"it is not known whether the job was created: {cause} The service could not be asked "
            f"for {self._client.settings.patience_seconds:g} s. Do not submit again before "
            f"service.recover(), or service.jobs(job_tags=[{self._tag!r}]), has looked for it"
        )
        problem.may_have_acted = True
        raise problem

    def _find(self) -> list[dict[str, Any]]:
        page = self._client.jobs(tags=[self._tag], sort="ASC", limit=10)
        # A service that ignores the filter must not hand us somebody else's job.
        return [job for job in page["jobs"] if self._tag in (job.get("tags") or ())]

    def _withdraw_twins(self, job_id: str) -> None:
        """Cancels what a slow service made of an earlier try after it had been looked for."""
        try:
            for twin in self._find():
                if twin["id"] != job_id:
                    logger.warning("job %s came of an earlier try and is cancelled", twin["id"])
                    self._client.cancel_job(twin["id"])
        except RestPrimitivesError as error:
            logger.warning("could not look for twins of job %s: %s", job_id, error)

    def _mark(self, error: RestPrimitivesError) -> None:
        if isinstance(error, TransportError):
            error.may_have_acted = self._ambiguous

    def _pause(self, error: RestPrimitivesError, asked: float | None) -> None:
        pause = self._backoff(self._tries) if asked is None else asked
        if asked is None and isinstance(error, RateLimitError):
            # IBM's 429 names no time, but its limit is known.
            pause = max(pause, pace_of(self._client).interval_seconds)
        logger.warning("trying again in %.1f s: %s", pause, error)
        self._sleep(pause)

    def _backoff(self, tries: int) -> float:
        first = self._client.settings.first_pause_seconds
        pause = min(first * 2 ** min(tries - 1, 10), LONGEST_PAUSE_SECONDS)
        return pause * jitter()


def journal_of(client: ApiClient) -> Journal | None:
    """The journal of a client's submissions; None if it is switched off."""
    if not client.settings.journal:
        return None
    return client.once("journal", lambda: Journal(client.settings.state_folder))

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
import os
import time
from collections.abc import Callable
from typing import Any, Final

from qiskit_rest_primitives.background import came_in_time, in_thread
from qiskit_rest_primitives.errors import (
    RateLimitError,
    RedirectError,
    RestPrimitivesError,
    TransportError,
)
from qiskit_rest_primitives.http.client import ApiClient
from qiskit_rest_primitives.http.journal import Journal
from qiskit_rest_primitives.http.outages import backoff, pause_after, retry_after
from qiskit_rest_primitives.http.pace import Pace, pace_of
from qiskit_rest_primitives.http.posting import may_have_acted, passes_within_seconds
from qiskit_rest_primitives.http.twins import (
    cancel_all,
    expect_twins,
    jobs_with_tag,
    withdraw_twins,
)

logger = logging.getLogger(__name__)

TAG_PREFIX: Final = "qrp-"
LOOKS: Final = 5
SILENCE_SECONDS: Final = 20.0
"""A POST that is not answered for so long may have made its job all the same."""

_under_way: set[str] = set()


def new_tag() -> str:
    """A tag that no other submission has."""
    return TAG_PREFIX + os.urandom(16).hex()


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
    _under_way.add(tag)
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
    finally:
        _under_way.discard(tag)
    if submission.may_have_acted:
        expect_twins(client, tag, job["id"])
    if journal:
        journal.ends(tag, job["id"])
    return job


def is_under_way(tag: str) -> bool:
    """Whether a thread of this process is at the submission with that tag."""
    return tag in _under_way


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
                job = self._post()
            except RestPrimitivesError as error:
                if may_have_acted(error):
                    self._posting += self._clock() - began
                job = self._after(error)
                if job is not None:
                    logger.info("job %s was adopted after: %s", job["id"], error)
                    return job
            else:
                if self.may_have_acted:
                    withdraw_twins(self._client, self._tag, job["id"], self._sleep)
                return job

    def _post(self) -> dict[str, Any]:
        """Posts; while there is no answer, the job is looked for now and then."""
        posting = in_thread(
            lambda: self._client.create_job(self._body, fresh=self._tries > 1), "qiskit-rest-submit"
        )
        while not came_in_time(posting, SILENCE_SECONDS):
            try:
                found = jobs_with_tag(self._client, self._tag, patient=False)
            except RestPrimitivesError:
                continue
            if found:
                logger.warning("job %s was created without an answer", found[0]["id"])
                cancel_all(self._client, found[1:], self._sleep)
                return found[0]
        return posting.result()

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
        self._pause(error, self._tries)
        return None

    def _look_up(self, cause: RestPrimitivesError) -> dict[str, Any] | None:
        patience = self._client.settings.patience_seconds
        looks = failures = 0
        while looks < LOOKS:
            try:
                found = jobs_with_tag(self._client, self._tag, patient=False)
            except RestPrimitivesError as error:
                # Whatever the job list says: the fate of the POST is as unknown as before.
                if self._waited_seconds() > patience:
                    raise self._unknown(
                        cause, f"The service could not be asked for {patience:g} s: {error}"
                    ) from None
                failures += 1
                self._pause(error, failures)
                continue
            if found:
                cancel_all(self._client, found[1:], self._sleep)
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

    def _pause(self, error: RestPrimitivesError, tries: int) -> None:
        pause = pause_after(error, self._client.settings.first_pause_seconds, tries)
        if isinstance(error, RateLimitError) and retry_after(error) is None:
            # IBM's 429 names no time, but its limit is known.
            pause = max(pause, self._pace.interval_seconds)
        logger.warning("trying again in %.1f s: %s", pause, error)
        self._sleep(pause)


def journal_of(client: ApiClient) -> Journal | None:
    """The journal of a client's submissions; None if it is switched off."""
    if not client.settings.journal:
        return None
    return client.once("journal", lambda: Journal(client.settings.state_folder))

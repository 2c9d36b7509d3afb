"""Exactly one job per submission: when its POST may be sent again, and the lookup before that.

::

    READY ──POST──> 200 with an id ───────────────────────────────────────> DONE
      ^               4xx but 408, 425, 429; a redirect ───────────────────> REFUSED
      │               507; 429 with code 1290 and no Retry-After ──────────> REFUSED
      │               429, 503 with Retry-After ──> wait ──> READY
      │               refused, DNS, TLS, proxy ───> wait ──> READY    (never arrived)
      │               anything else ──────────────> LOOKUP            (may have arrived)
      │
    LOOKUP ──GET /jobs?tags=TAG──> found ──> cancel duplicates ──────────> DONE
      │        not found in LOOKUPS lookups ──> READY
      └─────── no answer ──> wait ──> LOOKUP,  or UNKNOWN after `lookup_seconds`

Each submission carries a tag of its own, so the job list shows whether the service acted.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from qiskit_rest_primitives.concurrency.threads import finished_within, in_thread
from qiskit_rest_primitives.display.tracebacks import shorten_in_notebooks
from qiskit_rest_primitives.errors import (
    RateLimitError,
    RestPrimitivesError,
    TransportError,
)
from qiskit_rest_primitives.http import retry_policies
from qiskit_rest_primitives.http.client import ApiClient
from qiskit_rest_primitives.http.retry import Attempts, backoff, retry_after
from qiskit_rest_primitives.http.retry_policies import Limit
from qiskit_rest_primitives.http.side_effects import SideEffect, is_lost
from qiskit_rest_primitives.jobs.polling.prefer_wait import habit_of, prefers_to_wait
from qiskit_rest_primitives.jobs.submission.duplicates import (
    cancel_all,
    cancel_duplicates,
    expect_duplicates,
    jobs_with_tag,
)
from qiskit_rest_primitives.jobs.submission.journal import Journal
from qiskit_rest_primitives.jobs.submission.rate_limit import RateLimit, rate_limit_of
from qiskit_rest_primitives.wire.result.prompt_reply import PromptOutcome

logger = logging.getLogger(__name__)


_in_flight: set[str] = set()


@dataclass(frozen=True)
class Submitted:
    """A job that was submitted.

    Attributes:
        job: the reply to POST /jobs, or the job's details.
        outcome: how the job ended, if that came with the reply.
    """

    job: dict[str, Any]
    outcome: PromptOutcome | None

    @property
    def job_id(self) -> str:
        """The job's id."""
        return self.job["id"]


def submit(
    client: ApiClient,
    body: bytes,
    *,
    tag: str,
    program_id: str,
    backend: str,
    interrupted: bool = False,
    private: bool = False,
    refused: Callable[[], None] | None = None,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
) -> Submitted:
    """Submits one job exactly once.

    Args:
        client: the service.
        body: the request; its tags contain ``tag``.
        tag: from `new_tag`.
        program_id: for the journal.
        backend: for the journal.
        interrupted: whether an earlier call with this tag, perhaps of another process, may have
            created the job: it is looked up before anything is sent.
        private: whether its result can be read only once: then it does not come with the reply,
            which may be lost.
        refused: called if there is no job and will be none, before the error is raised.
        clock: monotonic seconds.
        sleep: pauses for a number of seconds.

    Returns:
        The reply to POST /jobs, or the details of the job that was found by its tag; with the
        job's outcome, if it ended at once and this thread waits for its jobs anyway.

    Raises:
        APIError: the service refused the job; there is none.
        TransportError: the service can't be reached; ``may_have_acted`` says whether a job may
            exist nevertheless, to be found by `QiskitRuntimeService.recover`.
    """
    rate_limit = rate_limit_of(client)
    rate_limit.wait()
    journal = journal_of(client)
    if journal:
        journal.starts(
            tag,
            url=client.url,
            instance=client.account.instance or "",
            program_id=program_id,
            backend=backend,
        )
    _in_flight.add(tag)
    prompt = prefers_to_wait(client) and not private
    submission = _Submission(client, body, tag, prompt, rate_limit, clock, sleep)
    try:
        job = submission.run(interrupted=interrupted)
    except RestPrimitivesError as error:
        if not submission.effect.may_have_acted:
            if journal:
                journal.ends(tag, "refused")
            if refused:
                refused()
        raise submission.effect.final(error) from None
    except KeyboardInterrupt as interrupt:
        shorten_in_notebooks(interrupt)
        logger.warning(
            "interrupted while submitting a job, which may exist: to find it, use %s or "
            "service.jobs(job_tags=[%r])",
            "service.recover()" if journal else "the job list",
            tag,
        )
        raise
    finally:
        _in_flight.discard(tag)
    if submission.effect.may_have_acted:
        expect_duplicates(client, tag, job["id"])
    if journal:
        journal.ends(tag, job["id"])
    habit_of(client).submitted(job["id"])
    return Submitted(job, submission.outcome)


def is_in_flight(tag: str) -> bool:
    """Whether a thread of this process is submitting the job with that tag."""
    return tag in _in_flight


class _Submission:
    """One job on its way from READY to DONE or REFUSED.

    Attributes:
        effect: whether the attempts so far may have created the job.
        outcome: of the job, if it came with the reply.
    """

    def __init__(
        self,
        client: ApiClient,
        body: bytes,
        tag: str,
        prompt: bool,
        rate_limit: RateLimit,
        clock: Callable[[], float],
        sleep: Callable[[float], None],
    ):
        self._client = client
        self._body = body
        self._tag = tag
        self._prompt = prompt
        self._rate_limit = rate_limit
        self._clock = clock
        self._sleep = sleep
        self._start = clock()
        self._posting = 0.0
        self._posts = 0
        self.effect = SideEffect(client, client.settings.lookup_seconds)
        self.outcome: PromptOutcome | None = None

    def run(self, *, interrupted: bool) -> dict[str, Any]:
        if interrupted:
            # LOOKUP
            cause = TransportError(
                "the submission was interrupted before the reply was received", may_have_acted=True
            )
            self.effect.note(cause)
            job = self._look_up(cause)
            if job is not None:
                logger.info("job %s of an interrupted submission was found by its tag", job["id"])
                return job
        for attempt in self._attempts(self._ready_limit):
            # READY
            self._posts = attempt.number
            if attempt.number > 1:
                self._rate_limit.wait()
            began = self._clock()
            lost: RestPrimitivesError | None = None
            with attempt:
                try:
                    job = self._post()
                except RestPrimitivesError as error:
                    if not is_lost(error):
                        raise  # waits for READY, or REFUSED
                    lost = error
                else:
                    if self.effect.may_have_acted:
                        cancel_duplicates(self._client, self._tag, job["id"], self._sleep)
                    return job
            if lost is not None:
                # LOOKUP
                self._posting += self._clock() - began
                self.effect.note(lost)
                job = self._look_up(lost)
                if job is not None:
                    logger.info("job %s was found by its tag after: %s", job["id"], lost)
                    return job
        raise AssertionError("attempts end by a return or an error")

    def _post(self) -> dict[str, Any]:
        """Posts; while there is no reply, looks the job up now and then."""
        posting = in_thread(self._create, "qiskit-rest-submit")
        while not finished_within(posting, retry_policies.SILENT_POST_SECONDS):
            try:
                found = jobs_with_tag(self._client, self._tag, retry=False)
            except RestPrimitivesError:
                continue
            if found:
                logger.warning("job %s was created without a reply", found[0]["id"])
                cancel_all(self._client, found[1:], self._sleep)
                return found[0]
        job, self.outcome = posting.result()
        return job

    def _create(self) -> tuple[dict[str, Any], PromptOutcome | None]:
        if self._prompt and self._posts == 1:
            return self._client.create_prompt_job(self._body)
        return self._client.create_job(self._body, fresh=self._posts > 1), None

    def _look_up(self, cause: RestPrimitivesError) -> dict[str, Any] | None:
        """Looks up the job that a POST may have created; None if it may be sent again.

        Raises:
            TransportError: it stays unknown whether there is a job.
        """
        seconds = self._client.settings.lookup_seconds
        try:
            found = self._listed()
        except RestPrimitivesError as error:
            # Whatever the error is, the outcome of the POST is as unknown as before.
            raise self._unknown(
                cause, f"no lookup succeeded within {seconds:g} s: {error}"
            ) from None
        if found:
            cancel_all(self._client, found[1:], self._sleep)
            return found[0]
        if self._waited_seconds() > seconds:
            raise self._unknown(
                cause, f"{self._posts} attempts in {seconds:g} s, and the job list shows no job yet"
            )
        logger.info("no job has the tag %s: submitting again", self._tag)
        return None

    def _listed(self) -> list[dict[str, Any]]:
        """The jobs with the submission's tag, by several lookups: the list may lag behind."""
        attempts = self._attempts(self._lookup_limit)
        for lookup in range(1, retry_policies.LOOKUPS + 1):
            found = attempts.call(lambda: jobs_with_tag(self._client, self._tag, retry=False))
            if found:
                return found
            self._sleep(backoff(self._client.settings.first_pause_seconds, lookup))
        return []

    def _attempts(self, limit: Callable[[RestPrimitivesError], Limit | None]) -> Attempts:
        return Attempts(
            limit,
            first_pause_seconds=self._client.settings.first_pause_seconds,
            clock=self._waited_seconds,
            sleep=self._sleep,
        )

    def _ready_limit(self, error: RestPrimitivesError) -> Limit | None:
        return self._with_rate_limit(error, self.effect.limit(error))

    def _lookup_limit(self, error: RestPrimitivesError) -> Limit | None:
        left = self._client.settings.lookup_seconds - self._waited_seconds()
        return self._with_rate_limit(error, retry_policies.FOREVER if left >= 0 else None)

    def _with_rate_limit(self, error: RestPrimitivesError, limit: Limit | None) -> Limit | None:
        # IBM's 429 has no Retry-After, but its rate limit is known.
        if limit is None or not isinstance(error, RateLimitError) or retry_after(error) is not None:
            return limit
        return replace(limit, least_pause_seconds=self._rate_limit.interval_seconds)

    def _waited_seconds(self) -> float:
        """Seconds so far, without lost POSTs: a single one may take minutes."""
        return self._clock() - self._start - self._posting

    def _unknown(self, cause: RestPrimitivesError, found: str) -> TransportError:
        return TransportError(
            f"it is not known whether the job was created: {cause}; {found}. Before submitting "
            f"again, look it up with service.recover() or service.jobs(job_tags=[{self._tag!r}])",
            may_have_acted=True,
        )


def journal_of(client: ApiClient) -> Journal | None:
    """The journal of a client's submissions; None if it is switched off."""
    if not client.settings.journal:
        return None
    return client.shared("journal", lambda: Journal(client.settings.state_folder))

"""Calls with a side effect: which errors leave the outcome unknown, and how to retry."""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Callable
from typing import Any

from qiskit_rest_primitives.errors import (
    APIError,
    InvalidRequestError,
    NotFoundError,
    ProtocolError,
    RateLimitError,
    RedirectError,
    RestPrimitivesError,
    ServerError,
    TransportError,
)
from qiskit_rest_primitives.http import retry_policies
from qiskit_rest_primitives.http.client import ApiClient
from qiskit_rest_primitives.http.retry import Attempts, retry_after
from qiskit_rest_primitives.http.retry_policies import RETRIABLE_CLIENT_ERRORS, Limit
from qiskit_rest_primitives.wire.limits import LIMIT_REACHED

logger = logging.getLogger(__name__)

INSUFFICIENT_STORAGE = 507
"""Of RFC 4918: the service could not store the request, and waiting will not help."""


def may_have_acted(error: RestPrimitivesError) -> bool:
    """Whether the service may have acted on a request that raised this error."""
    if isinstance(error, TransportError):
        return error.may_have_acted
    if isinstance(error, ServerError):
        if error.status_code == INSUFFICIENT_STORAGE:
            return False
        return not (error.status_code == 503 and retry_after(error) is not None)
    if isinstance(error, InvalidRequestError):
        return error.status_code in RETRIABLE_CLIENT_ERRORS
    return isinstance(error, ProtocolError)


def is_lost(error: RestPrimitivesError) -> bool:
    """Whether the reply was lost: the outcome is unknown, and another request may tell it."""
    return may_have_acted(error) and not isinstance(error, RedirectError)


def harmless_limit(error: RestPrimitivesError, client: ApiClient) -> Limit | None:
    """How long a call is retried after an error before the service acted; None if it is final."""
    status = error.status_code if isinstance(error, APIError) else None
    if isinstance(error, RateLimitError) and error.code == LIMIT_REACHED:
        # Without a time to wait, as for a full queue, only the user can do something about it.
        return None if retry_after(error) is None else retry_policies.RATE_LIMITED
    if isinstance(error, RateLimitError) or status == 503:
        return retry_policies.RATE_LIMITED
    if status == 401 and client.renews_tokens:
        # The transport has tried one fresh token already.
        return retry_policies.REFUSED_TOKEN
    if isinstance(error, TransportError) and error.transient:
        return Limit(client.outage_seconds)
    return None


class SideEffect:
    """All attempts at one call with a side effect: may one of them have acted?

    Args:
        client: the service.
        unknown_seconds: how long the call is retried while its outcome is unknown.
        longest_seconds: how long it is retried at most.

    Attributes:
        may_have_acted: whether an attempt failed in a way that leaves its outcome unknown.
    """

    def __init__(
        self, client: ApiClient, unknown_seconds: float, longest_seconds: float = math.inf
    ):
        self._client = client
        self._unknown_seconds = unknown_seconds
        self._longest_seconds = longest_seconds
        self.may_have_acted = False

    def attempts(self, sleep: Callable[[float], None] = time.sleep) -> Attempts:
        """The attempts at the call."""
        first = self._client.settings.first_pause_seconds
        return Attempts(self.limit, first_pause_seconds=first, sleep=sleep)

    def note(self, error: RestPrimitivesError) -> None:
        """Records a failed attempt."""
        self.may_have_acted = self.may_have_acted or may_have_acted(error)

    def limit(self, error: RestPrimitivesError) -> Limit | None:
        """Records a failed attempt; returns how long the call is retried after it."""
        self.note(error)
        limit = harmless_limit(error, self._client)
        if is_lost(error):
            seconds = self._unknown_seconds
        elif limit is None:
            return None
        elif self.may_have_acted:
            seconds = max(limit.seconds, self._unknown_seconds)
        else:
            seconds = limit.seconds
        return Limit(min(seconds, self._longest_seconds))

    def final(self, error: RestPrimitivesError) -> RestPrimitivesError:
        """The last attempt's error; `TransportError.may_have_acted` is true for all attempts."""
        if isinstance(error, TransportError) and self.may_have_acted and not error.may_have_acted:
            return TransportError(str(error), may_have_acted=True)
        return error


def open_session(client: ApiClient, **fields: Any) -> dict[str, Any]:
    """Opens a session; retries while the service can't be reached or its reply is lost.

    Sessions carry no tag, so one whose reply was lost can't be found. It stays empty, is not
    charged, and the service closes it after a while (IBM's after 30 minutes).

    Args:
        client: the service.
        fields: arguments of `ApiClient.create_session`.

    Raises:
        APIError: the service refused; there is no session.
        TransportError: the service can't be reached.
    """
    effect = SideEffect(client, client.settings.lookup_seconds)

    def send() -> dict[str, Any]:
        try:
            return client.create_session(**fields)
        except RestPrimitivesError as error:
            if is_lost(error):
                logger.warning(
                    "the reply to POST /sessions was lost: an empty session may stay open until "
                    "the service closes it"
                )
            raise

    try:
        return effect.attempts().call(send)
    except TransportError as error:
        raise effect.final(error) from None


def cancel(client: ApiClient, job_id: str, *, sleep: Callable[[float], None] = time.sleep) -> bool:
    """Cancels a job; a second request does no harm, so failed ones are retried.

    Args:
        client: the service.
        job_id: the job's id.
        sleep: waits seconds.

    Returns:
        True if the service took the request, False if the job was final already.
    """
    refusal, lost = _refusal(client, lambda: client.cancel_job(job_id), sleep)
    if refusal is None:
        return True
    if refusal.status_code != 409:
        raise refusal
    # After a request whose reply was lost, the job may be final because of it.
    state = client.job(job_id).get("status") if lost else ""
    return str(state).lower().startswith("cancel")


def delete(client: ApiClient, job_id: str) -> None:
    """Deletes a job; if it is missing after a lost reply, that request deleted it.

    Args:
        client: the service.
        job_id: the job's id.

    Raises:
        NotFoundError: there was no such job.
        InvalidRequestError: it is not final.
    """
    refusal, lost = _refusal(client, lambda: client.delete_job(job_id))
    if refusal is not None and not (lost and isinstance(refusal, NotFoundError)):
        raise refusal


def _refusal(
    client: ApiClient,
    send: Callable[[], None],
    sleep: Callable[[float], None] = time.sleep,
) -> tuple[APIError | None, bool]:
    """Retries until there is a reply: the refusal or None, and whether a reply was lost before.

    Raises:
        RestPrimitivesError: there was no reply in time.
    """
    effect = SideEffect(client, client.outage_seconds, client.outage_seconds)
    try:
        effect.attempts(sleep).call(send)
    except (InvalidRequestError, NotFoundError) as error:
        if is_lost(error):
            raise
        return error, effect.may_have_acted
    return None, effect.may_have_acted

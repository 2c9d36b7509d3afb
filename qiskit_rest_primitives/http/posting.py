"""Calls with an effect: what an error says of the one before, and calls that follow that rule."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import Any, Final

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
from qiskit_rest_primitives.http.client import ApiClient
from qiskit_rest_primitives.http.outages import GATEWAY_TIMEOUTS, pause_after

logger = logging.getLogger(__name__)

RATE_LIMITED_SECONDS: Final = 600.0
REFUSED_TOKEN_SECONDS: Final = 10.0


def may_have_acted(error: RestPrimitivesError) -> bool:
    """Whether the service may have done what was asked, although this error came of it."""
    if isinstance(error, TransportError):
        return error.may_have_acted
    if isinstance(error, ServerError):
        return not (error.status_code == 503 and error.retry_after_seconds is not None)
    if isinstance(error, InvalidRequestError):
        return error.status_code in GATEWAY_TIMEOUTS
    return isinstance(error, ProtocolError)


def passes_within_seconds(error: RestPrimitivesError, client: ApiClient) -> float:
    """How long the same may be tried again after an error that did nothing; 0 if it is final."""
    status = error.status_code if isinstance(error, APIError) else None
    if isinstance(error, RateLimitError) or status == 503:
        return RATE_LIMITED_SECONDS
    if status == 401 and client.renews_tokens:
        # A fresh token was tried already; another may still be accepted.
        return REFUSED_TOKEN_SECONDS
    if isinstance(error, TransportError) and not isinstance(error, RedirectError):
        return client.outage_seconds
    return 0.0


def open_session(
    client: ApiClient,
    *,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
    **asked: Any,
) -> dict[str, Any]:
    """Opens a session; tried again while the service can't be reached, or the answer is lost.

    Nothing tells a session by, so a lost one can't be found. It stays empty, is not charged, and
    the service closes it after a while (IBM's after 30 minutes).

    Args:
        client: the service.
        clock: monotonic seconds.
        sleep: waits seconds.
        asked: as `ApiClient.create_session` takes it.

    Raises:
        APIError: the service refused; there is no session.
        TransportError: the service can't be reached.
    """
    started, tries, doubt = clock(), 0, False
    while True:
        tries += 1
        try:
            return client.create_session(**asked)
        except RestPrimitivesError as error:
            lost = may_have_acted(error) and not isinstance(error, RedirectError)
            doubt = doubt or lost
            patience = passes_within_seconds(error, client)
            if lost:
                patience = client.settings.patience_seconds
            elif patience and doubt:
                patience = max(patience, client.settings.patience_seconds)
            if clock() - started >= patience:
                if isinstance(error, TransportError):
                    error.may_have_acted = doubt
                raise
            pause = pause_after(error, client.settings.first_pause_seconds, tries)
            logger.warning(
                "opening the session again in %.1f s%s: %s",
                pause,
                " (an empty one may be left, which the service closes)" if lost else "",
                error,
            )
            sleep(pause)


def cancel(
    client: ApiClient,
    job_id: str,
    *,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
) -> bool:
    """Cancels a job; asking twice does no harm, so it is tried several times.

    Args:
        client: the service.
        job_id: the job's id.
        clock: monotonic seconds.
        sleep: waits seconds.

    Returns:
        True if the service took the request, False if the job was final already.
    """
    refusal, doubt = _insist(client, lambda: client.cancel_job(job_id), clock, sleep)
    if refusal is None:
        return True
    if refusal.status_code != 409:
        raise refusal
    # After a request whose answer was lost, the job may be final because of it.
    state = client.job(job_id).get("status") if doubt else ""
    return str(state).lower().startswith("cancel")


def delete(
    client: ApiClient,
    job_id: str,
    *,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
) -> None:
    """Deletes a job; one that is gone after a request whose answer was lost was deleted by it.

    Args:
        client: the service.
        job_id: the job's id.
        clock: monotonic seconds.
        sleep: waits seconds.

    Raises:
        NotFoundError: there was no such job.
        InvalidRequestError: it is not final.
    """
    refusal, doubt = _insist(client, lambda: client.delete_job(job_id), clock, sleep)
    if refusal is not None and not (doubt and isinstance(refusal, NotFoundError)):
        raise refusal


def _insist(
    client: ApiClient,
    ask: Callable[[], None],
    clock: Callable[[], float],
    sleep: Callable[[float], None],
) -> tuple[APIError | None, bool]:
    """Asks until there is an answer: the refusal or None, and whether an earlier try was lost.

    Raises:
        RestPrimitivesError: none came in time.
    """
    started, tries, doubt = clock(), 0, False
    while True:
        tries += 1
        try:
            ask()
            return None, doubt
        except RestPrimitivesError as error:
            refused = isinstance(error, InvalidRequestError | NotFoundError)
            if refused and not may_have_acted(error):
                return error, doubt
            doubt = doubt or may_have_acted(error)
            patience = client.outage_seconds
            if not doubt:
                patience = min(patience, passes_within_seconds(error, client))
            if clock() - started >= patience:
                raise
            sleep(pause_after(error, 0.3, tries))

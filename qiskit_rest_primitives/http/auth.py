"""Bearer tokens: supplied by the user, or exchanged for an API key, and renewed ahead of time."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import Any, Protocol

from requests import PreparedRequest
from requests.auth import AuthBase

from qiskit_rest_primitives.concurrency.forks import Lock

logger = logging.getLogger(__name__)

RENEW_AT = 0.8
"""Part of a token's lifetime after which it is renewed, as IBM's own SDK does."""


class TokenSource(Protocol):
    """Where the bearer token comes from."""

    def current(self) -> str:
        """The token to send now; may ask the identity service."""
        ...

    def renew(self, refused: str) -> bool:
        """Replaces a token that the service refused; False if there is no other."""
        ...


class ReadyToken:
    """A bearer token supplied by the user; it can't be renewed."""

    __slots__ = ("_token",)

    def __init__(self, token: str):
        self._token = token

    def __repr__(self) -> str:
        return "ReadyToken(<hidden>)"

    def current(self) -> str:
        """The token as it was given."""
        return self._token

    def renew(self, refused: str) -> bool:
        """Always False: only its owner can get another one."""
        return False


class ExchangedToken:
    """A bearer token got for an API key, shared by all threads and renewed by one of them.

    Args:
        exchange: asks the identity service; returns the token and its life in seconds.
        clock: monotonic seconds.
    """

    __slots__ = ("_clock", "_exchange", "_issued_at", "_life", "_lock", "_token")

    def __init__(
        self,
        exchange: Callable[[], tuple[str, float]],
        clock: Callable[[], float] = time.monotonic,
    ):
        self._exchange = exchange
        self._clock = clock
        self._lock = Lock()
        self._token = ""
        self._issued_at = self._life = 0.0

    def __repr__(self) -> str:
        return "ExchangedToken(<hidden>)"

    def current(self) -> str:
        """A token with at least a fifth of its life left, unless the identity service is down.

        A failed renewal ahead of time is not an error while the old token lives: the next call
        tries again.
        """
        age = self._clock() - self._issued_at
        if self._token and age < RENEW_AT * self._life:
            return self._token
        with self._lock:
            age = self._clock() - self._issued_at
            if self._token and age < RENEW_AT * self._life:
                return self._token
            try:
                self._fetch()
            except Exception:
                if not self._token or self._clock() - self._issued_at >= self._life:
                    raise
                logger.warning("the token could not be renewed yet; the old one is still valid")
            return self._token

    def renew(self, refused: str) -> bool:
        """Gets a new token unless another thread has already replaced the refused one."""
        with self._lock:
            if self._token != refused:
                return True
            del refused  # an error shows the variables of the frames that it passes
            return self._fetch()

    def _fetch(self) -> bool:
        """Exchanges the key; whether the token changed."""
        token, life = self._exchange()
        changed = token != self._token
        self._token, self._life, self._issued_at = token, life, self._clock()
        logger.debug("new bearer token, valid for %.0f s", life)
        return changed


class BearerAuth(AuthBase):
    """Puts the token on each request, as ``session.auth``: ``~/.netrc`` can't replace that."""

    def __init__(self, tokens: TokenSource):
        self.tokens = tokens

    def __repr__(self) -> str:
        return "BearerAuth(<hidden>)"

    def __reduce__(self) -> Any:
        raise TypeError("a token is never pickled")

    def __call__(self, r: PreparedRequest) -> PreparedRequest:
        """Adds ``Authorization: Bearer``."""
        r.headers["Authorization"] = f"Bearer {self.tokens.current()}"
        return r

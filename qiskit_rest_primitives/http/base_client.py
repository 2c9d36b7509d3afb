"""Makes every call of the API: url, headers, errors, retries; holds objects that users share."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import IO, Any, Final, TypeVar

from qiskit_rest_primitives.account import Account
from qiskit_rest_primitives.concurrency.forks import renew_after_fork
from qiskit_rest_primitives.errors import (
    APIError,
    ReplyTooLargeError,
    RestPrimitivesError,
    TransportError,
    with_more,
)
from qiskit_rest_primitives.http import retry_policies
from qiskit_rest_primitives.http.auth import BearerAuth
from qiskit_rest_primitives.http.error_replies import error_from_reply, read_json
from qiskit_rest_primitives.http.interception import answer
from qiskit_rest_primitives.http.retry import Attempts, is_garbled, is_outage, retry_after
from qiskit_rest_primitives.http.retry_policies import Limit
from qiskit_rest_primitives.http.token_exchange import token_source
from qiskit_rest_primitives.http.transport import (
    MOST_REPLY_BYTES,
    READ_TIMEOUT_SECONDS,
    Call,
    Reply,
    Transport,
)
from qiskit_rest_primitives.settings import Settings
from qiskit_rest_primitives.wire.limits import API_VERSION

IDEMPOTENT_METHODS: Final = frozenset({"GET", "PUT", "PATCH", "DELETE"})
"""Methods that have the same effect if they are sent twice. POST is not among them."""
_VERSION: Final = re.compile(r"/v\d+$")
RAISE_LIMIT: Final = "; raise Settings(max_reply_bytes=...) if you trust the service"
WRONG_URL: Final = ", which is not the API's; is the url the root of a Qiskit Runtime REST API?"
KEPT_AFTER_FORK: Final = ("rate limit",)

T = TypeVar("T")


class Caller:
    """Calls one instance of one service.

    Args:
        account: which service, as whom.
        settings: of the client.
    """

    def __init__(self, account: Account, settings: Settings):
        self.account = account
        self.settings = settings
        self.url = account.api_url.rstrip("/")
        self._transport = Transport(
            BearerAuth(token_source(account)),
            {
                "Accept": "application/json",
                "IBM-API-Version": API_VERSION,
                **({"Service-CRN": account.instance} if account.instance else {}),
            },
            verify=account.verify,
            proxies=account.proxies,
        )
        self.after_fork()
        renew_after_fork(self)

    def after_fork(self) -> None:
        """A child makes its own journal, poller and the like; it keeps the rate limit."""
        kept: dict[str, Any] = getattr(self, "_shared", {})
        self._shared = {name: made for name, made in kept.items() if name in KEPT_AFTER_FORK}
        self._lock = threading.RLock()

    @property
    def renews_tokens(self) -> bool:
        """Whether a fresh token may cure a 401.

        True for API keys, which we exchange for tokens; false for bearer tokens of the user.
        """
        return self.account.token_kind == "apikey"

    @property
    def outage_seconds(self) -> float:
        """How long calls with an effect are retried while the service can't be reached."""
        seconds = self.settings.outage_seconds
        if self._transport.answered:
            return seconds
        return min(seconds, retry_policies.UNREACHABLE_SECONDS)

    def reconnect(self) -> None:
        """Makes the next call open a new connection: the old ones may be dead."""
        self._transport.reconnect()

    def shared(self, name: str, make: Callable[[], T]) -> T:
        """An object that all users of this client share; the first call makes it."""
        with self._lock:
            if name not in self._shared:
                self._shared[name] = make()
            return self._shared[name]

    def _call(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, Any] | None = None,
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        timeout_seconds: float = READ_TIMEOUT_SECONDS,
        into: IO[bytes] | None = None,
        most_bytes: int | None = None,
        retry: bool = True,
    ) -> Reply:
        """Makes a call; retries it if its method allows that, unless the caller does so itself."""
        call = Call(
            method,
            self.url + path,
            params=params,
            body=body,
            headers=headers
            if body is None
            else {"Content-Type": "application/json", **(headers or {})},
            timeout_seconds=timeout_seconds,
            into=into,
            most_bytes=MOST_REPLY_BYTES if most_bytes is None else most_bytes,
        )

        def once() -> Reply:
            try:
                reply = answer(self.account, path, call, self._transport.call)
            except ReplyTooLargeError as error:
                raise with_more(error, WRONG_URL if most_bytes is None else RAISE_LIMIT) from None
            if reply.status_code >= 400:
                error = error_from_reply(
                    f"{method} {path}", reply.status_code, reply.headers, reply.body
                )
                raise with_more(error, self._hint(error))
            return reply

        return self._attempts().call(once) if retry and method in IDEMPOTENT_METHODS else once()

    def _hint(self, error: APIError) -> str:
        """More to say of a 404 about the path itself; "" for any other error.

        A code below 9000 is of the API's own registry: then the path was right.
        """
        own_code = error.code is not None and error.code < 9000
        if error.status_code != 404 or own_code or _VERSION.search(self.url):
            return ""
        return f"; the url {self.url} has no version at its end: did you mean {self.url}/v1?"

    def _get(
        self,
        path: str,
        retry: bool = True,
        timeout_seconds: float = READ_TIMEOUT_SECONDS,
        most_bytes: int | None = None,
        **params: Any,
    ) -> dict[str, Any]:
        """GET of a JSON object; a reply that is not one is retried as well."""

        def once() -> dict[str, Any]:
            reply = self._call(
                "GET",
                path,
                params=params,
                retry=False,
                timeout_seconds=timeout_seconds,
                most_bytes=most_bytes,
            )
            return read_json(f"GET {path}", reply.body)

        return self._attempts().call(once) if retry else once()

    def _attempts(self) -> Attempts:
        return Attempts(self._limit)

    def _limit(self, error: RestPrimitivesError) -> Limit | None:
        """How long a read is retried after an error."""
        if is_garbled(error):
            return retry_policies.GARBLED
        if not is_outage(error) or (isinstance(error, TransportError) and not error.transient):
            return None
        failed = isinstance(error, APIError) and error.status_code == 500
        if failed or not self._transport.answered:
            return retry_policies.READ_BRIEF
        busy = retry_after(error) is not None
        limit = retry_policies.READ_BUSY if busy else retry_policies.READ_OUTAGE
        return replace(limit, seconds=self.settings.outage_seconds)

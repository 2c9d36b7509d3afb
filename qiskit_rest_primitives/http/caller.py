"""How every call of the API is made: headers, errors, patience; and what all its users share."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Mapping
from typing import IO, Any, Final, TypeVar

from qiskit_rest_primitives.account import Account
from qiskit_rest_primitives.errors import (
    ProtocolError,
    RedirectError,
    RestPrimitivesError,
    ServerError,
)
from qiskit_rest_primitives.forks import renew_after_fork
from qiskit_rest_primitives.http.adapter import SAFE_METHODS
from qiskit_rest_primitives.http.auth import BearerAuth
from qiskit_rest_primitives.http.identity import token_source
from qiskit_rest_primitives.http.outages import through_outages
from qiskit_rest_primitives.http.replies import error_from_reply, read_json
from qiskit_rest_primitives.http.transport import READ_TIMEOUT_SECONDS, Call, Reply, Transport
from qiskit_rest_primitives.jitter import jitter
from qiskit_rest_primitives.settings import Settings

API_VERSION: Final = "2026-04-15"
"""The dated form of the API that every request asks for; omitting it means the form of 2024."""

UNREACHABLE_SECONDS: Final = 10.0
"""How long a service that never answered is tried before the caller is told."""
GARBLED_PAUSES_SECONDS: Final = (0.1, 0.3)
"""A reply that is no JSON is asked for again: a proxy may have spoilt it."""
KEPT_BY_CHILDREN: Final = ("pace",)

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
        """Journal, watcher and the like are a process's own; the pace goes on."""
        kept: dict[str, Any] = getattr(self, "_made_once", {})
        self._made_once = {name: made for name, made in kept.items() if name in KEPT_BY_CHILDREN}
        self._lock = threading.RLock()

    @property
    def renews_tokens(self) -> bool:
        """Whether a 401 may pass: the token is exchanged for a key, not handed over ready."""
        return self.account.token_kind == "apikey"

    @property
    def outage_seconds(self) -> float:
        """How long a service that can't be reached is tried before the caller is told."""
        seconds = self.settings.outage_seconds
        return seconds if self._transport.answered else min(seconds, UNREACHABLE_SECONDS)

    def reconnect(self) -> None:
        """Has the next call make a new connection: the network of the old ones may be gone."""
        self._transport.reconnect()

    def once(self, name: str, make: Callable[[], T]) -> T:
        """What all users of this client share: made by the first who asks, kept with the client."""
        with self._lock:
            if name not in self._made_once:
                self._made_once[name] = make()
            return self._made_once[name]

    def _call(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, Any] | None = None,
        body: bytes | None = None,
        timeout_seconds: float = READ_TIMEOUT_SECONDS,
        into: IO[bytes] | None = None,
        patient: bool = True,
    ) -> Reply:
        call = Call(
            method,
            self.url + path,
            params=params,
            body=body,
            headers=None if body is None else {"Content-Type": "application/json"},
            timeout_seconds=timeout_seconds,
            into=into,
            patient=patient,
        )
        if not patient or method not in SAFE_METHODS:
            return self._once(call, path)
        return through_outages(lambda: self._once(call, path), self._outlasts_seconds)

    def _outlasts_seconds(self, error: RestPrimitivesError) -> float:
        # The transport has tried several times already: who answers 500 to that, or never
        # answered, is not just away.
        final = isinstance(error, ServerError) and error.status_code == 500
        final = final or isinstance(error, RedirectError) or not self._transport.answered
        return 0.0 if final else self.settings.outage_seconds

    def _once(self, call: Call, path: str) -> Reply:
        reply = self._transport.call(call)
        if reply.status_code >= 400:
            raise error_from_reply(
                f"{call.method} {path}", reply.status_code, reply.headers, reply.body
            )
        return reply

    def _get(
        self,
        path: str,
        patient: bool = True,
        timeout_seconds: float = READ_TIMEOUT_SECONDS,
        **params: Any,
    ) -> dict[str, Any]:
        for pause in GARBLED_PAUSES_SECONDS if patient else ():
            reply = self._call("GET", path, params=params)
            with contextlib.suppress(ProtocolError):
                return read_json(f"GET {path}", reply.body)
            time.sleep(pause * jitter())
        reply = self._call(
            "GET", path, params=params, patient=patient, timeout_seconds=timeout_seconds
        )
        return read_json(f"GET {path}", reply.body)

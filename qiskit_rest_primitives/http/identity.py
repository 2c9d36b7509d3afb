"""API key -> bearer token, at the identity service. The key is in no message, log or chain."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from typing import Final
from urllib.parse import quote

import msgspec

from qiskit_rest_primitives.account import Account
from qiskit_rest_primitives.errors import AccountError, APIError, TransportError
from qiskit_rest_primitives.http.adapter import PASSING_STATUSES
from qiskit_rest_primitives.http.auth import ExchangedToken, ReadyToken, TokenSource
from qiskit_rest_primitives.http.replies import error_from_reply
from qiskit_rest_primitives.http.transport import Call, Reply, Transport

PAUSES_SECONDS: Final = (0.3, 0.6, 1.2, 2.4, 4.0)
GRANT_TYPE: Final = "urn:ibm:params:oauth:grant-type:apikey"


class _UnreadableError(AccountError, TransportError):
    """A reply with a good status and something else than a token: spoilt, or a wrong url.

    The service itself was not called: who outlasts outages tries again.
    """

    may_have_acted = False


class _Grant(msgspec.Struct):
    access_token: str
    expires_in: float = 3600.0


def token_source(account: Account, sleep: Callable[[float], None] = time.sleep) -> TokenSource:
    """A ready bearer token as it is; an API key as a source of tokens that are renewed.

    Args:
        account: whose token it is.
        sleep: waits seconds.
    """
    if account.token_kind == "bearer":
        return ReadyToken(account.token.reveal())
    transport = Transport(
        None, {"Accept": "application/json"}, verify=account.verify, proxies=account.proxies
    )

    def exchange() -> tuple[str, float]:
        # Asking twice does no harm, so this POST may be repeated.
        for pause in PAUSES_SECONDS:
            try:
                return _exchange(account, transport)
            except (APIError, TransportError):
                sleep(pause)
        return _exchange(account, transport)

    return ExchangedToken(exchange)


def _exchange(account: Account, transport: Transport) -> tuple[str, float]:
    reply = transport.call(
        Call(
            "POST",
            account.auth_url,
            body=_form(account),
            headers={"Content-Type": "application/x-www-form-urlencoded"},
        )
    )
    if reply.status_code in PASSING_STATUSES:
        raise error_from_reply("the identity service", reply.status_code, reply.headers, b"")
    grant = _read(reply)
    if grant is None and reply.status_code < 400:
        raise _UnreadableError(
            f"the identity service at {account.auth_url} refused the API key or is none: its reply "
            "holds no token; check the url of the account"
        )
    if grant is None:
        # The reply may quote the key: it stays out of the message.
        raise AccountError(
            f"the identity service refused the API key (status {reply.status_code}): check the "
            "token, or create a new API key"
        )
    return grant.access_token, grant.expires_in


def _form(account: Account) -> bytes:
    """The request, in a frame of its own: no traceback that shows variables shows the key."""
    key = quote(account.token.reveal(), safe="")
    return f"grant_type={GRANT_TYPE}&response_type=cloud_iam&apikey={key}".encode()


def _read(reply: Reply) -> _Grant | None:
    if reply.status_code >= 400:
        return None
    try:
        grant = msgspec.json.decode(reply.body, type=_Grant)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    # http.client quotes a header that it can't send.
    return grant if re.fullmatch(r"[\x21-\x7e]+", grant.access_token) else None

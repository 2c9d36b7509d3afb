"""API key -> bearer token, at the identity service. The key is in no message, log or chain."""

from __future__ import annotations

import re
from urllib.parse import quote

import msgspec

from qiskit_rest_primitives.account import Account
from qiskit_rest_primitives.errors import AccountError, RestPrimitivesError, TransportError
from qiskit_rest_primitives.http import retry_policies
from qiskit_rest_primitives.http.auth import ExchangedToken, ReadyToken, TokenSource
from qiskit_rest_primitives.http.error_replies import error_from_reply
from qiskit_rest_primitives.http.retry import Attempts, is_outage, is_outage_status
from qiskit_rest_primitives.http.transport import Call, Reply, Transport
from qiskit_rest_primitives.wire.limits import API_KEY_GRANT


class _NoTokenError(AccountError, TransportError):
    """A reply with a good status but without a token: mangled by a proxy, or from a wrong url.

    The API was not called, so callers that ride out outages may safely retry.
    """

    may_have_acted = False


class _Grant(msgspec.Struct):
    access_token: str
    expires_in: float = 3600.0


def token_source(account: Account) -> TokenSource:
    """Where an account's bearer token comes from: ready, or exchanged for its API key."""
    if account.token_kind == "bearer":
        return ReadyToken(account.token.reveal())
    transport = Transport(
        None, {"Accept": "application/json"}, verify=account.verify, proxies=account.proxies
    )

    def exchange() -> tuple[str, float]:
        # A second token does no harm, so this POST may be retried.
        return Attempts(_limit).call(lambda: _exchange(account, transport))

    return ExchangedToken(exchange)


def _limit(error: RestPrimitivesError) -> retry_policies.Limit | None:
    return retry_policies.TOKEN_EXCHANGE if is_outage(error) else None


def _exchange(account: Account, transport: Transport) -> tuple[str, float]:
    reply = transport.call(
        Call(
            "POST",
            account.auth_url,
            body=_form(account),
            headers={"Content-Type": "application/x-www-form-urlencoded"},
        )
    )
    if is_outage_status(reply.status_code):
        raise error_from_reply("the identity service", reply.status_code, reply.headers, b"")
    grant = _read(reply)
    if grant is None and reply.status_code < 400:
        raise _NoTokenError(
            f"{account.auth_url} did not return a token: either it refused the API key, or it is "
            "not an identity service; check the token and the url of the account"
        )
    if grant is None:
        # The reply may quote the key, so it stays out of the message.
        raise AccountError(
            f"the identity service refused the API key (status {reply.status_code}): check the "
            "token, or create a new API key"
        )
    return grant.access_token, grant.expires_in


def _form(account: Account) -> bytes:
    """The request, in a frame of its own: no traceback that shows variables shows the key."""
    key = quote(account.token.reveal(), safe="")
    return f"grant_type={API_KEY_GRANT}&response_type=cloud_iam&apikey={key}".encode()


def _read(reply: Reply) -> _Grant | None:
    if reply.status_code >= 400:
        return None
    try:
        grant = msgspec.json.decode(reply.body, type=_Grant)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    # http.client quotes a header that it can't send in its error.
    return grant if re.fullmatch(r"[\x21-\x7e]+", grant.access_token) else None

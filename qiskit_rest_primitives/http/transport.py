"""One HTTP call: session, timeouts, redirects of reads, a fresh token after a 401.

In: method, url, body. Out: `Reply`, or `TransportError`. Nothing is retried here, see `http.retry`;
what a status means is decided in `http.error_replies`. No error or log line shows a token.
"""

from __future__ import annotations

import io
import logging
import os
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from http.cookiejar import DefaultCookiePolicy
from typing import IO, TYPE_CHECKING, Any, Final
from urllib.parse import urljoin, urlsplit

import requests
import urllib3

from qiskit_rest_primitives._version import __version__
from qiskit_rest_primitives.concurrency.forks import Lock
from qiskit_rest_primitives.errors import (
    RedirectError,
    ReplyTooLargeError,
    RestPrimitivesError,
    TransportError,
)
from qiskit_rest_primitives.http.adapter import CONNECT_TIMEOUT_SECONDS, Adapter
from qiskit_rest_primitives.http.network_errors import transport_error, without_query

if TYPE_CHECKING:
    from qiskit_rest_primitives.http.auth import BearerAuth

logger = logging.getLogger(__name__)

READ_TIMEOUT_SECONDS: Final = 30.0
MAX_REDIRECTS: Final = 5
CHUNK_BYTES: Final = 1 << 18
LONG_TOKEN_CHARACTERS: Final = 16
"""A token of this length is replaced wherever it occurs in a reply; a shorter one, as people choose
for a service of their own, may be a word of a good reply."""
SLOW_BODY_SECONDS: Final = 30.0
SLOWEST_BYTES_PER_SECOND: Final = 1_000
"""The call fails if the body arrives more slowly than this, after `SLOW_BODY_SECONDS`."""
MOST_REPLY_BYTES: Final = 16_000_000
"""Largest body of a reply, uncompressed, unless the call says otherwise: a page of a list, or what
is known of a device with a thousand qubits."""
MOST_ERROR_BYTES: Final = 100_000
"""What is read of a reply with an error status."""

_FAILURES: Final = (requests.RequestException, urllib3.exceptions.HTTPError, ValueError)
"""What requests and urllib3 raise, be it for the request or for the reply."""


@dataclass(frozen=True)
class Call:
    """One call: what is sent, and how its reply is received. The body may hold an API key.

    Attributes:
        method: GET, POST, ...
        url: absolute.
        params: query; None values are left out, lists repeat their key.
        body: sent as it is.
        headers: besides those of the transport.
        timeout_seconds: the longest silence between two pieces of the reply.
        into: a binary file that takes the body of a reply with status 200.
        most_bytes: of the reply's body, uncompressed.
    """

    method: str
    url: str
    params: Mapping[str, Any] | None = None
    body: bytes | None = field(default=None, repr=False)
    headers: Mapping[str, str] | None = None
    timeout_seconds: float = READ_TIMEOUT_SECONDS
    into: IO[bytes] | None = None
    most_bytes: int = MOST_REPLY_BYTES

    def __str__(self) -> str:
        return f"{self.method} {without_query(self.url)}"


@dataclass(frozen=True)
class Reply:
    """A reply: its status, headers and whole body, which is empty if it went to a file."""

    status_code: int
    headers: Mapping[str, str]
    body: bytes = field(repr=False)
    sent_token: str = field(default="", repr=False)


class _Session(requests.Session):
    """A session that does not parse redirects, which requests does even if it follows none."""

    def resolve_redirects(self, *_: Any, **__: Any) -> Iterator[Any]:
        return iter(())


class Transport:
    """One `requests.Session` per process, shared by all threads.

    Args:
        auth: puts the bearer token on each request; None for calls that need none.
        headers: sent with each request.
        verify: TLS verification: True, False or the path of a CA bundle.
        proxies: as in requests: scheme to URL.

    Attributes:
        answered: whether a reply has ever begun to arrive, of whatever status.
    """

    def __init__(
        self,
        auth: BearerAuth | None,
        headers: Mapping[str, str],
        verify: bool | str = True,
        proxies: Mapping[str, str] | None = None,
    ):
        self.auth = auth
        self._headers = dict(headers)
        self._verify = verify
        self._proxies = proxies or {}
        self._sessions: dict[int, requests.Session] = {}
        self._lock = Lock()
        self._last_used = 0.0
        self.answered = False

    def __repr__(self) -> str:
        return "Transport()"

    def call(self, call: Call) -> Reply:
        """Sends one request and reads the whole reply.

        After a 401 the request is sent once more, with a fresh token: the service did not act on
        the first.

        Args:
            call: what to send.

        Raises:
            TransportError: no complete reply; `may_have_acted` says whether the service may
                have seen the request.
            ReplyTooLargeError: the reply has more than `Call.most_bytes`.
        """
        reply = self._follow(call)
        tokens = self.auth.tokens if self.auth and reply.status_code == 401 else None
        if tokens is not None and tokens.renew(reply.sent_token):
            reply = self._follow(call)
        return reply

    def _follow(self, call: Call) -> Reply:
        """Sends, following redirects of reads within the same scheme, host and port."""
        origin = urlsplit(call.url)[:2]
        step = call
        for _ in range(MAX_REDIRECTS):
            reply = self._send(step)
            target = reply.headers.get("Location", "")
            if not 300 <= reply.status_code < 400 or not target:
                return reply
            try:
                url = urljoin(step.url, target.replace(reply.sent_token or "\n", "<hidden>"))
                elsewhere = urlsplit(url)[:2] != origin
                shown = without_query(url)
            except ValueError:
                url, elsewhere, shown = "", True, "something that is not a url"
            if call.method != "GET" or elsewhere:
                raise RedirectError(
                    f"{call} was redirected to {shown}, which is not followed: to protect the "
                    "token, only GETs are, and only within the configured service; correct the url",
                    # 303 points at what the request created; the others say that it was not taken.
                    may_have_acted=reply.status_code == 303,
                )
            step = replace(step, url=url, params=None)
        raise RedirectError(f"{call} was redirected more than {MAX_REDIRECTS} times")

    def _send(self, call: Call) -> Reply:
        started = self._last_used = time.monotonic()
        problem: TransportError | None = None
        reply: Reply | None = None
        try:
            session = self._session(call.url)
            with session.send(
                _prepared(session, call),
                timeout=(CONNECT_TIMEOUT_SECONDS, call.timeout_seconds),
                allow_redirects=False,
                stream=True,
            ) as response:
                self.answered = True
                content = _read(response, call)
                reply = _reply(response, content)
        except RestPrimitivesError:
            raise  # there is no token to send; some of these are ValueErrors as well
        except _FAILURES as error:
            problem = transport_error(str(call), error)
        if problem is not None:
            # Outside the handler: requests' own error holds the headers, and so the token.
            if time.monotonic() - started >= call.timeout_seconds:
                # The network may have changed: then the idle connections are dead too.
                self.reconnect()
            raise problem
        assert reply is not None
        logger.debug(
            "%s: %d, %d bytes, %.0f ms",
            call,
            reply.status_code,
            len(reply.body),
            1e3 * (time.monotonic() - started),
        )
        return reply

    def _session(self, url: str) -> requests.Session:
        """This process's session: a forked child must not share its parent's sockets."""
        pid = os.getpid()
        session = self._sessions.get(pid)
        if session is None:
            with self._lock:
                session = self._sessions.get(pid)
                if session is None:
                    session = self._sessions[pid] = self._new_session(url)
        return session

    def _new_session(self, url: str) -> requests.Session:
        session = _Session()
        # requests reads the environment at each request, which costs as much as the rest of its
        # work and lets ~/.netrc and a CA bundle overrule the account's settings. All calls go to
        # one host, so once is enough.
        session.trust_env = False
        session.proxies.update(self._proxies or requests.utils.get_environ_proxies(url))
        bundle = os.environ.get("REQUESTS_CA_BUNDLE") or os.environ.get("CURL_CA_BUNDLE")
        session.verify = (bundle or True) if self._verify is True else self._verify
        session.auth = self.auth
        session.headers.update(self._headers)
        session.headers["User-Agent"] = f"qiskit-rest-primitives/{__version__}"
        session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        adapter = Adapter()
        session.mount("https://", adapter)
        session.mount("http://", adapter)
        return session

    def close(self) -> None:
        """Closes the idle connections of this process; the next call opens new ones."""
        session = self._sessions.pop(os.getpid(), None)
        if session is not None:
            session.close()

    def reconnect(self) -> None:
        """Makes the next call open a new connection.

        The old ones are closed when the calls that use them have ended: closing them now could
        break the call of another thread.
        """
        self._sessions.pop(os.getpid(), None)

    def idle_seconds(self) -> float:
        """Seconds since the last call began."""
        return time.monotonic() - self._last_used


def _prepared(session: requests.Session, call: Call) -> requests.PreparedRequest:
    """The request, as the session would prepare it, which merges settings for longer than it sends.

    There is nothing to merge: the session reads no environment and keeps no cookies.
    """
    request = requests.PreparedRequest()
    request.prepare(
        call.method,
        call.url,
        headers={**session.headers, **(call.headers or {})},
        params=call.params,
        data=call.body,
        auth=session.auth,
    )
    return request


def _reply(response: requests.Response, content: bytes) -> Reply:
    """The reply, without the token if it repeats it: an error message may quote the body."""
    token = str(response.request.headers.get("Authorization", "")).removeprefix("Bearer ")
    if len(token) >= LONG_TOKEN_CHARACTERS or (token and response.status_code >= 400):
        content = content.replace(token.encode("utf-8", "replace"), b"<hidden>")
    return Reply(response.status_code, response.headers, content, token)


def _read(response: requests.Response, call: Call) -> bytes:
    """Reads the body piece by piece; raises a timeout if it arrives too slowly."""
    failed = response.status_code >= 400
    into = call.into if response.status_code == 200 else None
    sink = io.BytesIO() if into is None else into
    most = MOST_ERROR_BYTES if failed else call.most_bytes
    if "Content-Encoding" not in response.headers and not failed:
        _check_size(int(response.headers.get("Content-Length") or 0), most, call)
    started, received = time.monotonic(), 0
    while True:
        piece = response.raw.read1(CHUNK_BYTES, decode_content=True)
        if not piece or (failed and received > most):
            return sink.getvalue() if isinstance(sink, io.BytesIO) and into is None else b""
        received += len(piece)
        if not failed:
            _check_size(received, most, call)
        sink.write(piece)
        allowed = SLOW_BODY_SECONDS + received / SLOWEST_BYTES_PER_SECOND
        if time.monotonic() - started > allowed:
            raise requests.exceptions.ReadTimeout(f"{received} bytes in {allowed:.0f} s")


def _check_size(size: int, most: int, call: Call) -> None:
    if size > most:
        raise ReplyTooLargeError(f"{call}: the reply is larger than {most / 1e6:,g} MB")

"""One HTTP call: session, timeouts, retries of calls that only read, redirects, secrets kept in.

In: method, path, body. Out: `Reply`, or `TransportError`; what a status means is for `replies`.
"""

from __future__ import annotations

import contextlib
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
from qiskit_rest_primitives.errors import RedirectError, TransportError
from qiskit_rest_primitives.forks import Lock
from qiskit_rest_primitives.http.adapter import SAFE_METHODS, Adapter, tried_once
from qiskit_rest_primitives.http.failures import describe_failure, without_query
from qiskit_rest_primitives.jitter import jitter

if TYPE_CHECKING:
    from qiskit_rest_primitives.http.auth import BearerAuth

logger = logging.getLogger(__name__)

CONNECT_TIMEOUT_SECONDS: Final = 10.0
READ_TIMEOUT_SECONDS: Final = 30.0
MAX_REDIRECTS: Final = 5
CHUNK_BYTES: Final = 1 << 18
UNMISTAKABLE: Final = 16
"""Characters of a token from which on a text that equals it is the token."""
BROKEN_BODY_PAUSES_SECONDS: Final = (0.1, 0.3, 0.9)
BROKEN_BODY_SECONDS: Final = 10.0
"""How long after a call began a broken body is worth another try."""
DRIP_SECONDS: Final = 30.0
SLOWEST_BYTES_PER_SECOND: Final = 1_000
"""A body that arrives more slowly than this, after `DRIP_SECONDS`, is given up."""


_FAILURES: Final = (requests.RequestException, urllib3.exceptions.HTTPError, ValueError)
"""What a reply, or what is sent, can make requests and urllib3 raise."""


class _BrokeOffError(TransportError):
    """The headers of the reply arrived, its body did not."""


@dataclass(frozen=True)
class Call:
    """One call: what is sent, and how its reply is received. Its body may hold an API key.

    Attributes:
        method: GET, POST, ...
        url: absolute.
        params: query; None values are left out, lists repeat their key.
        body: sent as it is.
        headers: besides those of the transport.
        timeout_seconds: the longest silence between two pieces of the reply.
        into: a binary file that takes the body of a reply with status 200.
        patient: repeat it while that is safe; False if the caller does so.
    """

    method: str
    url: str
    params: Mapping[str, Any] | None = None
    body: bytes | None = field(default=None, repr=False)
    headers: Mapping[str, str] | None = None
    timeout_seconds: float = READ_TIMEOUT_SECONDS
    into: IO[bytes] | None = None
    patient: bool = True

    def __str__(self) -> str:
        return f"{self.method} {without_query(self.url)}"


@dataclass(frozen=True)
class Reply:
    """What came back: the status, the headers and the whole body (empty if it went to a file)."""

    status_code: int
    headers: Mapping[str, str]
    body: bytes = field(repr=False)
    sent_token: str = field(default="", repr=False)


class _Session(requests.Session):
    """requests' session, which leaves redirects alone: it would parse them even so."""

    def resolve_redirects(self, *_: Any, **__: Any) -> Iterator[Any]:
        return iter(())


class Transport:
    """A `requests.Session` a process, shared by all threads.

    Args:
        auth: puts the bearer token on each request; None for calls that need none.
        headers: sent with each request.
        verify: TLS verification: True, False or the path of a CA bundle.
        proxies: as in requests: scheme to URL.

    Attributes:
        answered: whether a reply began before, of whatever status.
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

        A 401 is answered with a fresh token, once; the service did not act on it.

        Args:
            call: what to send.

        Raises:
            TransportError: no complete reply; `may_have_acted` says whether the service may
                have seen the request.
        """
        with contextlib.nullcontext() if call.patient else tried_once():
            reply = self._whole(call)
            tokens = self.auth.tokens if self.auth and reply.status_code == 401 else None
            if tokens is not None and tokens.renew(reply.sent_token):
                reply = self._whole(call)
            return reply

    def _whole(self, call: Call) -> Reply:
        """Sends, and sends again what may be sent twice if the body of its reply breaks off."""
        started = time.monotonic()
        for pause in BROKEN_BODY_PAUSES_SECONDS:
            try:
                return self._follow(call)
            except _BrokeOffError:
                once = not call.patient or call.method not in SAFE_METHODS or call.into is not None
                if once or time.monotonic() - started > BROKEN_BODY_SECONDS:
                    raise
            time.sleep(pause * jitter())
        return self._follow(call)

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
                url, elsewhere, shown = "", True, "something that is no url"
            if call.method != "GET" or elsewhere:
                problem = RedirectError(
                    f"{call} was redirected to {shown}, which is not followed: only reads are, "
                    "within the configured service, for the token's sake; correct the url"
                )
                # 303 points at what a request has made; the others say that it was not taken.
                problem.may_have_acted = reply.status_code == 303
                raise problem
            step = replace(step, url=url, params=None)
        raise RedirectError(f"{call} was redirected more than {MAX_REDIRECTS} times")

    def _send(self, call: Call) -> Reply:
        started = self._last_used = time.monotonic()
        failure: tuple[str, bool] | None = None
        reply: Reply | None = None
        begun = False
        try:
            with self._session(call.url).request(
                call.method,
                call.url,
                params=call.params,
                data=call.body,
                headers=call.headers,
                timeout=(CONNECT_TIMEOUT_SECONDS, call.timeout_seconds),
                allow_redirects=False,
                stream=True,
            ) as response:
                begun = self.answered = True
                content = _read(response, call.into if response.status_code == 200 else None)
                reply = _reply(response, content)
        except _FAILURES as error:
            failure = describe_failure(error, CONNECT_TIMEOUT_SECONDS)
        if failure is not None:
            # Outside the handler: requests' own error holds the headers, and so the token.
            text, may_have_acted = failure
            if time.monotonic() - started >= call.timeout_seconds:
                # Silence may be of the network: idle connections made through it are dead too.
                self.reconnect()
            problem = (_BrokeOffError if begun else TransportError)(f"{call}: {text}")
            problem.may_have_acted = may_have_acted
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
        # work and lets ~/.netrc and a CA bundle overrule what was asked for. All calls go to one
        # host, so once will do.
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
        """Has the next call make a new connection.

        The old ones are closed when the calls that use them have ended; to close them now could
        take one from a thread that is just about to send.
        """
        self._sessions.pop(os.getpid(), None)

    def idle_seconds(self) -> float:
        """Since the last call began."""
        return time.monotonic() - self._last_used


def _reply(response: requests.Response, content: bytes) -> Reply:
    """The reply. An error may quote its body, so a token that it repeats is cut out."""
    token = str(response.request.headers.get("Authorization", "")).removeprefix("Bearer ")
    # A short token, as people choose for a service of their own, may be a word of a good reply.
    if len(token) >= UNMISTAKABLE or (token and response.status_code >= 400):
        content = content.replace(token.encode("utf-8", "replace"), b"<hidden>")
    return Reply(response.status_code, response.headers, content, token)


def _read(response: requests.Response, into: IO[bytes] | None) -> bytes:
    """Reads the body, piece by piece as it arrives: one that only drips is given up."""
    sink = io.BytesIO() if into is None else into
    started, received = time.monotonic(), 0
    while True:
        piece = response.raw.read1(CHUNK_BYTES, decode_content=True)
        if not piece:
            return sink.getvalue() if isinstance(sink, io.BytesIO) and into is None else b""
        sink.write(piece)
        received += len(piece)
        patience = DRIP_SECONDS + received / SLOWEST_BYTES_PER_SECOND
        if time.monotonic() - started > patience:
            raise requests.exceptions.ReadTimeout(f"{received} bytes in {patience:.0f} s")

"""How requests reach the network: what is repeated, and how long a reply's headers may take.

Nothing but calls that may be made twice is repeated here. A POST never is, whatever breaks: urllib3
alone would send one again after a TLS error, when the service may have acted already.
"""

from __future__ import annotations

import http.client
import io
import time
from collections.abc import Generator
from contextlib import contextmanager
from contextvars import ContextVar
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final, cast

import urllib3
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import MaxRetryError, NewConnectionError
from urllib3.util.ssl_match_hostname import CertificateError

from qiskit_rest_primitives.http.replies import retry_after_seconds
from qiskit_rest_primitives.jitter import jitter

if TYPE_CHECKING:
    from typing_extensions import Self

SAFE_METHODS: Final = frozenset({"GET", "HEAD", "PUT", "PATCH", "DELETE"})
"""Methods that may be repeated: they read, or say what shall be. POST is not among them."""
PASSING_STATUSES: Final = frozenset({408, 425, 429, 500, 502, 503, 504, 520, 521, 522, 524})
THREADS: Final = 256
"""Connections that are kept; with more threads than that urllib3 warns, and makes new ones."""
HEADER_SECONDS: Final = 30.0
"""From the first byte of a reply to the end of its headers; a reply that only drips is given up."""

_repeating: ContextVar[bool] = ContextVar("qiskit_rest_repeating", default=True)


@contextmanager
def tried_once() -> Generator[None]:
    """Calls within the block are made once: whoever makes them has a schedule of their own."""
    token = _repeating.set(False)
    try:
        yield
    finally:
        _repeating.reset(token)


class PatientRetry(urllib3.Retry):
    """urllib3's schedule for calls that may be made twice, and none for the others.

    A ``Retry-After`` is believed for a minute at the most.
    """

    def is_retry(self, method: str, status_code: int, has_retry_after: bool = False) -> bool:
        """Whether a reply with this status is not the last word."""
        return _repeating.get() and super().is_retry(method, status_code, has_retry_after)

    def increment(
        self,
        method: str | None = None,
        url: str | None = None,
        response: urllib3.BaseHTTPResponse | None = None,
        error: Exception | None = None,
        _pool: Any = None,
        _stacktrace: TracebackType | None = None,
    ) -> Self:
        """The schedule after one more failure.

        Raises:
            MaxRetryError: that was the last try.
        """
        if error is not None and not (_repeating.get() and method in SAFE_METHODS):
            raise MaxRetryError(_pool, url or "", error)
        return super().increment(method, url, response, error, _pool, _stacktrace)

    def get_retry_after(self, response: urllib3.BaseHTTPResponse) -> float | None:
        """Seconds to wait before the next try, or None if the service names none."""
        return retry_after_seconds(response.headers)

    def get_backoff_time(self) -> float:
        """Seconds to wait where the service names none, stretched a little by chance."""
        return super().get_backoff_time() * jitter()


class HandshakeError(NewConnectionError):
    """The connection was not made: TLS or the way through a proxy failed. Nothing was sent.

    Attributes:
        said: what went wrong, in the words of Python's ssl.
    """

    def __init__(self, connection: HTTPConnection, said: str):
        super().__init__(connection, said)
        self.said = said


class _ClockedStream(io.RawIOBase):
    """Reads a socket; once a byte has come, the rest is due within `HEADER_SECONDS`.

    A time-out of the socket alone starts again at each byte: one a minute would never end.
    """

    def __init__(self, stream: Any):
        self._stream = stream
        self._deadline: float | None = None
        self.clocked = True

    def readable(self) -> bool:
        return True

    def fileno(self) -> int:
        return self._stream.fileno()

    def readinto(self, buffer: Any, /) -> int | None:
        number = self._stream.readinto(buffer)
        if self.clocked:
            now = time.monotonic()
            if self._deadline is None:
                self._deadline = now + HEADER_SECONDS
            elif now > self._deadline:
                raise TimeoutError("the headers did not arrive in time")
        return number

    def close(self) -> None:
        self._stream.close()
        super().close()


class _Response(http.client.HTTPResponse):
    """A reply whose headers have to arrive in time."""

    def __init__(self, sock: Any, *args: Any, **more: Any):
        super().__init__(sock, *args, **more)
        self.fp.close()
        self._clock = _ClockedStream(sock.makefile("rb", buffering=0))
        self.fp = io.BufferedReader(self._clock)

    def begin(self) -> None:
        """Reads the status line and the headers."""
        super().begin()
        self._clock.clocked = False


class _Connection(HTTPConnection):
    response_class = _Response


class _TLSConnection(HTTPSConnection):
    response_class = _Response

    def connect(self) -> None:
        """Connects; what fails here was surely never seen by the service."""
        try:
            super().connect()
        except (OSError, CertificateError, http.client.HTTPException) as error:
            raise HandshakeError(self, str(error) or type(error).__name__) from error
        # Whoever switched verification off was told once. urllib3 would say so at each connection,
        # and its warning can be filtered for the whole process only.
        self.is_verified = True


class _Pool(HTTPConnectionPool):
    ConnectionCls = cast(Any, _Connection)


class _TLSPool(HTTPSConnectionPool):
    ConnectionCls = cast(Any, _TLSConnection)


class Adapter(HTTPAdapter):
    """requests' adapter with these rules, also through proxies."""

    def __init__(self) -> None:
        schedule = PatientRetry(
            total=10,
            connect=5,
            read=4,
            status=5,
            other=0,
            backoff_factor=0.2,
            backoff_max=4.0,
            status_forcelist=PASSING_STATUSES,
            allowed_methods=SAFE_METHODS,
            raise_on_status=False,
        )
        super().__init__(pool_connections=4, pool_maxsize=THREADS, max_retries=schedule)

    def init_poolmanager(self, *args: Any, **more: Any) -> None:
        """Makes the pools of direct connections."""
        super().init_poolmanager(*args, **more)
        self.poolmanager.pool_classes_by_scheme = _POOLS

    def proxy_manager_for(self, proxy: Any, **more: Any) -> Any:
        """Makes the pools of connections through a proxy."""
        manager = super().proxy_manager_for(proxy, **more)
        manager.pool_classes_by_scheme = _POOLS
        return manager


_POOLS: Final = {"http": _Pool, "https": _TLSPool}

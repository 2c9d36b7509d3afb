"""How requests reach the network: no retries, and a time limit for a reply's headers.

urllib3 retries nothing here: what may be sent twice is decided in `http.retry`. By itself it would
send a POST again after a TLS error, when the service may have acted already.
"""

from __future__ import annotations

import http.client
import io
import time
from typing import Any, Final, cast

from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import NewConnectionError
from urllib3.util.ssl_match_hostname import CertificateError

CONNECT_TIMEOUT_SECONDS: Final = 10.0
KEPT_CONNECTIONS: Final = 256
"""With more threads than that, urllib3 warns and opens new connections."""
HEADER_SECONDS: Final = 30.0
"""From the first byte of a reply to the end of its headers."""


class HandshakeError(NewConnectionError):
    """No connection was made: TLS or the proxy failed. Nothing was sent.

    Attributes:
        said: the message of Python's ssl.
    """

    def __init__(self, connection: HTTPConnection, said: str):
        super().__init__(connection, said)
        self.said = said


class _ClockedStream(io.RawIOBase):
    """Reads a socket; after the first byte, the rest has to arrive within `HEADER_SECONDS`.

    A timeout of the socket alone starts again at each byte: one byte a minute would never end.
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
        """Connects; the service surely saw nothing of what fails here."""
        try:
            super().connect()
        except (OSError, CertificateError, http.client.HTTPException) as error:
            raise HandshakeError(self, str(error) or type(error).__name__) from error
        # We warn once if verification is off. urllib3 would warn at each connection, and its
        # warning can be filtered for the whole process only.
        self.is_verified = True


class _Pool(HTTPConnectionPool):
    ConnectionCls = cast(Any, _Connection)


class _TLSPool(HTTPSConnectionPool):
    ConnectionCls = cast(Any, _TLSConnection)


class Adapter(HTTPAdapter):
    """requests' adapter with these rules, also through proxies."""

    def __init__(self) -> None:
        super().__init__(pool_connections=4, pool_maxsize=KEPT_CONNECTIONS, max_retries=0)

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

"""Exceptions of requests and urllib3 -> ours, with the cure."""

from __future__ import annotations

from typing import Any, Final
from urllib.parse import urlsplit

import requests.exceptions as from_requests
import urllib3.exceptions as from_urllib3

from qiskit_rest_primitives.errors import ConnectError, ReadTimeoutError, TransportError
from qiskit_rest_primitives.http.adapter import CONNECT_TIMEOUT_SECONDS, HandshakeError


class InvalidAddressError(ConnectError):
    """The url of the service or of a proxy can't be used as it is."""

    transient = False


_INVALID_URL: Final = "the url is not a valid http(s) url"
_PROXY: Final = "the proxy could not be reached; check proxies= and HTTPS_PROXY"
_NO_CONNECTION: Final = f"no connection within {CONNECT_TIMEOUT_SECONDS:g} s"
_SILENT: Final = "the service was silent for too long"
_BROKEN_REPLY: Final = "the connection broke in the middle of the reply"

_ERRORS: Final[dict[type[Exception], tuple[type[TransportError], str]]] = {
    # The error holds what it could not encode, so its own text is left out.
    UnicodeEncodeError: (
        InvalidAddressError,
        "a user or password of a proxy has characters beyond Latin-1; see HTTPS_PROXY",
    ),
    from_requests.InvalidURL: (InvalidAddressError, _INVALID_URL),
    from_requests.InvalidSchema: (InvalidAddressError, _INVALID_URL),
    from_urllib3.NameResolutionError: (
        ConnectError,
        "the host name is not known; check the url and the network",
    ),
    from_urllib3.NewConnectionError: (
        ConnectError,
        "nothing listens there (connection refused); is the service running?",
    ),
    from_requests.ConnectTimeout: (ConnectError, _NO_CONNECTION),
    from_urllib3.ConnectTimeoutError: (ConnectError, _NO_CONNECTION),
    from_requests.ProxyError: (ConnectError, _PROXY),
    from_requests.Timeout: (ReadTimeoutError, _SILENT),
    from_urllib3.ReadTimeoutError: (ReadTimeoutError, _SILENT),
    from_requests.ChunkedEncodingError: (TransportError, _BROKEN_REPLY),
    from_urllib3.IncompleteRead: (TransportError, _BROKEN_REPLY),
    from_urllib3.InvalidChunkLength: (TransportError, _BROKEN_REPLY),
    from_urllib3.DecodeError: (TransportError, "the reply's compression is damaged"),
}
"""The row of the most specific class counts, so the order of the rows does not matter."""


def transport_error(call: str, error: Exception) -> TransportError:
    """Returns our error for a call that failed.

    The texts of requests and urllib3 are left out where they could quote a url with a password.

    Args:
        call: method and url, for the message.
        error: what requests or urllib3 raised.
    """
    kind, text = _kind_and_text(_innermost(error))
    return kind(f"{call}: {text}")


def _kind_and_text(cause: Exception) -> tuple[type[TransportError], str]:
    if isinstance(cause, HandshakeError):
        return ConnectError, f"no connection was made, TLS or the proxy failed ({cause.said})"
    if isinstance(cause, from_urllib3.ProxyError):
        inner = cause.original_error
        # urllib3 raises ProxyError for anything that breaks on a connection through a proxy, even
        # long after it was made.
        if not isinstance(inner, from_urllib3.ConnectTimeoutError):
            broke = f"the connection through the proxy broke ({type(inner).__name__})"
            return TransportError, broke
        return ConnectError, _PROXY
    if isinstance(cause, from_requests.SSLError | from_urllib3.SSLError):
        unverified = "CERTIFICATE_VERIFY_FAILED" in str(cause)
        return ConnectError if unverified else TransportError, f"TLS failed ({cause})"
    for base in type(cause).__mro__:
        if base in _ERRORS:
            return _ERRORS[base]
    inner: Any = cause.args[-1] if cause.args else cause
    name = type(inner if isinstance(inner, Exception) else cause).__name__
    return TransportError, f"the connection broke ({name})"


def _innermost(error: Exception) -> Exception:
    """The error of urllib3 that requests has wrapped."""
    inner: Any = error.args[0] if error.args else None
    inner = getattr(inner, "reason", None) or inner
    return inner if isinstance(inner, from_urllib3.HTTPError) else error


def without_query(url: str) -> str:
    """A url as it may be shown: without its query, user and password."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"

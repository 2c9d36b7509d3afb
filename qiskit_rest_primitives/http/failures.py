"""What requests and urllib3 raise -> what to say, and whether the service may have acted."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

import requests
import urllib3

from qiskit_rest_primitives.http.adapter import HandshakeError


def describe_failure(error: Exception, connect_timeout_seconds: float) -> tuple[str, bool]:
    """What happened and whether the service may have acted, from types only.

    The texts of requests and urllib3 are left out where they could quote a URL with a password.
    """
    if isinstance(error, UnicodeEncodeError):
        # The error holds what it could not encode.
        return "a user or password of a proxy has characters beyond Latin-1; see HTTPS_PROXY", False
    cause = _innermost(error)
    if isinstance(cause, urllib3.exceptions.ProxyError):
        inner = cause.original_error
        # Whatever breaks on a connection through a proxy is called so, long after it was made.
        if not isinstance(inner, urllib3.exceptions.ConnectTimeoutError):
            return f"the connection through the proxy broke ({type(inner).__name__})", True
        return "the proxy could not be reached; check proxies= and HTTPS_PROXY", False
    if isinstance(cause, requests.exceptions.ProxyError):
        return "the proxy could not be reached; check proxies= and HTTPS_PROXY", False
    if isinstance(cause, HandshakeError):
        return f"no connection was made, TLS or the proxy failed ({cause.said})", False
    if isinstance(cause, requests.exceptions.SSLError | urllib3.exceptions.SSLError):
        unverified = "CERTIFICATE_VERIFY_FAILED" in str(cause)
        return f"TLS failed ({cause})", not unverified
    if isinstance(cause, urllib3.exceptions.NameResolutionError):
        return "the host name is not known; check the url and the network", False
    if isinstance(cause, urllib3.exceptions.NewConnectionError):
        return "nothing listens there (connection refused); is the service running?", False
    connecting = requests.exceptions.ConnectTimeout | urllib3.exceptions.ConnectTimeoutError
    if isinstance(cause, connecting):
        return f"no connection within {connect_timeout_seconds:g} s", False
    if isinstance(cause, requests.exceptions.Timeout | urllib3.exceptions.ReadTimeoutError):
        return "the service was silent for too long", True
    if isinstance(cause, requests.exceptions.InvalidURL | requests.exceptions.InvalidSchema):
        return "the url is not a valid http(s) url", False
    if isinstance(cause, requests.exceptions.ChunkedEncodingError):
        return "the connection broke in the middle of the reply", True
    if isinstance(cause, urllib3.exceptions.IncompleteRead | urllib3.exceptions.InvalidChunkLength):
        return "the connection broke in the middle of the reply", True
    if isinstance(cause, urllib3.exceptions.DecodeError):
        return "the reply's compression is damaged", True
    inner: Any = cause.args[-1] if cause.args else cause
    kind = type(inner if isinstance(inner, Exception) else cause).__name__
    return f"the connection broke ({kind})", True


def _innermost(error: Exception) -> Exception:
    """What urllib3 met, out of what requests has wrapped around it."""
    inner: Any = error.args[0] if error.args else None
    inner = getattr(inner, "reason", None) or inner
    return inner if isinstance(inner, urllib3.exceptions.HTTPError) else error


def without_query(url: str) -> str:
    """A URL as it may be shown: no query, no user and password."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"

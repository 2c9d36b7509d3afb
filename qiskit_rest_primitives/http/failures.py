"""What requests and urllib3 raise -> what to say, and whether the service may have acted."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

import requests
import urllib3


def describe_failure(error: Exception, connect_timeout_seconds: float) -> tuple[str, bool]:
    """What happened and whether the service may have acted, from types only.

    The texts of requests and urllib3 are left out where they could quote a URL with a password.
    """
    reason: Any = error.args[0] if error.args else None
    reason = getattr(reason, "reason", None) or reason
    if isinstance(error, requests.exceptions.ProxyError):
        return "the proxy could not be reached; check proxies= and HTTPS_PROXY", False
    if isinstance(error, requests.exceptions.SSLError):
        unverified = "CERTIFICATE_VERIFY_FAILED" in str(reason)
        return f"TLS failed ({type(reason).__name__}: {reason})", not unverified
    if isinstance(error, requests.exceptions.ConnectTimeout):
        return f"no connection within {connect_timeout_seconds:g} s", False
    if isinstance(error, requests.exceptions.Timeout | urllib3.exceptions.ReadTimeoutError):
        return "the service was silent for too long", True
    if isinstance(reason, urllib3.exceptions.NameResolutionError):
        return "the host name is not known; check the url and the network", False
    if isinstance(reason, urllib3.exceptions.NewConnectionError):
        return "nothing listens there (connection refused); is the service running?", False
    if isinstance(error, requests.exceptions.InvalidURL | requests.exceptions.InvalidSchema):
        return "the url is not a valid http(s) url", False
    broken = requests.exceptions.ChunkedEncodingError | urllib3.exceptions.ProtocolError
    if isinstance(error, broken):
        return "the connection broke in the middle of the reply", True
    if isinstance(error, urllib3.exceptions.DecodeError):
        return "the reply's compression is damaged", True
    return f"the connection broke ({type(reason).__name__})", True


def without_query(url: str) -> str:
    """A URL as it may be shown: no query, no user and password."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"

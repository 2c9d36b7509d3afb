"""Is this part of an account well formed, and what follows from it? In: one value. No I/O.

Every refusal says the cure. A token is never quoted, and is in no frame that an error passes.
"""

from __future__ import annotations

import base64
import binascii
import json
import os
import re
import time
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import unquote, urlsplit

from qiskit_rest_primitives.account.secret import HiddenUrls, Secret, hide, revealed
from qiskit_rest_primitives.errors import AccountError

CHANNELS: Final = ("ibm_quantum_platform", "ibm_cloud", "local")
DEFAULT_CHANNEL: Final = "ibm_quantum_platform"
IBM_URL: Final = "https://cloud.ibm.com"
IBM_STAGING_URL: Final = "https://test.cloud.ibm.com"
CLOCK_SKEW_SECONDS: Final = 300.0

_CRN = re.compile(
    r"crn:v1:(?P<cname>[a-z0-9-]+):[a-z0-9-]*:quantum-computing:(?P<region>[a-z0-9-]+)"
    r":(a|o|s|p)/[A-Za-z0-9-]+:[A-Za-z0-9-]+:[^:\s]*:[^:\s]*"
)
_REGION = re.compile(r"[a-z]{2}-[a-z]+[0-9]?")
_JWT = re.compile(r"eyJ[\w-]+\.[\w-]+\.[\w-]*")
_API_KEY = re.compile(r"[A-Za-z0-9_-]{20,}")
# The retired IBM Quantum Platform Classic gave out 128 hex digits.
_CLASSIC_TOKEN = re.compile(r"[0-9a-f]{128}")
_BEFORE_HOST = re.compile(r"^([a-z][a-z0-9+.-]*://)?.*@", re.IGNORECASE | re.DOTALL)
_KEY_CURE = "create an API key at https://quantum.cloud.ibm.com (account menu, API keys)"
_CRN_CURE = "copy the CRN from https://quantum.cloud.ibm.com/instances"


def hide_misplaced_token(channel: Any) -> Any:
    """The channel, or ``<hidden>`` if it looks like a token: older clients took that first."""
    misplaced = isinstance(channel, str) and _API_KEY.match(channel) and not _near_channel(channel)
    return "<hidden>" if misplaced else channel


def _near_channel(channel: str) -> str | None:
    """The channel that was probably meant; a token is far from all of them."""
    import difflib  # of use in errors only; slow to import

    return next(iter(difflib.get_close_matches(channel[:40], CHANNELS, n=1, cutoff=0.7)), None)


def check_channel(channel: Any) -> str:
    """The channel, or AccountError."""
    channel = hide_misplaced_token(channel)
    if channel == "<hidden>":
        raise AccountError("the channel looks like a token; pass it as token=...")
    if channel == "ibm_quantum":
        raise AccountError(
            "channel 'ibm_quantum' was switched off in July 2025; use 'ibm_quantum_platform' "
            f"with an API key and an instance: {_KEY_CURE}"
        )
    if channel not in CHANNELS:
        near = _near_channel(channel) if isinstance(channel, str) else None
        cure = f"did you mean {near!r}?" if near else f"expected one of {', '.join(CHANNELS)}"
        raise AccountError(f"unknown channel {channel!r}; {cure}")
    return channel


def without_secrets(url: Any) -> Any:
    """The URL with marks in place of user, password and query, which no API's root has.

    `check_url` refuses a marked one; until then nothing shows what was there.
    """
    if not isinstance(url, str):
        return url
    bare, mark, _ = url.partition("?")
    bare = _BEFORE_HOST.sub(r"\1<hidden>@", bare) if "@" in bare else bare
    return f"{bare}?<hidden>" if mark else bare


def check_url(url: Any) -> str:
    """An absolute http(s) URL without a slash at the end, or AccountError."""
    url = without_secrets(url)
    try:
        parts = urlsplit(url if isinstance(url, str) else "")
        well_formed = parts.scheme in ("http", "https") and bool(parts.hostname)
        well_formed = well_formed and (parts.port is None or parts.port > 0)
    except ValueError:
        well_formed, parts = False, urlsplit("")
    if not well_formed:
        raise AccountError(
            f"url {url!r} is not an http(s) address; pass one such as "
            f"{IBM_URL!r} or 'http://127.0.0.1:8000/v1'"
        )
    if parts.username or parts.password:
        raise AccountError("the url holds a user name or password; pass a token instead")
    if parts.query or parts.fragment:
        raise AccountError(f"url {url!r} has a query or fragment; pass the root of the API")
    if is_ibm(url) and parts.scheme == "http":
        raise AccountError(f"url {url!r} would send the token in clear text; use https")
    return url.rstrip("/")


def is_ibm(url: str) -> bool:
    """Whether the host is IBM's, and takes bearer tokens from IBM's identity service."""
    host = urlsplit(url).hostname or ""
    return host == "cloud.ibm.com" or host.endswith(".cloud.ibm.com")


def is_staging_url(url: str) -> bool:
    """Whether the host is in IBM's staging cloud."""
    return f".{urlsplit(url).hostname or ''}".endswith(".test.cloud.ibm.com")


def is_ibm_root(url: str) -> bool:
    """Whether the URL names IBM's cloud rather than a region's API, as saved accounts do."""
    return urlsplit(url).hostname in ("cloud.ibm.com", "test.cloud.ibm.com")


def exchanges(url: str, channel: str) -> bool:
    """Whether API keys for this service are exchanged for bearer tokens first.

    ``IAM_URL``, read by the official client too, names an identity service for any service but the
    embedded one, whose token must not leave this machine.
    """
    return is_ibm(url) or (channel != "local" and bool(os.environ.get("IAM_URL")))


def default_url(instance: Any) -> str:
    """IBM's cloud: the one of the CRN."""
    return IBM_STAGING_URL if is_staging(instance) else IBM_URL


def check_instance(instance: Any, *, ibm: bool) -> str | None:
    """The instance as the service knows it, or AccountError.

    Args:
        instance: a CRN; anything printable, or None, for a service that is not IBM's.
        ibm: whether the service is IBM's.
    """
    if instance is not None and not isinstance(instance, str):
        raise AccountError(f"instance is a {type(instance).__name__}; expected a CRN, a string")
    instance = (instance or "").strip() or None
    if not ibm and instance in (None, "auto"):
        return None
    if not ibm and instance is not None and not instance.startswith("crn:"):
        if not (instance.isascii() and instance.isprintable()):
            raise AccountError(
                f"instance {instance!r} has characters that are not allowed in HTTP headers"
            )
        return instance
    if instance is None or instance == "auto":
        raise AccountError(
            f"IBM's service needs an instance; {_CRN_CURE} and pass it as instance=..., in "
            "QISKIT_IBM_INSTANCE, or once to save_account(instance=..., overwrite=True)"
        )
    if not instance.startswith("crn:"):
        raise AccountError(
            f"instance {instance!r} is a name; {_CRN_CURE}: looking a name up needs IBM's "
            "resource controller, which is not part of this API"
        )
    if not _CRN.fullmatch(instance):
        raise AccountError(
            f"instance {instance!r} is not a whole CRN of ten fields "
            f"(crn:v1:bluemix:public:quantum-computing:REGION:a/ACCOUNT:GUID::); {_CRN_CURE}"
        )
    return instance


def region_of(instance: str | None) -> str | None:
    """The region in a CRN, such as ``us-east``; None if it is not a CRN."""
    match = _CRN.fullmatch(instance or "")
    return match["region"] if match else None


def is_staging(instance: Any) -> bool:
    """Whether the CRN belongs to IBM's staging cloud."""
    match = _CRN.fullmatch(instance if isinstance(instance, str) else "")
    return match is not None and match["cname"] == "staging"


def check_region(region: Any) -> str:
    """The region's name, or AccountError."""
    if not isinstance(region, str) or not _REGION.fullmatch(region):
        raise AccountError(f"{region!r} is not a region; expected e.g. 'us-east'")
    return region


def check_token(token: Any, *, exchanged: bool) -> Secret[str]:
    """The token without surrounding space or a leading ``Bearer``, or AccountError.

    Args:
        token: an API key or a ready bearer token.
        exchanged: whether an API key is exchanged for a bearer token at the identity service.
    """
    token = hide(token)
    bare, problem = _bare_token(revealed(token), exchanged)
    if problem:
        raise AccountError(problem)
    return bare


def _bare_token(token: Any, exchanged: bool) -> tuple[Secret[str], str]:
    """The token, and what is wrong with it; the raw text is in this frame, so nothing is raised."""
    if not isinstance(token, str):
        return Secret(""), f"the token is a {type(token).__name__}, not a string; {_KEY_CURE}"
    token = token.strip().removeprefix("Bearer ").strip()
    return Secret(token), _token_problem(token, exchanged)


def _token_problem(token: str, exchanged: bool) -> str:
    if not token:
        return f"the token is empty; {_KEY_CURE}"
    if not re.fullmatch(r"[\x21-\x7e]+", token):
        return "the token contains spaces or non-ASCII characters; copy it again"
    if is_bearer(token):
        expiry, now = _expiry(token), time.time()
        if expiry is not None and expiry + CLOCK_SKEW_SECONDS < now:
            return (
                f"the bearer token expired {(now - expiry) / 60:.0f} minutes ago and can't be "
                "renewed; get a new one, or pass an API key, which is renewed by itself: "
                + _KEY_CURE
            )
    elif exchanged and _CLASSIC_TOKEN.fullmatch(token):
        return (
            "this is a token of IBM Quantum Platform Classic, switched off in July 2025; "
            + _KEY_CURE
        )
    elif exchanged and not _API_KEY.fullmatch(token):
        return (
            f"{len(token)} characters are not an API key (44 letters, digits, - and _); "
            + _KEY_CURE
        )
    return ""


def is_bearer(token: str) -> bool:
    """Whether the token is a JSON web token, ready to be sent."""
    return bool(_JWT.fullmatch(token))


def _expiry(token: str) -> float | None:
    """The ``exp`` claim, seconds since 1970; None if it can't be read."""
    claims = token.split(".")[1]
    try:
        expiry = json.loads(base64.urlsafe_b64decode(claims + "=" * (-len(claims) % 4))).get("exp")
        return float(expiry) if isinstance(expiry, (int, float)) else None
    except (binascii.Error, ValueError, AttributeError, OverflowError, RecursionError):
        return None


def check_verify(verify: Any) -> bool | str:
    """True, False or the path of a CA bundle that exists, or AccountError."""
    if isinstance(verify, str) and not os.path.exists(verify):
        raise AccountError(f"verify names the CA bundle {verify!r}, which does not exist")
    if not isinstance(verify, (bool, str)):
        raise AccountError(f"verify is {verify!r}; expected True, False or the path of a CA bundle")
    return verify


def check_proxies(proxies: Any) -> HiddenUrls | None:
    """Scheme -> proxy URL as in requests, from that form or the official client's ``urls``."""
    proxies = hide(proxies)
    urls, problem = _proxy_urls(revealed(proxies))
    if problem:
        raise AccountError(problem)
    return urls or None


def _proxy_urls(proxies: Any) -> tuple[HiddenUrls, str]:
    """The URLs, and what is wrong; passwords are in this frame, so nothing is raised."""
    nothing = HiddenUrls({})
    if not proxies:
        return nothing, ""
    if not isinstance(proxies, Mapping):
        kind = type(proxies).__name__
        return nothing, f"proxies is a {kind}; expected {{'urls': {{'https': 'http://...'}}}}"
    if proxies.get("username_ntlm") or proxies.get("password_ntlm"):
        return nothing, (
            "NTLM proxies are not supported; run a local proxy that signs in for you, such as "
            "px or cntlm, and pass its address"
        )
    urls = proxies.get("urls", proxies)
    if not isinstance(urls, Mapping) or not all(isinstance(url, str) for url in urls.values()):
        return nothing, "proxies: 'urls' must map a scheme, such as 'https', to a URL"
    try:
        [unquote(url).encode("latin-1") for url in urls.values()]
    except UnicodeEncodeError:
        return nothing, "proxies: a user or password has characters beyond Latin-1"
    return HiddenUrls({str(scheme): url for scheme, url in urls.items()}), ""

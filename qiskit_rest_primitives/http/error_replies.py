"""Error replies of the API -> exceptions: which class, and what its message says."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from datetime import datetime, timezone
from email.utils import parsedate_to_datetime
from typing import Any

import msgspec

from qiskit_rest_primitives.display.printable import printable
from qiskit_rest_primitives.errors import (
    APIError,
    AuthenticationError,
    InvalidRequestError,
    NotFoundError,
    ProtocolError,
    RateLimitError,
    ServerError,
)
from qiskit_rest_primitives.http.retry_policies import LONGEST_RETRY_AFTER_SECONDS
from qiskit_rest_primitives.wire.limits import BAD_CREDENTIALS, INSTANCE_NOT_FOUND

EXCERPT = 300

# Services speak of headers here, which users of this client never see.
CURES_BY_CODE = {
    BAD_CREDENTIALS: "the token is wrong or expired: pass a valid one as token=..., or in "
    "QISKIT_IBM_TOKEN",
    INSTANCE_NOT_FOUND: "pass the CRN of one of your instances as instance=...; its region must "
    "match the url",
}
CURES = {
    401: "the token is wrong or expired: get a new one and pass it as token=...",
    403: "this account may not do that: check the instance (CRN) and its access rules",
    413: "the request is too large: send fewer PUBs or parameter values a job",
}


class Detail(msgspec.Struct):
    """The content of an error reply of any form."""

    code: int | None = None
    message: str = ""
    solution: str = ""
    trace: str = ""


def retry_after_seconds(headers: Mapping[str, str]) -> float | None:
    """Seconds that the service asks to wait, at most a minute; None if it does not ask.

    Args:
        headers: of a reply; ``Retry-After`` holds seconds or an HTTP date.
    """
    text = headers.get("Retry-After") or ""
    try:
        seconds = float(text)
    except ValueError:
        try:
            seconds = (parsedate_to_datetime(text) - datetime.now(timezone.utc)).total_seconds()
        except (TypeError, ValueError):
            return None
    if not math.isfinite(seconds):
        return None
    return min(max(seconds, 0.0), LONGEST_RETRY_AFTER_SECONDS)


def read_detail(body: bytes) -> Detail:
    """Reads ``{errors:[{code, message, solution}], trace}``, its relatives, HTML or plain text."""
    try:
        content: Any = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        text = body.decode("utf-8", "replace")
        if "<html" in text[:1000].lower():
            # The cause is in the title and in a gateway's request id (Cloudflare's Ray ID).
            title = re.search(r"<title>(.*?)</title>", text, re.DOTALL | re.IGNORECASE)
            ray = re.search(r"Ray ID:\s*(?:<[^>]*>)?\s*(\w+)", text)
            text = title.group(1).strip() if title else "an HTML page"
            return Detail(message=printable(text[:EXCERPT]), trace=ray.group(1) if ray else "")
        return Detail(message=printable(text[:EXCERPT].strip()))
    if not isinstance(content, dict):
        return Detail(message=printable(str(content)[:EXCERPT]))
    entry: Any = content.get("errors") or content.get("error") or content
    if isinstance(entry, list):
        entry = entry[0]
    if not isinstance(entry, dict):
        entry = {"message": str(entry)}
    code = str(entry.get("code", ""))
    return Detail(
        code=int(code) if code.isdecimal() else None,
        message=printable(str(entry.get("message") or "")[:EXCERPT]),
        solution=printable(str(entry.get("solution") or "")[:EXCERPT]),
        trace=printable(str(content.get("trace") or "")[:EXCERPT]),
    )


def error_from_reply(
    call: str, status_code: int, headers: Mapping[str, str], body: bytes
) -> APIError:
    """Returns the error for a reply with a status of 400 or more.

    Args:
        call: method and path, for the message.
        status_code: the HTTP status.
        headers: the reply's headers.
        body: the reply's body.
    """
    kinds: dict[int, type[APIError]] = {
        401: AuthenticationError,
        403: AuthenticationError,
        404: NotFoundError,
        429: RateLimitError,
    }
    kind = kinds.get(status_code, ServerError if status_code >= 500 else InvalidRequestError)
    detail = read_detail(body)
    says = detail.message or "no reason given"
    parts = [f"{call} was answered with {status_code}: {says}"]
    if detail.code is not None:
        parts.append(f"(code {detail.code})")
    cure = CURES_BY_CODE.get(detail.code or 0) or detail.solution or CURES.get(status_code)
    if cure:
        parts.append(f"- {cure}")
    if detail.trace:
        parts.append(f"[trace {detail.trace}]")
    return kind(
        " ".join(parts),
        status_code=status_code,
        code=detail.code,
        detail=detail.message,
        solution=detail.solution,
        trace=detail.trace,
        retry_after_seconds=retry_after_seconds(headers),
    )


def read_json(call: str, body: bytes) -> dict[str, Any]:
    """Decodes a successful reply that must hold a JSON object.

    Raises:
        ProtocolError: it holds something else; an excerpt is in the message.
    """
    try:
        content = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        content = None
    if not isinstance(content, dict):
        excerpt = body[:EXCERPT].decode("utf-8", "replace")
        raise ProtocolError(
            f"{call} was answered with something that is not a JSON object: "
            f"{excerpt!r}; is the url the root of a Qiskit Runtime REST API?"
        )
    return content

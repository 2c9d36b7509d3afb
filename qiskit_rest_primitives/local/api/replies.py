"""What every reply has in common: compact JSON, and one container for what goes wrong."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from typing import Any

import msgspec
from starlette.responses import Response

_ENCODER = msgspec.json.Encoder()

MORE_INFO = "https://quantum.cloud.ibm.com/docs/errors"

# Codes of the service's registry, https://quantum.cloud.ibm.com/docs/errors
BACKEND_NOT_FOUND = 1007
NOT_AUTHORISED = 1200
BAD_CREDENTIALS = 1201
TOO_MANY_REQUESTS = 1202
TOO_MANY_TAGS = 1204
TAG_TOO_LONG = 1205
SESSION_CLOSED = 1217
INSTANCE_NOT_FOUND = 1279
JOB_NOT_FOUND = 1291
# What the registry has no code for is 9000 + the HTTP status.
UNREGISTERED = 9000


class ProblemError(Exception):
    """A request that is answered with an error container.

    Attributes:
        status: the HTTP status.
        code: the registry's code; 9000 + status where it has none.
        message: what is wrong.
        solution: the cure, or "".
        headers: headers of the reply.
    """

    def __init__(
        self,
        status: int,
        message: str,
        *,
        code: int | None = None,
        solution: str = "",
        headers: Mapping[str, str] | None = None,
    ):
        super().__init__(message)
        self.status = status
        self.code = UNREGISTERED + status if code is None else code
        self.message = message
        self.solution = solution
        self.headers = headers


def encode(content: object) -> bytes:
    """Compact UTF-8 JSON."""
    return _ENCODER.encode(content)


def json_reply(content: object, status: int = 200) -> Response:
    """A reply whose body is JSON."""
    return Response(encode(content), status, media_type="application/json")


def no_content() -> Response:
    """The reply 204."""
    return Response(status_code=204)


def new_trace() -> str:
    """An id that joins a reply with its line in the log."""
    return secrets.token_hex(10)


def error_body(code: int, message: str, *, solution: str = "", trace: str) -> bytes:
    """The error container ``{errors: [{code, message, more_info, solution?}], trace}`` as JSON."""
    entry: dict[str, Any] = {"code": code, "message": message, "more_info": MORE_INFO}
    if solution:
        entry["solution"] = solution
    return encode({"errors": [entry], "trace": trace})


def problem_reply(problem: ProblemError, trace: str) -> Response:
    """The reply that tells a problem."""
    body = error_body(problem.code, problem.message, solution=problem.solution, trace=trace)
    return Response(body, problem.status, headers=problem.headers, media_type="application/json")

"""Parts of every reply: compact JSON, and one container for errors."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from typing import Any

import msgspec
from starlette.responses import Response

from qiskit_rest_primitives.local.problems import ProblemError

_ENCODER = msgspec.json.Encoder()

MORE_INFO = "https://quantum.cloud.ibm.com/docs/errors"


def encode(content: object) -> bytes:
    """Compact UTF-8 JSON."""
    return _ENCODER.encode(content)


def json_reply(
    content: object, status: int = 200, headers: Mapping[str, str] | None = None
) -> Response:
    """A reply whose body is JSON."""
    return Response(encode(content), status, headers=headers, media_type="application/json")


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
    """The reply for a ProblemError."""
    body = error_body(problem.code, problem.message, solution=problem.solution, trace=trace)
    return Response(body, problem.status, headers=problem.headers, media_type="application/json")

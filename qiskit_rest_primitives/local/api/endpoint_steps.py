"""Steps that all endpoints share: version, token, errors, query, body."""

from __future__ import annotations

import logging
import re
from collections.abc import Awaitable, Callable
from datetime import date, datetime
from typing import TYPE_CHECKING, TypeAlias, TypeVar

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from qiskit_rest_primitives.local.api.authenticate import authenticate, check_connections
from qiskit_rest_primitives.local.api.middleware import BodyTooLargeError, ClientGoneError
from qiskit_rest_primitives.local.api.replies import problem_reply
from qiskit_rest_primitives.local.auth import Principal
from qiskit_rest_primitives.local.held_bytes import Share
from qiskit_rest_primitives.local.problems import ProblemError
from qiskit_rest_primitives.wire.limits import API_VERSION

if TYPE_CHECKING:
    from qiskit_rest_primitives.local.job_states import Core

logger = logging.getLogger(__name__)

Struct = TypeVar("Struct", bound=msgspec.Struct)
Handler: TypeAlias = "Callable[[Core, Principal, Request], Awaitable[Response]]"
Endpoint: TypeAlias = Callable[[Request], Awaitable[Response]]

VERSIONS: dict[str, str | None] = {
    "2024-01-01": "2027-01-01",
    "2025-01-01": "2027-01-01",
    "2025-05-01": "2027-01-01",
    "2026-02-01": "2027-02-01",
    "2026-02-15": "2027-02-15",
    "2026-03-15": "2027-03-15",
    API_VERSION: None,
}
"""Version of the API -> when it ends; None for the live one."""


def api_version(request: Request) -> str:
    """The version in a request's header; without one the oldest, as on IBM's service.

    A date between two versions stands for the earlier one: qiskit-ibm-runtime-c sends 2025-06-01.

    Raises:
        ProblemError: 400, it is no date, or one before the first version or after the last.
    """
    version = request.headers.get("ibm-api-version")
    if version is None:
        return "2024-01-01"
    if version in VERSIONS:
        return version
    earlier = _version_before(version)
    if earlier is not None:
        return earlier
    raise ProblemError(
        400,
        f"Unknown IBM-API-Version {version[:40]!r}.",
        solution=f"Send one of: {', '.join(VERSIONS)}.",
    )


def _version_before(text: str) -> str | None:
    try:
        wanted = datetime.strptime(text, "%Y-%m-%d").date()
    except ValueError:
        return None
    if wanted > date.fromisoformat(API_VERSION):
        return None
    return max((known for known in VERSIONS if date.fromisoformat(known) < wanted), default=None)


def endpoint(core: Core, handler: Handler) -> Endpoint:
    """Makes a Starlette endpoint that checks version and token before it calls the handler."""

    async def authorised(request: Request) -> Response:
        api_version(request)
        principal = await authenticate(core, request)
        request.state.user = principal.user
        check_connections(core, principal.user, request.state.set_user(principal.user))
        limit = core.caps_of(principal.user).transfer_bytes
        request.state.share = core.held_bytes.share(principal.user, limit)
        return await handler(core, principal, request)

    return shielded(authorised)


def shielded(handler: Endpoint) -> Endpoint:
    """Makes a Starlette endpoint that replies to ProblemErrors, and with 500 to others."""

    async def guarded(request: Request) -> Response:
        trace: str = request.state.trace
        try:
            return await handler(request)
        except ProblemError as problem:
            return problem_reply(problem, trace)
        except ClientGoneError:
            raise
        except Exception:
            logger.exception("trace %s", trace)
            return problem_reply(
                ProblemError(500, "Internal error.", solution="Report it with the trace id."), trace
            )

    return guarded


async def read_body(request: Request, limit: int, share: Share | None = None) -> bytes:
    """The request's body, of at most ``limit`` bytes.

    Args:
        request: of the client.
        limit: most bytes.
        share: where they are counted, if they may be many.

    Raises:
        ProblemError: 413, 408; 429 if the share is too large.
        ClientGoneError: the client left.
    """
    pieces: list[bytes] = []
    size = counted = 0
    if share is not None:
        # All of it at once if that is known, so that a body is refused before it is sent.
        counted = int(request.headers.get("content-length", 0))
        share.add(counted)
    while True:
        message = await request.receive()
        if message["type"] == "http.disconnect":
            raise ClientGoneError
        piece = message.get("body", b"")
        size += len(piece)
        if size > limit:
            raise BodyTooLargeError(limit)
        if share is not None and size > counted:
            share.add(size - counted)
            counted = size
        pieces.append(piece)
        if not message.get("more_body", False):
            return pieces[0] if len(pieces) == 1 else b"".join(pieces)


async def read_json(core: Core, request: Request, kind: type[Struct]) -> Struct:
    """The request's small JSON body as a struct.

    Raises:
        ProblemError: 400 with the path of what is wrong; 413, 408.
    """
    body = await read_body(request, core.limits.small_body_bytes)
    try:
        return msgspec.json.decode(body, type=kind)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        message = re.sub(r"`\$\.?(.*)`", r"`\1`", str(error))
        raise ProblemError(400, f"Invalid body: {message}.") from None


def flag(request: Request, name: str, default: bool | None) -> bool | None:
    """A boolean of the query.

    Raises:
        ProblemError: 400, neither true nor false.
    """
    text = request.query_params.get(name)
    if text is None:
        return default
    lowered = text.lower()
    if lowered not in ("true", "false"):
        raise ProblemError(400, f"{name} is true or false, not {text[:40]!r}.")
    return lowered == "true"


def number(request: Request, name: str, default: int, *, least: int, most: int) -> int:
    """An integer of the query; one out of range is replaced by the default, as the service does.

    Raises:
        ProblemError: 400, not an integer.
    """
    text = request.query_params.get(name)
    if text is None:
        return default
    if not re.fullmatch(r"[+-]?[0-9]{1,18}", text):
        raise ProblemError(400, f"{name} is an integer, not {text[:40]!r}.")
    value = int(text)
    return value if least <= value <= most else default


def since(version: str, first: str) -> bool:
    """Whether a version of the API is ``first`` or later."""
    return date.fromisoformat(version) >= date.fromisoformat(first)

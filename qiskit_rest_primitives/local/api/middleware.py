"""Middleware for every request: Host check, limits of bodies, trace ids, one log line a request.

Handlers behind it can read a request's body without checking its size or speed.
"""

from __future__ import annotations

import asyncio
import logging
import re
import time
from collections.abc import Callable, Collection, Iterator
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from qiskit_rest_primitives.local.api.replies import new_trace, problem_reply
from qiskit_rest_primitives.local.limits import Limits
from qiskit_rest_primitives.local.problems import ProblemError

logger = logging.getLogger("qiskit_rest_primitives.local.requests")

# How much of a refused body is read and discarded, so that the client reads the reply instead of
# a reset connection: RFC 9112 section 9.6.
DISCARD_FACTOR = 4
DISCARD_PAUSE_SECONDS = 2.0
# What the framing of a chunked body may take beside the body: this, and a quarter of the body,
# which is chunks of 24 bytes. Each chunk, however small, costs ten microseconds of the event loop.
FRAMING_BYTES = 8_192
FRAMING_SHARE = 4
# Most bytes of a reply that are handed to the connection at once.
PIECE_BYTES = 1 << 18
# Headers that proxy and service must read alike: each at most once.
SINGLE_HEADERS = (b"host", b"authorization", b"service-crn", b"ibm-api-version", b"content-length")
_HOST = re.compile(r"(\[[0-9a-f:.]+\]|[^\[\]:/@]*)(?::[0-9]*)?")


class BodyTooLargeError(ProblemError):
    """The body is larger than the service takes."""

    def __init__(self, limit: int):
        super().__init__(
            413,
            f"The request body is larger than {limit} bytes.",
            solution="Send fewer PUBs or parameter values a job.",
            headers={"Connection": "close"},
        )


class BodyTooSlowError(ProblemError):
    """The body did not arrive in time."""

    def __init__(self, seconds: float):
        super().__init__(
            408,
            f"The request body took longer than {seconds:g} s.",
            headers={"Connection": "close"},
        )


class ChunksTooSmallError(ProblemError):
    """The chunks of the body are too small, or their extensions too long."""

    def __init__(self):
        super().__init__(
            400,
            "The chunks of the request body are too small, or their extensions too long.",
            solution="Send the body with a Content-Length, or in larger chunks.",
            headers={"Connection": "close"},
        )


def _pieces(message: Message) -> Iterator[Message]:
    """A large body in pieces, each sent when the client has read most of those before.

    uvicorn would buffer all of it, and the request would end before its client has it.
    """
    body = message.get("body", b"")
    if len(body) <= PIECE_BYTES:
        yield message
        return
    more = message.get("more_body", False)
    for start in range(0, len(body), PIECE_BYTES):
        end = start + PIECE_BYTES
        yield {**message, "body": body[start:end], "more_body": more or end < len(body)}


class ClientGoneError(Exception):
    """The client closed the connection before the reply."""


class BodyReader:
    """The ASGI ``receive`` of one request, with a limit in bytes and in seconds.

    Args:
        receive: of the server.
        limit: most bytes of the body.
        seconds: for all of it.
        received: returns the bytes received for a chunked body; None for other bodies.
    """

    def __init__(
        self,
        receive: Receive,
        limit: int,
        seconds: float,
        received: Callable[[], int] | None = None,
    ):
        self._receive = receive
        self._limit = limit
        self._seconds = seconds
        self._received = received
        self._deadline = time.monotonic() + seconds
        self._size = 0
        self.complete = False

    async def __call__(self) -> Message:
        """The next piece of the body."""
        if self.complete:
            return await self._receive()
        message = await self._next(self._deadline)
        if self._size > self._limit:
            raise BodyTooLargeError(self._limit)
        return message

    async def _next(self, deadline: float) -> Message:
        remaining = deadline - time.monotonic()
        try:
            message = await asyncio.wait_for(self._receive(), max(remaining, 0.001))
        except asyncio.TimeoutError:
            self.complete = True
            raise BodyTooSlowError(self._seconds) from None
        if message["type"] == "http.disconnect":
            self.complete = True
        else:
            self._size += len(message.get("body", b""))
            self.complete = not message.get("more_body", False)
            if self._received is not None:
                framing = self._received() - self._size
                if framing > FRAMING_BYTES + self._size // FRAMING_SHARE:
                    raise ChunksTooSmallError
        return message

    async def discard(self) -> bool:
        """Reads and discards the rest; False if it is longer or slower than the limits."""
        try:
            while not self.complete and self._size <= self._limit * DISCARD_FACTOR:
                await self._next(min(self._deadline, time.monotonic() + DISCARD_PAUSE_SECONDS))
        except (BodyTooSlowError, ChunksTooSmallError):
            return False
        return self.complete


class Guard:
    """ASGI middleware that checks and times every request.

    Args:
        app: the application behind it.
        limits: sizes and times.
        hosts: names accepted in the header ``Host``; None accepts any. On a loopback address
            this is what keeps a web page from reaching the service through DNS rebinding.
    """

    def __init__(self, app: ASGIApp, limits: Limits, hosts: Collection[str] | None):
        self._app = app
        self._limits = limits
        self._hosts = None if hosts is None else {name.lower() for name in hosts}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Passes a request on, or refuses it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began = time.perf_counter()
        headers: dict[bytes, bytes] = dict(scope["headers"])
        trace = new_trace()
        state: dict[str, Any] = scope.setdefault("state", {})
        state["trace"] = trace
        reader = BodyReader(
            receive,
            self._limits.body_bytes,
            self._limits.body_seconds,
            state["received"] if b"transfer-encoding" in headers else None,
        )
        if b"transfer-encoding" not in headers and headers.get(b"content-length", b"0") == b"0":
            reader.complete = True
        status = 0

        async def send_once_read(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                keep = status != 401 and (reader.complete or await self._discard(scope, reader))
                if not keep:
                    message["headers"] = [*message["headers"], (b"connection", b"close")]
            for piece in _pieces(message):
                await send(piece)

        # Not decoded: it could contain line breaks.
        path = scope.get("raw_path", b"").decode("latin-1")
        try:
            problem = self._refusal(scope, headers)
            if problem is not None:
                await problem_reply(problem, trace)(scope, receive, send_once_read)
            else:
                await self._app(scope, reader, send_once_read)
        except ClientGoneError:
            pass
        finally:
            if "share" in state:
                state["share"].release()
            if logger.isEnabledFor(logging.DEBUG):
                logger.debug(
                    "%s %s %d",
                    scope["method"],
                    path,
                    status,
                    extra={
                        "method": scope["method"],
                        "path": path,
                        "status": status,
                        "milliseconds": round((time.perf_counter() - began) * 1e3, 2),
                        "trace": trace,
                        "user": state.get("user"),
                    },
                )

    async def _discard(self, scope: Scope, reader: BodyReader) -> bool:
        state = scope["state"]
        state["set_user"](None)
        # Only for authenticated users. A client that waits for 100 Continue sends nothing when it
        # is refused.
        known = "user" in state and b"expect" not in dict(scope["headers"])
        return known and await reader.discard()

    def _refusal(self, scope: Scope, headers: dict[bytes, bytes]) -> ProblemError | None:
        pairs: list[tuple[bytes, bytes]] = scope["headers"]
        size = len(scope["raw_path"]) + len(scope["query_string"])
        size += sum(len(name) + len(value) for name, value in pairs)
        if size > self._limits.header_bytes:
            return ProblemError(
                431,
                f"The request line and headers are larger than {self._limits.header_bytes} bytes.",
                headers={"Connection": "close"},
            )
        if len(headers) != len(pairs):
            names = [name for name, _ in pairs]
            for name in SINGLE_HEADERS:
                if names.count(name) > 1:
                    return ProblemError(400, f"The header {name.decode()} is sent twice.")
        if self._hosts is not None:
            host = headers.get(b"host", b"").decode("latin-1").lower()
            match = _HOST.fullmatch(host)
            if match is None or match[1] not in self._hosts:
                return ProblemError(
                    421,
                    f"This service does not serve the host {host[:100]!r}.",
                    solution="Call it by its address, or name the host when starting it.",
                )
        if b"content-length" in headers:
            if b"transfer-encoding" in headers:
                # A proxy that obeys the one and a service that obeys the other allow request
                # smuggling: RFC 9112 section 6.3.
                return ProblemError(
                    400,
                    "A body has a Content-Length or a Transfer-Encoding, not both.",
                    headers={"Connection": "close"},
                )
            length = headers[b"content-length"]
            if len(length) > 18 or int(length) > self._limits.body_bytes:
                return BodyTooLargeError(self._limits.body_bytes)
        return None

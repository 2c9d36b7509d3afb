"""The requests that the service received, for tests to assert on. Off by default."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from qiskit_rest_primitives.local.problems import ProblemError

# Most requests that are kept.
REQUESTS = 10_000


@dataclass
class ReceivedRequest:
    """One request.

    Attributes:
        method: such as ``POST``.
        path: below ``/v1``, such as ``/jobs``.
        query: as sent, without the question mark.
        body: as sent, once it has arrived; not shown, as it may hold an API key.
        status: what the service answered; None if a fault came first.
        sent: the status that was sent; None if a fault closed the connection.
    """

    method: str
    path: str
    query: str
    body: bytes = field(default=b"", repr=False)
    status: int | None = None
    sent: int | None = None


class Received:
    """The received requests, oldest first; two layers of ASGI middleware write them.

    Args:
        prefixes: of the paths, which are left out.
    """

    def __init__(self, prefixes: Sequence[str]):
        self._prefixes = prefixes
        self.requests: deque[ReceivedRequest] = deque(maxlen=REQUESTS)

    def around_faults(self, app: ASGIApp) -> ASGIApp:
        """Middleware that sees each request and what is sent for it."""

        async def outside(scope: Scope, receive: Receive, send: Send) -> None:
            if scope["type"] != "http":
                await app(scope, receive, send)
                return
            path, query = self._below(scope["path"]), scope["query_string"].decode("latin-1")
            seen = ReceivedRequest(scope["method"], path, query)
            scope["state"]["received"] = seen
            self.requests.append(seen)
            pieces: list[Message] = []

            async def again() -> Message:
                return pieces.pop(0) if pieces else await receive()

            async def note(message: Message) -> None:
                # Before it is sent: then the client can't be ahead of what is noted here.
                seen.sent = message.get("status", seen.sent)
                await send(message)

            try:
                # Now, as a fault may come before the service reads it.
                while not pieces or pieces[-1].get("more_body", False):
                    pieces.append(await receive())
                seen.body = b"".join(piece.get("body", b"") for piece in pieces)
                await app(scope, again, note)
            except ProblemError as problem:
                seen.sent = problem.status
                raise

        return outside

    def behind_faults(self, app: ASGIApp) -> ASGIApp:
        """Middleware that sees what the service answered, whatever a fault makes of it."""

        async def inside(scope: Scope, receive: Receive, send: Send) -> None:
            seen: Any = scope.get("state", {}).get("received")

            async def note(message: Message) -> None:
                if seen is not None:
                    seen.status = message.get("status", seen.status)
                await send(message)

            await app(scope, receive, note)

        return inside

    def _below(self, path: str) -> str:
        for prefix in self._prefixes:
            if path.startswith(f"{prefix}/"):
                return path[len(prefix) :]
        return path

"""HTTP/1.1 on the socket: time-outs, a limit of connections, single-packet replies.

uvicorn writes the head and the body of a reply apart, and waits for a request's headers for ever.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import Any

from starlette.types import Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol

from qiskit_rest_primitives.local.api.replies import UNREGISTERED, error_body, new_trace
from qiskit_rest_primitives.local.limits import Limits

logger = logging.getLogger(__name__)

# What is written at once if nothing else comes to join it in the same turn of the event loop.
JOIN_BYTES = 65_536


class JoinedWrites:
    """A transport that sends what is written in one turn of the event loop as one piece."""

    def __init__(self, transport: asyncio.Transport, loop: asyncio.AbstractEventLoop):
        self._transport = transport
        self._loop = loop
        self._pieces: list[bytes] = []
        self._size = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)

    def write(self, data: bytes) -> None:
        """Sends soon, or now if much is waiting."""
        if not data:
            return
        if not self._pieces:
            self._loop.call_soon(self._flush)
        self._pieces.append(data)
        self._size += len(data)
        if self._size > JOIN_BYTES:
            self._flush()

    def close(self) -> None:
        """Sends what is waiting, then closes."""
        self._flush()
        self._transport.close()

    def _flush(self) -> None:
        if self._pieces:
            data = self._pieces[0] if len(self._pieces) == 1 else b"".join(self._pieces)
            self._pieces, self._size = [], 0
            if not self._transport.is_closing():
                self._transport.write(data)


class ServiceProtocol(H11Protocol):
    """One connection. :func:`service_protocol` gives it its limits."""

    limits: Limits

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Starts the clock for the first request's headers, or refuses the connection."""
        joined: Any = JoinedWrites(transport, self.loop)
        super().connection_made(joined)
        self.access_log = False
        self.logger = logger
        self.app = self._with_hang_up(self.app)
        self._head_timer: asyncio.TimerHandle | None = None
        if len(self.connections) > self.limits.connections:
            self._refuse(503, "Too many connections are open.")
        else:
            self._start_head_timer()

    def connection_lost(self, exc: Exception | None) -> None:
        """Stops the clock."""
        self._stop_head_timer()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Reads on; the clock runs while a request's headers are incomplete."""
        if self.transport.is_closing():
            return
        began = self.cycle
        super().data_received(data)
        if self.cycle is not began:
            self._stop_head_timer()
        elif self._between_requests() and self._head_timer is None:
            self._start_head_timer()

    def send_400_response(self, msg: str) -> None:
        """Tells a malformed request in the error container."""
        self._refuse(400, msg)

    def _between_requests(self) -> bool:
        # uvicorn has no cycle before the first request, whatever its annotation says.
        return getattr(self.cycle, "response_complete", True)

    def _start_head_timer(self) -> None:
        self._head_timer = self.loop.call_later(self.limits.header_seconds, self._head_too_slow)

    def _stop_head_timer(self) -> None:
        if self._head_timer is not None:
            self._head_timer.cancel()
            self._head_timer = None

    def _head_too_slow(self) -> None:
        self._head_timer = None
        if self._between_requests() and not self.transport.is_closing():
            self._refuse(408, f"No request within {self.limits.header_seconds:g} s.")

    def _refuse(self, status: int, message: str) -> None:
        body = error_body(UNREGISTERED + status, message, trace=new_trace())
        head = (
            f"HTTP/1.1 {status} \r\nContent-Type: application/json\r\n"
            f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n"
        )
        self.transport.write(head.encode() + body)
        self.transport.close()

    def _with_hang_up(self, app: Any) -> Callable[[Scope, Receive, Send], Any]:
        async def call(scope: Scope, receive: Receive, send: Send) -> None:
            scope["headers"] = [
                (name, HiddenBytes(value) if name == b"authorization" else value)
                for name, value in scope["headers"]
            ]
            scope["state"] |= {"hang_up": self._hang_up, "abort": self._abort}
            await app(scope, receive, send)

        return call

    def _hang_up(self) -> None:
        """Closes; what was sent still arrives."""
        self.cycle.disconnected = True
        self.transport.close()

    def _abort(self) -> None:
        """Closes; what the client did not take is lost."""
        self.cycle.disconnected = True
        self.transport.abort()


class HiddenBytes(bytes):
    """A header's value that no repr shows: an error tracker prints the scope of a request."""

    def __repr__(self) -> str:
        return f"<{len(self)} bytes hidden>"


def service_protocol(limits: Limits) -> type[ServiceProtocol]:
    """The protocol class for uvicorn, with its limits."""
    return type("LimitedProtocol", (ServiceProtocol,), {"limits": limits})

"""HTTP/1.1 on the socket: timeouts, and a limit of connections that idle ones do not exhaust.

uvicorn has no timeout for a request's headers, and parses 256 KiB at once: forty thousand
chunks, while all other clients wait.
"""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import h11
from starlette.types import Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol

from qiskit_rest_primitives.local.api.buffered_writes import JoinedWrites
from qiskit_rest_primitives.local.api.replies import error_body, new_trace
from qiskit_rest_primitives.local.limits import Limits
from qiskit_rest_primitives.local.problems import UNREGISTERED

try:
    import resource
except ImportError:  # Windows, where sockets are no file descriptors
    resource = None

logger = logging.getLogger(__name__)

# Bytes of one connection that are read and parsed before other connections are served. Until a
# request is authenticated they are hardly more than its headers. Four kilobytes in chunks of one
# byte take seven milliseconds.
READ_BYTES = 32_768
CHUNKED_READ_BYTES = 4_096
UNAUTHENTICATED_READ_BYTES = 1_024


class ServiceProtocol(H11Protocol, asyncio.BufferedProtocol):
    """One connection. :func:`service_protocol` gives it its limits."""

    limits: Limits
    buffer: memoryview
    has_begun: Callable[[int], object]
    busy: Counter[str]
    """How many connections are busy with requests of each user."""

    def connection_made(self, transport: Any) -> None:
        """Starts the timer for the first request's headers, or refuses the connection."""
        self.has_begun(transport.get_extra_info("socket").fileno())
        self._writes = JoinedWrites(
            transport, self.loop, self.limits.write_seconds, self._is_receiving
        )
        joined: Any = self._writes
        super().connection_made(joined)
        self.access_log = False
        self.logger = logger
        self.app = self._with_hang_up(self.app)
        self._head_timer: asyncio.TimerHandle | None = None
        self._user: str | None = None
        self._received = 0
        self._is_chunked = False
        self._idle_since = self.loop.time()
        if len(self.connections) > self.limits.connections and not self._make_room():
            self._refuse(503, "Too many connections are open.")
        else:
            self._start_head_timer()

    def connection_lost(self, exc: Exception | None) -> None:
        """Stops the timers."""
        self._stop_head_timer()
        self._writes.end()
        self._set_user(None)
        super().connection_lost(exc)

    def get_buffer(self, sizehint: int) -> memoryview:
        """The buffer for the next bytes; its size limits one read."""
        if self._writes.lingering:
            return self.buffer  # discarded, not parsed
        if self._user is None:
            return self.buffer[:UNAUTHENTICATED_READ_BYTES]
        return self.buffer[:CHUNKED_READ_BYTES] if self._is_chunked else self.buffer

    def buffer_updated(self, nbytes: int) -> None:
        """Parses the bytes read, or discards them after the last reply."""
        if self._writes.lingering:
            self._writes.discard(nbytes)
        else:
            self.data_received(bytes(self.buffer[:nbytes]))

    def data_received(self, data: bytes) -> None:
        """Parses bytes; the timer runs while a request's headers are incomplete."""
        if self.transport.is_closing():
            return
        self._received += len(data)
        began = self.cycle
        super().data_received(data)
        if self.cycle is not began:
            self._stop_head_timer()
        elif self._between_requests() and self._head_timer is None:
            self._start_head_timer()

    def on_response_complete(self) -> None:
        """Marks the connection as idle until the next request."""
        self._set_user(None)
        self._idle_since = self.loop.time()
        super().on_response_complete()

    def pause_writing(self) -> None:
        """The client reads a reply slowly: starts the timer."""
        super().pause_writing()
        self._writes.start_timer()

    def resume_writing(self) -> None:
        """The client has read most of it: stops the timer."""
        super().resume_writing()
        if not self.transport.is_closing():
            self._writes.stop_timer()

    def _make_room(self) -> bool:
        """Closes the connection that has been idle longest; False if all are busy.

        Idle connections do not keep other clients out: a connection is busy from when its
        request is authenticated until the reply is sent.
        """
        waiting = [
            other
            for other in self.connections
            if isinstance(other, ServiceProtocol)
            and other is not self
            and not other._is_gone()
            and other._user is None
        ]
        if not waiting:
            return False
        # Refused connections are closed first, then those that never sent a request.
        oldest = min(
            waiting,
            key=lambda other: (
                not other._writes.lingering,
                other.cycle is not None,
                other._idle_since,
            ),
        )
        oldest._writes.close_now()
        return True

    def _is_gone(self) -> bool:
        return self.transport.is_closing() and not self._writes.lingering

    def _is_receiving(self) -> bool:
        """Whether the client may still send: the rest of a body, or bytes that are not HTTP."""
        return self.conn.their_state in (h11.SEND_BODY, h11.ERROR)

    def send_400_response(self, msg: str) -> None:
        """Replies to a malformed request with the error container."""
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
            # Bytes that arrived with the headers are not counted; they are few.
            self._received = 0
            self._is_chunked = any(name == b"transfer-encoding" for name, _ in scope["headers"])
            scope["state"] |= {
                "received": lambda: self._received,
                "hang_up": self._hang_up,
                "abort": self._abort,
                "set_user": self._set_user,
            }
            await app(scope, receive, send)

        return call

    def _set_user(self, user: str | None) -> int:
        """Sets whose authenticated request this is; None for a refused one, which may be closed.

        Returns:
            How many connections are busy with requests of that user.
        """
        if self._user is not None:
            self.busy[self._user] -= 1
            if not self.busy[self._user]:
                del self.busy[self._user]
        # The handler of a request may be slower than its client, who left.
        self._user = user if self in self.connections else None
        if self._user is None:
            return 0
        self.busy[self._user] += 1
        return self.busy[self._user]

    def _hang_up(self) -> None:
        """Closes after sending what is buffered."""
        self.cycle.disconnected = True
        self.transport.close()

    def _abort(self) -> None:
        """Closes at once; discards what the client has not read."""
        self.cycle.disconnected = True
        self.transport.abort()


class HiddenBytes(bytes):
    """A header's value that no repr shows: an error tracker prints the scope of a request."""

    def __repr__(self) -> str:
        return f"<{len(self)} bytes hidden>"


def service_protocol(limits: Limits, has_begun: Callable[[int], object]) -> type[ServiceProtocol]:
    """The protocol class for uvicorn, with these limits.

    Args:
        limits: of the service.
        has_begun: called with the file descriptor of each connection that begins.
    """
    limits = replace(limits, connections=_affordable(limits.connections))
    # One for all connections: they are read one after another, in the thread of the event loop.
    buffer = memoryview(bytearray(READ_BYTES))
    members = {
        "limits": limits,
        "buffer": buffer,
        "has_begun": staticmethod(has_begun),
        "busy": Counter[str](),
    }
    return type("LimitedProtocol", (ServiceProtocol,), members)


def _affordable(connections: int) -> int:
    """Connections that leave half of the process's file descriptors for everything else."""
    if resource is None:
        return connections
    descriptors, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if descriptors == resource.RLIM_INFINITY:
        return connections
    return max(1, min(connections, descriptors // 2))

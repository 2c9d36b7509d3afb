"""The writing side of a connection: one write per small reply, slow readers, and closing.

uvicorn writes the head and the body of a reply separately, never times out a client that does not
read, and closes a connection while its client is sending, which then gets a reset, not the reply.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import Any

# More buffered bytes than this are written without waiting for the next turn of the event loop.
JOIN_BYTES = 65_536
# Bytes of a large reply that a client has to read in each period.
MIN_READ_BYTES = 1 << 18
# How long, and how much, a client may continue to send after the last reply, so that it can read
# that reply (RFC 9112 section 9.6). These bytes are discarded.
LINGER_SECONDS = 1.0
LINGER_BYTES = 1 << 20


class JoinedWrites:
    """A transport that sends what is written in one turn of the event loop as one piece.

    Args:
        transport: of the connection.
        loop: the event loop.
        seconds: time a client has to read all that is buffered, or `MIN_READ_BYTES` of it.
        is_sending: whether the client may be in the middle of a request.

    Attributes:
        lingering: whether the last reply was sent and the rest of a request is being discarded.
    """

    def __init__(
        self,
        transport: asyncio.Transport,
        loop: asyncio.AbstractEventLoop,
        seconds: float,
        is_sending: Callable[[], bool],
    ):
        self._transport = transport
        self._loop = loop
        self._seconds = seconds
        self._pieces: list[bytes] = []
        self._size = 0
        self._timer: asyncio.TimerHandle | None = None
        self._unsent = 0
        self._is_sending = is_sending
        self.lingering = False
        self._linger_timer: asyncio.TimerHandle | None = None
        self._discarded = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)

    def write(self, data: bytes) -> None:
        """Sends in the next turn of the event loop, or now if much is buffered."""
        if not data or self.lingering:
            return
        if not self._pieces:
            self._loop.call_soon(self._flush)
        self._pieces.append(data)
        self._size += len(data)
        if self._size > JOIN_BYTES:
            self._flush()

    def is_closing(self) -> bool:
        """Whether no more requests are read."""
        return self.lingering or self._transport.is_closing()

    def close(self) -> None:
        """Sends what is buffered, then closes: a moment later if the client is still sending."""
        if self.is_closing() or not self._is_sending():
            self.close_now()
            return
        self._flush()
        with suppress(OSError):  # the client has left
            self._transport.write_eof()
        self._transport.resume_reading()
        self.lingering = True
        self._linger_timer = self._loop.call_later(LINGER_SECONDS, self.close_now)
        self.start_timer()

    def close_now(self) -> None:
        """Sends what is buffered, then closes."""
        self._flush()
        self.lingering = False
        self._transport.close()
        self.start_timer()

    def discard(self, count: int) -> None:
        """Counts bytes that arrived while lingering; closes if they are too many."""
        self._discarded += count
        if self._discarded > LINGER_BYTES:
            self.close_now()

    def end(self) -> None:
        """Stops the timers: the connection is closed."""
        self.stop_timer()
        if self._linger_timer is not None:
            self._linger_timer.cancel()
            self._linger_timer = None

    def start_timer(self) -> None:
        """Starts the client's timer if bytes are buffered for it; else stops it."""
        self._unsent = self._in_transport()
        if not self._unsent:
            self.stop_timer()
        elif self._timer is None:
            self._timer = self._loop.call_later(self._seconds, self._check_progress)

    def stop_timer(self) -> None:
        """Stops the client's timer."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _in_transport(self) -> int:
        """How many bytes asyncio holds for the client."""
        try:
            return self._transport.get_write_buffer_size()
        except AttributeError:
            # Python 3.10's transport for TLS, when the connection was lost and nobody told us yet.
            return 0

    def _check_progress(self) -> None:
        self._timer = None
        before = self._unsent
        if self._in_transport() > max(0, before - MIN_READ_BYTES):
            self._transport.abort()
        else:
            self.start_timer()

    def _flush(self) -> None:
        if self._pieces:
            data = self._pieces[0] if len(self._pieces) == 1 else b"".join(self._pieces)
            self._pieces, self._size = [], 0
            if not self.is_closing():
                self._transport.write(data)

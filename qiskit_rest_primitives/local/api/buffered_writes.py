"""The writing side of a connection: single-packet replies, their end, and clients that never read.

uvicorn writes the head and the body of a reply apart, waits for ever for what is not taken, and
closes a connection while its client is sending, which then meets a reset instead of the reply.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import Any

# What is written at once if nothing else comes to join it in the same turn of the event loop.
JOIN_BYTES = 65_536
# What a client has to take of a large reply in each period.
TAKEN_BYTES = 1 << 18
# How long, and how far, a client may go on sending after the last reply before it is cut off: time
# enough to read that reply (RFC 9112 section 9.6). Nothing of it is parsed or kept.
LINGER_SECONDS = 1.0
LINGER_BYTES = 1 << 20


class JoinedWrites:
    """A transport that sends what is written in one turn of the event loop as one piece.

    Args:
        transport: of the connection.
        loop: the event loop.
        seconds: time a client has to take all that waits for it, or `TAKEN_BYTES` of it.
        is_sending: whether the client may be in the middle of a request.

    Attributes:
        lingering: whether the last reply was sent and the rest of a request is thrown away.
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
        self._thrown_away = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)

    def write(self, data: bytes) -> None:
        """Sends soon, or now if much is waiting."""
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
        """Sends what is waiting, then closes: a moment later if the client is still sending."""
        if self.is_closing() or not self._is_sending():
            self.close_now()
            return
        self._flush()
        with suppress(OSError):  # the client has left
            self._transport.write_eof()
        self._transport.resume_reading()
        self.lingering = True
        self._linger_timer = self._loop.call_later(LINGER_SECONDS, self.close_now)
        self.watch()

    def close_now(self) -> None:
        """Sends what is waiting, and reads no more."""
        self._flush()
        self.lingering = False
        self._transport.close()
        self.watch()

    def throw_away(self, count: int) -> None:
        """Counts bytes that arrived while lingering; closes if they are too many."""
        self._thrown_away += count
        if self._thrown_away > LINGER_BYTES:
            self.close_now()

    def end(self) -> None:
        """Stops the clocks: the connection is gone."""
        self.ignore()
        if self._linger_timer is not None:
            self._linger_timer.cancel()
            self._linger_timer = None

    def watch(self) -> None:
        """Starts the clock for the client, if something waits for it; else stops it."""
        self._unsent = self._transport.get_write_buffer_size()
        if not self._unsent:
            self.ignore()
        elif self._timer is None:
            self._timer = self._loop.call_later(self._seconds, self._look)

    def ignore(self) -> None:
        """Stops the clock."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _look(self) -> None:
        self._timer = None
        before = self._unsent
        if self._transport.get_write_buffer_size() > max(0, before - TAKEN_BYTES):
            self._transport.abort()
        else:
            self.watch()

    def _flush(self) -> None:
        if self._pieces:
            data = self._pieces[0] if len(self._pieces) == 1 else b"".join(self._pieces)
            self._pieces, self._size = [], 0
            if not self.is_closing():
                self._transport.write(data)

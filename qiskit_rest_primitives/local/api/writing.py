"""The writing side of a connection: single-packet replies, and an end to clients that never read.

uvicorn writes the head and the body of a reply apart, and waits for ever for what is not taken.
"""

from __future__ import annotations

import asyncio
from typing import Any

# What is written at once if nothing else comes to join it in the same turn of the event loop.
JOIN_BYTES = 65_536
# What a client has to take of a large reply in each period.
TAKEN_BYTES = 1 << 18


class JoinedWrites:
    """A transport that sends what is written in one turn of the event loop as one piece.

    Args:
        transport: of the connection.
        loop: the event loop.
        seconds: time a client has to take all that waits for it, or `TAKEN_BYTES` of it.
    """

    def __init__(
        self, transport: asyncio.Transport, loop: asyncio.AbstractEventLoop, seconds: float
    ):
        self._transport = transport
        self._loop = loop
        self._seconds = seconds
        self._pieces: list[bytes] = []
        self._size = 0
        self._timer: asyncio.TimerHandle | None = None
        self._unsent = 0

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
        self.watch()

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
            if not self._transport.is_closing():
                self._transport.write(data)

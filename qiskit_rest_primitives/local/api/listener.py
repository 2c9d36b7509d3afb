"""The socket that accepts connections, and keeps few of them that have not begun.

With TLS, a protocol hears of its connection after the handshake, for which clients have a minute:
until then, no limit of connections counts it.
"""

from __future__ import annotations

import socket
from contextlib import suppress

MOST_WAITING = 100
"""Connections that are accepted and have not begun; with one more, the oldest is closed."""
ACCEPTED_AT_ONCE = 20
"""Then the event loop has a turn, in which it closes those; asyncio would accept thousands."""


class Listener(socket.socket):
    """Listens at an address. One thread accepts.

    Args:
        host: address.
        port: 0 for a free one.

    Raises:
        OSError: the address can't be used.
    """

    def __init__(self, host: str, port: int):
        super().__init__(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM)
        self._waiting: dict[int, socket.socket] = {}
        self._calls = 0
        try:
            self.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            self.bind((host, port))
            self.listen(1024)
        except OSError:
            self.close()
            raise

    def accept(self) -> tuple[socket.socket, object]:
        """Accepts a connection; closes the oldest of many that wait.

        Raises:
            BlockingIOError: none is there, or it is the turn of others.
        """
        self._calls += 1
        if self._calls % (ACCEPTED_AT_ONCE + 1) == 0:
            raise BlockingIOError
        accepted, address = super().accept()
        number = accepted.fileno()
        self._waiting.pop(number, None)  # that of a connection which has ended
        self._waiting[number] = accepted
        if len(self._waiting) > MOST_WAITING:
            oldest = self._waiting.pop(next(iter(self._waiting)))
            with suppress(OSError):  # it has ended
                oldest.shutdown(socket.SHUT_RDWR)
        return accepted, address

    def has_begun(self, number: int) -> None:
        """A connection with this file descriptor counts no more."""
        self._waiting.pop(number, None)

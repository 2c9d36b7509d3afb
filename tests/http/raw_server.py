"""A server that a test writes byte by byte, with or without TLS."""

from __future__ import annotations

import os
import socket
import ssl
import threading
from collections.abc import Callable
from dataclasses import dataclass, field


@dataclass
class Received:
    """One request as received, and ways to answer it."""

    line: str
    headers: dict[str, str]
    body: bytes
    connection: socket.socket
    beneath_tls: int = field(repr=False)

    def say(self, body: bytes, status: int = 200, **headers: object) -> None:
        """Sends a complete reply."""
        lines = [f"HTTP/1.1 {status} X", f"Content-Length: {len(body)}"]
        lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
        self.connection.sendall("\r\n".join([*lines, "", ""]).encode() + body)

    def spoil_tls(self) -> None:
        """Sends bytes that are no TLS record of this connection."""
        os.write(self.beneath_tls, b"\x17\x03\x03\x00\x20" + bytes(32))


class RawServer:
    """Listens on loopback and hands each request to a function.

    Args:
        answer: answers a request; an exception ends the connection.
        tls: the server's side of TLS, or None for plain HTTP.
    """

    def __init__(self, answer: Callable[[Received], None], tls: ssl.SSLContext | None = None):
        self._answer = answer
        self._tls = tls
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.lines: list[str] = []
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def port(self) -> int:
        """Where it listens."""
        return self._listener.getsockname()[1]

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        beneath = os.dup(connection.fileno())
        try:
            if self._tls is not None:
                connection = self._tls.wrap_socket(connection, server_side=True)
            with connection, connection.makefile("rb") as reader:
                while line := reader.readline().decode("latin-1").strip():
                    headers: dict[str, str] = {}
                    while header := reader.readline().decode("latin-1").strip():
                        name, _, value = header.partition(":")
                        headers[name.lower()] = value.strip()
                    body = reader.read(int(headers.get("content-length", 0)))
                    self.lines.append(line)
                    self._answer(Received(line, headers, body, connection, beneath))
        except OSError:
            pass  # the client hung up, or the test did
        finally:
            os.close(beneath)

    def __enter__(self) -> RawServer:
        return self

    def __exit__(self, *_: object) -> None:
        self._listener.close()

"""Bytes on a socket, for requests that no HTTP library would send."""

from __future__ import annotations

import socket
from typing import Any

import msgspec

from qiskit_rest_primitives.local import LocalService


def connect(service: LocalService) -> socket.socket:
    """A connection for bytes that no HTTP library would send."""
    port = int(service.base_url.rpartition(":")[2])
    return socket.create_connection(("127.0.0.1", port), timeout=20)


def read_all(connection: socket.socket) -> bytes:
    """Reads until the service closes the connection."""
    pieces: list[bytes] = []
    while piece := connection.recv(65_536):
        pieces.append(piece)
    return b"".join(pieces)


def error_in(reply: bytes) -> Any:
    """Status and error of a raw reply."""
    head, _, body = reply.partition(b"\r\n\r\n")
    return int(head.split()[1]), msgspec.json.decode(body)["errors"][0]


def talk(service: LocalService, *lines: str | bytes, body: bytes = b"") -> bytes:
    """Sends a request line, headers and a body unchanged; returns the reply.

    The last header asks the service to close the connection.
    """
    head = [line.encode("latin-1") if isinstance(line, str) else line for line in lines]
    with connect(service) as connection:
        connection.sendall(b"\r\n".join([*head, b"Connection: close", b"", b""]) + body)
        return read_all(connection)

"""A reply with a large body, streamed from its file."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from qiskit_rest_primitives.local.api.middleware import ClientGoneError

if TYPE_CHECKING:
    from qiskit_rest_primitives.local.job_states import Core

PIECE = 1 << 18


class FileReply(Response):
    """Sends a file of JSON.

    The file is opened now: it may be deleted before it is sent. Results are not compressed:
    in Qiskit's encoding they already are, and compressing costs more time than loopback saves.

    Args:
        core: for its threads and limits.
        path: the file.
        delete: whether to delete the file after this reply, even an incomplete one.
    """

    def __init__(self, core: Core, path: Path, *, delete: bool = False):
        self._core = core
        self._path = path
        self._delete = delete
        self._file = path.open("rb")
        self._size = path.stat().st_size
        super().__init__(None, media_type="application/json")
        self.headers["content-length"] = str(self._size)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Sends it."""
        try:
            with self._file:
                await self._send(scope, send)
        finally:
            if self._delete:
                self._path.unlink(missing_ok=True)

    async def _send(self, scope: Scope, send: Send) -> None:
        await send(
            {
                "type": "http.response.start",
                "status": self.status_code,
                "headers": self.raw_headers,
            }
        )
        if scope["method"] == "HEAD":
            await send({"type": "http.response.body", "body": b"", "more_body": False})
            return
        left = self._size
        while left > 0:
            piece = await self._core.in_thread(self._file.read, min(PIECE, left))
            if not piece:
                raise ClientGoneError  # the file is truncated: closing tells the client
            left -= len(piece)
            message = {"type": "http.response.body", "body": piece, "more_body": left > 0}
            try:
                await asyncio.wait_for(send(message), self._core.limits.write_seconds)
            except asyncio.TimeoutError:
                scope["state"]["abort"]()
                raise ClientGoneError from None

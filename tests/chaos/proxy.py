"""An HTTP proxy that injects faults into a fraction of the calls, chosen by a seed."""

from __future__ import annotations

import http.client
import random
import threading
import time
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

KINDS = (
    "drop before",
    "drop after",
    "delay",
    "429",
    "429 with a hint",
    "5xx before",
    "5xx after",
    "truncated",
    "corrupt",
)
HOP_HEADERS = ("connection", "transfer-encoding", "content-length", "keep-alive", "date", "server")


class FaultProxy(ThreadingHTTPServer):
    """Forwards all calls to one service, and makes a fraction of them fail.

    Args:
        port: the service's port on 127.0.0.1.
        rate: fraction of the calls with a fault, 0 to 1.
        seed: chooses the calls and their faults.
        kinds: possible faults; besides `KINDS` there is "silence".
        listen_on: port to listen on; 0 for a free one.
    """

    daemon_threads = True

    def __init__(
        self,
        port: int,
        rate: float,
        seed: int,
        kinds: tuple[str, ...] = KINDS,
        listen_on: int = 0,
    ):
        super().__init__(("127.0.0.1", listen_on), _Handler)
        self.service_port = port
        self.rate = rate
        self.kinds = kinds
        self.spoilt: Counter[str] = Counter()
        self.calls = 0
        self.identity_down = False
        self._chance = random.Random(seed)
        self.lock = threading.Lock()
        self.over = threading.Event()
        threading.Thread(target=self.serve_forever, args=(0.05,), daemon=True).start()

    @property
    def base_url(self) -> str:
        """The service's URL for clients."""
        return f"http://127.0.0.1:{self.server_address[1]}"

    def draw(self) -> tuple[str, random.Random]:
        """The fault of the next call, and a random generator for its details."""
        with self.lock:
            self.calls += 1
            kind = ""
            if self._chance.random() < self.rate:
                kind = self._chance.choice(self.kinds)
                self.spoilt[kind] += 1
            return kind, random.Random(self._chance.random())

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Ignored: broken connections are intended."""

    def close(self) -> None:
        """Stops listening."""
        self.over.set()
        self.shutdown()
        self.server_close()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: FaultProxy

    def log_message(self, *_: object) -> None:
        """Logs nothing."""

    def _forward(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        kind, chance = self.server.draw()
        if kind == "drop before" or self.server.over.is_set():
            self.close_connection = True
            return
        if self.server.identity_down and "/identity/" in self.path:
            with self.server.lock:
                self.server.spoilt["identity down"] += 1
            self._answer(503, b"<html>unavailable</html>", {})
            return
        if kind == "silence":
            self.server.over.wait()
            self.close_connection = True
            return
        if kind == "delay":
            time.sleep(chance.uniform(0.02, 0.3))
        if kind.startswith("429"):
            hint = {"Retry-After": "0.1"} if "hint" in kind else {}
            self._answer(429, b'{"errors":[{"code":1202,"message":"Too many requests"}]}', hint)
            return
        if kind == "5xx before":
            self._answer(chance.choice((500, 502, 503, 504, 520)), b"<html>gateway</html>", {})
            return
        try:
            status, headers, reply = self._ask(body)
        except OSError:
            # The service is down: the reply of a gateway.
            self._answer(502, b"<html>bad gateway</html>", {})
            return
        if kind == "drop after":
            self.close_connection = True
        elif kind == "5xx after":
            self._answer(chance.choice((500, 502, 504)), b"<html>gateway</html>", {})
        elif kind == "truncated":
            self._answer(status, reply, headers, cut=len(reply) // 2)
        elif kind == "corrupt" and reply:
            spoilt = bytearray(reply)
            for _ in range(3):
                spoilt[chance.randrange(len(spoilt))] ^= chance.randrange(1, 256)
            self._answer(status, bytes(spoilt), headers)
        else:
            self._answer(status, reply, headers)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _forward  # noqa: N815 - http.server's names

    def _ask(self, body: bytes) -> tuple[int, dict[str, str], bytes]:
        connection = http.client.HTTPConnection("127.0.0.1", self.server.service_port, timeout=60)
        try:
            headers = {k: v for k, v in self.headers.items() if k.lower() not in HOP_HEADERS}
            headers["Accept-Encoding"] = "identity"
            connection.request(self.command, self.path, body or None, headers)
            reply = connection.getresponse()
            kept = {k: v for k, v in reply.getheaders() if k.lower() not in HOP_HEADERS}
            return reply.status, kept, reply.read()
        except http.client.HTTPException as error:
            raise OSError(str(error)) from None
        finally:
            connection.close()

    def _answer(
        self, status: int, body: bytes, headers: dict[str, str], cut: int | None = None
    ) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        if status not in (204, 304):
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body if cut is None else body[:cut])
        if cut is not None:
            self.close_connection = True

"""``verify=False``: one warning per service, with any filters, and none by urllib3."""

from __future__ import annotations

import http.server
import json
import ssl
import threading
import warnings
from collections.abc import Iterator

import pytest
import trustme

from qiskit_rest_primitives import QiskitRuntimeService
from tests.tokens import secret


class Answer(http.server.BaseHTTPRequestHandler):
    """The identity service and an API without backends."""

    def answer(self) -> None:
        """Sends the same JSON to each call, then closes, so that each call needs a connection."""
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        body = json.dumps({"access_token": secret("bearer"), "expires_in": 3600, "devices": []})
        self.send_response(200)
        self.end_headers()
        self.wfile.write(body.encode())

    do_GET = do_POST = answer  # noqa: N815 - the standard library's names

    def log_message(self, *args: object) -> None:
        """Nothing on stderr."""


@pytest.fixture
def unverifiable() -> Iterator[str]:
    """A TLS server with an untrusted certificate."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trustme.CA().issue_cert("127.0.0.1").configure_cert(context)
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answer)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"https://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.parametrize("api_key", [False, True])
def test_one_warning_per_service(
    unverifiable: str, monkeypatch: pytest.MonkeyPatch, api_key: bool
) -> None:
    """Also with an API key, which is exchanged over a second transport."""
    if api_key:
        monkeypatch.setenv("IAM_URL", unverifiable)
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        for number in (1, 2):
            service = QiskitRuntimeService(
                url=f"{unverifiable}/v1", token=secret("ready"), verify=False
            )
            assert service.backends() == service.backends() == []
            assert len(seen) == number
            service.client._transport.close()
    assert {str(warning.message)[:12] for warning in seen} == {"verify=False"}
    assert {warning.filename for warning in seen} == {__file__}

"""Below requests: failing TLS, slow headers, and urllib3's own retries."""

from __future__ import annotations

import contextlib
import json
import socket
import ssl
import threading
import time
from pathlib import Path

import pytest
import trustme

from qiskit_rest_primitives import QiskitRuntimeService, SamplerV2, Settings, TransportError
from qiskit_rest_primitives.http import adapter
from tests.http.clients import DEVICES, measured
from tests.http.raw_server import RawServer, Received
from tests.tokens import secret


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    """Signs the server's certificate."""
    return trustme.CA()


@pytest.fixture
def bundle(authority: trustme.CA, tmp_path: Path) -> str:
    """The authority's certificate as a file."""
    path = tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(path)
    return str(path)


@pytest.fixture
def tls(authority: trustme.CA) -> ssl.SSLContext:
    """The server's side."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(context)
    return context


def service_at(url: str, folder: Path, **more) -> QiskitRuntimeService:
    """A client with short pauses."""
    settings = Settings(state_folder=folder, first_pause_seconds=0.01, lookup_seconds=5)
    return QiskitRuntimeService(url=url, token=secret("ready"), settings=settings, **more)


def test_a_post_is_not_repeated_after_a_tls_error(
    tls: ssl.SSLContext, bundle: str, tmp_path: Path
) -> None:
    """The service has created the job when TLS breaks: one POST, and the job is adopted."""
    made: list[dict] = []

    def answer(request: Received) -> None:
        if request.line.startswith("POST"):
            made.append(json.loads(request.body))
            request.spoil_tls()
            raise ConnectionResetError
        jobs = [{"id": f"job{number}", "tags": job["tags"]} for number, job in enumerate(made)]
        reply = DEVICES if "/backends" in request.line else {"jobs": jobs, "count": len(jobs)}
        request.say(json.dumps(reply).encode())

    with RawServer(answer, tls) as server:
        service = service_at(f"https://localhost:{server.port}/v1", tmp_path, verify=bundle)
        job = SamplerV2(service.backend("sim")).run([measured()])
        assert job.job_id() == "job0"
        assert sum(line.startswith("POST") for line in server.lines) == 1


def test_an_untrusted_certificate(tls: ssl.SSLContext, tmp_path: Path) -> None:
    """Nothing was sent, not even the token."""
    with RawServer(lambda request: request.say(b"{}"), tls) as server:
        service = service_at(f"https://localhost:{server.port}/v1", tmp_path)
        with pytest.raises(TransportError, match="CERTIFICATE_VERIFY_FAILED") as problem:
            service.client.create_job(b"{}")
        assert not problem.value.may_have_acted
        assert server.lines == []


def test_https_to_a_server_without_tls(tmp_path: Path) -> None:
    """A wrong scheme in the url is an error before anything is sent."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def answer() -> None:
            with contextlib.suppress(OSError):
                while True:
                    connection, _ = listener.accept()
                    with connection:
                        connection.recv(4096)
                        connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")

        threading.Thread(target=answer, daemon=True).start()
        service = service_at(f"https://localhost:{listener.getsockname()[1]}/v1", tmp_path)
        with pytest.raises(TransportError, match="no connection was made, TLS") as problem:
            service.client.create_job(b"{}")
        assert not problem.value.may_have_acted


def test_slow_headers_time_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Headers that arrive byte by byte never reach the socket's own timeout."""
    monkeypatch.setattr(adapter, "HEADER_SECONDS", 0.3)

    dripped_all = threading.Event()

    def drip(request: Received) -> None:
        for byte in b"HTTP/1.1 200 OK\r\nX-Slow: " + b"z" * 2000:
            request.connection.sendall(bytes([byte]))
            time.sleep(0.02)
        dripped_all.set()

    with RawServer(drip) as server:
        service = service_at(f"http://127.0.0.1:{server.port}/v1", tmp_path)
        with pytest.raises(TransportError, match="silent") as problem:
            service.client.create_job(b"{}")
        assert not dripped_all.is_set()
        assert problem.value.may_have_acted


def test_a_slow_body_after_fast_headers_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The timeout of the headers does not limit the body."""
    monkeypatch.setattr(adapter, "HEADER_SECONDS", 0.1)

    def slow(request: Received) -> None:
        time.sleep(0.3)
        body = b'{"id": "one"}'
        request.connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body))
        for byte in body:
            time.sleep(0.03)
            request.connection.sendall(bytes([byte]))

    with RawServer(slow) as server:
        service = service_at(f"http://127.0.0.1:{server.port}/v1", tmp_path)
        assert service.client.create_job(b"{}")["id"] == "one"


def test_a_call_without_retry_is_one_request(tmp_path: Path) -> None:
    """With retry=False there is one attempt; other reads are retried."""
    with RawServer(lambda request: request.say(b"", status=502)) as server:
        service = service_at(f"http://127.0.0.1:{server.port}/v1", tmp_path)
        with pytest.raises(Exception, match="502"):
            service.client.jobs(retry=False)
        assert len(server.lines) == 1

    def in_the_end(request: Received) -> None:
        request.say(b'{"devices": []}', status=200 if len(server.lines) > 2 else 502)

    with RawServer(in_the_end) as server:
        service = service_at(f"http://127.0.0.1:{server.port}/v1", tmp_path)
        assert service.backends() == []
        assert len(server.lines) == 3

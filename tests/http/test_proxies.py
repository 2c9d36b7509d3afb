"""Proxies: if an established connection breaks, the outcome is unknown."""

from __future__ import annotations

import contextlib
import json
import socket
import ssl
import threading
from pathlib import Path

import pytest
import trustme

from qiskit_rest_primitives import QiskitRuntimeService, SamplerV2, Settings, TransportError
from tests.http.clients import DEVICES, measured
from tests.http.raw_server import RawServer, Received
from tests.tokens import secret


class Jobs:
    """A service that creates a job at the POST and then breaks the connection."""

    def __init__(self) -> None:
        self.made: list[dict] = []

    def answer(self, request: Received) -> None:
        """Lists the created jobs; a POST gets no reply."""
        if request.line.startswith("POST"):
            self.made.append(json.loads(request.body))
            raise ConnectionResetError
        jobs = [{"id": f"job{n}", "tags": job["tags"]} for n, job in enumerate(self.made)]
        reply = DEVICES if "/backends" in request.line else {"jobs": jobs, "count": len(jobs)}
        request.say(json.dumps(reply).encode())


def tunnel(request: Received) -> None:
    """Forwards bytes in both directions, as a proxy does after CONNECT."""
    host, _, port = request.line.split()[1].rpartition(":")
    with socket.create_connection((host, int(port))) as onward:
        request.connection.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")

        def pump(source: socket.socket, sink: socket.socket) -> None:
            with contextlib.suppress(OSError):
                while piece := source.recv(65_536):
                    sink.sendall(piece)
            for end in (source, sink):
                with contextlib.suppress(OSError):
                    end.shutdown(socket.SHUT_RDWR)

        back = threading.Thread(target=pump, args=(onward, request.connection), daemon=True)
        back.start()
        pump(request.connection, onward)
        back.join()
    raise ConnectionResetError


def submit_through(proxy: RawServer, url: str, folder: Path, **more: object) -> str:
    """The id of a job that is submitted through a proxy."""
    service = QiskitRuntimeService(
        url=url,
        token=secret("ready"),
        proxies=dict.fromkeys(("http", "https"), f"http://127.0.0.1:{proxy.port}"),
        settings=Settings(state_folder=folder, first_pause_seconds=0.01, lookup_seconds=5),
        **more,
    )
    return SamplerV2(service.backend("sim")).run([measured()]).job_id()


def test_a_job_lost_by_a_plain_proxy_is_adopted(tmp_path: Path) -> None:
    """There is one POST, and the job that it created is adopted."""
    jobs = Jobs()
    with RawServer(jobs.answer) as proxy:
        assert submit_through(proxy, "http://service.example/v1", tmp_path) == "job0"
    assert len(jobs.made) == 1


def test_a_job_lost_by_a_tunnel_is_adopted(tmp_path: Path) -> None:
    """The same with TLS through CONNECT."""
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(context)
    bundle = tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(bundle)
    jobs = Jobs()
    with RawServer(jobs.answer, context) as server, RawServer(tunnel) as proxy:
        url = f"https://localhost:{server.port}/v1"
        assert submit_through(proxy, url, tmp_path, verify=str(bundle)) == "job0"
    assert len(jobs.made) == 1
    assert all(line.startswith("CONNECT") for line in proxy.lines)


@pytest.mark.parametrize("reply", [b"HTTP/1.1 502 No\r\n\r\n", b"<html>no</html>\r\n", b""])
def test_a_proxy_that_refuses_to_connect(tmp_path: Path, reply: bytes) -> None:
    """Nothing was sent to the service: a ConnectError, so no job can exist."""

    def refuse(request: Received) -> None:
        request.connection.sendall(reply)
        raise ConnectionResetError

    with RawServer(refuse) as proxy:
        service = QiskitRuntimeService(
            url="https://localhost:9/v1",
            token=secret("ready"),
            proxies={"https": f"http://127.0.0.1:{proxy.port}"},
            settings=Settings(state_folder=tmp_path, first_pause_seconds=0.01),
        )
        with pytest.raises(TransportError, match="proxy") as problem:
            service.client.create_job(b"{}")
        assert not problem.value.may_have_acted

"""Many connections, and slow ones: idle clients do not block others."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress

import pytest
import requests

from qiskit_rest_primitives.local import Caps, Limits, LocalService, User
from qiskit_rest_primitives.local.api.connection import service_protocol
from tests.local.api.raw import connect, error_in, read_all
from tests.local.conftest import ALICE, BOB, Api
from tests.until import until

HOST = b"Host: localhost\r\n"
KEY = f"Authorization: Bearer {ALICE.token}\r\n".encode()
FEW = Limits(connections=8, write_seconds=1.0, header_seconds=30, body_seconds=30)


@pytest.fixture(scope="module")
def few() -> Iterator[LocalService]:
    """A service for eight connections, with long timeouts except for clients that don't read."""
    with LocalService(users=[ALICE, BOB], limits=FEW) as service:
        yield service


def held(service: LocalService, stack: ExitStack, start: bytes, count: int) -> list[socket.socket]:
    """Opens connections that send only these bytes."""
    connections: list[socket.socket] = []
    for _ in range(count):
        connection = stack.enter_context(connect(service))
        with suppress(ConnectionError):  # it may already have been closed for another one
            connection.sendall(start)
        connections.append(connection)
    return connections


def count(service: LocalService) -> int:
    """The number of connections that the service has open."""
    assert service._server is not None
    return len(service._server.server_state.connections)


def busy(service: LocalService) -> int:
    """The number of connections with an authenticated request, which are not closed for others."""
    assert service._server is not None
    connections = list(service._server.server_state.connections)
    return sum(getattr(connection, "_user", None) is not None for connection in connections)


def test_busy_connections_are_limited(few: LocalService) -> None:
    """One more than the limit is 503; after others close, a new one is served."""
    with ExitStack() as stack:
        start = b"POST /v1/jobs HTTP/1.1\r\n" + HOST + KEY + b"Content-Length: 100\r\n\r\n{"
        held(few, stack, start, FEW.connections)
        until(lambda: busy(few) == FEW.connections)
        with connect(few) as connection:
            status, _ = error_in(read_all(connection))
        assert status == 503
        assert count(few) == FEW.connections
    until(lambda: count(few) == 0)
    assert requests.get(f"{few.base_url}/health", timeout=20).status_code == 200


def test_connections_of_a_user_are_limited() -> None:
    """Slow bodies of one user are refused beyond the limit; others are answered."""
    alice = User(ALICE.name, ALICE.token, caps=Caps(connections=3))
    start = b"POST /v1/jobs HTTP/1.1\r\n" + HOST + KEY + b"Content-Length: 100\r\n\r\n{"
    with LocalService(users=[alice, BOB]) as service:
        of_alice, of_bob = Api(service, alice), Api(service, BOB)
        with of_alice.session, of_bob.session:
            with ExitStack() as slow:
                held(service, slow, start, 3)
                until(lambda: of_alice.get("/jobs").status_code == 429)
                reply = of_alice.get("/jobs")
                assert reply.headers["Retry-After"] == "1"
                assert "the limit is 3" in reply.json()["errors"][0]["message"]
                assert of_bob.get("/jobs").status_code == 200
            until(lambda: of_alice.get("/jobs").status_code == 200)


STARTS = {
    "nothing": b"",
    "half a head": b"GET /health HTTP/1.1\r\nHo",
    "idle after a request": b"GET /health HTTP/1.1\r\n" + HOST + b"\r\n",
    "a body without a token": b"POST /v1/jobs HTTP/1.1\r\n" + HOST + b"Content-Length: 9\r\n\r\n{",
    "half a key": b"POST /identity/token HTTP/1.1\r\n" + HOST + b"Content-Length: 9\r\n\r\na",
}


@pytest.mark.parametrize("start", STARTS.values(), ids=STARTS)
def test_idle_connections_are_closed_for_new_ones(few: LocalService, start: bytes) -> None:
    """With any number of idle connections a call is answered, and the limit holds."""
    with ExitStack() as stack:
        held(few, stack, start, 3 * FEW.connections)
        for _ in range(3):
            assert requests.get(f"{few.base_url}/health", timeout=20).status_code == 200
            assert count(few) <= FEW.connections + 1
    until(lambda: count(few) == 0)


@contextmanager
def slow_event_loop(service: LocalService) -> Iterator[None]:
    """Each turn of the service's event loop takes 5 ms, so that races become likely."""
    assert service._server is not None
    loop = service._server.servers[0].get_loop()
    going = True

    def pause() -> None:
        if going:
            time.sleep(0.005)
            loop.call_soon(pause)

    loop.call_soon_threadsafe(pause)
    try:
        yield
    finally:
        going = False


@pytest.mark.parametrize("start", STARTS.values(), ids=STARTS)
def test_idle_connections_are_closed_at_any_stage(few: LocalService, start: bytes) -> None:
    """While they are accepted, read, or at the start of a request."""
    with slow_event_loop(few):
        for step in range(30):
            with ExitStack() as stack:
                held(few, stack, start, 3 * FEW.connections)
                time.sleep(0.001 * step)
                assert requests.get(f"{few.base_url}/health", timeout=20).status_code == 200
    until(lambda: count(few) == 0)


def test_the_longest_idle_connection_is_closed_first(few: LocalService) -> None:
    """Connections that never made a request are closed before others."""
    with ExitStack() as stack:
        (served,) = held(few, stack, STARTS["idle after a request"], 1)
        assert served.recv(65_536).startswith(b"HTTP/1.1 200")
        first, *others = held(few, stack, b"", FEW.connections - 1)
        until(lambda: count(few) == FEW.connections)
        held(few, stack, b"", 1)
        assert first.recv(100) == b""
        for connection in (served, *others):
            connection.sendall(STARTS["idle after a request"])
            assert connection.recv(65_536).startswith(b"HTTP/1.1 200")


def test_six_hundred_idle_connections_block_no_request(local: LocalService) -> None:
    """At the default limit, which bounds the service's file descriptors too."""
    with ExitStack() as stack:
        held(local, stack, b"", 600)
        assert requests.get(f"{local.url}/versions", timeout=20).status_code == 200
        assert count(local) <= Limits().connections + 1


def test_file_descriptors_are_reserved_for_other_uses(monkeypatch: pytest.MonkeyPatch) -> None:
    """If the system allows few descriptors, there are fewer connections."""
    resource = pytest.importorskip("resource")
    for given, got in ((256, 128), (100_000, 500), (resource.RLIM_INFINITY, 500)):
        monkeypatch.setattr(resource, "getrlimit", lambda _, given=given: (given, given))
        assert service_protocol(Limits(), print).limits.connections == got
    monkeypatch.setattr("qiskit_rest_primitives.local.api.connection.resource", None)
    assert service_protocol(Limits(), print).limits.connections == 500


@pytest.fixture(scope="module")
def large(few: LocalService) -> bytes:
    """A request whose reply is larger than the buffers of sockets."""
    api = Api(few, ALICE)
    text = "OPENQASM 3; //" + "x" * 20_000_000
    reply = api.post_job(params={"pubs": [[text, None, 1]]})
    assert reply.status_code == 200, reply.text
    job_id = reply.json()["id"]
    api.wait(job_id)
    api.session.close()
    return f"GET /v1/jobs/{job_id} HTTP/1.1\r\n".encode() + HOST + KEY


@pytest.mark.slow
@pytest.mark.parametrize("last", [b"\r\n", b"Connection: close\r\n\r\n"])
def test_a_client_that_never_reads_a_large_reply_is_disconnected(
    few: LocalService, large: bytes, last: bytes
) -> None:
    """The buffered reply is freed, with keep-alive and without."""
    with ExitStack() as stack:
        held(few, stack, large + last, 4)
        until(lambda: count(few) == 4)
        until(lambda: count(few) == 0)


def test_a_slow_reader_gets_the_whole_reply(few: LocalService, large: bytes) -> None:
    """The timeout applies only to clients that read nothing."""
    with connect(few) as connection:
        connection.sendall(large + b"Connection: close\r\n\r\n")
        began, size = time.monotonic(), 0
        while piece := connection.recv(1 << 20):
            size += len(piece)
            time.sleep(0.1)
    assert size > 20_000_000
    assert time.monotonic() - began > FEW.write_seconds


@pytest.mark.slow
def test_pipelined_requests_are_not_read_while_replies_are_unread(few: LocalService) -> None:
    """A client that sends requests and never reads is no longer read from, then disconnected."""
    request = b"GET /v1/versions HTTP/1.1\r\n" + HOST + b"\r\n"
    with connect(few) as connection:
        connection.settimeout(5)
        sent = 0
        with suppress(OSError):  # a timeout or a reset, whichever is first
            while sent < 2_000_000:
                connection.sendall(request * 1000)
                sent += 1000
        assert sent < 2_000_000
        until(lambda: count(few) == 0)


def test_pipelined_requests_are_answered_in_order(few: LocalService) -> None:
    """Each request gets one reply."""
    paths = [f"/v1/none-{number}" for number in range(50)]
    requests_ = b"".join(f"GET {path} HTTP/1.1\r\n".encode() + HOST + b"\r\n" for path in paths)
    with connect(few) as connection:
        connection.sendall(requests_ + b"GET /health HTTP/1.0\r\n" + HOST + b"\r\n")
        reply = read_all(connection)
    assert reply.count(b"HTTP/1.1 404") == 50
    assert reply.count(b"HTTP/1.1 200") == 1

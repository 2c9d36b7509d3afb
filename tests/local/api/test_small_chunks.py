"""Bodies in tiny chunks: they are refused, and no other client waits."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack

import pytest
import requests

from qiskit_rest_primitives.local import Limits, LocalService
from tests.local.api.raw import connect, error_in, read_all
from tests.local.conftest import ALICE, Api

HEAD = b"POST /v1/jobs HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n"
KEY = f"Authorization: Bearer {ALICE.token}\r\n".encode()
# Thousands at a time: all chunks of one read are parsed before other connections are served.
TINY_CHUNKS = b"1\r\nx\r\n" * 10_000
EXTENSIONS = (b"1;" + b"e" * 1000 + b"\r\nx\r\n") * 60
MOST_BYTES = 60_000_000


@pytest.fixture(scope="module")
def service() -> Iterator[LocalService]:
    """A separate service, whose processor time is measured."""
    with LocalService(users=[ALICE]) as service:
        yield service


def loop_seconds(service: LocalService) -> float:
    """Processor time of the event loop's thread so far."""
    assert service._thread is not None
    assert service._thread.ident is not None
    return time.clock_gettime(time.pthread_getcpuclockid(service._thread.ident))


def sent_until_closed(service: LocalService, start: bytes, piece: bytes) -> int:
    """Sends pieces until the service closes the connection; returns the number of bytes."""
    sent = 0
    with connect(service) as connection:
        connection.sendall(start)
        try:
            while sent < MOST_BYTES:
                sent += connection.send(piece)
        except ConnectionError:
            pass
    return sent


@pytest.mark.skipif(not hasattr(time, "pthread_getcpuclockid"), reason="not on this system")
@pytest.mark.parametrize("piece", [TINY_CHUNKS, EXTENSIONS], ids=["tiny chunks", "extensions"])
@pytest.mark.parametrize("key", [b"", KEY], ids=["without a token", "with a token"])
def test_a_body_in_tiny_chunks_is_cut_off(service: LocalService, key: bytes, piece: bytes) -> None:
    """Of the event loop's time it takes 3 ms without a token, 30 ms with one; not a second."""
    taken: list[float] = []
    for _ in range(3):
        before = loop_seconds(service)
        assert sent_until_closed(service, HEAD + key + b"\r\n", piece) < MOST_BYTES
        taken.append(loop_seconds(service) - before)
    assert min(taken) < (0.2 if key else 0.05)


@pytest.mark.parametrize(
    ("key", "status", "code"), [(b"", 401, 1201), (KEY, 400, 9400)], ids=["without", "with"]
)
def test_a_body_in_tiny_chunks_gets_a_reply(
    service: LocalService, key: bytes, status: int, code: int
) -> None:
    """The reply is sent, then the connection is closed, even if more is sent."""
    with connect(service) as connection:
        connection.sendall(HEAD + key + b"\r\n" + TINY_CHUNKS * 2)
        reply = read_all(connection)
    assert b"connection: close" in reply.lower()
    got, error = error_in(reply)
    assert (got, error["code"]) == (status, code)


def test_other_clients_are_answered_meanwhile(service: LocalService) -> None:
    """Six clients send tiny chunks, and reconnect when they are disconnected."""
    over = threading.Event()

    def attack() -> None:
        while not over.is_set():
            sent_until_closed(service, HEAD + b"\r\n", TINY_CHUNKS)

    threads = [threading.Thread(target=attack) for _ in range(6)]
    for thread in threads:
        thread.start()
    try:
        api = Api(service, ALICE)
        for _ in range(20):
            assert api.get("/versions").status_code == 200
        job_id = api.run()
        assert api.get(f"/jobs/{job_id}/results").status_code == 200
        api.session.close()
    finally:
        over.set()
        for thread in threads:
            thread.join()


def test_ordinary_chunks_are_read(service: LocalService) -> None:
    """Chunks of a hundred bytes are accepted."""
    api = Api(service, ALICE)
    body = b'{"program_id": "nothing"' + b" " * 1_000_000 + b"}"
    chunks = [body[start : start + 100] for start in range(0, len(body), 100)]
    reply = api.call("POST", "/jobs", data=iter(chunks))
    assert reply.status_code == 400
    assert "program_id" in reply.json()["errors"][0]["message"]
    api.session.close()


def test_a_refused_client_can_read_the_reply_after_its_body(service: LocalService) -> None:
    """A large body without a token: the client gets the 401, not a reset connection."""
    for _ in range(5):
        reply = requests.post(f"{service.url}/jobs", data=b" " * 20_000_000, timeout=30)
        assert reply.status_code == 401
        assert reply.headers["Connection"] == "close"


def test_a_body_without_a_token_is_not_read(service: LocalService) -> None:
    """The reply is sent although the body never arrives, and the connection is closed."""
    with connect(service) as connection:
        connection.sendall(
            b"POST /v1/jobs HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000000\r\n\r\n"
        )
        status, _ = error_in(read_all(connection))
    assert status == 401


def test_refused_connections_are_closed_for_new_ones() -> None:
    """They stay open until clients have read the reply, except at the limit of connections."""
    few = Limits(connections=4)
    with LocalService(users=[ALICE], limits=few) as service, ExitStack() as stack:
        for _ in range(3 * few.connections):
            connection = stack.enter_context(connect(service))
            connection.sendall(HEAD + b"\r\n1\r\nx\r\n")
        api = Api(service, ALICE)
        assert api.get("/versions").status_code == 200
        api.session.close()


def test_stopping_does_not_wait_for_refused_clients() -> None:
    """No connection is open when the service has stopped."""
    with LocalService(users=[ALICE]) as service:
        connection = connect(service)
        connection.sendall(HEAD + b"\r\n1\r\nx\r\n")
        assert connection.recv(1000)
    with connection:
        assert connection.recv(1000) == b""

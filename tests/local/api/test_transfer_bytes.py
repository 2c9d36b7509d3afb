"""Large bodies of one user: how many are in memory at once, and what the next one is told."""

from __future__ import annotations

import select
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from qiskit_rest_primitives.local import Caps, LocalService, User
from tests.local.api.raw import connect, error_in, read_all
from tests.local.api.test_connection import held
from tests.local.conftest import ALICE, BELL, BOB, Api
from tests.until import until

HEAD = "POST /v1/jobs HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\n"
TEXT = BELL + "//" + "x" * 2_000_000


def start(user: User, size: int | None = None) -> bytes:
    """The beginning of a body of so many bytes, or of a chunked one."""
    framing = f"Content-Length: {size}" if size else "Transfer-Encoding: chunked"
    return f"{HEAD.format(token=user.token)}{framing}\r\n\r\n".encode()


def held_by(service: LocalService, user: User) -> int:
    """The bytes that the service counts for a user."""
    return service._core.held_bytes._of_user[user.name]


@pytest.fixture(scope="module")
def service() -> Iterator[LocalService]:
    """Alice may have 5 MB in transfer, Bob as much as everybody."""
    alice = User(ALICE.name, ALICE.token, caps=Caps(transfer_bytes=5_000_000))
    with LocalService(users=[alice, BOB]) as service:
        yield service


def test_a_users_bodies_in_transfer_are_limited(service: LocalService) -> None:
    """One more is refused before it is sent, in words; others' are taken; later, hers are too."""
    of_alice, of_bob = Api(service, ALICE), Api(service, BOB)
    with of_alice.session, of_bob.session:
        with ExitStack() as slow:
            held(service, slow, start(ALICE, 2_000_000) + b"{", 2)
            until(lambda: held_by(service, ALICE) == 4_000_000)
            with connect(service) as connection:
                connection.sendall(start(ALICE, 2_000_000))
                reply = read_all(connection)
            status, error = error_in(reply)
            assert status == 429
            assert b"retry-after: 2" in reply.lower()
            assert "transfer take 4.0 MB, and this one 2.0 MB: the limit is 5.0" in error["message"]
            assert "raise the limit" in error["solution"]
            of_bob.submit(params={"pubs": [[TEXT, None, 1]]})
            of_alice.submit()
        until(lambda: held_by(service, ALICE) == 0)
        of_alice.submit(params={"pubs": [[TEXT, None, 1]]})
        assert service._core.held_bytes._of_user == {}


def test_a_single_body_is_always_taken(service: LocalService) -> None:
    """Although it is larger than what several may take."""
    with (api := Api(service, ALICE)).session:
        api.submit(params={"pubs": [[TEXT * 3, None, 1]]})


def test_chunked_bodies_are_counted_as_they_arrive(service: LocalService) -> None:
    """The one that exceeds the limit is refused."""
    chunk = b"%x\r\n%b\r\n" % (1_000_000, b" " * 1_000_000)
    with ExitStack() as slow:
        held(service, slow, start(ALICE) + chunk * 4, 1)
        until(lambda: held_by(service, ALICE) == 4_000_000)
        with connect(service) as connection:
            connection.sendall(start(ALICE) + chunk * 2)
            status, _ = error_in(connection.recv(65_536))
        assert status == 429
    until(lambda: held_by(service, ALICE) == 0)


def test_replies_that_are_read_slowly_are_counted(service: LocalService) -> None:
    """Jobs with params: until the client has read them."""
    with (api := Api(service, ALICE)).session:
        job_id = api.run(params={"pubs": [[TEXT * 6, None, 1]]})  # more than sockets buffer
        request = f"GET /v1/jobs/{job_id} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer "
        with connect(service) as slow:
            slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65_536)
            slow.sendall(f"{request}{ALICE.token}\r\n\r\n".encode())
            until(lambda: held_by(service, ALICE) > 12_000_000)
            time.sleep(0.2)
            assert api.get(f"/jobs/{job_id}").status_code == 429
            assert api.get("/jobs", exclude_params="false", limit=1).status_code == 429
            assert api.get(f"/jobs/{job_id}", exclude_params="true").status_code == 200
            assert count_bytes(slow, 12_000_000) > 12_000_000
        until(lambda: held_by(service, ALICE) == 0)
        listed = api.json("/jobs", exclude_params="false", limit=1)
        assert listed["jobs"][0]["params"]["pubs"][0][0] == TEXT * 6


def count_bytes(connection: socket.socket, least: int) -> int:
    """Reads until at least so many bytes have arrived."""
    size = 0
    while size < least:
        size += len(connection.recv(1 << 20))
    return size


def resident_bytes() -> int:
    """Memory of this process, in which the service runs."""
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * 4096


@pytest.mark.slow
def test_sixty_large_bodies_of_a_user_take_little_memory() -> None:
    """As many as the limit allows are read, slowly; the others are told to wait."""
    piece, size = b" " * 20_000_000, 49_000_000
    with ExitStack() as stack:
        service = stack.enter_context(LocalService(users=[ALICE, BOB]))
        bob = Api(service, BOB)
        stack.enter_context(bob.session)
        bob.run()
        before = resident_bytes()
        connections = held(service, stack, start(ALICE, size), 60)
        until(lambda: len(select.select(connections, [], [], 1)[0]) == 57)
        refused = select.select(connections, [], [], 1)[0]
        for connection in refused:
            assert connection.recv(65_536).startswith(b"HTTP/1.1 429")
        for connection in set(connections) - set(refused):
            connection.sendall(piece)
        time.sleep(0.5)  # what is in the buffers of the sockets is read
        assert resident_bytes() - before < 500_000_000
        bob.run()

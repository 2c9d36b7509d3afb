"""Limits of sizes, times and rates: no client can stop the service."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest
import requests

from qiskit_rest_primitives.local import Caps, Limits, LocalService
from qiskit_rest_primitives.local.limits import RateLimiter
from tests.local.api.raw import connect, error_in, read_all
from tests.local.api.test_connection import count
from tests.local.conftest import ALICE, BELL, BOB, Api
from tests.until import until

TIGHT = Limits(
    body_bytes=200_000,
    connections=8,
    caps=Caps(submissions_per_minute=3),
)
HASTY = Limits(header_seconds=0.8, body_seconds=0.6, write_seconds=0.5, keep_alive_seconds=2)


@pytest.fixture(scope="module")
def tight() -> Iterator[LocalService]:
    """A service with small limits, and usual timeouts."""
    with LocalService(users=[ALICE, BOB], limits=TIGHT) as service:
        yield service


@pytest.fixture(scope="module")
def hasty() -> Iterator[LocalService]:
    """A service with usual limits, and short timeouts."""
    with LocalService(users=[ALICE, BOB], limits=HASTY) as service:
        yield service


class TestSizes:
    def test_a_body_above_the_limit_is_413(self, tight: LocalService) -> None:
        """In the error container, without reading it into memory; the service keeps working."""
        api = Api(tight, BOB)
        reply = api.call("POST", "/jobs", data=b"x" * 700_000)
        assert reply.status_code == 413
        assert reply.json()["errors"][0]["code"] == 9413
        assert api.get("/jobs").status_code == 200
        api.session.close()

    def test_sixty_megabytes_are_413(self, api: Api) -> None:
        """At the default limit, without delay and with the memory of a small part."""
        reply = api.call("POST", "/jobs", data=b" " * 60_000_000)
        assert reply.status_code == 413
        assert "50000000" in reply.json()["errors"][0]["message"]

    def test_a_chunked_body_above_the_limit_is_413(self, tight: LocalService) -> None:
        """The bytes of chunked bodies are counted as they arrive."""
        api = Api(tight, BOB)
        reply = api.call("POST", "/jobs", data=iter([b"x" * 50_000] * 8))
        assert reply.status_code == 413
        api.session.close()

    def test_an_endless_body_is_cut_off(self, tight: LocalService) -> None:
        """A client that never stops sending gets the reply and a closed connection."""
        with connect(tight) as connection:
            head = (
                "POST /v1/jobs HTTP/1.1\r\nHost: localhost\r\n"
                f"Authorization: Bearer {BOB.token}\r\n"
                "Content-Length: 100000000000\r\n\r\n"
            )
            connection.sendall(head.encode())
            sent = 0
            try:
                while sent < 100_000_000:
                    sent += connection.send(b"x" * 65_536)
            except ConnectionError:
                pass
            assert sent < 50_000_000

    def test_a_client_that_expects_continue_is_refused_at_once(self, tight: LocalService) -> None:
        """It gets the reply before it sends the body."""
        with connect(tight) as connection:
            connection.sendall(
                b"POST /v1/jobs HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\n"
                b"Content-Length: 900000\r\n\r\n"
            )
            status, _ = error_in(read_all(connection))
        assert status == 413

    def test_headers_are_bounded(self, tight: LocalService) -> None:
        """400 in the container for more than 64 KiB of headers."""
        with connect(tight) as connection:
            connection.sendall(b"GET /health HTTP/1.1\r\nHost: localhost\r\nX: " + b"y" * 70_000)
            status, error = error_in(read_all(connection))
        assert (status, error["code"]) == (400, 9400)

    @pytest.mark.parametrize(
        "bytes_sent",
        [
            b"nonsense\r\n\r\n",
            b"GET / HTTP/1.1\r\nbroken header\r\n\r\n",
            b"GET /nothing HTTP/9.9\r\nHost: localhost\r\n\r\n",
            b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: -1\r\n\r\n",
            b"GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n",
            b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        ],
    )
    def test_bytes_that_are_not_http_are_refused(
        self, hasty: LocalService, bytes_sent: bytes
    ) -> None:
        """With a reply or by closing; the connection does not hang."""
        with connect(hasty) as connection:
            connection.sendall(bytes_sent)
            reply = read_all(connection)
        assert error_in(reply)[0] in (400, 404, 408, 421)


class TestSlowClients:
    def test_slow_headers_are_408(self, hasty: LocalService) -> None:
        """The connection does not stay open for headers that never end."""
        with connect(hasty) as connection:
            connection.sendall(b"GET /health HTTP/1.1\r\nHost: loc")
            status, _ = error_in(read_all(connection))
        assert status == 408

    def test_slow_headers_of_a_second_request_are_408(self, hasty: LocalService) -> None:
        """The timeout applies to kept connections too."""
        with connect(hasty) as connection:
            connection.sendall(b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n")
            assert b"200 OK" in connection.recv(65_536)
            connection.sendall(b"GET /hea")
            status, _ = error_in(read_all(connection))
        assert status == 408

    def test_a_slow_body_is_408(self, hasty: LocalService) -> None:
        """A body that stops arriving ends the request."""
        with connect(hasty) as connection:
            head = (
                "POST /v1/jobs HTTP/1.1\r\nHost: localhost\r\n"
                f"Authorization: Bearer {BOB.token}\r\n"
                "Content-Length: 1000\r\n\r\nabc"
            )
            connection.sendall(head.encode())
            status, _ = error_in(read_all(connection))
        assert status == 408

    def test_a_refusal_does_not_wait_for_the_body(self, local: LocalService) -> None:
        """401 at once, and the connection is closed."""
        with connect(local) as connection:
            connection.sendall(
                b"POST /v1/jobs HTTP/1.1\r\nHost: localhost\r\nContent-Length: 99\r\n\r\nabc"
            )
            status, _ = error_in(read_all(connection))
        assert status == 401

    @pytest.mark.slow
    def test_a_client_that_does_not_read_is_disconnected(self, hasty: LocalService) -> None:
        """A reply that is not read does not keep the connection open."""
        api = Api(hasty, ALICE)
        job_id = api.run(params={"pubs": [[BELL, None, 4_000_000]]})
        api.session.close()
        with connect(hasty) as connection:
            request = (
                f"GET /v1/jobs/{job_id}/results HTTP/1.1\r\nHost: localhost\r\n"
                f"Authorization: Bearer {ALICE.token}\r\n\r\n"
            )
            connection.sendall(b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n")
            assert b"200 OK" in connection.recv(65_536)
            connection.sendall(request.encode())
            until(lambda: count(hasty) == 0)
            try:
                taken = len(read_all(connection))
            except ConnectionError:
                taken = 0
        # The sockets' buffers still arrive; the rest was never sent.
        assert taken < 20_000_000
        assert api.get("/jobs").status_code == 200
        api.session.close()

    def test_a_client_that_leaves_while_sending_creates_no_job(self, tight: LocalService) -> None:
        """A client that closes while it sends leaves no job and no error."""
        api = Api(tight, BOB)
        before = api.json("/jobs")["count"]
        with connect(tight) as connection:
            head = (
                "POST /v1/jobs HTTP/1.1\r\nHost: localhost\r\n"
                f"Authorization: Bearer {BOB.token}\r\n"
                "Content-Length: 1000\r\n\r\n{"
            )
            connection.sendall(head.encode())
        time.sleep(0.1)
        assert api.json("/jobs")["count"] == before
        api.session.close()


class TestReplies:
    def test_small_replies_are_one_packet(self, tight: LocalService) -> None:
        """Head and body are sent together, without waiting for an acknowledgement between them."""
        with connect(tight) as connection:
            for _ in range(20):
                connection.sendall(b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n")
                head, _, body = connection.recv(65_536).partition(b"\r\n\r\n")
                assert b"content-length: %d" % len(body) in head


class TestHost:
    @pytest.mark.parametrize("host", ["localhost", "127.0.0.1:1", "LocalHost:80", "[::1]:9"])
    def test_loopback_names_are_accepted(self, tight: LocalService, host: str) -> None:
        """With any port."""
        reply = requests.get(f"{tight.base_url}/health", headers={"Host": host}, timeout=20)
        assert reply.status_code == 200

    @pytest.mark.parametrize("host", ["evil.example", "localhost.evil.example", "", "[::2]"])
    def test_other_hosts_are_421(self, tight: LocalService, host: str) -> None:
        """A web page whose name resolves to 127.0.0.1 can't call the service."""
        reply = requests.get(f"{tight.base_url}/health", headers={"Host": host}, timeout=20)
        assert reply.status_code == 421
        assert reply.json()["errors"][0]["code"] == 9421

    def test_more_host_names_can_be_added(self) -> None:
        """For a service with its own host name."""
        with LocalService(hosts=["quantum.example"]) as service:
            headers = {"Host": "quantum.example"}
            reply = requests.get(f"{service.base_url}/health", headers=headers, timeout=20)
            assert reply.status_code == 200


class TestRate:
    def test_too_many_submissions_are_429(self, tight: LocalService) -> None:
        """Code 1202 with Retry-After; another user is not affected."""
        alice, bob = Api(tight, ALICE), Api(tight, BOB)
        replies = [alice.post_job() for _ in range(6)]
        assert [reply.status_code for reply in replies][-3:] == [429] * 3
        assert replies[-1].json()["errors"][0]["code"] == 1202
        assert 1 <= int(replies[-1].headers["Retry-After"]) <= 60
        assert alice.get("/jobs").status_code == 200
        alice.session.close()
        bob.session.close()

    def test_the_minute_slides(self) -> None:
        """After a minute the first submission no longer counts."""
        now = [0.0]
        rates = RateLimiter(clock=lambda: now[0])
        assert [rates.wait_seconds("a", 2) for _ in range(2)] == [0, 0]
        assert rates.wait_seconds("a", 2) == 60
        assert rates.wait_seconds("b", 2) == 0
        now[0] = 59.5
        assert rates.wait_seconds("a", 2) == 0.5
        now[0] = 60.5
        assert rates.wait_seconds("a", 2) == 0

    def test_none_is_no_limit(self) -> None:
        """Any number of submissions is allowed."""
        rates = RateLimiter()
        assert {rates.wait_seconds("a", None) for _ in range(100)} == {0}

"""Malformed requests on a raw socket: refused with the error container, never misread."""

from __future__ import annotations

import logging
from typing import Any

import pytest
import requests

from qiskit_rest_primitives.local import Limits, LocalService
from tests.local.api.raw import error_in, talk
from tests.local.conftest import ADMIN, ALICE, BOB, Api

KEY = f"Authorization: Bearer {ALICE.token}"
OTHER_KEY = f"Authorization: Bearer {BOB.token}"
GET, POST = "GET /v1/jobs HTTP/1.1", "POST /v1/jobs HTTP/1.1"
CHUNKS = b"2\r\n{}\r\n0\r\n\r\n"


class TestHost:
    @pytest.mark.parametrize(
        "host",
        [
            "[::1]evil.example",
            "[::1].evil.example:80",
            "localhost:80:90",
            "localhost:evil.example",
            "localhost@evil.example",
            "user@localhost",
            "localhost.",
            "127.0.0.1.nip.io",
            "2130706433",
            "[::1",
            "[localhost]",
        ],
    )
    def test_a_similar_host_is_421(self, local: LocalService, host: str) -> None:
        """The whole header is a name with at most a port."""
        status, error = error_in(talk(local, GET, f"Host: {host}", KEY))
        assert (status, error["code"]) == (421, 9421)

    def test_only_the_header_counts(self, local: LocalService) -> None:
        """X-Forwarded-Host and a second Host header do not count."""
        reply = talk(local, GET, "Host: evil.example", "X-Forwarded-Host: localhost", KEY)
        assert error_in(reply)[0] == 421
        reply = talk(local, GET, "Host: localhost", "Forwarded: host=evil.example", KEY)
        assert reply.startswith(b"HTTP/1.1 200")
        for second in ("localhost", "evil.example"):
            reply = talk(local, GET, "Host: localhost", f"Host: {second}", KEY)
            assert error_in(reply)[0] == 400
        assert error_in(talk(local, GET, KEY))[0] == 400
        assert error_in(talk(local, "GET /v1/jobs HTTP/1.0", KEY))[0] == 421

    def test_a_url_as_target_does_not_bypass_the_check(self, local: LocalService) -> None:
        """The host in the target is ignored, and its path is unknown."""
        for url in ("http://evil.example/v1/jobs", "http://localhost/v1/jobs"):
            reply = talk(local, f"GET {url} HTTP/1.1", "Host: localhost", KEY)
            assert error_in(reply)[0] == 404

    def test_another_address_of_loopback_answers_to_it(self) -> None:
        """The service accepts its own address as Host."""
        try:
            service = LocalService(host="127.0.0.2", users=[ALICE]).start()
        except OSError:  # systems where loopback is one address only
            service = LocalService(host="127.0.0.1", users=[ALICE]).start()
        try:
            assert requests.get(f"{service.base_url}/health", timeout=30).status_code == 200
        finally:
            service.stop()


class TestHeaders:
    @pytest.mark.parametrize(
        "headers",
        [
            (KEY, KEY),
            (KEY, OTHER_KEY),
            ("Authorization: Bearer wrong", KEY),
            (KEY, f"Service-CRN: {ALICE.instances[0]}", f"Service-CRN: {BOB.instances[0]}"),
            (KEY, "IBM-API-Version: 2026-04-15", "IBM-API-Version: 2024-01-01"),
        ],
    )
    def test_authentication_headers_may_occur_once(
        self, local: LocalService, headers: tuple[str, ...]
    ) -> None:
        """Of two headers, a proxy might read the other one."""
        status, error = error_in(talk(local, GET, "Host: localhost", *headers))
        assert status == 400
        assert "twice" in error["message"]
        assert ALICE.token not in str(error)

    @pytest.mark.parametrize("key", [b"\xff\xfe\x80", b"\xc3\xa9" * 100, b"a" * 9000, b""])
    def test_any_bytes_may_be_a_token(self, local: LocalService, key: bytes) -> None:
        """Any bytes are a wrong token, not an error of the service."""
        reply = talk(local, GET, "Host: localhost", b"Authorization: Bearer " + key)
        assert error_in(reply)[0] == 401

    @pytest.mark.parametrize(
        "headers",
        [
            (f"GET /v1/jobs?tags={'a' * 70_000} HTTP/1.1", "Host: localhost", KEY),
            (GET, "Host: localhost", KEY, f"X: {'y' * 70_000}"),
            (GET, "Host: localhost", KEY, *(f"X{n}: yyyyyyyy" for n in range(7000))),
        ],
    )
    def test_large_headers_in_one_piece_are_refused(
        self, local: LocalService, headers: tuple[str, ...]
    ) -> None:
        """431, or 400 where they are cut off before their end."""
        assert error_in(talk(local, *headers))[0] in (431, 400)


class TestLength:
    @pytest.mark.parametrize(
        ("headers", "body"),
        [
            (("Content-Length: two",), b"{}"),
            (("Content-Length: -2",), b"{}"),
            (("Content-Length: +2",), b"{}"),
            (("Content-Length: 0x2",), b"{}"),
            (("Content-Length: 2", "Content-Length: 3"), b"{} "),
            (("Content-Length: " + "9" * 5000,), b"{}"),
            (("Content-Length: 2", "Transfer-Encoding: chunked"), CHUNKS),
            (("Transfer-Encoding: chunked", "Content-Length: 12"), CHUNKS),
            (("Transfer-Encoding: gzip, chunked",), CHUNKS),
            (("Transfer-Encoding: xchunked",), CHUNKS),
            (("Transfer-Encoding: chunked", "Transfer-Encoding: identity"), CHUNKS),
            (("Transfer-Encoding: chunked",), b"zz\r\n{}\r\n0\r\n\r\n"),
            (("Transfer-Encoding: chunked",), b"-2\r\n{}\r\n0\r\n\r\n"),
        ],
    )
    def test_an_ambiguous_body_length_is_refused(
        self, local: LocalService, headers: tuple[str, ...], body: bytes
    ) -> None:
        """One refusal, and the bytes after it are not read as a request (no request smuggling)."""
        smuggled = f"GET /v1/jobs HTTP/1.1\r\nHost: localhost\r\n{KEY}\r\n\r\n".encode()
        reply = talk(local, POST, "Host: localhost", KEY, *headers, body=body + smuggled)
        assert error_in(reply.partition(b"HTTP/1.1 200")[0])[0] == 400
        assert reply.count(b"HTTP/1.1 ") == 1

    def test_a_compressed_body_is_not_unpacked(self, local: LocalService) -> None:
        """It is not JSON, and is not decompressed."""
        body = b"\x1f\x8b" + bytes(30)
        length = f"Content-Length: {len(body)}"
        reply = talk(
            local, POST, "Host: localhost", KEY, "Content-Encoding: gzip", length, body=body
        )
        status, error = error_in(reply)
        assert (status, error["code"]) == (400, 1002)


class TestLists:
    @pytest.mark.parametrize("path", ["/jobs", "/workloads"])
    def test_a_filter_with_too_many_tags_matches_no_job(self, api: Api, path: str) -> None:
        """A request can contain thousands of tags."""
        api.run(tags=["this-one"])
        assert api.json(path, tags=["this-one"] * 3000)["limit"]
        found = api.json(path, tags=["this-one"] * 100)
        assert found.get("count", found.get("total_count")) >= 1
        for number in (9, 5000):
            found = api.json(path, tags=["this-one", *map(str, range(number))])
            assert found.get("count", found.get("total_count")) == 0
        assert api.json("/workloads", status=["pending"] * 3000)["limit"]


class TestBodies:
    def test_a_form_of_many_fields_is_refused(self, local: LocalService) -> None:
        """With the error of the identity service."""
        data = {f"field{number}": "1" for number in range(100)}
        reply = requests.post(f"{local.base_url}/identity/token", data=data, timeout=30)
        assert reply.status_code == 400
        assert reply.json()["errorCode"] == "BXNIM0109E"

    @pytest.mark.parametrize("limit", [1 << 63, 10**30])
    def test_a_limit_above_63_bits_is_400(self, admin: Api, limit: int) -> None:
        """The store has room for 63 bits."""
        reply = admin.call("PUT", "/instances/configuration", json={"instance_limit": limit})
        assert reply.status_code == 400

    @pytest.mark.parametrize("location", ["x\r\nSet-Cookie: a=b", "€", "a b", ""])
    def test_a_fault_adds_no_headers(self, local: LocalService, location: str) -> None:
        """A Location with a line break is refused."""
        body: dict[str, Any] = {"status": 302, "location": location}
        headers = {"Authorization": f"Bearer {ADMIN.token}"}
        reply = requests.post(f"{local.base_url}/faults", json=body, headers=headers, timeout=30)
        assert reply.status_code == 400


class TestIds:
    @pytest.mark.parametrize(
        "job_id", ["..%2f..%2fsigning.key", "%2e%2e", "%00", "%ff", "a" * 10_000, "%27--", "*"]
    )
    def test_ids_are_never_paths(self, local: LocalService, job_id: str) -> None:
        """Any malformed id is 404, for jobs and sessions."""
        for path in (f"jobs/{job_id}", f"jobs/{job_id}/results", f"sessions/{job_id}"):
            reply = talk(local, f"GET /v1/{path} HTTP/1.1", "Host: localhost", KEY)
            status, error = error_in(reply)
            assert status == 404
            assert len(error["message"]) < 400

    def test_a_path_is_logged_without_decoding(
        self, local: LocalService, caplog: pytest.LogCaptureFixture
    ) -> None:
        """An encoded line break does not start a new log line."""
        with caplog.at_level(logging.DEBUG, logger="qiskit_rest_primitives.local"):
            talk(local, "GET /v1/x%0d%0aFAKE%1b[31m?q=1 HTTP/1.1", "Host: localhost")
        assert "GET /v1/x%0d%0aFAKE%1b[31m 404" in caplog.text
        assert not any("\n" in record.getMessage() for record in caplog.records)


def test_the_limit_of_headers_can_be_set() -> None:
    """Smaller limits than the default apply, too."""
    with LocalService(users=[ALICE], limits=Limits(header_bytes=2000)) as service:
        reply = talk(service, GET, "Host: localhost", KEY, "X: " + "y" * 1000)
        assert reply.startswith(b"HTTP/1.1 200")
        reply = talk(service, GET, "Host: localhost", KEY, "X: " + "y" * 3000)
        assert error_in(reply)[0] in (431, 400)

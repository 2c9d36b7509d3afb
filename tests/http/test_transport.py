"""One call: timeouts, redirects, proxies, netrc, forks, error messages."""

from __future__ import annotations

import multiprocessing
import socket
import threading
import time
from pathlib import Path

import pytest
import requests
import responses
import urllib3

from qiskit_rest_primitives import ProtocolError, QiskitRuntimeService, Settings, TransportError
from qiskit_rest_primitives.errors import (
    APIError,
    AuthenticationError,
    ConnectError,
    InvalidRequestError,
    NotFoundError,
    RateLimitError,
    ReadTimeoutError,
    ServerError,
)
from qiskit_rest_primitives.http import retry_policies, transport
from qiskit_rest_primitives.http.error_replies import error_from_reply, retry_after_seconds
from qiskit_rest_primitives.http.retry import Backoff
from qiskit_rest_primitives.local import LocalService
from tests.tokens import own_file, secret

TOKEN = secret("ready")
URL = "http://service.example/v1"


def service_at(url: str = URL, **more) -> QiskitRuntimeService:
    """A client with a ready token."""
    return QiskitRuntimeService(url=url, token=TOKEN, **more)


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, InvalidRequestError),
        (401, AuthenticationError),
        (403, AuthenticationError),
        (404, NotFoundError),
        (409, InvalidRequestError),
        (413, InvalidRequestError),
        (429, RateLimitError),
        (500, ServerError),
        (524, ServerError),
    ],
)
def test_each_status_is_an_error_of_its_own(status: int, kind: type) -> None:
    """The error has the service's code, message, solution and trace."""
    body = b'{"errors": [{"code": "1234", "message": "No.", "solution": "Ask."}], "trace": "t-1"}'
    error = error_from_reply("GET /x", status, {}, body)
    assert type(error) is kind
    assert (error.status_code, error.code, error.detail) == (status, 1234, "No.")
    assert (error.solution, error.trace) == ("Ask.", "t-1")
    assert str(error) == f"GET /x was answered with {status}: No. (code 1234) - Ask. [trace t-1]"


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (b'{"error": {"message": "inner"}}', "inner"),
        (b'{"message": "flat"}', "flat"),
        (b'{"errors": ["text"]}', "text"),
        (b'["list"]', "list"),
        (b"plain words", "plain words"),
        (b"", "no reason given"),
        (
            b"<html><title>Just a moment</title>Ray ID: <strong>8a1b</strong></html>",
            r"Just a moment.*trace 8a1b",
        ),
        (b"\xff\xfe", "answered with 403"),
    ],
)
def test_any_container_is_read(body: bytes, says: str) -> None:
    """Older and other forms of errors, a gateway's HTML with its id, and an empty body."""
    with pytest.raises(AuthenticationError, match=says):
        raise error_from_reply("GET /x", 403, {}, body)


def test_a_wrong_region_is_explained() -> None:
    """Code 1279 is not a missing job."""
    body = b'{"errors": [{"code": 1279, "message": "Instance crn not found"}]}'
    assert "region" in str(error_from_reply("GET /jobs/x", 404, {}, body))


def test_retry_after_is_limited_to_a_minute() -> None:
    """Seconds or a date, never negative."""
    assert retry_after_seconds({"Retry-After": "7"}) == 7
    assert retry_after_seconds({"Retry-After": "7200"}) == 60
    assert retry_after_seconds({"Retry-After": "-1"}) == 0
    assert retry_after_seconds({"Retry-After": "soon"}) is None
    assert retry_after_seconds({"Retry-After": "nan"}) is None
    assert retry_after_seconds({"Retry-After": "Wed, 21 Oct 2015 07:28:00 GMT"}) == 0
    busy = error_from_reply("GET /x", 429, {"Retry-After": "7200"}, b"")
    assert pause_after(busy) == 60
    assert pause_after(error_from_reply("GET /x", 429, {}, b"")) < 1


def pause_after(error: APIError) -> float | None:
    """Seconds that a read pauses after its first failure."""
    return Backoff(lambda _: retry_policies.FOREVER).pause_after(error, time.monotonic())


@pytest.mark.parametrize(
    "target",
    [
        "http://elsewhere.example/v1/backends",
        "https://service.example/",
        "http://[bad",
        "http://service.example:x/",
    ],
)
def test_a_token_does_not_follow_a_redirect_elsewhere(target: str) -> None:
    """Another host or scheme: an error that names it, and no request there."""
    with responses.RequestsMock() as mock:
        mock.get(f"{URL}/backends", status=302, headers={"Location": target})
        with pytest.raises(TransportError, match="redirected to"):
            service_at().backends()
        assert len(mock.calls) == 1


def test_redirects_on_the_same_host_are_followed_and_limited() -> None:
    """An endless redirect is an error."""
    with responses.RequestsMock() as mock:
        mock.get(f"{URL}/backends", status=307, headers={"Location": "/v2/backends"})
        mock.get("http://service.example/v2/backends", json={"devices": []})
        assert service_at().backends() == []
        mock.get("http://service.example/v1/instance", status=307, headers={"Location": "instance"})
        with pytest.raises(TransportError, match="more than"):
            service_at().client.instance()


def test_netrc_is_ignored(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The account's token is sent even if ~/.netrc has the host."""
    netrc = own_file(tmp_path / "netrc")
    netrc.write_text(f"machine service.example login me password {secret('netrc')}\n")
    monkeypatch.setenv("NETRC", str(netrc))
    with responses.RequestsMock() as mock:
        mock.get(f"{URL}/backends", json={"devices": []})
        service_at().backends()
        assert mock.calls[0].request.headers["Authorization"] == f"Bearer {TOKEN}"


@pytest.mark.parametrize(
    ("error", "acted"),
    [
        (requests.exceptions.ProxyError("x"), False),
        (requests.exceptions.ConnectTimeout("x"), False),
        (requests.exceptions.ReadTimeout("x"), True),
        (requests.exceptions.SSLError("CERTIFICATE_VERIFY_FAILED"), False),
        (requests.exceptions.SSLError("bad record"), True),
        (requests.exceptions.ChunkedEncodingError("x"), True),
        (requests.exceptions.InvalidURL("x"), False),
        (requests.exceptions.ConnectionError("x"), True),
        (urllib3.exceptions.DecodeError("x"), True),
    ],
)
def test_errors_say_whether_the_service_may_have_acted(
    monkeypatch: pytest.MonkeyPatch, error: Exception, acted: bool
) -> None:
    """They do not contain the request or its headers."""
    monkeypatch.setattr(retry_policies, "READ_BRIEF", retry_policies.Limit())
    with responses.RequestsMock() as mock:
        mock.get(f"{URL}/backends", body=error)
        with pytest.raises(TransportError) as problem:
            service_at().backends()
    assert problem.value.may_have_acted is acted
    assert problem.value.__context__ is None
    assert problem.value.__cause__ is None


@pytest.mark.slow
def test_an_unknown_host_is_a_connect_error() -> None:
    """The name can't be resolved, so nothing was sent."""
    with pytest.raises(ConnectError, match="host name is not known") as problem:
        service_at("http://no-such-host.invalid/v1").backends()
    assert not problem.value.may_have_acted


def test_a_slow_body_times_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """The body arrives byte by byte."""
    monkeypatch.setattr(transport, "SLOW_BODY_SECONDS", 0.3)
    with LocalService(faults=True) as local:
        local.faults.add("GET", "/backends", drip=0.05)
        service = QiskitRuntimeService(
            url=local.url,
            token=local.token,
            instance=local.instance,
            settings=Settings(outage_seconds=0),
        )
        with pytest.raises(TransportError, match="silent"):
            service.client.backends()


def test_transient_faults_of_reads_are_retried(local_with_faults: LocalService) -> None:
    """502, a dropped connection and a truncated body are not visible to the caller."""
    local = local_with_faults
    service = QiskitRuntimeService(url=local.url, token=local.token, instance=local.instance)
    for fault in ({"status": 502}, {"drop": True}, {"status": 429, "retry_after": 0.01}):
        local.faults.add("GET", "/backends", count=1, **fault)
        assert service.backends()


@pytest.fixture
def local_with_faults():
    """A service that fails on demand."""
    with LocalService(faults=True) as local:
        yield local


def test_a_corrupt_reply_is_a_protocol_error(local_with_faults: LocalService) -> None:
    """It is never a decoding error of json or msgspec."""
    local = local_with_faults
    service = QiskitRuntimeService(url=local.url, token=local.token, instance=local.instance)
    local.faults.add("GET", "/backends", corrupt=True)
    with pytest.raises(ProtocolError):
        service.backends()


def test_no_tls_verification_warns_once() -> None:
    """Once when the client is made, not at each request."""
    with pytest.warns(UserWarning, match="verify=False"):
        service = service_at("https://service.example/v1", verify=False)
    assert sent(service, "https://service.example/v1")["verify"] is False


def sent(service: QiskitRuntimeService, url: str = URL) -> dict:
    """The arguments with which requests sends one call."""
    with responses.RequestsMock() as mock:
        mock.get(f"{url}/backends", json={"devices": []})
        service.backends()
        return mock.calls[0].request.req_kwargs


def test_the_environments_proxies_and_bundles_are_used(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The standard variables, unless the account says otherwise; NO_PROXY counts."""
    monkeypatch.setenv("HTTP_PROXY", "http://proxy.example:3128")
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path))
    asked = sent(service_at())
    assert asked["proxies"]["http"] == "http://proxy.example:3128"
    assert asked["verify"] == str(tmp_path)
    own = {"http": "http://other.example:1"}
    assert sent(service_at(proxies=own))["proxies"]["http"] == "http://other.example:1"
    bundle = tmp_path / "own.pem"
    bundle.write_text("")
    assert sent(service_at(verify=str(bundle)))["verify"] == str(bundle)
    monkeypatch.setenv("NO_PROXY", "service.example")
    assert "http" not in sent(service_at())["proxies"]


def _ask(url: str, token: str, results) -> None:
    service = QiskitRuntimeService(url=url, token=token)
    results.put(len(service.backends()))


@pytest.mark.slow
def test_a_forked_child_makes_its_own_connections(local) -> None:
    """Parent and child send requests at the same time, each on its own socket."""
    service = QiskitRuntimeService(url=local.url, token=local.token, instance=local.instance)
    known = len(service.backends())
    sessions = service.client._transport._sessions
    parent = dict(sessions)
    context = multiprocessing.get_context("spawn")
    results = context.Queue()
    child = context.Process(target=_ask, args=(local.url, local.token, results))
    child.start()
    assert results.get(timeout=60) == known
    child.join(timeout=30)
    assert dict(sessions) == parent
    # Another process id has another session, as after a fork.
    transport_of = service.client._transport
    mine = transport_of._session(service.client.url)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("os.getpid", lambda: 1)
        theirs = transport_of._session(service.client.url)
        assert theirs is not mine
        transport_of.close()
    assert transport_of._session(service.client.url) is mine


def test_new_connections_do_not_disturb_those_in_use(local) -> None:
    """Threads send requests while others reconnect; no thread gets a closed pool."""
    service = QiskitRuntimeService(url=local.url, token=local.token, instance=local.instance)
    client = service.client
    over = threading.Event()
    failures: list[Exception] = []

    def ask() -> None:
        while not over.is_set():
            try:
                client.jobs(limit=1, retry=False)
            except Exception as error:
                failures.append(error)

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for _ in range(300):
        client.reconnect()
        time.sleep(0.001)
    over.set()
    for thread in threads:
        thread.join()
    assert failures == []


def test_silence_times_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """A server that accepts and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        stop = threading.Event()
        port = listener.getsockname()[1]
        plain = transport.Transport(None, {})
        with pytest.raises(ReadTimeoutError, match="silent"):
            plain.call(
                transport.Call("POST", f"http://127.0.0.1:{port}/", body=b"", timeout_seconds=0.2)
            )
        stop.set()
        plain.close()

"""No token, key or password in anything that a user sees, saves or logs."""

from __future__ import annotations

import copy
import io
import logging
import pickle
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
import responses
from qiskit import QuantumCircuit

from qiskit_rest_primitives import (
    Batch,
    EstimatorV2,
    QiskitRuntimeService,
    SamplerV2,
    Session,
    Settings,
    save_result,
)
from qiskit_rest_primitives.http import retry_policies
from qiskit_rest_primitives.local import LocalService, User
from tests.secrets.exceptions import shown, views
from tests.secrets.marking import MARKER
from tests.tokens import secret

KEY = secret("api key")
CRN = "crn:v1:bluemix:public:quantum-computing:us-east:a/0123456789abcdef0123456789abcdef:77::"


@pytest.fixture
def everything_logged() -> Iterator[io.StringIO]:
    """The output of all loggers at level DEBUG, http.client's included."""
    written = io.StringIO()
    handler = logging.StreamHandler(written)
    handler.setFormatter(logging.Formatter("%(name)s %(message)s %(args)s"))
    root = logging.getLogger()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    yield written
    root.setLevel(level)
    root.removeHandler(handler)


@pytest.fixture
def issued(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The bearer tokens that the identity service has issued."""
    from qiskit_rest_primitives.http import token_exchange

    real, given = token_exchange._read, []

    def read(reply):
        grant = real(reply)
        if grant is not None:
            given.append(grant.access_token)
        return grant

    monkeypatch.setattr(token_exchange, "_read", read)
    return given


def chain(error: BaseException) -> str:
    """The text of an exception and its causes, with local variables, as in a debugger."""
    return "\n".join(text for _, text in views(error))


def measured() -> QuantumCircuit:
    """One qubit, measured."""
    circuit = QuantumCircuit(1)
    circuit.measure_all()
    return circuit


def errors_of(*calls: Callable[[], Any]) -> list[BaseException]:
    """The errors of the calls; each call must raise one."""
    raised: list[BaseException] = []
    for call in calls:
        with pytest.raises(Exception) as problem:  # noqa: PT011 - any error will do
            call()
        raised.append(problem.value)
    return raised


@pytest.mark.slow
def test_no_secret_leaves_the_client(
    everything_logged: io.StringIO,
    issued: list[str],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
) -> None:
    """Every kind of call and failure: output, logs, errors, pickles, files, attributes."""
    user = User("eve", KEY)
    seen: list[str] = []
    with LocalService(users=[user], faults=True) as local:
        monkeypatch.setenv("IAM_URL", local.base_url)
        settings = Settings(
            outage_seconds=0,
            state_folder=tmp_path / "state",
            first_pause_seconds=0.01,
            lookup_seconds=1,
        )
        service = QiskitRuntimeService(
            url=local.url, token=KEY, instance=local.instance, settings=settings
        )
        backend = service.backend("statevector")
        sampler = SamplerV2(backend, options={"environment": {"private": True}})
        job = sampler.run([measured()], shots=2)
        result = job.result()
        save_result(result, tmp_path / "kept")
        with Session(backend) as session:
            EstimatorV2().run([(QuantumCircuit(1), "Z")]).result()
        batch = Batch(backend)
        batch.cancel()
        service.jobs()
        service.usage()
        local.expire_tokens()
        service.backends()

        things = [service, service.client, service.client.account, backend, sampler, job, session]
        seen += [shown(thing, 3) for thing in things]
        seen += [repr(service.active_account()), str(service.saved_accounts())]
        pickled = [pickle.dumps(thing) for thing in things]
        seen.append(repr(copy.deepcopy(job)))

        def failing(**fault: Any) -> Callable[[], Any]:
            def call() -> None:
                local.faults.clear()
                local.faults.add("GET", "/backends", **fault)
                local.faults.add("POST", "/jobs", **fault)
                try:
                    service.client.backends()
                finally:
                    local.faults.clear()

            return call

        raised = errors_of(
            lambda: service.job("nothing"),
            lambda: service.backend("nothing"),
            failing(status=400),
            failing(status=403),
            failing(status=500),
            failing(corrupt=True),
            failing(drop=True),
            failing(truncate=True),
            failing(status=302, location="http://elsewhere.example/"),
            lambda: sampler.run([(measured(), None, -1)]),
            lambda: QiskitRuntimeService(url=local.url, token=KEY + " x"),
            lambda: QiskitRuntimeService(url=local.url, token=KEY, instance="crn:bad"),
            lambda: QiskitRuntimeService(channel="nowhere", token=KEY),
            lambda: pickle.dumps(service.client._transport.auth),
        )
        local.faults.add("POST", "/jobs", drop=True, after_work=True)
        local.faults.add("GET", "/jobs", drop=True)
        raised += errors_of(lambda: sampler.run([measured()]))
        local.faults.clear()
        local.faults.add("POST", "/identity/token", status=500)
        local.expire_tokens()
        monkeypatch.setattr(retry_policies, "TOKEN_EXCHANGE", retry_policies.Limit(attempts=2))
        monkeypatch.setattr(retry_policies, "READ_BRIEF", retry_policies.Limit())
        raised += errors_of(service.client.backends)
    seen += [chain(error) for error in raised]
    out, err = capfd.readouterr()
    seen += [out, err, everything_logged.getvalue()]
    files = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    assert files, "the journal should have been written"
    assert len(issued) >= 2
    for hidden in (MARKER, *issued):
        assert all(hidden not in text for text in seen)
        assert all(hidden.encode() not in data for data in [*pickled, files])


def test_a_refused_key_is_not_quoted(everything_logged: io.StringIO) -> None:
    """Even if the identity service's reply contains the key, or is cut off."""
    iam = "https://iam.cloud.ibm.com/identity/token"
    replies = ({"status": 400, "body": KEY}, {"body": requests.ConnectionError(KEY)})
    for reply in replies:
        with responses.RequestsMock() as mock, pytest.MonkeyPatch.context() as patch:
            patch.setattr(retry_policies, "TOKEN_EXCHANGE", retry_policies.Limit(attempts=2))
            patch.setattr(retry_policies, "READ_BRIEF", retry_policies.Limit())
            mock.post(iam, **reply)
            service = QiskitRuntimeService(token=KEY, instance=CRN)
            (error,) = errors_of(service.backends)
            assert MARKER not in chain(error)
    assert MARKER not in everything_logged.getvalue()


def test_a_short_token_is_not_removed_from_replies() -> None:
    """A token of a private service may be a word that its replies contain."""
    word = "statevector"
    with responses.RequestsMock() as mock:
        mock.get("http://service.example/v1/backends", json={"devices": [{"name": word}]})
        service = QiskitRuntimeService(url="http://service.example/v1", token=word)
        assert service.client.backends() == [{"name": word}]


@pytest.mark.slow
@pytest.mark.parametrize("status", [200, 400, 401, 403, 404, 500])
def test_a_service_that_repeats_the_token_is_not_quoted(status: int) -> None:
    """Neither from an error of the API nor from another reply."""
    token = secret("ready")
    for body in (f'{{"errors": [{{"message": "bad {token}", "solution": "{token}"}}]}}', token):
        with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
            mock.get("http://service.example/v1/instance", status=status, body=body)
            service = QiskitRuntimeService(url="http://service.example/v1", token=token)
            if status == 200 and body != token:
                assert MARKER not in str(service.client.instance())
                continue
            (error,) = errors_of(service.client.instance)
            assert "<hidden>" in str(error)
            assert MARKER not in chain(error)


def test_a_proxy_password_with_invalid_characters_is_not_quoted(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The proxy is in the environment, and is read at the first request."""
    monkeypatch.setenv("HTTP_PROXY", f"http://me:{secret('proxy')}€@127.0.0.1:9")
    service = QiskitRuntimeService(url="http://service.example/v1", token=secret("ready"))
    (error,) = errors_of(service.backends)
    assert "beyond Latin-1" in str(error)
    assert MARKER not in chain(error)


@pytest.mark.slow
def test_passwords_in_urls_stay_out_of_messages() -> None:
    """Passwords of a proxy, and of a url with a user."""
    proxies = {"http": f"http://me:{secret('proxy')}@127.0.0.1:9"}
    service = QiskitRuntimeService(
        url="http://service.example/v1", token=secret("ready"), proxies=proxies
    )
    (error,) = errors_of(service.backends)
    assert MARKER not in chain(error)
    assert MARKER not in shown(service, 3)

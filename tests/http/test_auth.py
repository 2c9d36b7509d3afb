"""Tokens: exchanged once for all threads, renewed ahead of time and after a 401, never shown."""

from __future__ import annotations

import pickle
import threading
import time

import pytest
import requests
import responses
from qiskit import QuantumCircuit

from qiskit_rest_primitives import AccountError, QiskitRuntimeService, SamplerV2
from qiskit_rest_primitives.http import retry_policies
from qiskit_rest_primitives.http.auth import BearerAuth, ExchangedToken, ReadyToken
from qiskit_rest_primitives.jobs.submission.submit import submit
from qiskit_rest_primitives.jobs.tags import new_tag
from qiskit_rest_primitives.local import LocalService, User
from tests.tokens import secret

KEY = secret("api key")
TOKEN = secret("bearer")
IAM = "https://iam.cloud.ibm.com/identity/token"
CRN = "crn:v1:bluemix:public:quantum-computing:us-east:a/0123456789abcdef0123456789abcdef:77::"


def source(life: float = 100.0):
    """A token source with its own clock, and the list of its exchanges."""
    now, exchanged = [0.0], []

    def exchange() -> tuple[str, float]:
        exchanged.append(now[0])
        return f"{TOKEN}-{len(exchanged)}", life

    return ExchangedToken(exchange, clock=lambda: now[0]), now, exchanged


def test_a_token_is_renewed_at_80_percent_of_its_lifetime() -> None:
    """It is renewed once, and not earlier."""
    tokens, now, exchanged = source()
    assert tokens.current() == f"{TOKEN}-1"
    now[0] = 79
    assert tokens.current() == f"{TOKEN}-1"
    now[0] = 81
    assert tokens.current() == f"{TOKEN}-2"
    assert exchanged == [0, 81]


def test_threads_share_one_renewal() -> None:
    """Threads that need a token at the same time cause one exchange."""
    count = []

    def exchange() -> tuple[str, float]:
        time.sleep(0.05)
        count.append(1)
        return TOKEN, 100.0

    tokens = ExchangedToken(exchange)
    threads = [threading.Thread(target=tokens.current) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(count) == 1


def test_a_refused_token_is_replaced_once() -> None:
    """Several threads whose token was rejected cause one exchange."""
    tokens, _, exchanged = source()
    first = tokens.current()
    assert tokens.renew(first)
    assert tokens.renew(first)
    assert len(exchanged) == 2
    assert not ReadyToken(TOKEN).renew(TOKEN)


def test_a_valid_token_is_used_after_a_failed_renewal() -> None:
    """The identity service may be down as long as the old token is valid."""
    tokens, now, exchanged = source()
    tokens.current()
    working = tokens._exchange

    def down() -> tuple[str, float]:
        raise AccountError("down")

    tokens._exchange = down
    now[0] = 90
    assert tokens.current() == f"{TOKEN}-1"
    now[0] = 101
    with pytest.raises(AccountError):
        tokens.current()
    tokens._exchange = working
    assert tokens.current() == f"{TOKEN}-2"
    assert len(exchanged) == 2


def test_nothing_shows_or_pickles_a_token() -> None:
    """Their repr hides it, and they can't be pickled."""
    auth = BearerAuth(ReadyToken(TOKEN))
    assert TOKEN not in repr(auth) + repr(auth.tokens) + repr(vars(auth))
    with pytest.raises(TypeError, match="never pickled"):
        pickle.dumps(auth)


@pytest.fixture
def ibm(monkeypatch: pytest.MonkeyPatch):
    """IBM's service as documented, for a client with an API key."""
    monkeypatch.setattr(retry_policies, "TOKEN_EXCHANGE", retry_policies.Limit(attempts=3))
    monkeypatch.setattr(retry_policies, "READ_BRIEF", retry_policies.Limit())
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        mock.get("https://quantum.cloud.ibm.com/api/v1/backends", json={"devices": []})
        yield mock, QiskitRuntimeService(token=KEY, instance=CRN)


GRANT = {"access_token": TOKEN, "expires_in": 3600, "token_type": "Bearer"}


def test_an_api_key_is_exchanged_when_it_is_needed(ibm) -> None:
    """The key is sent as a form, once for many calls; each call has the Bearer token."""
    mock, service = ibm
    mock.post(IAM, json=GRANT)
    assert len(mock.calls) == 0
    service.backends()
    service.backends()
    exchange, first, second = mock.calls
    assert exchange.request.url == IAM
    assert "grant_type=urn:ibm:params:oauth:grant-type:apikey" in exchange.request.body.decode()
    assert f"apikey={KEY}" in exchange.request.body.decode()
    for call in (first, second):
        assert call.request.headers["Authorization"] == f"Bearer {TOKEN}"


def test_a_submission_rides_out_a_garbled_identity_service(ibm) -> None:
    """There is one job, although the last attempt of a token exchange returned no token."""
    mock, service = ibm
    tries = retry_policies.TOKEN_EXCHANGE.attempts
    for _ in range(tries):
        mock.post(IAM, body="<html>down</html>")
    mock.post(IAM, json=GRANT)
    jobs = "https://quantum.cloud.ibm.com/api/v1/jobs"
    mock.post(jobs, json={"id": "one", "backend": "sim"})
    job = submit(
        service.client,
        b"{}",
        tag=new_tag(),
        program_id="sampler",
        backend="sim",
        sleep=lambda _: None,
    )
    assert job.job_id == "one"
    assert [call.request.url for call in mock.calls] == [IAM] * (tries + 1) + [jobs]


@pytest.mark.parametrize(
    "reply",
    [
        {"status": 400, "json": {"errorCode": "BXNIM0415E", "context": {"key": KEY}}},
        {"status": 401, "body": KEY},
        {"status": 200, "body": f"<html>{KEY}</html>"},
        {"status": 200, "json": {"access_token": f"{TOKEN}\n", "expires_in": 3600}},
        {"status": 200, "json": {"access_token": f"{TOKEN} €", "expires_in": 3600}},
    ],
)
def test_a_refused_key_is_a_clear_error_without_the_key(ibm, reply: dict) -> None:
    """The key is neither in the message nor in the chained errors."""
    mock, service = ibm
    mock.post(IAM, **reply)
    with pytest.raises(AccountError, match="refused the API key") as problem:
        service.backends()
    error: BaseException | None = problem.value
    while error is not None:
        assert KEY not in f"{error!r} {error.args} {vars(error)}"
        error = error.__cause__ or error.__context__


def test_transient_faults_of_the_identity_service_are_retried(ibm) -> None:
    """After 5xx and broken connections; the key itself is never sent to the API."""
    mock, service = ibm
    mock.post(IAM, status=503)
    mock.post(IAM, body=requests.ConnectionError("reset"))
    mock.post(IAM, json=GRANT)
    service.backends()
    assert all(KEY not in str(call.request.headers) for call in mock.calls)


def test_a_401_is_retried_once_with_a_new_token(monkeypatch: pytest.MonkeyPatch, tmp_path) -> None:
    """Tokens that the service revoked are renewed while a script runs."""
    user = User("carol", secret("carol"))
    with LocalService(users=[user], faults=True) as local:
        monkeypatch.setenv("IAM_URL", local.base_url)
        service = QiskitRuntimeService(url=local.url, token=user.token, instance=local.instance)
        circuit = QuantumCircuit(1)
        circuit.measure_all()
        sampler = SamplerV2(service.backend("statevector"))
        job = sampler.run([circuit], shots=2)
        local.expire_tokens()
        assert job.result()[0].data.meas.num_shots == 2
        local.expire_tokens()
        assert sampler.run([circuit], shots=2).result()

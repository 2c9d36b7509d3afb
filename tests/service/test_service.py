"""QiskitRuntimeService: accounts, backends and jobs of the embedded service."""

from __future__ import annotations

import os
from datetime import datetime, timedelta, timezone

import pytest
from qiskit import QuantumCircuit

from qiskit_rest_primitives import (
    AccountError,
    AuthenticationError,
    BackendError,
    NotFoundError,
    ProtocolError,
    QiskitRuntimeService,
    SamplerV2,
    TransportError,
)
from tests.tokens import secret


def measured() -> QuantumCircuit:
    """One qubit, measured."""
    circuit = QuantumCircuit(1)
    circuit.measure_all()
    return circuit


def test_a_missing_account_is_explained() -> None:
    """Without arguments, environment and saved account, the message has both cures."""
    with pytest.raises(AccountError, match=r"token=.*instance=") as problem:
        QiskitRuntimeService()
    assert "channel='local'" in str(problem.value) or 'channel="local"' in str(problem.value)


def test_a_wrong_token_is_one_clear_error(local) -> None:
    """401 is an AuthenticationError with the cure."""
    service = QiskitRuntimeService(url=local.url, token=secret("wrong"), instance=local.instance)
    with pytest.raises(AuthenticationError, match="token"):
        service.backends()


def test_an_unknown_backend_names_the_known(service: QiskitRuntimeService) -> None:
    """The message lists the backends."""
    with pytest.raises(BackendError, match=r"no backend 'nowhere'.*statevector"):
        service.backend("nowhere")


@pytest.mark.slow
def test_a_service_that_does_not_listen_is_one_clear_error() -> None:
    """Connection refused is a TransportError that says so."""
    service = QiskitRuntimeService(url="http://127.0.0.1:9/v1", token=secret("ready"))
    with pytest.raises(TransportError, match="refused"):
        service.backends()


def test_a_reply_that_is_not_json_is_one_clear_error(local) -> None:
    """A url of another server gives a ProtocolError with an excerpt, not a JSONDecodeError."""
    import responses

    with responses.RequestsMock() as mock:
        mock.get("http://web.example/v1/backends", body="<html><title>Hello</title></html>")
        service = QiskitRuntimeService(url="http://web.example/v1", token=secret("ready"))
        with pytest.raises(ProtocolError, match=r"not a JSON object.*Hello"):
            service.backends()


def test_the_environment_configures_the_service(local, monkeypatch: pytest.MonkeyPatch) -> None:
    """QISKIT_IBM_URL, _TOKEN and _INSTANCE are enough."""
    monkeypatch.setenv("QISKIT_IBM_URL", local.url)
    monkeypatch.setenv("QISKIT_IBM_TOKEN", local.token)
    monkeypatch.setenv("QISKIT_IBM_INSTANCE", local.instance)
    assert QiskitRuntimeService().backend("statevector").simulator


def test_backends_are_filtered(service: QiskitRuntimeService) -> None:
    """By width, kind and any condition on the backend."""
    assert service.backends(name="statevector")[0].name == "statevector"
    assert all(backend.simulator for backend in service.backends(simulator=True))
    wide = service.backends(simulator=False, min_num_qubits=27)
    assert wide
    assert all(backend.num_qubits >= 27 for backend in wide)
    none = service.backends(filters=lambda backend: backend.name == "?")
    assert none == []


def test_least_busy_is_online(service: QiskitRuntimeService) -> None:
    """It meets the conditions; without a match it is a BackendError."""
    assert service.least_busy(simulator=False, min_num_qubits=20).num_qubits >= 20
    with pytest.raises(BackendError):
        service.least_busy(min_num_qubits=100_000, simulator=False)


def test_jobs_are_listed_with_filters(service: QiskitRuntimeService) -> None:
    """Newest first, over pages, by tag, time, program and state."""
    backend = service.backend("statevector")
    sampler = SamplerV2(backend, options={"environment": {"job_tags": ["listed"]}})
    jobs = [sampler.run([measured()], shots=1) for _ in range(3)]
    for job in jobs:
        job.result()
    ids = [job.job_id() for job in jobs]
    found = service.jobs(job_tags=["listed"])
    assert [job.job_id() for job in found] == ids[::-1]
    oldest = service.jobs(job_tags=["listed"], descending=False, limit=2)
    assert [job.job_id() for job in oldest] == ids[:2]
    assert [job.job_id() for job in service.jobs(job_tags=["listed"], skip=2)] == ids[:1]
    assert service.jobs(job_tags=["listed"], pending=True) == []
    assert service.jobs(job_tags=["listed"], program_id="estimator") == []
    later = datetime.now(timezone.utc) + timedelta(hours=1)
    assert service.jobs(job_tags=["listed"], created_after=later) == []
    assert len(service.jobs(job_tags=["listed"], created_before=later, limit=None)) == 3
    assert found[0].result()[0].data.meas.num_shots == 1


def test_an_unknown_job_is_not_found(service: QiskitRuntimeService) -> None:
    """404 is a NotFoundError; an id with slashes never becomes another endpoint."""
    with pytest.raises(NotFoundError):
        service.job("nothing")
    with pytest.raises(NotFoundError):
        service.job("../backends")
    with pytest.raises(ProtocolError):
        service.job("")


def test_usage_and_active_instance(service: QiskitRuntimeService, local) -> None:
    """The account's usage and the instance in use are returned."""
    assert service.usage()["usage_consumed_seconds"] >= 0
    assert service.active_instance() == local.instance
    assert service.instances()[0]["crn"] == local.instance
    assert "hidden" in str(service.active_account()["token"])


def test_channel_local_starts_one_service_per_process() -> None:
    """Two clients share it and call it over HTTP."""
    first = QiskitRuntimeService(channel="local")
    second = QiskitRuntimeService(channel="local")
    assert first.client.url == second.client.url
    assert first.client.url.startswith("http://127.0.0.1:")
    assert os.environ.get("QISKIT_IBM_URL") is None
    assert SamplerV2(second.backend("statevector")).run([measured()], shots=2).result()

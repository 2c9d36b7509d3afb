"""Requests: headers, number, and bodies that match the documented schema."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import numpy as np
import pytest
import responses
from qiskit import QuantumCircuit
from qiskit.circuit import Parameter

from qiskit_rest_primitives import (
    BackendError,
    EstimatorV2,
    QiskitRuntimeService,
    SamplerV2,
    Settings,
)
from qiskit_rest_primitives.wire.values.arrays import decode_array
from tests.tokens import secret

SCHEMA = json.loads((Path(__file__).parents[0] / "wire" / "job_request.schema.json").read_text())
TOKEN = secret("ready")
URL = "http://service.example/v1"
CRN = "crn:v1:bluemix:public:quantum-computing:us-east:a/0123456789abcdef0123456789abcdef:77::"


@pytest.fixture
def recorded(tmp_path):
    """A mocked service with the documented replies, and a client of it."""
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        mock.get(
            f"{URL}/backends",
            json={"devices": [{"name": "sim", "status": {"name": "online"}, "is_simulator": True}]},
        )
        mock.post(f"{URL}/jobs", json={"id": "job-1", "backend": "sim"})
        mock.get(
            f"{URL}/jobs/job-1",
            json={"id": "job-1", "state": {"status": "Completed"}, "status": "Completed"},
        )
        service = QiskitRuntimeService(
            url=URL, token=TOKEN, instance=CRN, settings=Settings(state_folder=tmp_path)
        )
        yield mock, service


def body_of(mock: responses.RequestsMock) -> dict:
    """The JSON body of the one POST."""
    (post,) = [call.request for call in mock.calls if call.request.method == "POST"]
    return json.loads(post.body)


def test_the_constructor_sends_nothing(recorded) -> None:
    """No request before one is needed."""
    mock, _ = recorded
    assert len(mock.calls) == 0


def test_documented_headers_are_sent(recorded) -> None:
    """Bearer, Service-CRN and a dated API version on every call."""
    mock, service = recorded
    circuit = QuantumCircuit(1)
    circuit.measure_all()
    SamplerV2(service.backend("sim")).run([circuit])
    for call in mock.calls:
        headers = call.request.headers
        assert headers["Authorization"] == f"Bearer {TOKEN}"
        assert headers["Service-CRN"] == CRN
        assert headers["IBM-API-Version"] == "2026-04-15"
        assert headers["Accept"] == "application/json"
        assert "gzip" in headers["Accept-Encoding"]
    assert mock.calls[-1].request.headers["Content-Type"] == "application/json"


def test_sampler_bodies_have_the_strict_official_form(recorded) -> None:
    """[text, ndarray envelope, shots], with explicit support_qiskit and version."""
    mock, service = recorded
    circuit = QuantumCircuit(1)
    circuit.rx(Parameter("t"), 0)
    circuit.measure_all()
    options = {
        "default_shots": 100,
        "environment": {"job_tags": ["a"], "log_level": "DEBUG", "private": True},
        "max_execution_time": 60,
    }
    sampler = SamplerV2(service.backend("sim"), options=options)
    sampler.run([(circuit, [[0.5], [1.5]]), (circuit, [1], 7)])
    body = body_of(mock)
    jsonschema.validate(body, SCHEMA)
    assert body["program_id"] == "sampler"
    assert body["backend"] == "sim"
    assert body["params"]["version"] == 2
    assert body["params"]["support_qiskit"] is True
    assert body["params"]["options"] == {"default_shots": 100}
    assert (body["log_level"], body["private"], body["cost"]) == ("debug", True, 60)
    assert body["tags"][0] == "a"
    (text, values, shots), (_, _, other_shots) = body["params"]["pubs"]
    assert text.startswith("OPENQASM 3")
    np.testing.assert_array_equal(decode_array(values), [[0.5], [1.5]])
    assert (shots, other_shots) == (100, 7)


def test_estimator_bodies_have_the_strict_official_form(recorded) -> None:
    """[text, observables, ndarray envelope, precision], null only without a precision."""
    mock, service = recorded
    circuit = QuantumCircuit(2)
    estimator = EstimatorV2(service.backend("sim"), options={"resilience_level": 0})
    estimator.run([(circuit, [["ZZ"], ["XI"]]), (circuit, {"ZZ": 2, "II": -1}, None, 0.5)])
    body = body_of(mock)
    jsonschema.validate(body, SCHEMA)
    assert body["params"]["resilience_level"] == 0
    first, second = body["params"]["pubs"]
    assert first[1] == [[{"ZZ": 1.0}], [{"XI": 1.0}]]
    assert first[3] is None
    assert second[1] == {"ZZ": 2.0, "II": -1.0}
    assert second[3] == 0.5


def test_each_submission_has_its_own_tag(recorded) -> None:
    """The tag distinguishes two runs of the same PUB in the job list."""
    mock, service = recorded
    circuit = QuantumCircuit(1)
    circuit.measure_all()
    sampler = SamplerV2(service.backend("sim"))
    for _ in range(2):
        sampler.run([circuit])
    posts = [call.request for call in mock.calls if call.request.method == "POST"]
    tags = [json.loads(post.body)["tags"] for post in posts]
    assert tags[0] != tags[1]
    assert all(len(tag) <= 86 for (tag,) in tags)


def test_a_backend_that_is_offline_gets_no_job(recorded) -> None:
    """Its status is requested once more before the error; nothing is submitted."""
    mock, service = recorded
    off = {"name": "off", "status": {"name": "offline"}, "is_simulator": True}
    mock.replace("GET", f"{URL}/backends", json={"devices": [off]})
    status = {"state": False, "status": "internal", "message": "", "length_queue": 0}
    mock.get(f"{URL}/backends/off/status", json={**status, "backend_version": "1"})
    sampler = SamplerV2(service.backend("off"))
    with pytest.raises(BackendError, match=r"off is not accepting jobs.*least_busy"):
        sampler.run([QuantumCircuit(1, 1)])
    assert {call.request.method for call in mock.calls} == {"GET"}


def test_a_quick_job_costs_three_requests(recorded) -> None:
    """POST, one poll of the status, GET results."""
    mock, service = recorded
    plain = {"results": [{"data": {"meas": {"samples": ["0x0"], "num_bits": 1}}, "metadata": {}}]}
    mock.get(f"{URL}/jobs/job-1/results", json=plain)
    circuit = QuantumCircuit(1)
    circuit.measure_all()
    sampler = SamplerV2(service.backend("sim"))
    before = len(mock.calls)
    result = sampler.run([circuit], shots=1).result(timeout=10)
    assert result[0].data.meas.get_counts() == {"0": 1}
    methods = [(call.request.method, call.request.path_url) for call in mock.calls][before:]
    assert [method for method, _ in methods] == ["POST", "GET", "GET"]

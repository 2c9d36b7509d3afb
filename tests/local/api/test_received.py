"""The requests that the service keeps for tests."""

from __future__ import annotations

import base64
import io
import zlib

import pytest
import requests
from qiskit import QuantumCircuit, qpy

from qiskit_rest_primitives import QiskitRuntimeService
from qiskit_rest_primitives.local import Limits, LocalService
from qiskit_rest_primitives.local.api.faults import Faults
from qiskit_rest_primitives.testing import RequestJournal


def test_a_refused_request_is_kept() -> None:
    """One that turns out to be too large, one without a token, one to a path that there is not."""
    with LocalService(keep_requests=True, limits=Limits(body_bytes=1000)) as local:
        headers = {"Authorization": f"Bearer {local.token}"}
        requests.post(f"{local.url}/jobs", data=iter([b" " * 5000]), headers=headers, timeout=10)
        requests.get(f"{local.url}/jobs?limit=2", timeout=10)
        requests.get(f"{local.base_url}/nowhere", headers=headers, timeout=10)
        assert local.received is not None
        kept = [(seen.method, seen.path, seen.query, seen.sent) for seen in local.received.requests]
    assert kept == [
        ("POST", "/jobs", "", 413),
        ("GET", "/jobs", "limit=2", 401),
        ("GET", "/nowhere", "", 404),
    ]


def test_nothing_is_kept_by_default(service: QiskitRuntimeService, local: LocalService) -> None:
    """A service that runs for long keeps no requests in memory."""
    service.backends()
    assert local.received is None


def test_a_queue_has_no_negative_length() -> None:
    """The number of polls is at least 0."""
    with pytest.raises(ValueError, match="at least 0 times, not -1"):
        Faults().queue(polls=-1)


def qpy_pub() -> list[object]:
    """A PUB as IBM's client sends it."""
    circuit = QuantumCircuit(1, name="of another")
    circuit.measure_all()
    file = io.BytesIO()
    qpy.dump(circuit, file, version=13)
    text = base64.b64encode(zlib.compress(file.getvalue())).decode()
    return [{"__type__": "QuantumCircuit", "__value__": text}, None, 10]


def test_circuits_of_other_clients_are_read() -> None:
    """Plain OpenQASM 3 without this client's comment, and a QPY file, with values by name."""
    text = (
        'OPENQASM 3.0; include "stdgates.inc"; input float[64] t;'
        " bit[1] c; qubit[1] q; rx(t) q[0]; c[0] = measure q[0];"
    )
    with LocalService(keep_requests=True) as local:
        for pub in ([text, {"t": [0.5]}, 10], [text, [[0.25]], 10], qpy_pub()):
            body = {"program_id": "sampler", "backend": "statevector", "params": {"pubs": [pub]}}
            headers = {"Authorization": f"Bearer {local.token}"}
            requests.post(f"{local.url}/jobs", json=body, headers=headers, timeout=10)
        assert local.received is not None
        journal = RequestJournal(local.received.requests)
        first, second, third = (job.pubs[0] for job in journal.jobs)
    assert first.circuit.count_ops() == {"rx": 1, "measure": 1}
    assert {name: list(values) for name, values in first.parameter_values.items()} == {"t": [0.5]}
    assert {name: list(values) for name, values in second.parameter_values.items()} == {"t": [0.25]}
    assert (third.circuit.name, third.parameter_values) == ("of another", {})

"""POST /jobs with quantum programs: what is refused before anything is run."""

from __future__ import annotations

import re
from typing import Any

import pytest
from qiskit import QuantumCircuit

from tests.local.conftest import Api
from tests.wire.executor.programs import circuit_item, program

CIRCUIT = QuantumCircuit(1, 1)
CIRCUIT.x(0)
CIRCUIT.measure(0, 0)


def params(**members: Any) -> dict[str, Any]:
    """A program of one item."""
    return program([CIRCUIT], [circuit_item([], **members)], shots=5)


def test_a_program_runs(api: Api) -> None:
    """From POST to the result, with the params as they were sent."""
    sent = params()
    job_id = api.run(program_id="executor", params=sent)
    result = api.json(f"/jobs/{job_id}/results")
    assert result["schema_version"] == "v2.0"
    assert result["data"][0]["results"]["c"]["shape"] == [5, 1]
    job = api.json(f"/jobs/{job_id}", exclude_params="false")
    assert job["program"] == {"id": "executor"}
    assert job["params"] == sent


@pytest.mark.parametrize(
    ("sent", "said"),
    [
        ({"schema_version": "v0.1"}, "params.schema_version: .*v1.1"),
        (params(chunk_size=2), "only a job of a session"),
        (params(chunk_size=-1), "chunk_size"),
        (params() | {"seed": 1}, "params.seed"),
        (params() | {"options": {"shots": 1}}, "params.options.shots"),
    ],
)
def test_refused_at_once(api: Api, sent: dict[str, Any], said: str) -> None:
    """A wrong version or member is a 400 that names it."""
    reply = api.post_job(program_id="executor", params=sent)
    assert reply.status_code == 400
    assert re.search(said, reply.text), reply.text


def test_no_items(api: Api) -> None:
    """A program without items."""
    sent = params()
    sent["quantum_program"] |= {"items": [], "circuits": {"data": []}}
    reply = api.post_job(program_id="executor", params=sent)
    assert reply.status_code == 400
    assert "at least one item" in reply.text


def test_chunks_in_a_session(api: Api) -> None:
    """In a session, a program may say how many points run at once."""
    reply = api.call("POST", "/sessions", json={"mode": "dedicated", "backend": "statevector"})
    session = reply.json()["id"]
    sent = params(chunk_size=2)
    job_id = api.run(program_id="executor", params=sent, session_id=session)
    assert api.json(f"/jobs/{job_id}")["status"] == "Completed"

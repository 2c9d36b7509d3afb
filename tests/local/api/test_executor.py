"""POST /jobs with quantum programs: what is refused before anything is run."""

from __future__ import annotations

import base64
import json
import re
import zlib
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
        *(
            ({"schema_version": old}, f"'{old}' is not supported; send v2.0 or v1.1")
            for old in ("v0.1", "v0.2", "v1.0")
        ),
        ({"schema_version": "v" * 10_000}, "is not supported; send v2.0 or v1.1"),
        (params() | {"x" * 10_000: 1}, "xxx"),
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
    assert len(reply.text) < 2000


@pytest.mark.parametrize("depth", [10_000, 1_000_000])
def test_deep_passthrough_data(api: Api, depth: int) -> None:
    """Data of any depth are refused, or come back; nothing breaks on the way."""
    sent = json.dumps({"program_id": "executor", "backend": "statevector", "params": params()})
    deep = '"passthrough_data": ' + "[" * depth + "]" * depth + ', "shots"'
    reply = api.call("POST", "/jobs", data=sent.replace('"shots"', deep, 1))
    assert reply.status_code == 400
    assert "nested too deeply" in reply.text


def test_endless_bytes(api: Api) -> None:
    """A tensor and a QPY file that unpack to a gibibyte are refused without being unpacked."""
    packer = zlib.compressobj(9)
    first, again = (
        packer.compress(bytes(1 << 20)) + packer.flush(zlib.Z_FULL_FLUSH) for _ in range(2)
    )
    data = base64.b64encode(first + again * (1 << 10)).decode()
    reasons = []
    for place in ("tensor", "circuits"):
        sent = params()
        if place == "tensor":
            sent["quantum_program"]["items"][0]["circuit_arguments"]["data"] = data
        else:
            sent["quantum_program"]["circuits"]["b64_data"] = data
        job = api.json(f"/jobs/{api.run(program_id='executor', params=sent)}")
        reasons.append(job["state"]["reason"])
    assert re.match("item 0: circuit_arguments: expands to more than 0 bytes", reasons[0])
    assert re.match("circuits: expands to more than", reasons[1])


def test_a_program_without_items_is_refused(api: Api) -> None:
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

"""Fingerprints of job requests: equal if and only if the service would run the same."""

from __future__ import annotations

import base64
import json
import zlib
from typing import Any

import numpy as np
import pytest
from qiskit import QuantumCircuit
from qiskit.circuit import Parameter

from qiskit_rest_primitives.circuits import encode_circuit
from qiskit_rest_primitives.wire.request.fingerprint import fingerprint
from qiskit_rest_primitives.wire.request.pubs import encode_sampler_pub


def rotation(name: str = "rotation", parameter: str = "t") -> str:
    """The text of a circuit with one parameter."""
    circuit = QuantumCircuit(1, name=name, metadata={"label": name})
    circuit.rx(Parameter(parameter), 0)
    circuit.measure_all()
    return encode_circuit(circuit).qasm


def body(qasm: str, values: Any = (0.5,), shots: int = 100, **members: Any) -> dict[str, Any]:
    """The body of POST /jobs for one sampler PUB."""
    pub = encode_sampler_pub(qasm, np.array(values, dtype=float), shots)
    params = {"pubs": [pub], "options": {"execution": {"init_qubits": True}}, "version": 2}
    return {"program_id": "sampler", "backend": "sim", "params": params, **members}


def test_the_fingerprint_does_not_depend_on_encoding_or_key_order() -> None:
    """The encoded and the decoded body agree, whatever comes first in them."""
    request = body(rotation())
    shuffled = dict(reversed(request.items()))
    assert fingerprint(json.dumps(request, indent=1).encode()) == fingerprint(shuffled)


@pytest.mark.parametrize(
    "more", [{"tags": ["a"]}, {"session_id": "s"}, {"log_level": "debug"}, {"cost": 9}]
)
def test_what_does_not_change_the_run_is_ignored(more: dict[str, Any]) -> None:
    """Tags, session, log level and the longest time."""
    assert fingerprint(body(rotation(), **more)) == fingerprint(body(rotation()))


def test_names_and_metadata_of_the_circuit_are_ignored() -> None:
    """They travel in a comment of the text."""
    assert rotation() != rotation("other", "φ")
    assert fingerprint(body(rotation())) == fingerprint(body(rotation("other", "φ")))


@pytest.mark.parametrize(
    "other",
    [
        body(rotation().replace("rx", "ry")),
        body(rotation(), values=[0.25]),
        body(rotation(), values=[[0.5]]),
        body(rotation(), shots=101),
        body(rotation(), backend="other"),
        body(rotation(), calibration_id="yesterday"),
        {**body(rotation()), "params": {**body(rotation())["params"], "options": {}}},
    ],
)
def test_what_changes_the_run_changes_it(other: dict[str, Any]) -> None:
    """Circuit, values and their shape, shots, backend, calibration, options."""
    assert fingerprint(other) != fingerprint(body(rotation()))


def test_the_compression_of_values_is_ignored() -> None:
    """Another release of zlib writes the same array in other bytes."""
    request = body(rotation(), values=np.zeros((50, 1)))
    text = request["params"]["pubs"][0][1]["__value__"]
    again = base64.b64encode(zlib.compress(zlib.decompress(base64.b64decode(text)), 9)).decode()
    assert again != text
    other = body(rotation(), values=np.zeros((50, 1)))
    other["params"]["pubs"][0][1]["__value__"] = again
    assert fingerprint(other) == fingerprint(request)


def test_a_body_that_is_no_object_is_refused() -> None:
    """The type is named."""
    with pytest.raises(TypeError, match="not list"):
        fingerprint(b"[1]")

"""PUBs as this client sends them, and in every documented form."""

from __future__ import annotations

import base64
import io
import json
import zlib
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from qiskit import QuantumCircuit, qpy
from qiskit.quantum_info import Pauli, PauliList, SparsePauliOp

from qiskit_rest_primitives.errors import ProtocolError
from qiskit_rest_primitives.wire.request.pubs import (
    decode_estimator_pub,
    decode_sampler_pub,
    encode_estimator_pub,
    encode_sampler_pub,
)
from qiskit_rest_primitives.wire.values.arrays import encode_array
from tests.wire.examples import envelope

QASM = "OPENQASM 3.0;\nqubit[2] q;\n"
VALUES = hnp.arrays(
    np.float64, hnp.array_shapes(min_dims=1, min_side=0), elements=st.floats(-10, 10)
)


def qpy_envelope(circuit: QuantumCircuit) -> dict[str, Any]:
    """Makes the official envelope of a circuit."""
    stream = io.BytesIO()
    qpy.dump(circuit, stream)
    return envelope("QuantumCircuit", base64.b64encode(zlib.compress(stream.getvalue())).decode())


@settings(max_examples=30, deadline=None)
@given(VALUES, st.integers(1, 10**7), st.none() | st.floats(1e-9, 1))
def test_encoded_pubs_are_decoded_unchanged(
    values: np.ndarray, shots: int, precision: float | None
) -> None:
    """Values keep every bit and their shape."""
    item = json.loads(json.dumps(encode_sampler_pub(QASM, values, shots)))
    pub = decode_sampler_pub(item)
    assert (pub.circuit, pub.shots) == (QASM, shots)
    np.testing.assert_array_equal(pub.parameter_values, values, strict=True)
    observables = [[{"XX": 0.5, "ZZ": -1.25}], [{"IY": 1e-300}]]
    item = json.loads(json.dumps(encode_estimator_pub(QASM, observables, values, precision)))
    pub = decode_estimator_pub(item)
    assert (pub.circuit, pub.observables, pub.precision) == (QASM, observables, precision)
    np.testing.assert_array_equal(pub.parameter_values, values, strict=True)


def test_encoded_pubs_match_the_published_schemas() -> None:
    """ibm-quantum-schemas accepts our PUBs as the strict official form."""
    sampler = pytest.importorskip("ibm_quantum_schemas.sampler.version_0_1.sampler_pub")
    estimator = pytest.importorskip("ibm_quantum_schemas.estimator.version_0_1.estimator_pub")
    values = np.zeros((3, 2))
    sampler.SamplerPubModel.model_validate(encode_sampler_pub(QASM, values, 10))
    for precision in (None, 0.1):
        item = encode_estimator_pub(QASM, [{"XX": 1.0}], values, precision)
        estimator.EstimatorPubModel.model_validate(item)


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (None, None),
        ([], []),
        ([0.1, 2], np.array([0.1, 2])),
        ([[1], [2], [3]], np.array([[1.0], [2.0], [3.0]])),
        ({"theta": 1.57, "phi": [1, 2]}, {"theta": np.array(1.57), "phi": np.array([1.0, 2.0])}),
        ({"a": encode_array(np.arange(3))}, {"a": np.arange(3.0)}),
        (encode_array(np.arange(6).reshape(3, 2)), np.arange(6.0).reshape(3, 2)),
        (encode_array(np.zeros((4, 0))), np.zeros((4, 0))),
        (envelope("ndarray", [[1, 2]]), np.array([[1.0, 2.0]])),
    ],
)
def test_every_form_of_parameter_values(values: Any, expected: Any) -> None:
    """Lists, nested lists, names and envelopes are read with their shape."""
    found = decode_sampler_pub([QASM, values]).parameter_values
    if isinstance(expected, dict):
        assert isinstance(found, dict)
        assert list(found) == list(expected)
        for name, array in expected.items():
            np.testing.assert_array_equal(found[name], array, strict=True)
    elif isinstance(expected, np.ndarray):
        np.testing.assert_array_equal(found, expected, strict=True)
    else:
        assert found == expected


def test_trailing_items_are_optional() -> None:
    """A circuit alone is a sampler PUB; an estimator PUB has observables as well."""
    for item in (QASM, [QASM], [QASM, None], [QASM, None, None]):
        assert decode_sampler_pub(item) == decode_sampler_pub([QASM])
    pub = decode_estimator_pub([QASM, "XX"])
    assert (pub.observables, pub.parameter_values, pub.precision) == ("XX", None, None)
    assert decode_sampler_pub([QASM, [], 10.0]).shots == 10
    assert decode_estimator_pub([QASM, "XX", None, 1]).precision == 1.0


def test_circuits_in_qpy() -> None:
    """The official client's envelope gives the bytes of the QPY file."""
    circuit = QuantumCircuit(2)
    circuit.cz(0, 1)
    for item in (qpy_envelope(circuit), [qpy_envelope(circuit)]):
        data = decode_sampler_pub(item).circuit
        assert isinstance(data, bytes)
        assert qpy.load(io.BytesIO(data)) == [circuit]


@pytest.mark.parametrize(
    ("observables", "expected"),
    [
        ("XX", "XX"),
        ({"XX": 1, "ZZ": 0.5}, {"XX": 1.0, "ZZ": 0.5}),
        (["XX", {"ZZ": 2}], ["XX", {"ZZ": 2.0}]),
        ([["XX"], ["ZZ"]], [["XX"], ["ZZ"]]),
        ([["XX", "YY"], ["ZZ", "II"]], [["XX", "YY"], ["ZZ", "II"]]),
        ([["XX", 0.5], ["ZZ", 1], ["XX", 1]], {"XX": 1.5, "ZZ": 1.0}),
        ([[["XX", 0.5]], [["ZZ", 1]]], [{"XX": 0.5}, {"ZZ": 1.0}]),
        ([["XX", envelope("complex", [0.5, 0])]], {"XX": 0.5}),
        (envelope("ObservablesArray", [{"X": 1}]), [{"X": 1.0}]),
        ([], []),
    ],
)
def test_every_form_of_observables(observables: Any, expected: Any) -> None:
    """Strings, maps, term lists, and nested lists of them."""
    assert decode_estimator_pub([QASM, observables]).observables == expected


def test_operators_of_the_official_encoder() -> None:
    """Pauli, PauliList and SparsePauliOp envelopes are read as observables."""
    runtime = pytest.importorskip("qiskit_ibm_runtime")
    for operator, expected in [
        (Pauli("XY"), "XY"),
        (PauliList(["XY", "ZZ"]), ["XY", "ZZ"]),
        (SparsePauliOp(["XY", "ZZ"], [0.5, 2]), {"XY": 0.5, "ZZ": 2.0}),
    ]:
        item = json.loads(json.dumps([QASM, operator], cls=runtime.RuntimeEncoder))
        assert decode_estimator_pub(item).observables == expected


def test_the_official_clients_pubs() -> None:
    """Coerced PUBs as written by its encoder are read completely."""
    runtime = pytest.importorskip("qiskit_ibm_runtime")
    from qiskit.circuit import Parameter
    from qiskit.primitives.containers.estimator_pub import EstimatorPub
    from qiskit.primitives.containers.sampler_pub import SamplerPub

    circuit = QuantumCircuit(2)
    circuit.rx(Parameter("a"), 0)
    values = np.arange(4.0).reshape(4, 1)
    item = SamplerPub.coerce((circuit, values, 7))
    pub = decode_sampler_pub(json.loads(json.dumps(item, cls=runtime.RuntimeEncoder)))
    assert pub.shots == 7
    np.testing.assert_array_equal(pub.parameter_values, values)
    item = EstimatorPub.coerce((circuit, [["XX"], ["ZZ"]], values, 0.5))
    pub = decode_estimator_pub(json.loads(json.dumps(item, cls=runtime.RuntimeEncoder)))
    assert pub.observables == [[{"XX": 1.0}], [{"ZZ": 1.0}]]
    assert pub.precision == 0.5


def bomb(kind: str, start: bytes) -> dict[str, Any]:
    """Makes an envelope that expands to 300 MB."""
    compressor = zlib.compressobj(9)
    zeros = bytes(1 << 20)
    data = compressor.compress(start) + b"".join(compressor.compress(zeros) for _ in range(300))
    return envelope(kind, base64.b64encode(data + compressor.flush()).decode())


OPERATOR = {"__class__": "SparsePauliOp"}


@pytest.mark.parametrize(
    ("item", "words"),
    [
        (None, "PUB 3: expected .circuit, parameter_values, shots., found null"),
        ([], "a list of 0"),
        ([QASM, None, 1, 2], "a list of 4"),
        ([3], "PUB 3: the circuit must be OpenQASM 3 text"),
        ([envelope("QuantumCircuit", 3)], "PUB 3, circuit: expected base64 text, found 3"),
        ([envelope("QuantumCircuit", "é")], "not base64"),
        ([envelope("QuantumCircuit", base64.b64encode(zlib.compress(b"x")).decode())], "not a QPY"),
        ([QASM, 3], "PUB 3, parameter_values: expected a list, an object of names or"),
        ([QASM, ["a"]], "expected real numbers"),
        ([QASM, [None]], "expected real numbers"),
        ([QASM, [[1], [2, 3]]], "do not form an array"),
        ([QASM, [{"a": 1}]], "expected numbers"),
        ([QASM, {"a": "x" * 5000}], "parameter_values 'a'"),
        ([QASM, ["x" * 5000]], "a text of 5000 characters"),
        ([QASM, {"a": float("nan")}], "'a': all values must be finite"),
        ([QASM, encode_array(np.array([1j]))], "expected real numbers, found complex128"),
        ([QASM, None, 0], "shots must be a positive integer, found 0"),
        ([QASM, None, True], "shots must be a positive integer, found true"),
        ([QASM, None, 1.5], "shots must be a positive integer, found 1.5"),
        ([QASM, None, "10"], "shots must be a positive integer, found '10'"),
    ],
)
def test_bad_sampler_pubs(item: Any, words: str) -> None:
    """Each malformed item is refused with the PUB and what is wrong with it."""
    with pytest.raises(ProtocolError, match=words):
        decode_sampler_pub(item, place="PUB 3")


def test_data_that_expand_without_end_are_refused() -> None:
    """Data that expand to hundreds of megabytes are refused, in the circuit and in the values."""
    with pytest.raises(ProtocolError, match="expands to more than"):
        decode_sampler_pub([bomb("QuantumCircuit", b"QISKIT")], place="PUB 3")
    with pytest.raises(ProtocolError, match="npy header"):
        decode_sampler_pub([QASM, bomb("ndarray", b"\x93NUMPY\x01\x00")], place="PUB 3")


@pytest.mark.parametrize(
    ("item", "words"),
    [
        (QASM, "expected .circuit, observables"),
        ([QASM], "no observables"),
        ([QASM, 3], "expected a Pauli string"),
        ([QASM, {"XX": "a"}], "observables 'XX': a coefficient must be a finite real number"),
        ([QASM, {"XX": True}], "a coefficient must be"),
        ([QASM, [["XX", float("inf")]]], "a coefficient must be"),
        ([QASM, [["XX", envelope("complex", [1, 2])]]], "a coefficient must be"),
        ([QASM, json.loads("[" * 40 + "]" * 40)], "nested more than 32 deep"),
        ([QASM, envelope("Popen", 1)], "unknown type 'Popen'"),
        ([QASM, envelope("settings", {"data": 3}, **OPERATOR)], "unknown type 'SparsePauliOp'"),
        (
            [
                QASM,
                envelope(
                    "settings", {"data": ["X"], "coeffs": encode_array(np.array([1j]))}, **OPERATOR
                ),
            ],
            "coefficients must be real",
        ),
        ([QASM, "X", None, -1], "precision must be a positive number"),
        ([QASM, "X", None, True], "precision must be a positive number"),
        ([QASM, "X", None, float("nan")], "precision must be a positive number"),
    ],
)
def test_bad_estimator_pubs(item: Any, words: str) -> None:
    """Each malformed item is refused with the PUB and what is wrong with it."""
    with pytest.raises(ProtocolError, match=words):
        decode_estimator_pub(item)

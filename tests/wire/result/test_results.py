"""Results through both encodings, against the official client and the documented bodies."""

from __future__ import annotations

import base64
import json
import zlib
from datetime import datetime, timezone

import numpy as np
import pytest
from hypothesis import given, settings
from qiskit.primitives import BitArray, DataBin, PrimitiveResult, PubResult, SamplerPubResult

from qiskit_rest_primitives.errors import EncodeError, ProtocolError
from qiskit_rest_primitives.wire.result.results import (
    decode_result,
    encode_result,
    iter_encoded_result,
)
from qiskit_rest_primitives.wire.values.execution_spans import DataSlice, ExecutionSpan
from tests.wire import examples
from tests.wire.fuzz_results import run


@settings(max_examples=40, deadline=None)
@given(examples.sampler_results())
def test_sampler_results_are_unchanged_by_both_encodings(result: PrimitiveResult) -> None:
    """Every shape, width and register survives either encoding."""
    shots = [next(iter(pub.data.values())).num_shots for pub in result]
    for support_qiskit in (True, False):
        body = encode_result(result, program_id="sampler", support_qiskit=support_qiskit)
        back = decode_result(
            body, program_id="sampler", pub_shapes=examples.shapes_of(result), pub_shots=shots
        )
        examples.assert_same(back, result)


@settings(max_examples=40, deadline=None)
@given(examples.estimator_results())
def test_estimator_results_are_unchanged_by_both_encodings(result: PrimitiveResult) -> None:
    """Values, mitigation's fields and non-finite numbers survive either encoding."""
    for support_qiskit in (True, False):
        body = encode_result(result, program_id="estimator", support_qiskit=support_qiskit)
        back = decode_result(body, program_id="estimator", pub_shapes=examples.shapes_of(result))
        examples.assert_same(back, result)


def test_the_plain_form_is_legal_json() -> None:
    """Strict parsers read it: no bare NaN among the values."""
    data = DataBin(shape=(2,), evs=np.array([np.nan, -np.inf]), stds=np.array([0.5, np.inf]))
    body = encode_result(
        PrimitiveResult([PubResult(data)]), program_id="estimator", support_qiskit=False
    )

    def refuse(word: str) -> None:
        raise AssertionError(word)

    data = json.loads(body, parse_constant=refuse)["results"][0]["data"]
    assert data == {"evs": ["NaN", "-Infinity"], "stds": [0.5, "Infinity"]}


def test_pieces_join_to_the_whole() -> None:
    """The iterator yields the same body, in small pieces; a bytearray of them is read as well."""
    result = PrimitiveResult([SamplerPubResult(DataBin(c=examples.bits((), 50_000, 127)))])
    for support_qiskit in (True, False):
        pieces = list(
            iter_encoded_result(result, program_id="sampler", support_qiskit=support_qiskit)
        )
        assert max(map(len, pieces)) < 500_000
        body = b"".join(pieces)
        examples.assert_same(decode_result(body, program_id="sampler"), result)
        examples.assert_same(decode_result(bytearray(body), program_id="sampler"), result)


def test_documented_bodies() -> None:
    """The examples of the API's documents are read as printed there."""
    sampler = (
        b'{"results":[{"data":{"c":{"samples":["0x3","0x0"],"num_bits":2}}, "metadata":{}}],'
        b' "metadata":{}}'
    )
    result = decode_result(sampler, program_id="sampler")
    assert result[0].data.c.get_counts() == {"11": 1, "00": 1}
    estimator = (
        b'{"results":[{"data":{"evs":0.74,"stds":0.03,"ensemble_standard_error":0.033}, "metadata":'
        b'{"shots":10016,"target_precision":0.01,"circuit_metadata":{},"resilience":{},'
        b'"num_randomizations":32}}], "metadata":{}}'
    )
    result = decode_result(estimator, program_id="estimator", pub_shapes=[()])
    assert result[0].data.evs == 0.74
    assert result[0].data.ensemble_standard_error == 0.033
    assert result[0].data.shape == ()
    assert result[0].metadata["shots"] == 10016


@pytest.mark.parametrize("spacing", [None, 1])
def test_measurements_that_were_not_classified(spacing: int | None) -> None:
    """Kerneled registers give complex arrays in both forms."""
    rng = np.random.default_rng(3)
    kerneled = rng.normal(size=(2, 5, 3)) + 1j * rng.normal(size=(2, 5, 3))
    result = PrimitiveResult([SamplerPubResult(DataBin(shape=(2,), c=kerneled))])
    for support_qiskit in (True, False):
        body = encode_result(result, program_id="sampler", support_qiskit=support_qiskit)
        body = json.dumps(json.loads(body), indent=spacing).encode()
        back = decode_result(body, program_id="sampler", pub_shapes=[(2,)], pub_shots=[5])
        examples.assert_same(back, result)


def test_complex_envelopes_in_plain_json() -> None:
    """Complex numbers spelled as envelopes are read as well."""
    one = examples.envelope("complex", [0.5, -1])
    data = decode_result(examples.plain({"c": [[one, one]]}), program_id="sampler", pub_shapes=[()])
    np.testing.assert_array_equal(data[0].data.c, [[0.5 - 1j, 0.5 - 1j]])
    with pytest.raises(ProtocolError, match="PUB 0, register 'c': expected complex"):
        decode_result(examples.plain({"c": [one, "x"]}), program_id="sampler")
    with pytest.raises(ProtocolError, match="do not form an array"):
        decode_result(examples.plain({"c": [[one], [one, one]]}), program_id="sampler")
    with pytest.raises(ProtocolError, match="expected pairs"):
        decode_result(examples.plain({"c": [1, 2, 3]}), program_id="sampler")


def test_a_register_as_an_envelope_in_plain_json() -> None:
    """A register of a plain body may be a BitArray envelope, not anything else."""
    body = json.loads(
        encode_result(
            PrimitiveResult([SamplerPubResult(DataBin(c=examples.bits((), 4, 9)))]),
            program_id="sampler",
            support_qiskit=True,
        )
    )
    register = body["__value__"]["pub_results"][0]["__value__"]["data"]["__value__"]["fields"]["c"]
    result = decode_result(examples.plain({"c": register}), program_id="sampler")
    assert isinstance(result[0].data.c, BitArray)
    with pytest.raises(ProtocolError, match="expected samples"):
        decode_result(
            examples.plain({"c": examples.envelope("complex", [1, 2])}), program_id="sampler"
        )


@pytest.mark.parametrize("program_id", ["noise-learner", "executor", ""])
def test_other_programs_have_no_decoder(program_id: str) -> None:
    """Only sampler and estimator results are read."""
    with pytest.raises(ProtocolError, match="no decoder"):
        decode_result(b"{}", program_id=program_id)


def test_metadata_of_every_type_reach_the_wire() -> None:
    """Sets, complex numbers, arrays, keys and NumPy scalars are written as officially."""
    span = ExecutionSpan(
        "DoubleSliceSpan",
        datetime(2026, 1, 1, tzinfo=timezone.utc),
        datetime(2026, 1, 2, tzinfo=timezone.utc),
        {0: DataSlice((5,), (0, 1), (0, 5))},
    )
    metadata = {
        "set": {1, 2},
        "complex": 1 - 2j,
        "words": np.array(["a", None], object),
        "bits": examples.bits((), 3, 2),
        "span": span,
        "scalar": np.int64(3),
        1: True,
        None: (1, 2),
    }
    body = encode_result(PrimitiveResult([], metadata), program_id="sampler", support_qiskit=True)
    found = decode_result(body, program_id="sampler").metadata
    assert list(found["words"]) == ["a", None]
    assert found["bits"] == metadata["bits"]
    assert found["span"] == span
    assert {k: found[k] for k in ("set", "complex", "scalar", "1", "null")} == {
        "set": {1, 2},
        "complex": 1 - 2j,
        "scalar": 3,
        "1": True,
        "null": [1, 2],
    }


def test_null_is_nan_for_values_and_none_for_other_fields() -> None:
    """A job without an ensemble error sends null; an unavailable value is NaN."""
    body = examples.plain({"evs": [0.5, None], "stds": None, "ensemble_standard_error": None})
    data = decode_result(body, program_id="estimator", pub_shapes=[(2,)])[0].data
    np.testing.assert_array_equal(data.evs, [0.5, np.nan])
    np.testing.assert_array_equal(data.stds, [np.nan, np.nan])
    assert data.ensemble_standard_error is None


@pytest.mark.parametrize("shape", [(1,), (3, 1), (1, 3)])
def test_flat_values_take_the_shape_of_the_pub(shape: tuple[int, ...]) -> None:
    """Values of a sweep may come flat, in C order, and a single one as a number."""
    values = list(range(int(np.prod(shape))))
    body = examples.plain({"evs": values[0] if len(values) == 1 else values})
    data = decode_result(body, program_id="estimator", pub_shapes=[shape])[0].data
    np.testing.assert_array_equal(data.evs, np.reshape(values, shape))


@pytest.mark.parametrize(
    ("word", "value"),
    [
        ("NaN", np.nan),
        ('"nan"', np.nan),
        ("null", np.nan),
        ("Infinity", np.inf),
        ('"Infinity"', np.inf),
        ("1e999", np.inf),
        ("-Infinity", -np.inf),
        ('"-inf"', -np.inf),
    ],
)
def test_numbers_that_are_not_finite(word: str, value: float) -> None:
    """Every spelling seen is read, within lists and alone."""
    body = f'{{"results":[{{"data":{{"evs":[1,{word}],"stds":[{word},1]}}}}]}}'
    data = decode_result(body.encode(), program_id="estimator")[0].data
    np.testing.assert_array_equal(data.evs, [1, value])
    np.testing.assert_array_equal(data.stds, [value, 1])


def test_circuits_of_a_newer_qpy_do_not_lose_the_result() -> None:
    """Bytes that this Qiskit can't read are kept as bytes."""
    data = b"QISKIT" + bytes([250]) + b"later"
    text = base64.b64encode(zlib.compress(data)).decode()
    body = examples.plain(metadata={"circuit": examples.envelope("QuantumCircuit", text)})
    assert decode_result(body, program_id="sampler").metadata == {"circuit": data}


def test_objects_without_an_encoding_are_refused() -> None:
    """The error names the place of metadata that can't be encoded."""
    result = PrimitiveResult([], {"a": {"b": [object()]}})
    with pytest.raises(EncodeError, match=r"result metadata\.a\.b\[0\]: a object can't be encoded"):
        encode_result(result, program_id="sampler", support_qiskit=True)


def test_mutated_bodies_are_decoded_or_refused() -> None:
    """No other exception, no hang, little memory; `fuzz_results` runs any number of them."""
    figures = run(500)
    assert figures["accepted"] > 10
    assert figures["refused"] > 100
    assert figures["seconds"] < 5
    assert figures["memory"] < 1

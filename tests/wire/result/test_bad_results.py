"""Malformed results raise a ProtocolError with PUB, register and position."""

from __future__ import annotations

import base64
import io
import json
import zlib
from typing import Any

import numpy as np
import pytest

from qiskit_rest_primitives.errors import ProtocolError
from qiskit_rest_primitives.wire.result.results import decode_result
from qiskit_rest_primitives.wire.values.arrays import encode_array
from tests.wire.examples import envelope, plain


def packed(data: bytes) -> dict[str, Any]:
    """Makes an ndarray envelope of any bytes."""
    return envelope("ndarray", base64.b64encode(zlib.compress(data)).decode())


def npy(array: np.ndarray, **options: Any) -> bytes:
    """Makes an npy file."""
    stream = io.BytesIO()
    np.save(stream, array, **options)
    return stream.getvalue()


def encoded(fields: Any, shape: Any = (), kind: str = "SamplerPubResult", **others: Any) -> bytes:
    """Makes a Qiskit-encoded body of one PUB."""
    data = envelope("DataBin", {"shape": shape, "fields": fields, **others})
    pub = envelope(kind, {"data": data, "metadata": {}})
    return json.dumps(envelope("PrimitiveResult", {"pub_results": [pub], "metadata": {}})).encode()


def bit_array(array: Any, num_bits: Any) -> dict[str, Any]:
    """Makes a BitArray envelope."""
    return envelope("BitArray", {"array": array, "num_bits": num_bits})


def bits(array: Any, num_bits: Any, **others: Any) -> bytes:
    """Makes the body of one register 'c'."""
    return encoded({"c": bit_array(array, num_bits)}, **others)


def packed_bits(data: bytes) -> bytes:
    """Makes the body of one register whose array is made of any bytes."""
    return bits(packed(data), 8)


def meta(value: Any) -> bytes:
    """Makes a plain body with metadata."""
    return plain(metadata={"x": value})


ROWS = np.zeros((4, 1), np.uint8)


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"", "not JSON"),
        (b"null", "not the result of a sampler job: null"),
        (b"[1, 2]", "not the result"),
        (b'{"data": []}', "not the result"),
        (b"<html>502</html>", "not JSON"),
        (b'{"results":[{"data":{"c":{"samples":["0x1"', "not JSON"),
        (b'{"results": 3}', "results: expected a list"),
        (b'{"results": [3]}', "PUB 0: expected an object with data"),
        (
            b'{"results": [{"data": {"c": 3}}]}',
            "PUB 0, register 'c': expected samples",
        ),
        (plain({"c": {"samples": ["0x1"]}}), "expected samples and num_bits"),
        (plain({"c": {"samples": ["0x1"], "num_bits": True}}), "num_bits must be a width"),
        (plain({"c": {"samples": ["0x1"], "num_bits": -1}}), "num_bits must be a width"),
        (plain({"c": {"samples": ["0x1"], "num_bits": 10**9}}), "can't have num_bits"),
        (plain({"c": {"samples": "0x1", "num_bits": 2}}), "samples must be a list"),
        (plain({"c": {"samples": ["0x1", "0x4"], "num_bits": 2}}), "'c', sample 1: '0x4' is wider"),
        (plain({"c": {"samples": ["0x1", "101"], "num_bits": 9}}), "sample 1: expected hex"),
        (plain({"c": {"samples": ["0x1", 3], "num_bits": 9}}), "sample 1: expected hex"),
        (plain({"c": {"samples": ["0x_1"], "num_bits": 9}}), "sample 0: expected hex"),
        (plain({"c": {"samples": [["0x1"], ["0x1", "0x0"]], "num_bits": 9}}), "unequal lengths"),
        (plain({"c": {"samples": [["0x1"], "0x1"], "num_bits": 9}}), "unequal lengths"),
        (plain({"evs": 0.5}), "PUB 0, register 'evs'"),
        (
            plain({"a": {"samples": ["0x1"], "num_bits": 1}, "b": {"samples": [], "num_bits": 1}}),
            r"registers \['a', 'b'\] have \[1, 0\] shots",
        ),
        (plain({"shape": {"samples": ["0x1"], "num_bits": 1}}), "PUB 0"),
        (plain({"self": {"samples": ["0x1"], "num_bits": 1}}), "PUB 0"),
        (plain({}, metadata=[1]), "result metadata: expected an object"),
        (b'{"results":' + b"[" * 100_000, "nested too deeply|not JSON"),
        (plain(metadata={"a": json.loads("[" * 150 + "]" * 150)}), "nested more than 100 deep"),
        (
            meta(envelope("os.system", "ls")),
            r"metadata\.x: unknown type 'os.system'",
        ),
        (meta({"__type__": "datetime"}), "a datetime without __value__"),
        (meta(envelope("datetime", "yesterday")), "not a datetime"),
        (meta(envelope("complex", ["a", 1])), "not a complex"),
        (meta(envelope("complex", [1])), "not a complex"),
        (meta(envelope("set", [[1]])), "not a set"),
        (
            meta(envelope("settings", {}, **{"__class__": "Popen"})),
            "unknown class",
        ),
        (
            plain(
                metadata={"x": envelope("settings", {"data": ["Q"]}, **{"__class__": "PauliList"})}
            ),
            "not a PauliList",
        ),
        (meta(envelope("QuantumCircuit", "AAAA")), "does not hold zlib"),
        (
            meta(packed(b"QISKIT\x0d") | {"__type__": "QuantumCircuit"}),
            "QPY circuit",
        ),
        (
            meta(envelope("ExecutionSpans", {"spans": [1]})),
            "span 0: expected a span",
        ),
        (
            meta(envelope("ExecutionSpan", {"start": 1, "stop": 2})),
            "must be datetimes",
        ),
        (bits(encode_array(ROWS), "two"), "num_bits must be a width"),
        (bits(encode_array(ROWS), 9), "9 bits take 2 bytes a shot"),
        (bits(encode_array(ROWS), 8, shape=[4]), "PUB has shape"),
        (bits(encode_array(ROWS + 4), 2), "wider than num_bits = 2"),
        (bits(encode_array(ROWS.astype(float)), 8), "float64, not uint8"),
        (bits([[1]], 8), "expected an object"),
        (bits({}, 8), "expected an ndarray"),
        (encoded({"c": envelope("BitArray", 3)}), "register 'c': not a BitArray"),
        (encoded({"c": "x"}), "expected a BitArray or an ndarray"),
        (encoded({"c": None}), "no samples"),
        (encoded({"c": encode_array(np.array(["a"]))}), "expected numbers"),
        (encoded({"evs": encode_array(np.zeros(3))}, kind="PubResult", shape=[2]), "shape"),
        (encoded([1]), "expected an object of fields"),
        (encoded({}, field_names=["d"]), "field_names"),
        (encoded({}, shape=[-1]), "shape has a length"),
        (encoded({}, shape="x"), "a shape must be a list"),
        (encoded({}, kind="NoiseLearnerResult"), "PUB 0: expected SamplerPubResult or PubResult"),
        (b'{"__type__": "PrimitiveResult", "__value__": 3}', "a PrimitiveResult of 3"),
        (b'{"__type__": "PrimitiveResult", "__value__": {}}', "list of pub_results"),
        (b'{"__type__": "NoiseLearnerResult", "__value__": {}}', "expected PrimitiveResult"),
        (bits(envelope("ndarray", "????"), 8), "not base64"),
        (bits(envelope("ndarray", "AA=="), 8), "zlib"),
        (bits(envelope("ndarray", "eJw="), 8), "end too soon|end within"),
        (packed_bits(b"PK"), "not an npy file"),
        (
            packed_bits(b"\x93NUMPY\x01\x00\x10"),
            "end within the npy header",
        ),
        (
            packed_bits(b"\x93NUMPY\x09\x00" + bytes(99)),
            "npy header of version",
        ),
        (packed_bits(npy(ROWS)[:-1]), "3 bytes of data for 4"),
        (packed_bits(npy(ROWS) + b"\0"), "more data than the 4 bytes"),
        (
            packed_bits(npy(np.array([None]), allow_pickle=True)),
            "not the npy header",
        ),
        (packed_bits(npy(np.zeros(2, "i4,f8"))), "not the npy header"),
        (
            packed_bits(npy(ROWS).replace(b"(4, 1)", b"(4,9999999999)")),
            "claims",
        ),
    ],
)
def test_bad_sampler_bodies(body: bytes, words: str) -> None:
    """Each malformed body is refused with the reason and the position."""
    with pytest.raises(ProtocolError, match=words):
        decode_result(body, program_id="sampler")


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (plain({"c": {"samples": ["0x1"], "num_bits": 1}}), "samples in an estimator's result"),
        (bits(encode_array(ROWS), 8), "PUB 0: expected PubResult"),
        (bits(encode_array(ROWS), 8, kind="PubResult"), "no field 'evs'"),
        (
            encoded({"evs": 1.5, "c": bit_array(encode_array(ROWS), 8)}, kind="PubResult"),
            "samples in an estimator's result",
        ),
        (plain({"stds": 1}), "no field 'evs'"),
        (plain({"evs": [1, [2]]}), "field 'evs': the lists do not form an array"),
        (plain({"evs": [None, [2]]}), "the lists do not form an array"),
        (plain({"evs": ["1.5"]}), "expected a number, found '1.5'"),
        (plain({"evs": [True, 1.0]}), "expected a number, found true"),
        (plain({"evs": [1, 2], "stds": [1, 2, 3]}), r"field 'stds': shape \(3,\) in a PUB"),
        (plain({"evs": envelope("complex", [1, 2])}), "expected numbers"),
        (plain({"evs": 0.5}, {"evs": {}}), "PUB 1, field 'evs': expected a number"),
    ],
)
def test_bad_estimator_bodies(body: bytes, words: str) -> None:
    """Each malformed body is refused with the reason and the position."""
    with pytest.raises(ProtocolError, match=words):
        decode_result(body, program_id="estimator")


def test_mismatch_with_the_submitted_job() -> None:
    """PUB count, shapes and shots must be those of the request."""
    body = plain({"c": {"samples": ["0x1"] * 6, "num_bits": 1}})

    def decode(shapes: Any = None, shots: Any = None, body: bytes = body) -> tuple[int, ...]:
        result = decode_result(body, program_id="sampler", pub_shapes=shapes, pub_shots=shots)
        return (*result[0].data.shape, result[0].data.c.num_shots)

    assert decode() == (6,)
    assert decode([(2,)]) == (2, 3)
    assert decode([(2,)], [3]) == (2, 3)
    assert decode([(3, 2)], [1]) == (3, 2, 1)
    for shapes, shots, words in [
        ([(2,), ()], None, "1 PUB results for 2 PUBs"),
        (None, [3], "6 samples for 1 points"),
        ([(2,)], [6], "6 samples for 2 points"),
        ([(4,)], None, "6 samples for 4 points"),
        ([(0,)], None, "6 samples for 0 points"),
    ]:
        with pytest.raises(ProtocolError, match=words):
            decode(shapes, shots)
    nested = plain({"c": {"samples": [["0x1"] * 3] * 2, "num_bits": 1}})
    assert decode(None, None, nested) == (2, 3)
    assert decode([(2,)], [3], nested) == (2, 3)
    for shapes, shots in [([()], None), ([(6,)], None), ([(2,)], [2]), (None, [6])]:
        with pytest.raises(ProtocolError, match="samples nested as"):
            decode(shapes, shots, nested)
    whole = bits(encode_array(np.zeros((2, 3, 1), np.uint8)), 1, shape=[2])
    assert decode([(2,)], [3], whole) == (2, 3)
    for shapes, shots in [([(3,)], None), ([(2,)], [4]), (None, [4])]:
        with pytest.raises(ProtocolError, match="PUB 0"):
            decode(shapes, shots, whole)
    with pytest.raises(ProtocolError, match=r"PUB 0, field 'evs': shape \(2,\) in a PUB of shape"):
        decode_result(plain({"evs": [1, 2]}), program_id="estimator", pub_shapes=[(3,)])


def test_twirled_shots_may_exceed_the_requested_ones() -> None:
    """The service rounds shots up to whole randomizations and says so in the metadata."""
    body = json.loads(plain({"c": {"samples": ["0x1"] * 6, "num_bits": 1}}))
    body["results"][0]["metadata"]["num_randomizations"] = 3
    result = decode_result(json.dumps(body).encode(), program_id="sampler", pub_shots=[5])
    assert result[0].data.c.num_shots == 6


def test_a_decompression_bomb_stays_small() -> None:
    """Decompression of gigabytes stops at the size in the header."""
    compressor = zlib.compressobj(9)
    data = compressor.compress(npy(ROWS))
    zeros = bytes(1 << 20)
    data += b"".join(compressor.compress(zeros) for _ in range(256)) + compressor.flush()
    array = envelope("ndarray", base64.b64encode(data).decode())
    with pytest.raises(ProtocolError, match="more data than the 4 bytes"):
        decode_result(bits(array, 8), program_id="sampler")


def test_max_bytes_bounds_each_array() -> None:
    """A caller's limit refuses an array by its header."""
    body = bits(encode_array(np.zeros((4096, 1), np.uint8)), 8)
    assert len(decode_result(body, program_id="sampler", max_bytes=4096)) == 1
    with pytest.raises(ProtocolError, match="at most 4095"):
        decode_result(body, program_id="sampler", max_bytes=4095)

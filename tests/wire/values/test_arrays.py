"""The ndarray envelope and the other typed values."""

from __future__ import annotations

import base64
import io
import json
import zlib
from datetime import datetime, timezone

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from qiskit_rest_primitives.errors import ProtocolError
from qiskit_rest_primitives.wire.result.results import decode_result
from qiskit_rest_primitives.wire.values.arrays import (
    decode_array,
    encode_array,
    inflate_text,
    text_slice,
)
from qiskit_rest_primitives.wire.values.decoders import parse_datetime
from qiskit_rest_primitives.wire.values.excerpt import brief
from qiskit_rest_primitives.wire.values.long_values import parse_body, parse_json
from tests.wire.examples import envelope, plain

UTC = timezone.utc
DTYPES = ["?", "u1", "<u2", ">i4", "<i8", "<f2", ">f4", "<f8", "<c8", ">c16", "<M8[s]", "<m8[ns]"]


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(DTYPES), st.lists(st.integers(0, 4), max_size=3), st.booleans(), st.data())
def test_arrays_are_unchanged(
    dtype: str, shape: list[int], transpose: bool, data: st.DataObject
) -> None:
    """dtype, shape and every element survive to the bit, in either axis order."""
    size = int(np.prod(shape)) * np.dtype(dtype).itemsize
    elements = data.draw(st.binary(min_size=size, max_size=size))
    array = np.frombuffer(elements, dtype).reshape(shape)
    if transpose:
        array = array.T
    back = decode_array(json.loads(json.dumps(encode_array(array))))
    assert back.flags.writeable
    assert (back.dtype, back.shape) == (array.dtype, array.shape)
    assert back.tobytes() == array.tobytes()


def test_arrays_of_text_are_unchanged() -> None:
    """Unicode arrays, such as register names in metadata."""
    array = np.array([["θ", ""], ["a b", "\U0001f600"]])
    np.testing.assert_array_equal(decode_array(encode_array(array)), array, strict=True)


@settings(max_examples=30, deadline=None)
@given(hnp.arrays(st.sampled_from([np.float64, np.uint8]), hnp.array_shapes()), st.booleans())
def test_the_text_is_compatible_with_numpy(array: np.ndarray, fortran: bool) -> None:
    """Our text is an npy file to numpy.load, and numpy.save's file is an array to us."""
    text = str(encode_array(array)["__value__"])
    np.testing.assert_array_equal(
        np.load(io.BytesIO(zlib.decompress(base64.b64decode(text, validate=True)))), array
    )
    stream = io.BytesIO()
    np.save(stream, np.asfortranarray(array) if fortran else array)
    text = base64.b64encode(zlib.compress(stream.getvalue())).decode()
    np.testing.assert_array_equal(decode_array(envelope("ndarray", text)), array, strict=True)


@pytest.mark.parametrize("size", [0, 1, 49_000, 49_151, 49_152, 49_153, 500_000])
@pytest.mark.parametrize("random", [False, True])
def test_arrays_longer_than_a_piece(size: int, random: bool) -> None:
    """Pieces join without a gap, whether the data shrink or not."""
    array = np.zeros(size, np.uint8)
    if random:
        array = np.random.default_rng(1).integers(0, 256, size, dtype=np.uint8)
    np.testing.assert_array_equal(decode_array(encode_array(array)), array)


def test_object_arrays_are_sent_as_lists() -> None:
    """As in the official encoder; arrays of numbers and words are decoded as arrays."""
    assert encode_array(np.array([1, None], object))["__value__"] == [1, None]
    np.testing.assert_array_equal(decode_array(envelope("ndarray", [1, 2])), [1, 2])
    np.testing.assert_array_equal(decode_array(envelope("ndarray", ["a", "b"])), ["a", "b"])


@pytest.mark.parametrize("value", [None, 3, {}, {"__type__": "ndarray"}, envelope("set", [])])
def test_other_values_are_not_decoded_as_arrays(value: object) -> None:
    """Only the envelope itself is read."""
    with pytest.raises(ProtocolError, match="array: expected an ndarray envelope"):
        decode_array(value)


def test_bytes_after_the_end_are_refused() -> None:
    """Trailing data, doubled padding and other alphabets are errors."""
    text = str(encode_array(np.arange(3))["__value__"])
    data = base64.b64decode(text)
    for bad, words in [
        (base64.b64encode(data + b"xyz").decode(), "after the zlib data"),
        (text + "====", "not base64"),
        (text[:40] + "=" + text[41:], "not base64"),
        (text.replace("J", "\\", 1), "not base64"),
        (base64.b64encode(data[:-1]).decode(), "too soon|end"),
    ]:
        with pytest.raises(ProtocolError, match=words):
            decode_array(envelope("ndarray", bad))


def test_decompression_is_bounded() -> None:
    """The caller limits the size of a decompressed file."""
    text = base64.b64encode(zlib.compress(bytes(10_000))).decode()
    assert inflate_text(text_slice(text, "x"), max_bytes=10_000, place="x") == bytes(10_000)
    with pytest.raises(ProtocolError, match="x: expands to more than 9999"):
        inflate_text(text_slice(text, "x"), max_bytes=9_999, place="x")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-08-21T10:30:00.123456Z", datetime(2026, 8, 21, 10, 30, 0, 123456, UTC)),
        ("2026-08-21T10:30:00.5", datetime(2026, 8, 21, 10, 30, 0, 500000)),
        ("2026-08-21 10:30:00.123456789+00:00", datetime(2026, 8, 21, 10, 30, 0, 123456, UTC)),
        ("2026-08-21T10:30+0230", datetime(2026, 8, 21, 8, 0, tzinfo=UTC)),
        ("2026-08-21T10:30:01-05", datetime(2026, 8, 21, 15, 30, 1, tzinfo=UTC)),
        ("2026-08-21", datetime(2026, 8, 21)),
    ],
)
def test_times_of_every_iso_spelling(text: str, expected: datetime) -> None:
    """Fractions of any length, Z, and offsets with and without a colon."""
    assert parse_datetime(text) == expected


def test_long_values_in_unexpected_places_are_unchanged() -> None:
    """Strings and lists that were decoded separately are complete in the metadata."""
    metadata = {
        "__value__": "x" * 5000,
        "a": [{"samples": [str(n) for n in range(2000)]}, {"samples": [1.5] * 2000}],
        "tricky": '"__value__":"' + "y" * 5000,
        "nan": float("nan"),
    }
    found = decode_result(plain(metadata=metadata), program_id="sampler").metadata
    assert found.pop("nan") != metadata.pop("nan")
    assert found == metadata


@pytest.mark.parametrize("body", [b"NaN", b"[1, -Infinity]", b"1e999", b'"\xc3\xa9"', b"123" * 20])
def test_json_extensions_of_python_are_read(body: bytes) -> None:
    """Numbers that JSON proper does not have, and large ones."""
    assert repr(parse_json(body)) == repr(json.loads(body))


def test_truncated_long_values() -> None:
    """A body that ends within a long value is not JSON."""
    for body in (b'{"__value__":"' + b"A" * 9000, b'{"samples":["' + b"A" * 9000):
        with pytest.raises(ProtocolError, match="is not JSON"):
            parse_body(body)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "null"),
        (True, "true"),
        ({}, "an empty object"),
        ({"a": 1, "b": 2}, "an object with 2 keys ('a', 'b')"),
        ([1], "a list of 1"),
        ("x" * 100, repr("x" * 37 + "...")),
        (1 << 300, "a number of 301 bits"),
        (1.5, "1.5"),
    ],
)
def test_excerpts_of_values_are_short(value: object, text: str) -> None:
    """Error messages stay short, whatever value they quote."""
    assert brief(value) == text

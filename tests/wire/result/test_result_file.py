"""Saved results: exact to the bit, readable without this package, damaged files refused."""

from __future__ import annotations

import io
import json
import math
import zipfile
from datetime import date, datetime, timedelta, timezone

import numpy as np
import pytest
from hypothesis import given, settings
from qiskit import QuantumCircuit
from qiskit.primitives import DataBin, PrimitiveResult, PubResult
from qiskit.quantum_info import SparsePauliOp

from qiskit_rest_primitives.errors import EncodeError, ProtocolError
from qiskit_rest_primitives.wire.result.result_file import decode_saved, encode_saved
from qiskit_rest_primitives.wire.values.execution_spans import (
    DataSlice,
    ExecutionSpan,
    ExecutionSpans,
)
from tests.wire import examples


@settings(max_examples=30, deadline=None)
@given(examples.sampler_results(), examples.estimator_results())
def test_saved_results_are_unchanged(samples: PrimitiveResult, values: PrimitiveResult) -> None:
    """Data and metadata of both programs survive, to the bit."""
    for result in (samples, values):
        examples.assert_same(decode_saved(encode_saved(result)), result)


def test_metadata_keep_their_python_types() -> None:
    """Types that JSON lacks are restored."""
    moment = datetime(2026, 8, 21, 1, 2, 3, 456789, tzinfo=timezone(timedelta(hours=2)))
    span = ExecutionSpan("ExecutionSpan", moment, moment, {3: DataSlice((4, 5), (None, 7))})
    metadata = {
        "tuple": (1, (2, [3])),
        "keys": {1: "a", None: "b", (1, 2): "c"},
        "named": {"__type__": "mine", "x": 1},
        "times": [moment, date(2026, 1, 2), datetime(2026, 1, 2)],
        "floats": [math.inf, -math.inf, -0.0, 0.1, 1e-320, 2**70],
        "numpy": [np.float32(0.1), np.int8(-3), np.str_("x")],
        "complex": [1j, complex(math.inf, -0.0)],
        "bytes": b"\x00\xff",
        "sets": [{1, 2}, frozenset({"a"})],
        "spans": ExecutionSpans((span,)),
        "array": np.arange(6, dtype=">i2").reshape(2, 3).T,
        "words": np.array(["a", "bc"]),
        "bits": examples.bits((2,), 3, 9),
    }
    back = decode_saved(encode_saved(PrimitiveResult([], metadata))).metadata
    examples.assert_equal(back, metadata)
    assert math.copysign(1, back["floats"][2]) == -1
    assert math.isnan(
        decode_saved(encode_saved(PrimitiveResult([], {"x": math.nan}))).metadata["x"]
    )


def test_circuits_and_operators_are_kept() -> None:
    """Qiskit objects that the service puts into metadata are kept as such."""
    circuit = QuantumCircuit(2, name="layer")
    circuit.cz(0, 1)
    operator = SparsePauliOp(["XY"], [0.5])
    metadata = {"circuit": circuit, "operator": operator}
    back = decode_saved(encode_saved(PrimitiveResult([], metadata))).metadata
    assert back["circuit"] == circuit
    assert back["operator"] == operator


def test_the_archive_reads_without_this_package() -> None:
    """zipfile, json and numpy.load suffice."""
    evs = np.array([0.5, np.nan])
    result = PrimitiveResult([PubResult(DataBin(shape=(2,), evs=evs), {"shots": 7})])
    with zipfile.ZipFile(io.BytesIO(encode_saved(result))) as archive:
        assert sorted(archive.namelist()) == ["README.txt", "arrays/0.npy", "result.json"]
        document = json.loads(archive.read("result.json"))
        assert document["format"] == "qiskit-rest-primitives/result"
        assert document["version"] == 1
        pub = document["pubs"][0]
        assert pub["metadata"] == {"shots": 7}
        assert pub["fields"] == [["evs", {"__type__": "npy", "__value__": "arrays/0.npy"}]]
        array = np.load(io.BytesIO(archive.read("arrays/0.npy")), allow_pickle=False)
        np.testing.assert_array_equal(array, evs)


@pytest.mark.parametrize(
    "value", [object(), np.array([None, 1]), math.sin, {"a": [print]}, type("T", (tuple,), {})()]
)
def test_objects_that_can_not_be_saved_are_refused(value: object) -> None:
    """The error names their place; nothing is pickled."""
    with pytest.raises(EncodeError, match="result metadata"):
        encode_saved(PrimitiveResult([], {"x": value}))


def rewritten(**changes: bytes | None) -> bytes:
    """Makes a saved file with members replaced or left out."""
    good = encode_saved(PrimitiveResult([PubResult(DataBin(evs=np.zeros(3)), {})]))
    stream = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(good)) as old, zipfile.ZipFile(stream, "w") as new:
        for name in old.namelist():
            key = name.split("/")[-1].split(".")[0].replace("0", "array")
            data = changes.get(key, old.read(name))
            if data is not None:
                new.writestr(name, data)
    return stream.getvalue()


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "not a saved result"),
        (b"PK\x03\x04" + bytes(100), "not a saved result"),
        (rewritten(result=None), "not a saved result"),
        (rewritten(result=b"{"), "not JSON"),
        (rewritten(result=b"[]"), "expected an object"),
        (rewritten(result=b'{"format": "x", "version": 1}'), "a file of format 'x', version 1"),
        (
            rewritten(result=b'{"format": "qiskit-rest-primitives/result", "version": 2}'),
            "version 2; this release reads",
        ),
        (rewritten(array=None), "arrays/0.npy"),
        (rewritten(array=b"\x93NUMPY\x01\x00"), "end within the npy header"),
        (rewritten()[:-30], "not a saved result"),
    ],
)
def test_damaged_files_are_refused(data: bytes, words: str) -> None:
    """The ProtocolError says what is wrong."""
    with pytest.raises(ProtocolError, match=words):
        decode_saved(data)

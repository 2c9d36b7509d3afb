"""Results <-> files to keep. In: PrimitiveResult. Out: the bytes of a zip archive. No I/O.

The archive needs neither this package nor Qiskit to be read: it holds ``result.json``, one
``arrays/<n>.npy`` per array (NumPy's own format, never with Python objects), and ``README.txt``,
which describes both. A decoded result equals the encoded one exactly: data, shapes, dtypes,
field order, and metadata with their tuples, times, spans, sets, complex and non-finite numbers.
"""

from __future__ import annotations

import base64
import io
import json
import math
import zipfile
import zlib
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, cast

import numpy as np
from qiskit.primitives import BitArray, DataBin, PrimitiveResult, PubResult, SamplerPubResult

from qiskit_rest_primitives.errors import EncodeError, ProtocolError
from qiskit_rest_primitives.wire.values.decoders import DECODERS, list_of, object_of
from qiskit_rest_primitives.wire.values.excerpt import brief
from qiskit_rest_primitives.wire.values.long_values import ParsedBody, parse_json
from qiskit_rest_primitives.wire.values.npy import read_npy
from qiskit_rest_primitives.wire.values.typed_values import Decoder, Encoder, Read, envelope

FORMAT = "qiskit-rest-primitives/result"
VERSION = 1

_PIECE = 1 << 16
_MAX_JSON = 1 << 30  # bytes of result.json
_README = """This archive holds the result of a quantum job.

result.json  {"format": "qiskit-rest-primitives/result", "version": 1, "metadata": {...},
             "pubs": [{"type": "SamplerPubResult" or "PubResult", "shape": [...],
                       "fields": [[name, value], ...], "metadata": {...}}, ...]}

Values that JSON does not have are objects {"__type__": T, "__value__": V}:

npy          V names a file of this archive in NumPy's npy format (numpy.load reads it)
BitArray     V = {"num_bits": n, "array": npy envelope}; the array is uint8 of shape
             (*shape, shots, ceil(n / 8)), and the bytes of one shot are a big-endian integer whose
             lowest bit is bit 0 of the register
scalar       V is an npy envelope of shape (): a NumPy number
float        V is "nan", "inf" or "-inf"
complex      V = [real, imaginary]
datetime     V is a time in ISO 8601;  date: V is a day in ISO 8601
tuple, set   V lists the members;  frozenset: the same
dict         V lists pairs [key, value]: an object whose keys are not all text
bytes        V is base64
ExecutionSpans, DoubleSliceSpan, TwirledSliceSpan(V2), ExecutionSpan, settings, QuantumCircuit
             as in the results of the Qiskit Runtime REST API; a circuit is base64(zlib(QPY))
"""


def encode_saved(result: PrimitiveResult[Any]) -> bytes:
    """Makes the bytes of a file that holds a result.

    Raises:
        EncodeError: the metadata hold an object that can't be kept; names the place.
    """
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", compresslevel=1) as archive:
        encoder = _FileEncoder(_ArrayWriter(archive).write)
        document = {
            "format": FORMAT,
            "version": VERSION,
            "metadata": encoder.value(result.metadata, "result metadata"),
            "pubs": [_encode_pub(encoder, pub, i) for i, pub in enumerate(result[:])],
        }
        archive.compression = zipfile.ZIP_DEFLATED
        archive.writestr("result.json", json.dumps(document, allow_nan=False, indent=1))
        archive.writestr("README.txt", _README)
    return stream.getvalue()


def decode_saved(data: bytes) -> PrimitiveResult[Any]:
    """Reads the bytes of a saved file; inverse of `encode_saved`.

    Raises:
        ProtocolError: the file is damaged, no saved result, or of a later version.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            return _decode_archive(archive)
    except (
        zipfile.BadZipFile,
        zlib.error,
        EOFError,
        KeyError,
        NotImplementedError,  # a compression or encryption that zipfile does not support
        RuntimeError,  # an encrypted member; also RecursionError
        ValueError,
        TypeError,
        OSError,
    ) as error:
        raise ProtocolError(f"not a saved result: {error}"[:300]) from None


def _decode_archive(archive: zipfile.ZipFile) -> PrimitiveResult[Any]:
    if archive.getinfo("result.json").file_size > _MAX_JSON:
        raise ProtocolError("result.json is larger than a result's can be")
    document = object_of(parse_json(archive.read("result.json")))
    if document.get("format") != FORMAT or document.get("version") != VERSION:
        raise ProtocolError(
            f"a file of format {brief(document.get('format'))}, version "
            f"{brief(document.get('version'))}; this release reads {FORMAT}, version {VERSION}"
        )
    decoder = Decoder(ParsedBody(document), _types(archive))
    pubs = [_decode_pub(decoder, item, i) for i, item in enumerate(list_of(document["pubs"]))]
    metadata = decoder.value(document["metadata"], "result metadata")
    return PrimitiveResult(pubs, metadata=metadata)


def _encode_pub(encoder: Encoder, pub: PubResult, index: int) -> dict[str, object]:
    place = f"PUB {index}"
    fields = [[k, encoder.value(v, f"{place}, {k!r}")] for k, v in pub.data.items()]
    return {
        "type": "SamplerPubResult" if isinstance(pub, SamplerPubResult) else "PubResult",
        "shape": list(pub.data.shape),
        "fields": fields,
        "metadata": encoder.value(pub.metadata, f"{place}, metadata"),
    }


def _decode_pub(decoder: Decoder, item: object, index: int) -> PubResult:
    place = f"PUB {index}"
    content = object_of(item)
    kinds = {"SamplerPubResult": SamplerPubResult, "PubResult": PubResult}
    fields: dict[str, Any] = {}
    for pair in list_of(content["fields"]):
        name, value = list_of(pair)
        fields[str(name)] = decoder.value(value, f"{place}, {str(name)[:40]!r}")
    shape = tuple(int(cast("int", length)) for length in list_of(content["shape"]))
    data = DataBin(shape=shape, **fields)
    return kinds[str(content["type"])](data, decoder.value(content["metadata"], place))


@dataclass
class _ArrayWriter:
    """Writes arrays to members of an archive."""

    archive: zipfile.ZipFile
    count: int = 0

    def write(self, array: np.ndarray) -> object:
        name = f"arrays/{self.count}.npy"
        self.count += 1
        # Random bits do not compress; the attempt would take longer than all other steps.
        raw = array.reshape(-1)[: 1 << 14].tobytes()
        shrinks = len(zlib.compress(raw, 1)) < 0.97 * len(raw)
        self.archive.compression = zipfile.ZIP_DEFLATED if shrinks else zipfile.ZIP_STORED
        with self.archive.open(name, "w", force_zip64=True) as member:
            np.lib.format.write_array(member, np.asanyarray(array), allow_pickle=False)
        return envelope("npy", name)


class _FileEncoder(Encoder):
    """Writes also values for which the wire has no exact form."""

    def value(self, value: object, place: str) -> object:
        kind = type(value)
        if isinstance(value, np.generic):
            return envelope("scalar", self.write_array(np.asarray(value)))
        if isinstance(value, float) and not math.isfinite(value):
            return envelope("float", str(value))
        if isinstance(value, np.ndarray) and value.dtype.hasobject:
            raise EncodeError(f"{place}: an array of Python objects can't be saved")
        if kind is complex:
            pair = [cast("complex", value).real, cast("complex", value).imag]
            return envelope("complex", [self.value(part, place) for part in pair])
        if kind in (tuple, set, frozenset):
            members = cast("tuple[object, ...]", value)
            return envelope(kind.__name__, [self.value(member, place) for member in members])
        if kind is bytes:
            return envelope("bytes", base64.b64encode(cast("bytes", value)).decode("ascii"))
        if isinstance(value, date) and not isinstance(value, datetime):
            return envelope("date", value.isoformat())
        if isinstance(value, dict):
            fields = cast("dict[object, object]", value)
            if "__type__" in fields or not all(type(key) is str for key in fields):
                pairs = [list(pair) for pair in fields.items()]
                return envelope("dict", [self.value(pair, place) for pair in pairs])
        if isinstance(value, tuple):  # a named tuple would be read as a plain one
            raise EncodeError(f"{place}: a {kind.__name__} can't be saved")
        return super().value(value, place)


def _types(archive: zipfile.ZipFile) -> dict[str, Read]:
    """Lists the types of a saved file's envelopes."""

    def members(read: Decoder, fields: dict[str, object], place: str, depth: int) -> list[Any]:
        return read.value(list_of(fields["__value__"]), place, depth)

    def npy(read: Decoder, fields: dict[str, object], place: str, depth: int) -> np.ndarray:
        name = str(fields["__value__"])
        with archive.open(name) as member:
            pieces = iter(lambda: member.read(_PIECE), b"")
            array = read_npy(pieces, max_bytes=read.max_bytes, place=f"{place}, {name[:40]}")
        read.max_bytes -= array.nbytes
        return array

    def bit_array(read: Decoder, fields: dict[str, object], place: str, depth: int) -> BitArray:
        content = object_of(fields["__value__"])
        return BitArray(read.value(content["array"], place), cast("int", content["num_bits"]))

    def complex_(read: Decoder, fields: dict[str, object], place: str, depth: int) -> complex:
        return complex(*members(read, fields, place, depth))

    return {
        **DECODERS,
        "npy": npy,
        "BitArray": bit_array,
        "scalar": lambda read, fields, place, depth: read.value(fields["__value__"], place)[()],
        "float": lambda read, fields, place, depth: float(str(fields["__value__"])),
        "complex": complex_,
        "date": lambda read, fields, place, depth: date.fromisoformat(str(fields["__value__"])),
        "tuple": lambda *args: tuple(members(*args)),
        "set": lambda *args: set(members(*args)),
        "frozenset": lambda *args: frozenset(members(*args)),
        "dict": lambda *args: dict(members(*args)),
        "bytes": lambda read, fields, place, depth: base64.b64decode(str(fields["__value__"])),
    }

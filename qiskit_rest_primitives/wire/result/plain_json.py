"""Plain JSON results: hex samples and lists of numbers. No I/O.

::

    {"results": [{"data": {"c": {"samples": ["0x3"], "num_bits": 2}}, "metadata": {}}], ...}
    {"results": [{"data": {"evs": 0.7, "stds": 0.03}, "metadata": {}}], "metadata": {}}

Samples of a sweep come flat in C order, or nested as ``(*pub_shape, shots)``. ``evs`` and its
companions are numbers for shape (), else lists nested like the PUB's shape; ``null`` is NaN within
lists and for ``evs`` and ``stds``, and stays None for the companions that a job does not have.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any, cast

import numpy as np
from qiskit.primitives import BitArray, PrimitiveResult, PubResult, SamplerPubResult

from qiskit_rest_primitives.errors import ProtocolError
from qiskit_rest_primitives.wire.result.expected import Expected, make_data_bin
from qiskit_rest_primitives.wire.result.floats import decode_numbers, encode_numbers
from qiskit_rest_primitives.wire.result.hex_samples import bytes_per_sample, encode_hex_text
from qiskit_rest_primitives.wire.result.samples import decode_samples, sample_shape
from qiskit_rest_primitives.wire.values.arrays import leaf_types
from qiskit_rest_primitives.wire.values.decoders import checked_width
from qiskit_rest_primitives.wire.values.excerpt import brief
from qiskit_rest_primitives.wire.values.long_values import Splicer
from qiskit_rest_primitives.wire.values.typed_values import Decoder, Encoder

_MISSPELLED = {"ensamble_standard_error": "ensemble_standard_error"}


def decode_plain(
    decoder: Decoder, body: dict[str, object], expected: Expected
) -> PrimitiveResult[Any]:
    """Reads ``{"results": [...], "metadata": {...}}``.

    Raises:
        ProtocolError: another form, or it differs from `expected`; names the PUB and the field.
    """
    items = body["results"]
    if not isinstance(items, list):
        raise ProtocolError(f"results: expected a list, found {brief(items)}")
    items = cast("list[object]", items)
    expected.check_count(len(items))
    pubs = [_decode_pub(decoder, item, index, expected) for index, item in enumerate(items)]
    return PrimitiveResult(pubs, metadata=decoder.metadata(body, "result metadata"))


def _decode_pub(decoder: Decoder, item: object, index: int, expected: Expected) -> PubResult:
    place = f"PUB {index}"
    content = cast("dict[str, object]", item) if isinstance(item, dict) else {}
    data = content.get("data")
    if not isinstance(data, dict) or "__type__" in data:
        raise ProtocolError(f"{place}: expected an object with data, found {brief(item)}")
    data = cast("dict[str, object]", data)
    metadata = decoder.metadata(content, f"{place}, metadata")
    shape = expected.shape(index)
    shots = expected.shots(index, metadata)
    fields: dict[str, Any] = {}
    for name, value in data.items():
        where = f"{place}, {expected.field} {name!r}"
        if expected.program_id == "sampler":
            fields[name] = _decode_register(decoder, value, where, shape, shots)
        else:
            name = _MISSPELLED.get(name, name)
            fields[name] = _decode_values(decoder, value, where)
    if expected.program_id == "sampler":
        if shape is None:
            shape = _common_shape(fields)
        return SamplerPubResult(make_data_bin(fields, shape, place, expected), metadata)
    evs = fields.get("evs")
    if shape is None:
        shape = evs.shape if isinstance(evs, np.ndarray) else ()
    for name in ("evs", "stds"):
        if name in fields:
            fields[name] = _fill(fields[name], shape)
    return PubResult(make_data_bin(fields, shape, place, expected), metadata)


def _common_shape(fields: dict[str, Any]) -> tuple[int, ...]:
    for value in fields.values():
        if isinstance(value, BitArray):
            return value.shape
    return ()


def _fill(value: Any, shape: tuple[int, ...]) -> Any:
    if value is None:
        return np.full(shape, np.nan)
    if value.shape != shape and value.ndim < 2 and value.size == math.prod(shape):
        return value.reshape(shape)
    return value


def _decode_register(
    decoder: Decoder, value: object, place: str, shape: tuple[int, ...] | None, shots: int | None
) -> BitArray | np.ndarray:
    if isinstance(value, list):
        return _decode_iq(decoder, cast("list[object]", value), place)
    fields = cast("dict[str, object]", value) if isinstance(value, dict) else {}
    if "__type__" in fields:
        decoded = decoder.envelope(fields, place)
        if not isinstance(decoded, (BitArray, np.ndarray)):
            raise ProtocolError(f"{place}: expected samples, found {brief(value)}")
        return decoded
    if "samples" not in fields or "num_bits" not in fields:
        raise ProtocolError(f"{place}: expected samples and num_bits, found {brief(value)}")
    num_bits = checked_width(fields["num_bits"], place)
    rows, nested = decode_samples(decoder, fields["samples"], num_bits, place)
    full = sample_shape(len(rows), nested, shape, shots, place)
    return BitArray(rows.reshape(*full, bytes_per_sample(num_bits)), num_bits)


def _decode_iq(decoder: Decoder, value: list[object], place: str) -> np.ndarray:
    """Reads unclassified measurements: complex envelopes, or pairs of numbers."""
    if dict in leaf_types(value)[0]:
        decoded = decoder.value(value, place)
        if not leaf_types(decoded)[0] <= {complex, float, int}:
            raise ProtocolError(f"{place}: expected complex numbers, found {brief(value)}")
        try:
            return np.array(decoded, np.complex128)
        except (ValueError, TypeError):
            raise ProtocolError(f"{place}: the lists do not form an array") from None
    pairs = decode_numbers(value, place)
    if pairs.ndim < 2 or pairs.shape[-1] != 2:
        raise ProtocolError(f"{place}: expected pairs of numbers, found shape {pairs.shape}")
    return pairs.view(np.complex128)[..., 0]


def _decode_values(decoder: Decoder, value: object, place: str) -> np.ndarray | None:
    if value is None:
        return None
    if isinstance(value, dict) and "__type__" in value:
        value = decoder.envelope(cast("dict[str, object]", value), place)
        if not isinstance(value, np.ndarray):
            raise ProtocolError(f"{place}: expected numbers, found {brief(value)}")
        return value
    if isinstance(value, dict) and "samples" in value:
        raise ProtocolError(f"{place}: samples in an estimator's result")
    return decode_numbers(value, place)


def encode_plain(encoder: Encoder, splicer: Splicer, result: PrimitiveResult[Any]) -> object:
    """Makes the plain JSON body; inverse of `decode_plain`.

    Sweeps are written flat in C order. Non-finite numbers are written as the strings "NaN",
    "Infinity" and "-Infinity" (the JSON mapping of protobuf), so that the body stays legal JSON.
    """
    results = [
        {
            "data": {
                name: _encode_field(encoder, splicer, value, f"PUB {index}, {name!r}")
                for name, value in pub.data.items()
            },
            "metadata": encoder.value(pub.metadata, f"PUB {index}, metadata"),
        }
        for index, pub in enumerate(result[:])
    ]
    return {"results": results, "metadata": encoder.value(result.metadata, "result metadata")}


def _encode_field(encoder: Encoder, splicer: Splicer, value: object, place: str) -> object:
    if isinstance(value, BitArray):
        rows = value.array.reshape(-1, value.array.shape[-1])
        mark = splicer.mark(_bracketed(rows))
        return {"samples": mark, "num_bits": value.num_bits}
    if isinstance(value, np.ndarray) and value.dtype.kind == "c":
        pairs = np.stack([value.real, value.imag], axis=-1)
        return splicer.mark(encode_numbers(pairs))
    if isinstance(value, np.ndarray):
        return splicer.mark(encode_numbers(value))
    return encoder.value(value, place)


def _bracketed(rows: np.ndarray) -> Iterator[bytes]:
    yield b"["
    yield from encode_hex_text(rows)
    yield b"]"

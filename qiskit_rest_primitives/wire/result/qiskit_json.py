"""Qiskit-encoded results: PrimitiveResult > PubResult > DataBin > BitArray or ndarray. No I/O."""

from __future__ import annotations

from typing import Any, cast

import numpy as np
from qiskit.primitives import (
    BitArray,
    PrimitiveResult,
    PubResult,
    SamplerPubResult,
)

from qiskit_rest_primitives.errors import ProtocolError
from qiskit_rest_primitives.wire.result.expected import Expected, make_data_bin
from qiskit_rest_primitives.wire.values.decoders import decode_bit_array
from qiskit_rest_primitives.wire.values.excerpt import brief
from qiskit_rest_primitives.wire.values.typed_values import Decoder, Encoder

_PUB_TYPES = {
    # The service sent PubResult before SamplerPubResult existed.
    "sampler": ("SamplerPubResult", "PubResult"),
    "estimator": ("PubResult", "EstimatorPubResult"),
}


def decode_encoded(decoder: Decoder, value: object, expected: Expected) -> PrimitiveResult[Any]:
    """Reads a ``PrimitiveResult`` envelope.

    Raises:
        ProtocolError: another form, or it differs from `expected`; names the PUB and the field.
    """
    _, content = _open(value, ("PrimitiveResult",), "result")
    items = content.get("pub_results")
    if not isinstance(items, list):
        raise ProtocolError(f"result: expected a list of pub_results, found {brief(items)}")
    items = cast("list[object]", items)
    expected.check_count(len(items))
    pubs = [_decode_pub(decoder, item, index, expected) for index, item in enumerate(items)]
    return PrimitiveResult(pubs, metadata=decoder.metadata(content, "result metadata"))


def _decode_pub(decoder: Decoder, item: object, index: int, expected: Expected) -> PubResult:
    place = f"PUB {index}"
    _, content = _open(item, _PUB_TYPES[expected.program_id], place)
    metadata = decoder.metadata(content, f"{place}, metadata")
    _, data = _open(content.get("data"), ("DataBin",), f"{place}, data")
    fields = data.get("fields")
    if not isinstance(fields, dict):
        raise ProtocolError(f"{place}, data: expected an object of fields, found {brief(fields)}")
    fields = cast("dict[str, object]", fields)
    names = data.get("field_names", list(fields))
    if not isinstance(names, list) or sorted(map(str, names)) != sorted(fields):
        raise ProtocolError(f"{place}, data: field_names are not the names of the fields")
    shape = _decode_shape(data.get("shape"), place)
    expected.check_shape(index, shape)
    shots = expected.shots(index, metadata)
    decoded = {
        name: _decode_field(
            decoder,
            fields[name],
            f"{place}, {expected.field} {name!r}",
            shape,
            shots,
            expected.most_bytes(index),
        )
        for name in cast("list[str]", names)
    }
    bin_ = make_data_bin(decoded, shape, place, expected)
    if expected.program_id == "sampler":
        return SamplerPubResult(bin_, metadata)
    return PubResult(bin_, metadata)


def _decode_field(
    decoder: Decoder,
    value: object,
    place: str,
    shape: tuple[int, ...],
    shots: int | None,
    most_bytes: int | None,
) -> Any:
    if isinstance(value, dict):
        fields = cast("dict[str, object]", value)
        if fields.get("__type__") == "BitArray" and "__value__" in fields:
            try:
                return decode_bit_array(decoder, fields["__value__"], place, shape, shots)
            except TypeError as error:
                raise ProtocolError(f"{place}: not a BitArray: {error}") from None
        if fields.get("__type__") == "ndarray" and "__value__" in fields:
            return decoder.array(fields["__value__"], place, possible_bytes=most_bytes)
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return np.array(value, np.float64)
    if value is None:
        return None
    raise ProtocolError(f"{place}: expected a BitArray or an ndarray, found {brief(value)}")


def _open(value: object, kinds: tuple[str, ...], place: str) -> tuple[str, dict[str, object]]:
    envelope = cast("dict[str, object]", value) if isinstance(value, dict) else {}
    kind = envelope.get("__type__")
    if kind not in kinds:
        found = f"type {brief(kind)}" if envelope else brief(value)
        raise ProtocolError(f"{place}: expected {' or '.join(kinds)}, found {found}")
    content = envelope.get("__value__")
    if not isinstance(content, dict):
        raise ProtocolError(f"{place}: a {kind} of {brief(content)}")
    return str(kind), cast("dict[str, object]", content)


def _decode_shape(value: object, place: str) -> tuple[int, ...]:
    if value is None:
        return ()
    if isinstance(value, int) and not isinstance(value, bool):
        value = [value]
    if not isinstance(value, list) or len(cast("list[object]", value)) > 32:
        raise ProtocolError(
            f"{place}, data: a shape must be a list of lengths, found {brief(value)}"
        )
    for length in cast("list[object]", value):
        if isinstance(length, bool) or not isinstance(length, int) or not 0 <= length < 1 << 48:
            raise ProtocolError(f"{place}, data: the shape has a length {brief(length)}")
    return tuple(cast("list[int]", value))


def encode_encoded(encoder: Encoder, result: PrimitiveResult[Any], program_id: str) -> object:
    """Makes the ``PrimitiveResult`` envelope; inverse of `decode_encoded`."""
    pubs = [_encode_pub(encoder, pub, index, program_id) for index, pub in enumerate(result[:])]
    content = {
        "pub_results": pubs,
        "metadata": encoder.value(result.metadata, "result metadata"),
    }
    return {"__type__": "PrimitiveResult", "__value__": content}


def _encode_pub(encoder: Encoder, pub: PubResult, index: int, program_id: str) -> object:
    place = f"PUB {index}"
    data = pub.data
    fields = {name: encoder.value(value, f"{place}, {name!r}") for name, value in data.items()}
    types = [_type_name(value) for value in data.values()]
    bin_ = {"field_names": list(fields), "field_types": types, "shape": list(data.shape)}
    return {
        "__type__": "SamplerPubResult" if program_id == "sampler" else "PubResult",
        "__value__": {
            "data": {"__type__": "DataBin", "__value__": bin_ | {"fields": fields}},
            "metadata": encoder.value(pub.metadata, f"{place}, metadata"),
        },
    }


def _type_name(value: object) -> str:
    if isinstance(value, BitArray):
        return "qiskit.primitives.containers.bit_array.BitArray"
    return "numpy.ndarray" if isinstance(value, np.ndarray) else type(value).__name__

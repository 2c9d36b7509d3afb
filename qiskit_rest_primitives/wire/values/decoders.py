"""The types that an envelope can hold, and how each is read. In: JSON. Out: Python objects. No I/O.

Nothing is imported by a received name. Official classes that this package does not have (learned
noise, for one) are kept as plain objects with the name of their class.
"""

from __future__ import annotations

import io
import re
from datetime import datetime
from typing import TYPE_CHECKING, Any, cast

import numpy as np
from qiskit.primitives import BitArray

from qiskit_rest_primitives.errors import ProtocolError
from qiskit_rest_primitives.wire.values import execution_spans as spans
from qiskit_rest_primitives.wire.values.arrays import inflate_text
from qiskit_rest_primitives.wire.values.excerpt import brief
from qiskit_rest_primitives.wire.values.typed_values import Decoder, Read

if TYPE_CHECKING:
    from qiskit.circuit import QuantumCircuit

MAX_QPY_BYTES = 1 << 28
"""Limit of one decompressed QPY circuit, in bytes."""

_SPAN_KINDS = ("DoubleSliceSpan", "TwirledSliceSpanV2", "TwirledSliceSpan", "ExecutionSpan")
_EXTRAPOLATOR = re.compile("linear|exponential|double_exponential|polynomial_degree_[1-7]|fallback")
# Python 3.10 reads neither "Z" nor fractions of other than 3 or 6 digits.
_DATETIME = re.compile(
    r"(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d)(:\d\d)?(?:[.,](\d{1,9}))?)?"
    r"(?:(Z)|([+-]\d\d):?(\d\d)?)?\Z",
    re.ASCII,
)


def _ndarray(read: Decoder, fields: dict[str, object], place: str, depth: int) -> object:
    content = fields["__value__"]
    if isinstance(content, str) and _EXTRAPOLATOR.fullmatch(content):
        # The service sends such words in an ndarray envelope; the official client accepts them too.
        return content
    return read.array(content, place)


def _complex(read: Decoder, fields: dict[str, object], place: str, depth: int) -> complex:
    real, imaginary = list_of(fields["__value__"])
    return complex(_real(real), _real(imaginary))


def _real(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise TypeError(f"expected a number, found {brief(value)}")
    return float(value)


def _set(read: Decoder, fields: dict[str, object], place: str, depth: int) -> set[object]:
    return set(read.value(list_of(fields["__value__"]), place, depth))


def _datetime(read: Decoder, fields: dict[str, object], place: str, depth: int) -> datetime:
    return parse_datetime(fields["__value__"])


def parse_datetime(value: object) -> datetime:
    """Reads an ISO 8601 time as Python and other languages write it.

    Raises:
        ValueError: the value is not an ISO 8601 time.
    """
    match = _DATETIME.match(value) if isinstance(value, str) else None
    if match is None:
        raise ValueError(f"expected an ISO 8601 time, found {brief(value)}")
    day, minute, second, fraction, utc, hours, minutes = match.groups()
    moment = f"{day}T{minute or '00:00'}{second or ':00'}.{(fraction or '')[:6]:0<6}"
    zone = "+00:00" if utc else f"{hours}:{minutes or '00'}" if hours else ""
    return datetime.fromisoformat(moment + zone)


def _circuit(
    read: Decoder, fields: dict[str, object], place: str, depth: int
) -> QuantumCircuit | bytes:
    from qiskit import qpy

    text = read.text(fields["__value__"], place)
    data = inflate_text(text, max_bytes=MAX_QPY_BYTES, place=place)
    if len(data) > 6 and data.startswith(b"QISKIT") and data[6] > qpy.QPY_VERSION:
        # Written by a newer Qiskit: an unreadable circuit in the metadata must not lose the result.
        return data
    try:
        return qpy.load(io.BytesIO(data))[0]
    except Exception as error:  # qpy passes on errors of struct and NumPy
        raise ProtocolError(f"{place}: not a QPY circuit: {error}"[:300]) from None


def _bit_array(read: Decoder, fields: dict[str, object], place: str, depth: int) -> BitArray:
    return decode_bit_array(read, fields["__value__"], place)


def decode_bit_array(
    read: Decoder,
    content: object,
    place: str,
    shape: tuple[int, ...] | None = None,
    shots: int | None = None,
) -> BitArray:
    """Reads the content of a BitArray envelope.

    Args:
        read: reads the array.
        content: ``{"array": ndarray envelope, "num_bits": width}``.
        place: PUB and register, for the error message.
        shape: expected shape of the PUB, or None.
        shots: expected shots of the PUB, or None.

    Raises:
        ProtocolError: array and num_bits, or shape or shots, don't fit; or stray bits are set.
    """
    fields = object_of(content)
    num_bits = checked_width(fields.get("num_bits"), place)
    envelope = object_of(fields.get("array"))
    if envelope.get("__type__") != "ndarray" or "__value__" not in envelope:
        raise ProtocolError(f"{place}: expected an ndarray, found {brief(envelope)}")
    num_bytes = (num_bits + 7) // 8
    uint8 = np.dtype(np.uint8)
    expected = None if shape is None or shots is None else ((*shape, shots, num_bytes), uint8)
    array = read.array(envelope["__value__"], place, expected)
    if array.dtype != uint8:
        if array.dtype.kind != "i" or (array.size and not 0 <= array.min() <= array.max() < 256):
            raise ProtocolError(f"{place}: the array is {array.dtype}, not uint8")
        array = array.astype(np.uint8)
    if array.ndim < 2 or array.shape[-1] != num_bytes:
        raise ProtocolError(
            f"{place}: {num_bits} bits take {num_bytes} bytes a shot, the array has shape "
            f"{array.shape}"
        )
    if shape is not None and array.shape[:-2] != shape:
        raise ProtocolError(f"{place}: the PUB has shape {shape}, the array {array.shape[:-2]}")
    if shots is not None and array.shape[-2] != shots:
        raise ProtocolError(f"{place}: the PUB has {shots} shots, the array {array.shape[-2]}")
    if num_bits % 8 and array.size and int(array[..., 0].max()) >> (num_bits % 8):
        raise ProtocolError(f"{place}: a sample is wider than num_bits = {num_bits}")
    return BitArray(array, num_bits)


def checked_width(num_bits: object, place: str) -> int:
    """Returns the width of a register in bits; refuses anything else."""
    if isinstance(num_bits, bool) or not isinstance(num_bits, int) or not 0 <= num_bits < 1 << 32:
        raise ProtocolError(f"{place}: num_bits must be a width in bits, found {brief(num_bits)}")
    return num_bits


def _settings(read: Decoder, fields: dict[str, object], place: str, depth: int) -> object:
    from qiskit.quantum_info import Pauli, PauliList, SparsePauliOp

    kind = fields.get("__class__")
    settings = _int_keys(read.value(object_of(fields["__value__"]), place, depth + 1))
    try:
        if kind == "Pauli":
            return Pauli(settings["data"])
        if kind == "PauliList":
            return PauliList(settings["data"])
        if kind == "SparsePauliOp":
            return SparsePauliOp(settings["data"], settings["coeffs"])
    except Exception as error:  # QiskitError, or any error of NumPy
        raise ProtocolError(f"{place}: not a {kind}: {error}"[:300]) from None
    raise ProtocolError(f"{place}: unknown class {brief(kind)}")


def _json(read: Decoder, fields: dict[str, object], place: str, depth: int) -> object:
    content = read.value(object_of(fields["__value__"]), place, depth + 1)
    return {"__class__": str(fields.get("__class__"))[:200], **_int_keys(content)}


def _int_keys(value: Any) -> Any:
    """Restores integer keys if the encoder set its flag ``__int_keys__``."""
    if not isinstance(value, dict):
        return value
    flagged = "__int_keys__" in value
    return {
        int(key) if flagged and re.fullmatch(r"-?[0-9]{1,18}", key) else key: _int_keys(each)
        for key, each in cast("dict[str, object]", value).items()
        if key != "__int_keys__"
    }


def _execution_spans(
    read: Decoder, fields: dict[str, object], place: str, depth: int
) -> spans.ExecutionSpans:
    items = list_of(object_of(fields["__value__"])["spans"])
    decoded: list[spans.ExecutionSpan] = []
    for index, item in enumerate(items):
        span = read.value(item, f"{place}, span {index}", depth + 1)
        if not isinstance(span, spans.ExecutionSpan):
            raise ProtocolError(f"{place}, span {index}: expected a span, found {brief(item)}")
        decoded.append(span)
    return spans.ExecutionSpans(tuple(decoded))


def _execution_span(
    read: Decoder, fields: dict[str, object], place: str, depth: int
) -> spans.ExecutionSpan:
    kind = str(fields["__type__"])
    content = object_of(fields["__value__"])
    moments = [read.value(content[name], f"{place}.{name}", depth) for name in ("start", "stop")]
    if not all(isinstance(moment, datetime) for moment in moments):
        raise ProtocolError(f"{place}: start and stop must be datetimes")
    slices = {
        int(index): spans.decode_data_slice(kind, list_of(parts))
        for index, parts in object_of(content["data_slices"]).items()
    }
    return spans.ExecutionSpan(kind, moments[0], moments[1], slices)


DECODERS: dict[str, Read] = {
    "ndarray": _ndarray,
    "complex": _complex,
    "set": _set,
    "datetime": _datetime,
    "BitArray": _bit_array,
    "QuantumCircuit": _circuit,
    "settings": _settings,
    "_json": _json,
    "ExecutionSpans": _execution_spans,
    # The name before qiskit-ibm-runtime 0.25, which still accepts it.
    "ExecutionSpanCollection": _execution_spans,
    **dict.fromkeys(_SPAN_KINDS, _execution_span),
}


def object_of(value: object) -> dict[str, object]:
    """Narrows a JSON value to an object.

    Raises:
        TypeError: the value has another type.
    """
    if not isinstance(value, dict):
        raise TypeError(f"expected an object, found {brief(value)}")
    return cast("dict[str, object]", value)


def list_of(value: object) -> list[object]:
    """Narrows a JSON value to a list.

    Raises:
        TypeError: the value has another type.
    """
    if not isinstance(value, list):
        raise TypeError(f"expected a list, found {brief(value)}")
    return cast("list[object]", value)

"""Typed values within JSON: ``{"__type__": T, "__value__": V}`` <-> Python objects. No I/O.

Only the types listed here are read, each by its own few lines; nothing is imported by a name that
came over the wire. Official classes that this package does not have (learned noise, for one) are
kept as plain objects.
"""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, cast

import numpy as np
from qiskit.primitives import BitArray

from qiskit_rest_primitives.errors import EncodeError, ProtocolError
from qiskit_rest_primitives.wire import spans
from qiskit_rest_primitives.wire.arrays import (
    MAX_ARRAY_BYTES,
    Slice,
    array_of_numbers,
    brief,
    decode_array_text,
    encode_array,
    inflate_text,
    iter_array_text,
    text_slice,
)
from qiskit_rest_primitives.wire.cuts import ParsedBody, Splicer

if TYPE_CHECKING:
    from qiskit.circuit import QuantumCircuit

MAX_DEPTH = 100
"""Deepest nesting of metadata that is read."""

MAX_QPY_BYTES = 1 << 28
"""Limit of one decompressed QPY circuit, in bytes."""

_SPAN_KINDS = ("DoubleSliceSpan", "TwirledSliceSpanV2", "TwirledSliceSpan", "ExecutionSpan")
# Python 3.10 reads neither "Z" nor fractions of other than 3 or 6 digits.
_DATETIME = re.compile(
    r"(\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d)?)?)(?:\.(\d{1,9}))?(Z|[+-]\d.*)?\Z"
)


@dataclass(frozen=True)
class Decoder:
    """Reads typed values of one body.

    Attributes:
        body: the parsed body, whose long strings may have been cut out.
        max_bytes: limit of one array, in bytes.
        exact: also read what only saved files hold (tuples, bytes, keys other than strings).
    """

    body: ParsedBody
    max_bytes: int = MAX_ARRAY_BYTES
    exact: bool = False

    def value(self, value: object, place: str, depth: int = 0) -> Any:
        """Reads a JSON value and everything within.

        Raises:
            ProtocolError: an unknown type, or a known one with unfit content; names the place.
        """
        if depth > MAX_DEPTH:
            raise ProtocolError(f"{place}: nested more than {MAX_DEPTH} deep"[-300:])
        if isinstance(value, str):
            whole = self.body.whole(value)
            return whole if isinstance(whole, str) else self.value(whole, place, depth)
        if isinstance(value, list):
            items = cast("list[object]", value)
            return [self.value(item, f"{place}[{i}]", depth + 1) for i, item in enumerate(items)]
        if not isinstance(value, dict):
            return value
        fields = cast("dict[str, object]", value)
        if "__type__" in fields:
            return self.envelope(fields, place, depth)
        return {key: self.value(v, f"{place}.{key[:40]}", depth + 1) for key, v in fields.items()}

    def envelope(self, fields: dict[str, object], place: str, depth: int = 0) -> Any:
        """Reads one envelope."""
        kind = fields["__type__"]
        decode = _DECODERS.get(kind) if isinstance(kind, str) else None
        if decode is None and self.exact:
            decode = _EXACT_DECODERS.get(kind) if isinstance(kind, str) else None
        if decode is None:
            raise ProtocolError(
                f"{place}: unknown type {brief(kind)}; known are {', '.join(sorted(_DECODERS))}"
            )
        if "__value__" not in fields:
            raise ProtocolError(f"{place}: a {kind} without __value__")
        try:
            return decode(self, fields, place, depth)
        except (
            ValueError,
            TypeError,
            KeyError,
            IndexError,
            OverflowError,
            AttributeError,
        ) as error:
            raise ProtocolError(f"{place}: not a {kind}: {error}"[:300]) from None

    def text(self, value: object, place: str) -> Slice:
        """Returns the bytes of a base64 string, cut out or not."""
        cut = self.body.cut(value)
        if cut is not None:
            return cut
        if not isinstance(value, str):
            raise ProtocolError(f"{place}: expected base64 text, found {brief(value)}")
        return text_slice(value, place)

    def array(
        self,
        value: object,
        place: str,
        expected: tuple[tuple[int, ...], np.dtype] | None = None,
    ) -> np.ndarray:
        """Reads the content of an ndarray envelope: base64 text, a number or nested lists."""
        if isinstance(value, str):
            text = self.text(value, place)
            return decode_array_text(text, max_bytes=self.max_bytes, place=place, expected=expected)
        array = array_of_numbers(value, place)
        if expected is not None and array.shape != expected[0]:
            raise ProtocolError(f"{place}: expected shape {expected[0]}, found {array.shape}")
        return array


def _object(value: object) -> dict[str, object]:
    if not isinstance(value, dict):
        raise TypeError(f"expected an object, found {brief(value)}")
    return cast("dict[str, object]", value)


def _list(value: object) -> list[object]:
    if not isinstance(value, list):
        raise TypeError(f"expected a list, found {brief(value)}")
    return cast("list[object]", value)


def _ndarray(decoder: Decoder, fields: dict[str, object], place: str, depth: int) -> object:
    content = fields["__value__"]
    if isinstance(content, str) and content.isidentifier() and len(content) < 32:
        # Seen in the wild for the name of an extrapolator: an ndarray that is a word.
        return content
    if isinstance(content, list) and any(isinstance(item, dict) for item in content):
        items = decoder.value(cast("object", content), place, depth)
        return np.array(items)
    return decoder.array(content, place)


def _complex(decoder: Decoder, fields: dict[str, object], place: str, depth: int) -> complex:
    real, imaginary = _list(fields["__value__"])
    return complex(_real(real), _real(imaginary))


def _real(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise TypeError(f"expected a number, found {brief(value)}")
    return float(value)


def _set(decoder: Decoder, fields: dict[str, object], place: str, depth: int) -> set[object]:
    return set(decoder.value(_list(fields["__value__"]), place, depth))


def _datetime(decoder: Decoder, fields: dict[str, object], place: str, depth: int) -> datetime:
    return parse_datetime(fields["__value__"])


def parse_datetime(value: object) -> datetime:
    """Reads an ISO 8601 time as Python and other languages write it.

    Raises:
        ValueError: it is not one.
    """
    match = _DATETIME.match(value) if isinstance(value, str) else None
    if match is None:
        raise ValueError(f"expected an ISO 8601 time, found {brief(value)}")
    moment, fraction, zone = match.groups()
    if fraction:
        moment += "." + fraction[:6].ljust(6, "0")
    if zone:
        moment += "+00:00" if zone == "Z" else zone if ":" in zone else (zone + "00")[:5]
    if zone and ":" not in moment[-6:]:
        moment = moment[:-2] + ":" + moment[-2:]
    return datetime.fromisoformat(moment)


def _circuit(
    decoder: Decoder, fields: dict[str, object], place: str, depth: int
) -> QuantumCircuit | bytes:
    from qiskit import qpy

    text = decoder.text(fields["__value__"], place)
    data = inflate_text(text, max_bytes=MAX_QPY_BYTES, place=place)
    if len(data) > 6 and data.startswith(b"QISKIT") and data[6] > qpy.QPY_VERSION:
        # Written by a newer Qiskit: a circuit in the metadata is no reason to lose the result.
        return data
    try:
        return qpy.load(io.BytesIO(data))[0]
    except Exception as error:  # qpy raises whatever its struct and numpy calls raise
        raise ProtocolError(f"{place}: not a QPY circuit: {error}"[:300]) from None


def _bit_array(decoder: Decoder, fields: dict[str, object], place: str, depth: int) -> BitArray:
    return decode_bit_array(decoder, fields["__value__"], place)


def decode_bit_array(
    decoder: Decoder,
    content: object,
    place: str,
    shape: tuple[int, ...] | None = None,
    shots: int | None = None,
) -> BitArray:
    """Reads the content of a BitArray envelope.

    Args:
        decoder: reads the array.
        content: ``{"array": ndarray envelope, "num_bits": width}``.
        place: PUB and register, for the error message.
        shape: shape that the PUB must have, or None.
        shots: shots that the PUB must have, or None.

    Raises:
        ProtocolError: array and num_bits, or shape or shots, don't fit; or stray bits are set.
    """
    fields = _object(content)
    num_bits = fields.get("num_bits")
    if isinstance(num_bits, bool) or not isinstance(num_bits, int) or not 0 <= num_bits < 1 << 32:
        raise ProtocolError(f"{place}: num_bits is a width in bits, found {brief(num_bits)}")
    envelope = _object(fields.get("array"))
    if envelope.get("__type__") != "ndarray" or "__value__" not in envelope:
        raise ProtocolError(f"{place}: expected an ndarray, found {brief(envelope)}")
    num_bytes = (num_bits + 7) // 8
    uint8 = np.dtype(np.uint8)
    expected = None if shape is None or shots is None else ((*shape, shots, num_bytes), uint8)
    array = decoder.array(envelope["__value__"], place, expected)
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


def _settings(decoder: Decoder, fields: dict[str, object], place: str, depth: int) -> object:
    from qiskit.quantum_info import Pauli, PauliList, SparsePauliOp

    kind = fields.get("__class__")
    settings = _int_keys(decoder.value(_object(fields["__value__"]), place, depth + 1))
    try:
        if kind == "Pauli":
            return Pauli(settings["data"])
        if kind == "PauliList":
            return PauliList(settings["data"])
        if kind == "SparsePauliOp":
            return SparsePauliOp(settings["data"], settings["coeffs"])
    except Exception as error:  # QiskitError, or whatever numpy makes of the data
        raise ProtocolError(f"{place}: not a {kind}: {error}"[:300]) from None
    raise ProtocolError(f"{place}: unknown class {brief(kind)}")


def _json(decoder: Decoder, fields: dict[str, object], place: str, depth: int) -> object:
    content = decoder.value(_object(fields["__value__"]), place, depth + 1)
    return {"__class__": str(fields.get("__class__"))[:200], **_int_keys(content)}


def _int_keys(value: Any) -> Any:
    """Restores integer keys where the encoder left its flag ``__int_keys__``."""
    if not isinstance(value, dict):
        return value
    flagged = "__int_keys__" in value
    return {
        int(key) if flagged and re.fullmatch(r"-?[0-9]{1,18}", key) else key: _int_keys(each)
        for key, each in cast("dict[str, object]", value).items()
        if key != "__int_keys__"
    }


def _execution_spans(
    decoder: Decoder, fields: dict[str, object], place: str, depth: int
) -> spans.ExecutionSpans:
    items = _list(_object(fields["__value__"])["spans"])
    decoded: list[spans.ExecutionSpan] = []
    for index, item in enumerate(items):
        span = decoder.value(item, f"{place}, span {index}", depth + 1)
        if not isinstance(span, spans.ExecutionSpan):
            raise ProtocolError(f"{place}, span {index}: expected a span, found {brief(item)}")
        decoded.append(span)
    return spans.ExecutionSpans(tuple(decoded))


def _execution_span(
    decoder: Decoder, fields: dict[str, object], place: str, depth: int
) -> spans.ExecutionSpan:
    kind = str(fields["__type__"])
    content = _object(fields["__value__"])
    moments = [decoder.value(content[name], f"{place}.{name}", depth) for name in ("start", "stop")]
    if not all(isinstance(moment, datetime) for moment in moments):
        raise ProtocolError(f"{place}: start and stop are datetimes")
    slices = {
        int(index): spans.decode_data_slice(kind, _list(parts))
        for index, parts in _object(content["data_slices"]).items()
    }
    return spans.ExecutionSpan(kind, moments[0], moments[1], slices)


def _tuple(decoder: Decoder, fields: dict[str, object], place: str, depth: int) -> object:
    return tuple(decoder.value(_list(fields["__value__"]), place, depth))


def _dict(decoder: Decoder, fields: dict[str, object], place: str, depth: int) -> object:
    return dict(decoder.value(_list(fields["__value__"]), place, depth))


def _bytes(decoder: Decoder, fields: dict[str, object], place: str, depth: int) -> object:
    return decoder.array(fields["__value__"], place).tobytes()


_DECODERS: dict[str, Callable[[Decoder, dict[str, object], str, int], object]] = {
    "ndarray": _ndarray,
    "complex": _complex,
    "set": _set,
    "datetime": _datetime,
    "BitArray": _bit_array,
    "QuantumCircuit": _circuit,
    "settings": _settings,
    "_json": _json,
    "ExecutionSpans": _execution_spans,
    # The name before qiskit-ibm-runtime 0.25, which still reads it.
    "ExecutionSpanCollection": _execution_spans,
    **dict.fromkeys(_SPAN_KINDS, _execution_span),
}

_EXACT_DECODERS: dict[str, Callable[[Decoder, dict[str, object], str, int], object]] = {
    "tuple": _tuple,
    "dict": _dict,
    "bytes": _bytes,
}


@dataclass(frozen=True)
class Encoder:
    """Writes Python objects as typed values; arrays become marks of a splicer.

    Attributes:
        splicer: takes the long values.
        exact: for saved files: also write tuples, bytes and keys other than strings as they are.
    """

    splicer: Splicer
    exact: bool = False

    def value(self, value: object, place: str) -> object:
        """Makes the JSON value of a Python object and everything within.

        Raises:
            EncodeError: an object of a type that has no envelope; names the place.
        """
        if value is None or isinstance(value, (bool, str)):
            return value
        if isinstance(value, (int, float)):
            return value.item() if isinstance(value, np.generic) else value
        if isinstance(value, dict):
            return self._dict(cast("dict[object, object]", value), place)
        if isinstance(value, list) or (isinstance(value, tuple) and not self.exact):
            items = cast("list[object]", value)
            return [self.value(item, f"{place}[{i}]") for i, item in enumerate(items)]
        return self._typed(value, place)

    def array(self, array: np.ndarray) -> dict[str, object]:
        """Makes an ndarray envelope whose text is written in pieces."""
        if array.dtype.hasobject:
            return encode_array(array)
        return _envelope("ndarray", self.splicer.mark(_quoted(array)))

    def bit_array(self, bits: BitArray) -> dict[str, object]:
        """Makes a BitArray envelope."""
        return _envelope("BitArray", {"array": self.array(bits.array), "num_bits": bits.num_bits})

    def _dict(self, value: dict[object, object], place: str) -> object:
        plain = all(isinstance(key, str) for key in value)
        if self.exact and (not plain or "__type__" in value):
            pairs = list(value.items())
            return _envelope("dict", [self.value(list(pair), place) for pair in pairs])
        return {str(key): self.value(each, f"{place}.{key}"[:300]) for key, each in value.items()}

    def _typed(self, value: object, place: str) -> object:
        if isinstance(value, np.generic):
            return self.value(value.item(), place)
        if isinstance(value, np.ndarray):
            return self.array(value)
        if isinstance(value, BitArray):
            return self.bit_array(value)
        if isinstance(value, date):
            return _envelope("datetime", value.isoformat())
        if isinstance(value, complex):
            return _envelope("complex", [value.real, value.imag])
        if isinstance(value, (set, frozenset)):
            items = sorted(cast("set[object]", value), key=repr)
            return _envelope("set", [self.value(item, place) for item in items])
        if isinstance(value, tuple):
            items = cast("tuple[object, ...]", value)
            return _envelope("tuple", [self.value(item, place) for item in items])
        if isinstance(value, bytes) and self.exact:
            return _envelope("bytes", self.splicer.mark(_quoted(np.frombuffer(value, np.uint8))))
        if isinstance(value, spans.ExecutionSpans):
            return _envelope("ExecutionSpans", {"spans": [self._span(span) for span in value]})
        if isinstance(value, spans.ExecutionSpan):
            return self._span(value)
        return self._quantum(value, place)

    def _span(self, span: spans.ExecutionSpan) -> object:
        slices = {str(i): spans.encode_data_slice(p) for i, p in span.data_slices.items()}
        content: dict[str, object] = {
            "start": _envelope("datetime", span.start.isoformat()),
            "stop": _envelope("datetime", span.stop.isoformat()),
            "data_slices": slices,
        }
        return _envelope(span.kind, content)

    def _quantum(self, value: object, place: str) -> object:
        from qiskit.circuit import QuantumCircuit
        from qiskit.quantum_info import Pauli, PauliList, SparsePauliOp

        if isinstance(value, QuantumCircuit):
            from qiskit import qpy

            stream = io.BytesIO()
            qpy.dump(value, stream)
            data = np.frombuffer(stream.getvalue(), np.uint8)
            return _envelope("QuantumCircuit", self.splicer.mark(_quoted(data, header=False)))
        if isinstance(value, (Pauli, PauliList, SparsePauliOp)):
            return {
                "__type__": "settings",
                "__module__": type(value).__module__,
                "__class__": type(value).__name__,
                "__value__": self.value(value.settings, place),
            }
        raise EncodeError(f"{place}: no way to write a {type(value).__name__}")


def _envelope(kind: str, content: object) -> dict[str, object]:
    return {"__type__": kind, "__value__": content}


def _quoted(array: np.ndarray, header: bool = True) -> Iterator[bytes]:
    yield b'"'
    yield from iter_array_text(array, header=header)
    yield b'"'

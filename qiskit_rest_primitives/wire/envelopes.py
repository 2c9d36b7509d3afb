"""Typed values within JSON: ``{"__type__": T, "__value__": V}`` <-> Python objects. No I/O.

Only the types listed here are read, each by its own few lines; nothing is imported by a name that
came over the wire. Official classes that this package does not have (learned noise, for one) are
kept as plain objects.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any, cast

import numpy as np
from qiskit.primitives import BitArray

from qiskit_rest_primitives.errors import EncodeError, ProtocolError
from qiskit_rest_primitives.wire import spans
from qiskit_rest_primitives.wire.arrays import (
    MAX_ARRAY_BYTES,
    Slice,
    array_of_numbers,
    decode_array_text,
    encode_array,
    iter_array_text,
    text_slice,
)
from qiskit_rest_primitives.wire.cuts import ParsedBody, Splicer
from qiskit_rest_primitives.wire.typed import DECODERS, EXACT_DECODERS
from qiskit_rest_primitives.wire.wording import brief

if TYPE_CHECKING:
    pass

MAX_DEPTH = 100
"""Deepest nesting of metadata that is read."""


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
        decode = DECODERS.get(kind) if isinstance(kind, str) else None
        if decode is None and self.exact:
            decode = EXACT_DECODERS.get(kind) if isinstance(kind, str) else None
        if decode is None:
            raise ProtocolError(
                f"{place}: unknown type {brief(kind)}; known are {', '.join(sorted(DECODERS))}"
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

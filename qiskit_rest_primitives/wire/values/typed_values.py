"""Typed values within JSON: ``{"__type__": T, "__value__": V}`` <-> Python objects. No I/O.

Only the types listed here are read, each by its own few lines; nothing is imported by a name that
came over the wire. Official classes that this package does not have (learned noise, for one) are
kept as plain objects.
"""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any, TypeAlias, cast

import numpy as np
from qiskit.primitives import BitArray

from qiskit_rest_primitives.errors import EncodeError, ProtocolError
from qiskit_rest_primitives.wire.values import execution_spans as spans
from qiskit_rest_primitives.wire.values.arrays import (
    MAX_ARRAY_BYTES,
    Slice,
    array_of_numbers,
    decode_array_text,
    iter_array_text,
    text_slice,
)
from qiskit_rest_primitives.wire.values.excerpt import brief
from qiskit_rest_primitives.wire.values.long_values import ParsedBody

if TYPE_CHECKING:
    from qiskit.circuit import QuantumCircuit

MAX_QPY_VERSION = 17
"""The newest version of QPY that services read: SERVICE_MAX_SUPPORTED_QPY_VERSION in
qiskit_ibm_runtime.json."""

LEARNED_MODULE = "qiskit_ibm_runtime.utils.noise_learner_result"
"""Where official clients of all versions look for learned noise (qiskit_ibm_runtime.json), and the
service too (ibm-quantum-schemas, layer_noise_model)."""

MAX_DEPTH = 100
"""Deepest nesting of metadata that is accepted."""


Read: TypeAlias = Callable[["Decoder", dict[str, object], str, int], object]
"""Reads an envelope: decoder, the envelope, its place and depth."""


@dataclass
class Decoder:
    """Reads typed values of one body.

    Attributes:
        body: the parsed body, whose long strings may have been cut out.
        types: the accepted types of envelopes, each with its reader.
        max_bytes: limit of all arrays together, in bytes; less, the more of them were read.
    """

    body: ParsedBody
    types: Mapping[str, Read]
    max_bytes: int = MAX_ARRAY_BYTES

    def value(self, value: object, place: str, depth: int = 0) -> Any:
        """Reads a JSON value and all values in it.

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
        decode = self.types.get(kind) if isinstance(kind, str) else None
        if decode is None:
            known = ", ".join(sorted(self.types))
            raise ProtocolError(f"{place}: unknown type {brief(kind)}; known are {known}")
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

    def metadata(self, content: dict[str, object], place: str) -> dict[str, Any]:
        """Reads the metadata of a result or PUB; {} if there are none."""
        metadata = self.value(content.get("metadata"), place)
        if metadata is not None and not isinstance(metadata, dict):
            raise ProtocolError(f"{place}: expected an object, found {brief(metadata)}")
        return cast("dict[str, Any]", metadata or {})

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
        possible_bytes: int | None = None,
    ) -> np.ndarray:
        """Reads the content of an ndarray envelope: base64 text, a number or nested lists."""
        if isinstance(value, str):
            array = decode_array_text(
                self.text(value, place),
                max_bytes=self.max_bytes,
                place=place,
                possible_bytes=possible_bytes,
                expected=expected,
            )
            self.max_bytes -= array.nbytes
            return array
        array = array_of_numbers(value, place)
        if expected is not None and array.shape != expected[0]:
            raise ProtocolError(f"{place}: expected shape {expected[0]}, found {array.shape}")
        return array


@dataclass(frozen=True)
class Encoder:
    """Writes Python objects as typed values; the counterpart of `Decoder`.

    Attributes:
        write_array: makes the JSON value of an array, whose bytes may be written elsewhere.
    """

    write_array: Callable[[np.ndarray], object]

    def value(self, value: object, place: str) -> object:
        """Makes the JSON value of a Python object and all values in it.

        Raises:
            EncodeError: an object of a type that has no envelope; names the place.
        """
        if value is None or isinstance(value, (bool, str)):
            return value
        if isinstance(value, np.generic):
            return self.value(value.item(), place)
        if isinstance(value, (int, float)):
            return value
        if isinstance(value, dict):
            items = cast("dict[object, object]", value).items()
            return {_key(key): self.value(v, f"{place}.{str(key)[:40]}"[:300]) for key, v in items}
        if isinstance(value, (list, tuple)):
            members = cast("list[object]", value)
            return [self.value(v, f"{place}[{i}]"[:300]) for i, v in enumerate(members)]
        return self._typed(value, place)

    def _typed(self, value: object, place: str) -> object:
        if isinstance(value, np.ndarray):
            if value.dtype.hasobject:  # as in the official encoder
                return envelope("ndarray", self.value(value.tolist(), place))
            return self.write_array(value)
        if isinstance(value, BitArray):
            content = {"array": self.write_array(value.array), "num_bits": value.num_bits}
            return envelope("BitArray", content)
        if isinstance(value, date):
            return envelope("datetime", value.isoformat())
        if isinstance(value, complex):
            return envelope("complex", [value.real, value.imag])
        if isinstance(value, (set, frozenset)):
            members = sorted(cast("set[object]", value), key=repr)
            return envelope("set", [self.value(member, place) for member in members])
        if isinstance(value, spans.ExecutionSpans):
            return envelope("ExecutionSpans", {"spans": [_span(span) for span in value]})
        if isinstance(value, spans.ExecutionSpan):
            return _span(value)
        return self._quantum(value, place)

    def _quantum(self, value: object, place: str) -> object:
        from qiskit.circuit import QuantumCircuit
        from qiskit.quantum_info import Pauli, PauliList, SparsePauliOp

        if isinstance(value, QuantumCircuit):
            return envelope("QuantumCircuit", qpy_text(value))
        if isinstance(value, (Pauli, PauliList, SparsePauliOp)):
            return {
                "__type__": "settings",
                "__module__": type(value).__module__,
                "__class__": type(value).__name__,
                "__value__": self.value(value.settings, place),
            }
        raise EncodeError(f"{place}: a {type(value).__name__} can't be encoded")


def qpy_text(circuit: QuantumCircuit, metadata: type[json.JSONEncoder] | None = None) -> str:
    """Writes a circuit as base64(zlib(QPY)).

    Args:
        circuit: the circuit.
        metadata: writes what its metadata hold and JSON lacks.
    """
    from qiskit import qpy

    stream = io.BytesIO()
    version = min(MAX_QPY_VERSION, qpy.QPY_VERSION)
    qpy.dump(circuit, stream, metadata_serializer=metadata, version=version)
    data = np.frombuffer(stream.getvalue(), np.uint8)
    return b"".join(iter_array_text(data, header=False)).decode("ascii")


def envelope(kind: str, content: object) -> dict[str, object]:
    """Makes an envelope."""
    return {"__type__": kind, "__value__": content}


def _key(key: object) -> str:
    """Writes a key as json.dumps would."""
    return json.dumps(key) if key is None or isinstance(key, bool) else str(key)


def _span(span: spans.ExecutionSpan) -> dict[str, object]:
    content: dict[str, object] = {
        "start": envelope("datetime", span.start.isoformat()),
        "stop": envelope("datetime", span.stop.isoformat()),
        "data_slices": {str(i): spans.encode_data_slice(p) for i, p in span.data_slices.items()},
    }
    return envelope(span.kind, content)
